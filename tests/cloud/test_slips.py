"""Slips of the pen, and sources that cannot be reached: one sentence that says what is there, and the right code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.processes import Done, piped
from tests.cloud.gate import DENIED, Refusal
from tests.cloud.server import Cloud
from tests.cloud.test_ingest import ACCOUNT, NAME, bucket_of, key_of

pytestmark = pytest.mark.slow

SOURCE = f"s3://{NAME}"
ELSEWHERE = "999999999999"


def run(cloud: Cloud, folder: Path, command: str, source: str, *words: str) -> Done:
    also = ("copy",) if command == "collect" else ()
    return piped(command, source, *also, *words, env=cloud.environment, folder=folder)


@pytest.mark.parametrize("command", ["ingest", "collect", "validate", "posture"])
def test_another_spelling_of_a_bucket_is_answered_with_the_right_one(
    command: str, cloud: Cloud, tmp_path: Path
) -> None:
    done = run(cloud, tmp_path, command, f"https://{NAME}.s3.amazonaws.com/AWSLogs/?X-Amz-Signature=5ecret")
    assert done.code == 2
    assert done.err.splitlines() == [
        "ctaudit: a bucket is named by s3://BUCKET/PREFIX, and not by its ARN or web address",
        f"  say s3://{NAME}/AWSLogs",
    ]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["ingest", "collect", "validate"])
def test_nothing_found_is_told_by_its_cause(command: str, cloud: Cloud, tmp_path: Path) -> None:
    cloud.put(bucket_of(key_of(1, 0), key_of(2, 1), "other/x.json.gz"))
    for number, (place, words, said) in enumerate(
        (
            ("/AWSLog", (), f"there is no object below {SOURCE}/AWSLog; the bucket has AWSLogs/, other/"),
            ("/AWSLogs/*/x", (), "which is a prefix and no pattern"),
            (f"/AWSLogs/{ACCOUNT}", ("--region", "eu-west-1"), "left out were the region us-east-1"),
            ("/AWSLogs", ("--account", ELSEWHERE), f"left out were the account {ACCOUNT}"),
            ("/AWSLogs", ("--since", "2026-03-09"), "left out were days of 2026-02"),
        )
    ):
        if command == "validate" and "--since" in words:
            continue  # there are log files, and no digests
        (folder := tmp_path / str(number)).mkdir()
        done = run(cloud, folder, command, f"{SOURCE}{place}", *words)
        assert (done.code, said in done.err + done.out) == (3, True), (place, done.err)


@pytest.mark.parametrize("command", ["ingest", "collect", "validate"])
def test_a_source_that_cannot_be_reached_is_4_and_one_that_is_read_in_part_is_not(
    command: str, cloud: Cloud, tmp_path: Path
) -> None:
    assert run(cloud, tmp_path, command, "s3://no-such-bucket").code == 4
    cloud.put(bucket_of(key_of(1, 0), key_of(1, 1)))
    cloud.trouble("", DENIED)
    assert run(cloud, tmp_path, command, SOURCE).code == 4
    cloud.gate.reset()
    if command == "validate":
        return
    cloud.trouble(key_of(1, 0), DENIED)
    assert run(cloud, tmp_path, command, SOURCE).code == 3


def test_aws_itself_failing_is_not_called_the_network(cloud: Cloud, tmp_path: Path) -> None:
    cloud.put(bucket_of(key_of(1, 0), key_of(1, 1)))
    cloud.trouble(key_of(1, 0), Refusal("500 x", "InternalError", "We encountered an internal error."))
    done = run(cloud, tmp_path, "collect", SOURCE, "--format", "json")
    (fault,) = json.loads(done.out)["faults"]
    assert fault["kind"] == "s3.service"
    assert "AWS itself failed or was overloaded, at several attempts (InternalError)" in fault["reason"]
    assert "1 object copied, 0 verified, 1 fault; " in done.err


def test_an_endpoint_that_is_no_url_is_refused_before_anything_is_asked_or_made(cloud: Cloud, tmp_path: Path) -> None:
    for command in ("posture", "collect"):
        done = run(cloud, tmp_path, command, SOURCE, "--endpoint-url", "user:5ecret@example.com")
        assert (done.code, "--endpoint-url is no URL" in done.err, "5ecret" in done.err) == (2, True, False)
    assert not list(tmp_path.iterdir())
