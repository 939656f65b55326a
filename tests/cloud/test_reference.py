"""What the real AWS CLI says of every broken trail: the yardstick that ctaudit is held against, measured anew."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from tests.cloud.gate import Delay
from tests.cloud.reference import Said, validate_logs
from tests.cloud.server import Cloud
from tests.cloud.stage import stage
from tests.integrity.scenario import END, Case, Reference, Scenario
from tests.integrity.scenarios import SCENARIOS
from tests.trail.small import NOON
from tests.trail.trail import HOUR

pytestmark = pytest.mark.slow

SHORT = 8.0
"""Seconds after which a run that has not ended never will: the others take less than two."""
MEASURED = [scenario for scenario in SCENARIOS if scenario.build().reference is not None]


def said_of(cloud: Cloud, case: Case, reference: Reference) -> Said:
    stage(cloud, case)
    late = any(isinstance(trouble, Delay) for trouble in case.troubles.values())
    return validate_logs(
        cloud,
        case.arn,
        case.since,
        case.until,
        *("--s3-bucket", case.bucket.name),
        *reference.options,
        *(("--cli-read-timeout", "1") if late else ()),
        region=reference.region,
        env={"AWS_MAX_ATTEMPTS": "1"} if late else {},
        patience=SHORT if reference.code is None else 120,
    )


@pytest.mark.parametrize("scenario", MEASURED, ids=str)
def test_the_reference_says_what_is_written_of_it(scenario: Scenario, cloud: Cloud) -> None:
    case = scenario.build()
    reference = case.reference
    assert reference is not None
    if reference.code is None:
        with pytest.raises(subprocess.TimeoutExpired):
            said_of(cloud, case, reference)
        return
    said = said_of(cloud, case, reference)
    assert [piece for piece in reference.says if piece not in said.text] == [], said.text
    assert said.code == reference.code, said.text


def test_a_window_wider_than_the_chain_gives_the_same_counts(cloud: Cloud) -> None:
    case = replace(SCENARIOS[0].build(), since=NOON - HOUR, until=END + HOUR)
    assert case.reference is not None
    said = said_of(cloud, case, case.reference)
    assert (said.code, said.err) == (0, "")
    assert all(piece in said.out for piece in case.reference.says)
    assert "Results found for 2026-03-09T12:00:00Z to 2026-03-09T20:00:00Z:" in said.out


def test_one_object_is_read_once(cloud: Cloud) -> None:
    """Of a clean trail of 8 digests and 16 log files."""
    case = SCENARIOS[0].build()
    assert case.reference is not None
    assert said_of(cloud, case, case.reference).code == 0
    assert dict(cloud.gate.requests) == {"GetBucketLocation": 1, "ListObjects": 1, "GetObject": 24}
    assert dict(cloud.public_keys.requests) == {"us-east-1": 1}
