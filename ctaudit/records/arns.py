"""ARNs: taken apart, put together from type, name, account and region, and the names a resource goes by in one.

Forms: the "Resource types" tables of the AWS Service Authorization Reference.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ctaudit.records.anyjson import fold
from ctaudit.records.arn_forms import FORMS, NAME_SEGMENT, PATHLESS, TYPE_BY_PREFIX


class Arn(NamedTuple):
    """The parts of `arn:partition:service:region:account:resource`."""

    partition: str
    service: str
    region: str
    account: str
    resource: str


_ARN = re.compile(r"arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):([0-9]*|aws):(.+)", re.IGNORECASE | re.DOTALL)
_SECRET_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}\Z")
_LOG_TAIL = re.compile(r"(?::log-stream)?:\*?\Z")
_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)


@lru_cache(maxsize=8192)
def parse_arn(text: str) -> Arn | None:
    """Take an ARN apart, or return None; a log group's trailing `:*` is no part of its name."""
    found = _ARN.fullmatch(text)
    if found is None:
        return None
    arn = Arn(*found.groups())
    if fold(arn.service) == "logs":
        arn = arn._replace(resource=_LOG_TAIL.sub("", arn.resource))
    return arn if arn.resource else None


def partition_of(region: str) -> str:
    """Return the partition a region belongs to; an unknown one is taken for commercial."""
    return next((name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws")


def build_arn(kind: str, name: str, account: str | None, region: str | None) -> str | None:
    """Build the ARN of a thing of CloudFormation type `kind`, or return None when a part of it is not known.

    IAM paths are not in the parameters, so a built IAM ARN has none; `same_resource` knows.
    """
    form = FORMS.get(kind)
    if form is None or not region or (form.has_account and not account):
        return None
    bare = name.removeprefix(form.drops) if form.drops else name
    if not bare.startswith(form.only):
        return None
    where = region if form.regional else ""
    owner = account if form.has_account else ""
    return f"arn:{partition_of(region)}:{form.service}:{where}:{owner}:{form.prefix}{bare}"


def type_of_arn(arn: Arn) -> str | None:
    """Return the CloudFormation type of the resource, or None when its form is not in our table."""
    service = fold(arn.service)
    if service == "s3" and not arn.account:
        return "AWS::S3::Object" if "/" in arn.resource else "AWS::S3::Bucket"
    word, rest = _split_type(arn.resource)
    if service == "elasticloadbalancing" and word == "loadbalancer" and "/" not in rest:
        return "AWS::ElasticLoadBalancing::LoadBalancer"
    if service == "logs" and ":log-stream:" in rest:
        return "AWS::Logs::LogStream"
    # `table/NAME/index/I` and `detector/ID/filter/F` are parts of a table and a detector.
    if service in ("dynamodb", "guardduty") and "/" in rest:
        return None
    return TYPE_BY_PREFIX.get((service, fold(word)))


@lru_cache(maxsize=8192)
def names_of(arn: Arn) -> tuple[str, ...]:
    """Return the bare names the resource goes by, the most usual first; at least one.

    `role/path/NAME` is NAME, `table/NAME/index/I` is not; `function:NAME:ALIAS` is NAME and NAME:ALIAS.
    """
    service, resource = fold(arn.service), arn.resource
    if (service == "s3" and not arn.account) or not re.search("[:/]", resource):
        return (resource,)
    word, rest = _split_type(resource)
    if service in ("sns", "sqs"):
        return (rest, resource) if rest else (resource,)
    names = _special_names(service, fold(word), rest)
    if names:
        return names
    # An alarm `a/b` has the ARN `alarm:a/b`: only a `/` after the type separates a path from the name.
    if (service, fold(word)) in PATHLESS or resource[len(word)] == ":":
        return (rest or resource,)
    segment = NAME_SEGMENT.get((service, fold(word)))
    parts = rest.split("/")
    if segment is not None and len(parts) > segment:
        return _unique(parts[segment], rest, parts[-1])
    return _unique(parts[-1] or rest, rest or resource)


def _split_type(resource: str) -> tuple[str, str]:
    found = re.match(r"/?([^:/]*)[:/](.*)", resource, re.DOTALL)
    return (found[1], found[2]) if found else ("", resource)


def _special_names(service: str, word: str, rest: str) -> tuple[str, ...]:
    """Name the kinds whose ARN says more than type and name; empty for all others."""
    match service, word:
        case "lambda", "function" | "layer":
            return _unique(rest.partition(":")[0], rest)
        case "secretsmanager", "secret":
            return _unique(_SECRET_SUFFIX.sub("", rest), rest)
        case "ssm", "parameter":
            # Parameter `/a/b` has the ARN `parameter/a/b`, parameter `a` has `parameter/a`.
            return _unique(f"/{rest}", rest) if "/" in rest else (rest,)
        case "kms", "alias":
            return _unique(f"alias/{rest}", rest)
        case "logs", "log-group":
            group, _, stream = rest.partition(":log-stream:")
            return (stream or group,)
        case "autoscaling", "autoscalinggroup":
            return (rest.rpartition("autoScalingGroupName/")[2] or rest,)
        case "ecs", "task-definition":
            return _unique(rest.partition(":")[0], rest)
        case "cloudformation", "stackset":
            return _unique(rest.partition(":")[0], rest)
        case "elasticloadbalancing", "loadbalancer":
            # `app/NAME/HASH` for the newer kinds, `NAME` for classic ones
            parts = rest.split("/")
            return _unique(parts[1] if len(parts) == 3 else rest, rest)
    return ()


def _unique(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def unsuffixed_secret(name: str) -> str:
    """Return a secret's name without the six characters that Secrets Manager appends in its ARN."""
    return _SECRET_SUFFIX.sub("", name)


def same_resource(asked: Arn, found: Arn) -> bool:
    """Tell whether `found` is what `asked` names; parts that either leaves empty do not contradict.

    An unqualified Lambda ARN also names its versions; IAM names are unique in their account whatever the path.
    """
    if fold(asked.service) != fold(found.service) or _differ(asked.account, found.account):
        return False
    if _differ(asked.region, found.region) or _differ(asked.partition, found.partition):
        return False
    one, other = _canonical(asked), _canonical(found)
    if one == other:
        return True
    match fold(asked.service), _split_type(one)[0]:
        case "lambda", "function" | "layer":
            return other.startswith(f"{one}:") and one.count(":") == 1
        case "secretsmanager", "secret":
            return unsuffixed_secret(one) == other or one == unsuffixed_secret(other)
    return False


def _canonical(arn: Arn) -> str:
    resource = fold(arn.resource)
    if fold(arn.service) == "iam":
        word, rest = _split_type(resource)
        return f"{word}/{rest.rpartition('/')[2]}"
    return resource


def _differ(one: str, other: str) -> bool:
    return bool(one) and bool(other) and fold(one) != fold(other)
