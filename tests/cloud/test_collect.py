"""`collect`: a copy that proves itself offline, is verified by the next run, and overwrites nothing."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ctaudit.sources import copies
from tests.cli.processes import Done, piped
from tests.cloud.gate import DENIED, Cut
from tests.cloud.server import Cloud
from tests.cloud.stage import stage
from tests.integrity.scenario import Case
from tests.integrity.scenarios import SCENARIOS
from tests.trail.bucket import Bucket

pytestmark = pytest.mark.slow

AT = datetime(2026, 2, 10, 12, tzinfo=UTC)


def clean() -> Case:
    return next(scenario for scenario in SCENARIOS if scenario.name == "clean").build()


def collect(cloud: Cloud, folder: Path, source: str, *words: str, **env: str | None) -> Done:
    environment = cloud.environment | env
    return piped("collect", source, "copy", "--format", "json", *words, env=environment, folder=folder)


def told(done: Done) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(done.out)
    return content


def lines(folder: Path) -> dict[str, dict[str, Any]]:
    texts = (folder / "copy" / "manifest.jsonl").read_text().splitlines()
    return {(line := json.loads(text))["key"]: line for text in texts}


def test_a_copy_is_byte_exact_and_proves_itself_with_nothing_else(cloud: Cloud, tmp_path: Path) -> None:
    case = clean()
    done = collect(cloud, tmp_path, stage(cloud, case))
    assert (done.code, told(done)["copied"], told(done)["faults"]) == (0, len(case.bucket.bodies), [])
    manifest = lines(tmp_path)
    assert manifest.keys() == case.bucket.bodies.keys()
    for key, body in case.bucket.bodies.items():
        assert (tmp_path / "copy" / case.bucket.name / key).read_bytes() == body
        line = manifest[key]
        assert (line["sha256"], line["size"]) == (hashlib.sha256(body).hexdigest(), len(body))
        assert line["metadata"] == case.bucket.metadata[key]
        assert line["storage_class"] == "STANDARD"
    key_files = sorted(path.name for path in (tmp_path / "copy" / "public-keys").iterdir())
    assert key_files == [f"{region}.json" for region in told(done)["regions"]]
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": None}
    offline = piped("validate", "copy", "--format", "json", env=nowhere, folder=tmp_path)
    chain = json.loads(offline.out)["chains"][0]
    assert (chain["digests_proven"], chain["proven"]) == (8, 16)
    assert {each["code"] for each in json.loads(offline.out)["findings"]} == {"key.from_evidence"}


def test_a_later_run_verifies_and_copies_what_is_new(cloud: Cloud, tmp_path: Path) -> None:
    bucket = Bucket("logs")
    for number in range(3):
        bucket.put(f"a/{number}.json", b"%d" % number, AT)
    cloud.put(bucket)
    assert collect(cloud, tmp_path, "s3://logs").code == 0
    assert cloud.count("GetObject") == 3
    bucket.put("a/9.json", b"9", AT)
    cloud.put(bucket)
    done = collect(cloud, tmp_path, "s3://logs")
    assert (told(done)["copied"], told(done)["verified"], cloud.count("GetObject")) == (1, 3, 4)


def test_nothing_is_overwritten_and_every_difference_is_told(cloud: Cloud, tmp_path: Path) -> None:
    bucket = Bucket("logs")
    for name in ("same", "changed-here", "changed-there", "gone-here", "foreign"):
        bucket.put(f"{name}.json", name.encode(), AT)
    kept = bucket.snapshot()
    bucket.remove("foreign.json")
    cloud.put(bucket)
    assert collect(cloud, tmp_path, "s3://logs").code == 0
    copy = tmp_path / "copy" / "logs"
    _write(copy / "changed-here.json", b"x")
    (copy / "gone-here.json").unlink()
    _write(copy / "foreign.json", b"x")
    kept.put("changed-there.json", b"other", AT)
    cloud.put(kept)
    done = collect(cloud, tmp_path, "s3://logs")
    assert done.code == 3
    faults = {fault["path"].rpartition("/")[2]: fault["kind"] for fault in told(done)["faults"]}
    assert faults == {
        "changed-here.json": "copy.changed",
        "changed-there.json": "copy.changed_in_bucket",
        "foreign.json": "copy.exists",
        "gone-here.json": "copy.gone",
    }
    assert (told(done)["copied"], told(done)["verified"]) == (1, 1)
    found = {path.name: path.read_bytes() for path in copy.iterdir()}
    assert found == {
        "same.json": b"same",
        "changed-here.json": b"x",
        "changed-there.json": b"changed-there",
        "gone-here.json": b"gone-here",
        "foreign.json": b"x",
    }


def test_what_is_gone_from_the_bucket_is_told(cloud: Cloud, tmp_path: Path) -> None:
    bucket = Bucket("logs")
    for name in ("a/1.json", "a/2.json", "b/3.json"):
        bucket.put(name, name.encode(), AT)
    cloud.put(bucket)
    assert collect(cloud, tmp_path, "s3://logs").code == 0
    bucket.remove("a/1.json")
    bucket.remove("b/3.json")
    cloud.put(bucket)
    done = collect(cloud, tmp_path, "s3://logs/a")
    assert (done.code, [each["path"] for each in told(done)["faults"]]) == (3, ["s3://logs/a/1.json"])
    assert told(done)["faults"][0]["kind"] == "copy.gone_from_bucket"
    assert collect(cloud, tmp_path, "s3://logs/a", "--since", "2026-01-01").code == 0


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def test_what_a_killed_run_left_is_taken_up(cloud: Cloud, tmp_path: Path) -> None:
    bucket = Bucket("logs")
    for number in range(3):
        bucket.put(f"{number}.json", b"%d" % number, AT)
    cloud.put(bucket)
    collect(cloud, tmp_path, "s3://logs")
    manifest = tmp_path / "copy" / "manifest.jsonl"
    texts = manifest.read_bytes().splitlines(keepends=True)
    manifest.write_bytes(texts[0] + texts[1][:20])  # the second line was cut, the third never came
    (tmp_path / "copy" / "logs" / "tmpabc.part").write_bytes(b"half")
    done = collect(cloud, tmp_path, "s3://logs")
    assert (done.code, told(done)["copied"], told(done)["verified"]) == (0, 2, 1)
    assert lines(tmp_path).keys() == {"0.json", "1.json", "2.json"}
    assert len(list((tmp_path / "copy" / "logs").iterdir())) == 3


def test_odd_keys_and_troubles_cost_no_other_object(cloud: Cloud, tmp_path: Path) -> None:
    bucket = Bucket("logs")
    odd = ["x//y.json", "a b%20+ü.json", "back\\slash.json", "n" * 300 + ".json", "-", "file", "file/below.json"]
    for key in odd:
        bucket.put(key, key.encode(), AT)
    bucket.put("denied.json", b"d", AT)
    bucket.put("up/../../over.json", b"u", AT)
    bucket.put("cut.json", b"c" * 1000, AT)
    cloud.put(bucket)
    cloud.trouble("denied.json", DENIED)
    cloud.trouble("cut.json", Cut(1))
    done = collect(cloud, tmp_path, "s3://logs")
    faults = sorted((fault["kind"], fault["path"]) for fault in told(done)["faults"])
    assert faults == [("s3.denied", "s3://logs/denied.json"), ("s3.unreadable", "s3://logs/up/../../over.json")]
    assert told(done)["copied"] == len(odd) + 1  # a key that is also the folder of another one lies beside
    for line in lines(tmp_path).values():
        path = (tmp_path / "copy" / line["path"]).resolve()
        assert path.is_relative_to(tmp_path / "copy" / "logs")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == line["sha256"]
        assert not os.access(path, os.W_OK) or os.geteuid() == 0
    assert not (tmp_path / "over.json").exists()


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("AWSLogs/1/x.json.gz", "AWSLogs/1/x.json.gz"),
        ("../x", "%2e2e/x"),
        ("./x", "%2e/x"),
        ("/x", "%/x"),
        ("a//b", "a/%/b"),
        ("a\0b", "%610062"),
        ("50%.json", "50%.json"),
    ],
)
def test_keys_become_paths_that_lead_nowhere_else(key: str, path: str) -> None:
    assert copies.path_of(key) == path


def test_trail_facts_say_what_could_not_be_asked(cloud: Cloud, tmp_path: Path) -> None:
    bucket = Bucket("logs")
    bucket.put("a.json", b"{}", AT)
    cloud.put(bucket)
    assert collect(cloud, tmp_path, "s3://logs").code == 0
    facts = json.loads((tmp_path / "copy" / "trail-facts.jsonl").read_text())
    assert (facts["bucket"], facts["bucket_facts"]["policy"], facts["trails"]) == ("logs", None, [])
    assert facts["regions_unavailable"].keys() == {"us-east-1"}


def test_a_folder_with_other_files_is_refused(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "mine.txt").write_text("x")
    done = collect(cloud, tmp_path, "s3://logs")
    assert (done.code, "is no copy that ctaudit made" in done.err) == (2, True)
