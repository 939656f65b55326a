"""Worker processes of an ingest: deaf to Ctrl-C, stopped between two files, ended with the process they work for."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import forkserver, resource_tracker
from multiprocessing.synchronize import Event
from pathlib import Path
from types import ModuleType

from ctaudit.errors import Interrupted, StoreError
from ctaudit.intake import Share, take_in
from ctaudit.sources.files import SourceFile

_LOOK_SECONDS = 0.2
"""How often to look whether Ctrl-C was pressed."""

Plan = Sequence[Sequence[SourceFile]]


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shares(root: Path, plan: Plan, known: frozenset[int], jobs: int, stopped: Callable[[], bool]) -> Iterator[Share]:
    """Yield shares as workers finish them; at most two wait for each worker, so that memory stays bounded.

    Raises Interrupted when `stopped` says so, StoreError when a worker dies.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ctaudit.workers"])
    _start_forkserver()
    stop = context.Event()
    pool = ProcessPoolExecutor(min(jobs, len(plan)), context, initializer=_start, initargs=(root, known, stop))
    try:
        yield from _shares(pool, plan, 2 * jobs, stopped)
    except BrokenProcessPool as error:
        raise StoreError(
            "a worker process died, perhaps for want of memory",
            "run it again, with fewer --jobs; it goes on where it stopped",
        ) from error
    finally:
        stop.set()  # whatever ended this: no worker goes on with a share that nobody waits for
        pool.shutdown(wait=True, cancel_futures=True)


def _shares(pool: ProcessPoolExecutor, plan: Plan, most: int, stopped: Callable[[], bool]) -> Iterator[Share]:
    left = iter(plan)
    waiting: set[Future[Share]] = set()
    chosen = next(left, None)
    while waiting or chosen is not None:
        if stopped():
            raise Interrupted("interrupted")
        while chosen is not None and len(waiting) < most:
            with _no_main():  # this starts workers
                waiting.add(pool.submit(_work, chosen))
            chosen = next(left, None)
        done, waiting = wait(waiting, _LOOK_SECONDS, FIRST_COMPLETED)
        yield from (future.result() for future in done)


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


_take_in: Callable[[Sequence[SourceFile]], Share]


def _start(root: Path, known: frozenset[int], stop: Event) -> None:
    """Make this process a worker: its shares are files alone, all else stays the same."""
    global _take_in
    _take_in = partial(take_in, root, known=known, stopped=stop.is_set)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _work(chosen: Sequence[SourceFile]) -> Share:
    return _take_in(chosen)


def _end_with_parent() -> None:
    """End this worker when the ingest is killed: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # a worker has one
    parent.join()
    os._exit(1)
