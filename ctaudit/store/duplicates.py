"""Exactly once: find events that new segments repeat, keep one of each, and keep every place they came from.

The same event id with the same body is a duplicate, and one row of it is kept: as it is spelled in the least place
(file id, record) that it was read from, so that the order of ingests does not matter. Where the spellings are the same
the row in the store stays; where they differ and a new place is the least, the old row makes way for the new one.

The same id with another body is a conflict: both rows are kept and the pair is a finding. Events are compared within
their UTC date; bodies that differ in the date itself are shown side by side when the event is asked for by its id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import MAX_PREC, Context, Decimal
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ctaudit.parse import exactly
from ctaudit.records.arrow import SCHEMA
from ctaudit.records.columns import EVENT, EXTRA
from ctaudit.store import catalog, embedded, rebuild
from ctaudit.store.layout import Layout
from ctaudit.store.reader import explained, unreadable
from ctaudit.store.segment import Segment, write
from ctaudit.store.views import segments_sql

_FETCH = 1000


@dataclass(slots=True)
class Found:
    """What a check of one date found."""

    drops: dict[str, set[int]] = field(default_factory=dict)
    """Segment name to the positions of its rows that are not kept; of old segments too."""
    duplicates: list[tuple[str | None, int, int, int, int]] = field(default_factory=list)
    """(event id, kept file, kept record, file, record) of each dropped row."""
    conflicts: list[tuple[str, int, int]] = field(default_factory=list)
    """(event id, file, record) of every row whose id has more than one body."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What becomes of one date's segments."""

    added: tuple[Segment, ...]
    removed: tuple[str, ...]
    """Names of old segments that others replace; their files stay for those who read them."""
    removed_rows: int
    """Rows of the segments that were replaced."""
    found: Found


def resolve(
    layout: Layout, date: str, new: Sequence[Segment], old: Sequence[str], kept: Container[tuple[str, str]] = ()
) -> Resolved:
    """Decide which rows of one date are kept, and write segments that lose rows anew.

    `old` are the names of the date's segments in the store, `kept` names (date, name) whose files somebody may still
    read: what a damaged file holds is written anew, under the same name, at every ingest.
    """
    if not _repeats(layout, date, new, old):
        return Resolved(tuple(new), (), 0, Found())
    with explained(layout), embedded.engine() as connection:
        connection.execute("SET preserve_insertion_order = false")  # else it holds more of the ids at a time
        found = _find(connection, layout, date, [segment.name for segment in new], old)
        connection.execute("RESET preserve_insertion_order")
    added: list[Segment] = []
    for segment in new:
        if drops := found.drops.get(segment.name):
            added.extend(without(layout, date, segment.name, drops))
            if (date, segment.name) not in kept:
                layout.segment(date, segment.name).unlink()
        else:
            added.append(segment)
    removed = [name for name in old if name in found.drops]
    removed_rows = 0
    for name in removed:
        rewritten = without(layout, date, name, found.drops[name])
        removed_rows += len(found.drops[name]) + sum(segment.rows for segment in rewritten)
        added.extend(rewritten)
    return Resolved(tuple(added), tuple(removed), removed_rows, found)


def _repeats(layout: Layout, date: str, new: Sequence[Segment], old: Sequence[str]) -> bool:
    """Tell whether an event may stand twice in these segments: hardly ever, and hashing the ids alone is quick."""
    if not new or (len(new) == 1 and not old and new[0].unique):
        return False
    ids = pa.chunked_array(
        [
            chunk
            for name in (*(segment.name for segment in new), *old)
            for chunk in _event_ids(layout, date, name).chunks
        ],
        pa.string(),
    )
    return bool(ids.null_count) or pc.count_distinct(ids).as_py() < len(ids)


def _event_ids(layout: Layout, date: str, name: str) -> pa.ChunkedArray:
    try:
        with pq.ParquetFile(layout.segment(date, name)) as segment:
            return segment.read(["eventid"], use_threads=False)["eventid"]
    except (OSError, pa.ArrowException) as error:
        raise unreadable(layout, str(error)) from error


def _find(
    connection: duckdb.DuckDBPyConnection, layout: Layout, date: str, new: Sequence[str], old: Sequence[str]
) -> Found:
    paths = [str(layout.segment(date, name)) for name in (*new, *old)]
    connection.execute("CREATE TEMP TABLE fresh AS SELECT unnest(?::VARCHAR[]) AS filename", [paths[: len(new)]])
    connection.execute(_SUSPECTS.format(source=segments_sql(paths)))
    touched = connection.execute("SELECT DISTINCT filename FROM suspects ORDER BY ALL").fetchall()
    if not touched:
        return Found()
    _compare_bodies(connection, segments_sql([path for (path,) in touched]))
    _load_least_places(connection, layout, date)
    found = Found()
    for filename, position, *ids in connection.execute(_DROPS).fetchall():
        found.drops.setdefault(filename.rpartition("/")[2], set()).add(position)
        event_id, kept_file, kept_record, file, record = ids
        if (kept_file, kept_record) != (file, record):
            found.duplicates.append((event_id, kept_file, kept_record, file, record))
    found.conflicts = connection.execute(_CONFLICTS).fetchall()
    return found


