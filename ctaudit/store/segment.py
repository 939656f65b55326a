"""Write segments: Parquet files of one date, clustered by account and region, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ctaudit.records import unknown_fields
from ctaudit.records.arrow import SCHEMA
from ctaudit.records.batch import Rows
from ctaudit.records.columns import ACCOUNT, EVENT, EXTRA, FILE_ID, RECORD, UNKNOWN_DATE, Shape
from ctaudit.records.gate import Gated
from ctaudit.records.shared import Pieces
from ctaudit.store.layout import Layout, sync
from ctaudit.store.stops import Stop, stops

ROW_GROUP_ROWS = 64 * 1024
TEMPORARY = ".tmp"
"""Suffix of a segment that is still being written; the next ingest sweeps such files."""

_TIME = next(index for index, field in enumerate(EVENT) if field.shape is Shape.TIME)
_STATISTICS = ["eventtime", "eventsource", "eventname", "awsregion", "errorcode", "eventid", ACCOUNT, FILE_ID, RECORD]
"""Columns whose row-group minimum and maximum can prune; for JSON text they would be waste."""
_NO_DICTIONARY = ("eventid", "requestid", "requestparameters", "responseelements", "additionaleventdata", EXTRA, RECORD)


class Partition(msgspec.Struct, frozen=True):
    """One account × region × date of one segment."""

    account: str | None
    region: str | None
    rows: int
    first_time: str | None
    last_time: str | None
    hours: int
    """The hours of the date in which it has management or data events: bit 0 is the hour from midnight UTC."""


@dataclass(frozen=True, slots=True)
class Segment:
    date: str
    name: str
    rows: int
    bytes: int
    unique: bool
    """Whether no event id stands twice in it."""
    partitions: tuple[Partition, ...]
    names: tuple[tuple[str | None, str | None, str | None], ...]
    """Each (event source, event name, readonly) that occurs in it: questions about verbs start from these."""
    unknown_fields: tuple[tuple[str, int], ...] = ()
    """Path of each field that no column holds, and the number of its records."""
    stops: tuple[Stop, ...] = ()
    """The calls in it that stopped or started a trail."""


class SegmentWriter:
    """Gathers events by date and writes each date's rows as a segment. It is a `read.Sink`."""

    MOST_BYTES = 256 * 1024 * 1024
    """Bytes held over all dates; above it they are written out, so that memory stays bounded."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._rows: dict[str, Rows] = {}
        self.pieces = Pieces()
        self.segments: list[Segment] = []

    def fast(self, gated: Gated, file_ids: array[int], records: Sequence[int]) -> None:
        days = [time[:10] for time in gated.columns[_TIME]]
        for day in sorted(set(days)):
            if days.count(day) == len(days):
                self._rows_of(day).add_fast(gated, file_ids, records)
            else:
                chosen = [each == day for each in days]
                ids = array("q", compress(file_ids, chosen))
                self._rows_of(day).add_fast(gated.some(chosen), ids, list(compress(records, chosen)))

    def careful(self, event: Any, account: str | None, file_id: int, record: int, extra: str | None) -> None:
        day = event.eventtime[:10] if event.eventtime else UNKNOWN_DATE
        self._rows_of(day).add(event, account, file_id, record, extra)

    def _rows_of(self, day: str) -> Rows:
        rows = self._rows.get(day)
        if rows is None:
            rows = self._rows[day] = Rows(self.pieces)
        return rows

    def rest(self) -> None:
        if self.pieces.bytes + sum(rows.bytes for rows in self._rows.values()) > self.MOST_BYTES:
            self.finish()

    def finish(self) -> None:
        """Write every date gathered so far."""
        for day in sorted(self._rows):
            self.segments.append(write(self._layout, day, cluster(self._rows.pop(day).table())))
        self.pieces.clear()


def cluster(table: pa.Table) -> pa.Table:
    """Return the rows clustered by account and region, each cluster in the order it was read.

    Files are read in the order of their paths, so they come clustered, and then nothing is copied.
    """
    accounts, regions = (table[name].combine_chunks().dictionary_encode("encode") for name in (ACCOUNT, "awsregion"))
    clusters = pc.add(pc.multiply(accounts.indices, len(regions.dictionary)), regions.indices)
    runs = pc.sum(pc.not_equal(clusters.slice(1), clusters.slice(0, max(len(clusters) - 1, 0)))).as_py() or 0
    if runs + 1 == pc.count_distinct(clusters).as_py():
        return table
    order = pc.sort_indices(table, [(ACCOUNT, "ascending"), ("awsregion", "ascending"), ("eventtime", "ascending")])
    return table.take(order)


def write(layout: Layout, date: str, table: pa.Table) -> Segment:
    """Write one segment under a temporary name and put it on the disk for good before giving it its name."""
    name = f"{_name(table)}.parquet"
    path = layout.segment(date, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Machines that share a store may have a process of the same number, which writes the same segment.
    temporary = path.with_name(f"{name}.{os.getpid()}.{os.urandom(4).hex()}{TEMPORARY}")
    try:
        _write_parquet(table, temporary)
        sync(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    unique = pc.count_distinct(table["eventid"], mode="only_valid").as_py() == table.num_rows
    return Segment(
        date,
        name,
        table.num_rows,
        path.stat().st_size,
        unique,
        tuple(_partitions(table, {} if date == UNKNOWN_DATE else _hours(table))),
        tuple(_names(table)),
        tuple(sorted(unknown_fields.count(table[EXTRA].drop_null().to_pylist()).items())),
        tuple(stops(table)),
    )


def _write_parquet(table: pa.Table, path: Path) -> None:
    """Write the rows; event ids are random, so only a Bloom filter tells where one is not, for 1.5 % of the bytes."""
    pq.write_table(
        table,
        path,
        compression="zstd",
        row_group_size=ROW_GROUP_ROWS,
        use_dictionary=[leaf for leaf in leaves(SCHEMA) if leaf not in _NO_DICTIONARY],
        write_statistics=_STATISTICS,
        store_schema=True,
        bloom_filter_options={"eventid": {"ndv": min(max(table.num_rows, 1), ROW_GROUP_ROWS), "fpp": 0.01}},
    )


def leaves(fields: Iterable[pa.Field], prefix: str = "") -> Iterator[str]:
    """Yield the Parquet column paths of the schema."""
    for field in fields:
        path = prefix + field.name
        kind = field.type
        if pa.types.is_struct(kind):
            yield from leaves(kind, f"{path}.")
        elif pa.types.is_list(kind):
            yield from leaves(kind.value_type, f"{path}.list.element.")
        elif pa.types.is_map(kind):
            yield from (f"{path}.key_value.key", f"{path}.key_value.value")
        else:
            yield path


def _name(table: pa.Table) -> str:
    """Name a segment after the rows it holds, so that the same evidence gives the same names."""
    digest = hashlib.blake2b(digest_size=10)
    for column in (FILE_ID, RECORD):
        array = pa.concat_arrays(table[column].chunks)
        digest.update(memoryview(array.buffers()[1])[: len(array) * array.type.byte_width])
    return digest.hexdigest()


def _partitions(table: pa.Table, hours: Mapping[tuple[str | None, str | None], int]) -> Iterator[Partition]:
    groups = table.select([ACCOUNT, "awsregion", "eventtime"]).group_by([ACCOUNT, "awsregion"])
    found = groups.aggregate([([], "count_all"), ("eventtime", "min"), ("eventtime", "max")])
    for row in found.to_pylist():
        place = row[ACCOUNT], row["awsregion"]
        yield Partition(*place, row["count_all"], row["eventtime_min"], row["eventtime_max"], hours.get(place, 0))


def _hours(table: pa.Table) -> dict[tuple[str | None, str | None], int]:
    """Return by account and region the hours in which there are events, one bit each.

    Insight events and the like do not count: they say nothing of whether the calls of that hour were logged.
    """
    usual = pc.fill_null(pc.is_in(table["eventcategory"], pa.array(["Management", "Data", None])), True)
    chosen = table.select([ACCOUNT, "awsregion", "eventtime"]).filter(usual)
    hours = pc.utf8_slice_codeunits(chosen["eventtime"], 11, 13)
    keys = [ACCOUNT, "awsregion", "hour"]
    found: dict[tuple[str | None, str | None], int] = {}
    for row in chosen.append_column("hour", hours).group_by(keys).aggregate([]).to_pylist():
        place = row[ACCOUNT], row["awsregion"]
        found[place] = found.get(place, 0) | 1 << int(row["hour"])
    return found


def _names(table: pa.Table) -> Iterator[tuple[str | None, str | None, str | None]]:
    columns = ["eventsource", "eventname", "readonly"]
    for row in table.select(columns).group_by(columns).aggregate([]).to_pylist():
        yield row["eventsource"], row["eventname"], row["readonly"]
