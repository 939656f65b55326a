"""What a start costs: `--help` must not wait for libraries that only an answer needs."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.processes import COMMAND, environment
from tests.conftest import Case

HEAVY = {"duckdb", "boto3", "botocore", "pyarrow", "sqlglot", "rich.progress", "rich.console", "orjson", "msgspec"}
PROGRAM = """
import json, sys
from ctaudit.cli.main import run
code = run(sys.argv[1:])
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def _loaded(*arguments: str, folder: Path) -> set[str]:
    """Return the modules that a command has loaded by its end."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=folder, env=environment(), capture_output=True, check=True
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code in (0, 3), done.stderr
    return set(modules)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["who-deleted", "--help"], ["query", "-h"]])
def test_help_and_version_load_no_heavy_library(arguments: list[str], tmp_path: Path) -> None:
    assert _loaded(*arguments, folder=tmp_path) & HEAVY == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["who-deleted", "example-payroll-archive"],
        ["timeline", "--limit", "1", "--format", "json"],
        ["query", "SELECT count(*) FROM cloudtrail_logs", "--dialect", "duckdb", "--format", "csv"],
        ["status"],
        ["partitions"],
        ["faults"],
        ["coverage"],
        ["who-deleted", "no-such-thing"],
        ["show", "59c7598b-65c1-4b56-8dd4-1ddcae67a1bf"],
    ],
)
def test_lookups_load_nothing_that_only_ingest_or_the_cloud_needs(arguments: list[str], case: Case) -> None:
    loaded = _loaded(*arguments, folder=case.folder)
    assert "duckdb" in loaded
    assert loaded & {"pyarrow", "boto3", "botocore", "sqlglot", "rich.console", "isal", "multiprocessing"} == set()


def test_help_takes_little_longer_than_importing_click(tmp_path: Path) -> None:
    """The best of three rounds: other work on the machine slows a round, nothing makes one too fast."""
    ratios = []
    for _ in range(3):
        ours, clicks = zip(*[(_seconds(*COMMAND, "--help"), _seconds(sys.executable, "-c", "import click"))
                             for _ in range(7)], strict=True)  # fmt: skip
        ratios.append(statistics.median(ours) / statistics.median(clicks))
        if ratios[-1] < 1.6:
            return
    pytest.fail(f"ctaudit --help takes {min(ratios):.2f} times as long as importing click")


def _seconds(*command: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, env=environment(), check=True)
    return time.perf_counter() - started
