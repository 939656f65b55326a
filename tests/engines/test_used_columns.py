"""Which columns SQL leaves alone: one too few costs time, one too many would be wrong."""

from __future__ import annotations

import duckdb
import pytest

import ctaudit
from ctaudit.engines import sandbox
from ctaudit.engines.used_columns import unused
from ctaudit.errors import QueryError
from ctaudit.store.views import COSTLY, PLACE
from tests.conftest import Case

MAY = (
    "SELECT source_file FROM cloudtrail_logs",
    "SELECT eventname FROM cloudtrail_logs WHERE Integrity = 'proven'",
    'SELECT t."RECORD" FROM cloudtrail_logs t',
    "SELECT count(*) FROM cloudtrail_logs GROUP BY cloudtrail_logs.record",
    "SELECT eventname FROM cloudtrail_logs ORDER BY source_file",
    "FROM cloudtrail_logs",
    "SELECT * FROM cloudtrail_logs",
    "SELECT * EXCLUDE (source_file, integrity, record) FROM cloudtrail_logs",
    "SELECT t.* FROM cloudtrail_logs t",
    "SELECT COLUMNS('source.*') FROM cloudtrail_logs",
    "SELECT count(COLUMNS(*)) FROM cloudtrail_logs",
    "SELECT cloudtrail_logs FROM cloudtrail_logs",
    "SELECT T FROM cloudtrail_logs AS t",
    "SELECT main.t FROM cloudtrail_logs AS t",
    "SELECT count(DISTINCT t) FROM cloudtrail_logs t",
    "WITH a AS (SELECT b FROM cloudtrail_logs b) SELECT eventname FROM a, cloudtrail_logs",
    "SELECT a FROM cloudtrail_logs AS t(a)",
    "SELECT #1 FROM cloudtrail_logs",
    "SELECT x.eventname FROM cloudtrail_logs x JOIN cloudtrail_logs y USING (source_file)",
    "SELECT eventname FROM cloudtrail_logs NATURAL JOIN (SELECT 1 AS record)",
    "DESCRIBE cloudtrail_logs",
    "SUMMARIZE cloudtrail_logs",
    "SELECT eventname FROM cloudtrail_logs WHERE (SELECT max(record) FROM range(1)) = 0",
    "SELECT record.abs() FROM cloudtrail_logs",
    "SELECT t.eventjson.length() FROM cloudtrail_logs t ORDER BY t.record.abs()",
    "SELECT t.to_json() FROM cloudtrail_logs t",
    "SELECT [record.abs() for x in [1]] FROM cloudtrail_logs",
    "SELECT r.arn FROM cloudtrail_logs CROSS JOIN unnest(resources) AS t(r)",
    "SELECT eventname FROM cloudtrail_logs a WHERE EXISTS (SELECT 1 FROM range(1) b WHERE b.range = length(a.eventid))",
    "SELECT eventname FROM cloudtrail_logs QUALIFY row_number() OVER (PARTITION BY source_file) = 1",
)
LATE = (
    "SELECT count(*) FROM cloudtrail_logs a WHERE EXISTS (SELECT 1 FROM cloudtrail_logs b WHERE b.eventid = a.eventid)",
    "SELECT count(*) FROM cloudtrail_logs, unnest(resources) u(r) WHERE r IS NOT NULL",
    "SELECT count(*) FROM cloudtrail_logs a WHERE a.eventname IN"
    " (SELECT b.eventname FROM cloudtrail_logs b WHERE b.awsregion <> a.awsregion)",
    "SELECT count(*) FROM cloudtrail_logs USING SAMPLE 100%",
)
NEVER = (
    "SELECT eventname, count(*) FROM cloudtrail_logs GROUP BY ALL",
    "SELECT t.useridentity.arn FROM cloudtrail_logs AS t WHERE t.eventname = 'source_file'",
    "SELECT count(*) FROM cloudtrail_logs -- record",
    "SELECT count(*) FROM cloudtrail_logs USING SAMPLE 10%",
    "SELECT extra, account, region, date FROM cloudtrail_logs",
    "SELECT eventname AS name FROM cloudtrail_logs ORDER BY name",
    "SELECT x.eventid FROM cloudtrail_logs x JOIN cloudtrail_logs y USING (eventid)",
)


@pytest.mark.parametrize(("sql", "may"), [*((sql, True) for sql in MAY), *((sql, False) for sql in NEVER)])
def test_what_a_text_may_use(sql: str, may: bool) -> None:
    assert (left_alone(sql) >= PLACE) is not may


def test_each_column_is_judged_by_itself() -> None:
    assert left_alone("SELECT eventname FROM cloudtrail_logs") == COSTLY
    assert left_alone("SELECT EventJson FROM cloudtrail_logs") == PLACE
    assert left_alone("SELECT integrity FROM cloudtrail_logs") == COSTLY - {"integrity"}


def left_alone(sql: str) -> frozenset[str]:
    with duckdb.connect() as connection:
        return unused(sandbox.checked(connection, sandbox.one_select(connection, sql)), COSTLY)


@pytest.mark.parametrize("sql", LATE)
def test_what_duckdb_takes_along_is_read_after_all(sql: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ctaudit.open(case.store)
    here = store.query(sql, dialect="duckdb").rows
    monkeypatch.setattr("ctaudit.engines.sql.unused", lambda parsed, columns: columns)
    assert store.query(sql, dialect="duckdb").rows == here != [(0,)]
    with store.stream(sql, dialect="duckdb") as flow:
        assert list(flow.rows) == here


@pytest.mark.parametrize("column", sorted(COSTLY))
def test_a_column_that_was_left_out_by_mistake_is_an_error(
    column: str, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read then; and where rows are out already, which cannot be taken back, the question fails."""
    store = ctaudit.open(case.store)
    asked = f"SELECT {column} AS it FROM cloudtrail_logs WHERE eventname = 'DeleteBucket'"
    here = store.query(asked).rows
    assert all(row[0] is not None for row in here)
    monkeypatch.setattr("ctaudit.engines.sql.unused", lambda parsed, columns: columns)
    assert store.query(asked).rows == here
    late = (
        f"SELECT CASE WHEN n > 3000 THEN {column} END FROM (SELECT {column}, row_number() OVER () AS n"
        " FROM cloudtrail_logs)"
    )
    monkeypatch.setattr("ctaudit.asking.replace", lambda question, whole: question)
    with pytest.raises(QueryError, match=rf"{column} of event [0-9a-f-]+ was not read, though the SQL asks for it"):
        store.query(late, dialect="duckdb")
