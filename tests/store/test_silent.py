"""DuckDB draws a progress bar on stdout, into the answer, once a statement takes two seconds: not here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ctaudit.store import catalog
from tests.conftest import Case

_LONG = """
import duckdb
from ctaudit.store import catalog
with CONNECT as connection:
    connection.execute("CREATE TABLE t AS SELECT sum(sin(a.range) * b.range) FROM range(3000000) a, range(100) b")
"""


def drawn(connect: str) -> bytes:
    program = _LONG.replace("CONNECT", connect)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout


def test_every_connection_is_silent(case: Case) -> None:
    for database in (":memory:", str(case.store / "ctaudit.duckdb")):
        settings = {} if database == ":memory:" else {"access_mode": "read_only"}
        with catalog.connect(database, settings) as connection:
            assert connection.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)


@pytest.mark.slow
def test_a_long_statement_draws_nothing() -> None:
    assert drawn("duckdb.connect()") != b""
    assert drawn("catalog.connect()") == b""
