"""Answer a Query with the embedded DuckDB: SQL narrows to candidates, the query's own test decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from ctaudit.engines.interrupt import interruptible
from ctaudit.query import Answer, Condition, Contains, Hit, OneOf, Place, Query, Span
from ctaudit.records.columns import ACCOUNT, EVENT, EXTRA, FILE_ID, RECORD
from ctaudit.store import reader, rebuild
from ctaudit.store.catalog import CONFIG
from ctaudit.store.layout import Layout
from ctaudit.store.views import quote, segments_sql

_COLUMNS = (*(field.name for field in EVENT), ACCOUNT, FILE_ID, RECORD, EXTRA)
_FETCH = 1000


def answer(layout: Layout, query: Query, limit: int | None) -> Answer:
    """Answer `query` from the store, with at most `limit` hits (None: all); all matches are counted.

    Raises StoreError when the store cannot be read.
    """
    with duckdb.connect(config=CONFIG) as connection:
        return interruptible(connection, lambda: _answer(connection, layout, query, limit))


def _answer(connection: duckdb.DuckDBPyConnection, layout: Layout, query: Query, limit: int | None) -> Answer:
    snapshot = reader.snapshot(connection, layout, query.span)
    source = segments_sql(snapshot.segments)
    where = _where(connection, source, query)
    rows, matched = _rows(connection, source, where, query, limit)
    places = reader.places(connection, layout, [(row[FILE_ID], row[RECORD]) for row, _ in rows])
    return Answer(
        tuple(_hit(row, record, places) for row, record in rows),
        matched,
        snapshot.omitted,
        snapshot.totals.faults,
        (snapshot.totals.first_time, snapshot.totals.last_time),
        snapshot.events,
    )


def _rows(
    connection: duckdb.DuckDBPyConnection, source: str, where: str, query: Query, limit: int | None
) -> tuple[list[tuple[dict[str, Any], dict[str, Any]]], int]:
    """Return the matching rows, cut at `limit`, with their records, and how many matched."""
    order = f"eventtime NULLS LAST, eventid, {FILE_ID}, {RECORD}"
    select = f"SELECT {', '.join(_COLUMNS)} FROM {source} WHERE {where} ORDER BY {order}"
    kept: list[tuple[dict[str, Any], dict[str, Any]]] = []
    if query.decide is None:
        counted = connection.execute(f"SELECT count(*) FROM {source} WHERE {where}").fetchone()
        assert counted is not None
        cut = "" if limit is None else f" LIMIT {limit}"
        return [(row, rebuild.record(row)) for row in _fetch(connection, select + cut)], counted[0]
    matched = 0
    for row in _fetch(connection, select):
        record = rebuild.record(row)
        if query.decide(record):
            matched += 1
            if limit is None or len(kept) < limit:
                kept.append((row, record))
    return kept, matched


def _fetch(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(sql)
    while rows := cursor.fetchmany(_FETCH):
        for row in rows:
            yield dict(zip(_COLUMNS, row, strict=True))


def _hit(row: dict[str, Any], record: dict[str, Any], places: Mapping[tuple[int, int], tuple[Place, ...]]) -> Hit:
    return Hit(record, row[ACCOUNT], row["eventtime"], places[row[FILE_ID], row[RECORD]])


def _where(connection: duckdb.DuckDBPyConnection, source: str, query: Query) -> str:
    parts = [*span_conditions(query.span), *map(_condition, query.conditions)]
    if query.names is not None:
        where = " AND ".join(span_conditions(query.span)) or "true"
        found = connection.execute(
            f"SELECT DISTINCT eventsource, eventname, readonly FROM {source} WHERE {where}"
        ).fetchall()
        wanted = {name for service, name, flag in found if query.names(service, name, _FLAGS.get(flag))}
        parts.append(_names(wanted))
    return " AND ".join(parts) or "true"


_FLAGS = {"true": True, "false": False}


def span_conditions(span: Span) -> list[str]:
    """Return the SQL conditions of a span; the one on `date` lets DuckDB skip whole segments."""
    parts: list[str] = []
    if span.since is not None:
        parts += [f"eventtime >= {quote(span.since)}", f"date >= {quote(span.since[:10])}"]
    if span.until is not None:
        parts += [f"eventtime < {quote(span.until)}", f"date <= {quote(span.until[:10])}"]
    if span.accounts:
        parts.append(f"{ACCOUNT} IN ({', '.join(map(quote, span.accounts))})")
    if span.regions:
        parts.append(f"awsregion IN ({', '.join(map(quote, span.regions))})")
    return parts


def _names(names: set[str | None]) -> str:
    listed = ", ".join(quote(name) for name in sorted(name for name in names if name is not None))
    tests = [f"eventname IN ({listed})"] if listed else []
    if None in names:
        tests.append("eventname IS NULL")
    return f"({' OR '.join(tests)})" if tests else "false"


def _condition(condition: Condition) -> str:
    if isinstance(condition, Contains):
        tests = [
            f"contains(lower({_text(column)}), {quote(needle)})"
            for column in condition.columns
            for needle in condition.needles
        ]
        return f"({' OR '.join(tests)})"
    if isinstance(condition, OneOf):
        return f"lower({condition.column}) IN ({', '.join(map(quote, condition.values))})"
    return f"{condition.column} IS {'NOT ' if condition.yes else ''}NULL"


_STRUCTURED = ("useridentity", "resources")


def _text(column: str) -> str:
    """Return SQL for a column as text; nested ones are searched in their printed form."""
    return f"{column}::VARCHAR" if column in _STRUCTURED else column
