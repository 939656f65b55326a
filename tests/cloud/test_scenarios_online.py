"""Every way to tamper, in the bucket itself over HTTP: the verdicts of the table, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctaudit.evidence import Options
from ctaudit.validate import Report, validate
from tests.cloud.server import Cloud
from tests.cloud.stage import stage
from tests.integrity.running import NOWHERE, differences, now, options
from tests.integrity.scenario import Case, Scenario
from tests.integrity.scenarios import SCENARIOS
from tests.integrity.test_moved_chains import changed_bucket
from tests.trail.small import CHAIN, NOON, small_trail
from tests.trail.trail import HOUR


@pytest.fixture
def aws(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("ctaudit.sources.s3_ways._READ_TIMEOUT", 1.0)
    return cloud


def online(case: Case, aws: Cloud, folder: Path) -> Report:
    state = folder / "state.json" if case.earlier is not None else None
    given = options(case, state)
    if case.earlier is not None:
        validate(stage(aws, case, case.earlier), folder / NOWHERE, given, now=now(case))
    return validate(stage(aws, case), folder / NOWHERE, given, now=now(case))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_the_bucket_gets_the_verdicts_of_the_table(scenario: Scenario, aws: Cloud, tmp_path: Path) -> None:
    case = scenario.build()
    if case.online is None:
        pytest.skip("cannot be asked of S3")
    report = online(case, aws, tmp_path)
    assert differences(report, case.online) == []


def test_a_chain_is_followed_into_another_bucket_and_out_of_the_prefix(aws: Cloud, tmp_path: Path) -> None:
    old, trail = changed_bucket()
    aws.put(old)
    aws.put(trail.bucket)
    aws.serve_keys({region: (key,) for region, key in trail.keys.items()})
    source = f"s3://{trail.bucket.name}/AWSLogs/{CHAIN[0]}"
    report = validate(source, tmp_path / NOWHERE, Options(since=NOON, until=NOON + 6 * HOUR), now=NOON + 9 * HOUR)
    assert [found.code for found in report.findings] == []
    assert (report.chains[0].digests_proven, report.chains[0].proven) == (6, 12)


def test_the_newest_digests_are_validated_before_they_are_due(aws: Cloud, tmp_path: Path) -> None:
    trail = small_trail(4)
    aws.put(trail.bucket)
    aws.serve_keys({region: (key,) for region, key in trail.keys.items()})
    report = validate(f"s3://{trail.bucket.name}", tmp_path / NOWHERE, Options(), now=NOON + 4 * HOUR)
    assert [found.code for found in report.findings] == []
    assert (report.chains[0].digests_proven, report.chains[0].proven) == (4, 8)
    later = validate(f"s3://{trail.bucket.name}", tmp_path / NOWHERE, Options(), now=NOON + 8 * HOUR)
    assert [found.code for found in later.findings] == ["coverage.tail"]
