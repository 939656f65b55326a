"""One short transaction makes new segments and all that is known of their files visible together."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ctaudit.errors import StoreError
from ctaudit.fault import Fault
from ctaudit.records.arrow import SCHEMA
from ctaudit.store import catalog, deliveries, proofs, retire, unfinished, views
from ctaudit.store.duplicates import Resolved, resolve
from ctaudit.store.layout import EMPTY, Layout, sync
from ctaudit.store.once_forgotten import keep_out
from ctaudit.store.segment import Segment


@dataclass(slots=True)
class Entry:
    """A content as the ledger keeps it, with the path and state of the file it was read from."""

    path: str
    file: str
    """The file on disk, or `-`: many contents of an archive are in one."""
    file_id: int
    sha256: str
    kind: str
    bytes: int
    records: int
    events: int
    refused: dict[str, int]
    faults: int
    size: int
    changed_ns: int

    @property
    def refused_count(self) -> int:
        return sum(self.refused.values())


@dataclass(slots=True)
class Pending:
    """What a commit will add."""

    entries: list[Entry] = field(default_factory=list)
    read_paths: list[str] = field(default_factory=list)
    """Files that were read now: what the catalog held against them before is void."""
    listed: list[str] = field(default_factory=list)
    """Sources that were listed now: what could not be reached below them before is void, too."""
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    """Each with the file on disk that it was found in."""
    segments: list[Segment] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    """Sources of which all has been read."""


@dataclass(frozen=True, slots=True)
class Committed:
    events: int
    duplicates: int
    conflicts: int


def prepare(layout: Layout) -> None:
    """Make the store when there is none yet. Only who holds the store may do so: two makers would undo each other."""
    empty = layout.segment(*EMPTY)
    if not layout.catalog.exists():
        empty.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(SCHEMA.empty_table(), empty)
        sync(empty)
        sync(empty.parent)
        sync(layout.events)
        with catalog.created(layout) as connection:
            refresh_views(connection, layout)
        with contextlib.suppress(PermissionError):  # who may make a folder there need not be allowed to open the place
            sync(layout.root.parent)


def commit(layout: Layout, pending: Pending, now: datetime) -> Committed:
    """Check the new segments for repeated events, then add them and their ledger rows in one transaction.

    A power cut may come at any time: segments are on the disk before they get their names (`segment.write`), the names
    are, in their folder, and the folder is, before the catalog names them; a new catalog is before it replaces the old.
    """
    old, kept, forgotten = _before(layout, {segment.date for segment in pending.segments})
    resolved: dict[str, Resolved] = {}
    for date, new in _by_date(pending.segments).items():
        there = old.get(date, [])
        fresh = [segment for segment in new if segment.name not in there]
        if date in forgotten:
            fresh = keep_out(layout, fresh, kept)
        resolved[date] = resolve(layout, date, fresh, there, kept)
    added = [segment for each in resolved.values() for segment in each.added]
    removed = [(date, name) for date, each in resolved.items() for name in each.removed]
    settle(layout, added)
    with catalog.writing(layout) as connection:
        _refuse_collisions(connection, pending.entries)
        _insert_ledger(connection, pending)
        exchange(connection, removed, added, now)
        _insert_findings(connection, resolved)
        unfinished.end(connection, pending.finished)
        refresh_views(connection, layout)
    return _committed(resolved.values())


def _committed(resolved: Collection[Resolved]) -> Committed:
    """Count what a commit brought; rows that were only written anew are not new."""
    return Committed(
        sum(segment.rows for each in resolved for segment in each.added) - sum(each.removed_rows for each in resolved),
        sum(len(each.found.duplicates) for each in resolved),
        len({event_id for each in resolved for event_id, _, _ in each.found.conflicts}),
    )


def settle(layout: Layout, segments: Iterable[Segment]) -> None:
    """Put the names of new segments on the disk for good: what the catalog names must outlive a power cut."""
    for folder in sorted({layout.segment(segment.date, segment.name).parent for segment in segments}):
        sync(folder)
    sync(layout.events)


def exchange(
    connection: duckdb.DuckDBPyConnection, removed: Sequence[retire.Name], added: Sequence[Segment], now: datetime
) -> None:
    """Let segments take the place of others, within a transaction; the views are still to be refreshed."""
    retire.retire(connection, removed, now)
    retire.restore(connection, [(segment.date, segment.name) for segment in added])
    _insert_segments(connection, added)


def refresh_views(connection: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Write the views anew over the segments there are now, by absolute path."""
    rows = connection.execute("SELECT date, name FROM segments ORDER BY date, name").fetchall()
    paths = [str(layout.segment(date, name).absolute()) for date, name in rows or [EMPTY]]
    row = connection.execute("SELECT EXISTS (FROM duplicates)").fetchone()
    select = views.select_sql(views.segments_sql(paths), repeated=bool(row and row[0]))
    connection.execute(f"CREATE OR REPLACE VIEW {views.VIEW} AS {select}")


