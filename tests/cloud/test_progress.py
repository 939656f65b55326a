"""How far work on S3 has come: what was found while it is listed, then objects, bytes and how much is left."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import ctaudit
from ctaudit.collect import collect
from ctaudit.evidence import Options
from ctaudit.progress import Step
from ctaudit.validate import validate
from tests.cloud.server import Cloud
from tests.trail.bucket import Bucket
from tests.trail.small import NOON, small_trail
from tests.trail.trail import HOUR

pytestmark = pytest.mark.slow


class Told:
    """Keeps every step it is told of."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def update(self, step: Step) -> None:
        self.steps.append(step)


@pytest.fixture
def aws(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    return cloud


def test_each_command_tells_what_is_found_what_is_done_and_of_how_much(aws: Cloud, tmp_path: Path) -> None:
    trail = small_trail(6)
    aws.put(trail.bucket)
    aws.serve_keys({region: (key,) for region, key in trail.keys.items()})
    source = f"s3://{trail.bucket.name}"
    logs = sum(len(trail.bucket.bodies[key]) for key in trail.log_keys())
    everything = sum(map(len, trail.bucket.bodies.values()))
    ingested, collected, validated = Told(), Told(), Told()
    ctaudit.ingest(tmp_path / "store", [source], progress=ingested)
    collect(source, tmp_path / "copy", progress=collected)
    validate(source, tmp_path / "no-store", Options(), now=NOON + 7 * HOUR, progress=validated)
    for progress, files, size in ((ingested, 12, logs), (collected, 18, everything), (validated, 18, everything)):
        told = progress.steps
        assert [(step.files, step.bytes) for step in told] == sorted((step.files, step.bytes) for step in told)
        assert (told[-1].files, told[-1].files_total, told[-1].bytes) == (files, files, size)
    assert collected.steps[-1].bytes_total == everything


def test_what_is_copied_while_more_is_listed_is_told_so(aws: Cloud, tmp_path: Path) -> None:
    bucket = Bucket("logs")
    for number in range(1200):
        bucket.put(f"{number // 400}/{number}.json", b"{}", datetime(2026, 3, 9, tzinfo=UTC))
    aws.put(bucket)
    told = Told()
    collect("s3://logs", tmp_path / "copy", progress=told)
    listing = [step for step in told.steps if step.files_total is None]
    assert listing
    assert all(step.files < step.listed <= 1200 for step in listing)
    assert (told.steps[-1].files, told.steps[-1].files_total) == (1200, 1200)
