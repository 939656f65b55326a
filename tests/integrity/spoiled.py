"""A small trail as a folder on disk, to be spoiled file by file, and what a validation says of it then."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ctaudit.evidence import Options
from ctaudit.tallies import FileVerdict
from ctaudit.validate import Report, validate
from ctaudit.validation_report import verdict
from tests.integrity.mirror import write_bucket
from tests.integrity.running import NOWHERE
from tests.trail.signing import SigningKey, demo_keys, public_key_list
from tests.trail.small import CHAIN, NOON, small_trail
from tests.trail.trail import HOUR, Trail

GENUINE, STRANGER = (demo_keys()[region] for region in ("us-east-1", "eu-west-1"))
"""The key that signs the small trail, and one that has no say in its region."""


@dataclass(frozen=True, slots=True)
class Outcome:
    report: Report
    files: dict[str, str]
    """What became of each file that was looked at, by its key."""

    @property
    def verdict(self) -> str:
        return verdict(self.report)

    @property
    def codes(self) -> set[str]:
        return {found.code for found in self.report.findings}

    def status(self, key: str) -> str | None:
        return self.files.get(key)


@dataclass(slots=True)
class Spoiled:
    """A mirror of a trail of some hours, complete and in order until a test spoils it."""

    folder: Path
    trail: Trail = field(default_factory=lambda: small_trail(hours=3))
    signers: Sequence[SigningKey] = (GENUINE,)
    since: datetime = NOON
    until: datetime = NOON + 3 * HOUR

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        write_bucket(self.trail.bucket, self.root)
        self.keys.write_text(json.dumps(public_key_list(*self.signers)))

    @property
    def root(self) -> Path:
        return self.folder / "mirror"

    @property
    def keys(self) -> Path:
        """What `list-public-keys` printed; outside of the mirror."""
        return self.folder / "keys.json"

    def digest(self, hour: int) -> Path:
        return self.root / self.trail.digests(*CHAIN)[hour]

    def sidecar(self, hour: int) -> Path:
        path = self.digest(hour)
        return path.with_name(f"{path.name}.meta.json")

    def log(self, number: int) -> Path:
        return self.root / self.trail.log_keys()[number]

    def key(self, path: Path) -> str:
        return str(path.relative_to(self.root))

    def put(self, name: str | bytes, data: bytes = b"") -> Path:
        """Write one more file into the mirror; a name in bytes need not be UTF-8."""
        path = self.root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def sync(self) -> None:
        """Write the mirror anew, after the trail's bucket was changed."""
        for key, body in self.trail.bucket.bodies.items():
            self.put(key, body)
            if "/CloudTrail-Digest/" in key:
                self.put(f"{key}.meta.json", json.dumps(self.trail.bucket.head(key)).encode())

    def validate(self, *, open_ended: bool = False, state: Path | None = None, metadata: Path | None = None) -> Outcome:
        """Validate the hours of the trail; with `open_ended`, whatever is there."""
        files: dict[str, str] = {}

        def told(file: FileVerdict) -> None:
            files[file.key] = file.status

        options = Options(
            since=None if open_ended else self.since,
            until=None if open_ended else self.until,
            public_keys=(str(self.keys),),
            state=str(state) if state else None,
            metadata=str(metadata) if metadata else None,
        )
        report = validate(str(self.root), self.folder / NOWHERE, options, now=self.until + 3 * HOUR, jobs=2, told=told)
        return Outcome(report, files)
