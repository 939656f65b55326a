"""Dates, accounts and regions derived from conditions: they are what a reader would say, and leave out no row."""

from __future__ import annotations

from functools import cache

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.translate import Translation, translate
from tests.dialect.asking import holding, rows
from tests.dialect.night import EVENTS, A, B

BOUNDS: dict[str, tuple[str | None, str | None]] = {
    "eventtime > '2026-03-11'": ("2026-03-11", None),
    "eventtime >= '2026-03-11T10:00:00Z' AND eventtime < '2026-03-12T00:00:00Z'": ("2026-03-11", "2026-03-12"),
    "'2026-03-11' < eventtime": ("2026-03-11", None),
    "eventtime BETWEEN '2026-03-11' AND '2026-03-12'": ("2026-03-11", "2026-03-12"),
    "eventtime LIKE '2026-03-11%'": ("2026-03-11", "2026-03-11"),
    "eventtime LIKE '2026-03-1%'": ("2026-03-01", "2026-03-31"),
    "eventtime LIKE '2026-03%'": ("2026-03-01", "2026-03-31"),
    "eventtime LIKE '%2026-03-11%'": (None, None),
    "eventtime >= '2026'": ("2026-01-01", None),
    "eventtime <= '2026-02'": (None, "2026-02-28"),
    "eventtime >= '2026/03/11'": (None, None),
    "eventtime <= '20260311'": (None, None),
    "eventtime = '2026-03-11T10:00:00Z'": ("2026-03-11", "2026-03-11"),
    "eventtime IN ('2026-03-11T10:00:00Z', '2026-03-09T10:00:00Z')": ("2026-03-09", "2026-03-11"),
    "NOT eventtime > '2026-03-11'": (None, None),
    "eventtime > '2026-03-11' OR eventname = 'x'": (None, None),
    "(eventtime > '2026-03-11' AND eventname = 'x')": ("2026-03-11", None),
    "from_iso8601_timestamp(eventtime) >= TIMESTAMP '2026-03-11 00:00:00'": ("2026-03-11", None),
    "from_iso8601_timestamp(eventtime) >= TIMESTAMP '2026-03-11 00:00:00 Asia/Tokyo'": ("2026-03-10", None),
    "from_iso8601_timestamp(eventtime) <= from_iso8601_timestamp('2026-03-11T23:00:00-05:00')": (None, "2026-03-12"),
    "date(from_iso8601_timestamp(eventtime)) = DATE '2026-03-11'": ("2026-03-11", "2026-03-11"),
    "date_parse(eventtime, '%Y-%m-%dT%H:%i:%sZ') > DATE '2026-03-11'": ("2026-03-11", None),
    "date_parse(eventtime, '%Y-%d-%mT%H:%i:%sZ') > DATE '2026-03-11'": (None, None),
    "year = '2026' AND month = '03'": ("2026-03-01", "2026-03-31"),
    "year = '2026' AND month = '3' AND day = '9'": ("2026-03-09", "2026-03-09"),
    "month = '03' AND day = '09'": (None, None),
    "year = '2026'": ("2026-01-01", "2026-12-31"),
    "dt >= '2026/03/11' AND dt <= '2026/03/12'": ("2026-03-11", "2026-03-12"),
    "date = '2026-03-11'": ("2026-03-11", "2026-03-11"),
    "date_partition BETWEEN '20260311' AND '20260312'": ("2026-03-11", "2026-03-12"),
    "eventtime > useragent": (None, None),
    "eventtime > '2026-02-30'": (None, None),
    "eventtime > '0000-00-00'": (None, None),
    "useragent > '2026-03-11'": (None, None),
    "eventtime > '2026-03-11' AND eventtime > '2026-03-12'": ("2026-03-12", None),
}


@pytest.mark.parametrize("condition", BOUNDS)
def test_a_condition_bounds_the_dates(condition: str) -> None:
    found = translate(f"SELECT eventid FROM t WHERE {condition}")
    assert (found.since, found.until) == BOUNDS[condition]