def _before(layout: Layout, dates: set[str]) -> tuple[dict[str, list[str]], set[retire.Name], set[str]]:
    """Return the segments of some dates, the replaced ones that must stay on the disk, and which were forgotten."""
    names: dict[str, list[str]] = defaultdict(list)
    with catalog.reading(layout) as connection:
        for date, name in connection.execute("SELECT date, name FROM segments ORDER BY ALL").fetchall():
            if date in dates:
                names[date].append(name)
        forgotten = {row[0] for row in connection.execute("SELECT DISTINCT date FROM forgotten").fetchall()}
        return names, set(connection.execute("SELECT date, name FROM retired").fetchall()), forgotten


def _by_date(segments: Iterable[Segment]) -> dict[str, list[Segment]]:
    """Group segments by date; of those with one name, which hold the same rows of the same contents, one is kept."""
    grouped: dict[str, dict[str, Segment]] = defaultdict(dict)
    for segment in segments:
        grouped[segment.date][segment.name] = segment
    return {date: list(named.values()) for date, named in grouped.items()}


def _refuse_collisions(connection: duckdb.DuckDBPyConnection, entries: Sequence[Entry]) -> None:
    """Refuse two contents with one id: 64 bits of a SHA-256 collide by chance once in 6 billion files, or by intent."""
    _load(connection, "incoming", entries, ("path", "file_id", "sha256"))
    row = connection.execute(
        """SELECT path FROM incoming JOIN contents USING (file_id) WHERE incoming.sha256 <> contents.sha256
           UNION SELECT min(path) FROM incoming GROUP BY file_id HAVING count(DISTINCT sha256) > 1 LIMIT 1"""
    ).fetchone()
    connection.unregister("incoming")
    if row is not None:
        raise StoreError(
            f"{row[0]} collides with another file in 64 bits of its SHA-256", "ingest it into another store"
        )


def _insert_ledger(connection: duckdb.DuckDBPyConnection, pending: Pending) -> None:
    _load(connection, "incoming", pending.entries, _LEDGER)
    connection.execute(
        """INSERT INTO contents SELECT DISTINCT ON (file_id) file_id, sha256, kind, bytes, records, events,
           refused_count, faults, NULL FROM incoming WHERE kind <> 'known' ORDER BY file_id ON CONFLICT DO NOTHING"""
    )
    connection.execute(
        """INSERT OR REPLACE INTO paths SELECT DISTINCT ON (path, file, file_id) path, file, file_id, size, changed_ns
           FROM incoming"""
    )
    deliveries.note(connection)
    proofs.settle(connection, "file_id IN (SELECT file_id FROM incoming)")
    connection.unregister("incoming")
    paths = pa.table({"path": pa.array(pending.read_paths, pa.string())})
    connection.register("read_now", paths)
    for table in ("faults", "refused"):
        connection.execute(f"DELETE FROM {table} WHERE file IN (FROM read_now)")
    connection.unregister("read_now")
    if pending.listed:  # by one statement: a queue names hundreds
        connection.execute(
            """DELETE FROM faults WHERE kind IN (SELECT unnest(?)) AND (path IN (SELECT unnest(?::VARCHAR[]))
               OR path IN (SELECT path FROM faults, (SELECT unnest(?::VARCHAR[]) AS s) WHERE starts_with(path, s)))""",
            [_UNREACHED, pending.listed, [source.rstrip("/") + "/" for source in pending.listed]],
        )
    faults = [
        (fault.path, file, fault.offset, fault.kind, fault.reason, fault.record) for file, fault in pending.faults
    ]
    _insert(connection, "faults", faults, ("path", "file", "offset", "kind", "reason", "record"))
    refused = [
        (entry.path, entry.file, entry.file_id, kind, count)
        for entry in pending.entries
        for kind, count in entry.refused.items()
    ]
    _insert(connection, "refused", refused, ("path", "file", "file_id", "kind", "count"))


