"""The careful path: any JSON object becomes an event that loses nothing, with a patch for what no column holds.

`extra` is an RFC 7396 merge patch: applied to the JSON of the columns it gives the record back. So a field of another
type than its column's, an unknown key at any level, and a time in another spelling are all kept, as written.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ctaudit import times
from ctaudit.records.columns import BY_KEY, Field, Shape
from ctaudit.records.event_types import ABSENT, Event, Resource, struct_of

Patch = dict[str, Any]
"""Merge patch under construction; leaves are Raw JSON, so that numbers keep their spelling."""

_NULL = msgspec.Raw(b"null")
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])
_RESOURCE_KEYS = {"ARN": "arn", "accountId": "accountid", "type": "type"}


def careful_event(text: bytes | msgspec.Raw) -> tuple[Any, str | None, str | None]:
    """Return (event, account, extra) of one record's text: a JSON object in valid UTF-8.

    Raises msgspec.DecodeError or RecursionError when the text is no JSON object.
    """
    members = _object.decode(text)
    patch: Patch = {}
    values: dict[str, Any] = {}
    for key, raw in members.items():
        field = BY_KEY.get(key)
        if field is None:
            patch[key] = raw
        else:
            values[field.name] = _value(field, raw, patch)
    _stand_ins(members, values, patch)
    account = values.get("recipientaccountid")
    if account is None:
        account = _plain_text(members.get("accountId"))
    return Event(**values), account, msgspec.json.encode(patch).decode() if patch else None


def careful_value(field: Field, text: bytes) -> tuple[Any, str | None]:
    """Return (value, extra) of the text of one nested field.

    Raises RecursionError where it nests too deeply.
    """
    patch: Patch = {}
    value = _value(field, msgspec.Raw(text), patch)
    return value, msgspec.json.encode(patch).decode() if patch else None


def _stand_ins(members: dict[str, msgspec.Raw], values: dict[str, Any], patch: Patch) -> None:
    """Fill time and id of records that carry them elsewhere; the patch takes them out of the JSON again.

    Aggregated events have `eventId` and a time window, and log shippers put the time into `@timestamp`.
    """
    if _is_missing(members, "eventID") and (event_id := _plain_text(members.get("eventId"))):
        values["eventid"] = event_id
        patch["eventID"] = _NULL
    if _is_missing(members, "eventTime"):
        time = _plain_text(members.get("@timestamp")) or _window_start(members.get("timeWindow"))
        if time and (found := times.canonical(time)):
            values["eventtime"] = found
            patch["eventTime"] = _NULL


def _is_missing(members: dict[str, msgspec.Raw], key: str) -> bool:
    return key not in members or _is_null(members[key])


def _is_null(raw: msgspec.Raw) -> bool:
    return len(raw) == 4 and bytes(raw) == b"null"


def _window_start(raw: msgspec.Raw | None) -> str | None:
    window = _decode(_object, raw)
    return _plain_text(window.get("windowStart")) if window else None


def _value(field: Field, raw: msgspec.Raw, patch: Patch) -> Any:
    """Return the column's value of one member, and add to `patch` what it does not hold."""
    if _is_null(raw):
        return ABSENT if field.shape is Shape.JSON else None
    if field.shape is Shape.JSON:
        return raw
    if field.shape is Shape.STRUCT:
        return _struct(field, raw, patch)
    if field.shape is Shape.RESOURCES:
        return _resources(field, raw, patch)
    try:
        kept, whole = _SIMPLE[field.shape](msgspec.json.decode(raw))
    except (msgspec.ValidationError, ValueError):  # 1e999, or a number of thousands of digits
        kept, whole = None, False
    if not whole:
        patch[field.key] = raw
    return kept


def _text(value: Any) -> tuple[str | None, bool]:
    if isinstance(value, str):
        return value, True
    if isinstance(value, bool):
        return str(value).lower(), False
    return (str(value) if isinstance(value, int | float) else None), False


def _flag(value: Any) -> tuple[bool | None, bool]:
    if isinstance(value, bool):
        return value, True
    return ({"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None), False


def _time(value: Any) -> tuple[str | None, bool]:
    found = times.canonical(value) if isinstance(value, str) else None
    return found, found == value


def _map(value: Any) -> tuple[dict[str, str] | None, bool]:
    fits = isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())
    return (value if fits else None), fits


_SIMPLE: dict[Shape, Any] = {Shape.TEXT: _text, Shape.FLAG: _flag, Shape.TIME: _time, Shape.MAP: _map}


def _struct(field: Field, raw: msgspec.Raw, patch: Patch) -> Any:
    members = _decode(_object, raw)
    if members is None:
        patch[field.key] = raw
        return None
    inner: Patch = {}
    children = {child.key: child for child in field.fields}
    values: dict[str, Any] = {}
    for key, value in members.items():
        child = children.get(key)
        if child is None:
            inner[key] = value
        else:
            values[child.name] = _value(child, value, inner)
    if inner:
        patch[field.key] = inner
    return struct_of(field)(**values)


def _resources(field: Field, raw: msgspec.Raw, patch: Patch) -> list[Resource] | None:
    entries = _decode(_list, raw)
    if entries is None:
        patch[field.key] = raw
        return None
    resources: list[Resource] = []
    whole = True
    for entry in entries:
        members = _decode(_object, entry)
        if members is None:
            whole = False
            continue
        values = {name: _plain_text(members.get(key)) for key, name in _RESOURCE_KEYS.items()}
        whole = whole and all(
            _is_null(value) or (key in _RESOURCE_KEYS and values[_RESOURCE_KEYS[key]] is not None)
            for key, value in members.items()
        )
        resources.append(Resource(**values))
    if not whole:
        patch[field.key] = raw
    return resources


def _plain_text(raw: msgspec.Raw | None) -> str | None:
    if raw is None or bytes(memoryview(raw)[:1]) != b'"':
        return None
    value = msgspec.json.decode(raw)
    return value if isinstance(value, str) else None


def _decode(decoder: Any, raw: msgspec.Raw | None) -> Any:
    """Decode a Raw that may hold another type than asked for: None then."""
    try:
        return None if raw is None else decoder.decode(raw)
    except msgspec.ValidationError:
        return None
