"""A sink that keeps what the reader hands over, and rows that went through a Parquet file and came back."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from ctaudit.fault import Fault
from ctaudit.records.batch import Rows
from ctaudit.records.gate import Gated
from ctaudit.records.reading import Reading
from ctaudit.records.readings import Readings
from ctaudit.records.shared import Pieces
from ctaudit.records.unpack import Content, unpack
from ctaudit.store import rebuild
from tests.records.synthetic import record


class Taken:
    """A `Sink` that builds rows, and remembers which way each event came."""

    def __init__(self) -> None:
        self.pieces = Pieces()
        self.rows = Rows(self.pieces)
        self.fast_records: list[int] = []

    def fast(self, gated: Gated, file_ids: array[int], records: Sequence[int]) -> None:
        self.fast_records.extend(records)
        self.rows.add_fast(gated, file_ids, records)

    def careful(self, event: Any, account: str | None, file_id: int, record: int, extra: str | None) -> None:
        self.rows.add(event, account, file_id, record, extra)

    def rest(self) -> None:
        pass

    @property
    def records(self) -> list[int]:
        """The record indices, in order."""
        return sorted(self.rows.table()["record"].to_pylist())

    @property
    def ids(self) -> list[str | None]:
        """The event ids in order of their record index."""
        return self.column("eventid")

    def column(self, name: str) -> list[str | None]:
        """A column's values in order of their record index."""
        values: list[str | None] = self.rows.table().sort_by("record")[name].to_pylist()
        return values


def file_ids(records: Sequence[int]) -> array[int]:
    return array("q", [7] * len(records))


def take(text: bytes, *, hinted: bool = True, whole: bool = True) -> tuple[Taken, Reading]:
    """Read one content."""
    sink = Taken()
    return sink, read(Content("a.json", text, whole), sink, hinted)


def read(content: Content, sink: Taken, hinted: bool, file_id: int = 7) -> Reading:
    """Read one content into a sink."""
    readings = Readings(sink)
    readings.read(content, file_id, hinted)
    (reading,) = readings.settle()
    return reading


def take_file(data: bytes) -> tuple[list[str | None], list[Fault]]:
    """Unpack and read a file's bytes; the event ids of all its contents, and all faults."""
    contents, faults = unpack("a.json.gz", data)
    ids: list[str | None] = []
    for content in contents:
        sink = Taken()
        reading = read(content, sink, hinted=True)
        assert reading.events == len(sink.rows) == len(set(sink.records))
        ids += sink.ids
        faults += reading.faults
    return ids, faults


def stored(rows: Rows, folder: Path) -> list[dict[str, Any]]:
    """Write the rows as a segment is written, and read them back with DuckDB, `eventjson` beside the columns."""
    path = folder / "rows.parquet"
    pq.write_table(rows.table(), path, compression="zstd")
    with duckdb.connect() as connection:
        cursor = connection.execute(
            f"SELECT *, {rebuild.sql('e')} AS eventjson FROM read_parquet(?) e ORDER BY file_id, record", [str(path)]
        )
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def numbered(count: int, start: int = 0) -> list[dict[str, Any]]:
    """Make records that pass the gate, with ids `event-0`, `event-1` and so on."""
    return [
        record("s3", "DeleteObject", {"bucketName": "b", "key": f"k{n}"}, eventID=f"event-{n}")
        for n in range(start, start + count)
    ]


def names(*numbers: int) -> list[str]:
    return [f"event-{number}" for number in numbers]


def packed(value: Any) -> bytes:
    """Write JSON as CloudTrail does: on one line, nothing behind it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def log(records: Sequence[Any]) -> bytes:
    return packed({"Records": list(records)})
