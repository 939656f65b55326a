"""`ctaudit query`: where the SQL comes from, what it was written for, parameters, and what stderr says of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import ctaudit
from ctaudit.errors import UsageError
from tests.cli.evidence import event
from tests.cli.processes import piped
from tests.store.stores import put

pytestmark = pytest.mark.slow

EDS = "0a1b2c3d-0000-4000-8000-0123456789ab"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three deletions, on three days, in two accounts."""
    folder = tmp_path_factory.mktemp("query")
    days = ("2026-02-03T12:00:00Z", "2026-02-04T12:00:00Z", "2026-02-05T12:00:00Z")
    accounts = ("111122223333", "111122223333", "444455556666")
    made = [event(n, eventTime=days[n], recipientAccountId=accounts[n]) for n in range(3)]
    put(folder / "logs.json", [*made, event(9, eventTime=None, eventName="Odd")])
    ctaudit.ingest(folder / "ctaudit-store", [str(folder / "logs.json")], jobs=1)
    return folder


def names(folder: Path, *words: str) -> list[dict[str, object]]:
    done = piped("query", *words, "--format", "json", folder=folder)
    assert done.code in (0, 3), done.err
    rows: list[dict[str, object]] = json.loads(done.out)
    return rows


def test_athenas_sql_is_what_is_taken_unless_said(folder: Path) -> None:
    bucket = "json_extract_scalar(requestParameters, '$.bucketName')"
    sql = f"SELECT {bucket} AS b, count(*) FROM db.t WHERE dt = '2026/02/04' GROUP BY 1"
    assert names(folder, sql) == [{"b": "bucket-1", "_col1": 1}]


def test_lakes_sql_is_recognised_or_named(folder: Path) -> None:
    where = "eventTime > '2026-02-04 13:00:00' AND readOnly = false"
    assert names(folder, f"SELECT element_at(requestParameters, 'bucketName') AS b FROM {EDS} WHERE {where}") == [
        {"b": "bucket-2"}
    ]
    assert names(folder, f"SELECT awsRegion AS r FROM t WHERE {where}", "--dialect", "lake") == [{"r": "eu-west-1"}]


def test_duckdbs_sql_is_run_as_it_is(folder: Path) -> None:
    where = "date = '2026-02-03' GROUP BY ALL"
    sql = f"SELECT requestparameters->>'bucketName' AS b, 5 / 2 AS h FROM cloudtrail_logs WHERE {where}"
    assert names(folder, sql, "--dialect", "duckdb") == [{"b": "bucket-0", "h": 2.5}]
    done = piped("query", "SELECT 1 FROM db.t", "--dialect", "duckdb", folder=folder)
    assert done.code == 2


def test_a_file_is_read_with_its_parameters(folder: Path) -> None:
    (folder / "hunt.sql").write_text(
        "-- hunt\nSELECT eventid FROM ${table} WHERE year = '{{year}}' AND day = <DAY>;\n", encoding="utf-8-sig"
    )
    given = ["--param", "year=2026", "--param", "DAY='05'"]
    assert names(folder, "--file", "hunt.sql", *given) == [{"eventid": event(2)["eventID"]}]


def test_missing_parameters_are_named(folder: Path) -> None:
    done = piped("query", "SELECT 1 FROM t WHERE a = '${one}' AND b = {two}", "--param", "one=x", folder=folder)
    assert (done.code, done.out) == (2, "")
    assert "parameters without a value: two (line 1, column 44)" in done.err
    assert "--param 'two=VALUE'" in done.err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["SELECT 1", "--file", "hunt.sql"],
        ["--file", "nosuch.sql"],
        ["SELECT 1", "--param", "x"],
        ["SELECT 1", "--param", "x=1", "--param", "x=2"],
        ["SELECT 1", "--dialect", "oracle"],
        ["SELECT 1", "--dialect", "duckdb", "--param", "x=1"],
        ["SELECT soundex('x')"],
        ["SELECT array[1][2]"],
    ],
)
def test_what_cannot_be_asked_exits_with_2(words: list[str], folder: Path) -> None:
    done = piped("query", *words, folder=folder)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err


def test_notes_are_said_on_stderr_unless_quiet(folder: Path) -> None:
    sql = "SELECT requestParameters.bucketName FROM t WHERE dt = '2026-02-03'"
    done = piped("query", sql, "--format", "csv", folder=folder)
    assert (done.code, done.out) == (0, "bucketName\nbucket-0\n")
    assert "Athena does not read a part of JSON text by a dot" in done.err
    assert piped("query", sql, "--quiet", folder=folder).err == ""


def test_a_span_and_a_condition_both_narrow(folder: Path) -> None:
    sql = "SELECT eventid FROM t WHERE eventtime > '2026-02-04' AND account IN ('111122223333', '444455556666')"
    assert len(names(folder, sql)) == 2
    assert len(names(folder, sql, "--until", "2026-02-05")) == 1
    assert names(folder, sql, "--account", "999999999999", "--until", "2026-02-05") == []
    assert names(folder, "SELECT eventname FROM t WHERE eventtime IS NULL") == [{"eventname": "Odd"}]
    assert names(folder, "SELECT count(*) AS n FROM t WHERE eventtime > '2031-01-01'") == [{"n": 0}]


def test_no_such_dialect_in_python(folder: Path) -> None:
    with pytest.raises(UsageError, match="'oracle' is no dialect of SQL"):
        ctaudit.open(folder / "ctaudit-store").query("SELECT 1", dialect="oracle")
