"""Messages about log files, told apart: what names objects, what carries records itself, what is neither.

The shapes are those of S3 and CloudTrail notifications, by SQS alone, through SNS (wrapped or raw) and through
EventBridge, and CloudTrail's own events through EventBridge. A message is hostile input: whoever may send one chooses
its text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from ctaudit import limits
from ctaudit.sources.s3_listing import may_be_log
from ctaudit.sources.s3_urls import is_bucket_name

VALIDATION = "CloudTrail validation message."
"""What CloudTrail publishes, as it stands, when a topic is set for a trail."""
_TEST = "s3:TestEvent"
_CONFIRMATIONS = ("SubscriptionConfirmation", "UnsubscribeConfirmation")


@dataclass(frozen=True, slots=True)
class Names:
    """Names objects."""

    urls: tuple[str, ...]
    """`s3://bucket/key` of those that may be logs; the key is whole, and as S3 has it."""
    passed: int = 0
    """How many others it names: digests, files of other services, markers of folders."""


@dataclass(frozen=True, slots=True)
class Carries:
    """Holds records itself, in an envelope or bare."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to be read, and nothing wrong with it."""

    kind: str
    """`test`, `other-event`, or `confirmation`, which somebody may be waiting for."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing that is known; it may have been meant for somebody else."""

    reason: str


Reading = Names | Carries | Ignored | Unknown


def read(body: str) -> Reading:
    """Tell what a message is; never raises."""
    if len(body) > limits.MAX_MESSAGE_BYTES:
        return Unknown("it is longer than any message of SQS")
    try:
        return _read(body, 0)
    except _Strange as strange:
        return Unknown(str(strange))


class _Strange(Exception):
    """Why a message is none that is known."""


def _read(body: str, depth: int) -> Reading:
    if body.strip() == VALIDATION:
        return Ignored("test")
    value = _parsed(body)
    if isinstance(value, dict):
        return _read_object(value, depth)
    if isinstance(value, list) and value and all(map(_is_record, value)):
        return Carries()
    raise _Strange("it is no notification and no event")


def _parsed(body: str) -> Any:
    try:
        return json.loads(body, parse_int=float)  # no number matters here, and none is too long for this
    except (ValueError, RecursionError):
        raise _Strange("it is no JSON") from None


def _read_object(value: dict[str, Any], depth: int) -> Reading:
    kind, records = value.get("Type"), value.get("Records")
    if kind == "Notification" and isinstance(value.get("Message"), str):
        if depth >= limits.MAX_WRAPPERS:
            raise _Strange("it is wrapped too deep")
        return _read(value["Message"], depth + 1)
    if kind in _CONFIRMATIONS and "Token" in value:
        return Ignored("confirmation")
    if "s3ObjectKey" in value:
        return _from_cloudtrail(value)
    if value.get("Event") == _TEST:
        return Ignored("test")
    if isinstance(value.get("detail-type"), str):
        return _from_eventbridge(value)
    if isinstance(records, list) and records:
        if all(map(_is_s3_event, records)):
            return _from_s3(records)
        if all(map(_is_record, records)):
            return Carries()
    if _is_record(value):
        return Carries()
    raise _Strange("it is no notification and no event")


def _from_cloudtrail(value: dict[str, Any]) -> Names:
    """Read `{"s3Bucket": "b", "s3ObjectKey": ["AWSLogs/…"]}`, whose keys are as they are."""
    keys = value["s3ObjectKey"]
    if not isinstance(keys, list) or not keys:
        raise _Strange("its s3ObjectKey is no list of keys")
    return _names([(value.get("s3Bucket"), key) for key in keys])


def _from_s3(records: list[dict[str, Any]]) -> Names | Ignored:
    """Read S3's own notification, whose keys are encoded as in a form."""
    if not all(str(record.get("eventVersion", "2.0")).startswith("2.") for record in records):
        raise _Strange("it is an S3 notification of another version than 2")
    made = [record for record in records if str(record.get("eventName", "")).startswith("ObjectCreated:")]
    if not made:
        return Ignored("other-event")
    return _names(
        [(_at(record, "s3", "bucket", "name"), _decoded(_at(record, "s3", "object", "key"))) for record in made]
    )


def _from_eventbridge(value: dict[str, Any]) -> Reading:
    """Read an event of EventBridge: an object of S3, whose key is as it is, or a record of CloudTrail."""
    kind = "".join(value["detail-type"].lower().split())
    if kind.endswith("viacloudtrail") and isinstance(value.get("detail"), dict | str) and value["detail"]:
        return Carries()
    if value.get("source") == "aws.s3" and kind.startswith("object"):
        if kind != "objectcreated":
            return Ignored("other-event")
        return _names([(_at(value, "detail", "bucket", "name"), _at(value, "detail", "object", "key"))])
    raise _Strange("it is an event of EventBridge that tells of no object and no call")


def _names(named: list[tuple[Any, Any]]) -> Names:
    wanted = dict.fromkeys(_url(bucket, key) for bucket, key in named)
    logs = tuple(url for url in wanted if not url.endswith("/") and may_be_log(url.split("/", 3)[3]))
    return Names(logs, len(wanted) - len(logs))


def _url(bucket: Any, key: Any) -> str:
    if not isinstance(bucket, str) or not is_bucket_name(bucket):
        raise _Strange("it names no bucket")
    if not isinstance(key, str) or not 0 < len(key.encode(errors="surrogatepass")) <= limits.MAX_KEY_BYTES:
        raise _Strange("it names no object")
    try:
        key.encode()
    except UnicodeEncodeError:
        raise _Strange("it names an object by what is no UTF-8") from None
    return f"s3://{bucket}/{key}"


def _decoded(key: Any) -> str:
    try:
        return unquote_plus(key, errors="strict") if isinstance(key, str) else ""
    except UnicodeDecodeError:
        raise _Strange("it names an object by what is no UTF-8") from None


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _is_s3_event(value: Any) -> bool:
    return _at(value, "eventSource") == "aws:s3" and isinstance(_at(value, "s3"), dict)


def _is_record(value: Any) -> bool:
    """Tell whether this is a record of CloudTrail; Insight events have no name."""
    if not isinstance(value, dict) or "eventVersion" not in value:
        return False
    is_call = {"eventSource", "eventName"} <= value.keys() and not str(value["eventSource"]).startswith("aws:")
    return is_call or isinstance(value.get("insightDetails"), dict)
