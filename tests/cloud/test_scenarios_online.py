"""Every way to tamper, in the bucket itself over HTTP: the verdicts of the table, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctaudit.validate import Report, validate
from tests.cloud.server import Cloud
from tests.cloud.stage import stage
from tests.integrity.running import NOWHERE, differences, now, options
from tests.integrity.scenario import Case, Scenario
from tests.integrity.scenarios import SCENARIOS


@pytest.fixture
def aws(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("ctaudit.sources.s3._READ_TIMEOUT", 1.0)
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
