"""The manifest of a copy of evidence: one JSON object a line for each object that lies in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from ctaudit.fault import Fault
from ctaudit.sources.copies import VERSIONS
from ctaudit.sources.left_out import Others
from ctaudit.sources.objects import UNREACHED
from ctaudit.sources.s3_listing import ALTERED

NAME = "manifest.jsonl"


class Line(msgspec.Struct, frozen=True):
    """One object as it was when it was copied."""

    bucket: str
    key: str
    path: str
    """Below the folder of the copy."""
    size: int
    etag: str
    last_modified: str
    """RFC 3339, UTC."""
    sha256: str
    """Of the bytes as they lie, packed."""
    version: str | None = None
    storage_class: str | None = None
    encryption: str | None = None
    kms_key: str | None = None
    metadata: dict[str, str] = {}
    noncurrent: bool = False
    """Whether it was an earlier version when it was copied; it lies below `%versions`."""
    deleted: bool = False
    """Whether it is a delete marker: nothing lies there, and `path`, `etag` and `sha256` are empty."""


@dataclass(slots=True)
class Tally:
    """What a run did, in numbers."""

    copied: int = 0
    verified: int = 0
    """Copied by an earlier run, and still as they were."""
    noncurrent: int = 0
    """How many of both are earlier versions."""
    delete_markers: int = 0
    bytes: int = 0

    def content(self) -> dict[str, int]:
        return asdict(self)


@dataclass(slots=True)
class Collected:
    """What came of a collection."""

    tally: Tally = field(default_factory=Tally)
    passed: int = 0
    """Folders of other services that were not looked into."""
    left_out: Others = field(default_factory=Others)
    faults: list[Fault] = field(default_factory=list)
    regions: tuple[str, ...] = ()
    """Of the digests; their public keys were asked for."""
    nothing: str = ""
    """Why nothing was found, and what is there instead."""
    seconds: float = 0.0

    @property
    def altered(self) -> bool:
        """Whether evidence was overwritten or deleted in the bucket."""
        return any(each.kind in ALTERED for each in self.faults)

    @property
    def unreached(self) -> bool:
        """Whether nothing was copied or verified, because nothing could be reached."""
        done = self.tally.copied or self.tally.verified
        return bool(self.faults) and not done and all(each.kind.rpartition(".")[2] in UNREACHED for each in self.faults)


@dataclass(slots=True)
class Known:
    """What a manifest tells of a copy."""

    objects: dict[tuple[str, str], Line] = field(default_factory=dict)
    """By (bucket, key): what lies under the key's own path, the object as it was when it was copied first."""
    versions: dict[tuple[str, str, str], Line] = field(default_factory=dict)
    """By (bucket, key, version): all of which a version is known, delete markers too."""

    def add(self, line: Line) -> None:
        if line.version is not None:
            self.versions[line.bucket, line.key, line.version] = line
        if line.path.split("/")[1:2] not in ([], [VERSIONS]):
            self.objects[line.bucket, line.key] = line

    def paths(self) -> Iterator[str]:
        """Yield the paths of all copies."""
        for line in (*self.objects.values(), *self.versions.values()):
            if line.path:
                yield line.path


def read(folder: Path) -> Known:
    """Return what a copy's manifest tells; a last line that was cut is left out.

    Raises msgspec.DecodeError when another line is none of a manifest.
    """
    known = Known()
    for text in _lines(folder / NAME):
        known.add(msgspec.json.decode(text, type=Line))
    return known


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from (text for text in file if text.endswith(b"\n"))
    except FileNotFoundError:
        return


class Manifest:
    """Appends lines; each is on the disk before the next commit of a power cut could lose it."""

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        self._file = path.open("ab")
        whole = sum(map(len, _lines(path)))
        self._file.truncate(whole)  # a line that was cut by a crash; its object is copied again, or found there

    def add(self, line: Line) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
