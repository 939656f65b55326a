"""Verdicts when only a part was validated, or the store's own files: rows that were not looked at keep theirs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.store.proving import NOW, Scene, add_hours, codes, flat_copy, scene, slipped_in, tiny
from tests.trail.small import CHAIN, NOON
from tests.trail.trail import HOUR, Trail

pytestmark = pytest.mark.slow

PROVEN = {"1210": "proven", "1310": "proven", "1410": "proven"}

# ---- a narrower span, another trail


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A store of eight hours that was validated whole; a log is slipped in at both ends, one is of Insight."""
    trail = tiny(8)
    trail.put_log(slipped_in(hour=0))
    trail.put_log(slipped_in(hour=6))
    trail.put_log(replace(slipped_in(hour=3, minute=44), folder="CloudTrail-Insight"))
    made = scene(tmp_path_factory.mktemp("whole"), trail)
    made.ingest()
    made.prove(None)
    assert sorted(made.integrity().values()) == ["proven"] * 8 + ["unlisted"] * 2 + ["unproven"]
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    "part",
    [
        {"since": NOON + 3 * HOUR},
        {"until": NOON + 3 * HOUR},
        {"since": NOON + 3 * HOUR, "until": NOON + 4 * HOUR},
        {"regions": ("eu-west-1",)},
        {"trails": ("another-trail",)},
    ],
    ids=lambda part: "-".join(part) + str(next(iter(part.values())))[-14:-12],
)
def test_a_narrower_validation_leaves_every_other_verdict_alone(part: dict[str, Any], whole: Scene) -> None:
    before = whole.integrity()
    whole.prove(None, NOW + HOUR, **part)
    after = whole.integrity()
    whole.prove(None, NOW + 2 * HOUR)
    assert after == before


@pytest.mark.parametrize("bounds", [{"until": NOON + HOUR}, {"since": NOON + 3 * HOUR}])
def test_rows_outside_of_the_span_stay_unknown(bounds: dict[str, Any], tmp_path: Path) -> None:
    """Digests of the hours beside it are read, too; what they list is still not asked about."""
    made = scene(tmp_path, tiny(4))
    made.ingest()
    assert codes(made.prove(made.mirror, **bounds)) == []
    inside = "1210" if "until" in bounds else "1510"
    assert made.integrity() == dict.fromkeys(PROVEN, "unknown") | {"1510": "unknown", inside: "proven"}


def test_rows_of_another_trail_are_not_unlisted(tmp_path: Path) -> None:
    """Two trails deliver into one folder; only one of them is asked about."""
    trail = tiny(4)
    add_hours(Trail(name="other-trail", bucket=trail.bucket), 4, minute=20)
    made = scene(tmp_path, trail)
    made.ingest()
    assert codes(made.prove(made.mirror, trails=("small-trail",))) == []
    verdicts = made.integrity()
    assert {file: word for file, word in verdicts.items() if file.endswith("10")} == PROVEN | {"1510": "proven"}
    assert "unlisted" not in verdicts.values()
    made.prove(made.mirror, NOW + HOUR)
    assert set(made.integrity().values()) == {"proven"}


def test_a_young_log_that_no_later_digest_lists_becomes_unlisted(tmp_path: Path) -> None:
    trail = tiny(2)
    made = scene(tmp_path, trail)
    young = slipped_in(hour=2)
    key = trail.put_log(young)
    trail.logs[CHAIN] = [entry for entry in trail.logs[CHAIN] if entry.key != key]  # the service knows nothing of it
    (made.mirror / key).write_bytes(trail.bucket.bodies[key])
    made.ingest()
    assert codes(made.prove(made.mirror)) == ["log.pending"]
    assert made.integrity()["1405"] == "unproven"
    for hour in (2, 3, 4):
        trail.cut_digest(*CHAIN, NOON + hour * HOUR, NOON + (hour + 1) * HOUR)
    shutil.rmtree(made.mirror)
    assert codes(scene(tmp_path, trail).prove(made.mirror, NOW + HOUR)) == ["log.unlisted"]
    assert made.integrity()["1405"] == "unlisted"


# ---- without SOURCE


def test_the_files_that_the_store_knows_are_validated(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny())
    made.ingest()
    report = made.prove(None)
    assert codes(report) == []
    assert [(chain.digests_proven, chain.proven) for chain in report.chains] == [(3, 3)]
    assert made.integrity() == PROVEN


def test_log_files_that_are_gone_from_disk_are_proven_by_what_was_stored(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny())
    made.ingest()
    for log in made.mirror.rglob("*_CloudTrail_*"):
        log.unlink()
    assert codes(made.prove(None)) == ["log.held"]
    assert made.integrity() == PROVEN


def test_an_edited_log_that_is_gone_from_disk_has_failed(tmp_path: Path) -> None:
    trail = tiny()
    trail.edit_log(trail.log_keys()[0], lambda records: records[1:])
    made = scene(tmp_path, trail)
    made.ingest()
    for log in made.mirror.rglob("*_CloudTrail_*"):
        log.unlink()
    assert codes(made.prove(None)) == ["log.hash_mismatch", "log.held"]
    assert made.integrity() == PROVEN | {"1210": "failed"}


def test_a_log_that_was_read_edited_and_whole_is_no_proof_when_it_is_gone(tmp_path: Path) -> None:
    """The ledger knows two contents of one path, and the path's last one was the edited one."""
    made = scene(tmp_path, tiny(1))
    made.ingest()
    key = made.trail.log_keys()[0]
    made.trail.edit_log(key, lambda records: records[:1])
    (made.mirror / key).write_bytes(made.trail.bucket.bodies[key])
    made.ingest()
    (made.mirror / key).unlink()
    assert codes(made.prove(None)) == ["log.hash_mismatch", "log.held"]


def test_a_log_that_was_never_ingested_is_missing(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny())
    (made.mirror / made.trail.log_keys()[0]).unlink()
    made.ingest()
    assert codes(made.prove(None)) == ["log.missing"]


def test_digests_that_are_gone_from_disk_prove_nothing_and_disprove_nothing(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny())
    made.ingest()
    made.prove(None)
    shutil.rmtree(made.mirror)
    report = made.prove(None, NOW + HOUR)
    assert report.worst is not None
    assert report.worst.word == "error"
    assert made.integrity() == PROVEN  # they were proven; that their proof is not at hand now changes nothing


def below_the_prefix(made: Scene, folder: Path) -> Path:
    """What `aws s3 sync s3://bucket/logs/prod` leaves."""
    return Path(shutil.copytree(made.mirror / "logs" / "prod", folder))


def below_the_account(made: Scene, folder: Path) -> Path:
    return Path(shutil.copytree(made.mirror / "logs" / "prod" / "AWSLogs" / CHAIN[0], folder))


def with_an_odd_name(made: Scene, folder: Path) -> Path:
    return Path(shutil.copytree(made.mirror, folder.with_name("back\\slash")))


@pytest.mark.slow
@pytest.mark.parametrize("copy", [below_the_prefix, below_the_account, flat_copy, with_an_odd_name])
def test_a_copy_is_as_good_without_source_as_with_it(copy: Callable[[Scene, Path], Path], tmp_path: Path) -> None:
    made = scene(tmp_path, tiny(prefix="logs/prod/"))
    evidence = copy(made, tmp_path / "copy")
    assert codes(made.prove(evidence)) == []
    made.ingest(evidence)
    assert codes(made.prove(None)) == []
    assert made.integrity() == PROVEN
