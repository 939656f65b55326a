"""A stranger's SQL: it reads the events and nothing else, changes nothing, and ends within its memory or at Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit import limits
from ctaudit.engines import sandbox
from ctaudit.errors import QueryError, QueryLimit
from tests.cli.processes import COMMAND, environment, piped
from tests.conftest import Case
from tests.store.stores import CATALOG, status
from tests.trail.company import CI, PRODUCTION

DUCKDB = ("--dialect", "duckdb")
SECRET = "a secret of this process"
secret_rows = [(SECRET,)]
"""A Python variable that DuckDB would read as a table if it were let."""


def ask(case: Case, sql: str, **options: Any) -> ctaudit.Table:
    return ctaudit.open(case.store).query(sql, dialect="duckdb", **options)


def segments(case: Case) -> list[str]:
    return sorted(str(path) for path in case.store.glob("events/date=2026*/*.parquet"))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_csv('/dev/stdin')",
        "SELECT * FROM read_json('{secret}')",
        "SELECT * FROM read_ndjson_objects('{secret}')",
        "SELECT * FROM read_parquet('{secret}')",
        "SELECT * FROM parquet_metadata('{secret}')",
        "SELECT * FROM sniff_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_blob('{catalog}')",
        "SELECT * FROM read_duckdb('{catalog}')",
        "SELECT * FROM '{catalog}'.files",
        "SELECT * FROM catalog.files",
        "SELECT * FROM meta",
        "SELECT * FROM read_text('{folder}/../**/ingest.lock')",
        "SELECT * FROM read_parquet('{store}/events/*/*.parquet')",
        "SELECT * FROM read_text('https://example.com/')",
        "SELECT * FROM 's3://example/x.parquet'",
        "SELECT getenv('CTAUDIT_SECRET')",
        "SELECT * FROM secret_rows",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM duckdb_settings()",
        "SELECT current_setting('allowed_paths')",
        "SELECT sql FROM duckdb_views()",
        "SELECT pg_get_viewdef(1)",
        "SELECT * FROM files",
        "SELECT * FROM information_schema.tables",
        "SELECT json_serialize_plan('SELECT * FROM read_text(''{secret}'')')",
        "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM read_text(''{secret}'')'))",
        "SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')",
        "SELECT * FROM query_table(['secret_rows'])",
        "WITH t AS (SELECT 1) SELECT (SELECT content FROM read_text('{secret}')) FROM t",
    ],
)
@pytest.mark.slow
def test_nothing_but_the_events_can_be_read(
    sql: str, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTAUDIT_SECRET", SECRET)
    (tmp_path / "secret.txt").write_text(SECRET)
    given = {
        "secret": tmp_path / "secret.txt",
        "folder": tmp_path,
        "catalog": case.store / CATALOG,
        "store": case.store,
    }
    with pytest.raises(QueryError) as refusal:
        ask(case, sql.format(**given))
    assert SECRET not in str(refusal.value)


@pytest.mark.slow
def test_segments_cannot_be_read_past_the_view(case: Case) -> None:
    for relation in (f"read_parquet('{segments(case)[0]}')", f"'{segments(case)[0]}'"):
        with pytest.raises(QueryError):
            ask(case, f"SELECT count(*) FROM {relation}")


@pytest.mark.slow
def test_behind_the_first_wall_stands_a_second(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a reading of files overlooked in the text, it would reach the segments of the span and nothing else."""
    monkeypatch.setattr(sandbox, "checked", lambda *_: {})
    path = segments(case)[0]
    assert ask(case, f"SELECT count(*) FROM read_parquet('{path}')").rows
    for sql in OUTSIDE:
        with pytest.raises(QueryError):
            ask(case, sql.format(secret="/etc/hostname", store=case.store, path=path), since="2026-03-11")


