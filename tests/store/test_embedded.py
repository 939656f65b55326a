"""The embedded DuckDB: it is silent, and an idle one is used again.

DuckDB draws a progress bar on stdout, into the answer, once a statement takes two seconds: not here.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event

import pytest
from duckdb import CatalogException, DuckDBPyConnection

import ctaudit
from ctaudit.store import embedded
from tests.cli.evidence import event
from tests.store.stores import put

_LONG = """
import duckdb
from ctaudit.store import embedded
with CONNECT as connection:
    connection.execute("CREATE TABLE t AS SELECT sum(sin(a.range) * b.range) FROM range(3000000) a, range(100) b")
"""


def drawn(connect: str) -> bytes:
    program = _LONG.replace("CONNECT", connect)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout


@pytest.mark.parametrize("connect", [embedded.connect, embedded.engine])
def test_every_connection_is_silent(connect: Callable[[], AbstractContextManager[DuckDBPyConnection]]) -> None:
    with connect() as connection:
        assert connection.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)


def test_an_idle_engine_is_used_again_unless_it_failed() -> None:
    with embedded.engine() as connection:
        connection.execute("CREATE TABLE memory.here (n INTEGER); CREATE TEMP TABLE gone (n INTEGER)")
        with embedded.engine() as another, pytest.raises(CatalogException):
            another.execute("FROM memory.here")  # it is in use, so this is a second one
    with embedded.engine() as connection:
        assert connection.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("here",)]
    with pytest.raises(CatalogException), embedded.engine() as connection:
        connection.execute("FROM temp.gone")
    with embedded.engine() as connection, pytest.raises(CatalogException):
        connection.execute("FROM memory.here")


def test_a_forked_process_works_and_ends() -> None:
    program = """
import os, sys
from ctaudit.store import embedded
for _ in range(2):
    with embedded.engine() as connection:
        connection.execute("SELECT sum(range) FROM range(10_000_000)").fetchone()
    child = os.fork()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_long_statement_draws_nothing() -> None:
    assert drawn("duckdb.connect()") != b""
    assert drawn("embedded.connect()") == b""


def test_threads_read_and_ingest_into_one_store(tmp_path: Path) -> None:
    """DuckDB opens a file once in a process: each waits for its turn."""
    store = tmp_path / "store"
    logs = [put(tmp_path / f"{number}.json", [event(number)]) for number in range(6)]
    ctaudit.ingest(store, [str(logs[0])], jobs=1)
    done = Event()
    counts: list[int] = []

    def read() -> None:
        while not done.is_set():
            counts.append(len(ctaudit.open(store).timeline().rows))

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            for path in logs[1:]:
                ctaudit.ingest(store, [str(path)], jobs=1)
        finally:
            done.set()
        for reader in readers:
            reader.result()
    assert set(counts) <= {1, 2, 3, 4, 5, 6}
    assert len(ctaudit.open(store).timeline().rows) == 6
