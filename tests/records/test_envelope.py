"""Containers of records and their look-alikes: content decides, nothing disappears without a count."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import msgspec
import pytest

from ctaudit import limits
from ctaudit.records.envelope import Broken, Found, Refused, open_entry, open_value
from tests.records.synthetic import record
from tests.records.taken import packed, take

API = record("s3", "DeleteObject", {"bucketName": "b"}, eventID="api")
INSIGHT = {
    "eventVersion": "1.08",
    "eventTime": "2026-01-31T04:05:00Z",
    "awsRegion": "eu-west-1",
    "eventID": "insight",
    "eventType": "AwsCloudTrailInsight",
    "recipientAccountId": "111122223333",
    "sharedEventID": "pair",
    "insightDetails": {"state": "Start", "eventSource": "ssm.amazonaws.com", "eventName": "UpdateInstanceInformation"},
    "eventCategory": "Insight",
}
AGGREGATED = {
    "eventVersion": "1.0",
    "accountId": "111122223333",
    "eventId": "aggregated",
    "eventCategory": "Aggregated",
    "eventType": "AwsAggregatedEvent",
    "awsRegion": "eu-west-1",
    "timeWindow": {"windowStart": "2026-01-31T04:05:00Z", "windowEnd": "2026-01-31T04:10:00Z", "windowSize": "PT5M"},
    "summary": {"primaryDimension": {"dimension": "eventName", "statistics": [{"name": "GetObject", "value": 7}]}},
}
NETWORK = {
    "eventVersion": "1.09",
    "userIdentity": {"type": "AWSAccount", "principalId": "AKIAEXAMPLE", "accountId": "444455556666"},
    "eventTime": "2026-01-31T04:05:06Z",
    "eventSource": "kms.amazonaws.com",
    "eventName": "Decrypt",
    "errorCode": "VpceAccessDenied",
    "eventID": "network",
    "eventType": "AwsVpceEvent",
    "vpcEndpointId": "vpce-0example",
    "eventCategory": "NetworkActivity",
}
STUB = {"eventVersion": "1.08"}
RECORDS = {"api": API, "insight": INSIGHT, "aggregated": AGGREGATED, "network": NETWORK, "stub": STUB}

S3 = {
    "eventVersion": "2.1",
    "eventSource": "aws:s3",
    "eventName": "ObjectCreated:Put",
    "eventTime": "2026-01-31T04:05:06.000Z",
    "userIdentity": {"principalId": "A1EXAMPLE"},
    "s3": {"bucket": {"name": "b"}},
}
DYNAMODB = {"eventID": "1", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "eventName": "INSERT", "dynamodb": {}}
KINESIS = {"eventSource": "aws:kinesis", "eventVersion": "1.0", "kinesis": {"data": "aGk="}, "awsRegion": "eu-west-1"}
SNS = {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Message": "hello"}}
DIGEST: dict[str, Any] = {
    "awsAccountId": "111122223333",
    "digestStartTime": "2026-01-31T03:00:00Z",
    "digestEndTime": "2026-01-31T04:00:00Z",
    "newestEventTime": None,
    "logFiles": [],
}


def bridge(kind: str, detail: Any) -> dict[str, Any]:
    return {"version": "0", "id": "x", "detail-type": kind, "source": "aws.s3", "account": "1", "detail": detail}


CLOUDTRAIL = "AWS API Call via CloudTrail"
WRAPPINGS: dict[str, Any] = {
    "bare": lambda each: each,
    "Records": lambda each: {"Records": [each]},
    "list": lambda each: [each],
    "lists": lambda each: [[[each]]],
    "lookup": lambda each: {
        "Events": [{"EventTime": "2022-02-08 09:23:37+11:00", "CloudTrailEvent": json.dumps(each)}]
    },
    "lookup, unquoted": lambda each: {"Events": [{"CloudTrailEvent": each}]},
    "lookup, bare": lambda each: {"Events": [each], "NextToken": "t"},
    "EventBridge": lambda each: bridge(CLOUDTRAIL, each),
    "EventBridge, service event": lambda each: bridge("AWS Service Event via CloudTrail", each),
    "EventBridge, console": lambda each: bridge("AWS Console Sign In via CloudTrail", each),
    "EventBridge, insight": lambda each: bridge("AWS Insight via CloudTrail", each),
    "EventBridge, text": lambda each: bridge(CLOUDTRAIL, json.dumps(each)),
    "SQS": lambda each: {"Records": [{"eventSource": "aws:sqs", "body": json.dumps(bridge(CLOUDTRAIL, each))}]},
    "SNS": lambda each: {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps({"Records": [each]})}}]},
    "SQS, alone": lambda each: {"eventSource": "aws:sqs", "body": json.dumps({"Records": [each]})},
    "EventBridge of another kind": lambda each: bridge("Forwarded", {"Records": [each]}),
    "EventBridge, a file": lambda each: bridge(CLOUDTRAIL, {"Records": [each]}),
    "texts": lambda each: {"Records": [json.dumps(each)]},
    "lists as entries": lambda each: {"Records": [[each]]},
    "subscription of another make": lambda each: {"logEvents": [{"id": "1", "msg": json.dumps(each)}]},
    "subscription, unquoted": lambda each: {"logEvents": [{"message": each}]},
    "subscription": lambda each: {
        "messageType": "DATA_MESSAGE",
        "logEvents": [{"id": "1", "message": json.dumps(each)}],
    },
    "snapshot": lambda each: {"events": [{"data": [{"message": json.dumps(each)}]}]},
    "unknown": lambda each: {"data": {"payload": [{"x": each}]}, "other": "[not json]"},
    "string": json.dumps,
    "string in string": lambda each: json.dumps({"a": json.dumps({"b": json.dumps(each)})}),
}


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_every_record_is_found_in_every_wrapping(name: str, wrapping: str) -> None:
    items = list(open_value(packed(WRAPPINGS[wrapping](RECORDS[name]))))
    assert [json.loads(bytes(item.text)) for item in items if isinstance(item, Found)] == [RECORDS[name]]
    assert len(items) == 1


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (DIGEST, {"digest": 1}),
        ({"Records": [S3, S3]}, {"s3-notification": 2}),
        ({"Records": [DYNAMODB]}, {"dynamodb-stream": 1}),
        ({"Records": [KINESIS]}, {"kinesis-record": 1}),
        ({"Records": [SNS]}, {"sns-message": 1}),
        ({"Records": [S3 | {"eventSource": "aws:codecommit"}]}, {"codecommit-record": 1}),
        (S3, {"s3-notification": 1}),
        ([DYNAMODB, KINESIS], {"dynamodb-stream": 1, "kinesis-record": 1}),
        (bridge("EC2 Instance State-change Notification", {"instance-id": "i-1"}), {"eventbridge-event": 1}),
        (bridge("Object Created", S3), {"eventbridge-event": 1}),
        (bridge("GuardDuty Finding", "text"), {"eventbridge-event": 1}),
        ({"s3Bucket": "b", "s3ObjectKey": ["AWSLogs/x.json.gz"]}, {"delivery-notification": 1}),
        ({"Version": "2012-10-17", "Statement": []}, {"other-json": 1}),
        ({"Records": [{"a": 1}, 5, "x", None]}, {"other-json": 1, "no-object": 3}),
        ({"logEvents": [{"message": "[INFO] started"}, {"message": "{x}"}, {}, 1]}, {"log-event": 4}),
        ([1, None, True, "text", "[INFO] started", {}], {"other-json": 6}),
        ("text", {"other-json": 1}),
        (5, {"other-json": 1}),
        ({"eventName": "x", "eventTime": "y"}, {"other-json": 1}),
    ],
)
def test_look_alikes_are_refused_with_a_count(content: Any, refused: dict[str, int]) -> None:
    items = list(open_value(packed(content)))
    assert Counter(item.kind for item in items if isinstance(item, Refused)) == refused
    assert len(items) == sum(refused.values())


def test_a_look_alike_is_no_fault_and_a_digest_is_known_as_one() -> None:
    for content, kind in ((DIGEST, "digest"), ({"Records": [S3]}, "s3-notification")):
        _, reading = take(packed(content))
        assert (reading.kind, reading.faults, reading.events) == (kind, [], 0)


def test_what_stands_beside_records_in_an_unknown_wrapper_is_counted_too() -> None:
    text = packed({"a": [API], "b": {"Records": [S3]}, "c": '{"eventVersion":"1.08",', "d": "plain"})
    found, refused, broken = open_value(text)
    assert isinstance(found, Found)
    assert (refused, broken) == (Refused("s3-notification"), Broken("other-json"))


def test_one_known_key_makes_a_record_of_an_entry_but_not_of_any_object() -> None:
    text = packed({"eventName": "x"})
    assert [type(item) for item in open_entry(text)] == [Found]
    assert list(open_value(text)) == [Refused("other-json")]


@pytest.mark.parametrize("depth", [1, 20])
def test_strings_that_nest_too_deeply_break_alone(depth: int) -> None:
    deep = "[" * 100_000
    items = list(open_value(packed({"Events": [{"CloudTrailEvent": deep}, {"CloudTrailEvent": json.dumps(API)}]})))
    assert [type(item) for item in items] == [Broken, Found]


def test_wrappers_beyond_the_limit_are_refused_and_counted() -> None:
    wrapped: Any = API
    for _ in range(limits.MAX_WRAPPERS + 1):
        wrapped = {"in": wrapped}
    assert list(open_value(packed(wrapped))) == [Refused("wrapped-too-deep")]
    assert [type(item) for item in open_value(packed(wrapped["in"]))] == [Found]


@pytest.mark.parametrize("text", [b"", b"{", b"[1,]", b'{"Records":[}', b"nope", b'"x', b"{}{}"])
def test_text_that_is_no_json_raises(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        list(open_value(text))


def test_a_record_in_a_string_keeps_all_but_halves_of_surrogate_pairs() -> None:
    lookup = {"Events": [{"CloudTrailEvent": json.dumps(API | {"userAgent": "\ud800 \U0001f600 \\ud800"})}]}
    taken, reading = take(packed(lookup))
    assert taken.column("useragent") == ["\ufffd \U0001f600 \\ud800"]
    assert [fault.kind for fault in reading.faults] == ["text.lone_surrogate"]


def test_wrappings_beyond_the_limit_are_told_wherever_they_stand() -> None:
    deep: Any = API
    for _ in range(limits.MAX_WRAPPERS + 2):
        deep = [deep]
    for wrapped in ({"Records": [], "beside": deep}, bridge("Forwarded", {"x": deep}), {"Records": [deep]}):
        assert Refused("wrapped-too-deep") in list(open_value(packed(wrapped)))


def test_text_beside_a_container_is_looked_into() -> None:
    beside = {"CloudTrailEvent": "{broken eventVersion", "detail": json.dumps(API)}
    assert [type(item) for item in open_value(packed(beside))] == [Broken, Found]
