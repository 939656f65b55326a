"""Principals, clients, and asking for someone in any way they are known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctaudit.records.identity import client, is_service_made, matches_who, principal, who_needle
from tests.records.synthetic import ACCOUNT, USER_ARN, any_json, assumed_role, places, record, with_value

SESSION = "alice@example.org"
BY_USER = record("s3", "DeleteBucket")
BY_ROLE = record("s3", "DeleteBucket", userIdentity=assumed_role("App", SESSION, path="/team/"))
BY_ROOT = record(
    "s3",
    "DeleteBucket",
    userIdentity={"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT},
)
BY_SERVICE = record(
    "sts",
    "AssumeRole",
    userIdentity={"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
    sourceIPAddress="ec2.amazonaws.com",
    userAgent="ec2.amazonaws.com",
)
BY_OTHER_ACCOUNT = record(
    "sts", "AssumeRole", userIdentity={"type": "AWSAccount", "principalId": "AIDAOTHER", "accountId": "444455556666"}
)
BY_IDENTITY_CENTER = record(
    "sso",
    "GetRoleCredentials",
    userIdentity={
        "type": "IdentityCenterUser",
        "accountId": ACCOUNT,
        "onBehalfOf": {"userId": "544894e8-80c1-707f-60e3"},
    },
    sourceIPAddress="2001:db8::7",
)
BY_EVENT = record(
    "kms", "RotateKey", eventType="AwsServiceEvent", userIdentity={"accountId": ACCOUNT, "invokedBy": "AWS Internal"}
)
FORWARDED = record(
    "kms",
    "Decrypt",
    userIdentity={**BY_USER["userIdentity"], "invokedBy": "secretsmanager.amazonaws.com"},
    sourceIPAddress="secretsmanager.amazonaws.com",
)
SWITCHED = record(
    "signin",
    "SwitchRole",
    eventType="AwsConsoleSignIn",
    userIdentity={
        "type": "AssumedRole",
        "principalId": "AROAX:Bob",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/Bob",
    },
    additionalEventData={"SwitchFrom": f"arn:aws:iam::{ACCOUNT}:user/Carol"},
)
EVERYONE = [
    BY_USER,
    BY_ROLE,
    BY_ROOT,
    BY_SERVICE,
    BY_OTHER_ACCOUNT,
    BY_IDENTITY_CENTER,
    BY_EVENT,
    FORWARDED,
    SWITCHED,
    record("x", "Y", userIdentity={**assumed_role("App", SESSION), "sessionContext": {"sourceIdentity": "dave"}}),
]


def test_principal_of_a_user() -> None:
    found = principal(BY_USER)
    assert (found.arn, found.type, found.name) == (USER_ARN, "IAMUser", "Alice")
    assert (found.account, found.access_key_id) == (ACCOUNT, "AKIAIOSFODNN7EXAMPLE")
    assert (found.role_name, found.session_name) == (None, None)


def test_principal_of_a_role_session_tells_role_session_and_issuer() -> None:
    found = principal(BY_ROLE)
    assert (found.role_name, found.session_name, found.name) == ("App", SESSION, SESSION)
    assert found.issuer_arn == f"arn:aws:iam::{ACCOUNT}:role/team/App"


@pytest.mark.parametrize(
    ("identity", "arn"),
    [
        ({"type": "AWSService", "invokedBy": "ec2.amazonaws.com", "accountId": "1"}, "ec2.amazonaws.com"),
        ({"type": "AWSAccount", "principalId": "AIDAX", "accountId": "1"}, "AIDAX"),
        ({"type": "Unknown", "userName": "u", "accountId": "1"}, "u"),
        ({"type": "IdentityCenterUser", "accountId": "1"}, "1"),
        ({"type": "IAMUser", "arn": ""}, None),
        ({}, None),
        (None, None),
        ("alice", None),
    ],
)
def test_without_an_arn_the_best_recorded_stand_in_is_used(identity: Any, arn: str | None) -> None:
    assert principal(record("x", "Y", userIdentity=identity)).arn == arn


def test_service_event_without_type_is_a_service() -> None:
    assert principal(BY_EVENT).type == "AWSService"
    assert principal(record("x", "Y", userIdentity={"accountId": ACCOUNT})).type is None


def test_root_is_called_root() -> None:
    assert principal(BY_ROOT).name == "root"


CLI = "aws-cli/2.15.0 Python/3.11 exec-env/CloudShell"
CLIENTS: list[tuple[dict[str, Any], str]] = [
    ({}, "cli"),
    ({"userAgent": "[aws-cli/1.29]"}, "cli"),
    ({"userAgent": CLI}, "cloudshell"),
    ({"userAgent": CLI, "sessionCredentialFromConsole": "true"}, "cloudshell"),
    ({"userAgent": "Boto3/1.34 md/Botocore#1.34"}, "sdk"),
    ({"userAgent": "APN/1.0 HashiCorp/1.0 Terraform/1.5 aws-sdk-go/1.44"}, "sdk"),
    ({"userAgent": "[aws-sdk-java/2.20]"}, "sdk"),
    ({"userAgent": "Pulumi/3.0"}, "sdk"),
    ({"userAgent": "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12]"}, "console"),
    ({"userAgent": "Mozilla/5.0 (X11)"}, "console"),
    ({"userAgent": "console.amazonaws.com"}, "console"),
    ({"userAgent": "AWS Internal", "sessionCredentialFromConsole": "true"}, "console"),
    ({"userAgent": "AWS Internal", "sessionCredentialFromConsole": True}, "console"),
    ({"userAgent": "AWS Internal"}, "console"),
    ({"userAgent": "AWS Internal", "sourceIPAddress": "AWS Internal"}, "service"),
    (
        {
            "userAgent": "AWS Internal",
            "sessionCredentialFromConsole": "true",
            "sourceIPAddress": "health.amazonaws.com",
            "userIdentity": {"type": "IAMUser", "invokedBy": "health.amazonaws.com"},
        },
        "console",
    ),
    ({"userAgent": "Boto3/1.34", "sessionCredentialFromConsole": "true"}, "sdk"),
    ({"userAgent": "homemade", "sessionCredentialFromConsole": "true"}, "console"),
    ({"userAgent": "homemade"}, "unknown"),
    ({"userAgent": None}, "unknown"),
    ({"userAgent": ["aws-cli/2.15.0", "x"]}, "cli"),
    ({"userAgent": "not aws-cli/2"}, "unknown"),
    ({"userAgent": "ec2.amazonaws.com", "sourceIPAddress": "ec2.amazonaws.com"}, "service"),
    ({"eventType": "AwsServiceEvent"}, "service"),
    ({"eventType": "AwsConsoleSignin", "userAgent": "aws-cli/2"}, "console"),
    ({"eventType": "AwsConsoleAction", "userAgent": "x"}, "console"),
    ({"userIdentity": {"type": "AWSService"}, "eventType": "AwsConsoleAction"}, "service"),
    ({"userIdentity": {"type": "IAMUser", "invokedBy": "cloudformation.amazonaws.com"}}, "service"),
    ({"userIdentity": {"type": "IAMUser", "invokedBy": "AWS Internal"}}, "cli"),
    ({"userIdentity": {"type": "IAMUser", "invokedBy": "signin.amazonaws.com"}, "userAgent": "x"}, "console"),
]


@pytest.mark.parametrize(("fields", "expected"), CLIENTS)
def test_client_by_the_first_rule_that_holds(fields: dict[str, Any], expected: str) -> None:
    assert client(record("x", "Y", **fields)) == expected


@pytest.mark.parametrize(
    ("made", "service"),
    [
        (BY_USER, None),
        (BY_SERVICE, "ec2.amazonaws.com"),
        (FORWARDED, "secretsmanager.amazonaws.com"),
        (BY_EVENT, "kms.amazonaws.com"),
        (record("x", "Y", userIdentity={"invokedBy": "signin.amazonaws.com"}), None),
        (record("x", "Y", sourceIPAddress="config.amazonaws.com"), "config.amazonaws.com"),
    ],
)
def test_service_acting(made: dict[str, Any], service: str | None) -> None:
    assert is_service_made(made) == service


MATCHES: list[tuple[dict[str, Any], str]] = [
    (BY_USER, USER_ARN),
    (BY_USER, USER_ARN.lower()),
    (BY_USER, "alice"),
    (BY_USER, "AKIAIOSFODNN7EXAMPLE"),
    (BY_USER, "aidaexample"),
    (BY_USER, ACCOUNT),
    (BY_USER, "198.51.100.7"),
    (BY_USER, "198.51.100.0/24"),
    (BY_USER, "198.51.*"),
    (BY_USER, "ali*"),
    (BY_ROLE, f"arn:aws:iam::{ACCOUNT}:role/team/App"),
    (BY_ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/App"),
    (BY_ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/App/{SESSION}"),
    (BY_ROLE, "app"),
    (BY_ROLE, SESSION),
    (BY_ROLE, f"App/{SESSION}"),
    (BY_ROLE, "AROAEXAMPLE"),
    (BY_ROLE, f"AROAEXAMPLE:{SESSION}"),
    (SWITCHED, f"arn:aws:iam::{ACCOUNT}:role/any/path/Admin"),
    (SWITCHED, f"arn:aws:iam::{ACCOUNT}:user/Carol"),
    (SWITCHED, "carol"),
    (EVERYONE[-1], "dave"),
    (BY_ROOT, "root"),
    (BY_ROOT, f"arn:aws:iam::{ACCOUNT}:root"),
    (BY_SERVICE, "ec2.amazonaws.com"),
    (FORWARDED, "secretsmanager.amazonaws.com"),
    (FORWARDED, "alice"),
    (BY_OTHER_ACCOUNT, "444455556666"),
    (BY_IDENTITY_CENTER, "544894e8-80c1-707f-60e3"),
    (BY_IDENTITY_CENTER, "2001:0DB8:0::7"),
    (BY_IDENTITY_CENTER, "2001:db8::/32"),
]
NO_MATCHES: list[tuple[dict[str, Any], str]] = [
    (BY_USER, "alic"),
    (BY_USER, "ops"),
    (BY_USER, "root"),
    (BY_USER, "198.51.100.8"),
    (BY_USER, "198.51.101.0/24"),
    (BY_USER, "::/0"),
    (BY_USER, "444455556666"),
    (BY_USER, USER_ARN.replace("Alice", "Alic")),
    (BY_USER, USER_ARN.replace(ACCOUNT, "444455556666")),
    (BY_USER, ""),
    (BY_ROLE, f"arn:aws:iam::{ACCOUNT}:role/App"),
    (BY_ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/App/other"),
    (BY_ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/Ap"),
    (BY_ROLE, "alice"),
    (SWITCHED, "arn:aws:iam::444455556666:role/Admin"),
    (SWITCHED, f"arn:aws:iam::{ACCOUNT}:role/Adm"),
    (BY_SERVICE, "ec2"),
    (BY_SERVICE, "0.0.0.0/0"),
]


@pytest.mark.parametrize(("made", "who"), MATCHES)
def test_caller_is_who(made: dict[str, Any], who: str) -> None:
    assert matches_who(made, who)


@pytest.mark.parametrize(("made", "who"), NO_MATCHES)
def test_caller_is_someone_else(made: dict[str, Any], who: str) -> None:
    assert not matches_who(made, who)


@pytest.mark.parametrize(
    ("who", "needles"),
    [
        ("Alice", ("alice",)),
        (USER_ARN, ("alice",)),
        (f"arn:aws:iam::{ACCOUNT}:role/team/App", ("app",)),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/App/{SESSION}", ("app",)),
        (f"arn:aws:iam::{ACCOUNT}:root", (ACCOUNT,)),
        ("198.51.100.7", ("198.51.100.7",)),
        ("198.51.100.0/24", ()),
        ("2001:db8::7", ()),
        ("root", ()),
        ("ro*", ()),
        ("*", ()),
        ("al", ()),
        ("ec2.amazonaws.com", ("ec2.amazonaws.com",)),
    ],
)
def test_needle_of_who(who: str, needles: tuple[str, ...]) -> None:
    assert who_needle(who) == needles


def searched(made: dict[str, Any]) -> str:
    """Join the fields that a search narrows over, as JSON with AWS's escapes."""
    identity = made["userIdentity"]
    columns = [identity, made["sourceIPAddress"], made.get("additionalEventData")]
    kept = {key: value for key, value in identity.items() if key != "type"}
    return json.dumps([kept, *columns[1:]]).replace("/", "\\/").lower()


@settings(deadline=None)
@given(st.data())
def test_needles_never_miss_a_matching_caller(data: st.DataObject) -> None:
    made = data.draw(st.sampled_from(EVERYONE))
    known = [who for _, who in MATCHES]
    who = data.draw(st.sampled_from(known))
    who = data.draw(st.sampled_from([who, who.upper(), who[: data.draw(st.integers(0, len(who)))] + "*"]))
    if matches_who(made, who) and who_needle(who):
        assert any(needle in searched(made) for needle in who_needle(who))


@settings(deadline=None)
@given(st.data())
def test_no_json_in_any_place_makes_it_raise(data: st.DataObject) -> None:
    made = data.draw(st.sampled_from(EVERYONE))
    changed = with_value(made, data.draw(st.sampled_from(places(made))), data.draw(any_json))
    who = data.draw(st.text() | st.sampled_from([who for _, who in MATCHES]))
    assert matches_who(changed, who) in (True, False)
    assert isinstance(client(changed), str)
    assert principal(changed) == principal(changed)
    assert is_service_made(changed) is None or is_service_made(changed)
    assert isinstance(who_needle(who), tuple)
