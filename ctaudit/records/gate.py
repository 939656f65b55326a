"""The gate of the fast path: a strict type for records, so that whatever does not fit goes the careful way.

A record that this type accepts is held whole by the columns; one unknown field or one value of another type, and the
decoder refuses. That strictness is the proof that the fast path loses nothing.

Objects such as `userIdentity` and `tlsDetails` repeat word for word from record to record, so each distinct text is
decoded once and the result shared; `batch` builds their columns once for each distinct object too.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from ctaudit import times
from ctaudit.records.columns import EVENT, Field, Shape

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
            optional.append((field.name, kind, ABSENT if kind is msgspec.Raw else None))
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


_file_decoder = msgspec.json.Decoder(_LogFile)
_event_decoder = msgspec.json.Decoder(Event)
_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def fast_file(text: bytes) -> list[Any] | None:
    """Return the events of a whole CloudTrail log file, or None when any part of it needs care."""
    if not is_utf8(text):
        return None
    try:
        events: list[Any] = _file_decoder.decode(text).records
        _share_structs(events)
    except _MALFORMED:
        return None
    return events if all(map(_usable_time, events)) else None


def fast_event(text: bytes | msgspec.Raw) -> Any | None:
    """Return one record's event, or None when it needs care. The text must be valid UTF-8."""
    try:
        event = _event_decoder.decode(text)
        _share_structs([event])
    except _MALFORMED:
        return None
    return event if _usable_time(event) else None


class _Shared:
    """Decodes the texts of one nested column, each distinct text once."""

    MOST = 50_000
    """Distinct texts remembered; then it starts anew, so that memory stays bounded."""

    def __init__(self, kind: Any) -> None:
        self._decode = msgspec.json.Decoder(kind | None).decode
        self._known: dict[bytes, Any] = {}

    def decode(self, raw: msgspec.Raw) -> Any:
        text = bytes(raw)
        try:
            return self._known[text]
        except KeyError:
            if len(self._known) >= self.MOST:
                self._known.clear()
            value = self._known[text] = self._decode(text)
            return value


_shared = {name: _Shared(kind).decode for name, kind in STRUCTS.items()}


def _share_structs(events: list[Any]) -> None:
    for name, decode in _shared.items():
        for event in events:
            raw = getattr(event, name)
            setattr(event, name, None if raw is ABSENT else decode(raw))


def is_utf8(text: bytes) -> bool:
    """Raw JSON is passed on unread by the decoder, so its encoding is checked here."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _usable_time(event: Any) -> bool:
    time: str = event.eventtime
    return len(time) == 20 and _is_date(time[:10]) and _is_clock(time[10:])


@cache
def _is_date(text: str) -> bool:
    return times.canonical(f"{text}T00:00:00Z") == f"{text}T00:00:00Z"


@cache
def _is_clock(text: str) -> bool:
    return times.is_canonical(f"2000-01-01{text}")
