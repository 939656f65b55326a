"""Evidence in, store out: plan the files, share them among workers, commit what they made, tell what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from ctaudit import account_names, admission, capture, sharing
from ctaudit.errors import Interrupted, StoreError
from ctaudit.intake import FileReport, Share
from ctaudit.interrupts import noted_interrupts
from ctaudit.listing import FromS3, lying_in, named, split_sources, unread, why_nothing
from ctaudit.processors import processors
from ctaudit.progress import Progress, Silent, Step
from ctaudit.sharing import Taker, Task
from ctaudit.sources import files, standard_input
from ctaudit.sources.aws_login import Keys
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_objects import Archived, archived_by_class
from ctaudit.store import ledger, lock
from ctaudit.store.commit import Entry, Pending, commit
from ctaudit.store.commit import prepare as prepare_store
from ctaudit.store.compact import compact_some
from ctaudit.store.layout import Layout
from ctaudit.store.retire import sweep
from ctaudit.summary import Summary

if TYPE_CHECKING:
    from ctaudit.spark_shares import Spark

__all__ = ["Archived", "Summary", "archived_by_class", "ingest", "not_written"]

SHARE_BYTES = 8 * 1024 * 1024
"""Packed bytes of one worker's share: some 60 MB of JSON, so that a worker's memory stays in bounds."""
SHARE_FILES = 2000
COMMIT_SECONDS = 5.0
"""At least this long between two commits: each costs some milliseconds and a segment for each date it touches."""
COMMIT_SHARE = 0.02
"""And so long that commits take at most this part of the time: they grow with the store."""
_STDIN = 0
INLINE_BYTES = 2 * 1024 * 1024
"""Below this much evidence one process is faster than starting workers."""


def ingest(
    store: str | Path,
    sources: Sequence[str],
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    from_s3: FromS3 | None = None,
    stopped: Callable[[], bool] = bool,
    spark: Spark | None = None,
) -> Summary:
    """Read all evidence below `sources` into the store, which is made when there is none.

    Args:
        store: the store's folder.
        sources: files, folders, glob patterns, `s3://bucket/prefix`, `history:` and `logs:GROUP`; `-` is standard
            input.
        jobs: worker processes; None means one for each processor.
        progress: told of every step.
        from_s3: how AWS is asked, and for what.
        stopped: asked between two files, besides Ctrl-C; when it says so, Interrupted is raised.
        spark: the cluster whose executors are to read, in the place of worker processes.

    Raises StoreError (and its kinds) when the store cannot be written, CtauditError when AWS is named and there are no
    credentials, Interrupted on Ctrl-C; what was committed stays.
    """
    started = time.monotonic()
    layout = Layout(Path(store).absolute())
    from_s3 = from_s3 or FromS3()
    admission.check(sources, from_s3)
    from_s3 = replace(from_s3, accounts=account_names.numbers(layout, from_s3.accounts))
    try:
        with noted_interrupts() as pressed, lock.held(layout):
            prepare_store(layout)
            sweep(layout, datetime.now(UTC))
            try:
                run = _Run(layout, from_s3, jobs, progress or Silent(), lambda: pressed() or stopped(), spark)
                summary = run.run(sources)
            finally:
                layout.spool.unlink(missing_ok=True)
    except OSError as error:
        raise not_written(layout, error) from error
    summary.seconds = time.monotonic() - started
    return summary


class _Run:
    def __init__(
        self,
        layout: Layout,
        from_s3: FromS3,
        jobs: int | None,
        progress: Progress,
        stopped: Callable[[], bool],
        spark: Spark | None,
    ) -> None:
        self._layout = layout
        self._from_s3 = from_s3
        self._s3: S3 | None = None
        self._jobs = jobs or processors()
        self._progress = progress
        self._stopped = stopped
        self._spark = spark
        self._summary = Summary()
        self._pending = Pending()
        self._commit_at = time.monotonic() + COMMIT_SECONDS
        self._step = Step()

    def run(self, sources: Sequence[str]) -> Summary:
        on_disk, in_s3, captured = split_sources([source for source in sources if source != standard_input.NAME])
        begun = [
            *map(named, on_disk),
            *in_s3,
            *capture.begun(captured, self._from_s3),
            *({standard_input.NAME} & set(sources)),
        ]
        self._pending.listed += [*map(named, on_disk), *([] if self._from_s3.narrow else in_s3)]
        chosen = self._list([*on_disk, *self._capture(captured)], in_s3)
        if standard_input.NAME in sources:
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
        if self._summary.files_known:
            self._summary.forgotten = ledger.forgotten_days(self._layout)
        self._summary.faults.sort()
        return self._summary

    def _capture(self, sources: Sequence[str]) -> list[str]:
        """Capture what lies in no file; return the files it is in then."""
        if not sources:
            return []
        plan = capture.plan(self._layout, sources, self._from_s3, partial(datetime.now, UTC), self._stopped)
        ledger.begin(self._layout, capture.begun(sources, self._from_s3), datetime.now(UTC))
        done = plan.run(lambda events: self._tell(captured=events), self._stopped)
        self._summary.captured, self._summary.notes = done.events, done.notes
        self._summary.faults += done.faults
        self._pending.faults += [(fault.path, fault) for fault in done.evidence()]
        self._pending.read_paths += done.asked
        self._pending.listed += done.listed
        return done.files

    def _list(self, on_disk: Sequence[str], in_s3: Sequence[str]) -> list[files.SourceFile]:
        """Return the files that must be read, in the order of their listing."""
        from_s3 = self._from_s3
        buckets = [S3(url, login=from_s3.login) for url in (in_s3[:1] if from_s3.exact else in_s3)]
        self._s3 = buckets[0] if buckets else None
        found = lying_in(buckets, in_s3, from_s3, self._stopped)
        chosen, listed = unread(self._layout, on_disk, found, self._stopped, lambda files: self._tell(listed=files))
        summary = self._summary
        summary.files_known += listed.known
        summary.refused += listed.refused
        summary.archived = listed.archived
        faults = [each.fault for each in listed.archived]
        summary.files_faulty += len(listed.faults) + len(faults)
        summary.faults += listed.faults + faults
        self._pending.faults += [(fault.path, fault) for fault in [*listed.evidence(), *faults]]
        self._pending.read_paths += [fault.path for fault in faults]  # it is told anew
        if buckets and not chosen and not listed.known and not listed.faults:
            summary.nothing = why_nothing(buckets, listed.left_out)
        summary.faults += listed.history
        # Kept under a name of their own: their files are whole, and need not be read again.
        self._pending.faults += [(f"{fault.path}?versions", fault) for fault in listed.history]
        return chosen

    def _shares(self, plan: Sequence[Sequence[files.SourceFile]], total: int) -> Iterator[Share]:
        if not plan:
            return
        taker = Taker(self._layout.root, ledger.known_contents(self._layout))
        if self._spark is not None:
            yield from self._spark.shares(plan, taker, self._s3, self._stopped)
        elif self._jobs == 1 or total < INLINE_BYTES:
            taker.s3 = self._s3
            yield from (taker(Task(chosen), self._stopped) for chosen in plan)
        else:
            if self._s3 is not None:
                taker.url, taker.login = f"s3://{self._s3.bucket}", self._from_s3.login.without_means()
            yield from sharing.shares(plan, taker, self._keys, self._jobs, self._stopped)

    def _keys(self) -> Keys | None:
        return None if self._s3 is None else self._s3.keys()

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
            held = (content.path, file.shown, content.file_id, content.sha256, content.kind, content.bytes)
            came = (content.records, content.events, content.refused, content.faults)
            self._pending.entries.append(Entry(*held, *came, file.size, file.changed_ns))

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


def _plan(chosen: Iterable[files.SourceFile]) -> Iterator[list[files.SourceFile]]:
    """Yield the workers' shares: files of one day together, so that a share fills few segments."""
    share: list[files.SourceFile] = []
    size, day_before = 0, ""
    for day, _, file in sorted(((file.day, file.path, file) for file in chosen), key=itemgetter(0, 1)):
        full = size + file.size > SHARE_BYTES or len(share) >= SHARE_FILES
        if share and (full or day != day_before):
            yield share
            share, size = [], 0
        share.append(file)
        size, day_before = size + file.size, day
    if share:
        yield share


def not_written(layout: Layout, error: OSError) -> StoreError:
    what = error.strerror or str(error).partition(". Detail:")[0]
    return StoreError(
        f"cannot write to the store {layout.root}: {what}",
        "free some space or choose another --store DIR; what was committed before is whole",
    )
