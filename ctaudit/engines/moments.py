"""When an event or some rare calls happened, found without reading anything else of the other events.

A lookup reads the columns that it searches of all events of its span, and compares in any letter case. Of an event id
the segments' Bloom filters know where it is not, of rare calls the catalog knows in which segments there are any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath

import duckdb

from ctaudit.engines.conditions import span_conditions
from ctaudit.engines.interrupt import interruptible
from ctaudit.query import NameTest, Span
from ctaudit.store import embedded, reader
from ctaudit.store.layout import Layout
from ctaudit.store.views import quote, segments_sql

_CREATED = "useridentity.sessioncontext.attributes.creationdate"
_WHO = "useridentity.principalid"
_EACH = 50
"""Calls of each name that are told, the latest."""
_NAMED = "CREATE OR REPLACE TEMP TABLE named AS SELECT DISTINCT date, name, eventname FROM segment_names"


def of_event(layout: Layout, event_id: str) -> list[str | None]:
    """Return the times of all events of this id, as it is written or in lower case; None for one without a time.

    Raises StoreError when the store cannot be read.
    """

    def ask(connection: duckdb.DuckDBPyConnection) -> list[str | None]:
        source = segments_sql(reader.snapshot(connection, layout, Span()).segments)
        ids = ", ".join(map(quote, sorted({event_id, event_id.lower()})))
        return _first(connection, f"SELECT DISTINCT eventtime FROM {source} WHERE eventid IN ({ids}) ORDER BY ALL")

    return _asked(layout, ask)


def of_sessions(layout: Layout, column: str, value: str, accounts: tuple[str, ...] = ()) -> list[str]:
    """Return when the first call of each session was made of which a column has the value, in order of time.

    With `accounts`, it is looked for in their logs alone.

    It is compared as it is written, and in any letter case when no call has it so. Calls that a service made on for a
    user, each of which begins a session in name, count as one.
    """

    def ask(connection: duckdb.DuckDBPyConnection) -> list[str | None]:
        source = segments_sql(reader.snapshot(connection, layout, Span(accounts=accounts)).segments)
        begun = f"CASE WHEN useridentity.type <> 'IAMUser' OR useridentity.invokedby IS NULL THEN {_CREATED} END"
        inside = "".join(f" AND {one}" for one in span_conditions(Span(accounts=accounts)))
        found: list[str | None] = []
        for test in (f"{column} = {quote(value)}", f"lower({column}) = {quote(value.lower())}"):
            grouped = f"SELECT min(eventtime) AS first FROM {source} WHERE {test}{inside} GROUP BY {begun}, {_WHO}"
            statement = f"SELECT DISTINCT first FROM ({grouped}) WHERE first IS NOT NULL ORDER BY first"
            found = found or _first(connection, statement)
        return found

    return [time for time in _asked(layout, ask) if time is not None]


def of_principal(layout: Layout, principal_id: str) -> str | None:
    """Return when a principal of this id first made a call that succeeded and whose record names it by its ARN."""

    def ask(connection: duckdb.DuckDBPyConnection) -> list[str | None]:
        source = segments_sql(reader.snapshot(connection, layout, Span()).segments)
        whose = f"{_WHO} = {quote(principal_id)} AND useridentity.arn IS NOT NULL AND errorcode IS NULL"
        return _first(connection, f"SELECT min(eventtime) FROM {source} WHERE {whose}")

    return _asked(layout, ask)[0]


def of_calls(layout: Layout, span: Span, names: NameTest, columns: Sequence[str], needles: Sequence[str]) -> list[str]:
    """Return times of successful calls of some names with one of the needles in a column; of each name the last.

    Raises StoreError when the store cannot be read.
    """

    def ask(connection: duckdb.DuckDBPyConnection) -> list[str | None]:
        snapshot = reader.snapshot(connection, layout, span, [_NAMED])
        called = sorted(
            {name for source, name, read in snapshot.names if name is not None and names(source, name, read)}
        )
        listed = ", ".join(map(quote, called)) or "NULL"
        there = connection.execute(f"SELECT DISTINCT date, name FROM named WHERE eventname IN ({listed})").fetchall()
        segments = set(there)
        paths = [path for path in snapshot.segments if segment_of(path) in segments]
        if not paths:
            return []
        wanted = [(column, quote(needle)) for column in columns for needle in (*needles, "\\u00")]
        held = " OR ".join(f"contains({column}, {needle})" for column, needle in wanted)
        where = [*span_conditions(span), f"eventname IN ({listed})", "errorcode IS NULL"]
        ranked = "row_number() OVER (PARTITION BY eventname ORDER BY eventtime DESC)"
        found = f"SELECT eventtime FROM {segments_sql(paths)} WHERE {' AND '.join(where)} AND ({held})"
        return _first(connection, f"{found} QUALIFY {ranked} <= {_EACH}")

    return sorted({time for time in _asked(layout, ask) if time is not None})


def _asked(layout: Layout, ask: Callable[[duckdb.DuckDBPyConnection], list[str | None]]) -> list[str | None]:
    with reader.explained(layout), embedded.engine() as connection:
        return interruptible(connection, lambda: ask(connection))


def _first(connection: duckdb.DuckDBPyConnection, statement: str) -> list[str | None]:
    return [row[0] for row in connection.execute(statement).fetchall()]


def segment_of(path: str) -> tuple[str, str]:
    """Return date and name of a segment."""
    parts = PurePath(path)
    return parts.parent.name.partition("=")[2], parts.name
