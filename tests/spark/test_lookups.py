"""The lookups by Spark on a lake of the sample evidence: the rows that the store itself gives, in every column."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit import Filters
from ctaudit.cli.main import run as run_here
from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.for_spark import translate_spark
from ctaudit.errors import QueryError, QueryLimit, UsageError
from ctaudit.export import Into, export_lake
from ctaudit.on_spark import OnSpark
from ctaudit.table import Table
from tests.cli.processes import piped
from tests.conftest import Case
from tests.spark.running import SETTINGS, needs_spark, run

LOOKUPS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "a bucket's end": ("who_deleted", ("example-payroll-archive",), {}),
    "all that was deleted inside": ("who_deleted", ("example-payroll-archive/*",), {}),
    "all that begins so": ("who_touched", ("example-*",), {"limit": 50}),
    "nothing": ("who_created", ("no-such-thing",), {}),
    "a span": ("who_touched", ("example-payroll-archive",), {"since": "2026-03-11", "until": "2026-03-13"}),
    "a person": ("what_did", ("hotfix-4412",), {"filters": Filters(writes=True)}),
    "an address": ("what_did", ("203.0.113.0/24",), {"limit": 20}),
    "one account and region": ("timeline", (), {"account": "444455556666", "region": "us-east-1", "limit": 30}),
    "failures": ("timeline", (), {"filters": Filters(outcomes=("failed",)), "limit": 100}),
    "a backslash and a quote": ("who_touched", ("C:\\it's",), {}),
}


@pytest.fixture(scope="module")
def lake(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("lake")
    export_lake(case.store, Into(str(lake), ("account", "region", "date")), now=datetime(2026, 4, 1, tzinfo=UTC))
    return lake


@pytest.fixture(scope="module")
def spark(lake: Path, case: Case) -> Iterator[OnSpark]:
    opened = OnSpark(str(lake), "local[2]", case.store, settings=SETTINGS)
    yield opened
    opened.close()


def asked(store: Any, name: str) -> Table:
    question, words, options = LOOKUPS[name]
    table: Table = getattr(store, question)(*words, **options)
    return table


@needs_spark
@pytest.mark.slow
@pytest.mark.parametrize("name", LOOKUPS)
def test_spark_gives_the_stores_rows(name: str, spark: OnSpark, case: Case) -> None:
    there, here = asked(spark, name), asked(ctaudit.open(case.store), name)
    assert there.rows == here.rows
    assert there.matched == here.matched
    assert bool(there.rows) == (name not in ("nothing", "a backslash and a quote"))
    assert "by Spark" in there.notes[-1]


@needs_spark
@pytest.mark.slow
def test_sql_gives_the_stores_rows(spark: OnSpark, case: Case) -> None:
    sql = (
        "SELECT eventname, count(*) AS n, min(eventtime) AS first FROM cloudtrail_logs"
        " WHERE eventsource = 's3.amazonaws.com' GROUP BY eventname ORDER BY n DESC, eventname"
    )
    there, here = spark.query(sql, since="2026-03-11"), ctaudit.open(case.store).query(sql, since="2026-03-11")
    assert len(here.rows) > 3
    assert [column.name for column in there.columns] == ["eventname", "n", "first"]
    assert there.rows == here.rows


@needs_spark
@pytest.mark.slow
def test_all_columns_come_as_the_store_has_them(spark: OnSpark, case: Case) -> None:
    sql = "SELECT * FROM cloudtrail_logs ORDER BY eventid, source_file, record"
    there, here = spark.query(sql, limit=40), ctaudit.open(case.store).query(sql, limit=40)
    assert [column.name for column in there.columns] == [column.name for column in here.columns]
    assert there.rows == here.rows
    assert any("first 40 rows" in note for note in there.notes)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT reflect('java.lang.System', 'exit', '3')",
        "SELECT java_method('java.lang.Runtime', 'getRuntime')",
        "SELECT * FROM ct_files; DROP VIEW ct_files",
        "INSERT OVERWRITE DIRECTORY '/tmp/x' SELECT 1",
        "SET spark.sql.ansi.enabled = false",
        "ADD JAR '/tmp/x.jar'",
        "SELECT assert_true(false)",
        "SELECT input_file_name() FROM cloudtrail_logs",
        "SELECT TRANSFORM (eventid) USING 'sh' FROM cloudtrail_logs",
        "SELECT /*+ BROADCAST(t) */ spark_version() FROM t",
    ],
)
def test_nothing_but_a_question_reaches_spark(sql: str) -> None:
    with pytest.raises(QueryError):
        translate_spark(sql, Dialect.ATHENA, {})


@pytest.mark.parametrize("table", ["parquet.`/etc`", "csv.`/etc/passwd`"])
def test_no_file_is_a_table(table: str) -> None:
    with pytest.raises(QueryError, match="a file cannot stand in FROM"):
        translate_spark(f"SELECT count(*) FROM {table}", Dialect.ATHENA, {})


@pytest.mark.parametrize("table", ["ct_files", "global_temp.x"])
def test_any_table_is_the_events(table: str) -> None:
    made = translate_spark(f"SELECT count(*) FROM {table}", Dialect.ATHENA, {})
    assert re.search(r"FROM ct_events AS `[^`]*`$", made.sql)


@needs_spark
@pytest.mark.slow
def test_a_question_that_takes_too_long_is_ended(spark: OnSpark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark._engine, "_timeout", 0.05)
    sql = "SELECT count(*) FROM t a, t b, t c WHERE a.eventid < b.eventid AND b.eventid < c.eventid"
    with pytest.raises(QueryLimit, match=r"longer than 0\.05 seconds"):
        spark.query(sql)


@needs_spark
@pytest.mark.slow
def test_the_command_answers_alike_and_says_nothing_of_sparks_own(lake: Path, case: Case, tmp_path: Path) -> None:
    words = ("who-deleted", "example-payroll-archive", "--format", "json", "--store", str(case.store))
    there = run(*words, "--engine", "spark", "--lake", lake, "--master", "local[2]", folder=tmp_path)
    here = piped(*words, folder=tmp_path)
    assert there.code == 0, there.err
    assert json.loads(there.out) == json.loads(here.out)
    assert "by Spark" in there.err
    assert "WARN" not in there.err
    assert len(there.err.splitlines()) < 8, there.err


@needs_spark
@pytest.mark.slow
def test_a_ctrl_c_ends_a_question(lake: Path, case: Case, tmp_path: Path) -> None:
    told, conf = tmp_path / "told", tmp_path / "conf"
    told.mkdir()
    conf.mkdir()
    log = {"spark.eventLog.enabled": "true", "spark.eventLog.compress": "false", "spark.eventLog.dir": told.as_uri()}
    (conf / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in (SETTINGS | log).items()))
    pressed: list[float] = []

    def at_work() -> bool:
        begun = any(b"SparkListenerJobStart" in log.read_bytes() for log in told.rglob("*") if log.is_file())
        pressed.extend([time.monotonic()] if begun else [])
        return begun

    endless = "SELECT count(*) FROM t a, t b, t c WHERE a.eventid < b.eventid AND b.eventid < c.eventid"
    asked = ("query", endless, "--engine", "spark", "--lake", lake, "--master", "local[2]", "--store", case.store)
    done = run(*asked, folder=tmp_path, env={"SPARK_CONF_DIR": str(conf)}, stop_when=at_work)
    assert (done.code, done.out) == (130, ""), done.err
    assert "interrupted" in done.err
    assert "Traceback" not in done.err
    assert time.monotonic() - pressed[0] < 30  # Spark takes some seconds to stop; the question would take hours


def test_a_lake_that_is_none_is_refused(tmp_path: Path) -> None:
    from ctaudit.engines.spark import location

    with pytest.raises(UsageError, match="there is no lake at"):
        location(str(tmp_path / "nowhere"))
    (tmp_path / "a[1]").mkdir()
    with pytest.raises(UsageError, match="for a pattern"):
        location(str(tmp_path / "a[1]"))
    assert location("s3://bucket/lake") == "s3a://bucket/lake"
    assert location(str(tmp_path)) == f"file://{tmp_path}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--engine", "spark"], "--engine spark needs a lake"),
        (["--lake", "x"], "--lake belongs to --engine spark"),
        (["--engine", "spark", "--lake", "x", "--table", "a.b"], "--table belongs to --engine athena"),
        (["--engine", "athena", "--table", "a.b", "--master", "yarn"], "--master belongs to --engine spark"),
    ],
)
def test_options_of_other_engines_are_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_here(["timeline", *words]) == 2
    assert said in capsys.readouterr().err
