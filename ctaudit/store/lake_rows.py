"""Read the partitions of a lake out of the store and write their files, in bounded memory whatever the store's size.

Rows are read in portions of many small cells (account × region × date), sorted, and cut where a partition ends; the
comparison counted them all, so that only one file is open at a time. A cell that is larger than a portion is read by
slices of segments.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from ctaudit.errors import Interrupted, QueryLimit
from ctaudit.query import Span
from ctaudit.records import lake
from ctaudit.records.arrow import lake_schema
from ctaudit.records.columns import EVENT, RECORD
from ctaudit.store import embedded, lake_plan, reader
from ctaudit.store.lake_files import PartitionWriter
from ctaudit.store.lake_plan import Plan, file_name
from ctaudit.store.layout import Layout
from ctaudit.store.views import quote, segments_sql, select_sql

PORTION_ROWS = 64 * 1024
PORTION_BYTES = 64 * 1024 * 1024
"""Rows that are sorted at once, and bytes of their texts; a sort takes some six times as many."""
MEMORY = "1GiB"
"""What DuckDB may use; a sort that needs more goes to the folder of half-written files."""
_BATCH_ROWS = 4096
_FETCH = 1000


@dataclass(frozen=True, slots=True)
class _Cell:
    """One account × region × date, with what is known of its partition."""

    id: int
    """Its place in the order."""
    rows: int
    bytes: int
    """Of its texts, more or less."""
    folder: str
    fingerprint: str
    all_rows: int
    """Of the partition."""
    lying: Sequence[str]
    """Names of the files that lie there."""


@dataclass(frozen=True, slots=True)
class Made:
    """The files of one partition, whole, to take the place of what lies there."""

    folder: str
    rows: int
    files: tuple[tuple[Path, str], ...]
    """Where each file lies, and what it is to be called."""
    old: tuple[str, ...]
    """Names of files that lie there and are to go."""


class LakeRows:
    """A store as it was at one moment, to be made a lake of."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, layout: Layout, span: Span, recognise: Sequence[str]
    ) -> None:
        self._connection = connection
        self._span = span
        self.snapshot = reader.snapshot(connection, layout, span, lake_plan.copies(recognise))
        self._layout = layout
        self._partition_by: Sequence[str] = ()
        known = connection.execute("SELECT contents, recognised FROM known").fetchone()
        assert known is not None  # an aggregate without GROUP BY always has one row
        self.contents, self.recognised = known
        """How many contents the store was made from, and how many of those to recognise are among them."""
        self.sketch = tuple(row[0] for row in connection.execute("FROM sketch ORDER BY ALL").fetchall())

    def compare(self, partition_by: Sequence[str], found: Iterator[tuple[str, int]], *, prune: bool) -> Plan:
        self._partition_by = partition_by
        return lake_plan.compare(self._connection, self.snapshot, self._span, partition_by, found, prune=prune)

    def surplus(self) -> Iterator[tuple[str, list[str]]]:
        return lake_plan.surplus(self._connection)

    def made(self, staging: Path, stopped: Callable[[], bool]) -> Iterator[Made]:
        """Write the partitions that differ, one after the other, into folders below `staging`.

        Raises Interrupted between two portions when `stopped` says so.
        """
        lake_plan.weigh(self._connection, self.snapshot)
        schema = lake_schema(self._partition_by)
        now: _Cell | None = None
        writer, number = PartitionWriter(staging, schema), 0
        try:
            for cell, rows in self._pieces(stopped):
                if now is None or cell.folder != now.folder:
                    if now is not None:
                        yield self._finished(now, writer)
                    now, number = cell, number + 1
                    place = staging / str(number)
                    place.mkdir()
                    writer = PartitionWriter(place, schema)
                writer.add(rows)
            if now is not None:
                yield self._finished(now, writer)
        finally:
            writer.abandon()

    def _finished(self, cell: _Cell, writer: PartitionWriter) -> Made:
        files = writer.finish()
        if writer.rows != cell.all_rows:
            raise reader.unreadable(self._layout, f"{cell.folder} has {writer.rows} rows and had {cell.all_rows}")
        names = [file_name(cell.fingerprint, number, len(files)) for number in range(len(files))]
        old = tuple(name for name in cell.lying if name not in names)
        return Made(cell.folder, writer.rows, tuple(zip(files, names, strict=True)), old)

    def _pieces(self, stopped: Callable[[], bool]) -> Iterator[tuple[_Cell, pa.Table]]:
        """Yield the rows of all cells to write, in order, as tables that are each of one partition."""
        for cells in self._portions():
            alone = len(cells) == 1 and _is_large(cells[0].rows, cells[0].bytes)
            for paths, between in self._slices(cells[0]) if alone else [(self._segments(cells), None)]:
                if stopped():
                    raise Interrupted("interrupted")
                batches = self._read(cells, paths, between)
                yield from ((cells[0], batch) for batch in batches) if alone else _cut(batches, cells)

    def _slices(self, cell: _Cell) -> Iterator[tuple[list[str], tuple[int, int]]]:
        """Yield for a large cell each segment that has rows of it, with the first and last row to read at once."""
        with self._connection.cursor() as cursor:
            asked = "SELECT path, rows, bytes, first, last FROM weights WHERE id = ? ORDER BY path"
            found = cursor.execute(asked, [cell.id]).fetchall()
        for path, rows, size, first, last in found:
            parts = max(-(-rows // PORTION_ROWS), -(-size // PORTION_BYTES))
            step = -(-(last + 1 - first) // parts)
            for start in range(first, last + 1, step):
                yield [path], (start, min(start + step - 1, last))

    def _portions(self) -> Iterator[list[_Cell]]:
        """Yield runs of cells that are not too large together; a larger cell comes alone."""
        portion: list[_Cell] = []
        rows = size = 0
        with self._connection.cursor() as cursor:
            cursor.execute(
                """SELECT t.id, t.rows, w.bytes, t.folder, v.fingerprint, v.rows, coalesce(o.names, []) FROM todo t
                   JOIN verdicts v USING (folder) LEFT JOIN (
                     SELECT folder, list(name ORDER BY name) AS names FROM ours GROUP BY folder
                   ) o USING (folder)
                   JOIN (SELECT id, sum(bytes)::BIGINT AS bytes FROM weights GROUP BY id) w USING (id) ORDER BY t.id"""
            )
            while fetched := cursor.fetchmany(_FETCH):
                for row in fetched:
                    cell = _Cell(*row)
                    rows, size = rows + cell.rows, size + cell.bytes
                    if portion and _is_large(rows, size):
                        yield portion
                        portion, rows, size = [], cell.rows, cell.bytes
                    portion.append(cell)
        if portion:
            yield portion

    def _segments(self, cells: Sequence[_Cell]) -> list[str]:
        with self._connection.cursor() as cursor:
            asked = "SELECT DISTINCT path FROM weights WHERE id BETWEEN ? AND ? ORDER BY path"
            return [path for (path,) in cursor.execute(asked, [cells[0].id, cells[-1].id]).fetchall()]

    def _read(
        self, cells: Sequence[_Cell], paths: Sequence[str], between: tuple[int, int] | None
    ) -> Iterator[pa.Table]:
        """Yield the rows of these cells that lie in these segments, or `between` two rows of one, in order."""
        sliced = "" if between is None else f"AND e.file_row_number BETWEEN {between[0]} AND {between[1]}"
        source = f"""(SELECT e.*, t.id AS cell FROM {segments_sql(paths)} e JOIN todo t
                      ON t.date = e.date AND t.account IS NOT DISTINCT FROM e.account
                      AND t.region IS NOT DISTINCT FROM e.awsregion
                      WHERE t.id BETWEEN {cells[0].id} AND {cells[-1].id} {sliced} {self._pruning(cells)})"""
        rows = select_sql(source, repeated=self.snapshot.totals.duplicates > 0, also=["e.cell"])
        names = [field.name for field in EVENT] + lake.columns(self._partition_by)
        columns = ", ".join(f"{name}::BIGINT AS {name}" if name == RECORD else name for name in names)
        order = f"cell, eventtime NULLS LAST, eventid NULLS FIRST, source_file, {RECORD}"
        with self._connection.cursor() as cursor:
            batches = cursor.sql(f"SELECT {columns} FROM ({rows}) ORDER BY {order}").to_arrow_reader(_BATCH_ROWS)
            for batch in batches:
                yield pa.Table.from_batches([batch])

    def _pruning(self, cells: Sequence[_Cell]) -> str:
        """Return a condition that spares DuckDB row groups of other accounts, where the cells are of a few."""
        with self._connection.cursor() as cursor:
            found = cursor.execute(
                "SELECT DISTINCT account FROM todo WHERE id BETWEEN ? AND ? LIMIT 9", [cells[0].id, cells[-1].id]
            ).fetchall()
        accounts = [account for (account,) in found if account is not None]
        if len(accounts) != len(found) or len(found) > 8:
            return ""
        return f"AND e.account IN ({', '.join(map(quote, sorted(accounts)))})"


def _is_large(rows: int, size: int) -> bool:
    return rows > PORTION_ROWS or size > PORTION_BYTES


def _cut(batches: Iterator[pa.Table], cells: Sequence[_Cell]) -> Iterator[tuple[_Cell, pa.Table]]:
    """Cut ordered rows into those of one cell after the other."""
    ahead = iter(cells)
    cell = next(ahead)
    left = cell.rows
    for batch in batches:
        start = 0
        while start < batch.num_rows:
            if not left:
                cell = next(ahead, cell)  # when there are too many, the count at the end tells
                left = cell.rows
            length = min(left, batch.num_rows - start)
            yield cell, batch.slice(start, length)
            start, left = start + length, left - length


@contextlib.contextmanager
def opened(layout: Layout, span: Span, recognise: Sequence[str], spill: Path) -> Iterator[LakeRows]:
    """Take a store as it is now; what sorting does not fit into memory goes below `spill`.

    `span` is of whole days. `recognise` are hashes of contents that the store may know.
    """
    with reader.explained(layout), embedded.connect() as connection:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute(f"SET temp_directory = {quote(str(spill))}")
        connection.execute("SET preserve_insertion_order = true")
        try:
            yield LakeRows(connection, layout, span, recognise)
        except duckdb.OutOfMemoryException as error:
            raise QueryLimit("the export needs more memory or room for sorting than there is", "free some") from error
