"""Answer a Query with the embedded DuckDB: SQL narrows to candidates, the query's own test decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import duckdb
import msgspec

from ctaudit.engines.interrupt import interruptible
from ctaudit.errors import QueryLimit
from ctaudit.parse import parse
from ctaudit.query import Answer, AnySet, Condition, Contains, Hit, OneOf, Query, Record, Span
from ctaudit.records.columns import ACCOUNT, EVENT, EXTRA, FILE_ID, RECORD, Shape
from ctaudit.store import embedded, reader, rebuild
from ctaudit.store.layout import Layout
from ctaudit.store.views import quote, segments_sql

_COLUMNS = f"{rebuild.sql('e')}, {ACCOUNT}, eventtime, eventid, {FILE_ID}, {RECORD}"
_FETCH = 1000
_JSON = frozenset((EXTRA, *(field.name for field in EVENT if field.shape is Shape.JSON)))
_FEW = 500
"""Candidates up to which their rows are looked up one by one."""

_Found = tuple[str, str | None, str | None, str | None, int, int]
"""(record's JSON, account, time, event id, file id, record index) of a row."""


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
    source = f"{segments_sql(snapshot.segments)} e"
    where = _where(query, snapshot)
    if query.decide is None:
        found, matched = _select(connection, source, where, limit)
    else:
        found, matched = _sift(connection, source, where, query.decide, limit)
    found.sort(key=_order)
    places = reader.places(connection, layout, [(row[4], row[5]) for row in found])
    return Answer(
        tuple(Hit(text, account, time, places[file, record]) for text, account, time, _, file, record in found),
        matched,
        snapshot.omitted,
        snapshot.totals.faults,
        (snapshot.totals.first_time, snapshot.totals.last_time),
        snapshot.events,
        snapshot.gaps,
        snapshot.forgotten,
        snapshot.totals.unfinished,
    )


def _select(
    connection: duckdb.DuckDBPyConnection, source: str, where: str, limit: int | None
) -> tuple[list[_Found], int]:
    """Let DuckDB count, order and cut: its conditions decide alone."""
    counted = connection.execute(f"SELECT count(*) FROM {source} WHERE {where}").fetchone()
    assert counted is not None  # an aggregate without GROUP BY always has one row
    order = f"ORDER BY eventtime NULLS LAST, eventid NULLS FIRST, {FILE_ID}, {RECORD}"
    cut = "" if limit is None else f"LIMIT {limit}"
    return connection.execute(f"SELECT {_COLUMNS} FROM {source} WHERE {where} {order} {cut}").fetchall(), counted[0]


def _sift(
    connection: duckdb.DuckDBPyConnection, source: str, where: str, decide: Callable[[Record], bool], limit: int | None
) -> tuple[list[_Found], int]:
    """Pass the candidates by `decide`: a few are read alone, many are streamed."""
    connection.execute(f"CREATE TEMP TABLE candidates AS SELECT filename, file_row_number FROM {source} WHERE {where}")
    few = connection.execute(f"FROM candidates ORDER BY ALL LIMIT {_FEW + 1}").fetchall()
    if len(few) > _FEW:
        return _stream(connection, f"{source} WHERE {where}", decide, limit)
    found = [row for row in _read_few(connection, few) if decide(parse(row[0]))]
    return sorted(found, key=_order)[:limit], len(found)


def _read_few(connection: duckdb.DuckDBPyConnection, places: Sequence[tuple[str, int]]) -> Iterator[_Found]:
    """Read single rows: narrowing costs a third of reading all columns, and Python rebuilds a few records in less
    time than DuckDB needs to plan the expression that does it for many.
    """
    if not places:
        return
    source = segments_sql(sorted({path for path, _ in places}))
    wanted = ", ".join(f"({quote(path)}, {number})" for path, number in places)
    columns = [field.name for field in EVENT] + [EXTRA, ACCOUNT, FILE_ID, RECORD]
    where = f"(filename, file_row_number) IN ({wanted})"
    for values in connection.execute(f"SELECT {', '.join(columns)} FROM {source} WHERE {where}").fetchall():
        row = dict(zip(columns, values, strict=True))
        text = msgspec.json.encode(rebuild.record(row)).decode()
        yield text, row[ACCOUNT], row["eventtime"], row["eventid"], row[FILE_ID], row[RECORD]


def _stream(
    connection: duckdb.DuckDBPyConnection, rows: str, decide: Callable[[Record], bool], limit: int | None
) -> tuple[list[_Found], int]:
    """Stream rows past `decide`; of the matches at most twice `limit` are held."""
    kept: list[_Found] = []
    matched = 0
    cursor = connection.execute(f"SELECT {_COLUMNS} FROM {rows}")
    while batch := cursor.fetchmany(_FETCH):
        found = [row for row in batch if decide(parse(row[0]))]
        matched += len(found)
        kept.extend(found)
        if limit is not None and len(kept) > 2 * limit + _FETCH:
            kept = sorted(kept, key=_order)[:limit]
    return sorted(kept, key=_order)[:limit], matched


def _order(row: _Found) -> tuple[bool, str, str, str, int, int]:
    """Return the key of the total order; bodies of one id are told apart by their text, not by which file was first."""
    text, _, time, event_id, file, record = row
    return (time is None, time or "", event_id or "", text, file, record)


def _where(query: Query, snapshot: reader.Snapshot) -> str:
    parts = span_conditions(query.span)
    if query.names is not None:
        parts.append(_names({each[1] for each in snapshot.names if query.names(*each)}))
    return " AND ".join([*parts, *map(_condition, query.conditions)]) or "true"


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
    """Return the condition on event names.

    It is a list function on purpose: DuckDB turns IN into a join, and then evaluates everything else on all rows first.
    """
    listed = ", ".join(quote(name) for name in sorted(name for name in names if name is not None))
    tests = [f"list_contains([{listed}], eventname)"] if listed else []
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
        # JSON may write any letter as an escape; AWS does not, but then such a text must be looked at.
        tests += [f"contains({column}, '\\u00')" for column in condition.columns if column in _JSON]
        return f"({' OR '.join(tests)})"
    if isinstance(condition, OneOf):
        return f"lower({condition.column}) IN ({', '.join(map(quote, condition.values))})"
    if isinstance(condition, AnySet):
        return f"({' OR '.join(f'{column} IS NOT NULL' for column in condition.columns)})"
    return f"({' OR '.join(map(_condition, condition.conditions))})"


def _text(column: str) -> str:
    """Return SQL for a column as text; of `resources` the ARNs, the rest of an entry names nothing."""
    return "array_to_string(list_transform(resources, lambda r : r.arn), ' ')" if column == "resources" else column
