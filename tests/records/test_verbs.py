"""Verb classes: words, exceptions, parameters, and that narrowing by name never loses a record."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctaudit.records.verb_words import EXACT, PREFIXES, READ_PREFIXES, SWITCHES
from ctaudit.records.verbs import Verb, bare_name, noun_of, possible_verbs, verb
from tests.records.synthetic import any_json, record

NAMES = [
    ("DeleteBucket", Verb.DESTROY),
    ("DeleteFunction20150331", Verb.DESTROY),
    ("DeleteDistribution2020_05_31", Verb.DESTROY),
    ("BatchDeleteImage", Verb.DESTROY),
    ("AdminDeleteUser", Verb.DESTROY),
    ("TerminateInstances", Verb.DESTROY),
    ("DeregisterImage", Verb.DESTROY),
    ("ReleaseAddress", Verb.DESTROY),
    ("ReleaseHosts", Verb.DESTROY),
    ("ExpireSession", Verb.DESTROY),
    ("DropTable", Verb.DESTROY),
    ("WithdrawByoipCidr", Verb.DESTROY),
    ("ScheduleKeyDeletion", Verb.DESTROY),
    ("ScheduleVaultDeletion", Verb.DESTROY),
    ("AbortMultipartUpload", Verb.DESTROY),
    ("CloseAccount", Verb.DESTROY),
    ("LeaveOrganization", Verb.DESTROY),
    ("RemoveAccountFromOrganization", Verb.DESTROY),
    ("StartSecretVersionDelete", Verb.DESTROY),
    ("EndSecretVersionDelete", Verb.DESTROY),
    ("DeleteKey", Verb.DESTROY),
    ("DeleteObjects", Verb.DESTROY),
    ("DeleteBucketPolicy", Verb.DESTROY),
    ("DeleteTags", Verb.DETACH),
    ("UntagResource", Verb.DETACH),
    ("RemoveRoleFromInstanceProfile", Verb.DETACH),
    ("DetachVolume", Verb.DETACH),
    ("RevokeSecurityGroupIngress", Verb.DETACH),
    ("RetireGrant", Verb.DETACH),
    ("DeclineInvitations", Verb.DETACH),
    ("DisableKey", Verb.IMPAIR),
    ("StopLogging", Verb.IMPAIR),
    ("CancelRotateSecret", Verb.IMPAIR),
    ("ResetSnapshotAttribute", Verb.IMPAIR),
    ("CloseTunnel", Verb.IMPAIR),
    ("AbortVaultLock", Verb.IMPAIR),
    ("PutEventSelectors", Verb.IMPAIR),
    ("UpdateTrail", Verb.IMPAIR),
    ("PutRetentionPolicy", Verb.IMPAIR),
    ("CancelKeyDeletion", Verb.UNDO),
    ("CancelKeyDeletion20260131", Verb.UNDO),
    ("CancelSecretVersionDelete", Verb.UNDO),
    ("EnableKey", Verb.UNDO),
    ("RestoreSecret", Verb.UNDO),
    ("RestoreObject", Verb.UNDO),
    ("RestoreSnapshotFromRecycleBin", Verb.UNDO),
    ("UndeprecateDomain", Verb.UNDO),
    ("RestoreDBInstanceFromDBSnapshot", Verb.CREATE),
    ("RestoreTableFromBackup", Verb.CREATE),
    ("RestoreDBClusterToPointInTime", Verb.CREATE),
    ("RestoreDBInstanceFromS3", Verb.CREATE),
    ("RunInstances", Verb.CREATE),
    ("PutObject", Verb.CREATE),
    ("PublishVersion20150331", Verb.CREATE),
    ("RegisterImage", Verb.CREATE),
    ("EnableKeyRotation", Verb.MODIFY),
    ("PutBucketAcl", Verb.MODIFY),
    ("RotateKey", Verb.MODIFY),
    ("ScheduleRun", Verb.MODIFY),
    ("ReleaseFileSystemNfsV3Locks", Verb.MODIFY),
    ("GetFederationToken", Verb.OTHER),
    ("ConsoleLogin", Verb.OTHER),
    ("Publish", Verb.OTHER),
    ("ReleaseNotesViewed", Verb.OTHER),
    ("DropletBuilt", Verb.OTHER),
    ("Deleted", Verb.OTHER),
    ("Runtime", Verb.OTHER),
    ("CheckoutLicense", Verb.OTHER),
    ("", Verb.OTHER),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_name_gives_verb_when_not_read_only(name: str, expected: Verb) -> None:
    assert verb(record("x", name)) is expected


@pytest.mark.parametrize(
    "name", ["GetObject", "DescribeInstances", "BatchGetImage", "Decrypt", "AssumeRole", "HeadBucket"]
)
def test_old_record_without_read_only_is_read_by_its_name(name: str) -> None:
    assert verb({"eventName": name}) is Verb.READ


@pytest.mark.parametrize("flag", [True, "true", "True"])
def test_read_only_true_is_authoritative(flag: Any) -> None:
    assert verb(record("kms", "DeleteEverything", readOnly=flag)) is Verb.READ


@pytest.mark.parametrize("flag", [False, "false"])
def test_read_only_false_is_authoritative(flag: Any) -> None:
    assert verb(record("signin", "GetSigninToken", readOnly=flag)) is Verb.OTHER
    assert verb(record("x", "DescribeX", readOnly=flag)) is Verb.OTHER


EXPIRING = {"LifecycleConfiguration": {"Rule": {"Status": "Enabled", "Expiration": {"Days": 1}}}}
TIERING = {"LifecycleConfiguration": {"Rule": [{"Status": "Enabled", "Transition": {"Days": 1}}]}}
CASES: list[tuple[str, str, Any, Verb]] = [
    ("route53", "ChangeResourceRecordSets", {"changeBatch": {"changes": [{"action": "DELETE"}]}}, Verb.DESTROY),
    (
        "route53",
        "ChangeResourceRecordSets",
        {"changeBatch": {"changes": [{"action": "UPSERT"}, {"action": "DELETE"}]}},
        Verb.DESTROY,
    ),
    ("route53", "ChangeResourceRecordSets", {"changeBatch": {"changes": [{"action": "UPSERT"}]}}, Verb.MODIFY),
    ("s3", "PutBucketVersioning", {"VersioningConfiguration": {"Status": "Suspended"}}, Verb.IMPAIR),
    ("s3", "PutBucketVersioning", {"VersioningConfiguration": {"Status": "Enabled"}}, Verb.MODIFY),
    ("s3", "PutBucketLifecycle", EXPIRING, Verb.IMPAIR),
    ("s3", "PutBucketLifecycle", TIERING, Verb.MODIFY),
    ("s3", "PutObjectLegalHold", {"LegalHold": {"Status": "OFF"}}, Verb.IMPAIR),
    ("s3", "PutObjectLegalHold", {"LegalHold": {"Status": "ON"}}, Verb.MODIFY),
    ("s3", "PutObjectRetention", {"x-amz-bypass-governance-retention": "true"}, Verb.IMPAIR),
    ("s3", "PutObjectRetention", {"key": "a"}, Verb.MODIFY),
    ("rds", "ModifyDBInstance", {"deletionProtection": False}, Verb.IMPAIR),
    ("rds", "ModifyDBInstance", {"deletionProtection": True}, Verb.MODIFY),
    ("rds", "ModifyDBInstance", None, Verb.MODIFY),
    ("docdb", "ModifyDBInstance", {"deletionProtection": False}, Verb.MODIFY),
    ("ec2", "ModifyInstanceAttribute", {"disableApiTermination": {"value": False}}, Verb.IMPAIR),
    ("ec2", "ModifyInstanceAttribute", {"disableApiTermination": {"value": True}}, Verb.MODIFY),
    ("ec2", "ModifyInstanceAttribute", {"attribute": "disableApiTermination", "value": "false"}, Verb.IMPAIR),
    ("ec2", "ModifyInstanceAttribute", {"attribute": "sourceDestCheck", "value": "false"}, Verb.MODIFY),
    ("guardduty", "UpdateDetector", {"detectorId": "1", "enable": False}, Verb.IMPAIR),
    ("guardduty", "UpdateDetector", {"detectorId": "1", "enable": True}, Verb.MODIFY),
]


@pytest.mark.parametrize(("source", "name", "parameters", "expected"), CASES)
def test_parameters_decide_where_the_name_cannot(source: str, name: str, parameters: Any, expected: Verb) -> None:
    assert verb(record(source, name, parameters)) is expected


def test_images_expired_by_policy_are_destroyed_and_an_idle_policy_run_is_not() -> None:
    actions = {"lifecycleEventImageActions": [{"lifecycleEventImage": {"digest": "sha256:aa"}}]}
    assert verb(record("ecr", "PolicyExecutionEvent", serviceEventDetails=actions)) is Verb.DESTROY
    idle: dict[str, Any] = {"lifecycleEventImageActions": []}
    assert verb(record("ecr", "PolicyExecutionEvent", serviceEventDetails=idle)) is Verb.OTHER


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("DeleteFunction20150331", "DeleteFunction"),
        ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
        ("DeleteDistribution2020_05_31", "DeleteDistribution"),
        ("PutRecord2", "PutRecord2"),
        ("20150331", "20150331"),
    ],
)
def test_api_date_is_cut(name: str, bare: str) -> None:
    assert bare_name(name) == bare


@pytest.mark.parametrize(
    ("bare", "noun"), [("DeleteDBInstance", "dbinstance"), ("AdminDeleteUser", "user"), ("Invoke", ""), ("", "")]
)
def test_noun_is_what_the_name_acts_on(bare: str, noun: str) -> None:
    assert noun_of(bare) == noun


WORDS = sorted({w for words in (*PREFIXES.values(), *EXACT.values(), READ_PREFIXES) for w in words.split()})
names = st.sampled_from([n for _, n in SWITCHES]) | st.builds(
    lambda prefix, word, rest, date: prefix + word + rest + date,
    st.sampled_from(["", "Batch", "Admin"]),
    st.sampled_from(WORDS),
    st.sampled_from(["", "Thing", "ment", "KeyDeletion", "DBFromSnapshot", "ToPointInTime"]),
    st.sampled_from(["", "20150331", "2020_05_31"]),
)
sources = st.sampled_from(sorted({s for s, _ in SWITCHES})).map(lambda s: f"{s}.amazonaws.com")
switching = st.sampled_from([parameters for _, _, parameters, _ in CASES])


@settings(deadline=None)
@given(
    source=sources | st.none(), name=names | st.none(), flag=st.none() | st.booleans(), parameters=switching | any_json
)
def test_verb_is_among_the_possible_ones(
    source: str | None, name: str | None, flag: bool | None, parameters: Any
) -> None:
    made = {"eventSource": source, "eventName": name, "readOnly": flag, "requestParameters": parameters}
    assert verb(made) in possible_verbs(source, name, flag)


def test_possible_verbs_are_both_where_parameters_decide_and_one_elsewhere() -> None:
    assert possible_verbs("s3.amazonaws.com", "PutBucketVersioning", False) == {Verb.MODIFY, Verb.IMPAIR}
    assert possible_verbs("s3.amazonaws.com", "DeleteBucket", None) == {Verb.DESTROY}
    assert possible_verbs("s3.amazonaws.com", "DeleteBucket", True) == {Verb.READ}


@settings(deadline=None)
@given(any_json, any_json, any_json, any_json)
def test_no_json_makes_it_raise(source: Any, name: Any, flag: Any, parameters: Any) -> None:
    made = {"eventSource": source, "eventName": name, "readOnly": flag, "requestParameters": parameters}
    assert isinstance(verb(made), Verb)
