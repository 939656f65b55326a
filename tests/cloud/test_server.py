"""The cloud on localhost is true to what it stands for: errors in S3's words, bodies cut off, keys by validity."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError

from tests.cloud.gate import ARCHIVED, DENIED, KMS_DENIED, Cut, Delay, Refusal, slow_down
from tests.cloud.server import Cloud
from tests.trail.bucket import Bucket
from tests.trail.signing import SigningKey, demo_keys

AT = datetime(2026, 3, 9, 12, 30, tzinfo=UTC)
BODY = b"x" * 100_000


@pytest.fixture
def clients(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """An S3 and a CloudTrail client, the first with one object in a bucket."""
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    bucket = Bucket("example-bucket")
    bucket.put("a/key.json.gz", BODY, AT, {"signature": "00ff", "signature-algorithm": "SHA256withRSA"})
    cloud.put(bucket)
    session, config = boto3.session.Session(), Config(read_timeout=1, retries={"total_max_attempts": 3})
    s3, cloudtrail = session.client("s3", config=config), session.client("cloudtrail", config=config)
    yield s3, cloudtrail
    s3.close()
    cloudtrail.close()


def get(s3: Any) -> bytes:
    body = s3.get_object(Bucket="example-bucket", Key="a/key.json.gz")["Body"]
    try:
        return bytes(body.read())
    finally:
        body.close()


def test_objects_have_their_bytes_metadata_and_time(clients: tuple[Any, Any], cloud: Cloud) -> None:
    s3, _ = clients
    assert get(s3) == BODY
    head = s3.head_object(Bucket="example-bucket", Key="a/key.json.gz")
    assert head["Metadata"] == {"signature": "00ff", "signature-algorithm": "SHA256withRSA"}
    assert (head["LastModified"], head["ContentEncoding"]) == (AT, "gzip")
    (listed,) = s3.list_objects_v2(Bucket="example-bucket")["Contents"]
    assert (listed["Key"], listed["Size"], listed["LastModified"]) == ("a/key.json.gz", len(BODY), AT)
    assert cloud.count("GetObject") == cloud.count("GetObject", "a/key.json.gz") == 1
    assert (cloud.count("HeadObject"), cloud.count("ListObjectsV2")) == (1, 1)


@pytest.mark.parametrize("refusal", [DENIED, KMS_DENIED, ARCHIVED], ids=lambda refusal: str(refusal.message[:8]))
def test_refusals_are_in_the_words_of_s3(clients: tuple[Any, Any], cloud: Cloud, refusal: Refusal) -> None:
    cloud.trouble("a/key.json.gz", refusal)
    with pytest.raises(ClientError) as caught:
        get(clients[0])
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (refusal.code, refusal.message)


def test_a_listing_can_be_refused(clients: tuple[Any, Any], cloud: Cloud) -> None:
    cloud.trouble("", DENIED)
    with pytest.raises(ClientError, match="AccessDenied"):
        clients[0].list_objects_v2(Bucket="example-bucket")
    assert get(clients[0]) == BODY


def test_a_body_breaks_off_in_the_middle_and_the_next_one_does_not(clients: tuple[Any, Any], cloud: Cloud) -> None:
    cloud.trouble("a/key.json.gz", Cut(times=1))
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        get(clients[0])
    assert get(clients[0]) == BODY


def test_throttling_ends(clients: tuple[Any, Any], cloud: Cloud) -> None:
    cloud.trouble("a/key.json.gz", slow_down(2))
    assert get(clients[0]) == BODY
    assert cloud.count("GetObject") == 3


@pytest.mark.slow
def test_an_answer_can_come_too_late(clients: tuple[Any, Any], cloud: Cloud) -> None:
    cloud.trouble("a/key.json.gz", Delay(1.5))
    with pytest.raises(ReadTimeoutError):
        get(clients[0])


def test_keys_are_those_of_the_region_and_the_time_page_by_page(clients: tuple[Any, Any], cloud: Cloud) -> None:
    key = demo_keys()["us-east-1"]
    old = SigningKey(demo_keys()["eu-west-1"].private, "2026-02-01T00:00:00+00:00", "2026-03-03T00:00:00+00:00")
    cloud.serve_keys({"us-east-1": (key, old), "eu-west-1": ()})
    cloud.public_keys.page_size = 1
    both = [entry["Fingerprint"] for entry in _keys(clients[1], datetime(2026, 3, 1, tzinfo=UTC), AT)]
    assert both == [key.fingerprint, old.fingerprint]
    (entry,) = _keys(clients[1], AT, AT)
    assert (entry["Value"], entry["ValidityEndTime"]) == (key.der, datetime(2026, 3, 23, tzinfo=UTC))
    cloud.public_keys.refused.add("us-east-1")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        _keys(clients[1], AT, AT)


def _keys(cloudtrail: Any, start: datetime, end: datetime) -> list[dict[str, Any]]:
    pages = cloudtrail.get_paginator("list_public_keys").paginate(StartTime=start, EndTime=end)
    return [entry for page in pages for entry in page["PublicKeyList"]]
