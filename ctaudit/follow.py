"""Ingest that goes on: a queue that tells of new log files, or folders and prefixes looked at again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from ctaudit.errors import CtauditError, Interrupted, StoreBusy, UsageError
from ctaudit.fault import Fault
from ctaudit.ingest import Summary, ingest
from ctaudit.interrupts import Stop
from ctaudit.listing import FromS3, split_sources
from ctaudit.queue_rounds import Reader, Round
from ctaudit.sources import aws_login, queue, standard_input
from ctaudit.sources.objects import PASSING, Unavailable
from ctaudit.sources.queue import Queue
from ctaudit.sources.s3_errors import classified
from ctaudit.store.layout import Layout

__all__ = ["Following", "Round", "follow", "is_queue"]

is_queue = queue.is_queue
EMPTY_LOOKS = 3
"""A queue is taken for empty after so many: SQS may once say so although there are messages."""
_BUSY_SECONDS = 2.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
"""Seconds until a queue is asked again to which there is no way."""
_ADVICE = {
    "denied": "it needs sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes",
    "no-queue": "check its name, its account and its region",
    "network": "check the network, and try again",
    "service": "wait, and try again",
}


@dataclass(frozen=True, slots=True)
class Following:
    """How a source is followed."""

    on: bool = False
    """Whether to go on until the process is asked to stop; else a queue is read until it is empty."""
    every: timedelta = timedelta(seconds=60)
    """Between two looks at a folder or prefix; a queue is asked to wait for a message as long, up to 20 s."""


def follow(
    store: str | Path,
    sources: Sequence[str],
    stop: Stop,
    how: Following,
    *,
    jobs: int | None = None,
    from_s3: FromS3 | None = None,
) -> Iterator[Round]:
    """Yield what each look brought that brought something, after it was committed.

    Args:
        store: the store's folder.
        sources: one queue, `sqs://…`; or files, folders, globs and `s3://bucket/prefix`.
        stop: ends it: a queue after the messages that are under way, anything else between two files.
        how: whether to go on, and how often to look.
        jobs: worker processes; None means one for each processor.
        from_s3: how S3 is asked, and for what of it.

    Raises what `ingest` does, and CtauditError when the queue cannot be read.
    """
    from_s3 = from_s3 or FromS3()
    queues = [source for source in sources if is_queue(source)]
    _check(sources, queues, from_s3)
    if queues or split_sources(sources)[1]:
        from_s3 = replace(from_s3, login=_logged_in(from_s3))
    round_ = _Ingests(store, stop, how, jobs, replace(from_s3, exact=bool(queues)))
    yield from _of_queue(queues[0], round_) if queues else _of_folders(sources, round_)


def _check(sources: Sequence[str], queues: Sequence[str], from_s3: FromS3) -> None:
    if queues and len(sources) > 1:
        raise UsageError("a queue is read alone", "read other sources by a command of their own")
    if queues and from_s3.narrow:
        raise UsageError("a queue is read whole", "leave out --since, --until, --account and --region")
    if standard_input.NAME in sources:
        raise UsageError("standard input cannot be followed", "leave out --follow: it is read to its end")


def _logged_in(from_s3: FromS3) -> aws_login.Login:
    """Return a login that goes on with one session."""
    try:
        return replace(from_s3.login, made=aws_login.session(from_s3.login))
    except Exception as error:
        raise (error if isinstance(error, CtauditError) else classified(error)) from error


@dataclass(slots=True)
class _Ingests:
    store: str | Path
    stop: Stop
    how: Following
    jobs: int | None
    from_s3: FromS3
    remarks: list[str] = field(default_factory=list)
    """For the next round."""

    def __call__(self, sources: Sequence[str]) -> Summary:
        """Ingest as soon as the store is free."""
        # What messages name is read to its end, so that they can be deleted; a listing goes on where it was.
        stopped = bool if self.from_s3.exact else self.stop
        said = False
        while True:
            try:
                return ingest(self.store, sources, jobs=self.jobs, from_s3=self.from_s3, stopped=stopped)
            except StoreBusy as busy:
                if not self.how.on:
                    raise
                if not said:
                    self.remarks.append(f"waited: {busy.message}")
                said = True
            self.stop.pause(_BUSY_SECONDS)
            if self.stop():
                raise Interrupted("interrupted")


def _of_folders(sources: Sequence[str], ingests: _Ingests) -> Iterator[Round]:
    told: set[Fault] = set()
    while not ingests.stop():
        try:
            summary = ingests(sources)
        except Interrupted:
            if ingests.stop():
                return
            raise
        known, told = told, set(summary.faults)
        summary.faults = [fault for fault in summary.faults if fault not in known]
        if summary.files_read or summary.events or summary.faults:
            yield Round(summary, remarks=_taken(ingests.remarks))
        if not ingests.how.on:
            return
        ingests.stop.pause(ingests.how.every.total_seconds())


def _of_queue(source: str, ingests: _Ingests) -> Iterator[Round]:
    stop, going_on = ingests.stop, ingests.how.on
    wait = max(1, min(queue.LONG_POLL, int(ingests.how.every.total_seconds())))
    reader: Reader | None = None
    empty, pause = 0, 0.0
    while not stop() and (going_on or empty < EMPTY_LOOKS):
        try:
            if reader is None:
                opened = stop.unless_asked(lambda: Queue(queue.place_of(source), ingests.from_s3.login))
                if opened is None:
                    return
                reader = Reader(Layout(Path(ingests.store).absolute()), opened, ingests, stop)
            brought = reader.round(wait, again=going_on)
        except Interrupted:
            if stop():
                return
            raise
        except Unavailable as trouble:
            if not going_on or reader is None or trouble.kind not in PASSING:
                raise CtauditError(
                    f"the queue {source} cannot be read: {trouble.reason}", _ADVICE.get(trouble.kind, "")
                ) from trouble
            if not pause:
                yield Round(remarks=[f"the queue cannot be reached, and is asked again: {trouble.reason}"])
            pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, 2 * pause))
            stop.pause(pause)
            continue
        pause = 0.0
        empty = 0 if brought else empty + 1
        if brought and (brought.is_news or ingests.remarks):
            brought.remarks += _taken(ingests.remarks)
            yield brought


def _taken(remarks: list[str]) -> list[str]:
    """Take what there is to be said, once."""
    taken = remarks[:]
    remarks.clear()
    return taken
