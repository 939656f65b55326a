"""What is refused, in a sentence with its place: strange statements, open quotes, unknown names, too much of anything."""

from __future__ import annotations

import contextlib
import re
import time

import pytest

from ctaudit import limits
from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.translate import translate
from ctaudit.errors import QueryError

STATEMENTS = (
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "DROP TABLE t",
    "DROP VIEW t",
    "CREATE TABLE t (a int)",
    "CREATE TABLE t AS SELECT 1",
    "CREATE TABLE t WITH (external_location = 's3://x/') AS SELECT * FROM u",
    "CREATE EXTERNAL TABLE t (a string) LOCATION 's3://x/'",
    "CREATE MACRO m() AS 1",
    "CREATE SECRET s (TYPE s3)",
    "ALTER TABLE t ADD PARTITION (a = 1)",
    "MSCK REPAIR TABLE t",
    "UNLOAD (SELECT 1) TO 's3://x/' WITH (format = 'PARQUET')",
    "COPY t TO '/tmp/x'",
    "ATTACH 'x.db'",
    "DETACH x",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET memory_limit = '1TB'",
    "SET SESSION x = 1",
    "RESET x",
    "USE x",
    "CALL f()",
    "DESCRIBE t",
    "SHOW TABLES",
    "SHOW CREATE TABLE t",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p FROM SELECT 1",
    "EXECUTE p USING 1",
    "MERGE INTO t USING u ON 1 = 1 WHEN MATCHED THEN DELETE",
    "GRANT SELECT ON t TO u",
    "VACUUM",
    "CHECKPOINT",
    "BEGIN",
    "START TRANSACTION",
    "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
    "CREATE VIEW v AS DELETE FROM t",
    "SELECT * INTO u FROM t",
    "SELECT * FROM t FOR UPDATE",
)
TWO = (
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE t",
    "SELECT 1;;SELECT 2",
    "SELECT 1; -- the end\nDROP TABLE t",
    "SELECT 1 /* ; */ ; /* */ DROP TABLE t",
    "SELECT ';' ; DELETE FROM t",
    "SELECT 1) AS answer; DROP VIEW v; --",
    "; SELECT 1; SELECT 2",
)
TABLES = (
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_parquet('x')",
    "SELECT * FROM glob('*')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM range(10)",
    "SELECT * FROM generate_series(1, 2)",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('t')",
    "SELECT * FROM TABLE(sequence(1, 2))",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "/etc/passwd"',
    "SELECT * FROM /etc/passwd",
    "SELECT * FROM s3://bucket/x",
    'SELECT * FROM "s3://bucket/x.parquet"',
    "SELECT * FROM LATERAL (SELECT 1)",
    "SELECT * FROM t, read_csv('x')",
    "SELECT * FROM t JOIN read_csv('x') ON true",
    "SELECT (SELECT content FROM read_text('x'))",
    "SELECT 1 WHERE EXISTS (SELECT * FROM read_text('x'))",
    "WITH x AS (SELECT * FROM read_text('x')) SELECT * FROM x",
    "SELECT 1 UNION ALL SELECT * FROM read_text('x')",
    "SELECT * FROM UNNEST(read_text('x')) AS t(x)",
    "SELECT * FROM (VALUES (getenv('HOME'))) AS t(x)",
    "SELECT count(*) FILTER (WHERE getenv('HOME') = 'x') FROM t",
    "SELECT row_number() OVER (ORDER BY getenv('HOME')) FROM t",
    "SELECT eventname FROM t GROUP BY eventname, getenv('HOME')",
    "SELECT eventname FROM t ORDER BY getenv('HOME')",
    "SELECT eventname FROM t LIMIT getenv('HOME')",
    "SELECT CASE WHEN getenv('HOME') = 'x' THEN 1 END",
    "SELECT transform(ARRAY[1], x -> getenv('HOME'))",
    "SELECT \"getenv\"('HOME')",
    "SELECT system.getenv('HOME')",
    "SELECT t.getenv('HOME') FROM t",
    "SELECT * FROM (SELECT 1) JOIN t USING (x) WHERE getenv('x') = ''",
    "SELECT count(*) OVER w FROM t WINDOW w AS (ORDER BY getenv('x'))",
    "SELECT * FROM vpc_flow_logs",
    "SELECT * FROM logs.waf_logs",
    "SELECT * FROM cloudfront",
    "SELECT * FROM information_schema.tables",
    'SELECT * FROM "t$partitions"',
)
UNREADABLE = (
    "SELECT 'x",
    'SELECT "x',
    "SELECT `x",
    "SELECT ‘x",
    "SELECT 1 /* x",
    "SELECT 1 /* /* x */ */",
    "SELECT (1",
    "SELECT 1)",
    "SELECT",
    "SELECT FROM FROM t",
    "SELECT 1 WHERE",
    "SELEC 1",
    "SELECT * FROM t WHERE a = = 1",
    "SELECT eventname ORDER BY x FROM t GROUP",
    "SELECT \0",
    "SELECT $$x$$",
    "SELECT \udcff",
    "hello",
    ")",
    "'",
    "SELECT 1 FROM",
    "WITH x AS SELECT 1",
    "SELECT CAST(1 AS nosuch)",
    "SELECT CAST(1 AS row(bigint))",
    "SELECT {'a': 1}",
    "SELECT * EXCLUDE (eventname) FROM t",
    "SELECT COLUMNS('e.*') FROM t",
    "SELECT eventname FROM t QUALIFY row_number() OVER () = 1",
    "SELECT eventname FROM t USING SAMPLE 10",
    "SELECT eventname FROM t TABLESAMPLE BERNOULLI (10)",
    "PIVOT t ON eventname",
    "SELECT x -> '$.a' FROM (SELECT '{}' AS x)",
    "SELECT 'a' ILIKE 'A'",
    "SELECT 'a' SIMILAR TO 'a'",
    "SELECT 'a' ~ 'a'",
)
NOTHING = ("", " \n", ";", "-- x", "/* x */", "# x", ";;")


