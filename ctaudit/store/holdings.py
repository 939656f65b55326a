"""What a store holds: totals, partitions and faults."""

from __future__ import annotations

from typing import Any

import duckdb

from ctaudit.query import Span
from ctaudit.store import account_names, catalog, forgotten, unfinished
from ctaudit.store.layout import STORE_VERSION, Layout
from ctaudit.store.reader import partitions_where
from ctaudit.store.unfinished import Unfinished
from ctaudit.table import Column, Document, Table

_PARTITIONS = (
    Column("account", 0, named_by="account_name"),
    Column("region", 0),
    Column("date", 0),
    Column("rows", 0, right=True),
    Column("bytes", 1, right=True),
    Column("first_time", 2),
    Column("last_time", 2),
    Column("segments", 3, right=True),
    Column("account_name", 9),
)
_FAULTS = (
    Column("path", 0),
    Column("offset", 1, right=True),
    Column("record", 2, right=True),
    Column("kind", 0),
    Column("reason", 0),
)


_CAUSES = r"""
  WITH place AS (
    SELECT file_id, min(path) AS path FROM paths GROUP BY ALL
  ), named AS (
    SELECT file_id, regexp_replace(path, '(AWSLogs/|[^/]*$).*', '') AS root,
           regexp_extract(path, '([^/]*?)(\.(gz|zst|bz2))?$', 1) AS name
    FROM place
  )
  SELECT CASE WHEN d.file_id = d.kept_file THEN 'same_file'
              WHEN one.name = other.name THEN 'file_of_same_name'
              WHEN one.root = other.root THEN 'other_file'
              ELSE 'other_trail_or_copy' END AS cause, count(*)
  FROM duplicates d LEFT JOIN named one USING (file_id) LEFT JOIN named other ON other.file_id = d.kept_file
  GROUP BY ALL ORDER BY ALL
"""
"""SQL: why events were read more than once, from the names of the two files. A trail's prefix is what stands before
`AWSLogs/`; a file that grew and one that was packed otherwise have the same name."""
_WHERE = """
  SELECT list(DISTINCT account ORDER BY account), list(DISTINCT region ORDER BY region),
         count(DISTINCT date) FILTER (date <> 'unknown'), count(DISTINCT (account, region, date))
  FROM segment_partitions
"""
"""SQL: the accounts and regions of the events, and how many days and partitions they are of."""
_UNKNOWN_FIELDS = """
  SELECT field, sum(rows)::BIGINT FROM segment_fields GROUP BY ALL ORDER BY sum(rows) DESC, field
"""


def unread(faults: int, begun: Unfinished) -> tuple[str, ...]:
    """Return what every answer must say about evidence that could not be read, or is not read yet."""
    sentences = unfinished.sentences(begun)
    if not faults:
        return sentences
    pieces = "1 piece of evidence" if faults == 1 else f"{faults} pieces of evidence"
    return (f"{pieces} could not be read, so rows may be missing; see: ctaudit faults", *sentences)


def uncovered(gaps: int) -> tuple[str, ...]:
    """Return what every answer must say about a span in which a validation found something gone or uncovered."""
    if not gaps:
        return ()
    count = "1 gap" if gaps == 1 else f"{gaps} gaps"
    return (
        f"validation found {count} there (files gone, hours not covered), so rows may be missing; see: ctaudit faults",
    )


def altered(files: int) -> tuple[str, ...]:
    """Return what every answer must say about log files that somebody changed where they lay."""
    if not files:
        return ()
    count = "1 log file was" if files == 1 else f"{files} log files were"
    return (f"{count} overwritten or deleted in their bucket; see: ctaudit faults",)


def lake_values(layout: Layout) -> tuple[tuple[str | None, ...], tuple[str | None, ...], tuple[str, ...]]:
    """Return the accounts, regions and dates that there are events of."""
    with catalog.reading(layout) as connection:
        row = connection.execute(
            """SELECT list(DISTINCT account), bool_or(account IS NULL), list(DISTINCT region), bool_or(region IS NULL),
                      list(DISTINCT date) FROM segment_partitions"""
        ).fetchone()
    assert row is not None  # an aggregate without GROUP BY always has one row
    accounts, no_account, regions, no_region, dates = row
    return (
        tuple(accounts or ()) + ((None,) if no_account else ()),
        tuple(regions or ()) + ((None,) if no_region else ()),
        tuple(dates or ()),
    )