OUTSIDE = [
    "SELECT count(*) FROM read_parquet('{path}')",
    "FROM read_text('{secret}')",
    "FROM read_csv('{secret}')",
    "FROM '{secret}'",
    "FROM glob('{store}/*')",
    "FROM read_blob('{store}/ctaudit.duckdb')",
    "FROM query('FROM read_text(''{secret}'')')",
    "FROM read_text('https://example.com/')",
]


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{folder}/made.csv'",
        "COPY cloudtrail_logs TO '{folder}/made.parquet'",
        "EXPORT DATABASE '{folder}/made'",
        "ATTACH '{folder}/made.db'",
        "ATTACH '{catalog}' AS c (READ_ONLY)",
        "DETACH memory",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '{folder}/made.duckdb_extension'",
        "SET memory_limit = '100GB'",
        "SET enable_external_access = true",
        "RESET allowed_paths",
        "PRAGMA database_list",
        "PRAGMA enable_external_access",
        "CALL pragma_version()",
        "CHECKPOINT",
        "VACUUM",
        "USE memory",
        "BEGIN",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "EXPLAIN ANALYZE SELECT 1",
        "CREATE TABLE made AS SELECT 1",
        "CREATE OR REPLACE VIEW cloudtrail_logs AS SELECT 1",
        "CREATE MACRO made() AS 1",
        "CREATE SECRET made (TYPE s3)",
        "INSERT INTO files VALUES (1, 'x', 'proven')",
        "UPDATE files SET integrity = 'proven'",
        "DELETE FROM duplicates",
        "DROP VIEW cloudtrail_logs",
        "WITH gone AS (DELETE FROM files RETURNING *) SELECT * FROM gone",
        "SELECT * FROM query('DROP VIEW cloudtrail_logs')",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP VIEW cloudtrail_logs",
        "SELECT 1;;SELECT 2",
        "SELECT 1) AS answer; DROP VIEW cloudtrail_logs; --",
    ],
)
@pytest.mark.slow
def test_nothing_can_be_changed(sql: str, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = (case.store / CATALOG).stat()
    with pytest.raises(QueryError):
        ask(case, sql.format(folder=tmp_path, catalog=case.store / CATALOG))
    assert list(tmp_path.iterdir()) == []
    assert (case.store / CATALOG).stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("", "there is no SQL"),
        (" \n\t", "there is no SQL"),
        ("-- just a comment", "there is no SQL"),
        (";", "there is no SQL"),
        ("SELECT 'x", "unterminated"),
        ('SELECT "x', "unterminated"),
        ("SELECT $$x", ""),
        ("SELECT 1 /* x", "unterminated"),
        ("SELEC 1", "syntax error"),
        ("SELECT nosuch FROM cloudtrail_logs", "nosuch"),
        ("SELECT * FROM events", "events"),
        ("SELECT ?", ""),
        ("SELECT $name", ""),
        ("SELECT 'x'::INTEGER", "x"),
        ("SELECT error('boom')", "boom"),
        ("SELECT \udcff", "not UTF-8"),
        ("SELECT '" + "x" * limits.MAX_SQL_BYTES + "'", "longer than"),
        ("SELECT " + "1 + " * 200_000 + "1", "longer than"),
        ("SELECT " + "(" * 30_000 + "1" + ")" * 30_000, ""),
        ("SELECT * FROM " + "(FROM " * 30_000 + "range(1)" + ")" * 30_000, ""),
        ("SELECT " + "[" * 30_000 + "]" * 30_000, ""),
    ],
)
@pytest.mark.slow
def test_what_is_no_question_is_refused_in_a_sentence(sql: str, sentence: str, case: Case) -> None:
    with pytest.raises(QueryError) as refusal:
        ask(case, sql)
    assert sentence in refusal.value.message
    assert "\n" not in refusal.value.message


@pytest.mark.slow
def test_a_mistake_is_pointed_at_in_the_words_of_the_user(case: Case) -> None:
    with pytest.raises(QueryError) as refusal:
        ask(case, "SELECT 1,\n evntname FROM cloudtrail_logs")
    assert '"eventname"' in refusal.value.advice
    assert "LINE 2:  evntname FROM cloudtrail_logs".replace("  ", " ") in refusal.value.advice.replace("  ", " ")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS x",
        "SELECT 1 AS x;",
        "SELECT 1 AS x ; ; ",
        "SELECT 1 AS x; -- done; really",
        "SELECT 1 AS x -- no end",
        "-- first\nSELECT 1 AS x /* ; */ ; /* \n */",
        "WITH x AS (SELECT 1 AS x) FROM x",
        "FROM (VALUES (1)) AS t(x)",
        "SELECT 1 AS x -- ü ;\n;",
    ],
)
@pytest.mark.slow
def test_a_question_may_end_as_people_end_it(sql: str, case: Case) -> None:
    table = ask(case, sql)
    assert (table.names, table.rows) == (("x",), [(1,)])


@pytest.mark.slow
def test_the_view_can_be_described(case: Case) -> None:
    rows = {row["column_name"]: row["column_type"] for row in ask(case, "DESCRIBE cloudtrail_logs")}
    assert rows["eventtime"] == rows["readonly"] == "VARCHAR"
    assert ask(case, "SUMMARIZE SELECT eventname FROM cloudtrail_logs").rows[0][0] == "eventname"


