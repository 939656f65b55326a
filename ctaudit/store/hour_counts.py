"""Count what each hour has: events, from the segments, and log files with their deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from ctaudit.query import Span
from ctaudit.store.hours import Place
from ctaudit.store.moments import chosen, hour_of, moment_of
from ctaudit.store.views import segments_sql


@dataclass(slots=True)
class Counts:
    """What one hour of an account and region has."""

    events: int = 0
    files: int = 0
    first: str | None = None
    """The first delivery of a log file in it, RFC 3339."""
    last: str | None = None
    late: int = 0
    """Log files delivered in it long after their oldest event."""


def read_oldest(connection: duckdb.DuckDBPyConnection, segments: Sequence[str]) -> None:
    """Note when the oldest event of each file was, in a table of the connection."""
    connection.execute(
        f"""CREATE TEMP TABLE oldest AS SELECT file_id, min(eventtime) AS eventtime
            FROM {segments_sql(segments)} WHERE eventtime IS NOT NULL GROUP BY ALL"""
    )


def count_events(
    connection: duckdb.DuckDBPyConnection, segments: Sequence[str], span: Span, first: int, end: int
) -> dict[Place, dict[int, Counts]]:
    """Count the events by account, region and hour; those that do not count for coverage are left out."""
    counts: dict[Place, dict[int, Counts]] = {}
    hour = hour_of(moment_of("eventtime"))
    for account, region, at, events in connection.execute(
        f"""SELECT account, awsregion, {hour} AS hour, count(*) FROM {segments_sql(segments)}
            WHERE account IS NOT NULL AND awsregion IS NOT NULL AND {chosen(span, "account", "awsregion")}
            AND coalesce(eventcategory IN ('Management', 'Data'), true) AND hour >= ? AND hour < ? GROUP BY ALL""",
        [first, end],
    ).fetchall():
        counts.setdefault((account, region), {})[at] = Counts(events=events)
    return counts


def count_files(
    connection: duckdb.DuckDBPyConnection,
    counts: dict[Place, dict[int, Counts]],
    span: Span,
    hours: tuple[int, int],
    late: int,
) -> None:
    """Add to `counts` the log files by hour of delivery, and how many came `late` seconds after their oldest event."""
    hour = hour_of("delivered")
    oldest = f"epoch({moment_of('oldest.eventtime')})"
    for account, region, at, files, first, last, behind in connection.execute(
        f"""SELECT account, region, {hour} AS hour, count(DISTINCT file_id), strftime(min(delivered), '{_RFC}'),
                   strftime(max(delivered), '{_RFC}'),
                   count(DISTINCT file_id) FILTER (epoch(delivered) - {oldest} >= ?)
            FROM deliveries LEFT JOIN temp.oldest USING (file_id)
            WHERE {chosen(span)} AND hour >= ? AND hour < ? GROUP BY ALL""",
        [late, *hours],
    ).fetchall():
        one = counts.setdefault((account, region), {}).setdefault(at, Counts())
        one.files, one.first, one.last, one.late = files, first, last, behind


_RFC = "%Y-%m-%dT%H:%M:%SZ"
