"""Streams that end early, are closed, or are full: told in one sentence, never with a traceback."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Place
from tests.cli.processes import in_shell
from tests.conftest import Case

pytestmark = pytest.mark.slow

BIG = "timeline --format csv"
"""Much more than a pipe holds, so that the reader is gone before all is written."""


def test_a_reader_that_leaves_early_ends_nothing_but_the_rows(case: Case) -> None:
    done = in_shell(f"ctaudit {BIG} | head -1; echo ${{PIPESTATUS[0]}}", folder=case.folder)
    header, code = done.out.splitlines()
    assert header.startswith("time,event_name,")
    assert code == "3"
    cascades = ["20", "10", "2"]  # two calls of DeleteObjects, and what Secrets Manager did because of DeleteSecret
    assert [line.split()[0] for line in done.err.splitlines()] == ["4,209", *cascades, "incomplete:"]


@pytest.mark.parametrize("words", ["--help", "--version", "who-deleted --help", "status"])
def test_a_reader_that_never_reads_is_no_error(words: str, clean: Place) -> None:
    done = in_shell(f"ctaudit {words} | true; echo ${{PIPESTATUS[0]}}", folder=clean.folder)
    assert (done.out, done.err) == ("0\n", "")


def test_a_reader_of_both_streams_that_leaves_early_is_no_error(case: Case) -> None:
    done = in_shell(f"ctaudit {BIG} 2>&1 | head -1 >/dev/null; echo ${{PIPESTATUS[0]}}", folder=case.folder)
    assert (done.out, done.err) == ("3\n", "")


@pytest.mark.parametrize("unbuffered", [None, "1"])
@pytest.mark.parametrize("words", ["--help", "--version", "status"])
def test_a_full_disk_is_told(words: str, unbuffered: str | None, clean: Place) -> None:
    done = in_shell(f"ctaudit {words} >/dev/full", folder=clean.folder, PYTHONUNBUFFERED=unbuffered)
    assert (done.code, done.err) == (4, "ctaudit: cannot write to stdout: No space left on device\n")


@pytest.mark.parametrize("words", ["--help", "timeline"])
def test_a_closed_stdout_is_told(words: str, clean: Place) -> None:
    done = in_shell(f"ctaudit {words} >&-", folder=clean.folder)
    assert (done.code, done.err) == (4, "ctaudit: cannot write to stdout: it is closed\n")


def test_ingest_needs_no_stdout(clean: Place) -> None:
    done = in_shell("ctaudit ingest logs.json --jobs 1 <&- >&-", folder=clean.folder)
    assert done.code == 0
    assert done.err.startswith("0 files read, 1 already known, ")


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_a_lost_stderr_changes_neither_answer_nor_code(stderr: str, case: Case) -> None:
    asked = "ctaudit who-deleted example-payroll-archive --format csv"
    told, untold = in_shell(asked, folder=case.folder), in_shell(f"{asked} {stderr}", folder=case.folder)
    assert told.err
    assert (untold.code, untold.out, untold.err) == (3, told.out, "")


def test_all_three_closed_still_gives_the_code(clean: Place) -> None:
    assert in_shell("ctaudit status <&- >&- 2>&-", folder=clean.folder).code == 4
    assert in_shell("ctaudit status <&- 2>&- >status.txt", folder=clean.folder).code == 0


def test_closed_stdin_matters_to_sql_from_stdin_alone(clean: Place) -> None:
    assert in_shell("ctaudit timeline <&-", folder=clean.folder).code == 0
    done = in_shell("ctaudit query - <&-", folder=clean.folder)
    assert (done.code, done.err) == (4, "ctaudit: cannot read the SQL from stdin: it is closed or broken\n")


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [("", "there is no SQL"), (r"SELECT '\xff'", "the SQL on stdin is not UTF-8: byte 8 is 0xff")],
)
def test_sql_from_stdin_that_cannot_be_asked(sql: str, sentence: str, clean: Place) -> None:
    done = in_shell(f'printf "{sql}" | ctaudit query -', folder=clean.folder)
    assert done.code == 2
    assert done.err.splitlines()[0] == f"ctaudit: {sentence}"


def test_sql_from_stdin_is_answered(clean: Place) -> None:
    done = in_shell(
        "echo 'SELECT count(*) AS n FROM cloudtrail_logs;' | ctaudit query - --format csv", folder=clean.folder
    )
    assert (done.code, done.out) == (0, "n\n4\n")
