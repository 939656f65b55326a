"""Jobs that no longer run: evidence on which that is told, and a look-alike on which nothing is."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import chain
from pathlib import Path

import pytest

from ctaudit.anomalies import periodic
from ctaudit.anomalies.anomaly import Severity
from ctaudit.query import Span
from tests.anomalies.weeks import BEGIN, DAY, HOUR, Record, asked, at, background, call, judged, role, store_of
from tests.cli.evidence import hostile_events

BACKUP = role("backup", "nightly")
WEEKEND = (5, 6)


def nightly(days: Iterable[int], who: Record = BACKUP, name: str = "ec2:CreateSnapshot") -> Iterator[Record]:
    """Yield a run a night, at about half past two, each of several calls."""
    for day in days:
        for number in range(3):
            yield call(day * DAY + 2.5 * HOUR + day % 5 * 40 + number * 20, who, name)


def hourly(hours: Iterable[int], who: str = "sync") -> Iterator[Record]:
    for hour in hours:
        yield call(hour * HOUR + 300 + hour % 7 * 30, role(who), "s3:PutBucketTagging")


def but(end: int, lacking: Container[int]) -> list[int]:
    return [each for each in range(end) if each not in lacking]


def test_a_nightly_job_that_ended(tmp_path: Path) -> None:
    found = asked(tmp_path, periodic, [*background(25), *nightly(range(21))])
    assert found.kinds == ["periodic.missed"]
    anomaly = found.anomalies[0]
    assert anomaly.sentence == (
        "arn:aws:sts::111122223333:assumed-role/backup ran every day (ec2:CreateSnapshot), 21 times in the 21 days"
        " before, and then missed 4 runs in a row from 2026-01-26T02:30:00Z on, and has not run since; the logs cover"
        " these times"
    )
    assert anomaly.severity is Severity.MEDIUM
    assert anomaly.subject == ("arn:aws:sts::111122223333:assumed-role/backup", "ec2:CreateSnapshot")
    assert (anomaly.observed, anomaly.region) == (4, "eu-west-1")
    assert anomaly.p < 1e-4
    assert anomaly.series is not None
    assert sum(count or 0 for count in anomaly.series.counts) == 14


def test_what_only_looks_like_a_gap(tmp_path: Path) -> None:
    working = [day for day in range(28) if day % 7 not in WEEKEND]
    office = [day * 24 + hour for day in working for hour in range(8, 18)]
    at_work = [day * DAY + 9 * HOUR + day * 37 % 11 * 360 for day in working[:17]]
    alike = {
        "on time": nightly(range(28), role("on-time")),
        "a holiday": nightly(but(28, (20,)), role("holiday")),
        "weekends": nightly(working, role("working-days")),
        "two hours left out": hourly(but(28 * 24, (245, 246)), "left-out"),
        "nights": hourly(office, "office-hours"),
        "somebody who came to work, and is on holiday": [call(time, role("developer"), "ec2:Tag") for time in at_work],
    }
    assert asked(tmp_path, periodic, [*background(28), *chain(*alike.values())]).subjects == []


def test_two_nights_left_out_are_told_of_a_job_that_is_well_known(tmp_path: Path) -> None:
    anomaly = asked(tmp_path, periodic, [*background(25), *nightly(but(25, (20, 21)))]).one("periodic.missed")
    assert (anomaly.observed, "has not run since" in anomaly.sentence) == (2, False)
    assert anomaly.start == pytest.approx(BEGIN + 20 * DAY + 2.5 * HOUR, abs=300)


def test_nights_without_logs_are_no_gap(tmp_path: Path) -> None:
    lacking = range(20 * 24, 23 * 24)
    found = asked(tmp_path, periodic, [*background(25, but=lacking), *nightly(but(25, (20, 21, 22)))])
    assert found.kinds == []
    assert found.found.notes == ("3 jobs should have run 78 times while the logs do not tell: these count as no gap",)


@pytest.mark.slow
def test_a_night_whose_hour_alone_lacks_logs_is_no_gap(tmp_path: Path) -> None:
    lacking = {day * 24 + 2 for day in (20, 21, 22)}
    assert asked(tmp_path, periodic, [*background(25, but=lacking), *nightly(but(25, (20, 21, 22)))]).kinds == []


@pytest.mark.slow
def test_a_job_for_working_days_that_ended(tmp_path: Path) -> None:
    days = [day for day in range(23) if day % 7 not in WEEKEND]
    anomaly = asked(tmp_path, periodic, [*background(26), *nightly(days)]).one("periodic.missed")
    assert anomaly.start == pytest.approx(BEGIN + 23 * DAY + 2.5 * HOUR, abs=600)  # a Wednesday


def test_an_hourly_job_that_ended(tmp_path: Path) -> None:
    anomaly = asked(tmp_path, periodic, [*background(11), *hourly(range(10 * 24))]).one("periodic.missed")
    assert "ran every hour (s3:PutBucketTagging)" in anomaly.sentence
    assert anomaly.start == pytest.approx(BEGIN + 10 * DAY + 300, abs=200)
    assert anomaly.p < 1e-6


def test_what_comes_at_odd_times_is_no_job(tmp_path: Path) -> None:
    odd = [call(hour * HOUR + 60, role("dev"), "ec2:CreateSnapshot") for hour in (h * h % 211 for h in range(60))]
    assert asked(tmp_path, periodic, [*background(14), *odd]).found.tests == 1  # the background itself


@pytest.mark.slow
def test_six_days_are_no_history(tmp_path: Path) -> None:
    assert asked(tmp_path, periodic, [*background(8), *hourly(range(5 * 24))]).kinds == []


@pytest.mark.slow
def test_calls_of_one_job_are_one_anomaly(tmp_path: Path) -> None:
    nights = range(21)
    more = [*nightly(nights, name="rds:CreateDBSnapshot"), *nightly(nights, name="ec2:CreateTags")]
    anomaly = asked(tmp_path, periodic, [*background(25), *nightly(nights), *more]).one("periodic.missed")
    assert "(ec2:CreateSnapshot, ec2:CreateTags, rds:CreateDBSnapshot)" in anomaly.sentence


@pytest.mark.slow
def test_a_job_that_only_reads(tmp_path: Path) -> None:
    nights = nightly(range(21), role("report"), "ce:GetCostAndUsage")
    anomaly = asked(tmp_path, periodic, [*background(25), *nights]).one("periodic.missed")
    assert (anomaly.severity, anomaly.subject) == (Severity.LOW, ("arn:aws:sts::111122223333:assumed-role/report",))


def test_it_is_told_of_the_time_in_which_it_became_certain_and_never_again(tmp_path: Path) -> None:
    layout = store_of(tmp_path, [*background(25), *nightly(range(20))])
    spans = [Span(since=at(day * DAY), until=at((day + 1) * DAY)) for day in range(19, 24)]
    told = [len(judged(layout, periodic, span).anomalies) for span in spans]
    assert told == [0, 0, 1, 0, 0]


def test_hostile_values_and_clocks_hurt_nobody(tmp_path: Path) -> None:
    odd = [call(0, BACKUP, "ec2:CreateSnapshot") | {"eventTime": f"{year}-01-01T00:00:00Z"} for year in (1970, 2099)]
    odd += [each | {"readOnly": True} for each in hostile_events()]
    odd += [call(7, {}, "ec2:CreateSnapshot") | {"eventSource": None, "awsRegion": None, "readOnly": "x"}]
    span = Span(since=at(0), until=at(25 * DAY))
    assert asked(tmp_path, periodic, [*background(25), *nightly(range(21)), *odd], span).kinds == ["periodic.missed"]
