"""Read the store at one moment: which segments a span needs, what it leaves out, and where rows came from."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ctaudit.errors import StoreChanged, StoreError
from ctaudit.query import Forgotten, Place, Span
from ctaudit.records.columns import UNKNOWN_DATE
from ctaudit.store import account_names, catalog, forgotten
from ctaudit.store.layout import EMPTY, Layout

RESTORE = "restore it from a copy, or ingest the evidence into a new store"
"""What to try when a segment is damaged or gone."""


@contextlib.contextmanager
def explained(layout: Layout) -> Iterator[None]:
    """Turn DuckDB's trouble with the segments into a StoreError that says what to try.

    It is StoreChanged when a segment is gone that the catalog does not name any more: the question took longer than
    replaced segments stay.
    """
    try:
        yield
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        raise _trouble(layout, str(error).strip().partition("\n")[0]) from error


def unreadable(layout: Layout, said: str) -> StoreError:
    return StoreError(f"the store {layout.root} cannot be read: {said}", RESTORE)


def _trouble(layout: Layout, said: str) -> StoreError:
    """Tell a segment that was replaced meanwhile from one that is gone or damaged, by the path in what was said."""
    for date, name in _SEGMENT.findall(said):
        if not layout.segment(date, name).exists() and not _is_named(layout, date, name):
            return StoreChanged(f"the store {layout.root} was changed while the question was answered", "ask again")
    return unreadable(layout, said)


_SEGMENT = re.compile(r"date=([^/]*)/([0-9a-f]+\.parquet)")


def _is_named(layout: Layout, date: str, name: str) -> bool:
    with catalog.reading(layout) as connection:
        found = connection.execute("SELECT 1 FROM segments WHERE date = ? AND name = ?", [date, name]).fetchone()
    return found is not None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a question needs to know of the store, taken in one short reading of the catalog."""

    layout: Layout
    totals: catalog.Totals
    segments: tuple[str, ...]
    """Paths of the segments that can hold rows of the span; never empty."""
    events: int
    """Events in the partitions that the span touches."""
    omitted: dict[str, int]
    """Events that the span's own filters cannot judge."""
    gaps: int
    """What validations found to be gone or uncovered in the span."""
    names: tuple[tuple[str | None, str | None, bool | None], ...]
    """Each (event source, event name, readOnly) that occurs in those segments."""
    forgotten: Forgotten | None
    """Days of the span that were dropped on purpose."""
    account_names: Mapping[str, str]
    """What accounts are called, by account."""


def snapshot(
    connection: duckdb.DuckDBPyConnection,
    layout: Layout,
    span: Span,
    copies: Sequence[str] = (),
    within: Span = Span(),  # noqa: B008 - a frozen value
) -> Snapshot:
    """Read the catalog through `connection`, an in-memory one, and close it again.

    `copies` is SQL that takes along what else the question needs of this very moment. `within` is a span outside which
    the question itself passes over every event: it leaves out segments, and is no part of what was asked for.
    """
    with catalog.attached(connection, layout):
        for statement in copies:
            connection.execute(statement)
        where, params = _both(span, within)
        rows = connection.execute(
            f"""SELECT date, name, bytes FROM segments
                SEMI JOIN (SELECT date, name FROM segment_partitions WHERE {where}) USING (date, name) ORDER BY ALL""",
            params,
        ).fetchall()
        names = connection.execute(
            f"""SELECT DISTINCT eventsource, eventname, readonly::BOOLEAN FROM segment_names
                SEMI JOIN (SELECT date, name FROM segment_partitions WHERE {where}) USING (date, name) ORDER BY ALL""",
            params,
        ).fetchall()
        totals = catalog.totals(connection)
        held = _held(connection, span)
        omitted = _omitted(connection, span)
        gaps = _gaps(connection, span)
        dropped = forgotten.touched(connection, span)
        called = account_names.known(connection)
    paths = [str(checked_segment(layout, date, name, size)) for date, name, size in rows]
    paths = paths or [str(layout.segment(*EMPTY))]
    return Snapshot(layout, totals, tuple(paths), held, omitted, gaps, tuple(names), dropped, called)


