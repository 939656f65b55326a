"""Readers and an ingest do not disturb each other: no error, no half of a commit, nothing that goes away again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import ctaudit
from tests.store.processes import ingesting, until
from tests.store.stores import CATALOG, told
from tests.trail.company import CI, ORGANIZATION
from tests.trail.evidence import SAMPLE

LOGS = SAMPLE / "AWSLogs" / ORGANIZATION / CI / "CloudTrail"

_ASK = """
import sys, time, ctaudit
store, until, counts, asked = ctaudit.open(sys.argv[1]), time.monotonic() + float(sys.argv[2]), [0], 0
while time.monotonic() < until or asked < 4 or not counts[-1]:  # a busy machine may take long to commit anything
    counted = "SELECT count(*) FROM cloudtrail_logs"
    counts.append(len(store.timeline()) if asked % 2 else store.query(counted).rows[0][0])
    store.what_did("ci-deploy")
    assert store.status().content["events"] >= counts[-1] >= counts[-2], counts
    asked += 1
print(asked, counts[-1])
"""

_HOLD = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print(connection.execute("SELECT count(*) FROM cloudtrail_logs").fetchone()[0], flush=True)
    sys.stdin.readline()
    print(connection.execute("SELECT count(*) FROM cloudtrail_logs").fetchone()[0], flush=True)
"""


def start(program: str, *words: object) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", program, *map(str, words)]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.slow
def test_questions_are_answered_while_an_ingest_commits(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with ingesting(store, LOGS, share=4) as process:
        assert until((store / CATALOG).exists)
        askers = [start(_ASK, store, 2.0) for _ in range(2)]
        for asker in askers:
            out, err = asker.communicate(timeout=60)
            assert asker.returncode == 0, err
            asked, counted = map(int, out.split())
            assert asked >= 4
            assert counted > 0
        _, told_err = process.communicate(timeout=60)
        assert process.returncode == 0, told_err
    ctaudit.ingest(tmp_path / "alone", [str(LOGS)], jobs=1)
    assert told(store) == told(tmp_path / "alone")


@pytest.mark.slow
def test_a_duckdb_shell_left_open_delays_no_commit_and_keeps_what_it_sees(tmp_path: Path) -> None:
    store = tmp_path / "store"
    ctaudit.ingest(store, [str(LOGS / "eu-west-1")], jobs=1)
    before = ctaudit.open(store).status().content["events"]
    with start(_HOLD, store / CATALOG) as shell:
        assert shell.stdout is not None
        assert shell.stdin is not None
        assert int(shell.stdout.readline()) == before
        added = ctaudit.ingest(store, [str(LOGS / "us-east-1")], jobs=1).events
        print(file=shell.stdin, flush=True)
        assert int(shell.stdout.readline()) == before
        shell.communicate()
    assert shell.returncode == 0
    assert added > 0
    assert ctaudit.open(store).status().content["events"] == before + added
