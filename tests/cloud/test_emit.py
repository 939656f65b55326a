"""`anomalies --emit` to AWS over HTTP: a topic of SNS and a bus of EventBridge, by moto, with refusals in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.events.models import events_backends
from moto.events.utils import EventTemplateParser
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from ctaudit import anomaly_report
from ctaudit.sources import sink
from ctaudit.sources.aws_login import Login
from ctaudit.sources.aws_sinks import EventBridge, subject
from ctaudit.sources.sink import Message
from tests.cli import odd_family
from tests.cli.odd_store import add, calls
from tests.cloud.gate import Environ, StartResponse
from tests.cloud.server import Cloud, serving
from tests.conftest import Ask

pytestmark = pytest.mark.slow

REGION = "us-east-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"


@pytest.fixture(autouse=True)
def _here(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point boto3 of this process to the servers, and let the test's family find something."""
    monkeypatch.setattr(anomaly_report, "FAMILIES", (odd_family,))
    monkeypatch.setattr(sink, "FIRST_PAUSE", 0.001)
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return add(tmp_path, calls(12), calls(31, "StopLogging", 20))


@pytest.fixture
def topic(cloud: Cloud) -> Iterator[Any]:
    """A topic that keeps what was published."""
    client = boto3.client("sns", region_name=REGION, endpoint_url=cloud.s3_url)
    client.create_topic(Name="alarms")
    backend = sns_backends[ACCOUNT][REGION]
    yield backend.topics[TOPIC]
    backend.reset()


def _untransformed(event: dict[str, Any], **_: Any) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "ingestion-time"}


