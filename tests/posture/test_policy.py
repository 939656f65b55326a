"""A bucket's policy: what CloudTrail needs, who else is let in, and how it is not fooled."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Mapping
from typing import Any

import pytest

from ctaudit.posture.check import Status
from ctaudit.posture.facts import Bucket, Trail, Unknown
from ctaudit.posture.patterns import ANY_PATH, ANY_SEGMENT, covers, meets, takes_all
from ctaudit.posture.policy import parse
from ctaudit.posture.policy_checks import policy_checks

OWNER, OTHER = "111122223333", "444455556666"
ARN = f"arn:aws:cloudtrail:us-east-1:{OWNER}:trail/main"
ALL = "arn:aws:s3:::logs/*"
SERVICE = {"Service": "cloudtrail.amazonaws.com"}
ROLE = {"AWS": f"arn:aws:iam::{OTHER}:role/x"}
FOUND = tuple[str, str]


def statement(principal: Any, action: Any, resource: Any = ALL, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource, **more}


def own(condition: Any = None, prefix: str = "", account: str = OWNER) -> list[dict[str, Any]]:
    """Return CloudTrail's two statements, by default with aws:SourceArn."""
    bound = {"StringEquals": {"aws:SourceArn": ARN}} if condition is None else condition
    write = f"arn:aws:s3:::logs/{prefix}AWSLogs/{account}/*"
    return [
        statement(SERVICE, "s3:GetBucketAcl", "arn:aws:s3:::logs", Condition=bound),
        statement(SERVICE, "s3:PutObject", write, Condition=bound),
    ]


def judged(
    *statements: Mapping[str, Any],
    prefix: str = "",
    organization: str | Unknown | None = None,
    owner: str | Unknown = OWNER,
    text: str | None = None,
) -> dict[str, FOUND]:
    """Return what becomes of each check: status and sentence."""
    policy = json.dumps({"Statement": list(statements)}) if text is None else text
    bucket = Bucket("logs", prefix, owner, {"policy": {"Policy": policy}})
    trail = Trail(ARN, {"S3KeyPrefix": prefix.rstrip("/")}, None, None, None, organization)
    return {
        check.id.removeprefix("policy."): (check.status.value, check.found) for check in policy_checks(bucket, [trail])
    }


def not_passed(found: Mapping[str, FOUND]) -> dict[str, str]:
    return {name: status for name, (status, _) in found.items() if status != "pass"}


def test_the_policy_of_the_book_passes() -> None:
    assert not_passed(judged(*own())) == {}
    assert not_passed(judged(*own(prefix="deep/down/"), prefix="deep/down/")) == {}


