"""Trails that moved: to another prefix, into an organization, to another bucket; the chain goes on across it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ctaudit.evidence import Options
from ctaudit.validate import Report, validate
from ctaudit.validation_report import summary, verdict
from tests.integrity.mirror import write_bucket
from tests.trail.bucket import Bucket
from tests.trail.digests import link
from tests.trail.signing import public_key_list
from tests.trail.small import CHAIN, NOON, go_on, small_trail
from tests.trail.trail import HOUR, Trail


def to_prefix(trail: Trail) -> None:
    trail.prefix = "new/place/"


def into_organization(trail: Trail) -> None:
    trail.organization = "o-exampleorg1"


def back_and_forth(trail: Trail) -> None:
    trail.prefix = "new/"
    go_on(trail, NOON + 4 * HOUR, 2)
    trail.prefix = ""


def moved(how: Callable[[Trail], None]) -> Trail:
    """Four hours, the move, and two more hours after it."""
    trail = small_trail(4)
    how(trail)
    newest = max(trail.document(key)["digestEndTime"] for key in trail.bucket.keys("/CloudTrail-Digest/"))
    hours = int(newest[11:13]) - NOON.hour
    go_on(trail, NOON + hours * HOUR, 2)
    return trail


def prove(trail: Trail, folder: Path, *buckets: Bucket, source: str = "mirror", **options: object) -> Report:
    keys = folder / "keys.json"
    keys.write_text(json.dumps(public_key_list(trail.keys[CHAIN[1]])))
    for bucket in buckets or (trail.bucket,):
        write_bucket(bucket, folder / "mirror" / bucket.name if buckets else folder / "mirror")
    given = Options(public_keys=(str(keys),), **options)  # type: ignore[arg-type]
    return validate(str(folder / source), folder / "no-store", given, now=NOON + 24 * HOUR)


@pytest.mark.parametrize("how", [to_prefix, into_organization, back_and_forth])
def test_a_chain_is_followed_to_where_it_moved(how: Callable[[Trail], None], tmp_path: Path) -> None:
    trail = moved(how)
    report = prove(trail, tmp_path)
    assert [found.code for found in report.findings] == []
    (tally,) = report.chains
    assert tally.digests == tally.digests_proven == len(trail.bucket.keys("/CloudTrail-Digest/"))
    assert len(tally.spans) == 1


@pytest.mark.parametrize("how", [to_prefix, into_organization])
def test_a_digest_deleted_at_the_move_is_missing(how: Callable[[Trail], None], tmp_path: Path) -> None:
    trail = moved(how)
    gone = trail.digest_key(*CHAIN, NOON + 5 * HOUR)
    trail.bucket.remove(gone)
    report = prove(trail, tmp_path, since=NOON)
    assert ("digest.missing", gone) in [(found.code, found.key) for found in report.findings]
    assert verdict(report) == "failed"
    assert ", 1 gap; " in summary(report, "failed")


def changed_bucket() -> tuple[Bucket, Trail]:
    """Four hours in the one bucket, which is returned, and two more in another: the trail was given a new one."""
    trail = small_trail(4)
    old, last = trail.bucket, trail.digests(*CHAIN)[-1]
    trail.bucket = Bucket("another-bucket")
    trail.bucket.put(last, old.bodies[last], old.modified[last], old.metadata[last])  # to be linked to
    go_on(trail, NOON + 4 * HOUR, 2)
    trail.bucket.remove(last)
    first, second = trail.digests(*CHAIN)
    trail.edit_digest(first, lambda document: document.update(previousDigestS3Bucket=old.name), signed=True)
    trail.edit_digest(second, partial(link, bucket=trail.bucket, previous=first), signed=True)
    return old, trail


def test_a_chain_is_followed_into_another_bucket_of_the_mirror(tmp_path: Path) -> None:
    old, trail = changed_bucket()
    report = prove(trail, tmp_path, old, trail.bucket)
    assert [found.code for found in report.findings] == []
    assert (report.chains[0].digests_proven, report.chains[0].proven) == (6, 12)


def test_a_chain_is_followed_into_a_folder_named_for_a_bucket(tmp_path: Path) -> None:
    old, trail = changed_bucket()
    write_bucket(old, tmp_path / "elsewhere")
    report = prove(trail, tmp_path, bucket_map={old.name: str(tmp_path / "elsewhere")})
    assert [found.code for found in report.findings] == []
    assert (report.chains[0].digests_proven, report.chains[0].proven) == (6, 12)


def test_a_bucket_that_is_not_at_hand_is_where_the_chain_is_cut(tmp_path: Path) -> None:
    old, trail = changed_bucket()
    report = prove(trail, tmp_path)
    assert [(found.code, found.key) for found in report.findings] == [("coverage.head", max(old.keys("-Digest/")))]
    assert verdict(report) == "incomplete"
