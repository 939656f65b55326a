"""Stop a running query within a moment of Ctrl-C: DuckDB does not look for signals while it works."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import duckdb

from ctaudit.errors import Interrupted

_T = TypeVar("_T")
_LOOK_SECONDS = 0.2
"""How often the waiting thread wakes to take a signal."""


def interruptible(connection: duckdb.DuckDBPyConnection, work: Callable[[], _T]) -> _T:
    """Run `work`, which uses `connection`, in a thread of its own; raise Interrupted on Ctrl-C, once it has stopped."""
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # handed to the caller below, whatever it is
            errors.append(error)

    thread = threading.Thread(target=run, name="query", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_LOOK_SECONDS)
    except KeyboardInterrupt:
        while thread.is_alive():
            connection.interrupt()
            thread.join(_LOOK_SECONDS)
        raise Interrupted("interrupted") from None
    if errors:
        raise errors[0]
    return results[0]
