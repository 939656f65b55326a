"""Count the calls of the store by dimensions, for the statistics of `anomalies`.

The dimensions of what was called and of who called repeat a thousand times. So each distinct set of them is found once
and numbered, each call becomes two numbers and a second, and cubes are counted over those: text is compared where there
are few. What must be taken out of JSON is asked of the few calls that have it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from ctaudit.engines import conditions
from ctaudit.engines.activity_dimensions import CALL, CALLER, IS_CALL, OF_CALL, RARE, SECOND, TIME, TRUTHS, spelled
from ctaudit.engines.interrupt import interruptible
from ctaudit.errors import QueryLimit
from ctaudit.query import Answer, Span
from ctaudit.store import embedded, reader
from ctaudit.store.layout import Layout
from ctaudit.store.views import segments_sql

Cube = tuple[tuple[str, ...], tuple[str, ...]]
"""Dimensions, and those that must be set for a call to count."""
_COUNTS = "count(*) AS n, min(second) AS first, max(second) AS last"


def counted(layout: Layout, span: Span, cubes: Mapping[str, Cube]) -> tuple[dict[str, pa.Table], Answer]:
    """Count the calls of a span.

    Args:
        layout: the store.
        span: which events count.
        cubes: what to count by, by name.

    Returns a table for each cube, its dimensions first, and what the answer leaves out. Raises StoreError when the
    store cannot be read, QueryLimit when memory runs out.
    """
    with reader.explained(layout), contextlib.closing(embedded.connect()) as connection:
        try:
            return interruptible(connection, lambda: _counted(connection, layout, span, cubes))
        except duckdb.OutOfMemoryException as error:
            advice = "narrow it with --since, --until, --account or --region"
            raise QueryLimit("there are more kinds of calls than memory holds", advice) from error


def _counted(
    connection: duckdb.DuckDBPyConnection, layout: Layout, span: Span, cubes: Mapping[str, Cube]
) -> tuple[dict[str, pa.Table], Answer]:
    snapshot = reader.snapshot(connection, layout, span)
    source, where = segments_sql(snapshot.segments), " AND ".join([IS_CALL, *conditions.span_conditions(span)])
    frequent = {name: cube for name, cube in cubes.items() if not _rare(cube)}
    _number(connection, source, where, {name for cube in frequent.values() for part in cube for name in part})
    tables = {
        name: connection.sql(
            _of_numbers(*cube) if name in frequent else _of_calls(source, where, *cube)
        ).to_arrow_table()
        for name, cube in cubes.items()
    }
    totals = snapshot.totals
    answer = Answer(
        *((), snapshot.events, snapshot.omitted, totals.faults),
        *((totals.first_time, totals.last_time), snapshot.events),
        gaps=snapshot.gaps,
        forgotten=snapshot.forgotten,
        unfinished=totals.unfinished,
        altered=totals.altered,
    )
    return tables, answer


def _rare(cube: Cube) -> set[str]:
    return {name for part in cube for name in part if name in RARE}


def _number(connection: duckdb.DuckDBPyConnection, source: str, where: str, used: set[str]) -> None:
    """Make the tables `what` and `who`, of distinct dimensions, and `calls`, of their numbers and seconds."""
    derived = {name: OF_CALL[name] for name in OF_CALL if name in used}
    used = used.union(*(needed for _, needed in derived.values()))
    what, who = ([name for name in side if name in used] or [next(iter(side))] for side in (CALL, CALLER))
    more = "".join(f", {sql} AS {name}" for name, (sql, _) in derived.items())
    for table, names, others in (("what", what, more), ("who", who, "")):
        connection.execute(
            f"""CREATE TEMP TABLE {table} AS SELECT (row_number() OVER ())::INTEGER AS id, *{others}
                FROM (SELECT DISTINCT {spelled(names)} FROM {source} AS calls WHERE {where})"""
        )
    connection.execute(
        f"""CREATE TEMP TABLE calls AS SELECT what.id AS what, who.id AS who, second
            FROM (SELECT {spelled([*what, *who])}, {SECOND} AS second FROM {source} AS calls WHERE {where}) AS each
            JOIN what ON {_same("what", what)} JOIN who ON {_same("who", who)}"""
    )


def _same(table: str, names: Sequence[str]) -> str:
    return " AND ".join(f"each.{name} IS NOT DISTINCT FROM {table}.{name}" for name in names)


def _of_numbers(dimensions: tuple[str, ...], having: tuple[str, ...]) -> str:
    """Return the SQL of a cube: its groups are found as numbers, and only then spelled as text."""
    parts, joins, outer = ["calls"], [], []
    for table, side in (("what", {**CALL, **OF_CALL}), ("who", CALLER)):
        names = [name for name in dimensions if name in side]
        must = [name if name in TRUTHS else f"{name} IS NOT NULL" for name in having if name in side]
        if not names and not must:
            continue
        ranked = f"dense_rank() OVER (ORDER BY {', '.join(names)})" if names else "1"
        kept = f"SELECT id AS {table}, {ranked} AS {table}_rank FROM {table} WHERE {' AND '.join(must) or 'true'}"
        parts.append(f"JOIN ({kept}) USING ({table})")
        if names:
            outer.append(f"{table}_rank")
            distinct = (
                f"SELECT {ranked} AS {table}_rank, {', '.join(names)} FROM {table} WHERE {' AND '.join(must) or 'true'}"
            )
            joins.append(f"JOIN (SELECT DISTINCT * FROM ({distinct})) USING ({table}_rank)")
    times = [f"{TIME[name]} AS {name}" for name in dimensions if name in TIME]
    groups = ", ".join([*outer, *times])
    order = ", ".join([*outer, *(name for name in dimensions if name in TIME)])
    grouped = f"SELECT {groups}{',' if groups else ''} {_COUNTS} FROM {' '.join(parts)} GROUP BY ALL"
    return f"""SELECT {", ".join([*dimensions, "n", "first", "last"])} FROM ({grouped}) {" ".join(joins)}
               {f"ORDER BY {order}" if order else ""}"""


def _of_calls(source: str, where: str, dimensions: tuple[str, ...], having: tuple[str, ...]) -> str:
    """Return the SQL of a cube with dimensions that only a few calls have."""
    only = sorted({RARE[name][1] for name in _rare((dimensions, having))})
    must = [name if name in TRUTHS else f"{name} IS NOT NULL" for name in having]
    inner = sorted({*dimensions, *having} - set(TIME))
    times = [f"{TIME[name]} AS {name}" for name in dimensions if name in TIME]
    named = [name for name in dimensions if name not in TIME]
    return f"""SELECT {", ".join([*dimensions, "n", "first", "last"])} FROM (
                 SELECT {", ".join([*named, *times])}, {_COUNTS}
                 FROM (SELECT {spelled(inner)}, {SECOND} AS second FROM {source} AS calls
                       WHERE {" AND ".join([where, *only])})
                 WHERE {" AND ".join(must) or "true"} GROUP BY ALL)
               ORDER BY ALL"""
