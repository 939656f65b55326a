"""Answers of S3 and objects in it that nobody expects: each is read or told, and ends no run."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctaudit.fault import Fault
from tests.cloud.gate import Cut, Refusal
from tests.cloud.server import Cloud
from tests.cloud.test_collect import collect
from tests.cloud.test_collect import told as told_of_copy
from tests.cloud.test_ingest import AT, NAME, bucket_of, ingest, key_of, kinds, log, numbers

pytestmark = pytest.mark.slow

PAGE = Refusal("200 OK", "Login", "This network asks you to log in first")
"""What something between here and S3 may answer in its place."""


def test_a_body_that_ends_in_the_middle_is_told_beside_what_is_wrong_in_it(cloud: Cloud, tmp_path: Path) -> None:
    cloud.put(bucket_of(key_of(1, 0), key_of(1, 1)))
    cloud.trouble(key_of(1, 0), Cut())
    done = ingest(cloud, tmp_path)
    assert (done.code, kinds(done)) == (3, ["gzip.truncated", "s3.network"])
    assert 1 in numbers(tmp_path)  # and of the other one what was whole before the cut


def test_faults_of_one_file_are_in_order_of_place_and_those_without_one_are_last() -> None:
    faults = [Fault("f", None, "a", ""), Fault("f", 9, "b", "", 1), Fault("f", 9, "b", ""), Fault("e", None, "z", "")]
    assert sorted(faults) == [faults[3], faults[1], faults[2], faults[0]]


def test_what_is_no_answer_of_s3_is_neither_read_nor_copied(cloud: Cloud, tmp_path: Path) -> None:
    cloud.put(bucket_of(key_of(1, 0), key_of(1, 1)))
    cloud.trouble(key_of(1, 0), PAGE)
    done = ingest(cloud, tmp_path)
    assert (done.code, kinds(done), numbers(tmp_path)) == (3, ["s3.service"], {1})
    copied = collect(cloud, tmp_path, f"s3://{NAME}")
    assert (copied.code, told_of_copy(copied)["copied"]) == (3, 1)
    assert [fault["kind"] for fault in told_of_copy(copied)["faults"]] == ["s3.service"]
    assert "it has no ETag" in told_of_copy(copied)["faults"][0]["reason"]
    assert not (tmp_path / "copy" / NAME / key_of(1, 0)).exists()


def test_a_key_that_looks_like_a_folder_is_read_when_there_is_something_in_it(cloud: Cloud, tmp_path: Path) -> None:
    bucket = bucket_of(key_of(1, 0), key_of(1, 1))
    odd = f"{key_of(1, 0)}/"  # which begins like the key of another object, and is not that
    bucket.put(odd, log(2), AT)
    bucket.put("AWSLogs/empty/", b"", AT)
    cloud.put(bucket)
    done = ingest(cloud, tmp_path)
    assert (done.code, kinds(done), numbers(tmp_path)) == (0, [], {0, 1, 2})
    copied = told_of_copy(collect(cloud, tmp_path, f"s3://{NAME}"))
    assert (copied["copied"], copied["faults"]) == (3, [])
    again = told_of_copy(collect(cloud, tmp_path, f"s3://{NAME}"))
    assert (again["copied"], again["verified"], again["faults"]) == (0, 3, [])
