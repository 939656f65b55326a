"""Read the store at one moment: which segments a span needs, what it leaves out, and where rows came from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ctaudit.errors import StoreError
from ctaudit.query import Place, Span
from ctaudit.records.columns import UNKNOWN_DATE
from ctaudit.store import catalog
from ctaudit.store.layout import EMPTY, Layout

RESTORE = "restore it from a copy, or ingest the evidence into a new store"
"""What to try when a segment is damaged or gone."""


@contextlib.contextmanager
def explained(layout: Layout) -> Iterator[None]:
    """Turn DuckDB's trouble with the segments into a StoreError that says what to try."""
    try:
        yield
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        first = str(error).strip().partition("\n")[0]
        raise StoreError(f"the store {layout.root} cannot be read: {first}", RESTORE) from error


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


def snapshot(connection: duckdb.DuckDBPyConnection, layout: Layout, span: Span) -> Snapshot:
    """Read the catalog through `connection`, an in-memory one, and close it again."""
    with catalog.attached(connection, layout):
        where, params = partitions_where(span)
        rows = connection.execute(
            f"""SELECT p.date, p.name, s.bytes, sum(p.rows)::BIGINT
                FROM (FROM segment_partitions WHERE {where}) p JOIN segments s USING (date, name)
                GROUP BY ALL ORDER BY ALL""",
            params,
        ).fetchall()
        names = connection.execute(
            f"""SELECT DISTINCT eventsource, eventname, readonly::BOOLEAN FROM segment_names
                SEMI JOIN (SELECT date, name FROM segment_partitions WHERE {where}) USING (date, name) ORDER BY ALL""",
            params,
        ).fetchall()
        totals = catalog.totals(connection)
        omitted = _omitted(connection, span)
        gaps = _gaps(connection, span)
    paths = [_checked(layout.root, layout.segment(date, name), size) for date, name, size, _ in rows]
    paths = paths or [str(layout.segment(*EMPTY))]
    return Snapshot(layout, totals, tuple(paths), sum(row[3] for row in rows), omitted, gaps, tuple(names))


def _checked(root: Path, segment: Path, size: int) -> str:
    """Return the path of a segment that is as large as it was when it was written; raises StoreError otherwise."""
    try:
        found = segment.stat().st_size
    except OSError as error:
        raise StoreError(f"the store {root} cannot be read: {error.strerror}: {segment}", RESTORE) from error
    if found != size:
        said = f"{segment} has {found} bytes and was written with {size}"
        raise StoreError(f"the store {root} cannot be read: {said}", RESTORE)
    return str(segment)


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

    The order follows from the evidence alone, so it does not matter what was ingested first.
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
WITH wanted AS (SELECT unnest(?::BIGINT[]) AS file_id, unnest(?::INTEGER[]) AS record),
     everywhere AS (
       SELECT file_id, record, file_id AS at_file, record AS at_record FROM wanted
       UNION ALL
       SELECT w.file_id, w.record, d.file_id, d.record
       FROM wanted w JOIN duplicates d ON d.kept_file = w.file_id AND d.kept_record = w.record
     )
SELECT e.file_id, e.record, p.path, e.at_record, c.sha256, coalesce(c.integrity, 'unknown')
FROM everywhere e LEFT JOIN contents c ON c.file_id = e.at_file LEFT JOIN paths p ON p.file_id = e.at_file
ORDER BY e.at_file, e.at_record, p.path
"""
