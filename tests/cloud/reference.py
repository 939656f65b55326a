"""The reference: the real `aws cloudtrail validate-logs`, run as a process against the cloud on localhost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tests.cloud.server import Cloud

COMMAND = (sys.executable, "-m", "awscli", "cloudtrail", "validate-logs")
PATIENCE = 120
"""Seconds before a process that hangs fails its test."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the reference left behind."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that it said, findings before the summary."""
        return self.err + self.out


def validate_logs(
    cloud: Cloud,
    arn: str,
    start: datetime,
    end: datetime,
    *options: str,
    region: str | None = "us-east-1",
    patience: float = PATIENCE,
    env: Mapping[str, str] | None = None,
) -> Said:
    """Run the reference; `options` are those that come besides the trail and the times, such as `--s3-bucket`.

    Raises subprocess.TimeoutExpired when it does not end.
    """
    words = ["--trail-arn", arn, "--start-time", _time(start), "--end-time", _time(end), *options]
    if region is not None:
        words += ["--region", region]
    done = subprocess.run(
        [*COMMAND, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=_environment() | cloud.environment | dict(env or {}),
        timeout=patience,
        check=False,
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
