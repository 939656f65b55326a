"""Stop a running query within a moment of Ctrl-C: DuckDB does not look for signals while it works."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

import duckdb

from ctaudit.errors import Interrupted

_T = TypeVar("_T")
_LOOK_SECONDS = 0.2
"""How often the waiting thread wakes to take a signal."""


def interruptible(connection: duckdb.DuckDBPyConnection, work: Callable[[], _T]) -> _T:
    """Run `work`, which uses `connection`, in a thread of its own; raise Interrupted on Ctrl-C, once it has stopped.

    Events tell what the thread does: a Ctrl-C inside `Thread.start` leaves it running, and one inside `Thread.join`
    makes Python 3.11 take it for dead.
    """
    results: list[_T] = []
    errors: list[BaseException] = []
    begun, cancelled, stopped = threading.Event(), threading.Event(), threading.Event()

    def run() -> None:
        begun.set()
        try:
            if cancelled.is_set():
                return
            results.append(work())
        except BaseException as error:  # handed to the caller below, whatever it is
            errors.append(error)
        finally:
            stopped.set()

    try:
        threading.Thread(target=run, name="query", daemon=True).start()
        while not stopped.wait(_LOOK_SECONDS):
            pass
    except KeyboardInterrupt:
        cancelled.set()
        with contextlib.suppress(KeyboardInterrupt):
            begun.wait(_LOOK_SECONDS)  # in vain when Ctrl-C came before the start; later the thread does nothing
        while begun.is_set() and not stopped.is_set():
            with contextlib.suppress(KeyboardInterrupt):  # pressed again: it is being stopped already
                connection.interrupt()
                stopped.wait(_LOOK_SECONDS)
        raise Interrupted("interrupted") from None
    if errors:
        raise errors[0]
    return results[0]
