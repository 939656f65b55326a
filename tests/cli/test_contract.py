"""The contract with scripts: stdout is data, stderr the rest, exit codes mean what they say."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import NAME, Place
from tests.cli.evidence import event, write
from tests.cli.processes import COMMAND, PATIENCE, environment, in_shell, piped
from tests.conftest import Ask, Case

ROWS = 4
FORMATS = ("table", "json", "jsonl", "csv", "tsv", "markdown")


def error_lines(err: str) -> tuple[str, str]:
    """Return the sentence and the advice of an error, which is all that an error may say."""
    sentence, *advice = err.splitlines()
    assert sentence.startswith("ctaudit: ")
    assert len(advice) <= 1
    assert all(line.startswith("  ") for line in advice)
    return sentence.removeprefix("ctaudit: "), "".join(advice).strip()


# ---- stdout is data, stderr everything else


def test_json_is_one_array_of_all_rows(ask: Ask, clean: Place) -> None:
    done = ask("timeline", "--format", "json", folder=clean.folder)
    rows = json.loads(done.out)
    assert [row["time"] for row in rows] == [f"2026-02-03T12:{minute:02}:00Z" for minute in range(ROWS)]
    assert (done.code, done.err) == (0, "4 rows\n")


def test_jsonl_is_one_object_a_line(ask: Ask, clean: Place) -> None:
    done = ask("timeline", "--format", "jsonl", folder=clean.folder)
    assert [json.loads(line)["event_name"] for line in done.out.splitlines()] == ["DeleteBucket"] * ROWS
    assert done.err == "4 rows\n"


@pytest.mark.parametrize(("form", "dialect"), [("csv", "excel"), ("tsv", "excel-tab")])
def test_csv_and_tsv_read_back_as_the_rows(form: str, dialect: str, ask: Ask, clean: Place) -> None:
    done = ask("timeline", "--format", form, folder=clean.folder)
    rows = list(csv.DictReader(io.StringIO(done.out), dialect=dialect))
    assert [row["resource"] for row in rows] == ["bucket-0", "bucket-1", "bucket-2", NAME]
    assert done.err == "4 rows\n"


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_tables_have_a_header_a_rule_and_the_rows(form: str, ask: Ask, clean: Place) -> None:
    done = ask("timeline", "--format", form, folder=clean.folder)
    assert len(done.out.splitlines()) == 2 + ROWS
    assert done.err == "4 rows\n"


@pytest.mark.parametrize("form", FORMATS)
def test_no_row_is_an_answer_too(form: str, ask: Ask, clean: Place) -> None:
    done = ask("who-deleted", "no-such-thing", "--format", form, folder=clean.folder)
    span = "2026-02-03T12:00:00Z to 2026-02-03T13:00:00Z"
    covered = f"no deletion found; all of the 4 hours asked for are covered ({span}), none is proven"
    assert (done.code, done.err) == (0, f"0 rows\n{covered}\n")
    assert {"json": done.out == "[]\n", "jsonl": done.out == ""}.get(form, done.out.count("\n") <= 2)


def test_an_event_that_is_not_there_is_null_in_json(ask: Ask, clean: Place) -> None:
    done = ask("show", "no-such-id", "--format", "json", folder=clean.folder)
    assert json.loads(done.out) == {"event": None, "places": [], "account_name": None}
    assert (done.code, done.err) == (0, "the store holds no event with the id no-such-id\n")


def test_ingest_tells_on_stderr_and_gives_data_only_when_asked(clean: Place, tmp_path: Path) -> None:
    silent = piped("ingest", clean.logs, folder=tmp_path)
    assert (silent.code, silent.out) == (0, "")
    assert "4 events added" in silent.err
    again = piped("ingest", clean.logs, "--format", "json", folder=tmp_path)
    assert (json.loads(again.out)["files_known"], json.loads(again.out)["events"]) == (1, 0)


def test_a_pipe_gets_every_row(case: Case) -> None:
    done = piped("timeline", "--format", "jsonl", folder=case.folder)
    assert len(done.out.splitlines()) == 4209
    assert done.err.startswith("4,209 rows\n")


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_the_same_question_gives_the_same_bytes(form: str, case: Case) -> None:
    asked = ("what-did", "hotfix-4412", "--format", form)
    first = piped(*asked, folder=case.folder, env={"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"})
    second = piped(*asked, folder=case.folder, env={"PYTHONHASHSEED": "2", "TZ": "America/Lima", "LC_ALL": "C.UTF-8"})
    assert len(first.out) > 10000
    assert first == second


@pytest.mark.parametrize(
    "env", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_output_is_utf_8_whatever_the_locale(env: dict[str, str], clean: Place) -> None:
    done = piped("who-deleted", NAME, "--format", "csv", env=env, folder=clean.folder)
    assert done.code == 0
    assert done.out.count(NAME) == 1
    asked = piped("query", "-", env=env, folder=clean.folder, stdin=f"SELECT '{NAME}' AS b".encode())
    assert NAME in asked.out


# ---- exit codes


def test_exit_codes_reach_the_shell(clean: Place) -> None:
    lines = {
        0: "ctaudit timeline",
        1: "ctaudit who-deleted no-such-thing --fail-empty",
        2: "ctaudit timeline --limit many",
        3: "ctaudit timeline --since 2027-01-01",
        4: "ctaudit timeline --store nowhere",
    }
    assert {code: in_shell(line, folder=clean.folder).code for code, line in lines.items()} == {n: n for n in range(5)}


def test_1_no_row_and_fail_empty(ask: Ask, clean: Place) -> None:
    assert ask("who-deleted", "no-such-thing", "--fail-empty", folder=clean.folder).code == 1
    assert ask("who-deleted", "bucket-0", "--fail-empty", folder=clean.folder).code == 0
    assert ask("show", "no-such-id", "--fail-empty", folder=clean.folder).code == 1


@pytest.mark.parametrize(
    "words",
    [
        ["timeline", "--limit", "-1"],
        ["timeline", "--format", "xml"],
        ["who-deleted", " "],
        ["query", "DELETE FROM cloudtrail_logs"],
        ["query", "SELECT no_such_column FROM cloudtrail_logs"],
        ["query", "SELECT 1", "--memory", "much"],
        ["ingest"],
    ],
)
def test_2_cannot_be_asked_that_way(words: list[str], ask: Ask, clean: Place) -> None:
    done = ask(*words, folder=clean.folder)
    assert (done.code, done.out) == (2, "")
    assert error_lines(done.err)[0]


def test_3_evidence_was_unread(case: Case) -> None:
    done = piped("who-deleted", "example-payroll-archive", folder=case.folder)
    assert done.code == 3
    assert done.err.splitlines()[-1].startswith("incomplete: 2 pieces of evidence could not be read")


def test_3_the_store_does_not_cover_what_was_asked(ask: Ask, clean: Place) -> None:
    done = ask("timeline", "--since", "2027-01-01", folder=clean.folder)
    assert done.code == 3
    assert "the store's events are of 2026-02-03T12:00:00Z to 2026-02-03T12:03:00Z" in done.err


def test_3_nothing_found_and_not_all_of_it_covered(ask: Ask, clean: Place) -> None:
    span = ("--until", "2026-02-03T14:00", "--region", "us-east-1")
    done = ask("who-deleted", "no-such-thing", *span, folder=clean.folder)
    assert (done.code, done.err.splitlines()) == (
        3,
        [
            "0 rows",
            "incomplete: no deletion found; 50 % of the hours asked for are covered (2026-02-03T12:00:00Z to "
            "2026-02-03T14:00:00Z); us-east-1 has no files 2026-02-03 13:00–14:00; see: ctaudit coverage",
        ],
    )


def test_3_nothing_was_there_to_ingest(tmp_path: Path) -> None:
    (tmp_path / "empty-folder").mkdir()
    done = piped("ingest", tmp_path / "empty-folder", folder=tmp_path)
    assert done.code == 3
    assert "no CloudTrail log was found" in done.err


def test_2_a_source_that_is_not_there(tmp_path: Path) -> None:
    done = piped("ingest", tmp_path / "no-such-folder", folder=tmp_path)
    assert done.code == 2
    assert "there is no such file or folder" in done.err
    assert list(tmp_path.iterdir()) == []


def test_4_there_is_no_store(ask: Ask, tmp_path: Path) -> None:
    done = ask("status", "--store", "nowhere", folder=tmp_path)
    assert (done.code, done.out) == (4, "")
    assert error_lines(done.err) == (
        f"there is no store at {tmp_path}/nowhere",
        "create it with: ctaudit ingest PATH --store DIR",
    )


def test_4_a_folder_that_is_no_store_is_left_alone(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    done = ask("ingest", ".", "--store", ".", folder=tmp_path)
    assert done.code == 4
    assert "is not a ctaudit store" in error_lines(done.err)[0]
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_4_a_damaged_catalog_is_no_internal_error(clean: Place, tmp_path: Path) -> None:
    piped("ingest", clean.logs, folder=tmp_path)
    (tmp_path / "ctaudit-store" / "ctaudit.duckdb").write_bytes(b"not a database at all" * 1000)
    done = piped("timeline", folder=tmp_path)
    assert (done.code, done.out) == (4, "")
    sentence, advice = error_lines(done.err)
    assert "ctaudit.duckdb" in sentence
    assert "restore it from a copy" in advice


def test_130_interrupted(case: Case) -> None:
    endless = "SELECT count(*) FROM range(10000000000) a, range(10000000000) b WHERE a.range + b.range = -1"
    with subprocess.Popen(
        [*COMMAND, "query", "--dialect", "duckdb", endless],
        cwd=case.folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        time.sleep(1.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err.strip()) == (130, "", "ctaudit: interrupted")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["timeline", "--store", "nowhere", "--limit", "many"], 2),
        (["timeline", "--store", "nowhere", "--since", "2026-02-04", "--until", "2026-02-03"], 2),
        (["timeline", "--store", "nowhere", "--fail-empty"], 4),
    ],
)
def test_a_wrong_question_goes_before_a_missing_store(words: list[str], code: int, ask: Ask, clean: Place) -> None:
    assert ask(*words, folder=clean.folder).code == code


def test_no_row_goes_before_incomplete_and_a_full_disk_too(case: Case) -> None:
    assert piped("who-deleted", "no-such-thing", "--fail-empty", folder=case.folder).code == 1
    assert in_shell("ctaudit who-deleted no-such-thing >/dev/full", folder=case.folder).code == 4


# ---- what is said, and how


def test_quiet_leaves_only_what_is_incomplete(ask: Ask, case: Case) -> None:
    loud = ask("who-deleted", "example-payroll-archive", folder=case.folder)
    quiet = ask("who-deleted", "example-payroll-archive", "--quiet", folder=case.folder)
    assert (quiet.code, quiet.out) == (loud.code, loud.out)
    assert len(loud.err.splitlines()) == 3
    assert quiet.err == loud.err.splitlines()[-1] + "\n"


def test_an_internal_error_is_one_sentence_and_debug_shows_its_place(clean: Place, tmp_path: Path) -> None:
    piped("ingest", clean.logs, folder=tmp_path)
    for segment in tmp_path.rglob("*.parquet"):
        segment.write_bytes(b"gone")
    plain = piped("timeline", folder=tmp_path)
    assert (plain.code, plain.out) == (4, "")
    assert "Traceback" not in plain.err
    error_lines(plain.err)
    debug = piped("timeline", "--debug", folder=tmp_path)
    assert debug.code == 4
    assert debug.err.startswith("Traceback (most recent call last):")
    assert debug.err.splitlines()[-1].startswith(("ctaudit: ", "  "))


def test_the_store_can_be_named_in_the_environment(clean: Place, tmp_path: Path) -> None:
    env = {"CTAUDIT_STORE": str(clean.folder / "ctaudit-store")}
    assert piped("timeline", env=env, folder=tmp_path).err == "4 rows\n"
    named = piped("timeline", "--store", "nowhere", env=env, folder=tmp_path)
    assert named.code == 4


def test_a_file_name_that_is_no_utf_8_is_read_and_named(tmp_path: Path) -> None:
    odd = Path(f"{tmp_path}/b\udcff.json")
    write(odd, [event(0)])
    assert piped("ingest", bytes(odd), folder=tmp_path).code == 0
    rows = json.loads(piped("timeline", "--format", "json", folder=tmp_path).out)
    assert [row["source"] for row in rows] == [f"{tmp_path}/b\\xff.json"]


@pytest.mark.parametrize("words", [["who-deleted", b"a\xff"], ["timeline", "--account", b"\xff"], ["query", b"\xff"]])
def test_a_question_that_is_no_utf_8_is_refused(words: list[str | bytes], clean: Place) -> None:
    done = piped(*words, folder=clean.folder)
    assert done.code == 2
    assert "is not UTF-8 text" in error_lines(done.err)[0]
