"""The DuckDB inside this process: how it is started, and idle ones that wait for their next use."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import duckdb

from ctaudit.errors import Interrupted

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",
}
"""For every connection: nothing is fetched from the network, and nothing is spilled into the folder one stands in."""
_NO_BAR = "SET enable_progress_bar = false"
_KEEP_FOOTERS = "SET parquet_metadata_cache = true"
"""A question reads the same segments several times; the ends of five hundred files take a tenth of a second."""


def connect() -> duckdb.DuckDBPyConnection:
    """Start a DuckDB in memory.

    DuckDB 2.0 draws a progress bar on stdout, into the answer, once a statement takes two seconds.
    """
    connection = duckdb.connect(config=CONFIG)
    connection.execute(_NO_BAR)
    connection.execute(_KEEP_FOOTERS)
    return connection


@contextlib.contextmanager
def alone() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection to a DuckDB of its own, which is closed at the end.

    It measures how far a statement is, and shows nothing.
    """
    connection = connect()
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    try:
        yield connection
    finally:
        _close(connection)


_idle: list[duckdb.DuckDBPyConnection] = []
"""DuckDBs that nobody uses, for any thread to take: as many as were ever in use at the same time."""


@contextlib.contextmanager
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection to a DuckDB in memory, an idle one where possible: starting one takes some 30 ms.

    It goes back when the block ends, not when it raises: after damage DuckDB may be of no more use. Raises Interrupted
    when a Ctrl-C ends a statement.
    """
    try:
        one = _idle.pop()
    except IndexError:
        one = connect()
    connection = one.cursor()
    try:
        connection.execute(_NO_BAR)
        yield connection
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # so DuckDB says it of a Ctrl-C in the main thread
            raise Interrupted("interrupted") from None
        raise
    finally:
        _close(connection)
    _idle.append(one)


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    """Close a connection unless a statement still runs on it, which could not be stopped: DuckDB refuses that."""
    with contextlib.suppress(duckdb.Error):
        connection.close()


def _close_idle() -> None:
    while _idle:
        _idle.pop().close()


os.register_at_fork(before=_close_idle)  # a child that has a DuckDB, but not its threads, would wait for them for ever
