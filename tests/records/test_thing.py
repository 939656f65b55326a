"""Things as users ask for them, against targets: matches, look-alikes, and needles that never miss a match."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ctaudit.records.anyjson import fold
from ctaudit.records.targets import Target, targets
from ctaudit.records.thing import parse_thing
from tests.records.synthetic import ACCOUNT, KEY_UUID, REGION, places, record, with_value
from tests.records.target_rows import ELB, OTHERS, ROWS, SECRET

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/App"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_UUID}"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/x"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:resize"
VOLUME = f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-1"
OBJECT = Target("bucket/a/b.gz", "arn:aws:s3:::bucket/a/b.gz", "AWS::S3::Object")
BUCKET = Target("bucket", "arn:aws:s3:::bucket", "AWS::S3::Bucket", container=True)


def by_arn(arn: str, kind: str | None = None) -> Target:
    (found,) = targets(record("x", "Touch", None, resources=[{"ARN": arn, "type": kind}]))
    return found


SAME: list[tuple[str, Target]] = [
    ("vol-1", by_arn(VOLUME)),
    ("VOL-1", by_arn(VOLUME)),
    (VOLUME.upper().replace("ARN:AWS", "arn:aws"), by_arn(VOLUME)),
    (VOLUME, Target("vol-1", None, "AWS::EC2::Volume", ACCOUNT)),
    (VOLUME, Target("vol-1")),
    ("vol-*", by_arn(VOLUME)),
    (f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/*", by_arn(VOLUME)),
    ("bucket", BUCKET),
    ("arn:aws:s3:::bucket", BUCKET),
    ("s3://bucket", BUCKET),
    ("s3://bucket/", BUCKET),
    ("bucket/a/b.gz", OBJECT),
    ("s3://bucket/a/b.gz", OBJECT),
    ("arn:aws:s3:::bucket/a/b.gz", OBJECT),
    ("bucket/*", OBJECT),
    ("s3://bucket/a/*", OBJECT),
    ("arn:aws:s3:::bucket/*", OBJECT),
    ("a/b.gz", OBJECT),
    ("App", by_arn(ROLE)),
    (ROLE, Target("App", f"arn:aws:iam::{ACCOUNT}:role/App", "AWS::IAM::Role", ACCOUNT)),
    ("orders", by_arn(TABLE)),
    (KEY_UUID, by_arn(KEY_ARN)),
    (KEY_ARN, by_arn(KEY_ARN)),
    ("alias/main", by_arn(f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/main")),
    ("main", by_arn(f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/main")),
    ("main", Target("alias/main", None, "AWS::KMS::Alias")),
    ("/aws/x", by_arn(f"{GROUP}:*")),
    (f"{GROUP}:*", by_arn(GROUP)),
    (GROUP, by_arn(f"{GROUP}:*")),
    ("resize", by_arn(f"{FUNCTION}:live")),
    (FUNCTION, by_arn(f"{FUNCTION}:live")),
    ("db/main", by_arn(SECRET)),
    ("db/main-AbCdEf", by_arn(SECRET)),
    (SECRET, Target("db/main", None, "AWS::SecretsManager::Secret", ACCOUNT)),
    (SECRET, by_arn(SECRET.removesuffix("-AbCdEf"))),
    (f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db*", Target("db/main", None, "AWS::SecretsManager::Secret")),
    (
        "jobs",
        targets(record("sqs", "PurgeQueue", {"queueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"}))[0],
    ),
    (f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs", by_arn(f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs")),
    ("web", by_arn(f"{ELB}:loadbalancer/app/web/50dc6c4")),
    ("www.example.org", Target("www.example.org.", None, "AWS::Route53::RecordSet")),
    ("*", by_arn(VOLUME)),
]
OTHER: list[tuple[str, Target]] = [
    ("vol-1", by_arn(VOLUME + "2")),
    ("vol", by_arn(VOLUME)),
    (VOLUME, by_arn(VOLUME.replace(ACCOUNT, "444455556666"))),
    (VOLUME, by_arn(VOLUME.replace(REGION, "us-east-1"))),
    (VOLUME, Target("vol-1", None, None, "444455556666")),
    (VOLUME, Target("vol-1", None, "AWS::EC2::Snapshot", ACCOUNT)),
    ("bucket", OBJECT),
    ("bucket/*", BUCKET),
    ("bucket2", BUCKET),
    ("s3://bucket", OBJECT),
    ("bucket/a", OBJECT),
    ("b.gz", OBJECT),
    ("orders", by_arn(f"{TABLE}/index/by-date")),
    (TABLE, by_arn(f"{TABLE}/index/by-date")),
    ("service-role", by_arn(ROLE)),
    (ROLE, by_arn(ROLE.replace(ACCOUNT, "444455556666"))),
    (ROLE, by_arn(ROLE.replace(":role/", ":user/"))),
    (ROLE, Target("App", None, "AWS::IAM::InstanceProfile", ACCOUNT)),
    (f"{FUNCTION}:live", by_arn(FUNCTION)),
    (f"{FUNCTION}:live", by_arn(f"{FUNCTION}:test")),
    ("live", by_arn(f"{FUNCTION}:live")),
    (SECRET, by_arn(SECRET.replace("AbCdEf", "XyZxyZ"))),
    ("b", by_arn(f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/a/b")),
    ("secret", by_arn(SECRET)),
    (f"arn:aws:secretsmanager:{REGION}:444455556666:secret:db*", Target("db/main", None, None, ACCOUNT)),
    (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/db*", Target("db/main", None, "AWS::SecretsManager::Secret")),
    ("", by_arn(VOLUME)),
    # The Kelvin sign lowers to `k`, and no search for an ASCII needle would find it.
    ("disk-k", Target("disk-\u212a")),
]


@pytest.mark.parametrize(("text", "target"), SAME)
def test_thing_is_the_target(text: str, target: Target) -> None:
    assert parse_thing(text).matches(target)


@pytest.mark.parametrize(("text", "target"), OTHER)
def test_look_alike_is_not_the_target(text: str, target: Target) -> None:
    assert not parse_thing(text).matches(target)


@pytest.mark.parametrize(
    ("text", "needles"),
    [
        ("vol-0a1b", ("vol-0a1b",)),
        ("My-Bucket/Some/Report.csv", ("report.csv",)),
        ("arn:aws:iam::111122223333:role/service-role/App", ("app",)),
        (VOLUME, ("vol-1",)),
        (SECRET, ("main",)),
        (f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/web/{KEY_UUID}", (KEY_UUID, "web")),
        ("alias/production", ("production",)),
        (f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:prod*", ("prod",)),
        (f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/qq/{KEY_UUID}", ()),
        ("my-bucket/*", ("my-bucket",)),
        ("arn:aws:s3:::my-bucket/*", ("my-bucket",)),
        ("arn:aws:ec2:eu-west-1:111122223333:instance/i-0ab*", ("i-0ab",)),
        ("arn:aws:ec2:eu-west-1:111122223333:inst*", ()),
        ("arn:aws:iam::1111*", ()),
        ("arn*", ()),
        ("*", ()),
        ("é/ü", ()),
        ("ab", ()),
    ],
)
def test_needles_hold_only_what_is_surely_written(text: str, needles: tuple[str, ...]) -> None:
    assert parse_thing(text).needles == needles


FIELDS = (
    "requestParameters",
    "responseElements",
    "resources",
    "additionalEventData",
    "serviceEventDetails",
    "errorMessage",
    "userIdentity",
)
names = st.text(alphabet="aAbBkK01-_./:* é<>&'\"\\", min_size=1, max_size=24) | st.from_regex(
    r"[A-Za-z]{1,8}[-/:][A-Za-z0-9]{1,8}", fullmatch=True
)


def is_found(made: dict[str, Any], needles: tuple[str, ...]) -> bool:
    """Look in the JSON as different writers write it: AWS's own `\\/` style, escapes for non-ASCII and HTML."""
    texts = [json.dumps(made[field]) for field in FIELDS if made.get(field)]
    texts += [json.dumps(made[field], ensure_ascii=False).replace("/", "\\/") for field in FIELDS if made.get(field)]
    return not needles or any(needle in text.lower() for text in texts for needle in needles)


