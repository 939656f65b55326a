"""Thirteen events of one bad night, small enough to know by heart: what the questions of the conformance suite ask."""

from __future__ import annotations

from typing import Any

A, B = "111122223333", "444455556666"
MIA = {
    "type": "IAMUser", "principalId": "AIDAMIA", "arn": f"arn:aws:iam::{A}:user/mia", "accountId": A, "userName": "mia",
    "accessKeyId": "AKIAMIA",
}  # fmt: skip
BOB = MIA | {"principalId": "AIDABOB", "arn": f"arn:aws:iam::{A}:user/bob", "userName": "bob", "accessKeyId": None}
EVE = MIA | {"principalId": "AIDAEVE", "arn": f"arn:aws:iam::{A}:user/eve", "userName": "eve", "accessKeyId": "AKIAEVE"}
ROOT = {"type": "Root", "principalId": A, "arn": f"arn:aws:iam::{A}:root", "accountId": A}
ADMIN = {
    "type": "AssumedRole", "principalId": "AROAADMIN:x", "arn": f"arn:aws:sts::{B}:assumed-role/admin/x", "accountId": B,
    "accessKeyId": "ASIAADMIN",
    "sessionContext": {
        "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-03-11T10:30:00Z"},
        "sessionIssuer": {
            "type": "Role", "principalId": "AROAADMIN", "arn": f"arn:aws:iam::{B}:role/admin", "accountId": B,
            "userName": "admin",
        },
    },
}  # fmt: skip
S3 = {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}


def _event(number: int, time: str | None, source: str, name: str, who: dict[str, Any], **more: Any) -> dict[str, Any]:
    plain = {
        "eventVersion": "1.11",
        "userIdentity": who,
        "eventTime": time,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.10",
        "userAgent": "aws-cli/2.15",
        "eventID": f"e{number:02}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "recipientAccountId": A,
        "eventCategory": "Management",
        "managementEvent": True,
    }
    return plain | more


def _bucket(number: int, time: str, name: str, bucket: str, **more: Any) -> dict[str, Any]:
    resources = [{"type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}", "accountId": B}]
    asked = {"bucketName": bucket, "Host": f"{bucket}.s3.amazonaws.com"} | more.pop("asked", {})
    place = {"awsRegion": "eu-west-1", "recipientAccountId": B, "sourceIPAddress": "198.51.100.7"}
    return _event(
        number, time, "s3", name, ADMIN, **place | {"requestParameters": asked, "resources": resources} | more
    )


def _object(number: int, time: str, key: str, size: int) -> dict[str, Any]:
    resources = [
        {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::payroll/{key}"},
        {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::payroll", "accountId": B},
    ]
    return _bucket(
        *(number, time, "GetObject", "payroll"),
        asked={"key": key, "x-amz-acl": "private"},
        resources=resources,
        additionalEventData={"bytesTransferredOut": size, "bytesTransferredIn": 0},
        readOnly=True,
        eventCategory="Data",
        managementEvent=False,
    )


_SIGNIN = {"eventType": "AwsConsoleSignIn", "userAgent": "Mozilla/5.0"}
_NEW_USER = {"user": {"userName": "eve", "userId": "AIDAEVE", "arn": f"arn:aws:iam::{A}:user/eve"}}
_NEW_KEY = {"accessKey": {"userName": "eve", "accessKeyId": "AKIAEVE", "status": "Active"}}
_ROLE = f"arn:aws:iam::{B}:role/admin"
_ITEMS = {"items": [{"imageId": "ami-1", "minCount": 1, "maxCount": 3}, {"imageId": "ami-2", "minCount": 1}]}

EVENTS: tuple[dict[str, Any], ...] = (
    _event(
        1, "2026-03-10T08:00:00Z", "signin", "ConsoleLogin", MIA, **_SIGNIN,
        responseElements={"ConsoleLogin": "Success"}, additionalEventData={"MFAUsed": "No", "MobileVersion": "No"},
    ),
    _event(
        2, "2026-03-10T09:15:00Z", "signin", "ConsoleLogin", BOB, **_SIGNIN, sourceIPAddress="198.51.100.7",
        responseElements={"ConsoleLogin": "Failure"}, additionalEventData={"MFAUsed": "Yes"},
        errorMessage="Failed authentication",
    ),
    _event(
        3, "2026-03-11T10:00:00Z", "iam", "CreateUser", MIA,
        requestParameters={"userName": "eve"}, responseElements=_NEW_USER,
    ),
    _event(
        4, "2026-03-11T10:05:00Z", "iam", "CreateAccessKey", MIA,
        requestParameters={"userName": "eve"}, responseElements=_NEW_KEY,
    ),
    _event(
        5, "2026-03-11T10:30:00Z", "sts", "AssumeRole", EVE, awsRegion="eu-west-1", readOnly=True,
        sourceIPAddress="2001:db8::1",
        requestParameters={"roleArn": _ROLE, "roleSessionName": "x", "durationSeconds": 3600},
        resources=[{"ARN": _ROLE, "accountId": B, "type": "AWS::IAM::Role"}],
    ),
    _bucket(6, "2026-03-11T11:00:00Z", "DeleteBucket", "payroll"),
    _bucket(7, "2026-03-11T11:01:00Z", "DeleteBucket", "logs", errorCode="AccessDenied", errorMessage="Access Denied"),
    _object(8, "2026-03-12T00:00:00Z", "a/b.csv", 1500),
    _object(9, "2026-03-12T00:30:00Z", "a/c.csv", 2500),
    _event(
        10, "2026-03-12T12:00:00Z", "ec2", "RunInstances", ROOT, sourceIPAddress="AWS Internal",
        errorCode="Client.UnauthorizedOperation", requestParameters={"instancesSet": _ITEMS, "instanceType": "m5.large"},
    ),
    _event(
        11, "2026-03-12T13:00:00Z", "cloudtrail", "StopLogging", ROOT, sourceIPAddress="10.1.2.3",
        requestParameters={"name": f"arn:aws:cloudtrail:us-east-1:{A}:trail/main"},
    ),
    _event(
        12, "2026-04-01T00:00:00Z", "kms", "Decrypt", S3, sourceIPAddress="s3.amazonaws.com", readOnly=True,
        userAgent="s3.amazonaws.com",
        requestParameters={"keyId": "k-1", "encryptionContext": {"aws:s3:arn": "arn:aws:s3:::payroll"}},
        resources=[{"ARN": f"arn:aws:kms:us-east-1:{A}:key/k-1", "accountId": A, "type": "AWS::KMS::Key"}],
    ),
    _event(13, None, "odd", "Odd", MIA),
)  # fmt: skip
"""By the last two digits of their ids; the thirteenth has no time."""
