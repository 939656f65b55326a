"""Where nothing is wrong, or nothing is known, nothing is told: an empty store, one event, a day, a month."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctaudit.anomalies import denied, denied_then, limits, periodic
from tests.anomalies.weeks import DAY, Record, background, call, judged, role, store_of

QUIET: dict[str, list[Record]] = {
    "nothing": [],
    "one event": [call(0, role("robot"), "s3:PutBucketPolicy", "AccessDenied")],
    "one limit": [call(0, role("robot"), "s3:CreateBucket")],
    "a day": list(background(1)),
    "a month": list(background(30)),
    "an outage of logging": list(background(12, but=range(7 * 24, 9 * 24))),
    "events days apart": [call(day * DAY, role("robot"), "s3:PutBucketPolicy") for day in (0, 3, 11)],
}


@pytest.mark.parametrize("records", [pytest.param(records, id=name) for name, records in QUIET.items()])
def test_silence(tmp_path: Path, records: list[Record]) -> None:
    layout = store_of(tmp_path, records)
    found = [judged(layout, family).found for family in (denied, denied_then, limits, periodic)]
    assert [each.anomalies for each in found] == [[], [], [], []]
