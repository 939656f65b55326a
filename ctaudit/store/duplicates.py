"""Exactly once: find events that new segments repeat, keep one of each, and keep every place they came from.

The same event id with the same body is a duplicate: the row in the store stays, or of new rows the one with the least
place (file id, record), so that the order of ingests does not matter. The same id with another body is a conflict:
both rows are kept and the pair is a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ctaudit.records.arrow import SCHEMA
from ctaudit.store import rebuild
from ctaudit.store.layout import Layout
from ctaudit.store.segment import Segment, write
from ctaudit.store.views import segments_sql


@dataclass(slots=True)
class Found:
    """What a check of one date found."""

    drops: dict[str, set[int]] = field(default_factory=dict)
    """Segment name to the positions of its rows that repeat others."""
    duplicates: list[tuple[str | None, int, int, int, int]] = field(default_factory=list)
    """(event id, kept file, kept record, file, record) of each dropped row."""
    conflicts: list[tuple[str, int, int]] = field(default_factory=list)
    """(event id, file, record) of every row whose id has more than one body."""


def resolve(layout: Layout, date: str, new: Sequence[Segment], old: Sequence[str]) -> tuple[list[Segment], Found]:
    """Return the new segments of one date without rows that repeat others, and what was found.

    Segments that lose rows are written anew; `old` are the names of the date's segments in the store.
    """
    if len(new) == 1 and not old and new[0].unique:
        return list(new), Found()
    with duckdb.connect(config={"preserve_insertion_order": "false"}) as connection:
        found = _find(connection, layout, date, [segment.name for segment in new], old)
    kept: list[Segment] = []
    for segment in new:
        drops = found.drops.get(segment.name)
        kept.extend([segment] if not drops else _without(layout, segment, drops))
    return kept, found


def _find(
    connection: duckdb.DuckDBPyConnection, layout: Layout, date: str, new: Sequence[str], old: Sequence[str]
) -> Found:
    paths = [str(layout.segment(date, name)) for name in (*new, *old)]
    source = f"{segments_sql(paths)[:-1]}, filename = true, file_row_number = true)"
    connection.execute("CREATE TEMP TABLE fresh AS SELECT unnest(?::VARCHAR[]) AS filename", [paths[: len(new)]])
    connection.execute(_SUSPECTS.format(source=source, body=rebuild.sql("e")))
    _merge_equal_bodies(connection, source)
    found = Found()
    for filename, position, event_id, file, record, kept_file, kept_record in connection.execute(_DROPS).fetchall():
        found.drops.setdefault(Path(filename).name, set()).add(position)
        if (kept_file, kept_record) != (file, record):
            found.duplicates.append((event_id, kept_file, kept_record, file, record))
    found.conflicts = connection.execute(_CONFLICTS).fetchall()
    return found


_SUSPECTS = """
CREATE TEMP TABLE suspects AS
  WITH places AS (
    SELECT filename, file_row_number AS position, eventid, file_id, record,
           coalesce(eventid, file_id || ':' || record) AS key
    FROM {source}
  ), repeated AS (
    SELECT key FROM places GROUP BY key HAVING count(*) > 1 AND bool_or(filename IN (SELECT filename FROM fresh))
  )
  SELECT p.*, (p.filename IN (SELECT filename FROM fresh)) AS is_new, sha256({body}) AS body
  FROM places p JOIN {source} e ON p.filename = e.filename AND p.position = e.file_row_number
  WHERE p.key IN (SELECT key FROM repeated)
"""
_DROPS = """
  SELECT filename, position, eventid, file_id, record, kept.file_id, kept.record
  FROM (
    SELECT *, row_number() OVER same AS rank, first({'file_id': file_id, 'record': record}) OVER same AS kept
    FROM suspects WINDOW same AS (PARTITION BY key, body ORDER BY is_new, file_id, record, filename, position)
  ) WHERE rank > 1 AND is_new ORDER BY ALL
"""
_CONFLICTS = """
  SELECT DISTINCT eventid, file_id, record FROM suspects
  WHERE key IN (SELECT key FROM suspects GROUP BY key HAVING count(DISTINCT body) > 1) ORDER BY ALL
"""


def _merge_equal_bodies(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Give bodies that differ as text but are equal as JSON the same hash: the API spells records otherwise than S3."""
    rows = connection.execute(
        f"""SELECT s.key, s.body, min({rebuild.sql("e")}) FROM suspects s
            JOIN {source} e ON s.filename = e.filename AND s.position = e.file_row_number
            WHERE s.key IN (SELECT key FROM suspects GROUP BY key HAVING count(DISTINCT body) > 1)
            GROUP BY s.key, s.body ORDER BY s.key, s.body"""
    ).fetchall()
    first: dict[tuple[str, bytes], str] = {}
    for key, body, text in rows:
        kept = first.setdefault((key, canonical(text)), body)
        if kept != body:
            connection.execute("UPDATE suspects SET body = ? WHERE key = ? AND body = ?", [kept, key, body])


def canonical(text: str | bytes) -> bytes:
    """Return a record's JSON in one spelling: keys sorted, null-valued keys left out."""
    return msgspec.json.encode(_without_nulls(msgspec.json.decode(text)), order="sorted")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(entry) for key, entry in value.items() if entry is not None}
    if isinstance(value, list):
        return [_without_nulls(entry) for entry in value]
    return value


def _without(layout: Layout, segment: Segment, drops: Iterable[int]) -> list[Segment]:
    """Write a segment anew without the rows at these positions; none when nothing is left."""
    path = layout.segment(segment.date, segment.name)
    table = pq.read_table(path, schema=SCHEMA, partitioning=None)
    positions = pa.array(range(table.num_rows), pa.int64())
    dropped = pa.array(sorted(drops), pa.int64())
    table = table.filter(pc.invert(pc.is_in(positions, dropped)))
    path.unlink()
    return [write(layout, segment.date, table)] if table.num_rows else []
