"""The command itself against the AWS CLI itself, each a process of its own, on the same bucket over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.processes import Done, piped
from tests.cloud.reference import validate_logs
from tests.cloud.server import Cloud
from tests.cloud.stage import stage
from tests.integrity.scenario import Case, Scenario
from tests.integrity.scenarios import SCENARIOS
from tests.trail.principals import stamp

CHOSEN = [
    scenario
    for scenario in SCENARIOS
    if scenario.name in ("clean", "log content changed", "middle digest deleted", "listed log deleted", "no key known")
]


def command(cloud: Cloud, case: Case, source: str, folder: Path, *words: str) -> Done:
    span = ["--since", stamp(case.since), "--until", stamp(case.until)]
    return piped("validate", source, *span, *words, env=cloud.environment, folder=folder)


def test_there_are_some() -> None:
    assert len(CHOSEN) == 5


@pytest.mark.slow
@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("scenario", CHOSEN, ids=str)
def test_the_command_says_what_the_aws_cli_says(
    scenario: Scenario, verbose: bool, cloud: Cloud, tmp_path: Path
) -> None:
    case = scenario.build()
    assert case.reference is not None
    source = stage(cloud, case)
    more = ["--verbose"] if verbose else []
    theirs = validate_logs(
        cloud, case.arn, case.since, case.until, "--s3-bucket", case.bucket.name, *more, region=case.reference.region
    )
    words = ("--compat", "awscli", "--trail", case.arn, "--region", case.reference.region, *more)
    ours = command(cloud, case, source, tmp_path, *words)
    assert (ours.code, ours.out, ours.err) == (theirs.code, theirs.out, theirs.err)


@pytest.mark.slow
def test_the_command_proves_a_bucket(cloud: Cloud, tmp_path: Path) -> None:
    case = next(scenario for scenario in SCENARIOS if scenario.name == "clean").build()
    done = command(cloud, case, stage(cloud, case), tmp_path, "--format", "json")
    told = json.loads(done.out)
    assert (done.code, told["verdict"], told["findings"]) == (0, "proven", [])
    assert (told["chains"][0]["digests_proven"], told["chains"][0]["proven"]) == (8, 16)
    assert cloud.count("GetObject") == 24
