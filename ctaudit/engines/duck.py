"""Answer a Query with the embedded DuckDB, over the store's own segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import msgspec

from ctaudit.engines import conditions, lookup
from ctaudit.engines.interrupt import interruptible
from ctaudit.engines.lookup import Found, Relation
from ctaudit.engines.spelling import DUCKDB
from ctaudit.errors import QueryLimit
from ctaudit.query import Answer, Hit, Query, Record
from ctaudit.records.columns import ACCOUNT, EVENT, EXTRA, FILE_ID, RECORD
from ctaudit.store import embedded, reader, rebuild
from ctaudit.store.layout import Layout
from ctaudit.store.views import quote, segments_sql

_FETCH = 1000
_FEW = 500
"""Candidates up to which their rows are looked up one by one."""
_APART = 150
"""Segments that are read each by a SELECT of its own; planning one takes some milliseconds."""


def answer(layout: Layout, query: Query, limit: int | None) -> Answer:
    """Answer `query` from the store, with at most `limit` hits (None: all); all matches are counted.

    Raises StoreError when the store cannot be read, QueryLimit when the answer does not fit into memory.
    """
    with reader.explained(layout), embedded.engine() as connection:
        try:
            return interruptible(connection, lambda: _answer(connection, layout, query, limit))
        except duckdb.OutOfMemoryException as error:
            advice = "narrow it with --since, --until, --account, --region or --limit"
            raise QueryLimit("the answer needs more memory than there is", advice) from error


def _answer(connection: duckdb.DuckDBPyConnection, layout: Layout, query: Query, limit: int | None) -> Answer:
    snapshot = reader.snapshot(connection, layout, query.span)
    relation = Relation(f"{segments_sql(snapshot.segments)} e", rebuild.sql("e"), (FILE_ID, RECORD), DUCKDB)
    where = conditions.where(query, snapshot.names, DUCKDB)
    found, matched = _find(connection, relation, where, query.decide, limit)
    places = reader.places(connection, layout, [(row[4], row[5]) for row in found])
    return Answer(
        tuple(
            Hit(text, account, time, places[file, record], snapshot.account_names.get(account or ""))
            for text, account, time, _, file, record in found
        ),
        matched,
        snapshot.omitted,
        snapshot.totals.faults,
        (snapshot.totals.first_time, snapshot.totals.last_time),
        snapshot.events,
        snapshot.gaps,
        snapshot.forgotten,
        snapshot.totals.unfinished,
        snapshot.totals.altered,
    )


def _find(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    where: str,
    decide: Callable[[Record], bool] | None,
    limit: int | None,
) -> tuple[list[Found], int]:
    """Find the matches; where Python decides, a few candidates are read alone, many are streamed."""
    if decide is not None:
        source = f"{relation.source} WHERE {where}"
        connection.execute(f"CREATE TEMP TABLE candidates AS SELECT filename, file_row_number, eventtime FROM {source}")
        few = connection.execute(f"FROM candidates ORDER BY ALL LIMIT {_FEW + 1}").fetchall()
        if len(few) <= _FEW:
            return lookup.sift(_read_few(connection, few), decide, limit)
    return lookup.find(lambda sql: _rows(connection, sql), relation, where, decide, limit)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[tuple[Any, ...]]:
    cursor = connection.execute(sql)
    while batch := cursor.fetchmany(_FETCH):
        yield from batch


def _sources(places: Sequence[tuple[str, int, str | None]]) -> Iterator[str]:
    """Yield FROMs that together have some rows; of a few segments each by itself.

    The times of one segment's rows lie close together, so that its reader skips most of it.
    """
    files = sorted({path for path, _, _ in places})
    if len(files) > _APART:
        wanted = ", ".join(f"({quote(path)}, {number})" for path, number, _ in places)
        yield f"{segments_sql(files)} WHERE (filename, file_row_number) IN ({wanted})"
        return
    for file in files:
        mine = [(number, time) for path, number, time in places if path == file]
        where = f"file_row_number IN ({', '.join(str(number) for number, _ in mine)})"
        times = [time for _, time in mine if time is not None]
        if len(times) == len(mine):
            where += f" AND eventtime IN ({', '.join(map(quote, sorted(set(times))))})"
        yield f"{segments_sql([file])} WHERE {where}"


def _read_few(connection: duckdb.DuckDBPyConnection, places: Sequence[tuple[str, int, str | None]]) -> Iterator[Found]:
    """Read single rows: narrowing costs a third of reading all columns, and Python rebuilds a few records in less
    time than DuckDB needs to plan the expression that does it for many.
    """
    if not places:
        return
    columns = [field.name for field in EVENT] + [EXTRA, ACCOUNT, FILE_ID, RECORD]
    selected = f"SELECT {', '.join(columns)} FROM"
    for values in connection.execute(" UNION ALL ".join(f"{selected} {each}" for each in _sources(places))).fetchall():
        row = dict(zip(columns, values, strict=True))
        text = msgspec.json.encode(rebuild.record(row)).decode()
        yield text, row[ACCOUNT], row["eventtime"], row["eventid"], row[FILE_ID], row[RECORD]
