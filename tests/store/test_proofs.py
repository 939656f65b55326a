"""The verdict on every stored row: from a file's own hash and what digests list, whichever came first, of any copy."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

import ctaudit
from tests.store.proving import NOW, Scene, codes, mixed_copy, scene, shares, slipped_in, tiny
from tests.store.stores import put_lines, select
from tests.trail.packing import gzipped, minified
from tests.trail.small import CHAIN, NOON
from tests.trail.trail import HOUR

pytestmark = pytest.mark.slow

PROVEN = {"1210": "proven", "1310": "proven", "1410": "proven"}

# ---- in every order, from every copy


def test_rows_are_unknown_until_their_logs_are_validated(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny())
    made.ingest()
    assert made.integrity() == dict.fromkeys(PROVEN, "unknown")
    assert shares(made.store) == ({"unknown": 9}, 0.0)
    report = made.prove(made.mirror)
    assert (codes(report), report.recorded) == ([], True)
    assert made.integrity() == PROVEN
    assert shares(made.store) == ({"proven": 9}, 1.0)


def test_without_a_store_nothing_is_recorded(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny())
    assert not made.prove(made.mirror).recorded
    assert not made.store.exists()


@pytest.mark.parametrize("validated_first", [True, False])
def test_a_row_is_proven_whatever_copy_it_was_read_from(validated_first: bool, tmp_path: Path) -> None:
    made = scene(tmp_path, tiny(4))
    if validated_first:
        _make_empty_store(made)
        made.prove(made.mirror)
    made.ingest(mixed_copy(made, tmp_path / "copy"))
    if not validated_first:
        made.prove(made.mirror)
    assert made.integrity() == PROVEN | {"evidence-7.json": "proven"}
    assert shares(made.store) == ({"proven": 12}, 1.0)


def _make_empty_store(made: Scene) -> None:
    (made.folder / "empty").mkdir()
    made.ingest(made.folder / "empty")


def test_an_edited_log_that_is_ingested_after_the_validation_has_failed(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny(1))
    _make_empty_store(made)
    made.prove(made.mirror)
    made.trail.edit_log(made.trail.log_keys()[0], lambda records: records[1:])
    (log,) = made.mirror.rglob("*_CloudTrail_*")
    log.write_bytes(made.trail.bucket.bodies[made.trail.log_keys()[0]])
    made.ingest()
    assert made.integrity() == {"1210": "failed"}


# ---- all that may befall a log, in one store

BROKEN = {
    "1205": "unlisted",
    "1210": "failed",
    "1310": "proven",
    "1310#member2": "failed",
    "1410": "proven",
    "1510": "proven",
    "1605": "unproven",
    "1244": "unproven",
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A store in which one log is edited, one slipped in, one goes on, one is cut, one is young, one is of Insight."""
    trail = tiny(4)
    logs = trail.log_keys()
    trail.edit_log(logs[0], lambda records: [record | {"sourceIPAddress": "192.0.2.99"} for record in records])
    trail.bucket.append(logs[1], gzipped(minified({"Records": list(slipped_in(1, 33).records)})))
    trail.bucket.cut(logs[2], -8)
    trail.put_log(slipped_in())
    trail.put_log(slipped_in(hour=4))
    trail.put_log(replace(slipped_in(minute=44), folder="CloudTrail-Insight"))
    made = scene(tmp_path_factory.mktemp("broken"), trail)
    made.ingest()
    report = made.prove(made.mirror)
    assert codes(report) == [
        "log.hash_mismatch", "log.other_kind", "log.pending", "log.trailing_data", "log.truncated_stream",
        "log.unlisted",
    ]  # fmt: skip
    return made


def test_every_row_has_the_verdict_of_what_befell_its_file(broken: Scene) -> None:
    """No digest lists Insight events, and a mirror may be one of several: only the whole store says so for certain."""
    assert broken.integrity() == BROKEN | {"1244": "unknown"}
    report = broken.prove(None, NOW + HOUR)
    assert "log.unlisted" in codes(report)
    assert broken.integrity() == BROKEN


def test_a_file_that_is_read_again_keeps_its_verdict(broken: Scene) -> None:
    """A damaged file is read again by every ingest, one with a new time, too."""
    broken.prove(None, NOW + 2 * HOUR)
    for path in broken.mirror.rglob("*.json.gz"):
        path.touch()
    broken.ingest()
    assert broken.integrity() == BROKEN


def test_the_share_of_proven_rows_is_never_rounded_up(broken: Scene) -> None:
    verdicts, share = shares(broken.store)
    assert (verdicts["proven"], sum(verdicts.values())) == (9, 24)
    assert share == 0.375
    put_lines(broken.folder / "more.jsonl", slipped_in(minute=2).records)
    broken.ingest(broken.folder / "more.jsonl")
    assert shares(broken.store)[1] == 0.3333  # of 9/27


def test_sql_filters_by_the_verdict(broken: Scene) -> None:
    counted = "SELECT count(*) FROM cloudtrail_logs WHERE integrity "
    for condition, rows in (("= 'proven'", 9), ("IN ('failed', 'unlisted')", 9)):
        assert ctaudit.open(broken.store).query(counted + condition).rows[0][0] == rows
        assert select(broken.store, counted + condition) == [(rows,)]


# ---- how it was proven


