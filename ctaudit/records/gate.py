"""The gate of the fast path: a strict type for records, so that whatever does not fit goes the careful way.

A record that this type accepts is held whole by the columns; one unknown field or one value of another type, and the
decoder refuses. That strictness is the proof that the fast path loses nothing.

Objects such as `userIdentity` and `tlsDetails` repeat word for word from record to record, so each distinct text is
decoded once and the result shared; `batch` builds their columns once for each distinct object too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from ctaudit import limits, times
from ctaudit.records.columns import EVENT, Field, Shape
from ctaudit.records.encoding import is_utf8
from ctaudit.records.scan import nests_deeper

_REQUIRED = frozenset({"eventVersion", "eventTime", "eventID", "eventType"})
"""Without these a record is unusual enough to be looked at carefully."""

ABSENT = msgspec.Raw(b"null")


def _type(field: Field, top: bool) -> Any:
    if field.shape is Shape.FLAG:
        return bool | None
    if field.shape is Shape.JSON or (top and field.shape is Shape.STRUCT):
        return msgspec.Raw
    if field.shape is Shape.MAP:
        return dict[str, str] | None
    if field.shape is Shape.STRUCT:
        return _struct(field.key, field.fields) | None
    if field.shape is Shape.RESOURCES:
        return list[Resource] | None
    return str | None


def _struct(name: str, fields: tuple[Field, ...], top: bool = False) -> Any:
    required = [(field.name, str) for field in fields if field.key in _REQUIRED]
    optional: list[Any] = []
    for field in fields:
        if field.key not in _REQUIRED:
            kind = _type(field, top)
            optional.append((field.name, kind, ABSENT if field.shape is Shape.JSON else None))
    return msgspec.defstruct(
        name,
        [*required, *optional],
        rename={field.name: field.key for field in fields},
        forbid_unknown_fields=True,
        kw_only=True,
        gc=False,
    )


class Resource(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One entry of `resources`; calls on many S3 objects carry ARNPrefix, which no column holds."""

    arn: str | None = msgspec.field(name="ARN", default=None)
    accountid: str | None = msgspec.field(name="accountId", default=None)
    type: str | None = None
    arnprefix: str | None = msgspec.field(name="ARNPrefix", default=None)


Event: Any = _struct("Event", EVENT, top=True)
"""One record: attributes named like the columns; text, bool, Raw JSON, nested structs, or None."""

STRUCTS: dict[str, Any] = {
    field.name: _struct(field.key, field.fields) for field in EVENT if field.shape is Shape.STRUCT
}
"""The type of each nested column's values."""


class _LogFile(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    records: list[Event] = msgspec.field(name="Records")


class _SplitFile(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    records: list[msgspec.Raw] = msgspec.field(name="Records")


_file_decoder = msgspec.json.Decoder(_LogFile)
_split_decoder = msgspec.json.Decoder(_SplitFile)
_event_decoder = msgspec.json.Decoder(Event)
_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_FREE = tuple(attrgetter(field.name) for field in EVENT if field.shape is Shape.JSON)


def fast_file(text: bytes) -> list[Any] | None:
    """Return the events of a whole CloudTrail log file, or None when any part of it needs care."""
    if not is_utf8(text):
        return None
    try:
        events: list[Any] = _file_decoder.decode(text).records
        for event in events:
            _share_structs(event)
    except _MALFORMED:
        return None
    if len(text) > limits.MAX_RECORD_BYTES and _has_large_record(text):
        return None
    return events if _fit(events) else None


def split_file(text: bytes) -> list[msgspec.Raw]:
    """Return the entries of a log file's `Records`; raises msgspec.DecodeError when it is something else."""
    entries: list[msgspec.Raw] = _split_decoder.decode(text).records
    return entries


def fast_events(entries: Sequence[bytes | msgspec.Raw]) -> list[Any | None]:
    """Return each record's event, or None where it needs care. The texts must be valid UTF-8."""
    events = [_decoded(entry) for entry in entries]
    if _fit([event for event in events if event is not None]):
        return events
    return [event if event is not None and _fit([event]) else None for event in events]


def fast_event(text: bytes | msgspec.Raw) -> Any | None:
    """Return one record's event, or None when it needs care. The text must be valid UTF-8."""
    return fast_events([text])[0]


def _decoded(entry: bytes | msgspec.Raw) -> Any | None:
    if len(entry) > limits.MAX_RECORD_BYTES:
        return None
    try:
        event = _event_decoder.decode(entry)
        _share_structs(event)
    except _MALFORMED:
        return None
    return event


def _fit(events: list[Any]) -> bool:
    """Judge what the decoder leaves open."""
    return _usable_times([event.eventtime for event in events]) and not _too_deep(events)


class _Shared:
    """Decodes the texts of one nested column, each distinct text once."""

    MOST = 50_000
    """Distinct texts remembered; then it starts anew, so that memory stays bounded."""
    LONGEST = 4096
    """Bytes of a text worth remembering: AWS's reach some 700."""

    def __init__(self, kind: Any) -> None:
        self._decode = msgspec.json.Decoder(kind | None).decode
        self._known: dict[bytes, Any] = {}

    def decode(self, raw: msgspec.Raw) -> Any:
        text = bytes(raw)
        if len(text) > self.LONGEST:
            return self._decode(text)
        try:
            return self._known[text]
        except KeyError:
            if len(self._known) >= self.MOST:
                self._known.clear()
            value = self._known[text] = self._decode(text)
            return value


_shared = {name: _Shared(kind).decode for name, kind in STRUCTS.items()}


def _share_structs(event: Any) -> None:
    """Put the decoded structs in the place of their texts; raises msgspec.DecodeError when one does not fit."""
    for name, decode in _shared.items():
        raw = getattr(event, name)
        if raw is not None:
            setattr(event, name, decode(raw))


def _has_large_record(text: bytes) -> bool:
    return any(len(record) > limits.MAX_RECORD_BYTES for record in split_file(text))


def _too_deep(events: Sequence[Any]) -> bool:
    """Tell whether a free-form field nests too deeply; a value so deep has at least two brackets a level."""
    shortest = 2 * limits.MAX_DEPTH
    for free in _FREE:
        values = list(map(free, events))
        if values.count(ABSENT) < len(values):
            suspects = [raw for raw in values if len(raw) > shortest]
            if any(nests_deeper(bytes(raw), limits.MAX_DEPTH - 1) for raw in suspects):
                return True
    return False


def _usable_times(texts: list[str]) -> bool:
    """Tell whether all are `YYYY-MM-DDTHH:MM:SSZ`; few days and clock times occur, so each is judged once."""
    return (
        set(map(len, texts)) <= {20}
        and all(map(_is_date, {text[:10] for text in texts}))
        and all(map(_is_clock, {text[10:] for text in texts}))
    )


@cache
def _is_date(text: str) -> bool:
    return times.canonical(f"{text}T00:00:00Z") == f"{text}T00:00:00Z"


@cache
def _is_clock(text: str) -> bool:
    return times.is_canonical(f"2000-01-01{text}")
