"""Many places of AWS asked side by side, and what they tell written down by one thread as it comes."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from ctaudit import limits
from ctaudit.errors import Interrupted
from ctaudit.fault import Fault
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.turns import Page, Stopped, code_of
from ctaudit.store.captures import Captures
from ctaudit.stretches import Stretch

_T = TypeVar("_T")

_LOOK_SECONDS = 0.1
"""How often to look whether Ctrl-C was pressed."""
_FAREWELL_SECONDS = 1.0
"""How long to wait for threads that wait for AWS; later ones find that nobody listens."""
_WAITING_PAGES = 4
_NOT_ENABLED = ("UnrecognizedClientException", "InvalidClientTokenId", "OptInRequired")


@dataclass(frozen=True, slots=True)
class Job:
    place: str
    """As faults name it: `history:111122223333/eu-west-1`."""
    kind: str
    """What the kinds of its faults begin with."""
    captures: Captures
    pages: Callable[[threading.Event], Iterator[Page]]
    """Asks AWS until the event is set; raises Unavailable, Stopped, CtauditError."""


@dataclass(slots=True)
class _Buffer:
    """What came of one place and is not yet on the disk."""

    captures: Captures
    entries: list[bytes] = field(default_factory=list)
    size: int = 0
    settled: Stretch | None = None
    asked: datetime | None = None

    def take(self, page: Page) -> int:
        """Take a page; return how many events were written."""
        written = 0
        if self.settled and page.settled and not _adjoin(self.settled, page.settled):
            written += self.flush()
        self.entries += page.entries
        self.size += sum(map(len, page.entries))
        self.asked = min(self.asked or page.asked, page.asked)
        if page.settled:
            both = (*page.settled, *(self.settled or page.settled))
            self.settled = (min(both), max(both))
        if len(self.entries) >= limits.CAPTURE_FILE_EVENTS or self.size >= limits.CAPTURE_FILE_BYTES:
            written += self.flush()
        return written

    def flush(self) -> int:
        written = 0
        if self.asked is not None:
            written = self.captures.write(self.entries, self.settled, self.asked)
        self.entries, self.size, self.settled, self.asked = [], 0, None, None
        return written


def _adjoin(one: Stretch, other: Stretch) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def run(jobs: Sequence[Job], tell: Callable[[int], None], stopped: Callable[[], bool]) -> tuple[int, list[Fault]]:
    """Do all jobs; return how many events were written, and a fault for each place that could not be asked.

    `tell` hears of how many events came. Raises Interrupted when `stopped` says so, OSError when the disk fails,
    CtauditError when the credentials have ended; what had come is on the disk then.
    """
    talk = _Talk(jobs)
    buffers = [_Buffer(job.captures) for job in jobs]
    faults: list[Fault] = []
    written = heard = 0
    try:
        for number, item in talk.heard(stopped):
            if isinstance(item, Page):
                written += buffers[number].take(item)
                tell(heard := heard + len(item.entries))
            elif isinstance(item, Unavailable):
                faults.append(_fault(jobs[number], item))
            elif item is not None:
                raise item
    finally:
        talk.stop.set()
        written += sum(buffer.flush() for buffer in buffers)
        talk.close()
    return written, faults


def _fault(job: Job, trouble: Unavailable) -> Fault:
    also = "; a region that is not enabled answers so, too" if code_of(trouble.__cause__) in _NOT_ENABLED else ""
    reason = f"cannot be asked: {trouble.reason}{also}; a later run captures what it holds"
    return Fault(job.place, None, trouble.fault_kind(job.kind), reason)


class _Talk:
    """Threads that ask, one a job, and the queue they talk into."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.stop = threading.Event()
        self._queue: queue.Queue[tuple[int, Page | Exception | None]] = queue.Queue(_WAITING_PAGES)
        self._threads = [
            threading.Thread(target=self._ask, args=(number, job), name=f"ctaudit-{job.place}", daemon=True)
            for number, job in enumerate(jobs)
        ]

    def heard(self, stopped: Callable[[], bool]) -> Iterator[tuple[int, Page | Exception | None]]:
        """Yield pages, errors and, at a job's end, None, as they come; raises Interrupted."""
        for thread in self._threads:
            thread.start()
        left = len(self._threads)
        while left:
            if stopped():
                raise Interrupted("interrupted")
            with contextlib.suppress(queue.Empty):
                number, item = self._queue.get(timeout=_LOOK_SECONDS)
                left -= not isinstance(item, Page)
                yield number, item

    def close(self) -> None:
        deadline = time.monotonic() + _FAREWELL_SECONDS
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _ask(self, number: int, job: Job) -> None:
        try:
            for page in job.pages(self.stop):
                self._say(number, page)
            self._say(number, None)
        except Stopped:
            pass
        except Exception as error:  # the thread that listens says what happened
            with contextlib.suppress(Stopped):
                self._say(number, error)

    def _say(self, number: int, item: Page | Exception | None) -> None:
        while not self.stop.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put((number, item), timeout=_LOOK_SECONDS)
                return
        raise Stopped


def aside(work: Callable[[], _T], stopped: Callable[[], bool]) -> _T:
    """Do some work that waits for AWS in another thread, so that Ctrl-C need not wait for it; raises Interrupted."""
    done: queue.Queue[_T | Exception] = queue.Queue()

    def do() -> None:
        try:
            done.put(work())
        except Exception as error:
            done.put(error)

    threading.Thread(target=do, daemon=True).start()
    while not stopped():
        with contextlib.suppress(queue.Empty):
            result = done.get(timeout=_LOOK_SECONDS)
            if isinstance(result, Exception):
                raise result
            return result
    raise Interrupted("interrupted")
