"""Keys that lead out of a mirror, as digests and links name them: what lies outside is never read, so never proven."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.integrity.spoiled import Spoiled
from tests.trail.digests import Document
from tests.trail.small import CHAIN, small_trail


def outside(place: Spoiled, number: int) -> Path:
    """Move a log file, as it is, to a folder beside the mirror."""
    path = place.folder / "beside" / place.log(number).name
    path.parent.mkdir()
    place.log(number).rename(path)
    return path


def listing(tmp_path: Path, key: Callable[[Spoiled, Path], str]) -> tuple[Spoiled, str]:
    """Make a trail whose second digest lists, signed, a log file outside of the mirror by the key that is made."""
    place = Spoiled(tmp_path)
    named = key(place, outside(place, 2))

    def rename(fields: Document) -> None:
        (entry,) = (each for each in fields["logFiles"] if each["s3Object"] == place.key(place.log(2)))
        entry["s3Object"] = named

    digest = place.trail.digests(*CHAIN)[1]
    place.trail.edit_digest(digest, rename, signed=True)
    place.trail.relink(*CHAIN, after=digest)
    kept = place.trail.bucket.snapshot()
    place.trail.bucket.remove(place.trail.log_keys()[2])
    place.sync()
    place.trail.bucket = kept
    return place, named


def up(place: Spoiled, path: Path) -> str:
    return f"../beside/{path.name}"


def up_from_within(place: Spoiled, path: Path) -> str:
    return f"AWSLogs/{CHAIN[0]}/../../../beside/{path.name}"


def absolute(place: Spoiled, path: Path) -> str:
    return str(path)


def empty_part(place: Spoiled, path: Path) -> str:
    return f"AWSLogs//{path}"


def dot(place: Spoiled, path: Path) -> str:
    return f"./../beside/{path.name}"


def nul(place: Spoiled, path: Path) -> str:
    return f"{path}\0.json.gz"


def through_a_link(place: Spoiled, path: Path) -> str:
    (place.root / "AWSLogs" / "link").symlink_to(path.parent)
    return f"AWSLogs/link/{path.name}"


def a_link(place: Spoiled, path: Path) -> str:
    (place.root / "AWSLogs" / "log.json.gz").symlink_to(path)
    return "AWSLogs/log.json.gz"


def two_links(place: Spoiled, path: Path) -> str:
    (place.root / "AWSLogs" / "second").symlink_to(path.parent)
    (place.root / "AWSLogs" / "first").symlink_to("second")
    return f"AWSLogs/first/{path.name}"


def hard_to_see(place: Spoiled, path: Path) -> str:
    """Begin as the root does: `mirror-beside` is not below `mirror`."""
    (other := place.folder / "mirror-beside").mkdir()
    shutil.copy(path, other)
    (place.root / "AWSLogs" / "link").symlink_to(other)
    return f"AWSLogs/link/{path.name}"


@pytest.mark.parametrize(
    "key", [up, up_from_within, absolute, empty_part, dot, nul, through_a_link, a_link, two_links, hard_to_see]
)
def test_a_log_outside_is_not_read(tmp_path: Path, key: Callable[[Spoiled, Path], str]) -> None:
    """Its hash is the one that a proven digest lists: only that it is not looked at keeps it from being proven."""
    place, named = listing(tmp_path, key)
    outcome = place.validate()
    assert outcome.status(named) == "unread"
    assert (outcome.verdict in ("incomplete", "error"), "log.not_available" in outcome.codes) == (True, True)
    assert outcome.status(place.key(place.digest(1))) == "proven"


def test_what_is_inside_is_read_by_the_same_key(tmp_path: Path) -> None:
    """The look-alike of the test before: the same trail, with the log file where its key says."""
    place, named = listing(tmp_path, lambda place, path: "AWSLogs/elsewhere/log.json.gz")
    place.put(named, place.trail.bucket.bodies[place.trail.log_keys()[2]])
    outcome = place.validate()
    assert (outcome.verdict, outcome.status(named)) == ("proven", "proven")


POINTERS = ["../../etc/passwd", "/etc/passwd", "a//b", "\0", "x" * 100_000, "AWSLogs/../" * 90, "\n\x1b[2J", "."]


@pytest.mark.parametrize("pointer", POINTERS)
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("named", ["previousDigestS3Object", "digestS3Object", "s3Object"])
def test_odd_keys_in_a_digest(tmp_path: Path, named: str, signed: bool, pointer: str) -> None:
    trail = small_trail(hours=3)
    place = Spoiled(tmp_path, trail)
    key = trail.digests(*CHAIN)[1]
    signed = signed and named != "digestS3Object"  # signed, it would lie there
    trail.edit_digest(key, partial(_point, named=named, pointer=pointer), signed=signed)
    if signed:
        trail.relink(*CHAIN, after=key)
        trail.edit_digest(key, partial(_point, named=named, pointer=pointer), signed=True)
    place.sync()
    outcome = place.validate()
    assert outcome.verdict != "proven"
    assert outcome.status(pointer) != "proven"


def _point(fields: Document, named: str, pointer: str) -> None:
    (fields["logFiles"][0] if named == "s3Object" else fields)[named] = pointer