@pytest.mark.slow
def test_the_span_cuts_the_view(case: Case) -> None:
    asked = "SELECT DISTINCT account, region, eventtime[:13] FROM cloudtrail_logs"
    span = {"since": "2026-03-11T01:00:00Z", "until": "2026-03-11T02:00:00Z", "account": PRODUCTION}
    assert ask(case, asked, **span, region="us-east-1").rows == [(PRODUCTION, "us-east-1", "2026-03-11T01")]
    assert ask(case, "SELECT DISTINCT account FROM cloudtrail_logs", account=[CI]).rows == [(CI,)]


@pytest.mark.slow
def test_a_limit_cuts_and_says_so(case: Case) -> None:
    table = ask(case, "SELECT eventid FROM cloudtrail_logs ORDER BY eventtime, eventid", limit=3)
    assert len(table.rows) == 3
    assert table.notes == ("only the first 3 rows are shown; --limit 0 shows all",)
    assert table.rows == ask(case, "SELECT eventid FROM cloudtrail_logs ORDER BY eventtime, eventid").rows[:3]
    assert ask(case, "FROM range(3)", limit=3).notes == ()
    assert ask(case, "FROM range(3)", limit=0).rows == []


# Values of every kind


ODD: dict[str, Any] = {
    "NULL": None,
    "true": True,
    "170141183460469231731687303715884105727::HUGEINT": 2**127 - 1,
    "18446744073709551615::UBIGINT": 2**64 - 1,
    "1.5::DOUBLE": 1.5,
    "'nan'::DOUBLE": None,
    "'-inf'::FLOAT": None,
    "1.50::DECIMAL(18,2)": 1.5,
    "12345678901234567890123456789::DECIMAL(38,0)": 12345678901234567890123456789,
    "DATE '2026-01-31'": "2026-01-31",
    "TIME '12:00'": "12:00:00",
    "TIMESTAMP '2026-01-31 12:00:00.5'": "2026-01-31 12:00:00.5",
    "TIMESTAMPTZ '2026-01-31 12:00:00+02'": "2026-01-31 10:00:00+00",
    "INTERVAL 3 DAY": "3 days",
    "'f47ac10b-58cc-4372-a567-0e02b2c3d479'::UUID": "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    "'\\xAA\\x00z'::BLOB": "\\xAA\\x00z",
    "'101'::BIT": "101",
    "'b'::ENUM('a', 'b')": "b",
    "'{\"a\": 1}'::JSON": '{"a": 1}',
    "[1, 2, NULL]": [1, 2, None],
    "[]": [],
    "[1.5, 'nan'::DOUBLE, 'inf'::DOUBLE]": [1.5, None, None],
    "{'a': 1, 'b': {'c': [DATE '2026-01-31']}}": {"a": 1, "b": {"c": ["2026-01-31"]}},
    "row(1, 'x')": [1, "x"],
    "MAP {'k': 1::HUGEINT}": {"k": 1},
    "MAP {1: [2]}": {"1": [2]},
    "array_value(1, 2)": [1, 2],
    "union_value(k := 1)": {"k": 1},
    "'a' || chr(0) || 'b'": "a\0b",
    "chr(128169)": "\U0001f4a9",
}


@pytest.mark.slow
def test_every_type_arrives_as_a_plain_value(case: Case) -> None:
    table = ask(case, f"SELECT {', '.join(ODD)}")
    assert dict(zip(ODD, table.rows[0], strict=True)) == ODD


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "tsv", "markdown"])
@pytest.mark.slow
def test_every_type_can_be_printed(form: str, case: Case) -> None:
    done = piped("query", *DUCKDB, f"SELECT {', '.join(ODD)}", "--format", form, folder=case.folder)
    assert done.code == 3, done.err
    assert "Traceback" not in done.err
    assert str(2**127 - 1) in done.out


@pytest.mark.slow
def test_columns_of_one_name_or_an_odd_name_are_all_shown(case: Case) -> None:
    table = ask(case, 'SELECT 1 AS a, 2 AS a, 3 AS "select", 4 AS "a""b", 5 AS "ü ;", 6 AS c0, 7 AS answer, NULL AS a')
    assert len(set(table.names)) == 8
    assert {"a", "select", 'a"b', "ü ;", "c0", "answer"} <= set(table.names)
    assert table.rows == [(1, 2, 3, 4, 5, 6, 7, None)]
    assert len(table.records()[0]) == 8


