"""Count who called an API before an episode and in it, by the attributes that Insights events name."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from ctaudit.engines import conditions
from ctaudit.engines.caller_patterns import ROLE
from ctaudit.engines.interrupt import interruptible
from ctaudit.engines.spelling import DUCKDB
from ctaudit.errors import QueryLimit
from ctaudit.query import OneOf, Query, Span
from ctaudit.store import embedded, reader
from ctaudit.store.layout import Layout
from ctaudit.store.views import quote, segments_sql

Row = tuple[str, str, str, int, int, int]
"""ARN, user agent, error code (`null` where absent); calls before the episode, in it, in its first minute."""


def attributions(
    layout: Layout, span: Span, start: str, minute: str, source: str, name: str, error: str | None
) -> Sequence[Row]:
    """Count the calls of one API.

    Args:
        layout: the store.
        span: the account and region, from the begin of the baseline to the end of the episode.
        start: when the episode begins.
        minute: when its first minute ends.
        source: the event source.
        name: the event name.
        error: only calls that failed with this code; None for all that change something.

    Raises StoreError when the store cannot be read, QueryLimit when memory runs out.
    """
    with reader.explained(layout), embedded.engine() as connection:
        try:
            return interruptible(
                connection, lambda: _ask(connection, layout, span, (start, minute), (source, name, error))
            )
        except duckdb.OutOfMemoryException as error_:
            raise QueryLimit(
                "there are more callers than memory holds", "narrow it with --since or --until"
            ) from error_


def _ask(
    connection: duckdb.DuckDBPyConnection,
    layout: Layout,
    span: Span,
    times: tuple[str, str],
    api: tuple[str, str, str | None],
) -> Sequence[Row]:
    source, name, error = api
    start, minute = map(quote, times)
    segments = segments_sql(reader.snapshot(connection, layout, span).segments)
    wanted = Query(span, conditions=(OneOf("eventsource", (source.lower(),)),))
    own = f"errorcode = {quote(error)}" if error is not None else "readonly = 'false'"
    return connection.execute(
        f"""SELECT coalesce(regexp_replace(useridentity.arn, '{ROLE}', '\\1'), 'null'), coalesce(useragent, 'null'),
                   coalesce(errorcode, 'null'), count(*) FILTER (eventtime < {start}),
                   count(*) FILTER (eventtime >= {start}),
                   count(*) FILTER (eventtime >= {start} AND eventtime < {minute})
            FROM {segments} WHERE {conditions.where(wanted, (), DUCKDB)}
              AND eventname = {quote(name)} AND {own} GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
