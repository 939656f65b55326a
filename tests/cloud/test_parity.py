"""`--compat awscli` beside the real AWS CLI, on the same buckets: the same bytes on both streams, the same code."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest
from botocore.loaders import JSONFileLoader

from ctaudit.compat import validate_like_awscli
from ctaudit.integrity.reference import Validation
from tests.cloud.gate import Refusal
from tests.cloud.many_runs import ManyRuns, many_runs
from tests.cloud.random_trails import RandomTrail, random_trail
from tests.cloud.reference import Said
from tests.cloud.server import Cloud
from tests.cloud.stage import stage
from tests.integrity.mirror import write_bucket
from tests.integrity.scenario import Case, Reference, Scenario
from tests.integrity.scenarios import SCENARIOS
from tests.trail.signing import public_key_list
from tests.trail.small import CHAIN, NOON, small_trail
from tests.trail.trail import HOUR

pytestmark = pytest.mark.slow

REGION = "us-east-1"
SEEDS = range(30)


def _comparable(case: Case) -> bool:
    """Not so is a run of the AWS CLI that never ends, and one that calls a slow network tampering."""
    ends = case.reference is not None and case.reference.code is not None
    return ends and all(isinstance(trouble, Refusal) for trouble in case.troubles.values())


MEASURED = [scenario for scenario in SCENARIOS if _comparable(scenario.build())]


@pytest.fixture(scope="module")
def awscli(_servers: Cloud) -> Iterator[ManyRuns]:
    with many_runs(_servers) as runs:
        yield runs


@pytest.fixture(scope="module", autouse=True)
def _models_parsed_once() -> Iterator[None]:
    """A client for each run is what is tested; that each parses AWS's models anew is half of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "_load_file", lru_cache(None)(JSONFileLoader._load_file))
        yield
    gc.collect()  # closes the clients' connections, whose end the servers wait for


@pytest.fixture(autouse=True)
def _env(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)


def asked(awscli: ManyRuns, arn: str, since: datetime, until: datetime, *options: str, region: str = REGION) -> Said:
    """What the AWS CLI says."""
    span = ("--start-time", _written(since), "--end-time", _written(until))
    words = ("--trail-arn", arn, *span, "--region", region, *options)
    return awscli.run(["cloudtrail", "validate-logs", *words])


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def gathered(run: Validation) -> Said:
    """What ctaudit says."""
    said = {"stdout": "", "stderr": ""}
    for stream, text in run:
        said[stream] += text
    return Said(run.exit_code, said["stdout"], said["stderr"])


def _prefix(options: Sequence[str]) -> str:
    return options[options.index("--s3-prefix") + 1] if "--s3-prefix" in options else ""


def _account(options: Sequence[str]) -> str | None:
    return options[options.index("--account-id") + 1] if "--account-id" in options else None


def both(awscli: ManyRuns, case: Case, reference: Reference, *, verbose: bool) -> tuple[Said, Said]:
    options = ("--s3-bucket", case.bucket.name, *reference.options, *(("--verbose",) if verbose else ()))
    theirs = asked(awscli, case.arn, case.since, case.until, *options, region=reference.region)
    ours = validate_like_awscli(
        f"s3://{case.bucket.name}/{_prefix(options)}",
        case.arn,
        case.since,
        case.until,
        account_id=_account(options),
        region=reference.region,
        verbose=verbose,
    )
    return gathered(ours), theirs


@pytest.mark.parametrize("scenario", MEASURED, ids=str)
def test_each_broken_trail_is_told_of_in_the_same_words(scenario: Scenario, cloud: Cloud, awscli: ManyRuns) -> None:
    case = scenario.build()
    assert case.reference is not None
    stage(cloud, case)
    for verbose in (False, True):
        ours, theirs = both(awscli, case, case.reference, verbose=verbose)
        assert ours == theirs


@pytest.mark.parametrize("scenario", [one for one in MEASURED if one.row not in (37, 43)], ids=str)
def test_a_copy_in_a_folder_is_told_of_in_the_words_for_the_bucket(
    scenario: Scenario, cloud: Cloud, awscli: ManyRuns, tmp_path: Path
) -> None:
    """But for logs in another bucket, and for places named wrongly: a copy needs no such naming."""
    case = scenario.build()
    assert case.reference is not None
    if case.troubles or not case.sidecars or case.source:
        pytest.skip("nothing in a folder is like it")
    stage(cloud, case)
    write_bucket(case.bucket, tmp_path / "mirror")
    _, theirs = both(awscli, case, case.reference, verbose=True)
    keys = [json.dumps(public_key_list(*signers)).encode() for signers in case.ring.values()]
    run = validate_like_awscli(
        str(tmp_path / "mirror"),
        case.arn,
        case.since,
        case.until,
        region=case.reference.region,
        verbose=True,
        public_keys=keys,
    )
    assert gathered(run) == theirs


