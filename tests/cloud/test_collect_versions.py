"""`collect --versions`: what lay there before is kept beside; and files of the copy that nobody copied are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.processes import Done, piped
from tests.cloud.server import Cloud
from tests.cloud.stage import stage
from tests.cloud.test_collect import AT, clean, collect, told
from tests.cloud.test_ingest import NAME, bucket_of, key_of, log
from tests.store.stores import select
from tests.trail.bucket import Bucket

pytestmark = pytest.mark.slow

SOURCE = f"s3://{NAME}"
KEYS = [key_of(1, number) for number in range(3)]
DIGEST = (
    "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/02/01/"
    "111122223333_CloudTrail-Digest_us-east-1_t-1_us-east-1_20260201T010000Z.json.gz"
)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in (folder / "copy" / "manifest.jsonl").read_text().splitlines()]


def kinds(done: Done) -> list[str]:
    return sorted(fault["kind"] for fault in told(done)["faults"])


@pytest.fixture
def changed(cloud: Cloud) -> Cloud:
    """Return a bucket in which one log was overwritten, one deleted, and one digest overwritten."""
    bucket = bucket_of(*KEYS)
    bucket.put(DIGEST, b"digest", AT, {"signature": "ab"})
    cloud.put(bucket)
    cloud.keep_versions(NAME)
    cloud.overwrite(NAME, KEYS[0], log(10))
    cloud.delete(NAME, KEYS[1])
    cloud.overwrite(NAME, DIGEST, b"forged")
    return cloud


def test_what_lay_there_before_is_kept_beside_and_told(changed: Cloud, tmp_path: Path) -> None:
    done = collect(changed, tmp_path, SOURCE, "--versions")
    found = ["digest.overwritten", "log.deleted", "log.overwritten"]
    assert (done.code, [kind for kind in kinds(done) if kind != "keys.unavailable"]) == (1, found)
    assert {name: told(done)[name] for name in ("copied", "noncurrent", "delete_markers")} == {
        "copied": 6, "noncurrent": 3, "delete_markers": 1,
    }  # fmt: skip
    bodies = {
        (line["key"], line.get("noncurrent", False), line.get("deleted", False)): line for line in lines(tmp_path)
    }
    assert len(bodies) == 7
    copy = tmp_path / "copy"
    for key, before, now in ((KEYS[0], log(0), log(10)), (DIGEST, b"digest", b"forged")):
        assert (copy / bodies[key, True, False]["path"]).read_bytes() == before
        assert (copy / NAME / key).read_bytes() == now == (copy / bodies[key, False, False]["path"]).read_bytes()
        assert bodies[key, True, False]["version"] != bodies[key, False, False]["version"]
    assert (copy / bodies[KEYS[1], True, False]["path"]).read_bytes() == log(1)
    assert not (copy / NAME / KEYS[1]).exists()
    marker = bodies[KEYS[1], False, True]
    assert (marker["path"], bool(marker["version"])) == ("", True)
    piped("ingest", "copy", "--store", "store", folder=tmp_path)
    rows = select(tmp_path / "store", "SELECT DISTINCT eventid FROM cloudtrail_logs WHERE eventid LIKE '%-0'")
    assert {row[0] for row in rows} == {"event-0-0", "event-1-0", "event-2-0", "event-10-0"}


def test_a_later_run_verifies_all_versions_and_adds_the_newest(changed: Cloud, tmp_path: Path) -> None:
    collect(changed, tmp_path, SOURCE, "--versions")
    asked = changed.count("GetObject")
    again = collect(changed, tmp_path, SOURCE, "--versions")
    assert (told(again)["copied"], told(again)["verified"], told(again)["delete_markers"]) == (0, 6, 1)
    assert (changed.count("GetObject"), len(lines(tmp_path))) == (asked, 7)
    assert kinds(again) == kinds(collect(changed, tmp_path, SOURCE, "--versions"))
    changed.overwrite(NAME, KEYS[2], log(20))
    (tmp_path / "copy" / next(line["path"] for line in lines(tmp_path) if line.get("noncurrent"))).unlink()
    done = collect(changed, tmp_path, SOURCE, "--versions")
    assert ("copy.gone" in kinds(done), "copy.changed_in_bucket" in kinds(done)) == (True, False)
    assert (told(done)["copied"], told(done)["verified"]) == (2, 5)
    newest = [line for line in lines(tmp_path) if line["key"] == KEYS[2]]
    assert [(tmp_path / "copy" / line["path"]).read_bytes() for line in newest] == [log(2), log(20)]
    plain = collect(changed, tmp_path, SOURCE)
    assert [kind for kind in kinds(plain) if kind.startswith("copy.")] == ["copy.changed_in_bucket"]


def test_files_that_nobody_copied_are_told(cloud: Cloud, tmp_path: Path) -> None:
    bucket = Bucket("logs")
    bucket.put("a/1.json", b"1", AT, {"signature": "ab"})
    cloud.put(bucket)
    assert collect(cloud, tmp_path, "s3://logs").code == 0
    copy = tmp_path / "copy"
    (copy / "logs/a/2.json").write_bytes(b"2")
    (copy / "public-keys").mkdir()
    (copy / "public-keys/us-east-1.json").write_bytes(b"{}")
    (copy / "logs/elsewhere").symlink_to("/tmp")
    done = collect(cloud, tmp_path, "s3://logs")
    planted = {Path(each["path"]).relative_to(copy) for each in told(done)["faults"] if each["kind"] == "copy.planted"}
    assert done.code == 3
    assert planted == {Path("logs/a/2.json"), Path("public-keys/us-east-1.json"), Path("logs/elsewhere")}


def test_a_copy_of_a_trail_has_nothing_planted_and_still_proves_itself(cloud: Cloud, tmp_path: Path) -> None:
    case = clean()
    source = stage(cloud, case)
    for _ in range(2):
        done = collect(cloud, tmp_path, source, "--versions")
        assert (done.code, told(done)["faults"]) == (0, [])
    offline = piped("validate", "copy", "--format", "json", folder=tmp_path)
    assert {each["code"] for each in json.loads(offline.out)["findings"]} == {"key.from_evidence"}
