"""S3 as a source, over real HTTP: what is listed, what is read, and every trouble told apart from an answer."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ctaudit.errors import CtauditError, UsageError
from ctaudit.fault import Fault
from ctaudit.sources import s3_body
from ctaudit.sources.aws_login import Login
from ctaudit.sources.objects import Fetched, Object, Unavailable
from ctaudit.sources.public_keys import list_public_keys
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_errors import classified
from ctaudit.sources.s3_quick import Answer, Quick
from tests.cloud.gate import ARCHIVED, DENIED, KMS_DENIED, SLOW_DOWN, Cut, Refusal, Trouble, slow_down
from tests.cloud.server import Cloud, running_cloud
from tests.trail.bucket import Bucket
from tests.trail.signing import demo_keys

pytestmark = pytest.mark.slow

NAME = "example-org-cloudtrail-logs"
AT = datetime(2026, 3, 9, 12, 30, tzinfo=UTC)
KEY = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/09/one.json.gz"
LARGE = bytes(range(256)) * 10_000
"""2.4 MiB: three chunks."""
get = Quick.get
NEAR = Object(KEY, f"s3://{NAME}/{KEY}", 1)


@pytest.fixture(scope="module")
def _servers() -> Iterator[Cloud]:
    with running_cloud() as servers:
        yield servers


@pytest.fixture
def cloud(_servers: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    _servers.reset()
    for name, value in _servers.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(s3_body, "_FIRST_PAUSE", 0.001)
    return _servers


def laid_down(cloud: Cloud, *keys: str, body: bytes = b"body") -> None:
    bucket = Bucket(NAME)
    for key in keys:
        bucket.put(key, body, AT)
    cloud.put(bucket)


def source(place: str = "", connections: int = 64) -> S3:
    return S3(f"s3://{NAME}/{place}", bucket_map={}, connections=connections)


def whole(found: Fetched) -> bytes:
    return b"".join(found.chunks)


def trouble_of(ask: Callable[[], object]) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        ask()
    return caught.value


def test_what_may_be_evidence_is_listed_with_its_place_size_and_time(cloud: Cloud) -> None:
    wanted = [KEY, "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/d.json.gz", "plain.json"]
    laid_down(cloud, *wanted, "AWSLogs/111122223333/CloudTrail/", "other.txt", "AWSLogs/elb.log.gz")
    found = list(source().find())
    there = sorted([*wanted, "AWSLogs/111122223333/CloudTrail/", "other.txt", "AWSLogs/elb.log.gz"])
    assert sorted(each.key for each in found if isinstance(each, Object)) == there  # names are judged elsewhere
    one = next(each for each in found if isinstance(each, Object) and each.key == KEY)
    assert one == Object(KEY, f"s3://{NAME}/{KEY}", 4, NAME, AT)


@pytest.mark.parametrize("place", ["logs", "logs/", "logs/AWSLogs", "logs/AWSLogs/a.json.gz"])
def test_a_prefix_is_a_folder_or_one_object(cloud: Cloud, place: str) -> None:
    laid_down(cloud, "logs/AWSLogs/a.json.gz", "logs-of-others/AWSLogs/a.json.gz")
    assert [each.key for each in source(place).find() if isinstance(each, Object)] == ["logs/AWSLogs/a.json.gz"]


def test_listings_of_several_pages_are_read_to_the_end(cloud: Cloud) -> None:
    laid_down(cloud, *(f"{number:04}.json.gz" for number in range(1100)))
    assert len(list(source().find())) == 1100
    assert cloud.count("ListObjectsV2") == 2


def test_keys_with_unusual_characters_are_found_and_read(cloud: Cloud) -> None:
    odd = ["a b+c%20&=?#/é 漢.json.gz", "x/y~'(!).json.gz", "%2e%2e/x.json"]
    laid_down(cloud, *odd)
    here = source()
    found = [each for each in here.find() if isinstance(each, Object)]
    assert sorted(each.key for each in found) == sorted(odd)
    assert [whole(here.fetch(each.place)) for each in found] == [b"body"] * 3


SKEWED = Refusal(
    "403 Forbidden", "RequestTimeTooSkewed", "The difference between the request time and the current time"
)


@pytest.mark.parametrize(
    ("trouble", "kind"), [(DENIED, "s3.denied"), (SLOW_DOWN, "s3.service")], ids=["denied", "slow"]
)
def test_a_listing_that_fails_is_a_fault(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, trouble: Trouble, kind: str
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.001)
    laid_down(cloud, KEY)
    cloud.trouble("", trouble)
    (fault,) = source("AWSLogs").find()
    assert isinstance(fault, Fault)
    assert (fault.path, fault.kind) == (f"s3://{NAME}/AWSLogs", kind)


def test_a_bucket_that_is_not_there_is_a_fault(cloud: Cloud) -> None:
    (fault,) = source().find()
    assert isinstance(fault, Fault)
    assert fault.kind == "s3.no_bucket"
    assert fault.reason == "cannot be listed: there is no such bucket (NoSuchBucket); what lies there is not looked at"


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "s3://a b/c", "http://bucket", "s3://arn:aws:s3:::x", "bucket/x"])
def test_what_names_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="names no bucket"):
        S3(url, bucket_map={})


def test_without_credentials_nothing_can_be_asked(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    laid_down(cloud, KEY)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(CtauditError, match="no usable AWS credentials") as caught:
        list(source().find())
    assert "aws sso login" in caught.value.advice
    assert caught.value.exit_code == 4


def test_a_profile_that_is_not_there_is_named_as_the_reason(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CtauditError, match=r"^there is no AWS profile 'nobody'$"):
        list(source().find())


def test_bodies_come_with_their_metadata_in_lower_case(cloud: Cloud) -> None:
    bucket = Bucket(NAME)
    bucket.put(KEY, b"body", AT, {"signature": "ab", "Signature-Algorithm": "SHA256withRSA"})
    cloud.put(bucket)
    found = source().fetch(NEAR.place, metadata=True)
    assert whole(found) == b"body"
    assert found.metadata == {"signature": "ab", "signature-algorithm": "SHA256withRSA"}


@pytest.mark.parametrize("size", [0, 1, s3_body._CHUNK - 1, s3_body._CHUNK, s3_body._CHUNK + 1, len(LARGE)])
def test_bodies_of_all_sizes_come_whole_in_chunks(cloud: Cloud, size: int) -> None:
    laid_down(cloud, KEY, body=LARGE[:size])
    chunks = list(source().fetch(NEAR.place).chunks)
    assert b"".join(chunks) == LARGE[:size]
    assert max(map(len, chunks), default=0) <= s3_body._CHUNK
    assert cloud.count("GetObject") == 1


def test_what_a_digest_names_is_looked_for_where_the_map_says(cloud: Cloud) -> None:
    here = S3(f"s3://{NAME}", bucket_map={"old": "new"})
    assert here.locator(NEAR, (NAME, KEY))("old", "k") == "s3://new/k"
    assert here.locator(NEAR, (NAME, KEY))("other", "k") == "s3://other/k"


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Refusal("404 Not Found", "NoSuchKey", "The specified key does not exist."), "missing"),
        (Refusal("404 Not Found", "404", "Not Found"), "unreadable"),
        (Refusal("404 Not Found", "NoSuchBucket", "The specified bucket does not exist"), "no-bucket"),
        (DENIED, "denied"),
        (Refusal("403 Forbidden", "InvalidAccessKeyId", "AKIAIOSFODNN7EXAMPLE does not exist"), "denied"),
        (Refusal("400 Bad Request", "ExpiredToken", "The provided token has expired: s3cr3t"), "denied"),
        (SKEWED, "denied"),
        (KMS_DENIED, "kms"),
        (Refusal("400 Bad Request", "KMS.DisabledException", "key is disabled"), "kms"),
        (ARCHIVED, "archived"),
        (SLOW_DOWN, "service"),
        (Refusal("500 Internal Server Error", "InternalError", "We encountered an internal error."), "service"),
        (Refusal("599 Odd", "NeverSeenBefore", "?"), "service"),
        (Refusal("400 Bad Request", "NeverSeenBefore", "?"), "unreadable"),
        (Cut(), "network"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "code", "Cut"),
)
def test_each_trouble_has_its_kind(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, trouble: Trouble, kind: str) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.001)
    laid_down(cloud, KEY, "other.json.gz", body=LARGE[:5000])
    cloud.trouble(KEY, trouble)
    here = source()
    for _ in ("asked by boto3", "asked by the short way"):
        said = trouble_of(lambda: whole(here.fetch(NEAR.place)))
        assert said.kind == kind
        assert not re.search(r"AKIA|wJalr|s3cr3t|arn:", said.reason)
        here.fetch(f"s3://{NAME}/other.json.gz")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
        ("SignatureDoesNotMatch", "Signature expired: 20261128T010000Z is now earlier than 20261128T020000Z"),
        ("InvalidSignatureException", "Signature not yet current: 20261128T030000Z is still later than 2026"),
        ("RequestExpired", "Request has expired."),
    ],
)
def test_a_wrong_clock_is_no_wrong_key(code: str, message: str) -> None:
    said = classified(ClientError({"Error": {"Code": code, "Message": message}}, "GetCallerIdentity"))
    assert isinstance(said, Unavailable)
    assert (said.kind, said.reason) == ("denied", f"the clock of this machine is too far from the right time ({code})")


def test_a_wrong_key_is_no_wrong_clock() -> None:
    error = {"Code": "SignatureDoesNotMatch", "Message": "The request signature we calculated does not match"}
    said = classified(ClientError({"Error": error}, "GetCallerIdentity"))
    assert isinstance(said, Unavailable)
    assert said.reason == "the secret access key does not fit the access key (SignatureDoesNotMatch)"


def test_an_object_that_is_not_there_is_missing_and_a_bucket_too(cloud: Cloud) -> None:
    laid_down(cloud, KEY)
    here = source()
    assert trouble_of(lambda: here.fetch(f"s3://{NAME}/nothing")).kind == "missing"
    assert trouble_of(lambda: here.fetch("s3://no-such-bucket/nothing")).kind == "no-bucket"


@pytest.mark.parametrize("bucket", ["arn:aws:s3:us-east-1:111122223333:accesspoint/x", "a b", "", "x" * 300, "../.."])
def test_only_buckets_are_asked(cloud: Cloud, bucket: str) -> None:
    """An ARN would lead to whoever owns the access point."""
    assert trouble_of(lambda: source().fetch(f"s3://{bucket}/{KEY}")).kind in ("no-bucket", "missing")
    assert cloud.gate.requests.total() == 0


def test_a_key_that_s3_does_not_allow_is_no_traceback(cloud: Cloud) -> None:
    laid_down(cloud, KEY)
    here = source()
    assert trouble_of(lambda: here.fetch(f"s3://{NAME}/")).kind == "missing"
    for key in ("\0", "\ud800", "a/../b", "./b"):
        assert trouble_of(partial(here.fetch, f"s3://{NAME}/{key}")).kind in ("unreadable", "network")


def test_all_objects_but_the_first_go_the_short_way(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ["first.json.gz", "a b+c%20&=?#/é 漢~'(!).json.gz", "empty.json.gz", "large.json.gz"]
    bucket = Bucket(NAME)
    for key, body in zip(keys, (b"1", b"2", b"", LARGE), strict=True):
        bucket.put(key, body, AT, {"signature": "ab", "Backfill-Generation-Timestamp": "2026"})
    cloud.put(bucket)
    shortly: list[bool] = []

    def noted(*asked: Any) -> Answer | None:
        answer = get(*asked)
        shortly.append(answer is not None)
        return answer

    monkeypatch.setattr(Quick, "get", noted)
    here = source()
    for key in keys:
        found = here.fetch(f"s3://{NAME}/{key}")
        assert found.metadata == {"signature": "ab", "backfill-generation-timestamp": "2026"}
        assert whole(found) == bucket.bodies[key]
    assert shortly == [False, True, True, True]
    assert cloud.count("GetObject") == len(keys)


def test_throttling_is_waited_out(cloud: Cloud) -> None:
    laid_down(cloud, KEY)
    cloud.trouble(KEY, slow_down(2))
    assert whole(source().fetch(NEAR.place)) == b"body"
    assert cloud.count("GetObject", KEY) == 3


def test_a_body_that_breaks_off_at_once_is_asked_for_anew(cloud: Cloud) -> None:
    laid_down(cloud, KEY, body=LARGE[:5000])
    cloud.trouble(KEY, Cut(1))
    assert whole(source().fetch(NEAR.place)) == LARGE[:5000]
    assert cloud.count("GetObject", KEY) == 2


@pytest.mark.parametrize("shortly", [False, True])
def test_a_body_that_breaks_off_later_is_taken_up_where_it_did(cloud: Cloud, shortly: bool) -> None:
    laid_down(cloud, KEY, "other.json.gz", body=LARGE)
    cloud.trouble(KEY, Cut(1))
    here = source()
    if shortly:
        whole(here.fetch(f"s3://{NAME}/other.json.gz"))
    assert whole(here.fetch(NEAR.place)) == LARGE
    assert cloud.count("GetObject", KEY) == 2


def test_a_body_that_changes_while_it_is_read_is_not_patched_together(cloud: Cloud) -> None:
    laid_down(cloud, KEY, body=LARGE)
    cloud.trouble(KEY, Cut(1))
    chunks = iter(source().fetch(NEAR.place).chunks)
    first = next(chunks)
    laid_down(cloud, KEY, body=b"x" + LARGE[1:])
    assert first == LARGE[: s3_body._CHUNK]
    said = trouble_of(lambda: list(chunks))
    assert (said.kind, said.reason) == ("unreadable", "it changed while it was read (PreconditionFailed)")


def test_a_body_that_goes_on_breaking_off_is_given_up(cloud: Cloud) -> None:
    laid_down(cloud, KEY, body=LARGE)
    cloud.trouble(KEY, Cut())
    found = source().fetch(NEAR.place)
    assert trouble_of(lambda: list(found.chunks)).kind == "network"


def test_a_server_that_is_not_there_is_trouble_with_the_network(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{closed.getsockname()[1]}")
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.001)
    here = source()
    assert trouble_of(lambda: here.fetch(NEAR.place)).kind == "network"
    (fault,) = here.find()
    assert isinstance(fault, Fault)
    assert fault.kind == "s3.network"


def test_many_threads_share_the_connections(cloud: Cloud) -> None:
    keys = [f"{number}.json.gz" for number in range(60)]
    bucket = Bucket(NAME)
    for key in keys:
        bucket.put(key, key.encode() * 1000, AT)
    cloud.put(bucket)
    here = source(connections=8)
    before = threading.active_count()
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda key: whole(here.fetch(f"s3://{NAME}/{key}")), keys))
    assert bodies == [key.encode() * 1000 for key in keys]
    assert threading.active_count() == before or threading.active_count() < before + 12


@pytest.mark.parametrize(
    ("made_in", "region"), [("us-east-1", "us-east-1"), ("eu-west-1", "eu-west-1"), ("EU", "eu-west-1")]
)
def test_a_bucket_tells_its_region(cloud: Cloud, made_in: str, region: str) -> None:
    cloud.put(Bucket(NAME), made_in)
    assert source().location(NAME) == region


def test_a_bucket_in_another_region_is_followed_there(cloud: Cloud) -> None:
    bucket = Bucket(NAME)
    for key in ("a", "b"):
        bucket.put(key, b"body", AT)
    cloud.put(bucket, "eu-west-1")
    cloud.trouble("a", Refusal("301 Moved Permanently", "PermanentRedirect", "It must be addressed elsewhere.", 1))
    here = source()
    assert [whole(here.fetch(f"s3://{NAME}/{key}")) for key in ("a", "b")] == [b"body", b"body"]
    assert here._ways().quick._ways[NAME].region == "eu-west-1"
    assert cloud.count("GetObject") == 3


def test_keys_come_page_by_page_as_bytes_with_their_times(cloud: Cloud) -> None:
    key = demo_keys()["us-east-1"]
    cloud.serve_keys({"us-east-1": (key, key, key)})
    cloud.public_keys.page_size = 2
    found = list_public_keys(Login(), "us-east-1", AT, AT)
    assert len(found) == 3
    assert cloud.public_keys.requests["us-east-1"] == 2
    assert found[0]["Value"] == key.der
    assert found[0]["Fingerprint"] == key.fingerprint
    assert found[0]["ValidityStartTime"] == datetime.fromisoformat(key.valid_from)
    assert found[0]["ValidityStartTime"].utcoffset() is not None
    assert list_public_keys(Login(), "eu-west-1", AT, AT) == []


def test_keys_that_may_not_be_listed_are_denied(cloud: Cloud) -> None:
    cloud.public_keys.refused.add("us-east-1")
    said = trouble_of(lambda: list_public_keys(Login(), "us-east-1", AT, AT))
    assert said.kind == "denied"
    assert "arn:" not in said.reason


def test_nothing_else_pays_for_boto3() -> None:
    import subprocess
    import sys

    program = "import sys, ctaudit.sources.s3, ctaudit.sources.public_keys, ctaudit.sources.trails; "
    program += "sys.exit(any(name.partition('.')[0] in ('boto3', 'botocore', 'urllib3') for name in sys.modules))"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


def test_an_overloaded_s3_is_asked_for_less_at_once(cloud: Cloud) -> None:
    laid_down(cloud, "a")
    here = source(connections=8)
    whole(here.fetch(f"s3://{NAME}/a"))
    assert here.pace.limit == 8
    cloud.trouble("a", slow_down(2))
    assert whole(here.fetch(f"s3://{NAME}/a")) == b"body"
    assert here.pace.limit == 4
