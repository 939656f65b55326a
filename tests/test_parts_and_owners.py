"""Deleting a part of a thing changes the thing: the difference between who deleted it and who changed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit import StoreError, UsageError
from tests.store.stores import put

pytestmark = pytest.mark.slow

PARTS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a user's key": ("iam", "DeleteAccessKey", {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "bob"}, "bob"),
    "a user's login": ("iam", "DeleteLoginProfile", {"userName": "bob"}, "bob"),
    "a role's policy": ("iam", "DeleteRolePolicy", {"policyName": "p", "roleName": "role-1"}, "role-1"),
    "a policy's version": (
        "iam",
        "DeletePolicyVersion",
        {"policyArn": "arn:aws:iam::111122223333:policy/pol", "versionId": "v2"},
        "pol",
    ),
    "a bucket's policy": ("s3", "DeleteBucketPolicy", {"bucketName": "bucket-1"}, "bucket-1"),
    "an object's tags": ("s3", "DeleteObjectTagging", {"bucketName": "bucket-1", "key": "k"}, "bucket-1/k"),
    "a table's route": (
        "ec2",
        "DeleteRoute",
        {"routeTableId": "rtb-0123456789abcdef0", "destinationCidrBlock": "0.0.0.0/0"},
        "rtb-0123456789abcdef0",
    ),
    "a cluster's service": ("ecs", "DeleteService", {"service": "web", "cluster": "prod"}, "prod"),
    "a user's boundary": ("iam", "DeleteUserPermissionsBoundary", {"userName": "bob"}, "bob"),
    "a function's concurrency": ("lambda", "DeleteFunctionConcurrency20171031", {"functionName": "fn-1"}, "fn-1"),
    "a function's address": ("lambda", "DeleteFunctionUrlConfig", {"functionName": "fn-1"}, "fn-1"),
    "a secret's policy": ("secretsmanager", "DeleteResourcePolicy", {"secretId": "secret-1"}, "secret-1"),
    "a repository's policy": ("ecr", "DeleteRepositoryPolicy", {"repositoryName": "repo-1"}, "repo-1"),
    "a vault's policy": ("backup", "DeleteBackupVaultAccessPolicy", {"backupVaultName": "vault-1"}, "vault-1"),
    "a bucket's block of public access": ("s3", "DeletePublicAccessBlock", {"bucketName": "bucket-1"}, "bucket-1"),
    "a key's material": (
        "kms",
        "DeleteImportedKeyMaterial",
        {"keyId": "1234abcd-12ab-34cd-56ef-1234567890ab"},
        "1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
    "a group's stream": ("logs", "DeleteLogStream", {"logGroupName": "group-1", "logStreamName": "s"}, "group-1"),
}


def record(number: int, source: str, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/eve", "accountId": "111122223333"},
        "eventTime": f"2026-03-11T00:00:{number:02}Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "requestParameters": parameters,
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
    }


def store_of(folder: Path, *calls: tuple[str, str, dict[str, Any]]) -> ctaudit.Store:
    put(folder / "log.json", [record(number, *call) for number, call in enumerate(calls)])
    ctaudit.ingest(folder / "store", [str(folder / "log.json")], jobs=1)
    return ctaudit.open(folder / "store")


@pytest.mark.parametrize(("source", "name", "parameters", "owner"), PARTS.values(), ids=PARTS)
def test_who_deletes_a_part_has_changed_its_owner(
    source: str, name: str, parameters: dict[str, Any], owner: str, tmp_path: Path
) -> None:
    store = store_of(tmp_path, (source, name, parameters))
    deleted = store.who_deleted(owner)
    assert deleted.rows == []
    assert "who-changed" in deleted.notes[0]
    assert [row["event_name"] for row in store.who_changed(owner)] == [name]


def test_the_part_itself_was_deleted(tmp_path: Path) -> None:
    _, name, parameters, _ = PARTS["a user's key"]
    store = store_of(tmp_path, ("iam", name, parameters))
    (row,) = store.who_deleted("AKIAIOSFODNN7EXAMPLE")
    assert (row["resource"], row["outcome"]) == ("AKIAIOSFODNN7EXAMPLE", "succeeded")


def test_each_dns_record_of_a_call_has_its_own_deed(tmp_path: Path) -> None:
    changes = [
        {"action": action, "resourceRecordSet": {"name": f"{name}.example.com.", "type": "A"}}
        for action, name in (("CREATE", "new"), ("DELETE", "old"), ("UPSERT", "www"))
    ]
    parameters = {"hostedZoneId": "Z1EXAMPLE", "changeBatch": {"changes": changes}}
    store = store_of(tmp_path, ("route53", "ChangeResourceRecordSets", parameters))
    deeds = {"deleted": store.who_deleted, "created": store.who_created, "changed": store.who_changed}
    found = {
        deed: [name for name in ("new", "old", "www") if len(ask(f"{name}.example.com"))] for deed, ask in deeds.items()
    }
    assert found == {"deleted": ["old"], "created": ["new"], "changed": ["www"]}
    assert [len(ask("Z1EXAMPLE")) for ask in deeds.values()] == [0, 0, 1]


def test_an_upload_may_have_changed_an_object(tmp_path: Path) -> None:
    store = store_of(tmp_path, ("s3", "PutObject", {"bucketName": "b-1", "key": "k"}))
    assert len(store.who_changed("b-1/k")) == len(store.who_created("b-1/k")) == 1


def test_several_targets_of_which_some_failed_are_a_partial_failure(tmp_path: Path) -> None:
    failing = record(1, "ec2", "DeleteFlowLogs", {"DeleteFlowLogsRequest": {"FlowLogId": [
        {"content": "fl-0aaa", "tag": 1}, {"content": "fl-0bbb", "tag": 2}]}})  # fmt: skip
    failing["responseElements"] = {"DeleteFlowLogsResponse": {"unsuccessful": {"item": {
        "error": {"code": "InvalidFlowLogId.NotFound", "message": "m"}, "resourceId": "fl-0bbb"}}}}  # fmt: skip
    put(tmp_path / "log.json", [failing])
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "log.json")], jobs=1)
    store = ctaudit.open(tmp_path / "store")
    answers = {thing: next(iter(store.who_deleted(thing))) for thing in ("fl-0aaa", "fl-0bbb", "fl-*")}
    assert {thing: (row["outcome"], row["error_code"]) for thing, row in answers.items()} == {
        "fl-0aaa": ("succeeded", None),
        "fl-0bbb": ("failed", "InvalidFlowLogId.NotFound"),
        "fl-*": ("succeeded", "PartialFailure"),
    }


def test_letters_written_as_escapes_are_found(tmp_path: Path) -> None:
    text = (put(tmp_path / "log.json", [record(1, "s3", "DeleteBucket", {"bucketName": "unescaped"})])).read_text()
    (tmp_path / "log.json").write_text(text.replace('"unescaped"', '"\\u0075nescaped"'))
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "log.json")], jobs=1)
    assert len(ctaudit.open(tmp_path / "store").who_deleted("unescaped")) == 1


def test_records_beside_a_container_are_kept(tmp_path: Path) -> None:
    import json

    one, two, three = (record(number, "s3", "DeleteBucket", {"bucketName": f"b-{number}"}) for number in range(3))
    two["Records"] = []
    (tmp_path / "log.json").write_text(json.dumps({"Records": [one], "more": {"Records": [two]}, "next": [three]}))
    assert ctaudit.ingest(tmp_path / "store", [str(tmp_path / "log.json")], jobs=1).events == 3


def test_a_catalog_that_is_gone_costs_no_segment(tmp_path: Path) -> None:
    store_of(tmp_path, ("s3", "DeleteBucket", {"bucketName": "b"}))
    (tmp_path / "store/ctaudit.duckdb").unlink()
    before = sorted(tmp_path.rglob("*.parquet"))
    with pytest.raises(StoreError, match="catalog"):
        ctaudit.ingest(tmp_path / "store", [str(tmp_path / "log.json")], jobs=1)
    assert sorted(tmp_path.rglob("*.parquet")) == before


def test_a_segment_that_is_not_the_one_written_is_not_believed(tmp_path: Path) -> None:
    store = store_of(tmp_path, ("s3", "DeleteBucket", {"bucketName": "b"}))
    (segment,) = (tmp_path / "store/events/date=2026-03-11").iterdir()
    (tmp_path / "store/events/date=unknown/empty.parquet").replace(segment)
    with pytest.raises(StoreError, match="segment"):
        store.who_deleted("b")


def test_a_mistyped_source_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        ctaudit.ingest(tmp_path / "store", [str(tmp_path / "nope")])
    assert not (tmp_path / "store").exists()


def test_a_replaced_file_with_its_time_set_back_is_read(tmp_path: Path) -> None:
    import os

    log = put(tmp_path / "log.json", [record(1, "s3", "DeleteBucket", {"bucketName": "b-1"})])
    ctaudit.ingest(tmp_path / "store", [str(log)], jobs=1)
    before = log.stat()
    log.write_text(log.read_text().replace("b-1", "b-2").replace("000000000001", "000000000002"))
    os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ctaudit.ingest(tmp_path / "store", [str(log)], jobs=1).events == 1
