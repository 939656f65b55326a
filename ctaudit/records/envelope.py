"""Containers of records: what CloudTrail, its APIs and its carriers wrap around them, opened; look-alikes refused.

Content decides what a thing is. The containers are those of the CloudTrail user guide ("CloudTrail log file
examples"), of `LookupEvents`, EventBridge, CloudWatch Logs subscriptions and SNS; an unknown wrapper is searched for
records inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from ctaudit import limits
from ctaudit.records import encoding
from ctaudit.records.repeated import Members, split_repeated


@dataclass(frozen=True, slots=True)
class Found:
    """The text of one record."""

    text: bytes | msgspec.Raw


@dataclass(frozen=True, slots=True)
class Refused:
    """Something whole that is no CloudTrail record, by kind, such as `digest` or `s3-notification`."""

    kind: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A place where a record should be, holding text that is no JSON."""

    kind: str


@dataclass(frozen=True, slots=True)
class Mended:
    """Text inside a JSON string that was no JSON until halves of surrogate pairs were replaced; its items follow."""


Item = Found | Refused | Broken | Mended

DIGEST = "digest"
OTHER_JSON = "other-json"
_LOOKUP = "lookup-event"
TOO_DEEP = Refused("wrapped-too-deep")
"""Whatever stands behind more envelopes than are opened, records or not."""

_object = msgspec.json.Decoder(Members)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_any = msgspec.json.Decoder(msgspec.Raw)
KNOWN_KEYS = frozenset(
    (
        *("eventVersion", "eventTime", "eventSource", "eventName", "eventID", "eventId"),
        *("eventType", "eventCategory", "userIdentity", "awsRegion", "sourceIPAddress"),
        *("requestParameters", "responseElements", "recipientAccountId", "insightDetails"),
    )
)
_CARRIERS = {
    "aws:s3": "s3-notification",
    "aws:dynamodb": "dynamodb-stream",
    "aws:kinesis": "kinesis-record",
    "aws:sns": "sns-message",
    "aws:sqs": "sqs-message",
}
"""Services that call Lambda put these into `Records`, too, some with `eventVersion` and `userIdentity`."""


def open_value(text: bytes | msgspec.Raw, depth: int = 0) -> Iterator[Item]:
    """Yield the records in one JSON value, through all envelopes.

    Raises msgspec.DecodeError where the text is no JSON, RecursionError where it nests too deeply.
    """
    first = bytes(memoryview(text)[:1])
    if depth > limits.MAX_WRAPPERS:
        yield TOO_DEEP
    elif first == b"{":
        yield from _open_object(text, _object.decode(text), depth)
    elif first == b"[":
        for entry in _list.decode(text):
            yield from open_value(entry, depth + 1)
    elif first == b'"':
        yield from _open_string(_any.decode(text), depth)
    else:
        _any.decode(text)
        yield Refused(OTHER_JSON)


def looks_like_record(members: Members) -> bool:
    """Tell whether a bare object is a CloudTrail record, whole or mutilated."""
    return "eventVersion" in members or len(KNOWN_KEYS.intersection(members)) >= 3


def _open_object(text: bytes | msgspec.Raw, members: Members, depth: int) -> Iterator[Item]:
    if "eventVersion" in members and len(KNOWN_KEYS.intersection(members)) >= 3 and not _carrier(members):
        yield Found(text)  # whatever else it holds: a record may have a field named like a container's
        return
    if not looks_like_record(members) and len(each := split_repeated(bytes(text), members)) > 1:
        for apart in each:
            yield from _open_members(text, apart, depth)
    else:
        yield from _open_members(text, members, depth)


def _open_members(text: bytes | msgspec.Raw, members: Members, depth: int) -> Iterator[Item]:
    for key, opener in _OPENERS.items():
        if key in members and (items := opener(members, depth)) is not None:
            yield from items
            yield from _beside(members, key, depth)
            return
    if carrier := _carrier(members):
        yield from _open_carried(members, carrier, depth)
    elif looks_like_record(members):
        yield Found(text)
    else:
        yield from _search(members, depth)


_HOLDS = (b"{", b"[", b'"')
"""How a value begins that may hold records; text may be JSON."""


def _beside(members: Members, opened: str, depth: int) -> Iterator[Item]:
    """Yield the records that lie beside a container's own list; what else lies there is part of the envelope."""
    done = (opened, *_CARRIED.get(opened, ()))
    others = {key: raw for key, raw in members.items() if key not in done and bytes(memoryview(raw)[:1]) in _HOLDS}
    return filter(_counts, _search(others, depth))


def _counts(item: Item) -> bool:
    """Tell whether an item matters where it is not known whether there are records at all."""
    return item == TOO_DEEP or not isinstance(item, Refused)


def _open_records(members: Members, depth: int) -> Iterator[Item] | None:
    entries = _as_list(members["Records"])
    return None if entries is None else _each_record(entries, depth)


def _each_record(entries: list[msgspec.Raw], depth: int) -> Iterator[Item]:
    return (item for entry in entries for item in open_entry(entry, depth))


def open_entry(entry: bytes | msgspec.Raw, depth: int = 0) -> Iterator[Item]:
    """Yield what one entry of `Records` holds: here one known key is enough to be a record.

    Raises msgspec.DecodeError and RecursionError like `open_value`, when it was cut out of damaged text.
    """
    members = _as_object(entry)
    if members is None:
        yield from list(filter(_counts, open_value(entry, depth + 1))) or [Refused("no-object")]
    elif carrier := _carrier(members):
        yield from _open_carried(members, carrier, depth)
    elif KNOWN_KEYS.intersection(members):
        yield Found(entry)
    else:
        yield from _open_object(entry, members, depth + 1)