@pytest.fixture
def bus(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Returns the events that came in on the bus `security` and fit a rule, which puts them into a queue."""
    # moto takes every event for one that a target transforms, by a library that nothing else here needs.
    monkeypatch.setattr(EventTemplateParser, "parse", staticmethod(_untransformed))
    events, sqs = (boto3.client(name, region_name=REGION, endpoint_url=cloud.s3_url) for name in ("events", "sqs"))
    queue = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    events.create_event_bus(Name="security")
    pattern = {"source": ["ctaudit"], "detail-type": ["ctaudit anomaly"], "detail": {"severity": ["high", "low"]}}
    events.put_rule(Name="anomalies", EventBusName="security", EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:alarms"}
    events.put_targets(Rule="anomalies", EventBusName="security", Targets=[target])

    def received() -> list[dict[str, Any]]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    yield received
    events_backends[ACCOUNT][REGION].reset()
    sqs_backends[ACCOUNT][REGION].reset()


def test_a_topic_gets_each_anomaly_with_its_kind_and_severity(ask: Ask, two: Path, topic: Any, cloud: Cloud) -> None:
    done = ask("anomalies", "--format", "json", "--emit", f"sns:{TOPIC}", "--endpoint-url", cloud.s3_url, folder=two)
    found = json.loads(done.out)
    assert done.code == 1
    assert f"2 anomalies were sent to sns:{TOPIC}" in done.err.splitlines()
    published = [(text, title, attributes) for _, text, title, attributes, _ in topic.sent_notifications]
    assert [json.loads(text) for text, _, _ in published] == [{"version": 1, **row} for row in found]
    assert published[0][1] == "ctaudit high: odd.very_many 111122223333 eu-west-1"
    assert {name: each["Value"] for name, each in published[0][2].items()} == {
        "kind": "odd.very_many", "severity": "high", "id": found[0]["id"],
    }  # fmt: skip


def test_a_topic_that_is_not_there_leaves_them_waiting(ask: Ask, two: Path, cloud: Cloud) -> None:
    words = ("anomalies", "--emit", f"sns:{TOPIC}", "--endpoint-url", cloud.s3_url)
    done = ask(*words, folder=two)
    assert done.code == 1
    assert f"2 anomalies were not sent to sns:{TOPIC}, and kept to be sent again: AWS refuses the request" in done.err
    client = boto3.client("sns", region_name=REGION, endpoint_url=cloud.s3_url)
    client.create_topic(Name="alarms")
    try:
        assert f"2 anomalies were sent to sns:{TOPIC}" in ask(*words, folder=two).err
        assert len(sns_backends[ACCOUNT][REGION].topics[TOPIC].sent_notifications) == 2
    finally:
        sns_backends[ACCOUNT][REGION].reset()


def test_a_bus_gets_events_that_rules_match(
    ask: Ask, two: Path, bus: Callable[[], list[dict[str, Any]]], cloud: Cloud
) -> None:
    words = ("--emit", "eventbridge:security", "--endpoint-url", cloud.s3_url)
    done = ask("anomalies", "--format", "json", *words, folder=two)
    assert done.code == 1
    events = bus()
    assert sorted((event["detail"] for event in events), key=lambda row: -row["observed"]) == [
        {"version": 1, **row} for row in json.loads(done.out)
    ]
    assert {(event["source"], event["detail-type"]) for event in events} == {("ctaudit", "ctaudit anomaly")}


def test_without_credentials_the_other_sinks_get_theirs(ask: Ask, two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    done = ask("anomalies", "--emit", "eventbridge:security", "--emit", "jsonl:out.jsonl", folder=two)
    assert done.code == 1
    assert (
        "not sent to eventbridge:security, and kept to be sent again: there are no usable AWS credentials" in done.err
    )
    assert len((two / "out.jsonl").read_text().splitlines()) == 2


class Failing:
    """A stand-in for EventBridge that refuses some entries, as often as it is told."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.asked: list[list[str]] = []
        """The ids of each request."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        ids = [json.loads(entry["Detail"])["id"] for entry in body["Entries"]]
        self.asked.append(ids)
        refuse = len(self.asked) <= self.times
        answers = [
            {"ErrorCode": "ThrottlingException", "ErrorMessage": "no"}
            if refuse and id_.endswith("7")
            else {"EventId": "x"}
            for id_ in ids
        ]
        failed = sum("ErrorCode" in answer for answer in answers)
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
        return [json.dumps({"FailedEntryCount": failed, "Entries": answers}).encode()]


def _messages(count: int, size: int = 10) -> list[Message]:
    bodies = (json.dumps({"id": f"m{number}", "x": "x" * size}) for number in range(count))
    return [Message(f"m{number}", "rate.spike", "high", "title", body) for number, body in enumerate(bodies)]


def test_entries_that_are_refused_are_put_again_alone() -> None:
    stand_in = Failing(2)
    with serving(stand_in) as url:
        assert EventBridge("security", Login(endpoint_url=url)).deliver(_messages(12)) == {}
    first = [f"m{number}" for number in range(10)]
    assert stand_in.asked == [first, ["m7"], ["m7"], ["m10", "m11"]]


def test_entries_that_are_always_refused_are_told_by_themselves() -> None:
    stand_in = Failing(100)
    with serving(stand_in) as url:
        failures = EventBridge("security", Login(endpoint_url=url)).deliver(_messages(9))
    assert failures == {"m7": "EventBridge refused it (ThrottlingException)"}
    assert len(stand_in.asked) == sink.ATTEMPTS


def test_a_batch_is_no_larger_than_aws_takes() -> None:
    stand_in = Failing(0)
    with serving(stand_in) as url:
        assert EventBridge("security", Login(endpoint_url=url)).deliver(_messages(5, 100_000)) == {}
    assert [len(ids) for ids in stand_in.asked] == [2, 2, 1]


@pytest.mark.parametrize(
    ("title", "wanted"),
    [("ctaudit high: x", "ctaudit high: x"), (" a\nb\u6771", "a?b?"), ("x" * 200, "x" * 100), ("", "ctaudit")],
)
def test_a_subject_is_what_sns_takes(title: str, wanted: str) -> None:
    assert subject(title) == wanted
