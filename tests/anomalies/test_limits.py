"""Service limits: evidence on which they are told, and a look-alike on which nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctaudit.anomalies import limits
from ctaudit.anomalies.anomaly import Severity
from ctaudit.query import Span
from tests.anomalies.weeks import BEGIN, DAY, HOUR, Record, asked, at, background, call, role, user
from tests.cli.evidence import hostile_events

NIGHT = 10 * DAY + 2 * HOUR
VCPU = "Client.VcpuLimitExceeded"


def throttled(start: float, number: int, step: float = 30) -> list[Record]:
    return [call(start + step * each, role("etl"), "glue:StartJobRun", "ThrottlingException") for each in range(number)]


def test_a_quota_that_was_never_reached_is_told_at_once(tmp_path: Path) -> None:
    calls = [call(NIGHT + 60 * number, user("mia"), "ec2:RunInstances", VCPU) for number in range(3)]
    found = asked(tmp_path, limits, [*background(11), *calls])
    anomaly = found.one("limits.hit")
    assert anomaly.sentence == (
        "ec2 answered 3 calls (ec2:RunInstances) of arn:aws:iam::111122223333:user/mia with Client.VcpuLimitExceeded"
        " within 121 seconds in eu-west-1; there was none in the 10 days before"
    )
    assert anomaly.severity is Severity.MEDIUM
    assert anomaly.subject == ("ec2.amazonaws.com", "quota")
    assert anomaly.p < 1e-2
    assert anomaly.select.errors == (VCPU,)
    assert found.found.notes == ()


def test_one_episode_over_many_regions_is_one_anomaly(tmp_path: Path) -> None:
    """Somebody who spends another's money tries all regions, most of which were never used."""
    regions = ("eu-west-1", "us-east-1", "us-west-2", "ap-south-1", "sa-east-1")
    calls = [
        call(NIGHT + 60 * n, user("mia"), "ec2:RunInstances", VCPU, awsRegion=each) for n, each in enumerate(regions)
    ]
    anomaly = asked(tmp_path, limits, [*background(11), *calls]).one("limits.hit")
    assert (anomaly.region, anomaly.observed) == ("", 5)
    assert "in ap-south-1, eu-west-1, sa-east-1, us-east-1 and 1 more" in anomaly.sentence


@pytest.mark.slow
def test_a_quota_that_is_reached_each_day_is_nothing(tmp_path: Path) -> None:
    calls = [call(day * DAY + 5 * HOUR, user("mia"), "ec2:RunInstances", VCPU) for day in range(11)]
    assert asked(tmp_path, limits, [*background(11), *calls], Span(since=at(8 * DAY))).kinds == []


def test_codes_of_quotas_and_others(tmp_path: Path) -> None:
    quotas = ("LimitExceeded", "ServiceQuotaExceededException", "Client.InstanceLimitExceeded", "TooManyBuckets")
    others = ("AccessDenied", "ThrottlingException", "Server.InsufficientInstanceCapacity", "RequestLimitExceeded")
    calls = [call(7.5 * DAY, user("mia"), f"{each.lower()}:Create", each) for each in (*quotas, *others)]
    found = asked(tmp_path, limits, [*background(8), *calls, call(7.5 * DAY, user("mia"), "ec2:RunInstances")])
    assert found.subjects == [(f"{each.lower()}.amazonaws.com", "quota") for each in sorted(quotas, key=str.lower)]


def test_throttling_far_above_what_is_usual(tmp_path: Path) -> None:
    usual = [each for hour in range(0, 10 * 24, 3) for each in throttled(hour * HOUR, 4)]
    found = asked(tmp_path, limits, [*background(11), *usual, *throttled(NIGHT, 100)])
    anomaly = found.one("limits.hit")
    assert (anomaly.severity, anomaly.subject) == (Severity.LOW, ("glue.amazonaws.com", "throttling"))
    assert (anomaly.observed, anomaly.region) == (100, "eu-west-1")
    assert "such an hour had at most 4 in the 10 days before" in anomaly.sentence
    assert anomaly.p < 1e-5


def test_throttling_as_each_night_is_nothing(tmp_path: Path) -> None:
    usual = [each for day in range(11) for each in throttled(day * DAY + 2 * HOUR, 100 + day)]
    assert asked(tmp_path, limits, [*background(11), *usual], Span(since=at(8 * DAY))).kinds == []


@pytest.mark.slow
def test_a_short_history_is_said(tmp_path: Path) -> None:
    found = asked(tmp_path, limits, [*background(3), call(2.5 * DAY, user("mia"), "ec2:RunInstances", VCPU)])
    assert found.kinds == []
    assert found.found.notes == (
        "1 time a limit was hit with less than 7 days of history: whether that is new was not judged",
    )


@pytest.mark.slow
def test_hours_without_logs_are_no_history(tmp_path: Path) -> None:
    calls = [call(NIGHT, user("mia"), "ec2:RunInstances", VCPU)]
    found = asked(tmp_path, limits, [*background(11, but=range(24, 24 * 9)), *calls])
    assert (found.kinds, len(found.found.notes)) == ([], 1)


def test_hostile_values_and_clocks_hurt_nobody(tmp_path: Path) -> None:
    odd = [each | {"errorCode": f"Throttling{each['errorCode']}"} for each in hostile_events()]
    odd += [
        call(0, user("mia"), "ec2:RunInstances", VCPU) | {"eventTime": f"{year}-01-01T00:00:00Z"}
        for year in (1970, 2099)
    ]
    odd += [call(NIGHT, {}, "ec2:RunInstances", VCPU) | {"eventSource": None, "awsRegion": None}]
    span = Span(since=at(0), until=at(40 * DAY))
    found = asked(tmp_path, limits, [*background(11), *odd], span)
    assert found.one("limits.hit").start == BEGIN + NIGHT
