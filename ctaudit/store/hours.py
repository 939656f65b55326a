"""What the catalog knows of hours: events, deliveries of log files, proven windows, and what is known to be lacking.

The moments are seconds since 1970, hours are counted from then. Accounts and regions are those of the events, of the
names of log files, and of digests; an event without one belongs to no hour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import duckdb

from ctaudit.query import Span
from ctaudit.store.views import quote, segments_sql

Place = tuple[str, str]
"""Account and region."""
Seconds = tuple[int, int]
"""From (inclusive) and until (exclusive)."""

_LOG_NAME = (
    r"(?:^|/)([0-9]{12})_CloudTrail_([a-z]{2}[a-z0-9-]{1,30})_([0-9]{8}T[0-9]{4}Z)_?[A-Za-z0-9]{16}"
    r"\.json(?:\.[a-z0-9]+)*"
)
"""The last part of a path as CloudTrail names log files: account, region, minute of delivery.

AWS's documentation also shows a name without the `_` before its random part.
"""
_MEMBER = "(?:#member[0-9]+)?"
"""Ends the path of a further gzip member: no file of its own, but what cannot be read in it is lacking all the same."""


def _named(path: str, member: str = "") -> str:
    """Return SQL for the account, region and delivery in a path's last part: a struct with `a`, `r` and `t`."""
    return f"regexp_extract({path}, {quote(f'{_LOG_NAME}{member}$')}, ['a', 'r', 't'])"


_MOMENT = "try_strptime(n.t, '%Y%m%dT%H%MZ')"


def note_deliveries(connection: duckdb.DuckDBPyConnection) -> None:
    """Note of the contents in `incoming`, which are being taken into the ledger, when they were delivered.

    Names are read once, here: of a million paths it takes a second, which no lookup should.
    """
    connection.execute(
        f"""INSERT OR IGNORE INTO deliveries
            SELECT DISTINCT file_id, n.a, n.r, {_MOMENT} FROM (
              SELECT file_id, {_named("path")} AS n FROM incoming WHERE kind IN ('events', 'empty', 'known')
            ) WHERE n.a <> '' AND {_MOMENT} IS NOT NULL"""
    )


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
    ends: list[Seconds] = field(default_factory=list)
    """Gaps at the ends, where there is no digest that could tell what lacks."""


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


_ENDS = ("coverage.head", "coverage.tail", "coverage.no_digests", "coverage.nothing_found")
_FOREVER = 1 << 40
"""Seconds: beyond all times that can be written down."""
_DATED = "date <> 'unknown' AND account IS NOT NULL AND region IS NOT NULL"


def _chosen(span: Span, account: str = "account", region: str = "region") -> str:
    """Return the SQL condition on account and region that a span implies."""
    parts = ["true"]
    if span.accounts:
        parts.append(f"{account} IN ({', '.join(map(quote, span.accounts))})")
    if span.regions:
        parts.append(f"{region} IN ({', '.join(map(quote, span.regions))})")
    return " AND ".join(parts)


def _hour(moment: str) -> str:
    """Return SQL for the hour of a timestamp, counted from 1970."""
    return f"(epoch({moment})::BIGINT // 3600)"