@settings(deadline=None)
@given(st.data())
def test_needles_never_miss_a_matching_target(data: st.DataObject) -> None:
    made, _ = data.draw(st.sampled_from(ROWS + OTHERS))
    spots = [path for path in places(made) if path[0] in FIELDS and isinstance(at(made, path), str)]
    for path in data.draw(st.lists(st.sampled_from(spots), max_size=3)) if spots else []:
        old = at(made, path)
        new = data.draw(names)
        # Keep the ARN's shape half of the time, and change only its end.
        made = with_value(made, path, old[: old.rfind(":") + 1] + new if old.startswith("arn:") else new)
    for target in targets(made):
        for known in {target.name, target.arn or target.name}:
            length = data.draw(st.integers(0, len(known)))
            for text in (known, known.upper(), known[:length] + "*", "s3://" + known):
                thing = parse_thing(text)
                if thing.matches(target):
                    assert is_found(made, thing.needles), (text, target, thing.needles)


def at(made: dict[str, Any], path: tuple[Any, ...]) -> Any:
    value: Any = made
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize(
    ("made", "expected"), ROWS + OTHERS, ids=lambda x: x["eventName"] if isinstance(x, dict) else ""
)
def test_every_target_is_found_by_its_own_name_and_arn(made: dict[str, Any], expected: list[str]) -> None:
    for target in targets(made):
        for text in (target.name, target.name.swapcase(), target.arn or target.name, target.name[:4] + "*"):
            assert parse_thing(text).matches(target), text
            assert is_found(made, parse_thing(text).needles), text


@settings(deadline=None)
@given(st.text(), st.sampled_from([target for _, target in SAME]))
@example("arn:", BUCKET)
@example("arn:aws:iam::111122223333:role/", BUCKET)
@example("arn:aws:elasticloadbalancing:r:111122223333:loadbalancer/*", BUCKET)
def test_no_text_makes_it_raise(text: str, target: Target) -> None:
    thing = parse_thing(text)
    assert thing.matches(target) in (True, False)
    assert all(needle == fold(needle) and len(needle) >= 3 for needle in thing.needles)