def _insert_segments(connection: duckdb.DuckDBPyConnection, segments: Sequence[Segment]) -> None:
    rows = [(segment.date, segment.name, segment.rows, segment.bytes) for segment in segments]
    _insert(connection, "segments", rows, ("date", "name", "rows", "bytes"))
    partitions = [
        (segment.date, segment.name, part.account, part.region, part.rows, part.first_time, part.last_time, part.hours)
        for segment in segments
        for part in segment.partitions
    ]
    names = ("date", "name", "account", "region", "rows", "first_time", "last_time", "hours")
    _insert(connection, "segment_partitions", partitions, names)
    names_of = [(segment.date, segment.name, *each) for segment in segments for each in segment.names]
    _insert(connection, "segment_names", names_of, ("date", "name", "eventsource", "eventname", "readonly"))
    stops = [(segment.date, segment.name, *astuple(each)) for segment in segments for each in segment.stops]
    _insert(connection, "trail_stops", stops, ("date", "name", "account", "trail", "time", "starts"))
    fields = [(segment.date, segment.name, *each) for segment in segments for each in segment.unknown_fields]
    _insert(connection, "segment_fields", fields, ("date", "name", "field", "rows"))


def _insert_findings(connection: duckdb.DuckDBPyConnection, resolved: Mapping[str, Resolved]) -> None:
    duplicates = [(row[0], date, *row[1:]) for date, each in resolved.items() for row in each.found.duplicates]
    names = ("eventid", "date", "kept_file", "kept_record", "file_id", "record")
    _insert(connection, "duplicates", duplicates, names)
    if any(each.removed for each in resolved.values()):
        connection.execute(_FOLLOW)
    conflicts = [(row[0], date, *row[1:]) for date, each in resolved.items() for row in each.found.conflicts]
    _insert(connection, "conflicts", conflicts, ("eventid", "date", "file_id", "record"))


def _load(connection: duckdb.DuckDBPyConnection, name: str, values: Sequence[Any], attributes: Sequence[str]) -> None:
    """Register objects' attributes as a relation: row-wise INSERTs are a thousand times slower."""
    table = pa.table(
        {
            attribute: pa.array([getattr(value, attribute) for value in values], _type(attribute))
            for attribute in attributes
        }
    )
    connection.register(name, table)


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]], names: Sequence[str]
) -> None:
    if not rows:
        return
    arrays = {name: pa.array(values, _type(name)) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
    connection.register("incoming", pa.table(arrays))
    verb = "INSERT OR IGNORE" if table in _FOUND_AGAIN else "INSERT"
    columns = ", ".join(f'"{name}"' for name in names)
    new = f"EXCEPT SELECT {columns} FROM {table} ORDER BY ALL" if table == "faults" else ""
    connection.execute(f"{verb} INTO {table} ({columns}) SELECT {columns} FROM incoming {new}")
    connection.unregister("incoming")


_UNREACHED = [
    *("file.missing", "file.permission", "file.loop", "file.unreadable", "file.special"),
    *("s3.denied", "s3.no_bucket", "s3.network", "s3.service", "s3.unreadable", "s3.kms", "s3.missing", "s3.archived"),
    *("history.denied", "history.network", "history.service", "history.unreadable", "history.kms"),
]
"""Faults of listing and opening: they say nothing of a file's content, and every listing tells them anew."""
_FOLLOW = """
  UPDATE duplicates SET kept_file = later.kept_file, kept_record = later.kept_record FROM duplicates later
  WHERE duplicates.kept_file = later.file_id AND duplicates.kept_record = later.record
"""
"""SQL: a row that made way for another was itself kept in the place of others; they follow it."""
_FOUND_AGAIN = ("duplicates", "conflicts", "refused")
"""What a later ingest, or a file whose odd name is spelled the same, may bring again."""
_LEDGER = (
    *("path", "file", "file_id", "sha256", "kind", "bytes", "records", "events", "refused_count", "faults"),
    *("size", "changed_ns"),
)
_INTEGERS = frozenset(
    (
        *("file_id", "bytes", "records", "events", "refused_count", "faults", "size", "changed_ns", "offset", "record"),
        *("rows", "count", "kept_file", "kept_record", "hours"),
    )
)
"""Columns that hold integers; all others hold text."""


def _type(column: str) -> pa.DataType:
    if column == "starts":
        return pa.bool_()
    return pa.int64() if column in _INTEGERS else pa.string()
