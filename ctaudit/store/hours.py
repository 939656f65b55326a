"""What the catalog knows of hours: events, deliveries of log files, proven windows, and what is known to be lacking.

The moments are seconds since 1970, hours are counted from then. Accounts and regions are those of the events, of the
names of log files, and of digests; an event without one belongs to no hour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb

from ctaudit.query import Span
from ctaudit.store.deliveries import MEMBER, MOMENT, named
from ctaudit.store.moments import chosen, hour_of, moment_of

Place = tuple[str, str]
"""Account and region."""
Seconds = tuple[int, int]
"""From (inclusive) and until (exclusive)."""


@dataclass(slots=True)
class Reach:
    """Between which hours anything in the store speaks of an account and region."""

    first: int | None = None
    """Of events and proven digests: the log files of a last hour are delivered in the next one."""
    end: int | None = None
    last_heard: int | None = None
    """The hour of its newest event or delivery of a log file."""
    active: int = 0
    """In how many hours there are events; counted only when asked for."""

    def stretch(self, first: int, end: int) -> None:
        self.first = first if self.first is None else min(self.first, first)
        self.end = end if self.end is None else max(self.end, end)


@dataclass(slots=True)
class Known:
    """What the catalog says of the hours of one account and region."""

    days: dict[int, int] = field(default_factory=dict)
    """The hour from which a day begins -> the hours with events, one bit each."""
    deliveries: list[int] = field(default_factory=list)
    """Hours in which log files were delivered."""
    windows: list[Seconds] = field(default_factory=list)
    """What proven digests account for."""
    lost: list[int] = field(default_factory=list)
    """When log files were delivered that a proven digest lists and the store has not."""
    unread: list[int] = field(default_factory=list)
    """When log files were delivered that could not be read whole."""
    gaps: list[Seconds] = field(default_factory=list)
    """Of what a validation found: where something is known to lack."""
    unaccounted: list[Seconds] = field(default_factory=list)
    """And where no proven digest tells whether anything lacks."""


_KNOWN_LACKS = ("log.missing", "digest.missing", "coverage.temporal_gap", "coverage.restart_gap")
"""Gaps in which something is known to be gone, or logging to have stopped; in the others no digest is proven."""
_FOREVER = 1 << 40
"""Seconds: beyond all times that can be written down."""
_DATED = "date <> 'unknown' AND account IS NOT NULL AND region IS NOT NULL"


def places(connection: duckdb.DuckDBPyConnection, *, activity: bool = False) -> dict[Place, Reach]:
    """Return the accounts and regions that anything in the catalog speaks of, whenever, and how far that reaches."""
    found: dict[Place, Reach] = {}
    for sql, stretches, heard in _SPEAKERS:
        for account, region, first, end in connection.execute(sql).fetchall():
            reach = found.setdefault((account, region), Reach())
            if stretches and first is not None and end is not None:
                reach.stretch(first, end)
            if heard and end is not None:
                reach.last_heard = max(reach.last_heard or end - 1, end - 1)
    if activity:
        for account, region, count in connection.execute(
            f"""SELECT account, region, sum(bit_count(hours)) FROM (
                  SELECT account, region, bit_or(hours) AS hours FROM segment_partitions
                  WHERE {_DATED} GROUP BY account, region, date
                ) GROUP BY ALL"""
        ).fetchall():
            found[account, region].active = int(count)
    return found


_SPEAKERS = (
    (
        f"""SELECT account, region, {hour_of(moment_of("min(first_time)"))}, {hour_of(moment_of("max(last_time)"))} + 1
            FROM segment_partitions WHERE {_DATED} GROUP BY ALL""",
        True,
        True,
    ),
    (
        f"""SELECT account, region, {hour_of("min(delivered)")}, {hour_of("max(delivered)")} + 1
            FROM deliveries GROUP BY ALL""",
        False,
        True,
    ),
    (
        f"""SELECT account, region, {hour_of(moment_of("min(since)"))},
                   (epoch({moment_of("max(until)")})::BIGINT + 3599) // 3600 FROM windows GROUP BY ALL""",
        True,
        False,
    ),
    ("SELECT DISTINCT account, region, NULL, NULL FROM gaps", False, False),
)
"""SQL for account, region, first hour and end; whether those bound what the store speaks of; whether they are files."""


