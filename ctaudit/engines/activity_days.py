"""Ask the catalog on which days there are events: where logs are, and what strays from them."""

from __future__ import annotations

import duckdb

from ctaudit.query import Span
from ctaudit.store import catalog, embedded, reader
from ctaudit.store.layout import Layout
from ctaudit.store.moments import chosen, hour_of, moment_of

Day = tuple[int, int, int, int]
"""Day since 1970, first and last hour with events, events."""


def days(layout: Layout, span: Span) -> list[Day]:
    """Return the days of a span's accounts and regions that have events, whenever, in order.

    Raises StoreError when the store cannot be read.
    """
    with reader.explained(layout), embedded.engine() as connection, catalog.attached(connection, layout):
        return _days(connection, span)


def _days(connection: duckdb.DuckDBPyConnection, span: Span) -> list[Day]:
    day = f"{hour_of('try_cast(date AS TIMESTAMP)')} // 24"
    first, last = hour_of(moment_of("min(first_time)")), hour_of(moment_of("max(last_time)"))
    return connection.execute(
        f"""SELECT * FROM (
              SELECT {day} AS day, {first} AS first, {last} AS last, sum(rows)::BIGINT FROM segment_partitions
              WHERE date <> 'unknown' AND {chosen(span)} GROUP BY ALL
            ) WHERE day IS NOT NULL AND first IS NOT NULL AND last IS NOT NULL ORDER BY ALL"""
    ).fetchall()
