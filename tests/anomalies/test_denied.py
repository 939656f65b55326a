"""Refused calls: evidence on which each kind fires, and a look-alike on which it stays quiet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from ctaudit.anomalies import denied, denied_peers, denied_then
from ctaudit.anomalies.anomaly import Severity
from ctaudit.anomalies.denied_rate import tail
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from ctaudit.times import format_epoch
from tests.anomalies.weeks import ACCOUNT, DAY, HOUR, Record, asked, at, background, call, judged, role, store_of, user
from tests.cli.evidence import hostile_events
from tests.conftest import Case

APIS = [
    *("ec2:DescribeInstances", "ec2:DescribeVpcs", "ec2:DescribeSnapshots", "iam:ListUsers", "iam:ListRoles"),
    *("iam:GetAccountSummary", "s3:ListBuckets", "kms:ListKeys", "rds:DescribeDBInstances", "lambda:ListFunctions"),
    *("sns:ListTopics", "sqs:ListQueues", "logs:DescribeLogGroups", "ecs:ListClusters", "eks:ListClusters"),
    *("backup:ListBackupVaults", "glue:GetTables", "ssm:DescribeParameters", "athena:ListWorkGroups"),
    *("cloudtrail:DescribeTrails", "guardduty:ListDetectors", "config:DescribeConfigRules", "ecr:DescribeRepositories"),
]
NIGHT = 10 * DAY + 2 * HOUR
ROBOT = role("robot")


def busy(who: Record, days: int, each_hour: int = 3) -> Iterator[Record]:
    """Yield calls that succeed."""
    for hour in range(days * 24):
        yield from (call(hour * HOUR + 60 + 90 * number, who, "sqs:SendMessage") for number in range(each_hour))


def looks_around(who: Record, start: float, apis: list[str] = APIS, error: str = "AccessDenied") -> list[Record]:
    return [call(start + 50 * number, who, what, error) for number, what in enumerate(apis)]


def test_many_different_refused_calls_of_a_user_are_grave(tmp_path: Path) -> None:
    found = asked(tmp_path, denied, [*background(11), *looks_around(user("mia"), NIGHT)])
    anomaly = found.one("denied.enumeration")
    assert anomaly.severity is Severity.HIGH
    assert anomaly.sentence == (
        "arn:aws:iam::111122223333:user/mia was refused 23 calls of 23 kinds in 19 services (athena, backup,"
        " cloudtrail, config and 15 more) within 18 minutes; no hour had any in the 10 days before"
    )
    assert (anomaly.account, anomaly.subject) == (ACCOUNT, ("arn:aws:iam::111122223333:user/mia",))
    assert anomaly.observed == 23
    assert anomaly.p < 1e-6
    assert anomaly.select.principals == anomaly.subject
    assert "ListBuckets" in anomaly.select.names
    assert anomaly.series is not None
    assert sum(count or 0 for count in anomaly.series.counts) == 23


def test_the_look_around_of_the_sample_night(case: Case) -> None:
    """And nothing of the ordinary nights."""
    found = judged(Layout(case.store), denied)
    anomaly = found.one("denied.enumeration")
    assert found.kinds == ["denied.enumeration"]
    assert anomaly.subject == ("arn:aws:sts::444455556666:assumed-role/deploy-production",)
    assert format_epoch(anomaly.start).startswith("2026-03-11T01:24")
    assert format_epoch(anomaly.end).startswith("2026-03-11T01:44")
    assert (anomaly.severity, anomaly.p < 1e-9) == (Severity.HIGH, True)
    assert judged(Layout(case.store), denied_then).kinds == []


def test_it_needs_no_history(tmp_path: Path) -> None:
    found = asked(tmp_path, denied, [call(0, role("web"), "sts:GetCallerIdentity"), *looks_around(user("mia"), 600)])
    assert found.kinds == ["denied.enumeration"]
    assert "the logs do not tell of any time before" in found.anomalies[0].sentence


def test_what_only_looks_like_enumeration(tmp_path: Path) -> None:
    def through(service: str, who: Record) -> Record:
        return who | {"invokedBy": service}

    alike = {
        "seven": looks_around(user("seven"), NIGHT, APIS[:7]),
        "one service": looks_around(user("one"), NIGHT, [f"ec2:Describe{number}" for number in range(20)]),
        "throttled": looks_around(user("hasty"), NIGHT, error="ThrottlingException"),
        "not found": looks_around(user("lost"), NIGHT, error="NoSuchEntityException"),
        "slow": [call(DAY + n * DAY / 3, user("slow"), what, "AccessDenied") for n, what in enumerate(APIS)],
        "a service": looks_around({"type": "AWSService", "invokedBy": "config.amazonaws.com"}, NIGHT),
        "through a service": looks_around(through("cloudformation.amazonaws.com", user("stack")), NIGHT),
    }
    assert asked(tmp_path, denied, [*background(11), *chain(*alike.values())]).subjects == []


def test_a_scanner_that_is_refused_each_night_is_nothing(tmp_path: Path) -> None:
    nights = [record for day in range(1, 11) for record in looks_around(role("scanner"), day * DAY + 3 * HOUR)]
    after = Span(since=at(5 * DAY))
    assert asked(tmp_path, denied, [*background(11), *nights], after).kinds == []


def test_more_refused_calls_than_before(tmp_path: Path) -> None:
    calls = [call(NIGHT + 30 * number, ROBOT, "s3:PutBucketPolicy", "AccessDenied") for number in range(40)]
    found = asked(tmp_path, denied, [*background(11), *busy(ROBOT, 11), *calls])
    assert found.kinds == ["denied.rate"]
    anomaly = found.anomalies[0]
    assert anomaly.sentence == (
        "arn:aws:sts::111122223333:assumed-role/robot was refused 40 calls within 20 minutes (s3:PutBucketPolicy), in"
        " one hour 40 of 43; in the 10 days before it was 0 of 726, and at most 0 in an hour"
    )
    assert anomaly.severity is Severity.MEDIUM
    assert anomaly.p < 1e-12
    assert (anomaly.observed, anomaly.select.sources) == (40, ("s3.amazonaws.com",))


@pytest.mark.slow
def test_hours_of_one_episode_are_one_anomaly(tmp_path: Path) -> None:
    calls = [call(NIGHT + 120 * number, ROBOT, "s3:PutBucketPolicy", "AccessDenied") for number in range(120)]
    found = asked(tmp_path, denied, [*background(11), *busy(ROBOT, 11), *calls])
    assert found.kinds == ["denied.rate"]
    assert found.anomalies[0].end - found.anomalies[0].start == 119 * 120 + 1


def test_what_befell_one_does_not_hide_that_it_befalls_another(tmp_path: Path) -> None:
    who = [role(f"robot-{number}") for number in range(2)]
    times = [(8 + number) * DAY + 2 * HOUR for number in range(2)]
    wide = [each for time, one in zip(times, who, strict=True) for each in looks_around(one, time)]
    found = asked(tmp_path, denied, [*background(11), *chain(*(busy(one, 11, 2) for one in who)), *wide])
    assert found.kinds == ["denied.enumeration"] * 2 + ["denied.rate"] * 2


def test_what_is_refused_as_often_as_ever_is_nothing(tmp_path: Path) -> None:
    """Forty calls each day; and more calls than usual, which is a matter of rates."""
    daily, fourth, what = role("daily"), role("fourth"), "s3:PutBucketPolicy"
    times = [day * DAY + 5 * HOUR + 30 * number for day in range(11) for number in range(40)]
    usual = [call(hour * HOUR + 1800, fourth, what, "AccessDenied") for hour in range(11 * 24)]
    more = [call(NIGHT + 30 * n, fourth, what, "AccessDenied" if n % 4 == 0 else None) for n in range(100)]
    often = [*busy(daily, 11), *(call(time, daily, what, "AccessDenied") for time in times)]
    records = [*background(11), *often, *busy(fourth, 11), *usual, *more]
    assert asked(tmp_path, denied, records, Span(since=at(8 * DAY))).subjects == []


@pytest.mark.slow
def test_a_short_history_is_said_once(tmp_path: Path) -> None:
    calls = [call(3 * DAY + 30 * number, ROBOT, "s3:PutBucketPolicy", "AccessDenied") for number in range(40)]
    found = asked(tmp_path, denied, [*background(4), *busy(ROBOT, 4), *calls])
    assert found.kinds == []
    assert found.found.notes == (
        "1 principal was refused calls but has less than 7 days of history: only how many different calls were refused"
        " was judged",
    )


def refused_then_works(grants: list[Record], works: bool = True, who: Record = ROBOT) -> list[Record]:
    refused = [call(NIGHT + n, who, what, "AccessDenied") for n, what in enumerate(APIS[:4])]
    later = [call(NIGHT + 900 + n, who, what) for n, what in enumerate(APIS[:4])] if works else []
    # What others are refused stays refused, as it does where nobody works on permissions.
    others = [call(DAY * n + 600, role("web"), f"s3:Get{n}", "AccessDenied") for n in range(10)]
    return [*background(11), *busy(ROBOT, 11, 1), *others, *refused, *grants, *later]


def test_refused_then_allowed_after_it_gave_itself_the_permission(tmp_path: Path) -> None:
    found = asked(tmp_path, denied_then, refused_then_works([call(NIGHT + 600, ROBOT, "iam:PutRolePolicy")]))
    assert found.kinds == ["denied.then_succeeded"]
    anomaly = found.anomalies[0]
    assert anomaly.severity is Severity.HIGH
    assert anomaly.sentence == (
        "arn:aws:sts::111122223333:assumed-role/robot made 4 kinds of calls with success that had been refused to it"
        " 15 minutes before, and had not worked in the 10 days before (ec2:DescribeInstances, ec2:DescribeVpcs,"
        " ec2:DescribeSnapshots, iam:ListUsers); in between permissions were changed by itself (iam:PutRolePolicy)"
    )


@pytest.mark.slow
def test_refused_then_allowed_after_somebody_else_gave_the_permission(tmp_path: Path) -> None:
    found = asked(tmp_path, denied_then, refused_then_works([call(NIGHT + 600, user("eve"), "iam:AttachRolePolicy")]))
    assert "changed by arn:aws:iam::111122223333:user/eve (iam:AttachRolePolicy)" in found.one(found.kinds[0]).sentence


def test_refused_and_never_allowed_is_nothing(tmp_path: Path) -> None:
    grants = [call(NIGHT + 600, ROBOT, "iam:PutRolePolicy")]
    assert asked(tmp_path, denied_then, refused_then_works(grants, works=False)).kinds == []


@pytest.mark.slow
def test_a_grant_that_failed_is_none(tmp_path: Path) -> None:
    grants = [call(NIGHT + 600, ROBOT, "iam:PutRolePolicy", "MalformedPolicyDocument")]
    found = asked(tmp_path, denied_then, refused_then_works(grants))
    assert all("in between" not in each.sentence for each in found.anomalies)


@pytest.mark.slow
def test_who_works_on_permissions_each_day_is_nothing(tmp_path: Path) -> None:
    def day(number: int) -> list[Record]:
        start, who = number * DAY + 9 * HOUR, role(f"new-{number % 3}")
        what = f"s3:Get{number}"
        return [
            call(start, who, what, "AccessDenied"),
            call(start + 300, user("dev"), "iam:PutRolePolicy"),
            call(start + 400, who, what),
        ]

    found = asked(tmp_path, denied_then, [*background(14), *(each for number in range(14) for each in day(number))])
    assert found.kinds == []


@pytest.mark.slow
def test_one_refused_target_among_allowed_ones_is_nothing(tmp_path: Path) -> None:
    calls = [
        call(day * DAY + 60 * number, ROBOT, f"s3:Get{number}", "AccessDenied" if side else None)
        for day in range(8, 11)
        for number in range(5)
        for side in (1, 0)
    ]
    assert asked(tmp_path, denied_then, [*background(11), *busy(ROBOT, 11, 1), *calls]).kinds == []


def test_hostile_values_and_clocks_hurt_nobody(tmp_path: Path) -> None:
    odd = [each | {"errorCode": f"AccessDenied{each['errorCode']}"} for each in hostile_events()]
    odd += [call(0, ROBOT, APIS[0], "AccessDenied") | {"eventTime": "1970-01-01T00:00:00Z"}]
    odd += [call(0, ROBOT, APIS[0]) | {"eventTime": "2099-01-01T00:00:00Z"}]
    odd += [call(5, {"type": None, "arn": "x" * 9999}, APIS[0], "AccessDenied"), call(6, {}, APIS[1], "AccessDenied")]
    odd += [call(7, ROBOT, "s3:") | {"eventSource": None, "errorCode": "AccessDenied"}]
    span = Span(since=at(0), until=at(40 * DAY))
    records = [*background(11), *odd, *looks_around(user("mia"), NIGHT)]
    layout = store_of(tmp_path, records)
    assert judged(layout, denied, span).kinds == ["denied.enumeration"]
    assert judged(layout, denied_then, span).kinds == []


@pytest.mark.slow
def test_the_order_of_events_does_not_matter(tmp_path: Path) -> None:
    records = [*background(9), *busy(ROBOT, 9), *looks_around(user("mia"), 8 * DAY), *looks_around(ROBOT, 8 * DAY)]
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    numbered = [each | {"eventID": f"{number:032x}"} for number, each in enumerate(records)]
    assert asked(one, denied, numbered).anomalies == asked(other, denied, numbered[::-1]).anomalies


def test_the_tail_of_the_beta_binomial_distribution() -> None:
    assert tail(0, 5, 0.3, 4.0) == pytest.approx(1.0)
    # Of one call the mean alone counts; with a uniform prior each number of ten is as probable.
    assert tail(1, 1, 0.3, 4.0) == pytest.approx(0.3)
    assert tail(4, 10, 0.5, 2.0) == pytest.approx(7 / 11)
    assert tail(3, 3, 0.1, 1e9) == pytest.approx(0.001, rel=1e-5)


def others(days: float) -> list[Record]:
    return [
        call(at * 600, role(f"app-{at % 3}"), "sqs:SendMessage", "AccessDenied" if at % 60 == 7 else None)
        for at in range(int(days * 144))
    ]


def test_a_newcomer_that_is_refused_everything_stands_out_from_its_peers(tmp_path: Path) -> None:
    tries = [
        call(2 * DAY + second, role("loot"), "ec2:GetPasswordData", "Client.UnauthorizedOperation")
        for second in range(29)
    ]
    found = asked(tmp_path, denied_peers, [*others(2.5), *tries])
    anomaly = found.one("denied.newcomer")
    assert anomaly.subject == (f"arn:aws:sts::{ACCOUNT}:assumed-role/loot",)
    assert (
        "was refused 29 of 29 calls within a minute (ec2:GetPasswordData); of the account's other 3 principals"
        in anomaly.sentence
    )
    assert anomaly.p < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("look_alike", ["half", "few", "no peers", "old"])
def test_a_newcomer_that_is_like_others_or_cannot_be_compared_is_not_told(tmp_path: Path, look_alike: str) -> None:
    start = 10 * DAY
    tries = [call(start + second, role("loot"), "ec2:GetPasswordData", "AccessDenied") for second in range(29)]
    records = {
        "half": [*others(10.5), *tries, *(call(start + 60 + at, role("loot"), "s3:ListBuckets") for at in range(29))],
        "few": [*others(10.5), *tries[:9]],
        "no peers": tries,
        "old": [*others(10.5), *busy(role("loot"), 10), *tries],
    }
    assert asked(tmp_path, denied_peers, records[look_alike]).anomalies == []