@pytest.mark.parametrize(
    "condition",
    [
        {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudtrail:*:{OWNER}:trail/*"}},
        {"StringEquals": {"AWS:SourceAccount": OWNER}},
        {"StringEquals": {"aws:SourceArn": [ARN, "arn:aws:cloudtrail:us-east-1:111122223333:trail/old"]}},
        {"StringEquals": {"aws:SourceArn": ARN}, "Bool": {"aws:SecureTransport": "true"}},
        {"StringEquals": {"aws:SourceArn": ARN}, "NumericGreaterThanEquals": {"s3:TlsVersion": 1.2}},
    ],
)
def test_other_ways_to_bind_it(condition: Any) -> None:
    assert not_passed(judged(*own(condition))) == {}


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
        {"StringLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:*:trail/*"}},
        {"StringLike": {"aws:SourceArn": "*"}},
        {"StringEqualsIfExists": {"aws:SourceArn": ARN}},
        {"StringLike": {"aws:SourceAccount": "*"}},
    ],
)
def test_what_does_not_bind_it(condition: Any) -> None:
    assert not_passed(judged(*own(condition))) == {"source_arn": "fail"}


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"StringEquals": {"aws:SourceArn": ARN.replace("main", "other")}}, "fail"),
        ({"StringEquals": {"aws:SourceAccount": OTHER}}, "fail"),
        ({"StringEquals": {"aws:SourceArn": ARN}, "StringNotEquals": {"aws:SourceArn": [ARN]}}, "fail"),
        ({"StringEquals": {"aws:SourceArn": ARN}, "Bool": {"aws:SecureTransport": "false"}}, "fail"),
        ({"StringEquals": {"aws:SourceArn": ARN, "s3:x-amz-server-side-encryption": "aws:kms"}}, "unknown"),
        ({"StringEquals": {"aws:SourceArn": ARN}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "unknown"),
    ],
)  # fmt: skip
def test_conditions_that_deliveries_do_not_meet(condition: Any, status: str) -> None:
    found = not_passed(judged(*own(condition)))
    assert (found["write"], found["acl_check"]) == (status, status)


@pytest.mark.parametrize(
    "resource",
    [
        f"arn:aws:s3:::logs/AWSLogs/{OTHER}/*",
        f"arn:aws:s3:::logs/wrong/AWSLogs/{OWNER}/*",
        f"arn:aws:s3:::logs/AWSLogs/{OWNER}",
        f"arn:aws:s3:::logs/AWSLogs/{OWNER}/CloudTrail/*",  # digests stay out
        "arn:aws:s3:::logs/AWSLogs/${aws:PrincipalAccount}/*",
        "arn:aws:s3:::other/*",
    ],
)
def test_a_statement_for_another_folder_is_none(resource: str) -> None:
    acl, write = own()
    assert not_passed(judged(acl, write | {"Resource": resource}))["write"] == "fail"


def test_an_organizations_trail() -> None:
    member = "arn:aws:s3:::logs/AWSLogs/o-exampleorg1/*"
    third = own()[1] | {"Resource": member}
    assert not_passed(judged(*own(), organization="o-exampleorg1")) == {"organization_write": "fail"}
    assert not_passed(judged(*own(), third, organization="o-exampleorg1")) == {}
    assert not_passed(judged(*own(), third, organization="o-otherorg22")) == {"organization_write": "fail"}
    assert not_passed(judged(*own(), third, organization=Unknown("?"))) == {"organization_write": "unknown"}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"Principal": "*"}, "fail"),
        ({"Principal": SERVICE}, "fail"),
        ({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, None),
        ({"Principal": "*", "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}, None),
        ({"Principal": "*", "Condition": {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}, None),
        ({"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceArn": ARN}}}, None),
        ({"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}, "unknown"),
        ({"Principal": "*", "Resource": "arn:aws:s3:::logs/elsewhere/*"}, None),
        ({"Principal": "*", "Resource": f"arn:aws:s3:::logs/AWSLogs/{OWNER}/CloudTrail-Digest/*"}, "fail"),
        ({"NotPrincipal": SERVICE}, None),
        ({"NotPrincipal": ROLE}, "fail"),
    ],
)
def test_what_denies_a_delivery(more: dict[str, Any], status: str | None) -> None:
    deny = {"Effect": "Deny", "Action": "s3:Put*", "Resource": ALL} | more
    assert not_passed(judged(*own(), deny)).get("write") == status


@pytest.mark.parametrize(
    ("given", "checks"),
    [
        (statement(ROLE, "s3:PutObject"), {"writers"}),
        (statement(ROLE, "s3:put*"), {"writers", "admins"}),
        (statement(ROLE, "s3:DeleteObjectVersion"), {"deleters"}),
        (statement(ROLE, "s3:PutLifecycleConfiguration", "arn:aws:s3:::logs"), {"deleters"}),
        (statement(ROLE, "s3:PutBucketPolicy", "arn:aws:s3:::logs"), {"admins"}),
        (statement(ROLE, "s3:GetObject"), {"readers"}),
        (statement("*", "s3:GetObject"), {"readers"}),
        (statement({"AWS": "*"}, "s3:GetObject"), {"readers"}),
        (statement({"AWS": [OTHER]}, "*"), {"writers", "deleters", "admins", "readers"}),
        (statement(ROLE, "s3:*", ["arn:aws:s3:::logs", ALL]), {"writers", "deleters", "admins", "readers"}),
        (statement(ROLE, "s3:GetObject", f"arn:aws:s3:::logs/AWSLogs/{OWNER}/CloudTrail/eu-west-1/*"), {"readers"}),
        (statement(ROLE, "s3:GetObject", "arn:aws:s3:::logs/*/CloudTrail/*"), {"readers"}),
        (statement(ROLE, "s3:GetObject", "arn:aws:s3:::logs/AWSLogs/o-exampleorg1/*"), {"readers"}),
        (statement(ROLE, "s3:GetObject", "arn:aws-us-gov:s3:::logs/*"), {"readers"}),
        (statement(ROLE, "s3:GetObject", "arn:aws:s3:::logs/AWSLogs/${aws:PrincipalAccount}/*"), {"readers"}),
        (statement({"AWS": f"arn:aws:iam::{OWNER}:root"}, "s3:PutObject"), {"writers"}),
        ({"Effect": "Allow", "NotPrincipal": ROLE, "Action": "s3:GetObject", "Resource": ALL}, {"readers"}),
        (statement(ROLE, [], NotAction=["s3:Put*", "s3:Repl*"]), {"deleters", "readers"}),
        ({"Effect": "Allow", "Principal": ROLE, "Action": "s3:Get*", "NotResource": "arn:aws:s3:::x/*"}, {"readers"}),
        (statement({"Service": "config.amazonaws.com"}, "s3:PutObject"), {"writers"}),
        (statement(ROLE, "s3:PutObject", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), {"writers"}),
    ],
)  # fmt: skip
def test_who_else_is_let_in(given: dict[str, Any], checks: set[str]) -> None:
    found = judged(*own(), given)
    assert not_passed(found) == dict.fromkeys(checks, "fail")
    assert all("statement 3" in found[name][1] for name in checks)


@pytest.mark.parametrize(
    "given",
    [
        statement({"Service": "config.amazonaws.com"}, "s3:PutObject", f"arn:aws:s3:::logs/AWSLogs/{OWNER}/Config/*"),
        statement(ROLE, "s3:*", "arn:aws:s3:::logs/reports/*"),
        statement(ROLE, ["s3:ListBucket", "s3:GetBucketAcl"], ["arn:aws:s3:::logs", ALL]),
        statement({"AWS": f"arn:aws:iam::{OWNER}:role/reader"}, "s3:GetObject"),
        statement({"AWS": OWNER}, "s3:GetObject"),
        statement(ROLE, "s3:*", effect="Deny"),
        {"Effect": "Allow", "Principal": ROLE, "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::logs/*"},
    ],
)
def test_look_alikes_that_let_nobody_at_the_logs(given: dict[str, Any]) -> None:
    assert not_passed(judged(*own(), given)) == {}


def test_what_is_denied_to_all_is_not_allowed() -> None:
    allow = statement(ROLE, ["s3:DeleteObject", "s3:DeleteObjectVersion"])
    deny = statement("*", "s3:DeleteObject*", effect="Deny")
    assert not_passed(judged(*own(), allow, deny)) == {}
    for weaker in (
        deny | {"Resource": f"arn:aws:s3:::logs/AWSLogs/{OWNER}/*"},  # not an organization's
        deny | {"Action": "s3:DeleteObject"},
        deny | {"Principal": {"AWS": OTHER}},
        {key: value for key, value in deny.items() if key != "Principal"} | {"NotPrincipal": ROLE},
        deny | {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}},
    ):
        assert not_passed(judged(*own(), allow, weaker)) == {"deleters": "fail"}


@pytest.mark.parametrize("principal", [ROLE, {"CanonicalUser": "f" * 64}, {"AWS": "AROAEXAMPLEID"}])
def test_a_reader_whose_account_is_not_known(principal: Any) -> None:
    owner: str | Unknown = Unknown("?") if principal is ROLE else OWNER
    assert not_passed(judged(*own(), statement(principal, "s3:GetObject"), owner=owner)) == {"readers": "unknown"}


def test_no_policy_lets_nobody_in_and_cloudtrail_neither() -> None:
    bucket = Bucket("logs", "", OWNER, {"policy": None})
    found = {each.id: each.status for each in policy_checks(bucket, [Trail(ARN, {}, None, None, None)])}
    assert {id_ for id_, status in found.items() if status is Status.FAIL} == {"policy.acl_check", "policy.write"}


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '{"Statement": [1]}', '{"Statement": {"Effect": "Maybe"}}', "[" * 5000, "\ud800"),
        '{"Statement": {"Effect": "Allow", "Condition": [1]}}',
        json.dumps({"Statement": [statement(ROLE, "s3:GetObject", Sid="x" * 40_000)]}),
    ],
)
def test_a_policy_that_cannot_be_read_is_no_word_on_anything(text: str) -> None:
    assert set(not_passed(judged(text=text)).values()) == {"unknown"}
    assert len(not_passed(judged(text=text))) == 7


def test_a_hostile_policy_takes_no_age() -> None:
    stars = "arn:aws:s3:::" + "*/" * 14_000
    assert not_passed(judged(*own(), statement(ROLE, "s3:GetObject", stars))) == {}


def test_one_statement_and_many_principals_are_named_in_short() -> None:
    crowd = {"AWS": [f"arn:aws:iam::{number:012}:root" for number in range(100)]}
    found = judged(*own(), statement(crowd, "s3:GetObject", Sid="Crowd"))
    assert found["readers"][1].endswith(" and 95 more")
    assert parse(json.dumps({"Statement": own()[0]}))[0].name == "statement 1"


def test_patterns_are_what_regular_expressions_say() -> None:
    chance = random.Random(7)
    paths = ["".join(each) for size in range(5) for each in itertools.product("ab/", repeat=size)]
    wide = {ANY_PATH: paths, ANY_SEGMENT: [each for each in paths if "/" not in each]}
    seen = set()
    for _ in range(600):
        pattern = "".join(chance.choices("ab/*?", k=chance.randrange(5)))  # no longer than the longest segment
        family = "".join(chance.choices(["a", "/", ANY_SEGMENT, ANY_PATH], k=chance.randrange(3)))
        regex = re.compile("".join({"*": ".*", "?": "."}.get(each, each) for each in pattern))
        parts = [wide.get(each, [each]) for each in family]
        matched = [regex.fullmatch("".join(each)) is not None for each in itertools.product(*parts)]
        assert meets(pattern, family) == any(matched), (pattern, family)
        assert not takes_all(pattern, family) or all(matched), (pattern, family)
        seen.add((any(matched), takes_all(pattern, family)))
    assert seen == {(True, True), (True, False), (False, False)}


def test_letter_case_counts_in_keys_and_not_in_actions() -> None:
    assert covers("s3:GETobject", "s3:GetObject", ignore_case=True)
    assert not covers("logs/awslogs/*", "logs/AWSLogs/x")
