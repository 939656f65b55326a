"""Worker processes of an ingest: deaf to Ctrl-C, stopped between two files, ended with the process they work for.

Each has pipes of its own and shares nothing with the others. A pool with shared queues (`ProcessPoolExecutor` of Python
3.11) can wait for ever when a worker is killed while others start, and its workers outlive an ingest that is killed.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection, forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import ModuleType

from ctaudit.errors import Interrupted, StoreError
from ctaudit.intake import Share, take_in
from ctaudit.sources.files import SourceFile

_LOOK_SECONDS = 0.2
"""How often to look whether Ctrl-C was pressed."""

Plan = Sequence[Sequence[SourceFile]]


@dataclass(frozen=True, slots=True)
class _Worker:
    process: ForkServerProcess
    pipe: Connection
    """Shares of files go in, what became of them comes out."""
    lifeline: Connection
    """Never written to: the worker stops when it is closed, and it closes, too, when this process dies."""


def shares(root: Path, plan: Plan, known: frozenset[int], jobs: int, stopped: Callable[[], bool]) -> Iterator[Share]:
    """Yield shares as workers finish them; memory is bounded, as each worker has one share at a time.

    Raises Interrupted when `stopped` says so, StoreError when a worker dies.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    _start_forkserver()
    workers: list[_Worker] = []
    try:
        for _ in range(min(jobs, len(plan))):
            workers.append(_start_worker(context, root, known))
        yield from _shares(workers, plan, stopped)
    finally:
        for worker in workers:
            worker.lifeline.close()
            worker.pipe.close()
        for worker in workers:
            worker.process.join()


def _shares(workers: Sequence[_Worker], plan: Plan, stopped: Callable[[], bool]) -> Iterator[Share]:
    left = deque(plan)
    idle = [worker.pipe for worker in workers]
    busy: list[Connection] = []
    while left or busy:
        if stopped():
            raise Interrupted("interrupted")
        while left and idle:
            busy.append(idle.pop())
            with _told_of_death():
                busy[-1].send(left.popleft())
        for pipe in connection.wait(busy, _LOOK_SECONDS):
            assert isinstance(pipe, Connection)
            with _told_of_death():
                answer: Share | Exception = pipe.recv()
            if isinstance(answer, Exception):
                raise answer
            busy.remove(pipe)
            idle.append(pipe)
            yield answer


@contextlib.contextmanager
def _told_of_death() -> Iterator[None]:
    """Say so when there is nobody at the other end of a pipe."""
    try:
        yield
    except (EOFError, OSError) as error:
        raise StoreError(
            "a worker process died, perhaps for want of memory",
            "run it again, with fewer --jobs; it goes on where it stopped",
        ) from error


def _start_worker(context: ForkServerContext, root: Path, known: frozenset[int]) -> _Worker:
    pipe, its_pipe = context.Pipe()
    its_lifeline, lifeline = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(root, known, its_pipe, its_lifeline), daemon=True)
    with _no_main():
        process.start()
    its_pipe.close()
    its_lifeline.close()
    return _Worker(process, pipe, lifeline)


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


def _serve(root: Path, known: frozenset[int], pipe: Connection, lifeline: Connection) -> None:
    """Take in shares until there is nobody who gives any."""
    with contextlib.suppress(EOFError, ConnectionError, Interrupted):
        while True:
            chosen = pipe.recv()
            try:
                answer: Share | Exception = take_in(root, chosen, known, lifeline.poll)
            except Interrupted:
                raise
            except Exception as error:  # the ingest says what happened; a worker has no voice
                answer = error
            pipe.send(answer)