@pytest.mark.parametrize(
    ("sql", "since"),
    [
        (
            "SELECT 1 FROM t WHERE eventtime > '2026-03-11' UNION ALL SELECT 2 FROM t WHERE eventtime > '2026-03-09'",
            "2026-03-09",
        ),
        ("SELECT 1 FROM t WHERE eventtime > '2026-03-11' UNION ALL SELECT 2 FROM t", None),
        ("SELECT 1 FROM t a JOIN t b ON a.eventid = b.eventid WHERE a.eventtime > '2026-03-11'", None),
        (
            "SELECT 1 FROM t a JOIN t b USING (eventid) WHERE a.eventtime > '2026-03-11' AND b.eventtime > '2026-03-10'",
            "2026-03-10",
        ),
        ("SELECT 1 FROM t WHERE eventtime > '2026-03-11' AND eventid IN (SELECT eventid FROM t)", None),
        ("WITH a AS (SELECT * FROM t WHERE eventtime > '2026-03-11') SELECT 1 FROM a", "2026-03-11"),
        ("SELECT 1 FROM (SELECT eventname AS eventtime FROM t) AS x WHERE eventtime > '2026-03-11'", None),
        ("SELECT 1 FROM t LEFT JOIN (SELECT 'z' AS eventtime) AS x ON true WHERE x.eventtime > '2026-03-11'", None),
    ],
)
def test_every_mention_of_the_events_counts(sql: str, since: str | None) -> None:
    assert translate(sql).since == since


def test_accounts_and_regions_are_bounded() -> None:
    found = translate("SELECT 1 FROM t WHERE account_id IN ('1', '2') AND recipientaccountid = '2' AND awsregion = 'x'")
    assert (found.accounts, found.regions) == (("2",), ("x",))
    either = translate("SELECT 1 FROM t WHERE account = '1' UNION ALL SELECT 1 FROM t WHERE account = '2'")
    assert either.accounts == ("1", "2")
    assert translate("SELECT 1 FROM t WHERE account = '1' OR region = 'x'").accounts is None


# A property: what is pruned away could not have matched


