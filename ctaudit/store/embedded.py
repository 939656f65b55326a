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


def connect() -> duckdb.DuckDBPyConnection:
    """Start a DuckDB in memory.

    DuckDB 2.0 draws a progress bar on stdout, into the answer, once a statement takes two seconds.
    """
    connection = duckdb.connect(config=CONFIG)
    connection.execute(_NO_BAR)
    return connection


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
    try:
        with one.cursor() as connection:
            connection.execute(_NO_BAR)
            yield connection
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # so DuckDB says it of a Ctrl-C in the main thread
            raise Interrupted("interrupted") from None
        raise
    _idle.append(one)


def _close_idle() -> None:
    while _idle:
        _idle.pop().close()


os.register_at_fork(before=_close_idle)  # a child that has a DuckDB, but not its threads, would wait for them for ever
