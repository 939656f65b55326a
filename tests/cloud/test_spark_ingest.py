"""`ingest s3://… --engine spark`: executors read the bucket by themselves, with what boto3 finds where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cloud.gate import DENIED
from tests.cloud.server import Cloud
from tests.cloud.test_ingest import NAME, bucket_of, ingest, key_of
from tests.spark.running import needs_spark, run
from tests.store.stores import told


@needs_spark
@pytest.mark.slow
def test_executors_read_the_bucket(cloud: Cloud, tmp_path: Path) -> None:
    keys = [key_of(day, number) for number, day in enumerate((3, 3, 4, 5, 6, 6))]
    cloud.put(bucket_of(*keys))
    cloud.trouble(keys[2], DENIED)
    (tmp_path / "here").mkdir()
    assert ingest(cloud, tmp_path / "here").code == 3
    words = ("ingest", f"s3://{NAME}", "--engine", "spark", "--master", "local[2]")
    done = run(*words, folder=tmp_path, env=cloud.environment)
    assert done.code == 3, done.err
    here, there = told(tmp_path / "here" / "store"), told(tmp_path / "ctaudit-store")
    assert there == here
    assert there.events == 10
    secret = cloud.environment["AWS_SECRET_ACCESS_KEY"]
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    assert not any(secret.encode() in path.read_bytes() for path in written)
