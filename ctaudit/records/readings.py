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
        self._readers: list[Reader] = []
        """All since the last `settle`."""
        self._waiting: list[tuple[Reader, list[msgspec.Raw]]] = []
        """Those with records that have yet to pass the gate."""
        self._records = 0
        """So many records wait."""

    @property
    def full(self) -> bool:
        """Whether enough records wait: more would only take memory."""
        return self._records >= ENOUGH

    def read(self, content: Content, file_id: int, hinted: bool) -> None:
        """Read one content.

        `hinted` says that the name, or the user, claims it to be a log: then text that is no JSON is a fault, otherwise
        it is refused. Never raises on any bytes.
        """
        reader = Reader(content, file_id, self._sink)
        self._readers.append(reader)
        entries = reader.log_entries()
        if entries is not None and len(entries) < ENOUGH:
            self._waiting.append((reader, entries))
            self._records += len(entries)
            return
        self._pass()  # rows keep the order of their files, or each segment would have to be sorted
        if entries is None:
            reader.read(hinted)
        else:
            reader.take_log(entries)

    def settle(self) -> list[Reading]:
        """Pass through the gate whatever waits; return what came of each content since the last time."""
        self._pass()
        readings = [reader.finish() for reader in self._readers]
        self._readers = []
        return readings

    def _pass(self) -> None:
        if not self._waiting:
            return
        found = gated([entry for _, entries in self._waiting for entry in entries], self._sink.pieces)
        file_ids, records = array("q"), list[int]()
        start = at = 0
        for reader, entries in self._waiting:
            care: list[int] = []
            while at < len(found.care) and found.care[at] < start + len(entries):
                care.append(found.care[at] - start)
                at += 1
            fit = reader.number(len(entries), care, partial(reader.take_odd, entries))
            file_ids.extend(reader.file_id * len(fit))
            records += fit
            start += len(entries)
        self._sink.fast(found, file_ids, records)
        self._waiting, self._records = [], 0
        self._sink.rest()
