"""Targets: every row of the table, the general rule, look-alikes that are no targets, and real records."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctaudit.records.arns import build_arn, names_of, parse_arn, partition_of, same_resource
from ctaudit.records.target_paths import PATHS
from ctaudit.records.targets import Target, targets
from ctaudit.records.verbs import Verb, bare_name, verb
from tests.records.synthetic import ACCOUNT, KEY_UUID, REGION, USER_ARN, any_json, places, record, with_value
from tests.records.target_rows import ELB, KEY, OTHERS, ROWS, S3_BUCKET, SECRET


def shown(made: Mapping[str, Any]) -> list[str]:
    return [target.name + ("*" if target.container else "") for target in targets(made)]


@pytest.mark.parametrize(
    ("made", "expected"), ROWS + OTHERS, ids=lambda x: x["eventName"] if isinstance(x, dict) else ""
)
def test_call_names_its_targets(made: dict[str, Any], expected: list[str]) -> None:
    assert shown(made) == expected


def test_every_destructive_row_of_the_table_has_a_record_here() -> None:
    tried = {(made["eventSource"].partition(".")[0], bare_name(made["eventName"])) for made, _ in ROWS + OTHERS}
    words = ("Delete", "Terminate", "Purge", "Schedule", "Revoke", "Release", "Deregister")
    # These services share their row with one that is tried.
    untried = {row for row in PATHS.keys() - tried if row[0] not in ("s3control", "macie2")}
    assert [row for row in untried if row[1].startswith(words)] == []


def test_arn_type_and_account_are_filled_in() -> None:
    (volume,) = targets(record("ec2", "DeleteVolume", {"volumeId": "vol-1"}))
    assert volume == Target("vol-1", f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-1", "AWS::EC2::Volume", ACCOUNT)


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_partition_follows_the_region(region: str, partition: str) -> None:
    assert partition_of(region) == partition
    (bucket,) = targets(record("s3", "DeleteBucket", {"bucketName": "b-1"}, awsRegion=region))
    assert bucket.arn == f"arn:{partition}:s3:::b-1"


def test_no_arn_is_made_up_from_what_is_not_known() -> None:
    assert build_arn("AWS::EC2::Volume", "vol-1", None, REGION) is None
    assert build_arn("AWS::EC2::Volume", "vol-1", ACCOUNT, None) is None
    assert build_arn("AWS::EC2::SecurityGroup", "web", ACCOUNT, REGION) is None
    assert build_arn("AWS::SecretsManager::Secret", "s", ACCOUNT, REGION) is None
    (queue,) = targets(record("sqs", "DeleteQueue", {"queueUrl": "https://sqs.us-east-1.amazonaws.com/444455556666/q"}))
    assert queue.arn == "arn:aws:sqs:us-east-1:444455556666:q"
    assert queue.account == "444455556666"


def test_bare_name_and_recorded_arn_are_one_target() -> None:
    found = targets(
        record(
            "ssm",
            "DeleteParameter",
            {"name": "/app/x"},
            resources=[{"ARN": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/x"}],
        )
    )
    assert [target.arn for target in found] == [f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/x"]
    response = {"dBInstanceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:prod"}
    assert shown(record("rds", "DeleteDBInstance", {"dBInstanceIdentifier": "PROD"}, responseElements=response)) == [
        "PROD"
    ]


def test_same_name_of_two_kinds_stays_two_targets() -> None:
    found = targets(record("iam", "RemoveRoleFromInstanceProfile", {"instanceProfileName": "app", "roleName": "app"}))
    assert [target.type for target in found] == ["AWS::IAM::InstanceProfile", "AWS::IAM::Role"]


def test_only_the_bucket_of_objects_and_the_table_of_items_are_containers() -> None:
    assert [t.container for t in targets(record("s3", "PutObject", {"bucketName": "b", "key": "k"}))] == [False, True]
    assert [t.container for t in targets(record("s3", "PutBucketAcl", {"bucketName": "b"}))] == [False]
    assert [t.container for t in targets(record("s3", "ListObjects", {"bucketName": "b"}))] == [False]
    assert [t.container for t in targets(record("dynamodb", "UpdateTable", {"tableName": "t"}))] == [False]
    assert [t.container for t in targets(record("ecs", "DeleteService", {"cluster": "c", "service": "s"}))] == [
        False,
        False,
    ]


def test_an_object_denied_is_known_from_resources_alone() -> None:
    made = record(
        "s3", "GetObject", None, errorCode="AccessDenied", resources=[S3_BUCKET, {"ARN": "arn:aws:s3:::logs-bucket/k"}]
    )
    assert shown(made) == ["logs-bucket/k", "logs-bucket*"]


NOTHING = [
    record("signin", "ConsoleLogin", None, responseElements={"ConsoleLogin": "Success"}),
    record("x", "DeleteX", {"clientToken": "abc", "dryRun": True, "description": "a thing", "force": "***"}),
    record("ec2", "CreateVpc", {"cidrBlock": "10.0.0.0/16", "instanceTenancy": "default"}, errorCode="X"),
    record("ec2", "RunInstances", {"imageId": "ami-1", "subnetId": "subnet-1", "keyName": "k"}, errorCode="X"),
    record(
        "organizations",
        "LeaveOrganization",
        None,
        errorCode="AccessDenied",
        errorMessage="User: x is not authorized to perform: organizations:LeaveOrganization on resource: * because",
    ),
    record(
        "ec2",
        "RunInstances",
        None,
        errorCode="Client.UnauthorizedOperation",
        errorMessage=f"not authorized: ec2:RunInstances on resource: arn:aws:ec2:{REGION}:{ACCOUNT}:instance/* because",
    ),
    record("iam", "DeleteAccessKey", None, errorCode="AccessDenied"),
]


@pytest.mark.parametrize("made", NOTHING, ids=lambda made: made["eventName"])
def test_call_that_names_nothing_has_no_targets(made: dict[str, Any]) -> None:
    assert shown(made) == []


SINGLE = [
    # The policy's resources, the key and the role it uses, the host and the tags are not what a call acts on.
    (
        record(
            "s3",
            "PutBucketPolicy",
            {
                "bucketName": "b",
                "Host": "b.s3.amazonaws.com",
                "bucketPolicy": {"Statement": [{"Resource": "arn:aws:s3:::other/*", "Principal": {"AWS": USER_ARN}}]},
            },
        ),
        ["b"],
    ),
    (
        record(
            "lambda",
            "CreateFunction20150331",
            {
                "functionName": "f",
                "role": f"arn:aws:iam::{ACCOUNT}:role/r",
                "kMSKeyArn": KEY["ARN"],
                "code": {"s3Bucket": "code", "s3Key": "x.zip"},
                "environment": {"variables": {"topicArn": "arn:aws:sns:eu-west-1:1:t"}},
                "tags": {"name": "n"},
            },
        ),
        ["f"],
    ),
    (
        record(
            "rds", "CreateDBInstance", {"dBInstanceIdentifier": "d", "kmsKeyId": KEY["ARN"], "dBSubnetGroupName": "g"}
        ),
        ["d"],
    ),
    (record("secretsmanager", "PutSecretValue", {"secretId": SECRET, "clientRequestToken": KEY_UUID}), ["db/main"]),
    (record("s3", "PutObject", {"bucketName": "b"}, resources=[S3_BUCKET, KEY]), ["b", "logs-bucket"]),
    (
        record(
            "ec2",
            "CreateSubnet",
            {"vpcId": "vpc-1"},
            responseElements={"subnet": {"subnetId": "subnet-1", "vpcId": "vpc-1"}},
        ),
        ["subnet-1"],
    ),
    (record("ses", "DeleteVerifiedEmailAddress", {"emailAddress": "a@example.org"}), ["a@example.org"]),
    (
        record("kms", "Decrypt", {"encryptionContext": {"SecretARN": SECRET}}, resources=[KEY], readOnly=True),
        [KEY_UUID],
    ),
]


@pytest.mark.parametrize(("made", "expected"), SINGLE, ids=lambda x: x["eventName"] if isinstance(x, dict) else "")
def test_noise_is_no_target(made: dict[str, Any], expected: list[str]) -> None:
    assert shown(made) == expected


def test_own_user_only_when_the_call_names_none_and_the_caller_is_one() -> None:
    role = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"}
    assert shown(record("iam", "CreateAccessKey", {"userName": "bob"})) == ["bob"]
    assert shown(record("iam", "ChangePassword", None)) == ["Alice"]
    assert shown(record("iam", "ChangePassword", None, userIdentity=role)) == []
    assert shown(record("iam", "ListUsers", None)) == []


@pytest.mark.parametrize(
    ("arn", "names"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/a/b/R", ("R", "a/b/R")),
        (f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/T/index/I", ("T/index/I",)),
        (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:F:live", ("F", "F:live")),
        (SECRET, ("db/main", "db/main-AbCdEf")),
        (f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/x:*", ("/aws/x",)),
        (f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/main", ("alias/main", "main")),
        (f"{ELB}:loadbalancer/app/web/50dc", ("web", "app/web/50dc")),
        (f"{ELB}:loadbalancer/classic", ("classic",)),
        (f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/a/b", ("a/b",)),
        (f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a/b", ("a/b",)),
        (f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:u-u:autoScalingGroupName/web", ("web",)),
        (f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/web/{KEY_UUID}", ("web", f"web/{KEY_UUID}", KEY_UUID)),
        ("arn:aws:s3:::b/k/l", ("b/k/l",)),
        (f"arn:aws:sns:{REGION}:{ACCOUNT}:topic", ("topic",)),
    ],
)
def test_names_of_a_resource(arn: str, names: tuple[str, ...]) -> None:
    parsed = parse_arn(arn)
    assert parsed is not None
    assert names_of(parsed) == names


def test_arn_round_trip_and_sameness() -> None:
    built = build_arn("AWS::IAM::Role", "R", ACCOUNT, REGION)
    assert built == f"arn:aws:iam::{ACCOUNT}:role/R"
    one, other = parse_arn(f"arn:aws:iam::{ACCOUNT}:role/service-role/r"), parse_arn(built)
    assert one is not None
    assert other is not None
    assert same_resource(one, other)
    assert not same_resource(one, other._replace(account="444455556666"))
    assert not same_resource(one, other._replace(resource="user/R"))


@settings(deadline=None)
@given(st.data())
def test_no_json_in_any_place_makes_it_raise(data: st.DataObject) -> None:
    made, _ = data.draw(st.sampled_from(ROWS + OTHERS))
    changed = with_value(made, data.draw(st.sampled_from(places(made))), data.draw(any_json))
    found = targets(changed)
    assert found == targets(changed)
    assert all(target.name for target in found)
    folded = [(target.type, target.name.lower(), target.arn) for target in found]
    assert len(folded) == len(set(folded))


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "requestParameters",
                "resources",
                "eventName",
                "eventSource",
                "errorMessage",
                "userIdentity",
                "responseElements",
                "serviceEventDetails",
                "additionalEventData",
                "eventType",
            ]
        ),
        any_json,
    )
)
def test_no_json_as_a_whole_makes_it_raise(made: dict[str, Any]) -> None:
    assert isinstance(targets(made), tuple)


def test_json_nested_deeper_than_python_recurses_does_not_raise() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = {"items": [deep]}
    for field in ("requestParameters", "responseElements", "resources", "serviceEventDetails"):
        assert (
            targets(
                record(
                    "s3",
                    "CreateX",
                    **{field: {"name": deep}} if field != "requestParameters" else {},
                    parameters={"name": deep},
                )
            )
            == ()
        )


def real_records() -> list[dict[str, Any]]:
    folder = Path(os.environ.get("CTAUDIT_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")
    files = sorted((folder / "invictus-ir_aws_dataset").rglob("*.json"))
    if not files:
        pytest.skip("the public invictus-ir data set is not here; CTAUDIT_SHARED_DATA names its folder")
    return [one for file in files for one in json.loads(file.read_bytes())["Records"]]


def test_every_real_destructive_call_with_parameters_has_a_target(capsys: pytest.CaptureFixture[str]) -> None:
    destructive = [one for one in real_records() if verb(one) is Verb.DESTROY and one["requestParameters"] is not None]
    assert len(destructive) >= 100
    assert [one["eventName"] for one in destructive if not targets(one)] == []
    assert capsys.readouterr() == ("", "")
