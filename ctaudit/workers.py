"""Worker processes: deaf to Ctrl-C, stopped between two files, ended with the process they work for.

Each has pipes of its own and shares nothing with the others. A pool with shared queues (`ProcessPoolExecutor` of Python
3.11) can wait for ever when a worker is killed while others start, and its workers outlive a parent that is killed.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import connection, forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from types import ModuleType
from typing import Any

from ctaudit.errors import CtauditError, Interrupted, StoreError

Serve = Callable[[Any, Callable[[], bool]], Any]
"""What a worker does with a task; it is also told how to ask whether to stop, and raises Interrupted then."""


@dataclass(frozen=True, slots=True)
class _Worker:
    process: ForkServerProcess
    pipe: Connection
    """Tasks go in, what became of them comes out."""
    lifeline: Connection
    """Never written to: the worker stops when it is closed, and it closes, too, when this process dies."""


class Workers:
    """Processes that each do one task at a time; memory is bounded, as nobody has more."""

    def __init__(self, serve: Serve, jobs: int, preload: str) -> None:
        """Start `jobs` of them; `preload` names the module of `serve`, to be loaded once for all."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([preload])
        _start_forkserver()
        self._workers: list[_Worker] = []
        self._idle: list[Connection] = []
        self._busy: list[Connection] = []
        try:
            for _ in range(jobs):
                self._workers.append(worker := _start_worker(context, serve))
                self._idle.append(worker.pipe)
        except BaseException:
            self.close()
            raise

    @property
    def idle(self) -> bool:
        """Whether one of them has nothing to do."""
        return bool(self._idle)

    @property
    def busy(self) -> bool:
        """Whether one of them has something to do."""
        return bool(self._busy)

    def give(self, task: Any) -> None:
        """Give a task to an idle one; raises StoreError when that has died."""
        self._busy.append(self._idle.pop())
        with _told_of_death():
            self._busy[-1].send(task)

    def results(self, seconds: float | None = None) -> Iterator[Any]:
        """Yield what is finished; waits for the first one, at most `seconds`.

        Raises StoreError when a worker dies, and what a task raised.
        """
        for pipe in connection.wait(self._busy, seconds):
            assert isinstance(pipe, Connection)
            with _told_of_death():
                answer = pipe.recv()
            if isinstance(answer, Exception):
                raise answer
            self._busy.remove(pipe)
            self._idle.append(pipe)
            yield answer

    def close(self) -> None:
        """End them all, those at work at the next file."""
        for worker in self._workers:
            worker.lifeline.close()
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join()
        self._workers = []


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


def _start_worker(context: ForkServerContext, serve: Serve) -> _Worker:
    pipe, its_pipe = context.Pipe()
    its_lifeline, lifeline = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(serve, its_pipe, its_lifeline), daemon=True)
    with _no_main():
        process.start()
    its_pipe.close()
    its_lifeline.close()
    return _Worker(process, pipe, lifeline)


_main_lock = threading.Lock()


@contextlib.contextmanager
def _no_main() -> Iterator[None]:
    """Keep multiprocessing from running a library user's script again in each worker, which needs nothing of it."""
    with _main_lock:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def _start_forkserver() -> None:
    """Start the process that workers are forked from deaf to Ctrl-C, which a terminal sends to every process.

    They inherit that from it. The parent alone hears of Ctrl-C and tells them to stop. So it is with SIGTERM where the
    parent heeds it: systemd, too, sends it to every process.
    """
    told = [signal.SIGINT, *([signal.SIGTERM] if callable(signal.getsignal(signal.SIGTERM)) else [])]
    resource_tracker.ensure_running()  # it would lift the block when it is started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, told)
    try:
        forkserver.ensure_running()
    except OSError as error:
        if "AF_UNIX" not in str(error):
            raise
        advice = "set TMPDIR to a folder with a shorter path, or say --jobs 1"
        raise CtauditError("workers cannot be started: the path of the temporary folder is too long", advice) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(serve: Serve, pipe: Connection, lifeline: Connection) -> None:
    """Do tasks until there is nobody who gives any."""
    with contextlib.suppress(EOFError, ConnectionError, Interrupted):
        while True:
            task = pipe.recv()
            try:
                answer = serve(task, lifeline.poll)
            except Interrupted:
                raise
            except Exception as error:  # the parent says what happened; a worker has no voice
                answer = error
            pipe.send(answer)
