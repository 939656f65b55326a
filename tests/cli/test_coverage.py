"""`coverage` on the command line: each format byte for byte, the strip on terminals of all kinds, the exit codes.

After a wanted change: `CTAUDIT_REWRITE_GOLDEN=1 pytest tests/cli/test_coverage.py`, then read the diff.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.conftest import Place
from tests.cli.processes import on_terminal, piped
from tests.conftest import Ask, Case

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parent / "golden" / "coverage"
REWRITE = "CTAUDIT_REWRITE_GOLDEN" in os.environ
SUFFIXES = {"table": "txt", "json": "json", "jsonl": "jsonl", "csv": "csv", "tsv": "tsv", "markdown": "md"}
NIGHT = ("--since", "2026-03-10T22:00Z", "--until", "2026-03-11T06:00Z")


@pytest.fixture(scope="module")
def proven(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample's store, validated."""
    folder = tmp_path_factory.mktemp("proven")
    shutil.copytree(case.store, folder / "ctaudit-store")
    done = piped("validate", case.evidence, "--public-keys", case.evidence / "public-keys", folder=folder)
    assert done.code == 1, done.err  # one log file is cut, as the story has it
    return folder


def _agreed(name: str, text: str) -> str:
    if REWRITE:
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_text(text, encoding="utf-8")
    return (GOLDEN / name).read_text("utf-8")


@pytest.mark.parametrize("form", SUFFIXES)
def test_the_answer_is_what_was_agreed(form: str, ask: Ask, proven: Path) -> None:
    done = ask("coverage", *NIGHT, "--format", form, folder=proven)
    assert done.code == 3
    assert done.out == _agreed(f"night.{SUFFIXES[form]}", done.out)
    assert done.err == _agreed(f"night.{form}.stderr.txt", done.err)


@pytest.mark.parametrize("by", ["hour", "day"])
def test_hours_and_days_are_what_was_agreed(by: str, ask: Ask, case: Case) -> None:
    done = ask("coverage", "--account", "777788889999", *NIGHT, "--by", by, "--format", "csv", folder=case.folder)
    assert done.out == _agreed(f"unproven.{by}.csv", done.out)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("color", [True, False])
def test_the_strip_is_what_was_agreed(width: int, color: bool, proven: Path) -> None:
    done = on_terminal("coverage", *NIGHT, *(() if color else ("--no-color",)), width=width, folder=proven)
    name = f"night.{width}{'.color' if color else ''}.txt"
    assert done.out == _agreed(name, done.out)
    assert ("\x1b" in done.out) == color


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int, case: Case) -> None:
    lines = on_terminal("coverage", width=width, folder=case.folder).plain
    assert max(cell_len(line) for line in lines) <= width
    assert width < 100 or sum("▓" in line for line in lines) == 7, "six strips and the legend"


def test_a_terminal_without_block_characters_gets_ascii(case: Case) -> None:
    done = on_terminal("coverage", "--no-color", env={"PYTHONIOENCODING": "ascii"}, folder=case.folder)
    strips = next(line for line in done.plain if line.startswith("444455556666 us-east-1  "))
    assert re.fullmatch(r"444455556666 us-east-1  [+!]+", strips)
    assert "# proven  + covered  . silent  ! gap" in done.out


def test_neither_a_pipe_nor_json_gets_a_strip(case: Case) -> None:
    assert "▓" not in piped("coverage", folder=case.folder).out
    assert "▓" not in on_terminal("coverage", "--format", "json", folder=case.folder).out


def test_every_hour_of_a_table_is_in_one_row(ask: Ask, case: Case) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("coverage", "--format", "csv", folder=case.folder).out)))
    assert sum(int(row["hours"]) for row in rows) == 72 * 6
    assert sum(int(row["events"]) for row in rows) == 4209 - 6, "Insight and network activity events do not count"
    document = json.loads(ask("coverage", "--format", "json", folder=case.folder).out)
    assert document["hours"]["asked"] == 72 * 6
    assert document["hours"]["asked"] == sum(count for name, count in document["hours"].items() if name != "asked")
    assert [row["state"] for row in document["spans"]] == [row["state"] for row in rows]


def test_0_every_hour_is_covered(ask: Ask, clean: Place) -> None:
    done = ask("coverage", "--format", "csv", folder=clean.folder)
    assert (done.code, len(done.out.splitlines())) == (0, 1 + 4)


def test_1_no_row_and_fail_empty(ask: Ask, clean: Place) -> None:
    done = ask("coverage", "--since", "2027-01-01", "--fail-empty", folder=clean.folder)
    assert done.code == 1
    assert ask("coverage", "--since", "2027-01-01", folder=clean.folder).code == 3


def test_a_limit_cuts_the_rows_and_not_the_figures(ask: Ask, case: Case) -> None:
    whole, cut = (ask("coverage", *more, "--format", "json", folder=case.folder) for more in ((), ("--limit", "3")))
    assert len(json.loads(cut.out)["spans"]) == 3
    assert json.loads(cut.out)["hours"] == json.loads(whole.out)["hours"]


def test_the_table_says_how_many_rows_there_are(ask: Ask, case: Case) -> None:
    done = ask("coverage", "--limit", "3", folder=case.folder)
    assert re.search(r"^3 of \d+ rows shown; --limit 0 shows all$", done.err, re.MULTILINE)
