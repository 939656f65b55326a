"""`validate s3://…` lists what it was asked about, folder by folder, and says of it what it says when it lists all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from ctaudit import evidence
from ctaudit.evidence import Options
from ctaudit.sources.s3_listing import LOGS_AND_DIGESTS, Wanted
from ctaudit.validate import Report, validate
from tests.cloud.random_trails import _break
from tests.cloud.server import Cloud
from tests.integrity.running import NOWHERE
from tests.trail.company import CI, EUROPE, HOME, MANAGEMENT
from tests.trail.small import NOON, small_batch, small_trail
from tests.trail.trail import HOUR, Trail

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
DAYS = 4
PLACES = [(account, region) for account in (CI, MANAGEMENT) for region in (HOME, EUROPE)]


@pytest.fixture
def aws(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    return cloud


def laid_down(aws: Cloud, trail: Trail) -> str:
    aws.put(trail.bucket)
    aws.serve_keys({region: (key,) for region, key in trail.keys.items()})
    return f"s3://{trail.bucket.name}"


def trail_of(chance: Random) -> Trail:
    """Make a trail of two accounts and regions that is stopped and goes on, loses digests and logs, and has more."""
    trail = Trail(name="small-trail")
    for account, region in PLACES:
        last = chance.choice((1, DAYS, DAYS))
        stopped = False
        for day in range(last):
            start = NOON + day * DAY + 10 * HOUR  # two hours, the second of which ends with the day
            if digested := chance.random() < 0.6:
                for hour in range(2):
                    begins = start + hour * HOUR
                    put_log(trail, account, region, begins)
                    trail.cut_digest(account, region, begins, begins + HOUR, restart=stopped and not hour)
            elif chance.random() < 0.5:
                put_log(trail, account, region, start)
            stopped = not digested
    _break(trail.bucket, chance)
    return trail


def put_log(trail: Trail, account: str, region: str, hour: datetime) -> None:
    batch = small_batch(hour + timedelta(minutes=20), events=1)
    trail.put_log(replace(batch, account=account, region=region))


def said(report: Report) -> object:
    """Return what a report says; of what was not found it may tell in other words what is there instead."""
    findings = {
        (found.code, found.severity, found.chain, found.span, *(() if found.code in HINTS else (found.sentence,)))
        for found in report.findings
    }
    return findings, report.chains


HINTS = ("coverage.nothing_found",)


def whole(options: Options) -> Wanted:
    return Wanted(kinds=LOGS_AND_DIGESTS)


def spans(chance: Random) -> Iterator[Options]:
    first, last = sorted(chance.sample(range(-6, 24 * DAYS + 6), 2))
    since, until = NOON + first * HOUR, NOON + last * HOUR
    yield Options(since=since, until=until)
    yield Options(since=since, accounts=(CI,))
    yield Options(until=until, regions=(EUROPE,))
    yield Options(since=since, until=until, accounts=(chance.choice((CI, MANAGEMENT)),), regions=(HOME,))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 60))])
def test_what_is_passed_over_changes_no_verdict(seed: int, aws: Cloud, tmp_path: Path) -> None:
    chance = Random(seed)
    source = laid_down(aws, trail_of(chance))
    for options in spans(chance):
        now = NOON + DAYS * DAY
        pruned = validate(source, tmp_path / NOWHERE, options, now=now)
        with patch.object(evidence, "_wanted", whole):
            assert said(pruned) == said(validate(source, tmp_path / NOWHERE, options, now=now))


def test_a_stop_that_began_before_the_span_is_judged_by_what_lies_there(aws: Cloud, tmp_path: Path) -> None:
    """Log files in it, and digests of other regions, are looked for though nobody asked about them."""
    for named, place, words in (
        ((CI, HOME), (CI, HOME), "log files lie in that span"),
        ((CI, HOME), (CI, EUROPE), "the trail's digests of other regions go on"),
    ):
        trail = small_trail(2)
        begins = NOON + 5 * DAY
        put_log(trail, *place, NOON + 30 * HOUR)
        if place != named:
            trail.cut_digest(*place, NOON + 30 * HOUR, NOON + 31 * HOUR)
        trail.cut_digest(*named, begins, begins + HOUR, restart=True)
        options = Options(since=begins - HOUR, until=begins + HOUR, regions=(HOME,))
        report = validate(laid_down(aws, trail), tmp_path / NOWHERE, options, now=begins + HOUR)
        (found,) = [each for each in report.findings if each.code == "coverage.restart_gap"]
        assert (found.severity.name, words in found.sentence) == ("FAILED", True)


def test_only_folders_that_were_asked_about_are_listed(aws: Cloud, tmp_path: Path) -> None:
    trail = small_trail(4)
    for day in range(1, 40):
        for number in range(3):
            put_log(trail, CI, HOME, NOON + day * DAY + number * HOUR)
    source = laid_down(aws, trail)
    listed = []
    for until in (NOON + 4 * HOUR, None):
        before = aws.count("ListObjectsV2")
        validate(source, tmp_path / NOWHERE, Options(since=NOON, until=until), now=NOON + 4 * HOUR)
        listed.append(aws.count("ListObjectsV2") - before)
    assert listed[0] < listed[1]
    assert listed[0] <= 14


def test_a_log_that_lies_in_the_folder_of_another_day_is_judged_there(aws: Cloud, tmp_path: Path) -> None:
    """By its name it would belong to a day whose folder it does not lie in: no one who asks for a day would see it."""
    trail = small_trail(4)
    key = trail.log_keys()[0]
    slipped = key.replace("/2026/03/09/", "/2026/03/20/")
    trail.bucket.put(slipped, b"x", NOON)
    report = validate(laid_down(aws, trail), tmp_path / NOWHERE, Options(since=NOON + 10 * DAY), now=NOON + 12 * DAY)
    assert [found.code for found in report.findings if found.key or found.code.startswith("log.")] == ["log.undigested"]


def test_what_lies_there_instead_is_told(aws: Cloud, tmp_path: Path) -> None:
    source = laid_down(aws, small_trail(2))
    report = validate(source, tmp_path / NOWHERE, Options(accounts=("999999999999",)), now=NOON + 9 * HOUR)
    (found,) = [each for each in report.findings if each.code == "coverage.nothing_found"]
    assert f"left out were the account {CI}" in found.sentence