def status(layout: Layout) -> Document:
    """Return what the store holds, in numbers."""
    with catalog.reading(layout) as connection:
        totals = catalog.totals(connection)
        kinds = _counts(connection, "SELECT kind, count(*) FROM contents GROUP BY ALL ORDER BY ALL")
        refused = _counts(connection, "SELECT kind, sum(count)::BIGINT FROM refused GROUP BY ALL ORDER BY ALL")
        faults = _counts(connection, "SELECT kind, count(*) FROM faults GROUP BY ALL ORDER BY ALL")
        where = connection.execute(_WHERE).fetchone()
        integrity = _integrity(connection)
        causes, fields = _counts(connection, _CAUSES), _counts(connection, _UNKNOWN_FIELDS)
        dropped, runs = forgotten.touched(connection, Span()), forgotten.each(connection)
        lost, names = _lost(connection, layout), account_names.known(connection)
    assert where is not None  # an aggregate without GROUP BY always has one row
    return Document(
        {
            "store": str(layout.root),
            "store_version": STORE_VERSION,
            "events": totals.events,
            "first_event": totals.first_time,
            "last_event": totals.last_time,
            "events_without_time": totals.undated,
            "accounts": where[0] or [],
            "regions": where[1] or [],
            "days": where[2],
            "partitions": where[3],
            "segments": totals.segments,
            "segments_lost": lost,
            "bytes": totals.bytes,
            "contents": {"log": kinds.pop("events", 0) + kinds.pop("empty", 0), **kinds},
            "refused": refused,
            "duplicates": totals.duplicates,
            "duplicates_by_cause": causes,
            "unknown_fields": fields,
            "conflicting_events": totals.conflicts,
            **integrity,
            "faults": faults,
            "forgotten": runs,
            "unfinished": [{"source": source, "since": since} for source, since in totals.unfinished],
            "account_names": {account: names[account] for account in where[0] or [] if account in names},
        },
        notes=altered(totals.altered),
        partial=_gone(lost) + unread(totals.faults, totals.unfinished) + uncovered(integrity["gaps"])
        + forgotten.sentences(dropped),
    )  # fmt: skip


def _lost(connection: duckdb.DuckDBPyConnection, layout: Layout) -> int:
    """Count the segments whose files are not there: a question that needs one fails, and says so only then."""
    segments = connection.execute("SELECT date, name FROM segments").fetchall()
    return sum(not layout.segment(date, name).is_file() for date, name in segments)


def _gone(segments: int) -> tuple[str, ...]:
    if not segments:
        return ()
    pieces = "1 segment of the store is" if segments == 1 else f"{segments} segments of the store are"
    return (f"{pieces} gone from its folder; ingest the evidence into a new store",)


def _counts(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, int]:
    return dict(connection.execute(sql).fetchall())


def _integrity(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return what validations said of the store's records."""
    verdicts = connection.execute(
        """SELECT coalesce(integrity, 'unknown'), sum(events)::BIGINT FROM contents
           WHERE events > 0 GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    checked = connection.execute("SELECT (SELECT max(validated) FROM listed), (SELECT count(*) FROM gaps)").fetchone()
    assert checked is not None  # each is an aggregate
    return {
        "records_by_integrity": dict(verdicts),
        "proven_share": _share(dict(verdicts)),
        "validated": checked[0],
        "gaps": checked[1],
    }


def _share(verdicts: dict[str, int]) -> float | None:
    """Return the share of records in proven files, rounded down: 1.0 is all of them. None when there are no records."""
    total = sum(verdicts.values())
    return verdicts.get("proven", 0) * 10_000 // total / 10_000 if total else None


def partitions(layout: Layout, span: Span) -> Table:
    """Return one row for each account, region and date that the span touches."""
    with catalog.reading(layout) as connection:
        condition, params = partitions_where(span)
        rows = connection.execute(
            f"""SELECT account, region, p.date, sum(p.rows)::BIGINT, round(sum(s.bytes * p.rows / s.rows))::BIGINT,
                       min(first_time), max(last_time), count(*)
                FROM segment_partitions p JOIN segments s USING (date, name)
                WHERE {condition} GROUP BY ALL ORDER BY account, region, date""",
            params,
        ).fetchall()
        names = account_names.known(connection)
        totals = catalog.totals(connection)
        dropped = forgotten.touched(connection, span)
    rows = [(*row, names.get(row[0])) for row in rows]
    return Table(
        _PARTITIONS, rows, len(rows), partial=unread(totals.faults, totals.unfinished) + forgotten.sentences(dropped)
    )


def faults(layout: Layout) -> Table:
    """Return what could not be read, events that came with more than one body, and what validations found missing."""
    with catalog.reading(layout) as connection:
        rows = connection.execute('SELECT path, "offset", record, kind, reason FROM faults ORDER BY ALL').fetchall()
        clashes = connection.execute(
            """WITH everywhere AS (
                 SELECT eventid, file_id, record FROM conflicts
                 UNION SELECT d.eventid, d.file_id, d.record FROM duplicates d SEMI JOIN conflicts USING (eventid, date)
               )
               SELECT p.path, NULL, e.record, 'ingest.conflicting_event',
                      'event ' || e.eventid || ' was also read with another body; both are kept'
               FROM everywhere e LEFT JOIN paths p USING (file_id) ORDER BY e.eventid, p.path, e.record"""
        ).fetchall()
        gaps = connection.execute("SELECT object, NULL, NULL, code, sentence FROM gaps ORDER BY ALL").fetchall()
        totals = catalog.totals(connection)
        dropped = forgotten.touched(connection, Span())
    found = rows + clashes + gaps
    partial = unread(totals.faults, totals.unfinished) + uncovered(len(gaps)) + forgotten.sentences(dropped)
    notes = altered(totals.altered)
    return Table(_FAULTS, found, len(found), notes, partial, found=totals.altered > 0)
