"""Drop the events of old dates for good; the ledger keeps what was read, and which dates were forgotten.

Whole dates only, in one transaction. Contents and paths stay, so the same evidence is not read again, and a validation
still has its verdicts on it. What is known of repeated events of those dates goes with their rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from ctaudit.errors import StoreError
from ctaudit.records.columns import UNKNOWN_DATE
from ctaudit.store import catalog, retire
from ctaudit.store.commit import refresh_views
from ctaudit.store.layout import Layout
from ctaudit.times import format_utc


@dataclass(frozen=True, slots=True)
class Plan:
    """What `forget` would drop."""

    until: str
    """The first date that stays."""
    dates: int
    first: str | None
    last: str | None
    segments: int
    events: int
    bytes: int
    undated: int
    """Events without a usable time: they stay."""


def plan(layout: Layout, until: str) -> Plan:
    """Tell what lies before the date `until`."""
    with catalog.reading(layout) as connection:
        return _plan(connection, until)


def _plan(connection: duckdb.DuckDBPyConnection, until: str) -> Plan:
    row = connection.execute(
        f"""SELECT count(DISTINCT date), min(date), max(date), count(*), coalesce(sum(rows), 0)::BIGINT,
                   coalesce(sum(bytes), 0)::BIGINT,
                   (SELECT coalesce(sum(rows), 0)::BIGINT FROM segments WHERE date = '{UNKNOWN_DATE}')
            FROM segments WHERE {_OLD}""",
        {"until": until},
    ).fetchone()
    assert row is not None  # an aggregate without GROUP BY always has one row
    return Plan(until, *row)


_OLD = f"date < $until AND date <> '{UNKNOWN_DATE}'"


def drop(layout: Layout, agreed: Plan, now: datetime) -> None:
    """Drop what was agreed on, in one transaction; raises StoreError when the store holds something else by now."""
    given = {"until": agreed.until}
    with catalog.writing(layout) as connection:
        if _plan(connection, agreed.until) != agreed:
            raise StoreError(f"the store {layout.root} has changed since it was looked at", "ask again")
        connection.execute(
            f"INSERT INTO forgotten SELECT date, sum(rows), $now FROM segments WHERE {_OLD} GROUP BY date ORDER BY 1",
            given | {"now": format_utc(now)},
        )
        dropped = connection.execute(f"SELECT date, name FROM segments WHERE {_OLD}", given).fetchall()
        retire.retire(connection, dropped, now)
        for table in ("duplicates", "conflicts"):
            connection.execute(f"DELETE FROM {table} WHERE {_OLD}", given)
        refresh_views(connection, layout)