@pytest.mark.slow
def test_numbers_are_aligned_right_and_texts_are_not(case: Case) -> None:
    table = ask(case, "SELECT 1 AS a, 1.5 AS b, 'x' AS c, 1::UBIGINT AS d, [1] AS e, uuid() AS f, INTERVAL 1 DAY AS g")
    assert [column.right for column in table.columns] == [True, True, False, True, False, False, False]


@pytest.mark.slow
def test_the_answer_leaves_nothing_in_the_working_folder(case: Case, tmp_path: Path) -> None:
    sql = "SELECT a.eventname, count(*) FROM cloudtrail_logs a JOIN cloudtrail_logs b USING (eventname) GROUP BY ALL"
    done = piped("query", *DUCKDB, sql, "--store", case.store, "--memory", "200MB", folder=tmp_path)
    assert done.code == 3, done.err
    assert list(tmp_path.iterdir()) == []


# Bounds


BOMBS = {
    "rows for Python": "SELECT a.eventid, b.eventid AS other FROM cloudtrail_logs a, cloudtrail_logs b",
    "nested rows for Python": "SELECT a.useridentity, b.eventid FROM cloudtrail_logs a, cloudtrail_logs b",
    "a sort": "SELECT a.eventid FROM cloudtrail_logs a, cloudtrail_logs b ORDER BY a.requestid || b.requestid",
    "a join": "SELECT count(DISTINCT a.eventid || b.eventid) FROM cloudtrail_logs a, cloudtrail_logs b",
    "a list": "SELECT list(a.eventjson || b.eventid) FROM cloudtrail_logs a, cloudtrail_logs b",
    "a recursion": "WITH RECURSIVE t AS (SELECT 'x' AS x UNION ALL SELECT x || x FROM t) SELECT * FROM t",
}
MEMORY = 200 * 1024 * 1024
_MEASURED = """
import re, sys, ctaudit
from pathlib import Path
from ctaudit.errors import QueryLimit
try:
    ctaudit.open(sys.argv[1]).query(sys.argv[2], dialect="duckdb", memory=int(sys.argv[3]))
except QueryLimit as error:
    used = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
    print(error.advice, used[1], sep="|")
"""
"""Asks a question and says how much memory the process ever had."""


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_query_ends_at_its_memory_limit(bomb: str, case: Case) -> None:
    words = [sys.executable, "-c", _MEASURED, str(case.store), BOMBS[bomb], str(MEMORY)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=50, check=True)
    advice, used = done.stdout.split("|")
    assert "raise --memory" in advice
    assert int(used) * 1024 < 3 * MEMORY


@pytest.mark.slow
def test_the_memory_limit_is_an_error_of_the_command(case: Case) -> None:
    done = piped("query", *DUCKDB, BOMBS["a list"], "--memory", "100MB", folder=case.folder)
    assert done.code == 4
    assert done.err.startswith("ctaudit: the query needs more memory than it may use\n  narrow it with --since")


ENDLESS = "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT 1 FROM t) SELECT count(*) FROM t"
LONG = (
    "SELECT count(*) FROM cloudtrail_logs a, cloudtrail_logs b, cloudtrail_logs c WHERE a.eventid < b.eventid || c.date"
)


def wait_until_busy(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has used more of a processor than starting takes: by then it runs its query."""
    stat = Path(f"/proc/{process.pid}/stat")
    while sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13])) < 1.2 * os.sysconf("SC_CLK_TCK"):
        assert process.poll() is None
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("sql", [ENDLESS, LONG, BOMBS["rows for Python"]], ids=["endless", "long", "rows"])
def test_ctrl_c_stops_a_query_at_once(sql: str, case: Case) -> None:
    words = [*COMMAND, "query", *DUCKDB, sql, "--store", str(case.store), "--memory", "8GB"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), start_new_session=True
    ) as process:
        wait_until_busy(process)
        pressed = time.monotonic()
        os.kill(-process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - pressed < 1.5
    assert (process.returncode, out, err) == (130, b"", b"ctaudit: interrupted\n")


@pytest.mark.slow
def test_json_output_is_json_for_every_row_of_the_view(case: Case) -> None:
    done = piped("query", *DUCKDB, "FROM cloudtrail_logs", "--format", "jsonl", "--limit", "0", folder=case.folder)
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert len(rows) == status(case.store)["events"]
    assert all(json.loads(row["eventjson"])["eventID"] == row["eventid"] for row in rows)


@pytest.mark.slow
def test_query_limit_is_told_apart_from_a_wrong_query() -> None:
    assert (QueryError.exit_code, QueryLimit.exit_code) == (2, 4)
