"""Dates that were dropped from the store on purpose: what every answer about them must say."""

from __future__ import annotations

from typing import Any

import duckdb

from ctaudit.query import Forgotten, Span
from ctaudit.store.moments import moment_of


def touched(connection: duckdb.DuckDBPyConnection, span: Span) -> Forgotten | None:
    """Return what was forgotten of the days that a span touches; None when that is nothing.

    Accounts and regions are not looked at: the ledger keeps no word of them, and nothing must pass for covered.
    """
    row = connection.execute(
        """SELECT count(DISTINCT date), sum(events)::BIGINT, min(date), max(date) FROM forgotten
           WHERE coalesce(date || 'T23:59:59Z' >= $since, true) AND coalesce(date || 'T00:00:00Z' < $until, true)""",
        {"since": span.since, "until": span.until},
    ).fetchone()
    assert row is not None  # an aggregate without GROUP BY always has one row
    return Forgotten(*row) if row[0] else None


def each(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return what each `forget` dropped, in order of time."""
    rows = connection.execute(
        """SELECT "at", min(date), max(date), count(DISTINCT date), sum(events)::BIGINT FROM forgotten
           GROUP BY 1 ORDER BY 1"""
    ).fetchall()
    return [dict(zip(("at", "first_date", "last_date", "days", "events"), row, strict=True)) for row in rows]


def spans(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
    """Return the forgotten days as spans of seconds since 1970, until exclusive."""
    start = f"epoch({moment_of('date')})::BIGINT"
    return connection.execute(
        f"SELECT DISTINCT {start} AS start, start + 86400 FROM forgotten WHERE start IS NOT NULL ORDER BY 1"
    ).fetchall()


def sentences(found: Forgotten | None) -> tuple[str, ...]:
    """Return what an answer must say about days that were forgotten."""
    if found is None:
        return ()
    days = f"1 day ({found.first})" if found.days == 1 else f"{found.days} days ({found.first} to {found.last})"
    was = "was" if found.days == 1 else "were"
    return (f"{days} of what was asked for {was} forgotten, with {found.events} events; see: ctaudit status",)
