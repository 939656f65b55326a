"""Verdicts on rows that were read out of archives, from standard input, or from logs packed anew."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from backports import zstd

import ctaudit
from ctaudit.ingest import ingest
from tests.records.archives import tarred, zipped
from tests.store.proving import Scene, codes, scene, slipped_in, tiny
from tests.store.stores import select
from tests.trail.packing import unpacked

Put = Callable[[Scene, Mapping[str, bytes]], Path]


def in_zip(made: Scene, logs: Mapping[str, bytes]) -> Path:
    path = made.folder / "logs.zip"
    path.write_bytes(zipped(logs))
    return path


def in_tar(made: Scene, logs: Mapping[str, bytes]) -> Path:
    path = made.folder / "logs.tgz"
    path.write_bytes(gzip.compress(tarred({f"./{name}": data for name, data in logs.items()})))
    return path


def in_flat_zip_of_windows(made: Scene, logs: Mapping[str, bytes]) -> Path:
    path = made.folder / "logs.zip"
    path.write_bytes(zipped({f"case\\{name.rpartition('/')[2]}": data for name, data in logs.items()}))
    return path


def packed_anew(made: Scene, logs: Mapping[str, bytes]) -> Path:
    """Beside the digests, in the place of the logs."""
    for name, data in logs.items():
        path = made.mirror / (name.removesuffix(".gz") + ".zst")
        path.write_bytes(zstd.compress(unpacked(data)))
    return made.mirror


def packed_twice(made: Scene, logs: Mapping[str, bytes]) -> Path:
    for name, data in logs.items():
        (made.mirror / f"{name}.zst").write_bytes(zstd.compress(data))
    return made.mirror


WAYS: dict[str, Put] = {
    "zip": in_zip,
    "tar": in_tar,
    "windows": in_flat_zip_of_windows,
    "zst": packed_anew,
    "gz.zst": packed_twice,
}


def taken_away(made: Scene) -> dict[str, bytes]:
    """Take the logs out of the mirror; only digests are left there."""
    logs = {}
    for path in made.mirror.rglob("*_CloudTrail_*"):
        logs[path.relative_to(made.mirror).as_posix()] = path.read_bytes()
        path.unlink()
    assert logs
    return logs


def verdicts(store: Path) -> dict[str, int]:
    return dict(select(store, "SELECT integrity, count(*) FROM cloudtrail_logs GROUP BY ALL"))


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_logs_read_elsewhere_are_neither_missing_nor_failed(way: str, tmp_path: Path) -> None:
    """Digests are on disk, logs are not: the store's files are validated as well as they can be."""
    made = scene(tmp_path, tiny())
    source = WAYS[way](made, taken_away(made))
    made.ingest(made.mirror, source)
    report = made.prove(None)
    assert codes(report) == ["log.held"]
    assert [(chain.digests_proven, chain.proven, chain.failed) for chain in report.chains] == [(3, 3, 0)]
    assert verdicts(made.store) == {"proven": 9}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("validated_first", [True, False])
def test_a_row_is_proven_by_a_mirror_whatever_it_was_read_from(way: str, validated_first: bool, tmp_path: Path) -> None:
    made = scene(tmp_path, tiny())
    (tmp_path / "copy").mkdir()
    copy = Scene(tmp_path / "copy", made.trail)
    logs = {path.relative_to(made.mirror).as_posix(): path.read_bytes() for path in made.mirror.rglob("*_CloudTrail_*")}
    for name in logs:
        (copy.mirror / name).parent.mkdir(parents=True, exist_ok=True)
    source = WAYS[way](copy, logs)
    if validated_first:
        (made.folder / "empty").mkdir()
        made.ingest(made.folder / "empty")
        made.prove(made.mirror)
        made.ingest(source)
    else:
        made.ingest(source)
        made.prove(made.mirror)
    assert verdicts(made.store) == {"proven": 9}
    for row in ctaudit.open(made.store).timeline():
        (place,) = ctaudit.open(made.store).show(str(row["event_id"])).content["places"]
        assert place["proof"]["digest_integrity"] == "proven"


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_an_edited_log_in_an_archive_has_failed(way: str, tmp_path: Path) -> None:
    trail = tiny()
    trail.edit_log(trail.log_keys()[0], lambda records: records[1:])
    made = scene(tmp_path, trail)
    source = WAYS[way](made, taken_away(made))
    made.ingest(made.mirror, source)
    assert codes(made.prove(None)) == ["log.hash_mismatch", "log.held"]
    assert verdicts(made.store) == {"proven": 6, "failed": 2}