def _open_carried(members: Members, carrier: str, depth: int) -> Iterator[Item]:
    """Look into messages of SNS and SQS: EventBridge may have put a record there."""
    inside: list[Item] = []
    if carrier in ("sns-message", "sqs-message"):
        inside = list(filter(_counts, _search(members, depth)))
    yield from inside or [Refused(carrier)]


def _open_lookup(members: Members, depth: int) -> Iterator[Item] | None:
    entries = _as_list(members["Events"])
    if entries is None:
        return None
    return (item for entry in entries for item in open_value(entry, depth + 1))


def _open_lookup_event(members: Members, depth: int) -> Iterator[Item] | None:
    """Open one entry of `aws cloudtrail lookup-events`: the record is JSON in a string."""
    text = as_text(members["CloudTrailEvent"])
    return None if text is None else _open_embedded(text, depth, _LOOKUP)


def _open_eventbridge(members: Members, depth: int) -> Iterator[Item] | None:
    detail = members.get("detail")
    if detail is None:
        return None
    kind = "".join((as_text(members["detail-type"]) or "").lower().split())
    via_cloudtrail = kind.endswith("viacloudtrail")
    if via_cloudtrail and (text := as_text(detail)) is not None:
        return _open_embedded(text, depth, "eventbridge-event")  # an input transformer made it a string
    inner = _as_object(detail)
    if inner is not None and looks_like_record(inner) and not _carrier(inner):
        return iter([Found(detail)])
    plain = Found(detail) if via_cloudtrail and inner is not None else Refused("eventbridge-event")
    inside = list(filter(_counts, open_value(detail, depth + 1)))
    return iter(inside if any(isinstance(item, Found) for item in inside) else [plain, *inside])


def _open_log_events(members: Members, depth: int) -> Iterator[Item] | None:
    """Open what CloudWatch Logs sends to subscribers: one record a message."""
    entries = _as_list(members["logEvents"])
    return None if entries is None else _each_log_event(entries, depth)


def _each_log_event(entries: list[msgspec.Raw], depth: int) -> Iterator[Item]:
    for entry in entries:
        for members in split_repeated(bytes(entry), _as_object(entry) or {}):
            yield from _open_log_event(entry, members, depth)


def _open_log_event(entry: msgspec.Raw, members: Members, depth: int) -> Iterator[Item]:
    message = as_text(members["message"]) if "message" in members else None
    if message is not None:
        return _open_embedded(message, depth, "log-event")
    return iter(list(filter(_counts, open_value(entry, depth + 1))) or [Refused("log-event")])


def _open_digest(members: Members, depth: int) -> Iterator[Item] | None:
    return iter([Refused(DIGEST)]) if "logFiles" in members else None


def _open_delivery(members: Members, depth: int) -> Iterator[Item] | None:
    return iter([Refused("delivery-notification")]) if "s3Bucket" in members else None


_OPENERS: dict[str, Any] = {
    "Records": _open_records,
    "Events": _open_lookup,
    "CloudTrailEvent": _open_lookup_event,
    "logEvents": _open_log_events,
    "detail-type": _open_eventbridge,
    "digestEndTime": _open_digest,
    "s3ObjectKey": _open_delivery,
}
"""The key that betrays a container, and what opens it; an opener that returns None was mistaken."""


_CARRIED = {"detail-type": ("detail",), "digestEndTime": ("logFiles",)}
"""What an opener looks into beside the member that betrays the container."""


def _search(members: Members, depth: int) -> Iterator[Item]:
    """Look for records inside an unknown wrapper; one refusal when there is none."""
    plain = Refused(OTHER_JSON)
    found = [item for value in members.values() for item in open_value(value, depth + 1) if item != plain]
    yield from found or [plain]


def _open_string(raw: msgspec.Raw, depth: int) -> Iterator[Item]:
    return _open_embedded(as_text(raw) or "", depth, OTHER_JSON)


def _open_embedded(text: str, depth: int, kind: str) -> Iterator[Item]:
    """Open JSON that was carried as text; text that is no JSON is damage only when it was a record's."""
    stripped = text.lstrip()
    if not stripped.startswith(("{", "[")):
        holds_record = kind != OTHER_JSON and '"eventVersion"' in text  # behind a prefix, as some log agents add
        return iter([Broken(kind) if holds_record else Refused(kind)])
    try:
        return iter(list(open_value(stripped.encode(), depth + 1)))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        if (mended := encoding.without_halves(stripped)) is not None:
            return chain([Mended()], _open_embedded(mended, depth, kind))
        is_record = kind == _LOOKUP or "eventVersion" in text  # `[INFO] started` is somebody's log line
        return iter([Broken(kind) if is_record else Refused(kind)])


def _carrier(members: Members) -> str | None:
    for key in ("eventSource", "EventSource"):
        source = (as_text(members[key]) or "") if key in members else ""
        if source.startswith("aws:"):  # CloudTrail's own are host names
            return _CARRIERS.get(source, f"{source[4:]}-record")
    return None


def as_text(raw: msgspec.Raw) -> str | None:
    """Return the text of a JSON string, or None when it is something else."""
    if bytes(memoryview(raw)[:1]) != b'"':
        return None
    value = msgspec.json.decode(raw)
    return value if isinstance(value, str) else None


def _as_object(raw: bytes | msgspec.Raw) -> Members | None:
    try:
        return _object.decode(raw)
    except msgspec.ValidationError:
        return None


def _as_list(raw: msgspec.Raw) -> list[msgspec.Raw] | None:
    try:
        return _list.decode(raw)
    except msgspec.ValidationError:
        return None
