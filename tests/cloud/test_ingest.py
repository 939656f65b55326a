"""`ingest s3://…`: every log object of a bucket, whatever its key, read once; what cannot be read is told by name."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit.sources.bodies import bodies
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_listing import Wanted
from ctaudit.sources.s3_objects import Archived, find
from tests.cli.evidence import event
from tests.cli.processes import Done, piped
from tests.cloud.gate import ARCHIVED, DENIED, KMS_DENIED, Cut, Refusal, slow_down
from tests.cloud.server import Cloud
from tests.cloud.stage import stage
from tests.integrity.scenarios import SCENARIOS
from tests.store.stores import select
from tests.trail.bucket import Bucket
from tests.trail.principals import stamp

pytestmark = pytest.mark.slow

NAME = "trail-logs"
AT = datetime(2026, 2, 10, 12, tzinfo=UTC)
ACCOUNT, OTHER = "111122223333", "444455556666"
ORGANIZATION = "o-exampleorg1"


def records(number: int) -> list[dict[str, Any]]:
    """Return two events that no other number has."""
    return [event(2 * number + each, eventID=f"event-{number}-{each}") for each in range(2)]


def log(number: int) -> bytes:
    return gzip.compress(json.dumps({"Records": records(number)}).encode(), mtime=0)


def key_of(day: int, number: int, account: str = ACCOUNT, region: str = "us-east-1", kind: str = "CloudTrail") -> str:
    name = f"{account}_{kind}_{region}_202602{day:02}T0000Z_{number:016}.json.gz"
    return f"AWSLogs/{account}/{kind}/{region}/2026/02/{day:02}/{name}"


def bucket_of(*keys: str) -> Bucket:
    """Return a bucket in which the log of each key has two events, numbered by its place."""
    bucket = Bucket(NAME)
    for number, key in enumerate(keys):
        bucket.put(key, log(number), AT)
    return bucket


def ingest(cloud: Cloud, folder: Path, *words: str, source: str = f"s3://{NAME}", **env: str | None) -> Done:
    environment = cloud.environment | env
    return piped("ingest", source, "--store", "store", "--format", "json", *words, env=environment, folder=folder)


def told(done: Done) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(done.out)
    return content


def numbers(folder: Path) -> set[int]:
    """Return the numbers of the logs that the store has events of."""
    rows = select(folder / "store", "SELECT eventid FROM cloudtrail_logs")
    return {int(row[0].split("-")[1]) for row in rows}


def kinds(done: Done) -> list[str]:
    return sorted(fault["kind"] for fault in told(done)["faults"])


def test_every_layout_is_read_and_other_services_are_passed_over(cloud: Cloud, tmp_path: Path) -> None:
    keys = [
        key_of(1, 0),
        key_of(1, 1, OTHER, "eu-west-1"),
        key_of(2, 2).replace("AWSLogs/", f"AWSLogs/{ORGANIZATION}/"),
        key_of(2, 3, kind="CloudTrail-Insight"),
        f"AWSLogs/backup/of/{key_of(3, 4)}",  # the prefix has a folder of that name itself
        "elsewhere/copied.json.gz",
        "top.json.gz",
    ]
    bucket = bucket_of(*keys)
    for service in ("vpcflowlogs", "Config", "elasticloadbalancing"):
        bucket.put(f"AWSLogs/{ACCOUNT}/{service}/us-east-1/2026/02/01/x.gz", b"?", AT)
    bucket.put(f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/2026/02/01/x.json.gz", b"?", AT)
    bucket.put(f"AWSLogs/{ACCOUNT}/", b"", AT)
    cloud.put(bucket)
    done = ingest(cloud, tmp_path)
    assert (done.code, told(done)["faults"]) == (0, [])
    assert numbers(tmp_path) == set(range(7))
    assert told(done)["refused"] == {"folder-of-another-service": 3}
    assert cloud.count("GetObject") == 7
    places = select(tmp_path / "store", "SELECT DISTINCT source_file FROM cloudtrail_logs ORDER BY 1")
    assert places == [(f"s3://{NAME}/{key}",) for key in sorted(keys)]


def test_a_second_run_reads_what_is_new_and_what_has_changed_whatever_its_name(cloud: Cloud, tmp_path: Path) -> None:
    bucket = bucket_of(key_of(1, 500), key_of(1, 600))
    cloud.put(bucket)
    assert ingest(cloud, tmp_path).code == 0
    assert (cloud.count("GetObject"), told(ingest(cloud, tmp_path))["files_known"]) == (2, 2)
    assert cloud.count("GetObject") == 2
    bucket.put(key_of(1, 400), log(7), AT)  # late, and before the others in the listing
    bucket.rewrite(key_of(1, 600), log(8))  # as long and as old as it was
    cloud.put(bucket)
    assert told(ingest(cloud, tmp_path))["files_read"] == 2
    assert numbers(tmp_path) == {0, 1, 7, 8}


def test_days_accounts_and_regions_are_chosen_before_anything_is_listed(cloud: Cloud, tmp_path: Path) -> None:
    keys = [key_of(day, day) for day in range(1, 9)] + [key_of(4, 20, OTHER), key_of(4, 21, region="eu-west-1")]
    cloud.put(bucket_of(*keys))
    span = ("--since", "2026-02-03T12:00Z", "--until", "2026-02-04", "--account", ACCOUNT, "--region", "us-east-1")
    done = ingest(cloud, tmp_path, *span)
    assert done.code == 0
    # A day before, for clocks that differ; a day after, since files are late.
    assert numbers(tmp_path) == {1, 2, 3, 4}
    assert cloud.count("GetObject") == 4
    listed = cloud.count("ListObjectsV2")
    ingest(cloud, tmp_path, *span, "--late", "3")
    assert numbers(tmp_path) == {1, 2, 3, 4, 5, 6}
    assert listed <= 12


def test_an_account_that_the_store_knows_by_name_is_chosen_by_it(cloud: Cloud, tmp_path: Path) -> None:
    cloud.put(bucket_of(key_of(1, 0), key_of(1, 1, OTHER)))
    (tmp_path / "names.csv").write_text(f"account,name\n{OTHER},dev\n")
    assert ingest(cloud, tmp_path, "--account", ACCOUNT).code == 0
    assert piped("accounts", "--from", "names.csv", "--store", "store", folder=tmp_path).code == 0
    assert ingest(cloud, tmp_path, "--account", "DEV").code == 0
    assert numbers(tmp_path) == {0, 1}
    done = ingest(cloud, tmp_path, "--account", "prod")
    assert (done.code, done.out) == (2, "")
    assert "no account that the store knows is called 'prod'" in done.err


def test_a_prefix_is_a_folder_or_one_object(cloud: Cloud, tmp_path: Path) -> None:
    cloud.put(bucket_of("logs/a.json.gz", "logs-of-another/b.json.gz", "logs"))
    assert ingest(cloud, tmp_path, source=f"s3://{NAME}/logs").code == 0
    assert numbers(tmp_path) == {0, 2}
    deep = bucket_of(key_of(1, 0), key_of(2, 1))
    cloud.put(deep)
    other = tmp_path / "other"
    other.mkdir()
    ingest(cloud, other, source=f"s3://{NAME}/{key_of(2, 1).rpartition('/')[0]}")
    assert numbers(other) == {1}


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_odd_keys_are_read_or_told(jobs: str, cloud: Cloud, tmp_path: Path) -> None:
    odd = ["a b/ü😀.json.gz", "a+b%2Bc%.json.gz", "x//y.json.gz", "-.json.gz", "back\\slash.json.gz", "\t.json.gz"]
    cloud.put(bucket_of(*odd, "up/../over.json.gz", "./here.json.gz"))
    done = ingest(cloud, tmp_path, "--jobs", jobs)
    assert done.code == 3
    assert numbers(tmp_path) == set(range(6))
    assert kinds(done) == ["s3.unreadable"] * 2


def test_objects_that_cannot_be_read_are_told_and_all_others_are_read(cloud: Cloud, tmp_path: Path) -> None:
    keys = [key_of(1, number) for number in range(8)]
    cloud.put(bucket_of(*keys))
    cloud.trouble(keys[0], DENIED)
    cloud.trouble(keys[1], KMS_DENIED)
    cloud.trouble(keys[2], ARCHIVED)
    cloud.trouble(keys[3], Refusal("403 Forbidden", "ExpiredToken", "The provided token has expired."))
    cloud.trouble(keys[4], Cut(1))
    cloud.trouble(keys[5], slow_down(2))
    cloud.trouble(keys[6], Refusal("404 Not Found", "NoSuchKey", "The specified key does not exist."))
    done = ingest(cloud, tmp_path)
    assert done.code == 3
    assert kinds(done) == ["s3.archived", "s3.denied", "s3.denied", "s3.kms", "s3.missing"]
    assert numbers(tmp_path) == {4, 5, 7}
    cloud.reset()
    cloud.put(bucket_of(*keys))
    done = ingest(cloud, tmp_path)
    assert (done.code, told(done)["files_read"], told(done)["files_known"]) == (0, 5, 3)
    assert numbers(tmp_path) == set(range(8))


def test_an_object_that_is_another_one_than_was_listed_is_told(cloud: Cloud, monkeypatch: Any, tmp_path: Path) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    bucket = bucket_of(key_of(1, 0))
    cloud.put(bucket)
    s3 = S3(f"s3://{NAME}")
    listed = list(find(s3, Wanted()))
    bucket.rewrite(key_of(1, 0), log(1))
    cloud.put(bucket)
    (body,) = bodies(listed, s3, tmp_path)  # type: ignore[arg-type]  # nothing else is there
    data, fault = body.whole()
    assert data == log(1)
    assert fault is not None
    assert fault.kind == "s3.changed"


@pytest.mark.slow
def test_a_large_archive_is_read_from_disk_and_nothing_is_left_there(cloud: Cloud, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("AWSLogs/x.json.gz", log(3))
        archive.writestr("noise.bin", random.Random(1).randbytes(5_000_000))
    bucket = Bucket(NAME)
    bucket.put("evidence.zip", packed.getvalue(), AT)
    cloud.put(bucket)
    done = ingest(cloud, tmp_path, source=f"s3://{NAME}/evidence.zip")
    assert (done.code, numbers(tmp_path)) == (0, {3})
    assert not list((tmp_path / "store").glob("*.spool"))
    cloud.trouble("evidence.zip", DENIED)
    bucket.put("evidence.zip", packed.getvalue() + b"\0", AT)
    cloud.put(bucket)
    assert kinds(ingest(cloud, tmp_path)) == ["s3.denied"]


def test_archived_objects_are_known_before_they_are_asked_for(cloud: Cloud, tmp_path: Path) -> None:
    keys = [key_of(1, number) for number in range(3)]
    cloud.put(bucket_of(*keys))
    cloud.archive(NAME, keys[1], "DEEP_ARCHIVE")
    done = ingest(cloud, tmp_path)
    assert (done.code, kinds(done), numbers(tmp_path)) == (3, ["s3.archived"], {0, 2})
    assert cloud.count("GetObject", keys[1]) == 0
    assert told(done)["archived"] == [{"storage_class": "DEEP_ARCHIVE", "objects": 1, "bytes": len(log(1))}]


@pytest.mark.slow
def test_archived_objects_are_restored_once_somebody_has_said_yes(cloud: Cloud, tmp_path: Path) -> None:
    keys = [key_of(1, number) for number in range(4)]
    cloud.put(bucket_of(*keys))
    for key in keys[:3]:
        cloud.archive(NAME, key, "GLACIER")
    done = ingest(cloud, tmp_path)
    assert "archived in GLACIER: 3 objects" in done.err
    assert "1 to 5 minutes (expedited), 3 to 5 hours (standard), 5 to 12 hours (bulk)" in done.err
    done = ingest(cloud, tmp_path, "--restore", "bulk")
    assert (done.code, "nobody is there to confirm it" in done.err, cloud.count("PostObject")) == (2, True, 0)
    cloud.trouble(keys[0], Refusal("409 Conflict", "RestoreAlreadyInProgress", "Object restore is in progress"))
    cloud.trouble(keys[1], Refusal("503 x", "GlacierExpeditedRetrievalNotAvailable", "Try again later"))
    done = ingest(cloud, tmp_path, "--restore", "expedited", "--yes")
    assert (done.code, cloud.count("PostObject", keys[2])) == (3, 1)
    assert "1 restores requested, 1 were under way, 1 refused" in done.err
    cloud.archive(NAME, keys[0], "DEEP_ARCHIVE")
    done = ingest(cloud, tmp_path, "--restore", "expedited", "--yes")
    assert (done.code, "cannot be restored as expedited" in done.err) == (2, True)


def test_what_was_restored_is_read_by_a_later_run(cloud: Cloud, monkeypatch: Any, tmp_path: Path) -> None:
    """The simulated S3 does not list the state of restores: what S3 says of it is put into its answer."""
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    cloud.put(bucket_of(key_of(1, 0)))
    cloud.archive(NAME, key_of(1, 0), "GLACIER")
    pages = S3.pages

    def answering(status: dict[str, Any]) -> Any:
        def asked(self: S3, operation: str, **words: Any) -> Any:
            for page in pages(self, operation, **words):
                yield page | {"Contents": [each | {"RestoreStatus": status} for each in page.get("Contents", ())]}

        return asked

    monkeypatch.setattr(S3, "pages", answering({"IsRestoreInProgress": True}))
    (found,) = find(S3(f"s3://{NAME}"), Wanted())
    assert isinstance(found, Archived)
    assert found.restoring
    restored = {"IsRestoreInProgress": False, "RestoreExpiryDate": AT}
    monkeypatch.setattr(S3, "pages", answering(restored))
    (found,) = find(S3(f"s3://{NAME}"), Wanted())
    assert not isinstance(found, Archived)


@pytest.mark.slow
def test_what_was_overwritten_or_deleted_is_read_as_it_was_and_told(cloud: Cloud, tmp_path: Path) -> None:
    keys = [key_of(1, number) for number in range(3)]
    bucket = bucket_of(*keys)
    bucket.put("state.json", b"{}", AT)
    cloud.put(bucket)
    cloud.keep_versions(NAME)
    cloud.overwrite(NAME, keys[0], log(10))
    cloud.delete(NAME, keys[1])
    cloud.overwrite(NAME, "state.json", b"[]")
    assert ingest(cloud, tmp_path).code == 0
    assert numbers(tmp_path) == {2, 10}
    done = ingest(cloud, tmp_path, "--versions")
    assert (done.code, kinds(done)) == (1, ["log.deleted", "log.overwritten"])
    assert numbers(tmp_path) == {0, 1, 2, 10}
    sources = select(tmp_path / "store", "SELECT DISTINCT source_file FROM cloudtrail_logs")
    assert sum("?versionId=" in source for (source,) in sources) == 2
    asked = cloud.count("GetObject")
    done = ingest(cloud, tmp_path, "--versions")
    assert (told(done)["events"], cloud.count("GetObject")) == (0, asked)
    told_so = "2 log files were overwritten or deleted in their bucket; see: ctaudit faults"
    for words in (
        ("timeline",),
        ("who-deleted", "nothing"),
        ("what-did", "nobody"),
        ("show", "event-0-0"),
        ("status",),
    ):
        lookup = piped(*words, "--store", "store", folder=tmp_path)
        assert told_so in lookup.err
        assert "could not be read" not in lookup.err
    listed = piped("faults", "--store", "store", folder=tmp_path)
    assert (listed.code, "log.overwritten" in listed.out, told_so in listed.err) == (1, True, True)
    assert piped("faults", "--store", "store", "--limit", "1", folder=tmp_path).code == 1
    assert piped("timeline", "--store", "store", folder=tmp_path).code == 0
    hours = json.loads(piped("coverage", "--store", "store", "--format", "json", folder=tmp_path).out)["hours"]
    assert hours["gap"] == 0  # all there was of them is read


@pytest.mark.slow
def test_a_bucket_that_cannot_be_listed_is_one_sentence(cloud: Cloud, tmp_path: Path) -> None:
    done = ingest(cloud, tmp_path, source="s3://no-such-bucket/x")
    assert (done.code, kinds(done)) == (4, ["s3.no_bucket"])
    cloud.put(bucket_of(key_of(1, 0)))
    cloud.trouble("", DENIED)
    done = ingest(cloud, tmp_path)
    assert (done.code, kinds(done)) == (4, ["s3.denied"])
    assert ingest(cloud, tmp_path, source="s3:///x").code == 2
    done = ingest(cloud, tmp_path, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert (done.code, done.err.splitlines()[0]) == (4, "ctaudit: there are no usable AWS credentials")


def test_a_role_is_taken_on_and_no_secret_is_told_or_kept(cloud: Cloud, tmp_path: Path) -> None:
    cloud.put(bucket_of(key_of(1, 0), key_of(1, 1)))
    cloud.trouble(key_of(1, 1), DENIED)
    words = ("--role-arn", f"arn:aws:iam::{OTHER}:role/auditor", "--external-id", "given-word")
    done = ingest(cloud, tmp_path, *words, "--debug", AWS_ENDPOINT_URL_STS=cloud.s3_url)
    assert (done.code, numbers(tmp_path)) == (3, {0})
    secrets = [cloud.environment["AWS_SECRET_ACCESS_KEY"], "given-word", "ASIA"]
    kept = [path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file()]
    for secret in secrets:
        assert secret not in done.out + done.err
        assert not any(secret.encode() in content for content in kept)
    assert cloud.gate.signers >= {"ASIA"}


def test_only_what_lies_in_aws_can_be_read_in_part(cloud: Cloud, tmp_path: Path) -> None:
    done = piped("ingest", ".", "--since", "7d", folder=tmp_path)
    assert (done.code, done.err.splitlines()[0]) == (2, "ctaudit: only what lies in AWS can be read in part")


def test_in_python(cloud: Cloud, monkeypatch: Any, tmp_path: Path) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    cloud.put(bucket_of(key_of(1, 0), key_of(5, 1)))
    from_s3 = ctaudit.FromS3(until=datetime(2026, 2, 2, tzinfo=UTC))
    assert ctaudit.ingest(tmp_path / "store", [f"s3://{NAME}"], from_s3=from_s3).events == 2


@pytest.mark.slow
def test_rows_from_a_bucket_are_proven_by_the_bucket(cloud: Cloud, tmp_path: Path) -> None:
    case = next(scenario for scenario in SCENARIOS if scenario.name == "clean").build()
    source = stage(cloud, case)
    ingest(cloud, tmp_path, source=source)
    done = piped("validate", "--store", "store", env=cloud.environment, folder=tmp_path)
    assert (done.code, f"ctaudit validate s3://{case.bucket.name}" in done.err) == (2, True)
    span = ("--since", stamp(case.since), "--until", stamp(case.until))
    assert piped("validate", source, *span, "--store", "store", env=cloud.environment, folder=tmp_path).code == 0
    rows = select(tmp_path / "store", "SELECT DISTINCT integrity FROM cloudtrail_logs")
    assert rows == [("proven",)]