@pytest.mark.slow
def test_an_archive_that_was_mended_is_taken_as_it_is_now(tmp_path: Path) -> None:
    """What it held before is still in the store, and has failed; but the log is there as AWS delivered it."""
    made = scene(tmp_path, tiny(1))
    logs = taken_away(made)
    (key,) = logs
    whole = logs[key]
    made.trail.edit_log(key, lambda records: records[:1])
    for data, code in (
        (made.trail.bucket.bodies[key], "log.hash_mismatch"),
        (whole, None),
        (made.trail.bucket.bodies[key], "log.hash_mismatch"),
    ):
        made.ingest(made.mirror, in_zip(made, {key: data}))
        assert codes(made.prove(None)) == sorted(filter(None, [code, "log.held"]))


@pytest.mark.slow
def test_a_log_that_is_nowhere_is_still_missing(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny())
    logs = taken_away(made)
    lost = sorted(logs)[0]
    made.ingest(made.mirror, in_zip(made, {name: data for name, data in logs.items() if name != lost}))
    assert codes(made.prove(None)) == ["log.held", "log.missing"]


@pytest.mark.slow
def test_digests_in_an_archive_are_said_to_be_unread_and_nothing_is_called_gone(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny(4))
    digests = sorted(path for path in made.mirror.rglob("*CloudTrail-Digest_*") if path.suffix == ".gz")
    inside = {digests[1].relative_to(made.mirror).as_posix(): digests[1].read_bytes()}
    digests[1].unlink()
    made.ingest(made.mirror, in_zip(made, inside))
    report = made.prove(None)
    assert "digest.elsewhere" in codes(report)
    assert report.worst is not None
    assert report.worst.word == "incomplete"
    (told,) = (found for found in report.findings if found.code == "digest.elsewhere")
    assert told.samples == (f"{made.folder / 'logs.zip'}!/{next(iter(inside))}",)


@pytest.mark.slow
def test_a_store_made_from_one_archive_can_only_be_proven_by_what_it_unpacks_to(tmp_path: Path) -> None:
    made = scene(tmp_path, tiny())
    files = {path.relative_to(made.mirror).as_posix(): path.read_bytes() for path in made.mirror.rglob("*.gz")}
    made.ingest(in_tar(made, files))
    report = made.prove(None)
    assert codes(report) == ["coverage.nothing_found", "digest.elsewhere"]
    assert verdicts(made.store) == {"unproven": 9}
    assert codes(made.prove(made.mirror)) == []
    assert verdicts(made.store) == {"proven": 9}


@pytest.mark.slow
def test_a_log_slipped_into_an_archive_is_not_proven(tmp_path: Path) -> None:
    trail = tiny()
    trail.put_log(slipped_in())
    made = scene(tmp_path, trail)
    made.ingest(made.mirror, in_zip(made, taken_away(made)))
    made.prove(None)
    assert verdicts(made.store) == {"proven": 9, "unproven": 3}


@pytest.mark.slow
def test_logs_from_standard_input_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = scene(tmp_path, tiny())
    logs = taken_away(made)
    made.ingest(made.mirror)
    saved = os.dup(0)
    try:
        for name, data in logs.items():  # one archive after the other: each stays known
            with (tmp_path / "input").open("w+b") as given:
                given.write(zipped({name: data}))
                given.seek(0)
                os.dup2(given.fileno(), 0)
                ingest(made.store, ["-"], jobs=1)
    finally:
        os.dup2(saved, 0)
        os.close(saved)
    assert codes(made.prove(None)) == ["log.held"]
    assert verdicts(made.store) == {"proven": 9}