_SUSPECTS = """
CREATE TEMP TABLE suspects AS
  WITH keyed AS (
    SELECT filename, file_row_number AS position, eventid, file_id, record,
           coalesce(nullif(eventid, ''), file_id || ':' || record) AS key, filename IN (FROM fresh) AS is_new
    FROM {source}
  ), near AS (SELECT * FROM keyed SEMI JOIN (SELECT DISTINCT key FROM keyed WHERE is_new) USING (key))
  SELECT * FROM near WHERE key IN (SELECT key FROM near GROUP BY key HAVING count(*) > 1)
"""
"""Rows that share their id with a new one. A record without an id is repeated only by the same place read again."""
_DROPS = """
  WITH placed AS (
    SELECT b.*, coalesce(l.least, {'file_id': b.file_id, 'record': b.record}) AS least
    FROM bodies b LEFT JOIN least_places l ON l.kept_file = b.file_id AND l.kept_record = b.record AND NOT b.is_new
  ), led AS (
    SELECT *, first(spelling) OVER same AS told
    FROM placed WINDOW same AS (PARTITION BY key, body ORDER BY least, is_new, filename, position)
  ), ranked AS (
    SELECT *, row_number() OVER same AS rank, first({'file_id': file_id, 'record': record}) OVER same AS kept,
           first(is_new) OVER same AS new_wins
    FROM led
    WINDOW same AS (PARTITION BY key, body ORDER BY spelling = told DESC, is_new, least, filename, position)
  )
  SELECT filename, position, eventid, kept.file_id, kept.record, file_id, record
  FROM ranked WHERE rank > 1 AND (is_new OR new_wins) ORDER BY ALL
"""
"""The least place tells which spelling is kept; of the rows with it an old one stays, else the least one is kept."""
_CONFLICTS = """
  SELECT DISTINCT eventid, file_id, record FROM bodies
  WHERE key IN (SELECT key FROM bodies GROUP BY key HAVING count(DISTINCT body) > 1) AND eventid <> '' ORDER BY ALL
"""


def _compare_bodies(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Make the table `bodies`: the suspects with a hash of all columns of each, and one of what they say as JSON.

    `lookup-events` spells records otherwise than the files in S3 do; JSON is compared only where spellings differ.
    """
    names = [*(field.name for field in EVENT), EXTRA]
    placed = f"{source} e ON s.filename = e.filename AND s.position = e.file_row_number"
    members = ", ".join(f"'{name}': e.{name}" for name in names)
    spelling = f"sha256(to_json({{{members}}})::VARCHAR)"
    connection.execute(f"CREATE TEMP TABLE spelled AS SELECT s.*, {spelling} AS spelling FROM suspects s JOIN {placed}")
    bodies: dict[str, bytes] = {}
    differing = "SELECT key FROM spelled GROUP BY key HAVING count(DISTINCT spelling) > 1"
    if connection.execute(differing).fetchone() is not None:
        rows = connection.execute(
            f"SELECT s.spelling, e.{', e.'.join(names)} FROM spelled s JOIN {placed} WHERE s.key IN ({differing})"
        )
        while chunk := rows.fetchmany(_FETCH):
            for spelled, *values in chunk:
                if spelled not in bodies:
                    record = rebuild.record(dict(zip(names, values, strict=True)), exactly)
                    bodies[spelled] = hashlib.sha256(canonical(record)).digest()
    columns = [pa.array(bodies.keys(), pa.string()), pa.array(bodies.values(), pa.binary())]
    connection.register("said", pa.table(columns, names=["spelling", "said"]))
    connection.execute(
        """CREATE TEMP TABLE bodies AS
           SELECT s.*, coalesce(said, s.spelling::BLOB) AS body FROM spelled s LEFT JOIN said USING (spelling)"""
    )
    connection.unregister("said")


def _load_least_places(connection: duckdb.DuckDBPyConnection, layout: Layout, date: str) -> None:
    """Make the table `least_places`: of each stored suspect, the least place that it was ever read from."""
    with catalog.attached(connection, layout):
        connection.execute(
            """CREATE TEMP TABLE least_places AS
               SELECT kept_file, kept_record, least({'file_id': kept_file, 'record': kept_record},
                                                    min({'file_id': d.file_id, 'record': d.record})) AS least
               FROM duplicates d JOIN temp.suspects s ON s.file_id = d.kept_file AND s.record = d.kept_record
               WHERE d.date = ? AND NOT s.is_new GROUP BY kept_file, kept_record""",
            [date],
        )


def canonical(record: Mapping[str, Any]) -> bytes:
    """Return a record's JSON in one spelling: keys sorted, null-valued keys left out, `Decimal`s without last zeros."""
    return _encode(_plain(record))


_encode = msgspec.json.Encoder(order="sorted", decimal_format="number").encode
_UNROUNDED = Context(prec=MAX_PREC)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items() if entry is not None}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value.normalize(_UNROUNDED) if isinstance(value, Decimal) else value


def without(layout: Layout, date: str, name: str, drops: Iterable[int]) -> list[Segment]:
    """Write a segment anew without the rows at these positions; none when nothing is left."""
    table = pq.read_table(layout.segment(date, name), schema=SCHEMA, partitioning=None)
    positions = pa.array(range(table.num_rows), pa.int64())
    dropped = pa.array(sorted(drops), pa.int64())
    table = table.filter(pc.invert(pc.is_in(positions, dropped)))
    return [write(layout, date, table)] if table.num_rows else []
