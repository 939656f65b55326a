"""On a terminal: colours, what fits the width, a default limit, a progress bar that leaves no trace."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
from rich.cells import cell_len

from ctaudit.cli.progress_bar import figures
from ctaudit.progress import Step
from tests.cli.conftest import Place
from tests.cli.processes import COMMAND, PATIENCE, environment, on_terminal, piped
from tests.conftest import SAMPLE, Case

pytestmark = pytest.mark.slow

LOOKUP = ("who-deleted", "example-payroll-archive")


def test_a_terminal_gets_colours_on_both_streams(case: Case) -> None:
    done = on_terminal(*LOOKUP, folder=case.folder)
    assert done.out.startswith("\x1b[1mtime ")
    assert "\x1b[31mfailed\x1b[0m" in done.out
    assert "\x1b[33mincomplete: " in done.err


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": None}])
def test_a_terminal_can_be_spared_colours(env: dict[str, str | None], case: Case) -> None:
    done = on_terminal(*LOOKUP, env=env, folder=case.folder)
    assert "\x1b" not in done.out + done.err
    assert done.plain == on_terminal(*LOOKUP, folder=case.folder).plain


def test_no_color_is_an_option_too(case: Case) -> None:
    done = on_terminal(*LOOKUP, "--no-color", folder=case.folder)
    assert "\x1b" not in done.out + done.err


def test_an_empty_no_color_means_nothing(case: Case) -> None:
    assert "\x1b" in on_terminal(*LOOKUP, env={"NO_COLOR": ""}, folder=case.folder).out


def test_errors_are_coloured_on_a_terminal_alone(tmp_path: Path) -> None:
    assert on_terminal("status", folder=tmp_path).err.startswith("\x1b[31mctaudit:\x1b[0m there is no store")
    assert "\x1b" not in piped("status", folder=tmp_path).err


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_a_pipe_gets_no_escape(form: str, case: Case) -> None:
    done = piped(*LOOKUP, "--format", form, folder=case.folder)
    assert "\x1b" not in done.out + done.err


@pytest.mark.slow
@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("words", [("timeline",), ("partitions",), ("faults",), LOOKUP])
def test_no_row_is_wider_than_the_terminal(words: tuple[str, ...], width: int, case: Case) -> None:
    lines = on_terminal(*words, width=width, folder=case.folder).plain
    assert len(lines) > 2
    assert max(cell_len(line) for line in lines) <= width


def test_more_room_shows_more_and_the_rest_is_named(case: Case) -> None:
    narrow, wide = (on_terminal(*LOOKUP, width=width, folder=case.folder) for width in (80, 200))
    assert len(wide.plain[0].split()) > len(narrow.plain[0].split())
    assert re.search(r"columns that do not fit: .*event_id.*\(--format json shows all\)", narrow.err)


def test_columns_may_be_set_by_hand(case: Case) -> None:
    lines = on_terminal(*LOOKUP, width=80, env={"COLUMNS": "120"}, folder=case.folder).plain
    assert 80 < max(cell_len(line) for line in lines) <= 120


def test_a_terminal_gets_500_rows_unless_it_asks_for_more(case: Case) -> None:
    done = on_terminal("timeline", folder=case.folder)
    assert len(done.plain) == 2 + 500
    assert done.err.startswith("500 of 4,209 rows shown; --limit 0 shows all\n")
    everything = on_terminal("timeline", "--limit", "0", folder=case.folder)
    assert len(everything.plain) == 2 + 4209
    assert everything.err.startswith("4,209 rows\n")


def test_sql_on_a_terminal_is_limited_too(case: Case) -> None:
    done = on_terminal("query", "SELECT eventid FROM cloudtrail_logs", folder=case.folder)
    assert len(done.plain) == 2 + 500
    assert "only the first 500 rows are shown; --limit 0 shows all" in done.err


# ---- the progress bar


@pytest.mark.slow
@pytest.mark.parametrize("width", [120, 80, 30])
def test_ingest_shows_a_bar_that_is_gone_at_the_end(width: int, tmp_path: Path) -> None:
    done = on_terminal("ingest", SAMPLE, width=width, folder=tmp_path)
    shown, cursor, rest = done.err.rpartition("\x1b[?25h")
    assert (done.code, done.out) == (3, "")
    assert cursor, "the cursor is hidden while the bar moves, and shown again"
    assert "looking for files" in shown
    assert re.search(r"1,203/1,203 files", shown)
    assert ("━" in shown) == (width >= 80)
    frames = [frame for frame in re.split(r"\r\x1b\[2K|\n", shown) if "files" in frame]
    assert max(cell_len(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", frame)) for frame in frames) <= width
    assert rest.startswith("\r\x1b[1A\x1b[2K"), "the line of the bar is cleared"
    assert "━" not in rest
    assert re.search(r"\n334 files read, 0 already known, 1 faulty; 4,209 events added, ", rest)


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"TERM": None}])
def test_a_dumb_terminal_gets_no_bar(env: dict[str, str | None], clean: Place, tmp_path: Path) -> None:
    done = on_terminal("ingest", clean.logs, env=env, folder=tmp_path)
    assert len(done.err.splitlines()) == 1
    assert "\x1b" not in done.err


def test_neither_a_pipe_nor_quiet_gets_a_bar(clean: Place, tmp_path: Path) -> None:
    piped_done = piped("ingest", clean.logs, folder=tmp_path)
    assert len(piped_done.err.splitlines()) == 1
    assert "\x1b" not in piped_done.err
    assert on_terminal("ingest", clean.logs, "--quiet", folder=tmp_path).err == ""


@pytest.mark.parametrize(
    ("step", "seconds", "said"),
    [
        (Step(), 3.2, "looking for files  0:03"),
        (Step(captured=1200), 3.2, "1,200 events captured  0:03"),
        (Step(listed=12_500), 3.2, "looking for files: 12,500 found  0:03"),
        (Step(0, 1203, bytes_total=5_000_000), 1.0, "0/1,203 files  0 events  0:01"),
        (
            Step(300, 1203, events=1306, bytes=1_000_000, bytes_total=5_000_000),
            2.0,
            "300/1,203 files (150/s)  1,306 events  0.5 MB/s  0:08 left",
        ),
        (
            Step(1, 123_456, events=123_456_789, bytes=10_000_000, bytes_total=40_000_000_000),
            2.0,
            "1/123,456 files (0.5/s)  123.5 M events  5.0 MB/s  2:13:18 left",
        ),
        (
            Step(1203, 1203, events=4209, bytes=5_000_000, bytes_total=5_000_000),
            10.0,
            "1,203/1,203 files (120/s)  4,209 events  storing",
        ),
        (Step(0, 0, bytes_total=0), 0.0, "0/0 files  0 events  storing"),
        (
            Step(900, None, 5000, None, 4_000_000),
            2.0,
            "900 of at least 5,000 files (450/s)  2.0 MB/s  0:02",
        ),
        (
            Step(900, 1_800_000, 0, None, 4_000_000, 8_000_000),
            2.0,
            "900/1.8 M files (450/s)  2.0 MB/s  0:02 left",
        ),
        (Step(900, 1800, events=None), 2.0, "900/1,800 files (450/s)  0:02 left"),
    ],
)
def test_what_is_said_beside_the_bar(step: Step, seconds: float, said: str) -> None:
    assert figures(step, seconds) == said


def test_waiting_for_evidence_on_a_terminal_is_said(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    try:
        with subprocess.Popen(
            [*COMMAND, "ingest", "-"], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=tmp_path, env=environment(),
        ) as process:  # fmt: skip
            assert process.stderr is not None
            assert b"end it with Ctrl-D" in process.stderr.readline()
            os.write(master, b'{"eventVersion":"1.11","eventSource":"s3.amazonaws.com","eventID":"e"}\n\x04')
            _, told = process.communicate(timeout=PATIENCE)
            assert (process.returncode, b"1 event added" in told) == (0, True)
    finally:
        os.close(master)
        os.close(slave)
