"""Two months of a small organization in which nothing happens, and calls to add to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.anomalies.simulated import DAY, HOUR, call

DAYS = 60
LAST = (DAYS - 1) * DAY
HOME, OTHER, PARTNER, STRANGER = "111122223333", "444455556666", "777788889999", "123456789012"
THIEF = "198.51.100.77"


def user(name: str, account: str = HOME, key: str | None = None) -> dict[str, Any]:
    arn = f"arn:aws:iam::{account}:user/{name}"
    identity = {"type": "IAMUser", "principalId": f"AIDA{name}", "arn": arn, "accountId": account, "userName": name}
    return identity | ({"accessKeyId": key} if key else {})


def role(name: str, account: str = HOME, session: str = "s") -> dict[str, Any]:
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    return {"type": "AssumedRole", "principalId": f"AROA{name}:{session}", "arn": arn, "accountId": account}


def made(identity: dict[str, Any], at: int, api: str, address: str, **fields: Any) -> dict[str, Any]:
    """Return a call; `api` as `iam:ListUsers`."""
    source, name = api.split(":")
    reads = name.startswith(("Get", "List", "Describe", "Assume"))
    account = str(identity.get("accountId", HOME))
    told = {"recipientAccountId": account, "sourceIPAddress": address, "readOnly": reads} | fields
    return call(at, name, source, userIdentity=identity, **told)


CI = user("ci-deploy", key="AKIACIDEPLOYEXAMPLE1")
OLD = user("old-backup", key="AKIAOLDBACKUPEXAMPLE")
ROBOT = user("robot", key="AKIAROBOTEXAMPLE0001")
MIA, ROOT = user("mia"), {"type": "Root", "principalId": HOME, "arn": f"arn:aws:iam::{HOME}:root", "accountId": HOME}
APP, BATCH, SHOP = role("app"), role("batch"), role("shop", OTHER)
GUEST = {"type": "AWSAccount", "principalId": "AIDAPARTNER", "accountId": PARTNER}


def usual() -> list[dict[str, Any]]:
    return [each for day in range(DAYS) for each in _day(day)]


def _day(day: int) -> Iterator[dict[str, Any]]:
    at = day * DAY
    for number, api in enumerate(("sts:GetCallerIdentity", "ecr:GetAuthorizationToken", "s3:GetObject")):
        yield made(CI, at + 2 * HOUR + 300 + number, api, "192.0.2.44")
        yield made(ROBOT, at + 5 * HOUR + number, api, "192.0.2.200")
    if day < 5:
        yield made(OLD, at + 4 * HOUR, "s3:PutObject", "192.0.2.60")
    for hour in range(0, 24, 3):
        yield made(APP, at + hour * HOUR + 60, "dynamodb:PutItem", "192.0.2.101", userAgent="Boto3/1.42")
        yield made(SHOP, at + hour * HOUR + 90, "sqs:SendMessage", "192.0.2.150", userAgent="Boto3/1.42")
        wandering = f"203.{(day * 7 + hour) % 90}.{day}.9"
        yield made(BATCH, at + hour * HOUR + 120, "s3:PutObject", wandering, userAgent="Boto3/1.42")
    for hour in range(9, 17):
        if day % 7 < 5:
            api = ("ec2:DescribeInstances", "iam:ListUsers", "ssm:PutParameter")[hour % 3]
            yield made(MIA, at + hour * HOUR + 600, api, "203.0.113.7")
    yield made(GUEST, at + 6 * HOUR, "sts:AssumeRole", "192.0.2.210", recipientAccountId=OTHER)
    if day % 7 == 0:
        yield login(MIA, at + 9 * HOUR, "203.0.113.7", mfa="Yes")


def login(identity: dict[str, Any], at: int, address: str, mfa: str = "No", came: str = "Success") -> dict[str, Any]:
    told = {"additionalEventData": {"MFAUsed": mfa}, "responseElements": {"ConsoleLogin": came}}
    return made(identity, at, "signin:ConsoleLogin", address, readOnly=False, eventType="AwsConsoleSignIn", **told)


def theft(identity: dict[str, Any], at: int, address: str = THIEF) -> list[dict[str, Any]]:
    """Return a look around with somebody's credentials, and a change."""
    apis = ("iam:ListRoles", "ec2:DescribeSnapshots", "s3:ListBuckets", "kms:ListKeys", "rds:DescribeDBInstances")
    told = {"userAgent": "Boto3/1.34.46 kali", "errorCode": "AccessDenied"}
    looked = [made(identity, at + number, api, address, **told) for number, api in enumerate(apis)]
    return [*looked, made(identity, at + 60, "lambda:CreateFunction20150331", address, userAgent="Boto3/1.34.46")]
