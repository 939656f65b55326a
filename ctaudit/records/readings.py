"""Read many contents: large ones at once, small log files together, since each pass through the gate has its price."""

from __future__ import annotations

from array import array
from functools import partial

import msgspec

from ctaudit.records.gate import gated
from ctaudit.records.read import Reader
from ctaudit.records.reading import Reading, Sink
from ctaudit.records.unpack import Content

ENOUGH = 300
"""So many records are worth a pass of their own: one by one they would cost as much as with care."""


class Readings:
    """Reads contents into a sink. What came of them is told by `settle`, in their order."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._readers: list[tuple[Reader, list[msgspec.Raw]]] = []
        """Each with the records that wait for the gate."""
        self._waiting = 0

    @property
    def full(self) -> bool:
        """Whether enough records wait: more would only take memory."""
        return self._waiting >= ENOUGH

    def read(self, content: Content, file_id: int, hinted: bool) -> None:
        """Read one content.

        `hinted` says that the name, or the user, claims it to be a log: then text that is no JSON is a fault, otherwise
        it is refused. Never raises on any bytes.
        """
        reader = Reader(content, file_id, self._sink)
        entries = reader.log_entries()
        if entries is None:
            reader.read(hinted)
        elif len(entries) >= ENOUGH:
            reader.take_log(entries)
            entries = None
        self._readers.append((reader, entries or []))
        self._waiting += len(entries or ())

    def settle(self) -> list[Reading]:
        """Pass through the gate whatever waits; return what came of each content since the last time."""
        found = gated([entry for _, entries in self._readers for entry in entries], self._sink.pieces)
        file_ids, records = array("q"), list[int]()
        start = at = 0
        for reader, entries in self._readers:
            care: list[int] = []
            while at < len(found.care) and found.care[at] < start + len(entries):
                care.append(found.care[at] - start)
                at += 1
            fit = reader.number(len(entries), care, partial(reader.take_odd, entries))
            file_ids.extend(reader.file_id * len(fit))
            records += fit
            start += len(entries)
        self._sink.fast(found, file_ids, records)
        readings = [reader.finish() for reader, _ in self._readers]
        self._readers, self._waiting = [], 0
        self._sink.rest()
        return readings
