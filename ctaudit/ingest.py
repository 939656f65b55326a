"""Evidence in, store out: plan the files, share them among workers, commit what they made, tell what came of it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from ctaudit import sharing
from ctaudit.errors import Interrupted, StoreError, UsageError
from ctaudit.fault import Fault
from ctaudit.intake import FileReport, Share, take_in
from ctaudit.processors import processors
from ctaudit.progress import Progress, Silent, Step
from ctaudit.sources import files, standard_input
from ctaudit.store import ledger, lock
from ctaudit.store.commit import Entry, Pending, commit
from ctaudit.store.commit import prepare as prepare_store
from ctaudit.store.compact import compact_some
from ctaudit.store.layout import Layout, is_store
from ctaudit.store.retire import sweep

SHARE_BYTES = 8 * 1024 * 1024
"""Packed bytes of one worker's share: some 60 MB of JSON, so that a worker's memory stays in bounds."""
SHARE_FILES = 2000
COMMIT_SECONDS = 5.0
"""At least this long between two commits: each costs some milliseconds and a segment for each date it touches."""
COMMIT_SHARE = 0.02
"""And so long that commits take at most this part of the time: they grow with the store."""
_STDIN = 0
LISTED_FILES = 200_000
"""Listed files that are looked up in the ledger at once."""
INLINE_BYTES = 2 * 1024 * 1024
"""Below this much evidence one process is faster than starting workers."""


@dataclass(slots=True)
class Summary:
    """What an ingest did; counts of this run alone."""

    files_read: int = 0
    files_known: int = 0
    """Files passed over or found to be copies of what the store holds."""
    files_faulty: int = 0
    files_refused: int = 0
    """Files that hold no CloudTrail records, digests not counted."""
    digests: int = 0
    logs: int = 0
    """Contents that are logs, whole or not, known or new: an archive has many."""
    events: int = 0
    duplicates: int = 0
    """Records that the store, or another file of this run, already held with the same body."""
    conflicts: int = 0
    """Event ids that came with more than one body."""
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    bytes: int = 0
    seconds: float = 0.0

    @property
    def files(self) -> int:
        return self.files_read + self.files_known + self.files_refused + self.files_faulty + self.digests


def ingest(
    store: str | Path, sources: Sequence[str], *, jobs: int | None = None, progress: Progress | None = None
) -> Summary:
    """Read all evidence below `sources` into the store, which is made when there is none.

    Args:
        store: the store's folder.
        sources: files, folders and glob patterns; `-` is standard input.
        jobs: worker processes; None means one for each processor.
        progress: told of every step.

    Raises StoreError (and its kinds) when the store cannot be written, Interrupted on Ctrl-C; what was committed stays.
    """
    started = time.monotonic()
    layout = Layout(Path(store).absolute())
    if any(source.startswith("s3://") for source in sources):
        raise UsageError("S3 cannot be ingested from yet", "copy the logs first: aws s3 sync S3URI FOLDER")
    if not any(source == standard_input.NAME or files.exists(source) for source in sources):
        raise UsageError(f"there is no such file or folder: {', '.join(map(_shown, sources))}", "check the spelling")
    try:
        with noted_interrupts() as stopped, lock.held(layout):
            prepare_store(layout)
            sweep(layout, datetime.now(UTC))
            try:
                summary = _Run(layout, jobs, progress or Silent(), stopped).run(sources)
            finally:
                layout.spool.unlink(missing_ok=True)
    except OSError as error:
        raise not_written(layout, error) from error
    summary.seconds = time.monotonic() - started
    return summary


class _Run:
    def __init__(self, layout: Layout, jobs: int | None, progress: Progress, stopped: Callable[[], bool]) -> None:
        self._layout = layout
        self._jobs = jobs or processors()
        self._progress = progress
        self._stopped = stopped
        self._summary = Summary()
        self._pending = Pending()
        self._commit_at = time.monotonic() + COMMIT_SECONDS
        self._step = Step()

    def run(self, sources: Sequence[str]) -> Summary:
        named = [source for source in sources if source != standard_input.NAME]
        self._pending.listed += map(_shown, named)
        begun = [*self._pending.listed, *({standard_input.NAME} & set(sources))]
        chosen = self._list(named)
        if len(named) < len(sources):
            chosen.append(standard_input.spool(_STDIN, self._layout.spool, self._stopped))
        if chosen:
            ledger.begin(self._layout, begun, datetime.now(UTC))
        total = sum(file.size for file in chosen)
        self._tell(files_total=len(chosen), bytes_total=total)
        for share in self._shares(list(_plan(chosen)), total):
            self._take(share)
            self._stop_if_asked()
            if time.monotonic() > self._commit_at:
                self._commit()
        self._stop_if_asked()
        self._pending.finished += begun
        self._commit()
        compact_some(self._layout, self._summary.events, datetime.now(UTC), self._stopped)
        self._summary.faults.sort()
        return self._summary

    def _list(self, sources: Sequence[str]) -> list[files.SourceFile]:
        """Return the files that must be read, in the order of their listing."""
        chosen: list[files.SourceFile] = []
        listed: list[files.SourceFile] = []
        for entry in files.find(sources, self._pass_over):
            self._stop_if_asked()
            if isinstance(entry, Fault):
                self._summary.files_faulty += 1
                self._summary.faults.append(entry)
                if entry.kind != "file.missing" or os.path.lexists(entry.path):  # a slip of the pen is no evidence
                    self._pending.faults.append((entry.path, entry))
            else:
                listed.append(entry)
                if len(listed) >= LISTED_FILES:
                    chosen += self._unknown(listed)
                    listed = []
        return chosen + self._unknown(listed)

    def _unknown(self, listed: Sequence[files.SourceFile]) -> list[files.SourceFile]:
        known = ledger.known_files(self._layout, [(file.shown, file.size, file.changed_ns) for file in listed])
        self._summary.files_known += len(known)
        return [file for position, file in enumerate(listed) if position not in known]

    def _pass_over(self, folder: str) -> bool:
        """Pass over stores below the evidence, and count them: nothing is left out in silence."""
        if not is_store(folder):
            return False
        self._summary.refused["ctaudit-store"] += 1
        return True

    def _shares(self, plan: Sequence[Sequence[files.SourceFile]], total: int) -> Iterator[Share]:
        if not plan:
            return
        known = ledger.known_contents(self._layout)
        if self._jobs == 1 or total < INLINE_BYTES:
            for chosen in plan:
                yield take_in(self._layout.root, chosen, known, self._stopped)
        else:
            yield from sharing.shares(self._layout.root, plan, known, self._jobs, self._stopped)

    def _take(self, share: Share) -> None:
        for report in share.files:
            self._count(report)
        self._pending.segments.extend(share.segments)
        self._tell(
            files=self._step.files + len(share.files),
            events=(self._step.events or 0) + sum(segment.rows for segment in share.segments),
            bytes=self._step.bytes + sum(report.file.size for report in share.files),
        )

    def _count(self, report: FileReport) -> None:
        summary, file = self._summary, report.file
        summary.bytes += file.size
        kinds = {content.kind for content in report.contents}
        if report.faults:
            summary.files_faulty += 1
        elif kinds <= {"known"}:
            summary.files_known += 1
        elif kinds & {"events", "empty"}:
            summary.files_read += 1
        elif "digest" in kinds:
            summary.digests += 1
        else:
            summary.files_refused += 1
        if file.name is None:  # what standard input held before is void by nothing
            self._pending.read_paths.append(file.shown)
        summary.faults += report.faults
        self._pending.faults += [(file.shown, fault) for fault in report.faults]
        for content in report.contents:
            summary.logs += content.kind in ("events", "empty", "known") or content.events > 0
            summary.refused.update(content.refused)
            self._pending.entries.append(
                Entry(
                    content.path,
                    file.shown,
                    content.file_id,
                    content.sha256,
                    content.kind,
                    content.bytes,
                    content.records,
                    content.events,
                    content.refused,
                    content.faults,
                    file.size,
                    file.changed_ns,
                )
            )

    def _stop_if_asked(self) -> None:
        if self._stopped():
            raise Interrupted("interrupted")

    def _commit(self) -> None:
        began = time.monotonic()
        if self._pending != Pending():
            done = commit(self._layout, self._pending, datetime.now(UTC))
            self._summary.events += done.events
            self._summary.duplicates += done.duplicates
            self._summary.conflicts += done.conflicts
            self._pending = Pending()
        ended = time.monotonic()
        self._commit_at = ended + max(COMMIT_SECONDS, (ended - began) / COMMIT_SHARE)

    def _tell(self, **changes: int) -> None:
        values = {name: getattr(self._step, name) for name in Step.__slots__} | changes
        self._step = Step(**values)
        self._progress.update(self._step)


def _shown(source: str) -> str:
    """Return the absolute path of a source as faults name it."""
    return os.fsencode(Path(source).absolute()).decode(errors="backslashreplace")


def _plan(chosen: Iterable[files.SourceFile]) -> Iterator[list[files.SourceFile]]:
    """Yield the workers' shares: files of one day together, so that a share fills few segments."""
    share: list[files.SourceFile] = []
    size = 0
    for file in sorted(chosen, key=lambda file: (file.day, file.path)):
        full = size + file.size > SHARE_BYTES or len(share) >= SHARE_FILES
        if share and (full or file.day != share[0].day):
            yield share
            share, size = [], 0
        share.append(file)
        size += file.size
    if share:
        yield share


@contextlib.contextmanager
def noted_interrupts() -> Iterator[Callable[[], bool]]:
    """Note a Ctrl-C, to be asked for, where Python would raise it anywhere: in a destructor it would be swallowed.

    The second one is raised, and so is, at the end of the block, one that nobody asked for. In other threads than the
    main one signals are not ours.
    """
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield pressed.is_set
        return

    def note(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        pressed.set()

    signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed.is_set():
        raise Interrupted("interrupted")


def not_written(layout: Layout, error: OSError) -> StoreError:
    what = error.strerror or str(error).partition(". Detail:")[0]
    return StoreError(
        f"cannot write to the store {layout.root}: {what}",
        "free some space or choose another --store DIR; what was committed before is whole",
    )