def laid_down(cloud: Cloud, made: RandomTrail) -> None:
    for bucket in made.buckets:
        cloud.put(bucket)
    cloud.serve_keys(made.ring)


@pytest.mark.parametrize("seed", SEEDS)
def test_trails_made_by_chance_are_told_of_in_the_same_words(seed: int, cloud: Cloud, awscli: ManyRuns) -> None:
    made = random_trail(seed)
    laid_down(cloud, made)
    arn, name = made.trail.arn(CHAIN[0]), made.buckets[0].name
    theirs = asked(awscli, arn, made.since, made.until, "--s3-bucket", name, "--verbose")
    ours = validate_like_awscli(f"s3://{name}", arn, made.since, made.until, region=REGION, verbose=True)
    assert gathered(ours) == theirs


ARN = small_trail(hours=1).arn(CHAIN[0])


@pytest.mark.parametrize(
    "arn",
    ["foo:bar:baz", "", f"x{ARN}", ARN.replace("trail/", ""), f"{ARN}/more", ARN.replace(CHAIN[0], "1234"), f"{ARN}\n"],
)
def test_odd_arns_are_refused_or_taken_alike(arn: str, cloud: Cloud, awscli: ManyRuns) -> None:
    trail = small_trail(hours=1)
    cloud.put(trail.bucket)
    cloud.serve_keys({REGION: (trail.keys[REGION],)})
    theirs = asked(awscli, arn, NOON, NOON + HOUR, "--s3-bucket", trail.bucket.name)
    ours = validate_like_awscli(f"s3://{trail.bucket.name}", arn, NOON, NOON + HOUR, region=REGION)
    assert gathered(ours) == theirs


def test_every_span_visits_the_same_digests(cloud: Cloud, awscli: ManyRuns) -> None:
    trail = small_trail(hours=4, logs_an_hour=1)
    cloud.put(trail.bucket)
    cloud.serve_keys({REGION: (trail.keys[REGION],)})
    moments = [NOON + timedelta(minutes=minutes) for minutes in (-61, -1, 0, 1, 60, 119, 240, 241, 301)]
    for since in moments:
        for until in moments[::3]:
            theirs = asked(awscli, trail.arn(CHAIN[0]), since, until, "--s3-bucket", trail.bucket.name, "--verbose")
            run = validate_like_awscli(
                f"s3://{trail.bucket.name}", trail.arn(CHAIN[0]), since, until, region=REGION, verbose=True
            )
            assert gathered(run) == theirs, (since, until)


def test_what_is_missing_at_the_start_is_told_alike(cloud: Cloud, awscli: ManyRuns) -> None:
    """No bucket, no keys, no permission for keys, a listing refused."""
    trail = small_trail(hours=2)
    place = ("--s3-bucket", trail.bucket.name)

    def alike() -> None:
        theirs = asked(awscli, ARN, NOON, NOON + HOUR, *place)
        ours = validate_like_awscli(f"s3://{trail.bucket.name}", ARN, NOON, NOON + HOUR, region=REGION)
        assert gathered(ours) == theirs
        assert theirs.code == 255

    alike()
    cloud.put(trail.bucket)
    alike()
    cloud.public_keys.refused.add(REGION)
    alike()
    cloud.public_keys.refused.clear()
    cloud.serve_keys({REGION: (trail.keys[REGION],)})
    cloud.trouble("", Refusal("403 Forbidden", "AccessDenied", "Access Denied"))
    alike()


def test_a_trail_that_aws_does_not_tell_of_ends_the_run_alike(cloud: Cloud, awscli: ManyRuns) -> None:
    """The stand-in for CloudTrail refuses DescribeTrails."""
    theirs = asked(awscli, ARN, NOON, NOON + HOUR)
    assert gathered(validate_like_awscli(None, ARN, NOON, NOON + HOUR, region=REGION)) == theirs
    assert theirs.code == 255


def test_a_copy_without_metadata_is_not_called_tampered_with(cloud: Cloud, tmp_path: Path) -> None:
    trail = small_trail(hours=2)
    write_bucket(trail.bucket, tmp_path / "mirror", sidecars=False)
    keys = [json.dumps(public_key_list(trail.keys[REGION])).encode()]
    said = gathered(validate_like_awscli(str(tmp_path / "mirror"), ARN, NOON, NOON + HOUR, public_keys=keys))
    assert said.code == 255
    assert "was not saved with the copy" in said.err
    assert "INVALID" not in said.err + said.out
