"""`export lake --to s3://…`: the same lake in a bucket, brought up to date; what AWS refuses is told."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit.sources.aws_login import Login
from ctaudit.sources.lake_bucket import LakeBucket
from tests.cli.evidence import event
from tests.cli.processes import Done, piped
from tests.cloud.gate import DENIED, slow_down
from tests.cloud.server import Cloud
from tests.store.lakes import by_duckdb, store_rows
from tests.store.stores import put
from tests.trail.bucket import Bucket

pytestmark = pytest.mark.slow

NAME = "my-lake"
URL = f"s3://{NAME}/in/events"
MANIFEST = "in/events/_ctaudit/lake.json"


@pytest.fixture
def folder(cloud: Cloud, tmp_path: Path) -> Path:
    """A folder with a store of four days, and an empty bucket."""
    days = [event(number, eventTime=f"2026-02-{number + 1:02}T12:00:00Z") for number in range(4)]
    put(tmp_path / "logs" / "1.json", days)
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "logs")], jobs=1)
    cloud.put(Bucket(NAME))
    return tmp_path


def export(cloud: Cloud, folder: Path, *words: str, to: str = URL) -> Done:
    asked = ("export", "lake", "--to", to, "--store", "store", "--format", "json", *words)
    return piped(*asked, env=cloud.environment, folder=folder)


def told(done: Done) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(done.out)
    return content


def objects(cloud: Cloud) -> dict[str, bytes]:
    return cloud.objects(NAME)


def copied(cloud: Cloud, folder: Path) -> Path:
    """Copy the lake out of the bucket, to be read."""
    lake = folder / "copied"
    for key, body in objects(cloud).items():
        path = lake / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return lake / "in" / "events"


def test_a_bucket_gets_the_lake_and_then_what_changed(cloud: Cloud, folder: Path) -> None:
    done = export(cloud, folder)
    assert (done.code, told(done)["partitions_written"], done.err) == (0, 4, "")
    assert by_duckdb(copied(cloud, folder), folder / "store") == store_rows(folder / "store")
    before = objects(cloud)
    assert set(before) == {key for key in before if key.startswith("in/events/account=")} | {MANIFEST}
    assert json.loads(before[MANIFEST])["complete"] is True
    assert told(export(cloud, folder))["partitions_written"] == 0
    assert {key: body for key, body in objects(cloud).items() if key != MANIFEST} == {
        key: body for key, body in before.items() if key != MANIFEST
    }
    put(folder / "logs" / "2.json", [event(9, eventTime="2026-02-02T13:00:00Z")])
    ctaudit.ingest(folder / "store", [str(folder / "logs")], jobs=1)
    again = told(export(cloud, folder))
    assert (again["partitions_written"], again["files_deleted"]) == (1, 1)
    (gone,) = before.keys() - objects(cloud).keys()
    assert "date=2026-02-02" in gone


def test_a_dry_run_asks_and_puts_nothing(cloud: Cloud, folder: Path) -> None:
    assert told(export(cloud, folder, "--dry-run"))["partitions_to_write"] == 4
    assert objects(cloud) == {}


def test_a_prefix_that_holds_other_objects_is_refused(cloud: Cloud, folder: Path) -> None:
    cloud.fill(NAME, {"in/events/thesis.txt": b"mine", "in/events-of-another/x": b"theirs"})
    done = export(cloud, folder)
    assert (done.code, done.out) == (2, "")
    assert f"{URL} holds other files and is no lake" in done.err
    assert told(export(cloud, folder, to=f"s3://{NAME}/free/"))["partitions_written"] == 4
    assert {key.partition("/")[0] for key in objects(cloud)} == {"in", "free"}


def test_an_upload_that_fails_is_told_and_gone_on_with(cloud: Cloud, folder: Path) -> None:
    export(cloud, folder)
    key = next(key for key in objects(cloud) if "date=2026-02-03" in key)
    cloud.delete(NAME, key)
    cloud.trouble(key, DENIED)
    done = export(cloud, folder)
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith(f"ctaudit: the lake {URL} cannot be written: AWS refuses access (AccessDenied)\n")
    assert "s3:PutObject" in done.err
    assert json.loads(objects(cloud)[MANIFEST])["complete"] is False
    cloud.gate.reset()
    cloud.trouble(key, slow_down(1))
    done = export(cloud, folder)
    assert (done.code, told(done)["partitions_written"]) == (0, 1)
    assert json.loads(objects(cloud)[MANIFEST])["complete"] is True


@pytest.mark.parametrize(
    ("to", "what"),
    [("s3://no-such-bucket-here/x", "there is no such bucket"), ("s3://a", "names no bucket")],
)
def test_a_bucket_that_is_not_there_is_told(to: str, what: str, cloud: Cloud, folder: Path) -> None:
    done = export(cloud, folder, to=to)
    assert done.code in (2, 4)
    assert what in done.err
    assert "Traceback" not in done.err


def test_without_credentials_nothing_is_asked_and_none_are_told(cloud: Cloud, folder: Path) -> None:
    env = cloud.environment | {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    done = piped("export", "lake", "--to", URL, "--store", "store", env=env, folder=folder)
    assert done.code == 4
    assert "there are no usable AWS credentials" in done.err


def test_a_key_of_kms_is_asked_for_with_each_file_and_the_manifest(cloud: Cloud, folder: Path) -> None:
    assert export(cloud, folder, "--sse-kms", "alias/lake").code == 0
    assert {cloud.kms_key(NAME, key) for key in objects(cloud)} == {"alias/lake"}


def test_a_large_file_is_sent_in_parts(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    cloud.put(Bucket(NAME))
    content = random.Random(1).randbytes(9_000_000)
    bucket = LakeBucket(URL, Login(), "alias/lake")
    with bucket.opened(change=True) as staging:
        made = staging / "1" / "0.part"
        made.parent.mkdir()
        made.write_bytes(content)
        bucket.exchange("date=2026-02-03", [(made, "x.parquet")], ["gone.parquet"])
        bucket.settle()
        assert not made.parent.exists()
    assert cloud.count("PostObject", "in/events/date=2026-02-03/x.parquet") == 2  # parts announced, and put together
    assert objects(cloud) == {"in/events/date=2026-02-03/x.parquet": content}
    assert cloud.kms_key(NAME, "in/events/date=2026-02-03/x.parquet") == "alias/lake"
    assert list(bucket.files()) == [("date=2026-02-03/x.parquet", 9_000_000)]
