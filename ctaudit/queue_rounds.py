"""One look into a queue: receive messages, read what they tell of, commit it, and only then delete them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime

from ctaudit.fault import Fault
from ctaudit.ingest import Summary
from ctaudit.interrupts import Stop
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.queue import Held, Message, Queue
from ctaudit.sources.queue_messages import Carries, Ignored, Names, Reading, Unknown, read
from ctaudit.store.kept import keep
from ctaudit.store.layout import Layout

MOST_MESSAGES = 500
"""Of one round: beyond it they wait in the queue, visible to other readers."""
MOST_CHARACTERS = 32 * 1024 * 1024
"""Of the messages of a round, which are in memory together."""
GATHER_SECONDS = 5.0
"""How long messages are gathered after the first: each round costs a commit, and a segment for each date."""
RETRY_SECONDS = 600
"""For how long a message is left alone whose objects could not be read: rights and keys are not mended in seconds, and
each time it is received brings it nearer to the dead-letter queue."""
_ADDED = [each.name for each in fields(Summary) if each.name != "forgotten"]
_TOLD = 100_000
"""Ids of messages that were told of, or that only have to be deleted."""


@dataclass(slots=True)
class Round:
    """What one look brought: of a queue, or of folders and prefixes."""

    summary: Summary = field(default_factory=Summary)
    received: int = 0
    """Messages, each once."""
    deleted: int = 0
    left: int = 0
    """Messages that stay in the queue: not understood, or with objects that could not be read, or not deleted."""
    ignored: Counter[str] = field(default_factory=Counter)
    """Messages, and objects that they name, in which there is nothing to be read, by kind."""
    remarks: list[str] = field(default_factory=list)

    @property
    def is_news(self) -> bool:
        """Whether there is anything to be said of it; a message that was told of and comes again is nothing new."""
        return bool(self.deleted or self.remarks or self.summary.faults or self.summary.files)

    def add(self, later: Round) -> None:
        """Take in what a later round brought."""
        _add(self.summary, later.summary)
        self.received += later.received
        self.deleted += later.deleted
        self.left += later.left
        self.ignored += later.ignored
        self.remarks += later.remarks


def _add(summary: Summary, later: Summary) -> None:
    for name in _ADDED:
        setattr(summary, name, getattr(summary, name) + getattr(later, name))
    summary.forgotten = later.forgotten or summary.forgotten


Ingest = Callable[[Sequence[str]], Summary]
"""Reads sources into the store and commits them."""


class Reader:
    """Reads a queue, round by round."""

    def __init__(self, layout: Layout, queue: Queue, ingest: Ingest, stop: Stop) -> None:
        self._layout = layout
        self._queue = queue
        self._ingest = ingest
        self._stop = stop
        self._told: dict[str, None] = {}
        self._done: dict[str, None] = {}
        self._left: dict[str, None] = {}

    def round(self, wait: int, *, again: bool) -> Round | None:
        """Return what a round brought, None when there was nothing new within `wait` seconds.

        Messages that an earlier round left are read `again`, or passed over.
        """
        with self._queue.keeping() as held:
            self._receive(held, wait)
            if not again:
                held.drop([each for each in held.messages() if each.id in self._left])
            messages = held.messages()
            if not messages:
                return None
            brought = self._take(messages, held)
            if held.trouble is not None:
                brought.remarks.append(f"messages may come again, they could not be kept back: {_why(held.trouble)}")
            return brought

    def _receive(self, held: Held, wait: int) -> None:
        """Gather messages until there are enough, or no more come."""
        got = self._stop.unless_asked(lambda: self._queue.receive(wait))
        until = time.monotonic() + GATHER_SECONDS
        characters = 0
        while got:
            held.add(got)
            characters += sum(len(each.body) for each in got)
            full = len(held.messages()) >= MOST_MESSAGES or characters >= MOST_CHARACTERS
            if full or time.monotonic() >= until:
                return
            got = self._stop.unless_asked(lambda: self._queue.receive(min(wait, 1)))

    def _take(self, messages: Sequence[Message], held: Held) -> Round:
        known = [each for each in messages if each.id in self._done]
        readings = {each: read(each.body) for each in messages if each.id not in self._done}
        brought = Round(received=len(messages))
        sources = self._sources(readings)
        if sources:
            brought.summary = self._ingest(sources)
        unread = _unread(brought.summary.faults)
        unknown = [each for each, reading in readings.items() if isinstance(reading, Unknown)]
        waiting = [
            each for each, reading in readings.items() if isinstance(reading, Names) and unread & {*reading.urls}
        ]
        done = [each for each in readings if each not in unknown and each not in waiting]
        held.drop(unknown)
        self._count(readings, brought)
        self._tell_unknown(unknown, readings, brought)
        self._leave(waiting, held, brought)
        undeleted = self._delete([*known, *done], held, brought)
        brought.left = len(unknown) + len(waiting) + len(undeleted)
        return brought

    def _sources(self, readings: dict[Message, Reading]) -> list[str]:
        """Return what has to be ingested; records that came in messages are first put on the disk."""
        carried = [each.body for each, reading in readings.items() if isinstance(reading, Carries)]
        urls = dict.fromkeys(url for reading in readings.values() if isinstance(reading, Names) for url in reading.urls)
        if not carried:
            return [*urls]
        bodies = [body.encode(errors="surrogatepass") for body in dict.fromkeys(carried)]
        return [str(keep(self._layout, bodies, datetime.now(UTC))), *urls]

    def _count(self, readings: dict[Message, Reading], brought: Round) -> None:
        for reading in readings.values():
            if isinstance(reading, Ignored):
                brought.ignored[reading.kind] += 1
            elif isinstance(reading, Names) and reading.passed:
                brought.ignored["other-object"] += reading.passed
        if confirmations := brought.ignored["confirmation"]:
            brought.remarks.append(
                f"nothing was confirmed, though SNS asked to confirm a subscription: {confirmations}"
            )

    def _tell_unknown(self, unknown: list[Message], readings: dict[Message, Reading], brought: Round) -> None:
        """Tell of each message that is not understood once; it is left for the queue's dead letters."""
        for each in unknown:
            if each.id not in self._told:
                reading = readings[each]
                assert isinstance(reading, Unknown)
                reason = f"{reading.reason}; it was left in the queue (received {each.receives} times)"
                fault = Fault(f"{self._queue.shown}#{each.id}", None, "queue.unknown_message", reason)
                brought.summary.faults.append(fault)
                brought.summary.files_faulty += 1
        _remember(self._told, unknown)
        _remember(self._left, unknown)

    def _leave(self, waiting: list[Message], held: Held, brought: Round) -> None:
        held.drop(waiting)
        _remember(self._left, waiting)
        try:
            self._queue.hide(waiting, max(RETRY_SECONDS, self._queue.timeout))
        except Unavailable as trouble:
            brought.remarks.append(f"messages may come again soon, they could not be kept back: {trouble.reason}")

    def _delete(self, done: list[Message], held: Held, brought: Round) -> list[Message]:
        """Delete messages by their newest receipts; what is not deleted comes again, and is known then."""
        left, why = done, "SQS failed to"
        try:
            left = self._queue.delete(done, self._stop.pause)
        except Unavailable as trouble:
            why = trouble.reason
        if left:
            brought.remarks.append(f"{len(left)} messages were read and not deleted, they will come again: {why}")
        brought.deleted = len(done) - len(left)
        _remember(self._left, [each for each in left if each.id in self._done])
        for each in done:
            self._done.pop(each.id, None)
        _remember(self._done, left)
        return left


def _unread(faults: Sequence[Fault]) -> set[str]:
    """Return the objects that are there, as far as anybody knows, and could not be read."""
    return {each.path for each in faults if each.kind.startswith("s3.") and each.kind != "s3.missing"}


def _remember(ids: dict[str, None], messages: Sequence[Message]) -> None:
    ids.update(dict.fromkeys(each.id for each in messages))
    for oldest in list(ids)[: max(0, len(ids) - _TOLD)]:
        del ids[oldest]


def _why(trouble: Exception) -> str:
    return trouble.reason if isinstance(trouble, Unavailable) else str(trouble)
