"""A bucket's settings: versions, locks, lifecycle rules, and who comes in beside the policy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ctaudit.posture.bucket_checks import bucket_checks
from ctaudit.posture.facts import Bucket, Fact, Unknown

DENIED = Unknown("AWS refuses access")
OWNER_GRANT = {"Grantee": {"Type": "CanonicalUser", "ID": "me"}, "Permission": "FULL_CONTROL"}
ON = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
GOOD: dict[str, Fact] = {
    "versioning": {"Status": "Enabled", "MFADelete": "Enabled"},
    "object_lock": None,
    "lifecycle": None,
    "policy_status": {"PolicyStatus": {"IsPublic": False}},
    "encryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        }
    },
    "public_access_block": {"PublicAccessBlockConfiguration": ON},
    "ownership": None,
    "acl": {"Owner": {"ID": "me"}, "Grants": [OWNER_GRANT]},
}
ALL_USERS = {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}}
DELIVERY = {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}}
STRANGER = {"Grantee": {"Type": "CanonicalUser", "ID": "someone"}}


def lock(mode: str, **period: int) -> dict[str, Any]:
    rule = {"DefaultRetention": {"Mode": mode, **period}}
    return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": rule}}


def rule(**more: Any) -> dict[str, Any]:
    return {"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {}} | more]}


def acl(*more: Any) -> dict[str, Any]:
    return {"Owner": {"ID": "me"}, "Grants": [OWNER_GRANT, *more]}


def judged(prefix: str = "", /, **facts: Fact) -> dict[str, str]:
    """Return the checks and their status."""
    checks = bucket_checks(Bucket("logs", prefix, "111122223333", GOOD | facts), 365)
    return {each.id.removeprefix("bucket."): each.status.value for each in checks}


def not_passed(prefix: str = "", /, **facts: Fact) -> dict[str, str]:
    return {name: status for name, status in judged(prefix, **facts).items() if status != "pass"}


def test_without_a_lock_that_alone_fails() -> None:
    assert not_passed() == {"object_lock": "fail"}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"object_lock": lock("COMPLIANCE", Days=365)}, {}),
        ({"object_lock": lock("COMPLIANCE", Days=0, Years=1)}, {}),
        ({"object_lock": lock("COMPLIANCE", Days=364, Years=0)}, {"lock_days": "fail"}),
        ({"object_lock": lock("GOVERNANCE", Days=365)}, {"lock_mode": "fail"}),
        ({"object_lock": {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}}, {"object_lock": "fail"}),
        ({"object_lock": DENIED}, dict.fromkeys(["object_lock", "lock_mode", "lock_days"], "unknown")),
        ({"versioning": {}}, {"object_lock": "fail", "versioning": "fail", "mfa_delete": "fail"}),
        (
            {"versioning": {"Status": "Suspended", "MFADelete": "Enabled"}},
            {"object_lock": "fail", "versioning": "fail"},
        ),
        ({"versioning": {"Status": "Enabled"}, "object_lock": lock("COMPLIANCE", Days=400)}, {}),
        ({"versioning": DENIED, "object_lock": lock("COMPLIANCE", Days=400)}, {"versioning": "unknown"}),
        ({"versioning": DENIED}, {"object_lock": "fail", "versioning": "unknown", "mfa_delete": "unknown"}),
    ],
)
def test_versions_and_locks(facts: dict[str, Fact], expected: dict[str, str]) -> None:
    assert not_passed(**facts) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (rule(Expiration={"Days": 364}), {"lifecycle": "fail"}),
        (rule(Expiration={"Days": 365}), {}),
        (rule(Expiration={"Date": datetime(2030, 1, 1, tzinfo=UTC)}), {"lifecycle": "fail"}),
        (rule(Expiration={"ExpiredObjectDeleteMarker": True}), {}),
        (rule(Expiration={"Days": 1}, Status="Disabled"), {}),
        (rule(NoncurrentVersionExpiration={"NoncurrentDays": 30}), {"noncurrent": "fail"}),
        (rule(NoncurrentVersionExpiration={"NoncurrentDays": 400}), {}),
        (rule(Transitions=[{"Days": 30, "StorageClass": "GLACIER"}]), {}),
        (rule(Expiration={"Days": 1}, Filter={"Prefix": "AWSLogs/111122223333/"}), {"lifecycle": "fail"}),
        (rule(Expiration={"Days": 1}, Filter={"Prefix": "AWS"}), {"lifecycle": "fail"}),
        (rule(Expiration={"Days": 1}, Filter={"Prefix": "tmp/"}), {}),
        (rule(Expiration={"Days": 1}, Prefix="tmp/", Filter=None), {}),
        (rule(Expiration={"Days": 1}, Prefix="", Filter=None), {"lifecycle": "fail"}),
        (rule(Expiration={"Days": 1}, Filter={"And": {"Prefix": "tmp/", "Tags": [{"Key": "a", "Value": "b"}]}}), {}),
        (rule(Expiration={"Days": 1}, Filter={"Tag": {"Key": "a", "Value": "b"}}), {"lifecycle": "unknown"}),
        (rule(Expiration={"Days": 1}, Filter={"ObjectSizeGreaterThan": 100}), {"lifecycle": "unknown"}),
        (DENIED, {"lifecycle": "unknown", "noncurrent": "unknown"}),
    ],
)
def test_lifecycle_rules(given: Fact, expected: dict[str, str]) -> None:
    assert not_passed(lifecycle=given) == {"object_lock": "fail"} | expected


def test_rules_for_another_prefix_than_the_trails() -> None:
    short = rule(Expiration={"Days": 1}, Filter={"Prefix": "one/"})
    assert "lifecycle" in not_passed("one/", lifecycle=short)
    assert "lifecycle" not in not_passed("two/", lifecycle=short)


OPEN: dict[str, Fact] = {"public_access_block": None, "policy_status": {"PolicyStatus": {"IsPublic": True}}}
NOBODY: dict[str, Fact] = {"public_access_block": None, "policy_status": None}


@pytest.mark.parametrize(
    ("facts", "public"),
    [
        (OPEN, "fail"),
        (NOBODY, "pass"),
        (NOBODY | {"acl": acl(ALL_USERS)}, "fail"),
        (OPEN | {"public_access_block": DENIED}, "unknown"),
        (NOBODY | {"policy_status": DENIED}, "unknown"),
        (NOBODY | {"policy_status": {}}, "unknown"),
        (NOBODY | {"acl": DENIED}, "unknown"),
        (
            {
                "public_access_block": {"PublicAccessBlockConfiguration": ON | {"RestrictPublicBuckets": False}},
                "acl": acl(ALL_USERS),
            },
            "pass",
        ),
        (OPEN | {"public_access_block": {"PublicAccessBlockConfiguration": ON}, "acl": acl(ALL_USERS)}, "pass"),
        (OPEN | {"public_access_block": {"PublicAccessBlockConfiguration": ON | {"BlockPublicAcls": False}}}, "pass"),
        (
            OPEN | {"public_access_block": {"PublicAccessBlockConfiguration": ON | {"RestrictPublicBuckets": False}}},
            "fail",
        ),
    ],
)
def test_the_public(facts: dict[str, Fact], public: str) -> None:
    assert judged(**facts)["public"] == public


@pytest.mark.parametrize(
    ("fact", "status"),
    [
        (None, "fail"),
        ({"PublicAccessBlockConfiguration": ON | {"IgnorePublicAcls": False}}, "fail"),
        ({"PublicAccessBlockConfiguration": {}}, "fail"),
        (DENIED, "unknown"),
        ({"PublicAccessBlockConfiguration": ON}, "pass"),
    ],
)
def test_the_block(fact: Fact, status: str) -> None:
    assert judged(public_access_block=fact)["public_access_block"] == status


@pytest.mark.parametrize(
    ("given", "ownership", "status"),
    [
        (acl(), None, "pass"),
        (acl(DELIVERY), None, "pass"),
        (acl(STRANGER), None, "fail"),
        (acl(ALL_USERS), None, "fail"),
        (acl(STRANGER), {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}, "pass"),
        (acl(STRANGER), {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}}, "fail"),
        (acl(STRANGER), DENIED, "fail"),  # where ACLs are turned off, S3 shows none of their grantees
        (acl(), DENIED, "pass"),
        (DENIED, None, "unknown"),
    ],
)
def test_the_acl(given: Fact, ownership: Fact, status: str) -> None:
    assert judged(acl=given, ownership=ownership)["acl"] == status


@pytest.mark.parametrize(("fact", "status"), [(None, "fail"), (DENIED, "unknown"), (GOOD["encryption"], "pass")])
def test_encryption(fact: Fact, status: str) -> None:
    assert judged(encryption=fact)["encryption"] == status
