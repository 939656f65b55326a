"""Messages of queues told apart: all shapes that AWS sends, and what only looks like them or is meant to do harm."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ctaudit import limits
from ctaudit.sources.queue_messages import VALIDATION, Carries, Ignored, Names, Reading, Unknown, read
from tests.cli.evidence import event
from tests.cloud.queues import call, from_cloudtrail, from_eventbridge, from_s3, through_sns

LOG = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/02/01/x.json.gz"
URL = f"s3://trail-logs/{LOG}"
ODD = "logs/a+b%2Bc d/ü😀.json.gz"


def of(value: Any) -> Reading:
    return read(value if isinstance(value, str) else json.dumps(value))


def named(key: Any, bucket: Any = "trail-logs") -> dict[str, Any]:
    return {"s3Bucket": bucket, "s3ObjectKey": [key]}


def changed(**fields: Any) -> dict[str, Any]:
    """Return a notification of S3 whose record has other fields."""
    message = from_s3("trail-logs", LOG)
    message["Records"][0] |= fields
    return message


@pytest.mark.parametrize(
    "message",
    [
        from_s3("trail-logs", LOG),
        changed(eventVersion="2.3"),
        from_cloudtrail("trail-logs", [LOG]),
        from_eventbridge("trail-logs", LOG),
    ],
)
def test_notifications_are_read_raw_and_through_any_number_of_topics(message: dict[str, Any]) -> None:
    assert of(message) == of(through_sns(message)) == of(through_sns(through_sns(message))) == Names((URL,))


@pytest.mark.parametrize("make", [from_s3, lambda bucket, key: from_cloudtrail(bucket, [key]), from_eventbridge])
def test_keys_are_decoded_only_where_they_were_encoded(make: Any) -> None:
    for key in (ODD, "/begins/with/a/slash.json.gz", "a//b.json.gz", "a?b#c.json.gz", "%41.json.gz"):
        assert of(make("trail-logs", key)) == Names((f"s3://trail-logs/{key}",))


def test_several_objects_of_one_message_are_named_once_each() -> None:
    assert of(from_cloudtrail("trail-logs", [LOG, ODD, LOG])) == Names((URL, f"s3://trail-logs/{ODD}"))


@pytest.mark.parametrize(
    "key",
    [
        LOG.replace("/CloudTrail/", "/CloudTrail-Digest/"),
        LOG.replace("/CloudTrail/", "/Config/"),
        LOG.replace("/CloudTrail/", "/vpcflowlogs/"),
        f"copy/of/{LOG}".replace("/CloudTrail/", "/CloudTrail-Digest/"),
        LOG.replace("AWSLogs/", "AWSLogs/o-exampleorg1/").replace("/CloudTrail/", "/CloudTrail-Digest/"),
        "AWSLogs/111122223333/",
    ],
)
def test_digests_other_services_and_folders_are_passed_over(key: str) -> None:
    assert of(named(key)) == Names((), 1)
    assert of({"s3Bucket": "trail-logs", "s3ObjectKey": [LOG, key]}) == Names((URL,), 1)


def test_insights_and_other_layouts_may_be_logs() -> None:
    for key in (LOG.replace("/CloudTrail/", "/CloudTrail-Insight/"), "copied/x", "AWSLogs/vpcflowlogs/x"):
        assert of(named(key)) == Names((f"s3://trail-logs/{key}",))


INSIGHT = {"eventVersion": "1.08", "eventTime": "2026-02-01T00:00:00Z", "insightDetails": {"state": "Start"}}


@pytest.mark.parametrize(
    "message",
    [
        call(event(0)),
        call(event(0), "AWS Console Signin via CloudTrail"),
        call(event(0), "AWS Console Sign In via CloudTrail"),
        call(event(0), "AWS Service Event via CloudTrail"),
        call(INSIGHT, "AWS Insight via CloudTrail"),
        event(0),
        event(0, Records=[{"s3": 1}]),
        INSIGHT,
        [event(0), event(1)],
        {"Records": [event(0)]},
    ],
)
def test_records_are_found_in_messages_in_an_envelope_or_bare(message: Any) -> None:
    assert of(message) == of(through_sns(json.dumps(message))) == Carries()


def test_what_is_sent_on_setting_up_and_what_is_no_new_object_is_ignored() -> None:
    test = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "trail-logs"}
    for message in (test, through_sns(test), VALIDATION, through_sns(VALIDATION), f" {VALIDATION}\n"):
        assert of(message) == Ignored("test")
    assert of(from_s3("trail-logs", LOG, "ObjectRemoved:Delete")) == Ignored("other-event")
    assert of(from_eventbridge("trail-logs", LOG, "Object Deleted")) == Ignored("other-event")
    assert of(through_sns("", Type="SubscriptionConfirmation", Token="x")) == Ignored("confirmation")


@pytest.mark.parametrize(
    "message",
    [
        "", "null", "1", "[]", "{}", '"text"', "not json", "{" * 100_000, "[" * 100_000, "[{", VALIDATION[:-1],
        '{"Records": []}', '{"Records": {}}', '{"Records": [1]}', '{"Records": [{"eventSource": "aws:s3"}]}',
        '{"Records": [{"eventSource": "aws:sqs", "eventName": "x", "eventVersion": "1"}]}',
        {"Records": [from_s3("trail-logs", LOG)["Records"][0], event(0)]},
        changed(eventVersion="3.0"), changed(s3={}), changed(s3={"bucket": [], "object": {"key": LOG}}),
        changed(s3={"bucket": {"name": "trail-logs"}, "object": {"key": "%ff.json.gz"}}),
        from_s3("trail-logs", ""), named(""), named(None), named(1), named(["x"]), named({}), named("x" * 1025),
        named("\ud800"), named(LOG, ""), named(LOG, None), named(LOG, "../etc"), named(LOG, "a/b"),
        named(LOG, "UPPER CASE"), named(LOG, "arn:aws:s3:us-east-1:111122223333:accesspoint/x"),
        named(LOG, "trail-logs\n"), {"s3Bucket": "trail-logs", "s3ObjectKey": LOG},
        {"s3Bucket": "trail-logs", "s3ObjectKey": []},
        {"s3Bucket": "trail-logs", "s3ObjectKey": [LOG, None]},
        from_eventbridge("trail-logs", ""), call({}), {"detail-type": "Object Created", "source": "mine", "detail": {}},
        {"detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2", "detail": {"state": "x"}},
        through_sns("hello"), {"Type": "Notification"}, {"Type": "SubscriptionConfirmation"},
        {"Event": ["s3:TestEvent"]},
    ],
)  # fmt: skip
def test_anything_else_is_unknown_and_says_why(message: Any) -> None:
    for each in (of(message), of(through_sns(message))):
        assert isinstance(each, Unknown)
        assert each.reason


def test_wrapping_and_length_are_bounded() -> None:
    deep: Any = VALIDATION
    for _ in range(4):
        deep = through_sns(deep)
    assert of(deep) == Ignored("test")
    short: Any = VALIDATION
    for _ in range(limits.MAX_WRAPPERS + 1):
        short = {"Type": "Notification", "Message": short if isinstance(short, str) else json.dumps(short)}
    assert isinstance(of(short), Unknown)
    assert isinstance(of("x" * (limits.MAX_MESSAGE_BYTES + 1)), Unknown)


def test_a_megabyte_is_read() -> None:
    keys = [f"{LOG}{number}" for number in range(14_000)]
    body = json.dumps(from_cloudtrail("trail-logs", keys))
    assert 900_000 < len(body) < 1024 * 1024
    reading = read(body)
    assert isinstance(reading, Names)
    assert len(reading.urls) == 14_000


def test_no_damage_to_a_message_makes_it_raise() -> None:
    chance = random.Random(7)
    bodies = [
        json.dumps(each)
        for each in (from_s3("trail-logs", ODD), through_sns(from_cloudtrail("b-b-b", [LOG])), call(event(0)))
    ]
    for _ in range(3000):
        body = [*chance.choice(bodies)]
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(body))
            body[place] = chance.choice(["", "\0", '"', "\\", "{", "]", "\ud800", "9" * 5000, "null"])
        assert isinstance(read("".join(body)), Names | Carries | Ignored | Unknown)
