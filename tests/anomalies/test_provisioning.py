"""Instances of families that are new to an account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ctaudit.anomaly_report import find
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from tests.anomalies.simulated import DAY, HOUR, START, call, store_of

DAYS = 20


def launch(at: int, kind: str, region: str = "eu-west-1") -> dict[str, Any]:
    return call(at, "RunInstances", "ec2", awsRegion=region, requestParameters={"instanceType": kind, "minCount": 1})


def usual(days: int = DAYS) -> list[dict[str, Any]]:
    """Return launches of two families, every two hours."""
    return [launch(hour * HOUR, ("t3.micro", "m5.large")[hour % 4 // 2]) for hour in range(0, days * 24, 2)]


def found(folder: Path, calls: list[dict[str, Any]]) -> Any:
    result = find(Layout(store_of(folder, calls)), Span())
    told = [each.anomaly for each in result.anomalies if each.anomaly.kind == "provisioning.new_family"]
    return told, result.notes


def test_a_family_that_was_never_launched_is_told(tmp_path: Path) -> None:
    at = (DAYS - 1) * DAY + 5 * HOUR
    mining = [
        launch(at + n, f"{family}.24xlarge", region)
        for n, (family, region) in enumerate([("p4d", "eu-west-1"), ("g5", "ap-south-1")])
    ]
    (new,), notes = found(tmp_path, [*usual(), *mining])
    assert new.subject == ("g5", "p4d")
    assert new.start == START + at
    assert new.severity.word == "medium"
    assert new.sentence.startswith("2 launches of g5, p4d instances in ap-south-1, eu-west-1; none of that family was")
    assert new.select.names == ("RunInstances",)
    assert any("could not be judged" in note for note in notes)


@pytest.mark.slow
@pytest.mark.parametrize("look_alike", ["another size", "often new", "short history", "odd"])
def test_what_is_not_new_is_not_told(tmp_path: Path, look_alike: str) -> None:
    at = (DAYS - 1) * DAY + 5 * HOUR
    calls = {
        "another size": [*usual(), launch(at, "m5.24xlarge")],
        "often new": [*(launch(day * DAY, f"x{day}.large") for day in range(DAYS)), launch(at, "p4d.24xlarge")],
        "short history": [*usual(10), launch(9 * DAY + 5, "p4d.24xlarge"), launch(9 * DAY + 6, "g5.xlarge")],
        "odd": [
            *usual(),
            call(at, "RunInstances", "ec2", requestParameters={"instanceType": ["p4d.24xlarge"]}),
            call(at + 1, "RunInstances", "ec2", requestParameters={"instanceType": "\x1b[31m.large"}),
            call(at + 2, "DescribeInstances", "ec2", requestParameters={"instanceType": "p4d.24xlarge"}),
        ],
    }
    told, _ = found(tmp_path, calls[look_alike])
    assert told == []
