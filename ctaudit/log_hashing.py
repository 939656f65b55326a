"""Log files hashed side by side: by processes where they are on disk, by threads where they come over the network.

Hashing a hundred kilobytes takes less time than Python takes around it, and threads of one process take turns at that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from ctaudit import limits
from ctaudit.errors import Interrupted
from ctaudit.integrity.packed import Packed, Packing, inspect
from ctaudit.sources import mirror
from ctaudit.sources.objects import Fetched, Unavailable
from ctaudit.workers import Workers

Wanted = Sequence[tuple[str, str]]
"""Place and SHA-256 of log files."""
Outcome = Packed | Unavailable | None
"""What a log file is, or why it cannot be read; None when it is whole and has the hash."""
Outcomes = list[Outcome]
Task = tuple[int, Wanted]


def hash_all(fetch: Callable[[str], Fetched], wanted: Wanted, stopped: Callable[[], bool] = bool) -> Outcomes:
    """Read and hash log files; raises Interrupted between two when `stopped` says so."""
    outcomes: Outcomes = []
    for place, sha256 in wanted:
        if stopped():
            raise Interrupted("interrupted")
        try:
            packed = inspect(fetch(place).chunks, limits.MAX_UNPACKED_BYTES)
        except Unavailable as error:
            outcomes.append(error)
        else:
            outcomes.append(None if packed.packing is Packing.GZIP and packed.sha256 == sha256 else packed)
    return outcomes


def _serve(task: Task, stopped: Callable[[], bool]) -> tuple[int, Outcomes]:
    number, wanted = task
    return number, hash_all(mirror.fetch, wanted, stopped)


class Hasher(Protocol):
    def give(self, number: int, wanted: Wanted) -> None:
        """Have log files hashed, under a number of the caller's choice."""
        ...

    def take(self) -> Iterator[tuple[int, Outcomes]]:
        """Yield what is finished, and wait until something is; nothing when nothing was given."""
        ...

    def close(self) -> None: ...


class InProcesses:
    """For many files on disk."""

    def __init__(self, jobs: int) -> None:
        self._workers = Workers(_serve, jobs, __name__)
        self._waiting: deque[Task] = deque()

    def give(self, number: int, wanted: Wanted) -> None:
        self._waiting.append((number, wanted))
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self._workers.idle:
            self._workers.give(self._waiting.popleft())

    def take(self) -> Iterator[tuple[int, Outcomes]]:
        finished = list(self._workers.results())
        self._hand_out()
        yield from finished

    def close(self) -> None:
        self._workers.close()


class InThreads:
    """For files that come over the network, one thread a connection; and, with one thread, for a few files."""

    def __init__(self, fetch: Callable[[str], Fetched], threads: int) -> None:
        self._fetch = fetch
        self._pool = ThreadPoolExecutor(threads, "ctaudit-hash")
        self._waiting: deque[tuple[int, Future[Outcomes]]] = deque()

    def give(self, number: int, wanted: Wanted) -> None:
        self._waiting.append((number, self._pool.submit(hash_all, self._fetch, wanted)))

    def take(self) -> Iterator[tuple[int, Outcomes]]:
        if self._waiting:
            number, future = self._waiting.popleft()
            yield number, future.result()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
