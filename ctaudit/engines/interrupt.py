"""Stop a running query within a moment of Ctrl-C or at its time limit: DuckDB itself looks for neither."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import duckdb

from ctaudit.errors import Interrupted, QueryLimit

_T = TypeVar("_T")
_LOOK_SECONDS = 0.2
"""How often the waiting thread wakes to take a signal."""
_STOP_SECONDS = 0.7
"""How long a query is waited for once it was told to stop. One function on one huge text asks for no interrupt; then
its thread is left to itself, and ends with the process or with that function."""


def interruptible(
    connection: duckdb.DuckDBPyConnection,
    work: Callable[[], _T],
    deadline: float | None = None,
    look: Callable[[], None] = lambda: None,
) -> _T:
    """Run `work`, which uses `connection`, in a thread of its own; `look` is called while it is waited for.

    Raises Interrupted on Ctrl-C and QueryLimit at `deadline` (of `time.monotonic`), once the work has stopped.

    Events tell what the thread does: a Ctrl-C inside `Thread.start` leaves it running, and one inside `Thread.join`
    makes Python 3.11 take it for dead.
    """
    task = _Task(work)
    try:
        if deadline is not None and time.monotonic() >= deadline:
            raise _out_of_time()
        threading.Thread(target=task.run, name="query", daemon=True).start()
        while not task.stopped.wait(_LOOK_SECONDS if deadline is None else _until(deadline)):
            if deadline is not None and time.monotonic() >= deadline:
                _stop(connection, task)
                raise _out_of_time()
            look()
    except KeyboardInterrupt:
        _stop(connection, task)
        raise Interrupted("interrupted") from None
    if task.errors:
        raise task.errors[0]
    return task.results[0]


class _Task(Generic[_T]):
    """Work in a thread: what came of it, and whether it has begun, is not to begin, or has stopped."""

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self.results: list[_T] = []
        self.errors: list[BaseException] = []
        self.begun, self.cancelled, self.stopped = threading.Event(), threading.Event(), threading.Event()

    def run(self) -> None:
        self.begun.set()
        try:
            if not self.cancelled.is_set():
                self.results.append(self._work())
        except BaseException as error:  # handed to the caller, whatever it is
            self.errors.append(error)
        finally:
            self.stopped.set()


def _stop(connection: duckdb.DuckDBPyConnection, task: _Task[_T]) -> None:
    task.cancelled.set()
    with contextlib.suppress(KeyboardInterrupt):
        task.begun.wait(_LOOK_SECONDS)  # in vain when Ctrl-C came before the start; later the thread does nothing
    patience = time.monotonic() + _STOP_SECONDS
    while task.begun.is_set() and not task.stopped.is_set() and time.monotonic() < patience:
        with contextlib.suppress(KeyboardInterrupt):  # pressed again: it is being stopped already
            connection.interrupt()
            task.stopped.wait(_LOOK_SECONDS)


def _until(deadline: float) -> float:
    return min(_LOOK_SECONDS, max(0.0, deadline - time.monotonic()))


def _out_of_time() -> QueryLimit:
    advice = "narrow it with --since, --until, --account, --region or --limit, or give it more by --timeout"
    return QueryLimit("the query needs more time than it may use", advice)
