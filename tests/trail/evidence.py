"""The sample in sample_logs/ as it lies on disk, read once: files, log files, digests, records."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from tests.trail.packing import unpacked
from tests.trail.principals import Record
from tests.trail.story import ANSWERS

SAMPLE = Path(__file__).parents[2] / "sample_logs"
LOG_KEY = re.compile(
    r"AWSLogs/o-exampleorg1/(?P<account>\d{12})/(?P<folder>CloudTrail(?:-Insight|-NetworkActivity)?)"
    r"/(?P<region>[a-z]+-[a-z]+-\d)/(?P<day>\d{4}/\d\d/\d\d)"
    r"/(?P=account)_(?P=folder)_(?P=region)_(?P<minute>\d{8}T\d{4})Z_[A-Za-z0-9]{16}\.json\.gz"
)


@cache
def stored() -> dict[str, bytes]:
    """Read every file of the sample: relative path to bytes."""
    return {path.relative_to(SAMPLE).as_posix(): path.read_bytes() for path in SAMPLE.rglob("*") if path.is_file()}


def log_files() -> dict[str, re.Match[str]]:
    """Find the log files by their names, of all folders."""
    return {path: found for path in stored() if (found := LOG_KEY.fullmatch(path))}


def digest_files() -> list[str]:
    """List the digests, by key."""
    return sorted(path for path in stored() if "/CloudTrail-Digest/" in path and path.endswith(".json.gz"))


@cache
def records_of(path: str) -> list[Record]:
    """Read one whole log file."""
    content: list[Record] = json.loads(unpacked(stored()[path]))["Records"]
    return content


@cache
def whole_records() -> dict[str, Record]:
    """Every record that can still be read, by its id."""
    records = [record for path in log_files() if path != ANSWERS.damaged_key for record in records_of(path)]
    by_id = {record["eventID"]: record for record in records}
    assert len(by_id) == len(records), "an eventID stands for two records"
    return by_id


def named(*names: str) -> list[Record]:
    """Find records by event name."""
    return [record for record in whole_records().values() if record.get("eventName") in names]


def of_session(name: str) -> list[Record]:
    """Find the records of a role session, `ROLE/SESSION`."""
    return [r for r in whole_records().values() if r.get("userIdentity", {}).get("arn", "").endswith(name)]