@pytest.mark.parametrize("dialect", [Dialect.ATHENA, Dialect.LAKE])
@pytest.mark.parametrize("sql", [*STATEMENTS, *TWO, *TABLES, *UNREADABLE, *NOTHING])
def test_it_is_refused_in_one_sentence(sql: str, dialect: Dialect) -> None:
    with pytest.raises(QueryError) as refusal:
        translate(sql, dialect)
    assert "\n" not in refusal.value.message
    assert refusal.value.message.isprintable()


@pytest.mark.parametrize("sql", TWO)
def test_a_second_statement_is_pointed_at(sql: str) -> None:
    with pytest.raises(QueryError, match=r"more than one statement, a second begins at line \d+, column \d+"):
        translate(sql)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1,\n  'x", "the SQL has a quote at line 2, column 3 that does not end"),
        ("SELECT nosuch FROM t", "there is no column nosuch at line 1, column 8"),
        ("SELECT a.nosuch FROM t a", "there is no column a.nosuch at line 1, column 8"),
        ("SELECT useridentity.nosuch FROM t", "there is no field nosuch at line 1, column 21"),
        ("SELECT eventname\nFROM ‘t’ WHERE eventname = 1 AND nosuch = 2", ""),
        ("SELECT ‘x’, nosuch FROM t", "there is no column nosuch at line 1, column 13"),
        ("SELECT 1 FROM <EDS ID> WHERE nosuch = 2", "there is no column nosuch at line 1, column 30"),
        ("SELECT eventname FROM t WHERE ${a} = 1", "the SQL has parameters without a value: a (line 1, column 31)"),
        ("SELECT * FROM read_csv('x')", "a function cannot stand in FROM here: read_csv at line 1, column 15"),
        ("DROP TABLE t", "only a query can be asked, this is DROP"),
        (
            "SELECT upper(eventname) AS eventname FROM t ORDER BY lower(eventname)",
            "eventname is a column and a name given by SELECT at line 1, column 60",
        ),
    ],
)
def test_the_sentence_says_what_and_where(sql: str, said: str) -> None:
    with pytest.raises(QueryError) as refusal:
        translate(sql)
    assert said in refusal.value.message


@pytest.mark.parametrize(
    ("sql", "meant"),
    [
        ("SELECT evntname FROM t", "eventname"),
        ("SELECT useridentity.acountid FROM t", "accountid"),
        ("SELECT t.sourceipadress FROM t", "sourceipaddress"),
    ],
)
def test_a_misspelt_column_is_answered_with_what_was_meant(sql: str, meant: str) -> None:
    with pytest.raises(QueryError) as refusal:
        translate(sql)
    assert refusal.value.advice == f"did you mean {meant}?"


def test_all_parameters_without_a_value_are_named_with_how_to_fill_them() -> None:
    sql = "SELECT eventname FROM t WHERE a = ${one} AND b = '{{two}}' AND c IN ({three}) AND d = <FOUR> AND e = ? LIMIT $five"
    with pytest.raises(QueryError) as refusal:
        translate(sql, Dialect.ATHENA, {"two": "x"})
    names = ["one", "three", "FOUR", "1", "five"]
    assert refusal.value.advice == "give them: " + " ".join(f"--param '{name}=VALUE'" for name in names)


