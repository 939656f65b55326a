"""What the README says is run: its commands, its Python, its targets; and its tables name what there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ctaudit.anomaly_report import FALSE_DISCOVERIES, kinds
from ctaudit.anomaly_table import COLUMNS as ANOMALY
from ctaudit.cli.main import COMMANDS
from ctaudit.integrity.verdict import KINDS
from ctaudit.posture.check import CHECKS
from ctaudit.queries.rows import COLUMNS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CTAUDIT = Path(sys.executable).with_name("ctaudit")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    lines = "".join(blocks("sh")).splitlines()
    return [line for line in lines if line.startswith("ctaudit ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the README's reader has it: the evidence as ./AWSLogs, and the sample beside."""
    path = tmp_path_factory.mktemp("readme")
    (path / "AWSLogs").symlink_to(ROOT / "sample_logs" / "AWSLogs")
    (path / "sample_logs").symlink_to(ROOT / "sample_logs")
    subprocess.run([CTAUDIT, "ingest", "./AWSLogs"], cwd=path, capture_output=True, check=False)
    return path


def test_there_are_commands_to_run() -> None:
    assert len(commands()) >= 5


@pytest.mark.parametrize("line", commands())
def test_every_command_runs(line: str, folder: Path) -> None:
    done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True, env=_environment(), check=False)
    codes = (0, 1, 3) if line.startswith("ctaudit anomalies") else (0, 3)  # there may be none in a day or two
    assert done.returncode in ((1,) if line.startswith("ctaudit validate") else codes), done.stderr  # one file is cut
    assert "Traceback" not in done.stderr


def test_the_python_example_prints_rows(folder: Path) -> None:
    (example,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=folder, capture_output=True, text=True, env=_environment(), check=True
    )
    assert "DeleteBucket" not in done.stdout
    assert len(done.stdout.splitlines()) == 2
    assert done.stdout.splitlines()[-1].endswith("succeeded")


def test_the_two_commands_for_newcomers_are_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", "".join(blocks("sh")), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_command_table_names_every_command() -> None:
    assert set(re.findall(r"^\| `ctaudit ([a-z-]+)", README, re.MULTILINE)) == set(COMMANDS)


def test_the_verdict_table_names_every_finding_as_it_is() -> None:
    rows = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| (\w+) \| (.*) \|$", README, re.MULTILINE)
    assert rows == [(code, severity.word, meaning) for code, (severity, meaning) in KINDS.items()]


def test_the_table_of_anomalies_names_every_kind_in_order() -> None:
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (.*) \| (.*) \|$", _anomalies(), re.MULTILINE)
    assert rows == [(name, kind.title, "; ".join(kind.benign)) for name, kind in kinds().items()]


def test_the_keys_of_an_anomaly_are_those_of_the_contract() -> None:
    listed = _anomalies().partition("in a pipe it is a row:")[2].partition("`low` and `high`")[0]
    assert re.findall(r"`([a-z_]+)`", re.sub(r"\([^)]*\)", "", listed)) == [column.name for column in ANOMALY]


def test_the_share_of_false_anomalies_is_told_as_it_is() -> None:
    assert f"what has more than {FALSE_DISCOVERIES} is not" in _anomalies()


def _anomalies() -> str:
    return README[README.index("## Anomalies") : README.index("## Biography")]


def test_the_table_of_checks_names_every_check_in_order() -> None:
    table = README[README.index("| checks | pass when |") : README.index("It looks at the bucket's policy")]
    assert re.findall(r"`([a-z]+\.[a-z_]+)`", table) == list(CHECKS)


def test_the_row_keys_are_those_of_the_contract() -> None:
    section = README[README.index("The keys of a row") : README.index("| exit code")]
    assert re.findall(r"`([a-z_]+)`(?! \()", re.sub(r"\([^)]*\)", "", section))[: len(COLUMNS)] == [
        column.name for column in COLUMNS
    ]


def test_every_file_the_readme_points_to_exists() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / target).exists(), target


def _environment() -> dict[str, str]:
    path = f"{CTAUDIT.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "CTAUDIT_STORE": "ctaudit-store"}
