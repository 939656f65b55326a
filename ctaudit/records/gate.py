"""The gate of the fast path: a strict type for records, so that whatever does not fit goes the careful way.

A record that this type accepts is held whole by the columns; one value of another type, and the decoder refuses. That
strictness is the proof that the fast path loses nothing. A record with members that the event dictionary does not know,
as AWS adds them from time to time, passes beside them: they are kept as they stand.

Everything here is done column by column, in loops that run in C: Python's own would cost ten times the decoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import compress
from typing import Any

import msgspec

from ctaudit import limits, times
from ctaudit.records.columns import BY_KEY, EVENT, Shape
from ctaudit.records.event_types import ABSENT, SHARED, GatedEvent, WiderEvent
from ctaudit.records.scan import nests_deeper
from ctaudit.records.shared import TOO_DEEP, Pieces

Text = bytes | msgspec.Raw
Columns = list[Sequence[Any]]
"""Values of many records, one sequence for each field of `EVENT`: text, bool, JSON in bytes (`null` when there is
none), or for a shared field the place of its value; None where a text or flag is absent."""


_TIME = next(index for index, field in enumerate(EVENT) if field.shape is Shape.TIME)
_SOURCE = next(index for index, field in enumerate(EVENT) if field.key == "eventSource")
_FREE = tuple(index for index, field in enumerate(EVENT) if field.shape is Shape.JSON)
_SHARED = tuple((index, field) for index, field in enumerate(EVENT) if field in SHARED)


class _SplitFile(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    records: list[msgspec.Raw] = msgspec.field(name="Records")


_split_decoder = msgspec.json.Decoder(_SplitFile)
_decode = msgspec.json.Decoder(GatedEvent).decode
_decode_wider = msgspec.json.Decoder(WiderEvent).decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_astuple = msgspec.structs.astuple
_MISFIT = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Gated:
    """What became of some records at the gate."""

    columns: Columns
    """Of the records that passed."""
    extras: dict[int, str]
    """Row in the columns -> JSON merge patch with the members that no column holds."""
    care: list[int]
    """Positions of the records that did not pass."""

    def some(self, chosen: Sequence[bool]) -> Gated:
        """Return the rows that are `chosen`."""
        moved = {row: index for index, row in enumerate(compress(range(len(chosen)), chosen))}
        extras = {moved[row]: extra for row, extra in self.extras.items() if row in moved}
        return Gated([list(compress(column, chosen)) for column in self.columns], extras, self.care)


def split_file(text: bytes) -> list[msgspec.Raw]:
    """Return the entries of a log file's `Records`; raises msgspec.DecodeError when it is something else."""
    entries: list[msgspec.Raw] = _split_decoder.decode(text).records
    return entries


def gated(entries: Sequence[Text], pieces: Pieces) -> Gated:
    """Pass records through the gate. The texts must be valid UTF-8."""
    events, extras, care = _decoded(entries)
    columns: Columns = list(zip(*map(_astuple, events), strict=True)) or [() for _ in EVENT]
    unfit = {*_unusable_times(columns[_TIME]), *_of_carriers(columns[_SOURCE])}
    for index, field in _SHARED:
        column = columns[index]
        if _all_absent(column):
            columns[index] = (pieces[field][b"null"],) * len(column)
        else:
            columns[index] = places = list(map(pieces[field].__getitem__, map(bytes, column)))
            if TOO_DEEP in places:
                unfit.update(row for row, place in enumerate(places) if place == TOO_DEEP)
    for index in _FREE:
        column = columns[index]
        if _all_absent(column):
            columns[index] = (b"null",) * len(column)
        else:
            columns[index] = texts = list(map(bytes, column))
            unfit.update(_too_deep(texts))
    return _without(Gated(columns, extras, care), unfit, len(entries)) if unfit else Gated(columns, extras, care)


def _decoded(entries: Sequence[Text]) -> tuple[list[Any], dict[int, str], list[int]]:
    """Return the events that have the right type, what else they hold by row, and the positions of all others."""
    events: list[Any] = []
    extras: dict[int, str] = {}
    care: list[int] = []
    sized = entries
    if max(map(len, entries), default=0) > limits.MAX_RECORD_BYTES:
        sized = [entry if len(entry) <= limits.MAX_RECORD_BYTES else b"" for entry in entries]
    decoding = map(_decode, sized)
    while True:
        try:
            events.extend(decoding)  # what came before a misfit stays, and the next turn goes on behind it
        except _MISFIT:
            position = len(events) + len(care)
            wider = _wider(sized[position])
            if wider is None:
                care.append(position)
            else:
                extras[len(events)] = wider[1]
                events.append(wider[0])
        else:
            return events, extras, care


def _wider(text: Text) -> tuple[Any, str] | None:
    """Return the event of a record that holds more members than are known, and those; None when that is not all."""
    try:
        event = _decode_wider(text)
        unknown = {key: raw for key, raw in _members(text).items() if key not in BY_KEY}
    except _MISFIT:
        return None
    if event.recipientaccountid is None and "accountId" in unknown:
        return None  # an aggregated event, which has it there
    if any(nests_deeper(bytes(raw), limits.MAX_DEPTH - 1) for raw in unknown.values()):
        return None
    return event, msgspec.json.encode(unknown).decode()


def _without(gated: Gated, unfit: set[int], count: int) -> Gated:
    """Take unfit rows out of the columns; they need care, too."""
    out = set(gated.care)
    positions = [position for position in range(count) if position not in out]
    care = sorted([*gated.care, *(positions[row] for row in unfit)])
    return replace(gated.some([row not in unfit for row in range(len(positions))]), care=care)


def _all_absent(column: Sequence[msgspec.Raw]) -> bool:
    """Tell it quickly, as all are one object then: the rule for the rarer fields."""
    return bool(column) and column[0] is ABSENT and column.count(ABSENT) == len(column)


def _too_deep(texts: Sequence[bytes]) -> list[int]:
    """Return the rows whose free-form value nests too deeply; one so deep has at least two brackets a level."""
    most, shortest = limits.MAX_DEPTH - 1, 2 * limits.MAX_DEPTH
    return [
        row
        for row, text in enumerate(texts)
        if len(text) >= shortest and text.count(b"{") + text.count(b"[") > most and nests_deeper(text, most)
    ]


def _unusable_times(texts: Sequence[str]) -> list[int]:
    """Return the rows whose time is not `YYYY-MM-DDTHH:MM:SSZ`; few days and clock times occur, each is judged once."""
    if all(map(_is_date, {text[:10] for text in texts})) and all(map(_is_clock, {text[10:] for text in texts})):
        return []
    return [row for row, text in enumerate(texts) if not (_is_date(text[:10]) and _is_clock(text[10:]))]


def _of_carriers(sources: Sequence[str | None]) -> list[int]:
    """Return the rows that another service's event may be: CloudTrail's own sources are host names."""
    if not any(source and source.startswith("aws:") for source in set(sources)):
        return []
    return [row for row, source in enumerate(sources) if source and source.startswith("aws:")]


@lru_cache(1 << 15)
def _is_date(text: str) -> bool:
    return times.canonical(f"{text}T00:00:00Z") == f"{text}T00:00:00Z"


@lru_cache(1 << 17)
def _is_clock(text: str) -> bool:
    return times.is_canonical(f"2000-01-01{text}")