def known(connection: duckdb.DuckDBPyConnection, span: Span, first: int, end: int) -> dict[Place, Known]:
    """Return all that the catalog says of the hours from `first` on, before `end`, by account and region."""
    found: dict[Place, Known] = {}

    def of(account: str, region: str) -> Known:
        return found.setdefault((account, region), Known())

    where = chosen(span)
    day = hour_of("try_cast(date AS TIMESTAMP)")
    for account, region, days, masks in connection.execute(
        f"""SELECT account, region, list(day), list(hours) FROM (
              SELECT account, region, {day} AS day, bit_or(hours) AS hours FROM segment_partitions
              WHERE {_DATED} AND {where} AND {day} > ? - 24 AND {day} < ? GROUP BY ALL
            ) GROUP BY ALL""",
        [first, end],
    ).fetchall():
        of(account, region).days = dict(zip(days, masks, strict=True))
    hour = hour_of("delivered")
    for account, region, delivered in connection.execute(
        f"""SELECT account, region, list(DISTINCT {hour}) FROM deliveries
            WHERE {where} AND {hour} >= ? AND {hour} < ? GROUP BY ALL""",
        [first, end],
    ).fetchall():
        of(account, region).deliveries = delivered
    connection.execute(_READ_LOST)
    for account, region, at in _absent(connection, span, first, end, _LOST):
        of(account, region).lost.append(at)
    for account, region, at in _absent(connection, span, first, end, _UNREAD):
        of(account, region).unread.append(at)
    _read_spans(connection, where, found)
    return found


_READ_LOST = """
  CREATE OR REPLACE TEMP TABLE lost AS
  SELECT key FROM listed ANTI JOIN contents USING (sha256) WHERE listed.integrity = 'proven'
"""
"""SQL: a table of its own, since DuckDB would read the names of all that is listed before it looks for what lacks."""
_LOST = f"SELECT {named('key')} AS n FROM temp.lost"
_UNREAD = (
    f"SELECT {named('path', MEMBER)} AS n FROM (SELECT DISTINCT path FROM faults WHERE NOT starts_with(kind, 'log.'))"
)


def _absent(
    connection: duckdb.DuckDBPyConnection, span: Span, first: int, end: int, source: str
) -> Iterator[tuple[str, str, int]]:
    """Yield account, region and moment of the log files that a relation names, delivered about the hours asked for."""
    yield from connection.execute(
        f"""SELECT DISTINCT n.a, n.r, epoch({MOMENT})::BIGINT AS moment FROM ({source})
            WHERE n.a <> '' AND {chosen(span, "n.a", "n.r")} AND moment >= ? AND moment < ? ORDER BY ALL""",
        [first * 3600, (end + 1) * 3600],
    ).fetchall()


def _read_spans(connection: duckdb.DuckDBPyConnection, where: str, found: dict[Place, Known]) -> None:
    since, until = (f"epoch({moment_of(column)})::BIGINT" for column in ("since", "until"))
    for account, region, start, stop in connection.execute(
        f"SELECT account, region, {since}, {until} FROM windows WHERE {where} ORDER BY ALL"
    ).fetchall():
        found.setdefault((account, region), Known()).windows.append((start, stop))
    for account, region, start, stop, code in connection.execute(
        f"SELECT account, region, {since}, {until}, code FROM gaps WHERE {where} ORDER BY ALL"
    ).fetchall():
        place = found.setdefault((account, region), Known())
        spans = place.gaps if code in _KNOWN_LACKS else place.unaccounted
        spans.append((-_FOREVER if start is None else start, _FOREVER if stop is None else stop))


def stops(connection: duckdb.DuckDBPyConnection, end: int) -> dict[str, list[Seconds]]:
    """Return by account when trails were stopped; one that was not started again, up to the hour `end`.

    A trail of several regions is stopped in its home region, and the call does not say which regions it has: so a stop
    counts for all of its account's. Whether the trail is an organization's, which logs others too, is not told either.
    """
    found: dict[str, list[Seconds]] = defaultdict(list)
    stopped: dict[tuple[str, str], int] = {}
    moment = f"epoch({moment_of('time')})::BIGINT"
    for account, trail, when, starts in connection.execute(
        f"SELECT DISTINCT account, trail, {moment}, starts FROM trail_stops WHERE {moment} < ? ORDER BY 1, 2, 3, 4",
        [end * 3600],
    ).fetchall():
        if not starts:
            stopped.setdefault((account, trail), when)
        elif (account, trail) in stopped:
            found[account].append((stopped.pop((account, trail)), when))
    for (account, _), since in stopped.items():
        found[account].append((since, end * 3600))
    return dict(found)


def buckets(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the buckets that validated digests say trails deliver into."""
    return frozenset(row[0] for row in connection.execute("SELECT name FROM log_buckets").fetchall())
