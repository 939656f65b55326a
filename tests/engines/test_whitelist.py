"""The first wall of the sandbox: DuckDB's parser takes the text of a query apart, and what is unknown is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ctaudit.engines import sandbox
from ctaudit.errors import QueryError
from ctaudit.store import embedded

REVIEWED = Path(__file__).with_name("golden") / "functions.txt"


@pytest.fixture(scope="module")
def parser() -> Iterator[duckdb.DuckDBPyConnection]:
    with embedded.alone() as connection:
        yield connection


GOOD = [
    "SELECT 1",
    "VALUES (1)",
    "FROM cloudtrail_logs",
    "FROM main.CloudTrail_Logs",
    "FROM memory.main.cloudtrail_logs ORDER BY 1 DESC NULLS LAST LIMIT 10 PERCENT",
    "TABLE cloudtrail_logs",
    "DESCRIBE cloudtrail_logs",
    "SUMMARIZE SELECT eventname FROM cloudtrail_logs",
    "WITH t AS (SELECT 1) FROM t",
    "WITH t AS MATERIALIZED (SELECT 1 AS x), u AS (FROM t) FROM u UNION ALL BY NAME FROM t",
    "WITH files AS (SELECT 1), duckdb_settings AS (FROM files) FROM duckdb_settings",
    "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t WHERE x < 3) FROM t",
    "WITH a AS (SELECT 1) SELECT (WITH c AS (FROM a) SELECT count(*) FROM c)",
    "SELECT u.x FROM (VALUES ([1])) v(l), LATERAL unnest(l) u(x)",
    "SELECT unnest(range(3)), generate_series(1, 2) FROM range(3), generate_series(1, 2), repeat(1, 2)",
    "SELECT key FROM cloudtrail_logs, json_each(requestparameters)",
    "FROM cloudtrail_logs ASOF JOIN cloudtrail_logs b USING (eventtime) SEMI JOIN (VALUES ('x')) c(a) ON a = b.eventid",
    "FROM cloudtrail_logs POSITIONAL JOIN range(3) TABLESAMPLE 10%",
    "SELECT DISTINCT ON (eventname) * EXCLUDE (extra) FROM cloudtrail_logs QUALIFY row_number() OVER () = 1",
    "SELECT sum(1) OVER w FROM cloudtrail_logs GROUP BY GROUPING SETS ((eventid), ()) WINDOW w AS (ORDER BY eventid)",
    "FROM (UNPIVOT cloudtrail_logs ON eventname, eventsource)",
    "SELECT list_filter([1], lambda x: x > 1), [x FOR x IN [1]], CASE WHEN true THEN 1 END, INTERVAL 1 DAY, x.y[1:2]",
    "SELECT 'FROM read_text(''/etc/passwd'')' -- FROM read_text('/etc/passwd')",
    "SELECT '{\"type\": \"DELETE_QUERY_NODE\"}', {'type': 'BASE_TABLE', 'table_name': 'files'}, 'getenv(x)'",
    'SELECT "getenv" FROM (SELECT 1 AS getenv)',
]


@pytest.mark.parametrize("sql", GOOD)
def test_what_computes_from_the_events_passes(sql: str, parser: duckdb.DuckDBPyConnection) -> None:
    sandbox.checked(parser, sandbox.one_select(parser, sql))


READERS = [
    *("read_text", "read_blob", "read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_ndjson"),
    *("read_json_objects", "read_ndjson_objects", "read_parquet", "parquet_scan", "parquet_metadata", "parquet_schema"),
    *("parquet_kv_metadata", "parquet_file_metadata", "parquet_full_metadata", "parquet_bloom_probe", "sniff_csv"),
    *("glob", "read_duckdb", "query", "query_table", "seq_scan", "arrow_scan", "pandas_scan", "python_map_function"),
    *("duckdb_settings", "duckdb_secrets", "which_secret", "duckdb_extensions", "duckdb_databases", "duckdb_tables"),
    *("duckdb_views", "duckdb_columns", "duckdb_functions", "duckdb_memory", "duckdb_logs", "duckdb_variables"),
    *("duckdb_temporary_files", "duckdb_external_file_cache", "duckdb_prepared_statements", "pragma_database_size"),
    *("pragma_table_info", "pragma_storage_info", "pragma_version", "pragma_platform", "pragma_user_agent"),
    *("pragma_show", "pragma_metadata_info", "json_execute_serialized_sql", "test_all_types", "storage_info"),
    *("iceberg_scan", "delta_scan", "postgres_scan", "sqlite_scan", "st_read", "read_xlsx", "shellfs", "http_get"),
    *(
        "force_checkpoint",
        "checkpoint",
        "import_database",
        "enable_logging",
        "truncate_duckdb_logs",
        "enable_profiling",
    ),
]
TRICKS = [
    "FROM {name}('x')",
    "FROM {upper}('x')",
    "FROM \"{name}\"('x')",
    "FROM main.{name}('x')",
    "FROM system.main.{name}('x')",
    "FROM/**/{name}/* ( */('x')",
    "SELECT 1 -- \n UNION ALL FROM {name}('x')",
    "SELECT (SELECT 1 FROM {name}('x'))",
    "SELECT 1 WHERE EXISTS (FROM {name}('x'))",
    "SELECT 1 LIMIT (SELECT count(*) FROM {name}('x'))",
    "WITH a AS (FROM {name}('x')) SELECT 1",
    "WITH {name} AS (SELECT 1) FROM {name}('x')",
    "DESCRIBE FROM {name}('x')",
    "SUMMARIZE FROM {name}('x')",
    "FROM (DESCRIBE FROM {name}('x'))",
    "SELECT 1 ORDER BY (SELECT 1 FROM {name}('x'))",
    "SELECT sum(1) FILTER (WHERE EXISTS (FROM {name}('x'))) OVER (PARTITION BY (SELECT 1 FROM {name}('x')))",
    "SELECT list_transform([1], lambda x: (SELECT 1 FROM {name}('x')))",
    "FROM cloudtrail_logs JOIN {name}('x') ON true",
    "FROM cloudtrail_logs, LATERAL (FROM {name}('x'))",
    "FROM (VALUES ((SELECT 1 FROM {name}('x'))))",
]


@pytest.mark.parametrize("name", READERS)
def test_table_functions_that_read_are_refused_by_name(name: str, parser: duckdb.DuckDBPyConnection) -> None:
    refused(parser, f"FROM {name}('x')", f"the table function {name} is not allowed")


@pytest.mark.parametrize("trick", TRICKS)
def test_no_place_or_spelling_hides_a_table_function(trick: str, parser: duckdb.DuckDBPyConnection) -> None:
    for name in ("read_text", "parquet_metadata"):
        refused(parser, trick.format(name=name, upper=name.upper()), f"the table function {name} is not allowed")


RELATIONS = [
    "FROM files",
    "FROM duplicates",
    "FROM main.files",
    "FROM memory.main.duplicates",
    "FROM '/etc/passwd'",
    "FROM 'events.parquet'",
    'FROM "events.parquet"',
    "FROM 'https://example.com/x.csv'",
    "FROM 's3://example/x.parquet'",
    "FROM duckdb_settings",
    "FROM duckdb_tables",
    "FROM pragma_database_list",
    "FROM sqlite_master",
    "FROM information_schema.tables",
    "FROM pg_catalog.pg_tables",
    "FROM system.information_schema.columns",
    "FROM catalog.files",
    "FROM other.cloudtrail_logs",
    "FROM other.main.cloudtrail_logs",
    "FROM temp.main.cloudtrail_logs",
    "DESCRIBE files",
    "DESCRIBE 'x.csv'",
    "SUMMARIZE files",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "SHOW DATABASES",
    "FROM (SHOW TABLES)",
    "WITH files AS (FROM files) FROM files",
    "WITH a AS (FROM b), b AS (SELECT 1) FROM a",
    "SELECT (SELECT count(*) FROM duckdb_settings), (WITH duckdb_settings AS (SELECT 1) FROM duckdb_settings)",
    "SELECT (WITH files AS (SELECT 1) FROM files), (SELECT count(*) FROM files)",
    "WITH RECURSIVE files AS (SELECT 1 FROM files UNION ALL SELECT 2 FROM files WHERE false) FROM files",
    "WITH t AS (SELECT 1) FROM main.t",
    'WITH "/a/b.parquet" AS (SELECT 1) FROM "/a/b.parquet"',
    "WITH gone AS (DELETE FROM files RETURNING *) FROM gone",
    "WITH made AS (INSERT INTO files VALUES (1) RETURNING *) FROM made",
    "WITH made AS (UPDATE files SET path = 'x' RETURNING *) FROM made",
]


@pytest.mark.parametrize("sql", RELATIONS)
def test_relations_other_than_the_events_are_refused(sql: str, parser: duckdb.DuckDBPyConnection) -> None:
    refused(parser, sql)


@pytest.mark.parametrize("name", sorted(sandbox.REFUSED_FUNCTIONS))
def test_functions_that_tell_more_than_the_rows_are_refused(name: str, parser: duckdb.DuckDBPyConnection) -> None:
    for spelled in (name, name.upper(), f'"{name}"', f"main.{name}", f"system.main.{name}"):
        refused(parser, f"SELECT 1 + (SELECT max({spelled}('x')) FROM cloudtrail_logs)", f"the function {name}")
    refused(parser, f"SELECT 'x'.{name}()", f"the function {name}")


def test_the_place_is_told_in_lines_and_columns(parser: duckdb.DuckDBPyConnection) -> None:
    refused(parser, "SELECT 'ü',\n  getenv('HOME')", "(line 2, column 3)")
    refused(parser, "SELECT 'ü' FROM files", "(line 1, column 17)")


def test_what_our_own_setup_made_may_be_read(parser: duckdb.DuckDBPyConnection) -> None:
    sandbox.checked(parser, "FROM Lake JOIN cloudtrail_logs USING (eventid)", frozenset(["lake"]))
    refused(parser, "FROM lake")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "1 + " * 60_000 + "1",
        "SELECT " + "(" * 30_000 + "1" + ")" * 30_000,
        "SELECT " + "-" + " -" * 20_000 + "1",
        "FROM " + "(FROM " * 20_000 + "range(1)" + ")" * 20_000,
        "SELECT " + "[" * 30_000 + "]" * 30_000,
        "SELECT " + "CASE WHEN true THEN " * 5_000 + "1 " + "END " * 5_000,
    ],
)
def test_bombs_of_depth_are_refused_in_a_sentence(sql: str, parser: duckdb.DuckDBPyConnection) -> None:
    refused(parser, sql)


def test_every_function_that_duckdb_has_was_looked_at(parser: duckdb.DuckDBPyConnection) -> None:
    """A function that a later DuckDB brings must be looked at, and refused if it tells or does more than compute."""
    found = parser.execute(
        """SELECT DISTINCT function_name FROM duckdb_functions()
           WHERE function_type NOT IN ('table', 'pragma', 'table_macro')"""
    ).fetchall()
    known = set(REVIEWED.read_text(encoding="utf-8").splitlines())
    assert {name for (name,) in found} - known == set()


def refused(parser: duckdb.DuckDBPyConnection, sql: str, sentence: str = "") -> None:
    with pytest.raises(QueryError) as refusal:
        sandbox.checked(parser, sandbox.one_select(parser, sql))
    assert sentence in refusal.value.message
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize("system", ["duckdb_views", "duckdb_tables", "duckdb_databases"])
def test_a_letter_that_only_unicode_folds_gives_no_way_to_the_catalog(
    parser: duckdb.DuckDBPyConnection, system: str
) -> None:
    """Python takes the Kelvin sign for a `k`; DuckDB does not, and would go on to a table of its own."""
    given = system.replace("k", "\u212a")
    with pytest.raises(QueryError, match=f"there is no table '{system}'"):
        sandbox.checked(parser, f'WITH "{given}" AS (SELECT 1 AS x) SELECT * FROM {system}')