def test_show_tells_how_a_row_was_proven(broken: Scene) -> None:
    log, digest = log_at(broken, "1510"), broken.trail.digests(*CHAIN)[3]
    report = broken.prove(broken.mirror, NOW + 3 * HOUR)
    place = broken.proof_of("1510")
    listed = broken.trail.document(digest)["logFiles"][0]["hashValue"]
    assert (place["integrity"], place["sha256"]) == ("proven", listed)
    assert place["proof"] == {
        "log": log,
        "listed_sha256": listed,
        "digest": digest,
        "digest_integrity": "proven",
        "digest_sha256": place["proof"]["digest_sha256"],
        "proven_by": "the signature in its own metadata",
        "public_key_sha256": report.keys[0].sha256,
        "validated": "2026-03-10T15:00:00Z",
    }


def test_show_names_the_very_digest(broken: Scene) -> None:
    """Its hash is the one that the next digest holds of it."""
    digests = broken.trail.digests(*CHAIN)
    held = broken.trail.document(digests[2])["previousDigestHashValue"]
    assert broken.proof_of("1310")["proof"]["digest_sha256"] == held


def test_show_tells_what_an_edited_log_ought_to_be(broken: Scene) -> None:
    place = broken.proof_of("1210")
    listed = broken.trail.document(broken.trail.digests(*CHAIN)[0])["logFiles"][0]["hashValue"]
    assert (place["integrity"], place["proof"]["log"]) == ("failed", log_at(broken, "1210"))
    assert (place["proof"]["listed_sha256"], place["proof"]["digest_integrity"]) == (listed, "proven")
    assert place["sha256"] != listed


def log_at(made: Scene, minute: str) -> str:
    return next(key for key in made.trail.log_keys() if f"T{minute}Z" in key)


def test_show_has_no_proof_of_what_no_digest_names(broken: Scene) -> None:
    assert broken.proof_of("1205")["proof"] is None


# ---- digests that prove nothing


def test_rows_of_logs_that_an_unproven_digest_lists_are_unproven(tmp_path: Path) -> None:
    """Nothing holds the newest digest's signature when no metadata was saved."""
    made = scene(tmp_path, tiny(), sidecars=False)
    made.ingest()
    assert "digest.unverifiable" in codes(made.prove(made.mirror))
    assert made.integrity() == PROVEN | {"1410": "unproven"}
    proof = made.proof_of("1410")["proof"]
    assert (proof["digest_integrity"], proof["proven_by"], proof["public_key_sha256"]) == ("unproven", None, None)
    assert made.proof_of("1310")["proof"]["proven_by"] == "its signature, which the next digest holds"


def test_rows_of_logs_that_an_edited_digest_lists_are_unproven(tmp_path: Path) -> None:
    trail = tiny()
    trail.edit_digest(trail.digests(*CHAIN)[-1], lambda digest: digest.update(oldestEventTime="2026-03-09T00:00:00Z"))
    made = scene(tmp_path, trail)
    made.ingest()
    assert "digest.signature" in codes(made.prove(made.mirror))
    assert made.integrity() == PROVEN | {"1410": "unproven"}
    assert made.proof_of("1410")["proof"]["digest_integrity"] == "void"


# ---- the same event from several files


def test_an_event_in_a_proven_and_in_an_unproven_file_is_proven(tmp_path: Path) -> None:
    """It is shown by one of its places, whichever it was read from first: here sometimes by the unproven one."""
    made = scene(tmp_path, tiny(4))
    for number, log in enumerate(made.trail.log_keys()[:3]):
        put_lines(tmp_path / f"copy-{number}.jsonl", made.trail.records(log))
    made.ingest(*tmp_path.glob("*.jsonl"))
    made.ingest()
    made.prove(made.mirror)
    assert made.integrity() == dict.fromkeys(("1410", "1510", "copy-0.jsonl", "copy-1.jsonl"), "proven")
    asked = "SELECT DISTINCT integrity FROM cloudtrail_logs"
    assert ctaudit.open(made.store).query(asked).rows == [("proven",)]
    assert shares(made.store) == ({"proven": 12, "unknown": 9}, 0.5714)


# ---- one validation after the other


def test_a_later_validation_replaces_what_an_earlier_one_said(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny())
    made.ingest()
    made.prove(made.mirror, keys=False)
    assert set(made.integrity().values()) == {"unproven"}
    made.prove(made.mirror, NOW + HOUR)
    assert made.integrity() == PROVEN
    assert made.proof_of("1210")["proof"]["validated"] == "2026-03-10T13:00:00Z"


def test_what_was_proven_stays_so_when_a_later_validation_lacks_the_keys(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny())
    made.ingest()
    made.prove(made.mirror)
    made.prove(made.mirror, NOW + HOUR, keys=False)
    assert made.integrity() == PROVEN


def test_a_later_validation_within_the_same_second_counts_too(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny(1))
    made.ingest()
    made.prove(made.mirror)
    assert made.integrity() == {"1210": "proven"}
    digest = made.trail.digests(*CHAIN)[0]
    made.trail.edit_digest(digest, lambda document: document.update(newestEventTime=None))
    (made.mirror / digest).write_bytes(made.trail.bucket.bodies[digest])
    made.prove(made.mirror)
    assert made.integrity() == {"1210": "unproven"}


def test_a_log_is_no_longer_unlisted_once_a_digest_lists_it(tmp_path: Path) -> None:
    trail = tiny()
    trail.put_log(slipped_in())
    made = scene(tmp_path, trail)
    made.ingest()
    made.prove(made.mirror)
    assert made.integrity() == PROVEN | {"1205": "unlisted"}
    trail.cut_backfill(*CHAIN, *_first_hour(), NOW)
    shutil.rmtree(made.mirror)
    again = scene(tmp_path, trail)
    assert codes(again.prove(again.mirror, NOW + HOUR)) == []
    assert again.integrity() == PROVEN | {"1205": "proven"}


def _first_hour() -> tuple[datetime, datetime]:
    return NOON, NOON + HOUR