def test_a_placeholder_in_the_place_of_a_time_is_asked_for() -> None:
    with pytest.raises(QueryError, match="START"):
        translate("SELECT eventname FROM t WHERE eventtime > TIMESTAMP '<START>'")


@pytest.mark.parametrize("sql", [
    "SELECT hour(from_iso8601_timestamp('2026-03-09T01:00:00+02:00'))",
    "SELECT CAST(from_iso8601_timestamp('2026-03-09T01:00:00-0700') AS date)",
    "SELECT date_trunc('day', from_iso8601_timestamp('2026-03-09T01:00:00+02'))",
])  # fmt: skip
def test_a_time_is_not_taken_apart_in_another_zone(sql: str) -> None:
    with pytest.raises(QueryError, match="in a zone of its own"):
        translate(sql)
    assert translate(re.sub(r"[+-]\d\d:?(\d\d)?'", "Z'", sql)).sql
    assert translate("SELECT 1 FROM t WHERE now() > from_iso8601_timestamp('2026-03-09T01:00:00+02:00')").sql


def test_text_in_double_quotes_is_told_from_a_column() -> None:
    with pytest.raises(QueryError, match="there is no column DeleteBucket") as refusal:
        translate('SELECT eventid FROM t WHERE eventname = "DeleteBucket"')
    assert "single quotes" in refusal.value.advice


def test_a_format_without_a_year_is_refused() -> None:
    with pytest.raises(QueryError, match="without a year"):
        translate("SELECT date_parse('12', '%H')")


@pytest.mark.parametrize("literal", ["<key>", "{key}", "${key}", "{{key}}"])
def test_a_placeholder_in_quotes_is_asked_for(literal: str) -> None:
    sql = f"SELECT eventname FROM t WHERE useridentity.accesskeyid = '{literal}'"
    with pytest.raises(QueryError, match=r"parameters without a value: key"):
        translate(sql)
    assert "'AKIA'" in translate(sql, Dialect.ATHENA, {"key": "AKIA"}).sql


@pytest.mark.parametrize("name", ["KEY", "x", "2"])
def test_a_value_that_nothing_takes_is_refused(name: str) -> None:
    with pytest.raises(QueryError, match=f"the SQL has no parameter {name}"):
        translate("SELECT eventname FROM t WHERE a = '<key>' AND b = ?", Dialect.ATHENA, {"key": "1", name: "2"})


@pytest.mark.slow
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 30_000 + "1" + ")" * 30_000,
        "SELECT " + "CASE WHEN " * 5_000,
        "SELECT * FROM " + "(SELECT * FROM " * 1_000 + "t" + ")" * 1_000,
        "SELECT " + "NOT " * 20_000 + "true",
        "SELECT " + "-" * 1 + " - " * 20_000 + "1",
        "SELECT " + "x -> " * 20_000 + "1",
        "SELECT 1" + " + 1" * 15_000,
        "SELECT 1 WHERE true" + " AND true" * 20_000,
        "SELECT 'a'" + " || 'a'" * 20_000,
        "SELECT a" + ".a" * 5_000 + " FROM t",
        "SELECT eventname" + "[1]" * 5_000 + " FROM t",
        "SELECT 1" + " UNION ALL SELECT 1" * 5_000,
        "WITH a AS (SELECT 1) " + ", b AS (SELECT 1)" * 2_000 + " SELECT 1",
        "SELECT " + "1, " * 18_000 + "1",
        "SELECT " + "<" * 200_000,
        "SELECT " + "{" * 200_000,
        "SELECT " + "'" * 200_001,
        "SELECT " + "/*" * 100_000,
        "SELECT " + "${" * 100_000,
        "SELECT 1 FROM t" + " JOIN t USING (eventid)" * 1_000,
        "SELECT INTERVAL " * 10_000 + "1",
        "SELECT CAST(" * 50 + "1" + " AS array(" * 100,
    ],
)
def test_a_bomb_ends_soon(sql: str) -> None:
    """In a refusal, or in a translation; never in a crash, and never in a recursion of Python's."""
    began = time.process_time()
    with contextlib.suppress(QueryError):
        translate(sql[: limits.MAX_SQL_BYTES])
    assert time.process_time() - began < 20


def test_the_longest_text_is_read_and_a_longer_one_is_not() -> None:
    most = "SELECT '" + "x" * (limits.MAX_SQL_BYTES - 9) + "'"
    assert translate(most).sql.startswith("SELECT 'xxx")
    with pytest.raises(QueryError, match="longer than"):
        translate(most + " ")
