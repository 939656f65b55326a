"""A query ends at its time limit or at Ctrl-C, whatever DuckDB is at just then."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ctaudit
from ctaudit.engines.interrupt import interruptible
from ctaudit.errors import QueryLimit
from ctaudit.store import embedded
from tests.cli.processes import COMMAND, environment, piped
from tests.conftest import Case
from tests.engines.test_sandbox import wait_until_busy

SLACK = 2.0
"""Seconds that stopping may take on a machine that does other things as well; a second of it is ours."""
LONG = {
    "a cross join without rows": "SELECT count(*) FROM range(10000000000) a, range(1000) b WHERE hash(a, b) = 7",
    "a cross join of rows": "SELECT a.eventjson, b.eventid FROM cloudtrail_logs a, cloudtrail_logs b, range(99999999)",
    "a sort": "SELECT md5(range::VARCHAR) AS h FROM range(30000000) ORDER BY h",
    "a recursion": "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT 1 FROM t) SELECT count(*) FROM t",
    "many expressions": "SELECT count(*) FROM range(10000000) WHERE repeat('a', 9999) || range SIMILAR TO '(a|b)*c'",
    "one expression": "SELECT length(regexp_replace(repeat('ab', 100000000), '(a|b)+?', 'x', 'g'))",
    "one function": "SELECT levenshtein(repeat('ab', 100000), repeat('ba', 100001))",
    "one value while planning": "SELECT 1 WHERE levenshtein('ab'.repeat(100000), 'ba'.repeat(100001)) > 1",
}


DUCKDB = ("--dialect", "duckdb")

_TIMED = """
import sys, time, ctaudit
from ctaudit.errors import QueryLimit
begun = time.monotonic()
try:
    with ctaudit.open(sys.argv[1]).stream(sys.argv[2], timeout=1, dialect="duckdb") as flow:
        for _ in flow.rows:
            pass
except QueryLimit as error:
    print(time.monotonic() - begun, error.message, error.advice, sep="|", flush=True)
__import__("os")._exit(0)
"""
"""Asks a question and says when it ended; what hears no interrupt ends with the process, as in the command."""


@pytest.mark.slow
@pytest.mark.parametrize("what", LONG)
def test_the_time_limit_stops_a_query(what: str, case: Case) -> None:
    words = [sys.executable, "-c", _TIMED, str(case.store), LONG[what]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=50, check=True)
    took, message, advice = done.stdout.split("|")
    assert 1 <= float(took) < 1 + SLACK
    assert message == "the query needs more time than it may use"
    assert "--timeout" in advice


def test_the_time_limit_holds_while_rows_come(case: Case) -> None:
    begun = time.monotonic()
    with (
        pytest.raises(QueryLimit),
        ctaudit.open(case.store).stream("FROM range(10000000000)", timeout=1, dialect="duckdb") as flow,
    ):
        for _ in flow.rows:
            pass
    assert time.monotonic() - begun < 1 + SLACK


def test_the_time_limit_holds_while_a_file_is_written(case: Case) -> None:
    for form in ("parquet", "arrow"):
        begun = time.monotonic()
        with pytest.raises(QueryLimit):
            ctaudit.open(case.store).save("FROM range(10000000000)", io.BytesIO(), form, timeout=1, dialect="duckdb")
        assert time.monotonic() - begun < 1 + SLACK


def test_a_query_within_its_time_is_answered(case: Case) -> None:
    assert ctaudit.open(case.store).query("SELECT 1 AS x", timeout=60).rows == [(1,)]


def test_time_that_has_passed_already_begins_nothing() -> None:
    with embedded.alone() as connection, pytest.raises(QueryLimit):
        interruptible(connection, lambda: pytest.fail("it was never to begin"), deadline=time.monotonic() - 1)


def test_the_time_limit_is_an_error_of_the_command(case: Case) -> None:
    done = piped("query", LONG["one function"], *DUCKDB, "--timeout", "1s", folder=case.folder)
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("ctaudit: the query needs more time than it may use\n  narrow it with --since")


@pytest.mark.parametrize("given", ["0", "soon", "-1", "1.5", "8d", ""])
def test_a_time_limit_that_is_none_is_refused(given: str, case: Case) -> None:
    done = piped("query", "SELECT 1", "--timeout", given, folder=case.folder)
    assert done.code == 2
    assert "give 30s, 5m or 1h" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("what", LONG)
def test_ctrl_c_stops_a_query(what: str, case: Case) -> None:
    assert stopped(case.folder, "query", LONG[what], *DUCKDB, "--memory", "8GB") < SLACK


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_ctrl_c_stops_a_query_whose_rows_are_being_printed(form: str, case: Case) -> None:
    assert stopped(case.folder, "query", "FROM range(10000000000)", *DUCKDB, "--format", form) < SLACK


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_ctrl_c_leaves_no_half_a_file(ending: str, case: Case, tmp_path: Path) -> None:
    target = tmp_path / f"rows.{ending}"
    words = ("query", "FROM range(10000000000)", *DUCKDB, "--store", str(case.store), "--output", str(target))
    assert stopped(tmp_path, *words) < SLACK
    assert list(tmp_path.iterdir()) == []


def stopped(folder: Path, *words: str) -> float:
    """Press Ctrl-C once a command is busy, and return how long it then took to end, saying so and nothing else."""
    with subprocess.Popen(
        [*COMMAND, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment(),
        start_new_session=True,
    ) as process:
        wait_until_busy(process)
        pressed = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=20)
        took = time.monotonic() - pressed
    assert (process.returncode, err) == (130, b"ctaudit: interrupted\n")
    return took
