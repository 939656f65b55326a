"""Rates of APIs from log files to Insights events, and CloudTrail's own Insights beside ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from ctaudit.anomalies.anomaly import Anomaly, Severity
from ctaudit.anomaly_insights import compared, events
from ctaudit.anomaly_report import Found, find
from ctaudit.anomaly_samples import samples
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from ctaudit.times import format_epoch
from tests.anomalies.simulated import DAY, HOUR, START, call, store_of

NOON = 15 * DAY + 12 * HOUR
ROLE = "arn:aws:sts::111122223333:assumed-role/deploy"
SESSION = {"userIdentity": {"type": "AssumedRole", "principalId": "AROA:x", "arn": f"{ROLE}/run-1"}}


def usual() -> list[dict[str, Any]]:
    """Return sixteen days in which an API is called every two hours, and another fails now and then."""
    every_two = [call(hour * HOUR + 60) for hour in range(0, 16 * 24, 2)]
    reads = [call(hour * HOUR + 90, "GetParameter", readOnly=True) for hour in range(16 * 24)]
    fails = [call(day * DAY + 5000, "PutItem", "dynamodb", errorCode="AccessDenied") for day in range(16)]
    return [*every_two, *reads, *fails]


def burst(count: int = 60, fields: Mapping[str, Any] = MappingProxyType({})) -> list[dict[str, Any]]:
    return [call(NOON + second * 5, **fields) for second in range(count)]


def found(store: Path) -> Found:
    return find(Layout(store), Span())


def rates(store: Path) -> list[Anomaly]:
    return [each.anomaly for each in found(store).anomalies if each.anomaly.kind.startswith("rate.")]


def test_a_burst_is_told_with_its_numbers(tmp_path: Path) -> None:
    store = store_of(tmp_path, [*usual(), *burst(fields=SESSION)])
    (spike,) = rates(store)
    assert (spike.kind, spike.subject) == ("rate.spike", ("ssm.amazonaws.com", "PutParameter"))
    assert (spike.account, spike.region) == ("111122223333", "eu-west-1")
    assert (spike.start, spike.end) == (START + NOON, START + NOON + 300)
    assert spike.severity is Severity.MEDIUM
    assert spike.sentence.startswith("61 calls of ssm PutParameter within 15 minutes; 0.")
    assert spike.sentence.endswith("and the most in the days before was 1")
    assert spike.expected is not None
    assert spike.interval is not None
    assert spike.interval[0] <= spike.expected <= spike.interval[1] < spike.observed
    assert spike.series is not None
    assert max(each or 0 for each in spike.series.counts) == 61
    (sample,), notes = samples(Layout(store), [spike])
    assert len(sample.events) == 5
    assert sample.principals[0] == ROLE
    assert notes == ()


@pytest.mark.slow
@pytest.mark.parametrize("look_alike", ["reads", "slow", "few", "nothing"])
def test_what_only_looks_like_a_burst_is_not_told(tmp_path: Path, look_alike: str) -> None:
    more = {
        "reads": burst(
            fields={"name": "GetParameter", "readOnly": True}
        ),  # AWS's call rate is that of calls that change something
        "slow": [call(NOON - 12 * HOUR + number * 1700) for number in range(40)],
        "few": burst(4),
        "nothing": [],
    }
    assert rates(store_of(tmp_path, [*usual(), *more[look_alike]])) == []


@pytest.mark.slow
def test_errors_are_counted_by_their_code_reads_too(tmp_path: Path) -> None:
    fails = burst(30, {"name": "GetParameter", "readOnly": True, "errorCode": "ThrottlingException"})
    (errors,) = rates(store_of(tmp_path, [*usual(), *fails]))
    assert errors.kind == "rate.errors"
    assert errors.subject == ("ssm.amazonaws.com", "GetParameter", "ThrottlingException")
    assert errors.insight is not None
    assert errors.insight["insightType"] == "ApiErrorRateInsight"
    assert errors.insight["errorCode"] == "ThrottlingException"
    assert "failed with ThrottlingException within" in errors.sentence


@pytest.mark.slow
def test_three_days_are_too_short_a_history_and_that_is_told(tmp_path: Path) -> None:
    calls = [each for each in [*usual(), *burst()] if each["eventTime"] >= format_epoch(START + 13 * DAY)]
    result = found(store_of(tmp_path, calls))
    assert [each.anomaly.kind for each in result.anomalies if each.anomaly.kind.startswith("rate.")] == []
    assert any("2 rates of calls had less than 7 days of covered history" in note for note in result.notes)


@pytest.mark.slow
def test_anomalies_are_the_same_whatever_the_order_and_the_files(tmp_path: Path) -> None:
    calls = [*usual(), *burst(fields=SESSION)]
    first = found(store_of(tmp_path / "one", calls))
    again = found(store_of(tmp_path / "two", reversed(calls)))
    assert [each.anomaly for each in first.anomalies] == [each.anomaly for each in again.anomalies]
    assert [each.anomaly.id for each in first.anomalies] == [each.anomaly.id for each in again.anomalies]
    assert [each.q for each in first.anomalies] == [each.q for each in again.anomalies]


def spelled(store: Path) -> list[Any]:
    result = found(store)
    return events(Layout(store), [(each.anomaly, each.q) for each in result.anomalies], result.ground)


def test_an_anomaly_is_spelled_as_an_insight_with_averages_that_add_up(tmp_path: Path) -> None:
    start, end = spelled(store_of(tmp_path, [*usual(), *burst(fields=SESSION)]))
    assert [each["insightDetails"]["state"] for each in (start, end)] == ["Start", "End"]
    assert start["sharedEventID"] == end["sharedEventID"]
    assert start["eventID"] != end["eventID"]
    assert start["eventTime"] == format_epoch(START + NOON)
    assert not {"eventName", "eventSource", "sourceIPAddress", "userIdentity"} & set(start)
    whole, first = (each["insightDetails"]["insightContext"] for each in (end, start))
    assert whole["statistics"]["insight"]["average"] == pytest.approx(61 / 5)
    assert first["statistics"]["insight"]["average"] == pytest.approx(12)
    assert whole["statistics"]["insightDuration"] == 5
    assert whole["statistics"]["baselineDuration"] == 7 * 24 * 60
    assert whole["statistics"]["baseline"]["average"] == pytest.approx(7 * 12 / (7 * 24 * 60))
    assert [each["attribute"] for each in whole["attributions"]] == ["userIdentityArn", "userAgent", "errorCode"]
    for context in (whole, first):
        for attribution in context["attributions"]:
            for part in ("insight", "baseline"):
                told = sum(each["average"] for each in attribution[part])
                assert told == pytest.approx(context["statistics"][part]["average"])
    assert whole["attributions"][0]["insight"][0]["value"] == ROLE
    assert whole["attributions"][2]["insight"][0]["value"] == "null"


@pytest.mark.slow
def test_our_insights_are_evidence_that_can_be_read_again(tmp_path: Path) -> None:
    told = spelled(store_of(tmp_path, [*usual(), *burst()]))
    again = store_of(tmp_path / "again", json.loads(json.dumps(told)))
    table = compared(Layout(again), [], Span())
    assert [row["found_by"] for row in table.records()] == ["aws"]
    assert table.records()[0]["event_name"] == "PutParameter"


def insight(state: str, at: int, name: str = "PutParameter") -> dict[str, Any]:
    """Return an Insights event as CloudTrail writes it."""
    statistics = {"baseline": {"average": 0.0083}, "insight": {"average": 12.2}, "insightDuration": 5}
    return {
        "eventVersion": "1.08",
        "eventTime": format_epoch(START + at),
        "awsRegion": "eu-west-1",
        "eventID": f"11111111-0000-4000-8000-{at:012}",
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": "111122223333",
        "sharedEventID": f"22222222-0000-4000-8000-{name:>012.12}",
        "insightDetails": {
            "state": state,
            "eventSource": "ssm.amazonaws.com",
            "eventName": name,
            "insightType": "ApiCallRateInsight",
            "insightContext": {"statistics": statistics},
        },
        "eventCategory": "Insight",
    }


def test_insights_of_cloudtrail_are_shown_beside_ours(tmp_path: Path) -> None:
    theirs = [insight("End", NOON + 360), insight("Start", NOON + 60), insight("Start", NOON, "DeleteParameter")]
    store = store_of(tmp_path, [*usual(), *burst(), *theirs])
    table = compared(Layout(store), [each.anomaly for each in found(store).anomalies], Span())
    rows = {row["event_name"]: row for row in table.records()}
    assert {name: row["found_by"] for name, row in rows.items()} == {"PutParameter": "both", "DeleteParameter": "aws"}
    both = rows["PutParameter"]
    assert (both["aws_start"], both["aws_end"]) == (format_epoch(START + NOON + 60), format_epoch(START + NOON + 360))
    assert (both["aws_average"], both["observed"]) == (12.2, 60.0)
    assert table.notes == ("of 2 Insights of CloudTrail in the logs, ctaudit finds 1",)


@pytest.mark.slow
def test_insights_that_lack_nearly_everything_are_read(tmp_path: Path) -> None:
    lacking: list[Any] = [None, 7, {}]
    bare = [insight("Start", 5) | {"insightDetails": each, "eventID": f"3333{n}"} for n, each in enumerate(lacking)]
    table = compared(Layout(store_of(tmp_path, bare)), [], Span())
    assert all(row["found_by"] == "aws" for row in table.records())