TIMES = (
    "2026-03-10",
    "2026-03-11T10:05:00Z",
    "2026-03",
    "2026",
    "2026-03-12 00:00:00",
    "2026-03-11T23:59:59+02:00",
    "2026/03/11",
    "x",
    "",
)
OPERATORS = (">", ">=", "<", "<=", "=")
_literal = st.sampled_from(TIMES)
_instant = st.sampled_from(
    ["2026-03-10", "2026-03-11 10:05:00", "2026-03-12 00:00:00", "2026-03-11 23:59:59 Asia/Tokyo"]
)
_atoms = st.one_of(
    st.builds("eventtime {} '{}'".format, st.sampled_from(OPERATORS), _literal),
    st.builds("'{1}' {0} eventtime".format, st.sampled_from(OPERATORS), _literal),
    st.builds("eventtime BETWEEN '{}' AND '{}'".format, _literal, _literal),
    st.builds("eventtime LIKE '{}%'".format, _literal),
    st.builds("eventtime IN ('{}', '{}')".format, _literal, _literal),
    st.builds("from_iso8601_timestamp(eventtime) {} TIMESTAMP '{}'".format, st.sampled_from(OPERATORS), _instant),
    st.builds(
        "date(from_iso8601_timestamp(eventtime)) {} DATE '2026-03-{}'".format,
        st.sampled_from(OPERATORS),
        st.sampled_from(["10", "11", "12"]),
    ),
    st.builds("dt {} '2026/03/{}'".format, st.sampled_from(OPERATORS), st.sampled_from(["1", "10", "11", "12"])),
    st.builds("date {} '2026-03-{}'".format, st.sampled_from(OPERATORS), st.sampled_from(["10", "11", "12"])),
    st.builds(
        "year = '{}' AND month = '{}'".format,
        st.sampled_from(["2026", "2025"]),
        st.sampled_from(["03", "3", "4", "13"]),
    ),
    st.builds("day = '{}'".format, st.sampled_from(["10", "11", "1"])),
    st.builds("account {} '{}'".format, st.sampled_from(["=", "<>"]), st.sampled_from([A, B, "0"])),
    st.builds("recipientaccountid IN ('{}', '0')".format, st.sampled_from([A, B])),
    st.builds("region = '{}'".format, st.sampled_from(["us-east-1", "eu-west-1"])),
    st.just("errorcode IS NULL"),
)
_conditions = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
    ),
    max_leaves=4,
)
_queries = st.one_of(
    st.builds("SELECT eventid FROM t WHERE {}".format, _conditions),
    st.builds(
        "SELECT eventid FROM t WHERE {} UNION ALL SELECT eventname FROM t WHERE {}".format, _conditions, _conditions
    ),
    st.builds(
        "SELECT a.eventid, b.eventid FROM t a JOIN t b ON a.awsregion = b.awsregion WHERE a.eventtime > '{}' AND b.eventtime < '{}'".format,
        _literal,
        _literal,
    ),
    st.builds(
        "SELECT a.eventid, b.eventid FROM t a LEFT JOIN t b ON a.awsregion = b.awsregion AND b.eventtime > '{}' WHERE a.eventtime < '{}'".format,
        _literal,
        _literal,
    ),
    st.builds(
        "SELECT eventid FROM t WHERE eventtime > '{}' AND eventname IN (SELECT eventname FROM t WHERE {})".format,
        _literal,
        _conditions,
    ),
    st.builds("WITH x AS (SELECT * FROM t WHERE {}) SELECT eventid FROM x WHERE {}".format, _conditions, _conditions),
)


@cache
def night() -> duckdb.DuckDBPyConnection:
    connection = holding(EVENTS)
    connection.execute("ALTER TABLE cloudtrail_logs RENAME TO everything")
    return connection


def kept(found: Translation) -> str:
    """Return the condition on partitions that the translation's bounds allow."""
    parts = ["true"]
    if found.since is not None:
        parts.append(f"date <> 'unknown' AND date >= '{found.since}'")
    if found.until is not None:
        parts.append(f"date <> 'unknown' AND date <= '{found.until}'")
    for name, values in (("account", found.accounts), ("region", found.regions)):
        if values is not None:
            parts.append(f"{name} IN ({', '.join(repr(value) for value in values) or 'NULL'})")
    return " AND ".join(parts)


def answer(sql: str, where: str) -> list[str] | str:
    night().execute(f"CREATE OR REPLACE VIEW cloudtrail_logs AS SELECT * FROM everything WHERE {where}")
    try:
        return sorted(map(repr, rows(night(), sql)))
    except duckdb.Error as error:
        return str(error)[:20]


@settings(max_examples=120, deadline=None)
@given(_queries, st.sampled_from([Dialect.ATHENA, Dialect.ATHENA, Dialect.LAKE]))
def test_what_is_pruned_away_changes_no_answer(sql: str, dialect: Dialect) -> None:
    assume(dialect is Dialect.ATHENA or " LIKE " not in sql)  # Lake has no text there to match
    found = translate(sql, dialect)
    whole = answer(found.sql, "true")
    if isinstance(whole, list):  # a query that fails on a row may not fail without that row
        assert answer(found.sql, kept(found)) == whole, sql


def test_the_property_sees_bounds() -> None:
    """Of a condition that prunes, the rest is not the whole, so that the property above can fail."""
    found = translate("SELECT eventid FROM t WHERE eventtime > '2026-03-12'")
    assert kept(found) == "true AND date <> 'unknown' AND date >= '2026-03-12'"
    assert len(answer("SELECT eventid FROM cloudtrail_logs", kept(found))) < len(EVENTS)
