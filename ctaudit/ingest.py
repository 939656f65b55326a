"""Evidence in, store out: plan the files, share them among workers, commit what they made, tell what came of it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from types import ModuleType

from ctaudit.errors import StoreError
from ctaudit.fault import Fault
from ctaudit.intake import FileReport, Share, start_worker, take_in, work
from ctaudit.progress import Progress, Silent, Step
from ctaudit.sources import files
from ctaudit.store import catalog, lock
from ctaudit.store.commit import KNOWN_FILES, Entry, Pending, commit, sweep
from ctaudit.store.commit import prepare as prepare_store
from ctaudit.store.layout import Layout, is_store

SHARE_BYTES = 8 * 1024 * 1024
"""Packed bytes of one worker's share: some 60 MB of JSON, so that a worker's memory stays in bounds."""
SHARE_FILES = 2000
COMMIT_SECONDS = 5.0
"""At least this long between two commits: each costs some milliseconds and a segment for each date it touches."""
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
        sources: files, folders and glob patterns.
        jobs: worker processes; None means one for each processor.
        progress: told of every step.

    Raises StoreError (and its kinds) when the store cannot be written; what was committed before stays.
    """
    started = time.monotonic()
    layout = Layout(Path(store).absolute())
    try:
        with lock.held(layout):
            prepare_store(layout)
            sweep(layout)
            summary = _Run(layout, jobs, progress or Silent()).run(sources)
    except OSError as error:
        raise _not_written(layout, error) from error
    summary.seconds = time.monotonic() - started
    return summary


class _Run:
    def __init__(self, layout: Layout, jobs: int | None, progress: Progress) -> None:
        self._layout = layout
        self._jobs = jobs or _processors()
        self._progress = progress
        self._summary = Summary()
        self._pending = Pending()
        self._committed_at = time.monotonic()
        self._step = Step()

    def run(self, sources: Sequence[str]) -> Summary:
        known_files, known_contents = _known(self._layout)
        self._pending.listed += map(_shown, sources)
        chosen = self._list(sources, known_files)
        total = sum(file.size for file in chosen)
        self._tell(files_total=len(chosen), bytes_total=total)
        for share in self._shares(list(_plan(chosen)), known_contents, total):
            self._take(share)
            if time.monotonic() - self._committed_at > COMMIT_SECONDS:
                self._commit()
        self._commit()
        self._summary.faults.sort()
        return self._summary

    def _list(self, sources: Sequence[str], known: set[tuple[str, int, int]]) -> list[files.SourceFile]:
        chosen: list[files.SourceFile] = []
        for entry in files.find(sources, is_store):
            if isinstance(entry, Fault):
                self._summary.files_faulty += 1
                self._summary.faults.append(entry)
                if entry.kind != "file.missing" or os.path.lexists(entry.path):  # a slip of the pen is no evidence
                    self._pending.faults.append(entry)
            elif (entry.shown, entry.size, entry.mtime_ns) in known:
                self._summary.files_known += 1
            else:
                chosen.append(entry)
        return chosen

    def _shares(self, plan: Sequence[Sequence[files.SourceFile]], known: frozenset[int], total: int) -> Iterator[Share]:
        if self._jobs == 1 or total < INLINE_BYTES:
            for chosen in plan:
                yield take_in(self._layout.root, chosen, known)
        else:
            yield from _in_processes(self._layout.root, plan, known, self._jobs)

    def _take(self, share: Share) -> None:
        for report in share.files:
            self._count(report)
        self._pending.segments.extend(share.segments)
        self._tell(
            files=self._step.files + len(share.files),
            events=self._step.events + sum(segment.rows for segment in share.segments),
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
        self._pending.read_paths.append(file.shown)
        for fault in report.faults:
            self._fault(fault)
        for content in report.contents:
            summary.refused.update(content.refused)
            self._pending.entries.append(
                Entry(
                    content.path,
                    content.file_id,
                    content.sha256,
                    content.kind,
                    content.bytes,
                    content.records,
                    content.events,
                    content.refused,
                    content.faults,
                    file.size,
                    file.mtime_ns,
                )
            )

    def _fault(self, fault: Fault) -> None:
        self._summary.faults.append(fault)
        self._pending.faults.append(fault)

    def _commit(self) -> None:
        if self._pending.entries or self._pending.faults or self._pending.listed:
            done = commit(self._layout, self._pending)
            self._summary.events += done.events
            self._summary.duplicates += done.duplicates
            self._summary.conflicts += done.conflicts
            self._pending = Pending()
        self._committed_at = time.monotonic()

    def _tell(self, **changes: int) -> None:
        values = {name: getattr(self._step, name) for name in Step.__slots__} | changes
        self._step = Step(**values)
        self._progress.update(self._step)


def _shown(source: str) -> str:
    """Return the absolute path of a source as faults name it."""
    return os.fsencode(Path(source).absolute()).decode(errors="backslashreplace")


def _known(layout: Layout) -> tuple[set[tuple[str, int, int]], frozenset[int]]:
    """Return the files in the ledger as (path, size, mtime), and the ids of contents that need not be read again.

    Files with faults are read again every time: a damaged file must not look whole the second time. Contents with
    faults or refusals are read again when they turn up under another path, so that these are told for every path.
    """
    with catalog.reading(layout) as connection:
        rows = connection.execute(KNOWN_FILES).fetchall()
        ids = connection.execute("SELECT file_id FROM contents WHERE refused = 0 AND faults = 0").fetchall()
    return set(rows), frozenset(row[0] for row in ids)


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


def _in_processes(
    root: Path, plan: Sequence[Sequence[files.SourceFile]], known: frozenset[int], jobs: int
) -> Iterator[Share]:
    """Yield shares as workers finish them; at most two wait for each worker, so that memory stays bounded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ctaudit.intake"])
    _start_forkserver()
    stop = context.Event()
    pool = ProcessPoolExecutor(min(jobs, len(plan)), context, initializer=start_worker, initargs=(root, known, stop))
    try:
        waiting: set[Future[Share]] = set()
        for chosen in plan:
            with _no_main():  # this starts workers
                waiting.add(pool.submit(work, chosen))
            if len(waiting) >= 2 * jobs:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    except BrokenProcessPool as error:
        raise StoreError(
            "a worker process died, perhaps for want of memory",
            "run it again, with fewer --jobs; it goes on where it stopped",
        ) from error
    finally:
        stop.set()  # whatever ended this: no worker goes on with a share that nobody waits for
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _no_main() -> Iterator[None]:
    """Keep multiprocessing from running a library user's script again in each worker, which needs nothing of it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _start_forkserver() -> None:
    """Start the process that workers are forked from deaf to Ctrl-C, which a terminal sends to every process.

    They inherit that from it. The parent alone hears of Ctrl-C and tells them to stop.
    """
    resource_tracker.ensure_running()  # it would lift the block when it is started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _not_written(layout: Layout, error: OSError) -> StoreError:
    what = error.strerror or str(error).partition(". Detail:")[0]
    return StoreError(
        f"cannot write to the store {layout.root}: {what}",
        "free some space or choose another --store DIR; what was committed before is whole",
    )