def _both(span: Span, within: Span) -> tuple[str, list[object]]:
    """Return the condition on partitions that two spans imply."""
    first, params = partitions_where(span)
    second, others = partitions_where(within)
    return f"{first} AND {second}", params + others


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of a store there is in a span."""

    partitions: int
    segments: int
    rows: int
    """Events in those partitions; a segment may hold more."""


def counts(layout: Layout, span: Span, within: Span) -> Counts:
    where, params = _both(span, within)
    asked = "count(DISTINCT (account, region, date)), count(DISTINCT (date, name)), coalesce(sum(rows), 0)::BIGINT"
    with catalog.reading(layout) as connection:
        found = connection.execute(f"SELECT {asked} FROM segment_partitions WHERE {where}", params).fetchone()
    assert found is not None  # an aggregate without GROUP BY always has one row
    return Counts(*found)


def _held(connection: duckdb.DuckDBPyConnection, span: Span) -> int:
    where, params = partitions_where(span)
    row = connection.execute(f"SELECT sum(rows)::BIGINT FROM segment_partitions WHERE {where}", params).fetchone()
    return row[0] or 0 if row else 0


def checked_segment(layout: Layout, date: str, name: str, size: int) -> Path:
    """Return the path of a segment that is as large as it was when it was written; raises StoreError otherwise."""
    segment = layout.segment(date, name)
    try:
        found = segment.stat().st_size
    except OSError as error:
        raise _trouble(layout, f"{error.strerror}: {segment}") from error
    if found != size:
        raise unreadable(layout, f"{segment} has {found} bytes and was written with {size}")
    return segment


def partitions_where(span: Span) -> tuple[str, list[object]]:
    """Return the condition on partitions that a span implies; it never excludes a row of the span."""
    parts, params = ["true"], list[object]()
    if span.since is not None:
        parts.append("date <> ? AND last_time >= ?")
        params += [UNKNOWN_DATE, span.since]
    if span.until is not None:
        parts.append("date <> ? AND first_time < ?")
        params += [UNKNOWN_DATE, span.until]
    if span.accounts:
        parts.append("account IN (SELECT unnest(?::VARCHAR[]))")
        params.append(list(span.accounts))
    if span.regions:
        parts.append("region IN (SELECT unnest(?::VARCHAR[]))")
        params.append(list(span.regions))
    return " AND ".join(parts), params


def _omitted(connection: duckdb.DuckDBPyConnection, span: Span) -> dict[str, int]:
    """Count the events without a time, an account or a region where the span asks for one.

    Only those count that would match in all else that is known of them.
    """
    tests = {
        "no usable time": (Span(since=span.since, until=span.until), f"date = '{UNKNOWN_DATE}'"),
        "no account": (Span(accounts=span.accounts), "account IS NULL"),
        "no region": (Span(regions=span.regions), "region IS NULL"),
    }
    asked = {reason: (*partitions_where(part), lacking) for reason, (part, lacking) in tests.items() if not part.whole}
    may_match = " AND ".join(f"(({where}) OR {lacking})" for where, _, lacking in asked.values())
    params = [param for _, given, _ in asked.values() for param in given]
    found: dict[str, int] = {}
    for reason, (_, _, lacking) in asked.items():
        row = connection.execute(
            f"SELECT sum(rows)::BIGINT FROM segment_partitions WHERE {lacking} AND {may_match}", params
        ).fetchone()
        if row and row[0]:
            found[reason] = row[0]
    return found


def _gaps(connection: duckdb.DuckDBPyConnection, span: Span) -> int:
    row = connection.execute(
        """SELECT count(*) FROM gaps WHERE coalesce(since < ?, true) AND coalesce(until > ?, true)
           AND (len(?::VARCHAR[]) = 0 OR list_contains(?::VARCHAR[], account))
           AND (len(?::VARCHAR[]) = 0 OR list_contains(?::VARCHAR[], region))""",
        [span.until, span.since, *[list(span.accounts)] * 2, *[list(span.regions)] * 2],
    ).fetchone()
    assert row is not None  # an aggregate without GROUP BY always has one row
    return int(row[0])


def places(
    connection: duckdb.DuckDBPyConnection, layout: Layout, rows: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], tuple[Place, ...]]:
    """Return where rows, named by (file id, record), were read from: every place, the least first.

    Of one content, what came through standard input is the last: nobody can open that again. The order follows from the
    evidence alone, so it does not matter what was ingested first. A row that an ingest let make way for another one
    since it was read has the places of that one, its own among them.
    """
    wanted = sorted(set(rows))
    if not wanted:
        return {}
    found: dict[tuple[int, int], list[Place]] = {row: [] for row in wanted}
    with catalog.attached(connection, layout):
        cursor = connection.execute(_PLACES, [[row[0] for row in wanted], [row[1] for row in wanted]])
        for file_id, record, path, at, sha256, integrity in cursor.fetchall():
            found[file_id, record].append(Place(path, at, sha256, integrity))
    return {row: tuple(each) for row, each in found.items()}


_PLACES = """
WITH asked AS (SELECT unnest(?::BIGINT[]) AS file_id, unnest(?::INTEGER[]) AS record),
     wanted AS (
       SELECT a.*, coalesce(d.kept_file, a.file_id) AS kept_file, coalesce(d.kept_record, a.record) AS kept_record
       FROM asked a LEFT JOIN duplicates d USING (file_id, record)
     ),
     everywhere AS (
       SELECT file_id, record, kept_file AS at_file, kept_record AS at_record FROM wanted
       UNION ALL
       SELECT w.file_id, w.record, d.file_id, d.record FROM wanted w JOIN duplicates d USING (kept_file, kept_record)
     )
SELECT e.file_id, e.record, p.path, e.at_record, c.sha256, coalesce(c.integrity, 'unknown')
FROM everywhere e LEFT JOIN contents c ON c.file_id = e.at_file LEFT JOIN paths p ON p.file_id = e.at_file
ORDER BY e.at_file, e.at_record, starts_with(p.path, '-'), p.path
"""
