"""Bursts of classes of calls, each of many APIs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ctaudit.anomalies.anomaly import Anomaly, Severity
from ctaudit.anomaly_report import find
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from tests.anomalies.simulated import DAY, HOUR, START, call, store_of

NIGHT = 9 * DAY + 3 * HOUR
NAMES = ("CreateUser", "CreateAccessKey", "AttachUserPolicy", "PutUserPolicy", "CreateLoginProfile", "AddUserToGroup")


def usual(days: int = 10) -> list[dict[str, Any]]:
    some = [call(day * DAY + 40_000, NAMES[day % 6], "iam", awsRegion="us-east-1") for day in range(days)]
    return [*some, *(call(hour * HOUR, awsRegion="us-east-1") for hour in range(days * 24))]


def spread(count: int, source: str = "iam", names: tuple[str, ...] = NAMES, **fields: Any) -> list[dict[str, Any]]:
    """Return calls of several APIs, none often enough for a rate of its own."""
    return [
        call(NIGHT + at * 20, names[at % len(names)], source, awsRegion="us-east-1", **fields) for at in range(count)
    ]


def bursts(folder: Path, calls: list[dict[str, Any]]) -> list[Anomaly]:
    result = find(Layout(store_of(folder, calls)), Span())
    return [each.anomaly for each in result.anomalies if each.anomaly.kind.startswith("burst.")]


def test_many_changes_of_iam_are_one_burst(tmp_path: Path) -> None:
    (burst,) = bursts(tmp_path, [*usual(), *spread(24)])
    assert (burst.kind, burst.account, burst.region) == ("burst.iam", "111122223333", "")
    assert burst.start == START + NIGHT
    assert burst.severity is Severity.HIGH
    assert burst.sentence.startswith("24 changes of IAM within 15 minutes (")
    assert all(name in burst.sentence for name in NAMES)
    assert set(burst.select.names) == set(NAMES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "source", "names"),
    [
        ("burst.sts", "sts", ("AssumeRole", "GetSessionToken")),
        ("burst.provisioning", "ec2", ("RunInstances", "CreateVolume", "AllocateAddress")),
        ("burst.deletion", "rds", ("DeleteDBInstance", "DeleteDBSnapshot")),
    ],
)
def test_each_class_has_its_burst(tmp_path: Path, kind: str, source: str, names: tuple[str, ...]) -> None:
    calls = [*usual(), *spread(60, source, names, readOnly=source == "sts")]
    assert kind in [each.kind for each in bursts(tmp_path, calls)]


@pytest.mark.slow
@pytest.mark.parametrize("look_alike", ["services", "reads", "usual", "few"])
def test_what_only_looks_like_a_burst_is_not_told(tmp_path: Path, look_alike: str) -> None:
    service = {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}
    more = {
        "services": spread(60, "ec2", ("RunInstances", "TerminateInstances"), userIdentity=service),
        "reads": spread(60, names=("ListUsers", "GetUser"), readOnly=True),
        "usual": [],
        "few": spread(4),
    }
    assert bursts(tmp_path, [*usual(), *more[look_alike]]) == []


@pytest.mark.slow
def test_two_days_of_history_are_enough_but_told(tmp_path: Path) -> None:
    calls = [*usual(3), *(each | {"eventTime": each["eventTime"].replace("03-11", "03-04")} for each in spread(24))]
    (burst,) = bursts(tmp_path, calls)
    assert burst.severity is Severity.MEDIUM
    assert burst.sentence.endswith("in only 2 days of history")


@pytest.mark.slow
def test_on_the_first_day_nothing_can_be_told(tmp_path: Path) -> None:
    assert bursts(tmp_path, spread(24)) == []
