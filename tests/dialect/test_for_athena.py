"""Questions as they are sent to Athena: names mapped, all else as written; read again, they find the same rows."""

from __future__ import annotations

import duckdb
import pytest

from ctaudit.dialect.for_athena import Bounds, translate_athena
from ctaudit.errors import QueryError
from tests.dialect.asking import asked, holding
from tests.dialect.night import EVENTS
from tests.dialect.test_conformance import ATHENA, check

LAKE = '"db"."lake"'
REFUSED = {"requestParameters.instancesSet.items[1]", "sum(additionalEventData.bytesTransferredOut)"}
"""What is read by dots and then used as no text: Athena has no short way to write that."""
SENT = [sql for sql in ATHENA if not any(part in sql for part in REFUSED)]


@pytest.fixture(scope="module")
def night() -> duckdb.DuckDBPyConnection:
    return holding(EVENTS)


def confined(bounds: Bounds) -> str:
    parts = [f"\"date\" >= '{bounds.since}'"] if bounds.since else []
    parts += [f"\"date\" <= '{bounds.until}'"] if bounds.until else []
    for column, values in (("account", bounds.accounts), ("region", bounds.regions)):
        if values is not None:
            parts.append(f"{column} IN ({', '.join(repr(value) for value in values)})" if values else "false")
    return " AND ".join(parts)


def sent(sql: str) -> str:
    return translate_athena(sql, LAKE, {}).sql


@pytest.mark.parametrize(
    "sql", [pytest.param(sql, marks=[pytest.mark.slow] if place % 6 else []) for place, sql in enumerate(SENT)]
)
def test_what_is_sent_finds_the_same_rows(sql: str, night: duckdb.DuckDBPyConnection) -> None:
    sendable = translate_athena(sql, LAKE, {}, confined)
    assert (LAKE in sendable.sql) is bool(sendable.readings)
    _, found = asked(night, sendable.sql)
    check(ATHENA[sql], found)


WRITTEN = {
    "SELECT eventid FROM logs.trail t WHERE t.year = '2026' AND month = '3'": (
        'SELECT eventid FROM "db"."lake" AS "t" WHERE SUBSTR("t".date, 1, 4) = \'2026\' AND '
        "REGEXP_REPLACE(SUBSTR(date, 6, 2), '^0+') = '3'"
    ),
    "SELECT eventid FROM x WHERE dt >= '2026/03/10'": (
        "SELECT eventid FROM \"db\".\"lake\" AS \"x\" WHERE REPLACE(NULLIF(date, 'unknown'), '-', '/') >= '2026/03/10'"
    ),
    "SELECT requestParameters.a.b FROM x": (
        'SELECT JSON_EXTRACT_SCALAR(requestParameters, \'$["a"]["b"]\') AS "b" FROM "db"."lake" AS "x"'
    ),
    'SELECT "$path" FROM x': 'SELECT source_file AS "$path" FROM "db"."lake" AS "x"',
    "SELECT date_parse(eventtime, '%Y-%m-%dT%H:%i:%sZ') AT TIME ZONE 'UTC' AS t FROM x": (
        'SELECT DATE_PARSE(eventtime, \'%Y-%m-%dT%H:%i:%sZ\') AT TIME ZONE \'UTC\' AS "t" FROM "db"."lake" AS "x"'
    ),
    "SELECT filter(resources, r -> r.type = 'a')[1].arn FROM x": (
        'SELECT FILTER(resources, r -> r.type = \'a\')[1].arn AS "_col0" FROM "db"."lake" AS "x"'
    ),
}


@pytest.mark.parametrize("sql", WRITTEN)
def test_only_names_are_mapped(sql: str) -> None:
    assert sent(sql) == WRITTEN[sql]


@pytest.mark.parametrize("part", ["requestParameters.a[1]", "element_at(requestparameters, 'k')"])
def test_what_athena_has_no_words_for_is_refused(part: str) -> None:
    with pytest.raises(QueryError):
        sent(f"SELECT {part} FROM x")


@pytest.mark.parametrize(
    ("sql", "readings"),
    [
        ("SELECT 1", 0),
        ("SELECT 1 FROM x", 1),
        ("SELECT 1 FROM x, y WHERE x.eventid IN (SELECT eventid FROM z)", 3),
        ("WITH a AS (SELECT * FROM x) SELECT 1 FROM a", 1),
        ("WITH a AS (SELECT * FROM x), b AS (SELECT p.eventid FROM a p, a q) SELECT 1 FROM b r, b s", 4),
        ("SELECT 1 FROM x UNION ALL SELECT 2 FROM x", 2),
    ],
)
def test_readings_are_counted_as_athena_runs_them(sql: str, readings: int) -> None:
    assert translate_athena(sql, LAKE, {}).readings == readings
