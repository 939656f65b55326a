"""Which events changed what is logged, or what becomes of the logs: trails stopped, deleted, narrowed; log buckets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ctaudit.query import Hit, OneOf, Query, Record, Span
from ctaudit.records.identity import principal
from ctaudit.records.outcome import outcome
from ctaudit.table import Column, Value

_OUTCOMES = {"succeeded": "red", "failed": "yellow", "dry-run": "yellow"}

COLUMNS: tuple[Column, ...] = (
    Column("time", 0),
    Column("event_name", 0),
    Column("outcome", 0, styles=_OUTCOMES),
    Column("subject", 1),
    Column("effect", 0),
    Column("principal", 1),
    Column("source_ip", 3),
    Column("account", 2, named_by="account_name"),
    Column("region", 3),
    Column("event_id", 2),
    Column("account_name", 9),
)

_CLOUDTRAIL = "cloudtrail.amazonaws.com"
_S3 = "s3.amazonaws.com"
_OF_TRAILS = {
    "StopLogging": "the trail logs nothing from then on",
    "DeleteTrail": "the trail is gone and logs nothing from then on",
    "StartLogging": "the trail logs again",
    "CreateTrail": "a new trail; it logs once it is started",
    "UpdateTrail": "the trail may log other regions or services, or deliver elsewhere",
    "PutEventSelectors": "which events the trail logs was set anew",
    "PutInsightSelectors": "which Insight events the trail logs was set anew",
}
_OF_BUCKETS = {
    "PutBucketPolicy": "who may deliver, read and delete logs was set anew",
    "DeleteBucketPolicy": "CloudTrail may deliver no more, unless another policy came",
    "PutBucketLifecycle": "logs may expire: a rule deletes them without an event for each",
    "PutBucketLifecycleConfiguration": "logs may expire: a rule deletes them without an event for each",
    "DeleteBucketLifecycle": "logs expire no more",
    "DeleteBucket": "the bucket is gone, and all that was in it",
    "PutBucketAcl": "who may read and write the bucket was set anew",
    "PutBucketVersioning": "whether deleted logs leave a version behind was set anew",
}


_WANTED: Mapping[str | None, Mapping[str, str]] = {_CLOUDTRAIL: _OF_TRAILS, _S3: _OF_BUCKETS}


def changes(span: Span) -> Query:
    """Return the question for all events that changed logging, and all that changed any bucket so that logs suffer."""

    def possible(service: str | None, name: str | None, read_only: bool | None) -> bool:
        return service in _WANTED and name in _WANTED[service]

    def decide(record: Record) -> bool:
        return possible(record.get("eventSource"), record.get("eventName"), None)

    return Query(span, possible, (OneOf("eventsource", (_CLOUDTRAIL, _S3)),), decide)


def rows(hits: Sequence[Hit], buckets: Collection[str]) -> tuple[list[tuple[Value, ...]], int]:
    """Return the rows of the hits, in time order, and how many changes of buckets were left out.

    `buckets` are those that trails are known to deliver into; more are learned from the events. When none is known the
    changes of all buckets are shown.
    """
    parsed = [(hit, hit.parse()) for hit in hits]
    log_buckets = {*buckets, *(name for _, record in parsed for name in _delivered_into(record))}
    found: list[tuple[Value, ...]] = []
    left_out = 0
    for hit, record in parsed:
        bucket = _text(record.get("requestParameters"), "bucketName")
        if record.get("eventSource") == _S3 and log_buckets and bucket not in log_buckets:
            left_out += 1
            continue
        found.append(_row(hit, record, known=bucket in log_buckets))
    return found, left_out


def _row(hit: Hit, record: Record, *, known: bool) -> tuple[Value, ...]:
    name, result = str(record.get("eventName")), outcome(record).result
    of_bucket = record.get("eventSource") == _S3
    subject = _text(record.get("requestParameters"), "bucketName") if of_bucket else _trail(record) or None
    if result != "succeeded":
        effect = "none: it was refused" if result == "failed" else "none: it was a dry run"
    else:
        effect = (_OF_BUCKETS if of_bucket else _OF_TRAILS)[name]
        if of_bucket and not known:
            effect = f"if logs lie there: {effect}"
    who = principal(record)
    return (
        hit.time,
        name,
        result,
        subject,
        effect,
        who.arn,
        _text(record, "sourceIPAddress"),
        hit.account,
        _text(record, "awsRegion"),
        _text(record, "eventID"),
        hit.account_name,
    )


def _trail(record: Record) -> str:
    """Return the name of the trail that a call is about: calls name it by name or by ARN."""
    parameters = record.get("requestParameters")
    named = _text(parameters, "name") or _text(parameters, "trailName") or ""
    return named.rpartition("/")[2]


def _delivered_into(record: Record) -> Iterator[str]:
    """Yield the buckets that a call on a trail names as the place for its logs."""
    if record.get("eventSource") == _CLOUDTRAIL:
        for part in ("requestParameters", "responseElements"):
            if name := _text(record.get(part), "s3BucketName"):
                yield name


def _text(value: Any, key: str) -> str | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None
