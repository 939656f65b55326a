"""Whatever an attacker writes into events, file names or questions reaches no terminal as anything but visible text."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.conftest import Place
from tests.cli.evidence import BAD_NAME, BIDI, ESCAPE, FORMULA, HOSTILE, MARKUP, NEWLINES
from tests.cli.processes import on_terminal, piped
from tests.conftest import Ask

pytestmark = pytest.mark.slow

FORMATS = ("table", "json", "jsonl", "csv", "tsv", "markdown")
EVENT = "00000000-0000-4000-8000-000000000000"
QUESTIONS = {
    "timeline": ["timeline"],
    "who-touched": ["who-touched", MARKUP],
    "what-did": ["what-did", "111122223333"],
    "show": ["show", EVENT],
    "query": ["query", f'SELECT useragent AS "{ESCAPE}", eventjson, requestparameters FROM cloudtrail_logs'],
    "partitions": ["partitions"],
    "status": ["status"],
    "faults": ["faults"],
    "coverage": ["coverage"],
}


def unseen(text: str, allowed: str = "\n") -> set[str]:
    """Return the characters that are not plainly visible."""
    return {character for character in text if not character.isprintable() and character not in allowed}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_unseen_comes_out_of_any_command_in_any_format(
    question: str, form: str, ask: Ask, hostile: Place
) -> None:
    done = ask(*QUESTIONS[question], "--format", form, folder=hostile.folder)
    assert done.code == 3
    assert len(done.out) > 100
    assert unseen(done.out, "\n\t" if form == "tsv" else "\n") == set()
    assert unseen(done.err) == set()


@pytest.mark.parametrize("form", ["table", "csv", "tsv", "markdown", "jsonl"])
def test_an_event_stays_one_line(form: str, ask: Ask, hostile: Place) -> None:
    done = ask("timeline", "--format", form, folder=hostile.folder)
    header = {"table": 2, "markdown": 2, "csv": 1, "tsv": 1}.get(form, 0)
    assert len(done.out.split("\n")) == header + len(HOSTILE) + 1


def test_json_gives_the_very_text_back(ask: Ask, hostile: Place) -> None:
    rows = json.loads(ask("timeline", "--format", "json", folder=hostile.folder).out)
    assert [row["user_agent"] for row in rows] == list(HOSTILE)
    assert [row["source_ip"] for row in rows] == list(HOSTILE)
    shown = json.loads(ask("show", EVENT, "--format", "json", folder=hostile.folder).out)
    assert shown["event"]["unheardOf"] == {ESCAPE: [ESCAPE]}


def test_no_cell_of_csv_is_a_formula(ask: Ask, hostile: Place) -> None:
    out = ask("timeline", "--format", "csv", folder=hostile.folder).out
    cells = [cell for row in csv.reader(io.StringIO(out)) for cell in row]
    assert f"'{FORMULA}" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


def test_what_is_escaped_can_be_read(ask: Ask, hostile: Place) -> None:
    out = ask("timeline", "--format", "table", folder=hostile.folder).out
    assert MARKUP in out
    assert r"\x1b[31mred\x1b]0;owned\x07\x9b2J" in out
    assert r"first\nsecond\r\nthird\x85fourth\u2028fifth\tsixth" in out
    assert r"gpj.\u202eexe\u200bhidden" in out


@pytest.mark.parametrize("question", ["timeline", "show", "query", "faults"])
def test_a_terminal_without_colour_gets_no_escape_at_all(question: str, hostile: Place) -> None:
    done = on_terminal(*QUESTIONS[question], "--no-color", width=200, folder=hostile.folder)
    assert unseen(done.out) | unseen(done.err) == set()


def test_a_terminal_with_colour_gets_our_colours_alone(hostile: Place) -> None:
    done = on_terminal("timeline", width=2000, folder=hostile.folder)
    assert "\x1b[1m" in done.out
    assert unseen("".join(done.plain)) == set()
    for raw in (ESCAPE, NEWLINES, BIDI):
        assert raw not in done.out


def test_names_of_damaged_files_are_told_visibly_on_stderr(hostile: Place) -> None:
    for done in (
        piped("ingest", "logs", "--store", "again", folder=hostile.folder),
        on_terminal("ingest", "logs", "--store", "again2", "--no-color", env={"TERM": "dumb"}, folder=hostile.folder),
    ):
        assert done.code == 3
        assert unseen(done.err) == set()
        assert BAD_NAME not in done.err
        assert r"a\x1b[31mred\nb\u202ec.json at byte" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["ingest", f"no-{ESCAPE}", "--store", "nothing"],
        ["status", "--store", ESCAPE],
        ["status", "--store", NEWLINES],
        ["timeline", "--format", ESCAPE],
        ["timeline", "--since", ESCAPE],
        ["timeline", f"--{ESCAPE}"],
        ["timeline", ESCAPE],
        [ESCAPE],
        [BIDI],
        ["show", ESCAPE],
        ["query", f"SELECT {ESCAPE}"],
        ["query", f'SELECT "{BIDI}" FROM cloudtrail_logs'],
        ["query", "SELECT 1", "--memory", NEWLINES],
    ],
)
def test_a_hostile_question_is_quoted_visibly(words: list[str], ask: Ask, hostile: Place) -> None:
    done = ask(*words, folder=hostile.folder)
    assert done.code in (2, 3, 4)
    assert done.err.strip()
    assert unseen(done.err) == set()
    if done.code != 3:
        assert done.err.startswith("ctaudit: ")
        assert len(done.err.splitlines()) <= 2