def _of_text(column: str) -> str:
    """Return SQL for a moment, `YYYY-MM-DDTHH:MM:SSZ`, as a timestamp."""
    return f"try_cast({column} AS TIMESTAMP)"


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
        f"""SELECT account, region, {_hour(_of_text("min(first_time)"))}, {_hour(_of_text("max(last_time)"))} + 1
            FROM segment_partitions WHERE {_DATED} GROUP BY ALL""",
        True,
        True,
    ),
    (
        f"""SELECT account, region, {_hour("min(delivered)")}, {_hour("max(delivered)")} + 1
            FROM deliveries GROUP BY ALL""",
        False,
        True,
    ),
    (
        f"""SELECT account, region, {_hour(_of_text("min(since)"))},
                   (epoch({_of_text("max(until)")})::BIGINT + 3599) // 3600 FROM windows GROUP BY ALL""",
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

    where = _chosen(span)
    day = _hour("try_cast(date AS TIMESTAMP)")
    for account, region, days, masks in connection.execute(
        f"""SELECT account, region, list(day), list(hours) FROM (
              SELECT account, region, {day} AS day, bit_or(hours) AS hours FROM segment_partitions
              WHERE {_DATED} AND {where} AND {day} > ? - 24 AND {day} < ? GROUP BY ALL
            ) GROUP BY ALL""",
        [first, end],
    ).fetchall():
        of(account, region).days = dict(zip(days, masks, strict=True))
    hour = _hour("delivered")
    for account, region, delivered in connection.execute(
        f"""SELECT account, region, list(DISTINCT {hour}) FROM deliveries
            WHERE {where} AND {hour} >= ? AND {hour} < ? GROUP BY ALL""",
        [first, end],
    ).fetchall():
        of(account, region).deliveries = delivered
    for account, region, at in _absent(connection, span, first, end, _LOST):
        of(account, region).lost.append(at)
    for account, region, at in _absent(connection, span, first, end, _UNREAD):
        of(account, region).unread.append(at)
    _read_spans(connection, where, found)
    return found


_LOST = f"""
  WITH lost AS MATERIALIZED (
    SELECT key FROM listed ANTI JOIN contents USING (sha256) WHERE listed.integrity = 'proven'
  )
  SELECT {_named("key")} AS n FROM lost
"""
"""SQL: the names are read last, else those of all that is listed would be."""
_UNREAD = f"SELECT {_named('path', _MEMBER)} AS n FROM (SELECT DISTINCT path FROM faults)"


def _absent(
    connection: duckdb.DuckDBPyConnection, span: Span, first: int, end: int, source: str
) -> Iterator[tuple[str, str, int]]:
    """Yield account, region and moment of the log files that a relation names, delivered about the hours asked for."""
    yield from connection.execute(
        f"""SELECT DISTINCT n.a, n.r, epoch({_MOMENT})::BIGINT AS moment FROM ({source})
            WHERE n.a <> '' AND {_chosen(span, "n.a", "n.r")} AND moment >= ? AND moment < ? ORDER BY ALL""",
        [first * 3600, (end + 1) * 3600],
    ).fetchall()


def _read_spans(connection: duckdb.DuckDBPyConnection, where: str, found: dict[Place, Known]) -> None:
    since, until = (f"epoch({_of_text(column)})::BIGINT" for column in ("since", "until"))
    for account, region, start, stop in connection.execute(
        f"SELECT account, region, {since}, {until} FROM windows WHERE {where} ORDER BY ALL"
    ).fetchall():
        found.setdefault((account, region), Known()).windows.append((start, stop))
    for account, region, start, stop, code in connection.execute(
        f"SELECT account, region, {since}, {until}, code FROM gaps WHERE {where} ORDER BY ALL"
    ).fetchall():
        place = found.setdefault((account, region), Known())
        spans = place.ends if code in _ENDS else place.gaps
        spans.append((-_FOREVER if start is None else start, _FOREVER if stop is None else stop))


def stops(connection: duckdb.DuckDBPyConnection, end: int) -> dict[str, list[Seconds]]:
    """Return by account when trails were stopped; one that was not started again, up to the hour `end`.

    A trail of several regions is stopped in its home region, and the call does not say which regions it has: so a stop
    counts for all of its account's. Whether the trail is an organization's, which logs others too, is not told either.
    """
    found: dict[str, list[Seconds]] = defaultdict(list)
    stopped: dict[tuple[str, str], int] = {}
    moment = f"epoch({_of_text('time')})::BIGINT"
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


def read_oldest(connection: duckdb.DuckDBPyConnection, segments: Sequence[str]) -> None:
    """Note when the oldest event of each file was, in a table of the connection's own memory."""
    connection.execute(
        f"""CREATE TABLE memory.oldest AS SELECT file_id, min(eventtime) AS eventtime
            FROM {segments_sql(segments)} WHERE eventtime IS NOT NULL GROUP BY ALL"""
    )


def count_events(
    connection: duckdb.DuckDBPyConnection, segments: Sequence[str], span: Span, first: int, end: int
) -> dict[Place, dict[int, Counts]]:
    """Count the events by account, region and hour; those that do not count for coverage are left out."""
    counts: dict[Place, dict[int, Counts]] = {}
    hour = _hour(_of_text("eventtime"))
    for account, region, at, events in connection.execute(
        f"""SELECT account, awsregion, {hour} AS hour, count(*) FROM {segments_sql(segments)}
            WHERE account IS NOT NULL AND awsregion IS NOT NULL AND {_chosen(span, "account", "awsregion")}
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
    hour = _hour("delivered")
    oldest = f"epoch({_of_text('oldest.eventtime')})"
    for account, region, at, files, first, last, behind in connection.execute(
        f"""SELECT account, region, {hour} AS hour, count(DISTINCT file_id), strftime(min(delivered), '{_RFC}'),
                   strftime(max(delivered), '{_RFC}'),
                   count(DISTINCT file_id) FILTER (epoch(delivered) - {oldest} >= ?)
            FROM deliveries LEFT JOIN memory.oldest USING (file_id)
            WHERE {_chosen(span)} AND hour >= ? AND hour < ? GROUP BY ALL""",
        [late, *hours],
    ).fetchall():
        one = counts.setdefault((account, region), {}).setdefault(at, Counts())
        one.files, one.first, one.last, one.late = files, first, last, behind


_RFC = "%Y-%m-%dT%H:%M:%SZ"
