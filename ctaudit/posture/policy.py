"""What a bucket's policy allows to whom: CloudTrail's own statements, and everybody else's.

As in https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html; policies
of IAM, which may allow more within the bucket's own account, are not looked at.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ctaudit.limits import MAX_BUCKET_POLICY_BYTES
from ctaudit.posture.patterns import covers, meets, takes_all

CLOUDTRAIL = "cloudtrail.amazonaws.com"
EVERYBODY = "everybody"
_TRUE = {"aws:securetransport", "aws:principalisawsservice"}
"""What is true of each delivery of CloudTrail."""
_EQUAL = {"stringequals", "stringlike", "arnequals", "arnlike", "stringequalsignorecase"}
_LIKE = {"stringlike", "arnequals", "arnlike"}
"""Of these, the ones whose values are patterns."""
_NEGATED = ("stringnot", "arnnot")


class Answer(enum.Enum):
    NO = "no"
    PERHAPS = "perhaps"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Condition:
    operator: str
    key: str
    """In lower case, as the operator."""
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    name: str
    """Its Sid, or its place in the policy."""
    allows: bool
    principals: tuple[str, ...]
    """Services, accounts, ARNs; `EVERYBODY` for `*` and for all but some."""
    but_principals: tuple[str, ...]
    """NotPrincipal."""
    actions: tuple[str, ...]
    but_actions: tuple[str, ...]
    """NotAction: when there are any, all actions but these are meant."""
    resources: tuple[str, ...]
    """Without `arn:aws:s3:::`."""
    but_resources: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def is_on(self, action: str) -> bool:
        if self.but_actions:
            return not any(covers(each, action, ignore_case=True) for each in self.but_actions)
        return any(covers(each, action, ignore_case=True) for each in self.actions)

    def touches(self, family: str) -> bool:
        """Tell whether it is about some resource of a family (see `meets`)."""
        if self.but_resources:
            return not any(takes_all(each, family) for each in self.but_resources)
        return any(meets(each, family) for each in self.resources)

    def takes_in(self, resource: str) -> bool:
        if self.but_resources:
            return not any(covers(each, resource) for each in self.but_resources)
        return any(covers(each, resource) for each in self.resources)

    def denies_to_all(self, action: str, family: str) -> bool:
        """Tell whether nobody may do it with any resource of a family, whatever other statements allow."""
        if self.allows or self.conditions or self.but_principals or EVERYBODY not in self.principals:
            return False
        return self.is_on(action) and any(takes_all(each, family) for each in self.resources)

    def is_for(self, principal: str) -> bool:
        if EVERYBODY in self.principals:
            return principal not in self.but_principals
        return principal in self.principals

    def bounds(self) -> tuple[str, ...]:
        """Return the trails or accounts that alone meet its conditions; empty when it is open to those of anybody."""
        return next((each.values for each in self.conditions if _bounds(each)), ())

    def meets_conditions(self, arn: str, account: str) -> Answer:
        """Tell whether the delivery of a trail meets all conditions, as far as CloudTrail's side of them is known."""
        found = [_met(each, arn, account) for each in self.conditions]
        if Answer.NO in found:
            return Answer.NO
        return Answer.PERHAPS if Answer.PERHAPS in found else Answer.YES


def parse(text: str) -> tuple[Statement, ...]:
    """Read a policy's text; raises ValueError when it is too large, no JSON, or no policy."""
    if len(text.encode(errors="surrogatepass")) > MAX_BUCKET_POLICY_BYTES:
        raise ValueError("it is larger than a bucket's policy can be")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(content, dict) or "Statement" not in content:
        raise ValueError("it has no statements")
    entries = _many(content["Statement"])
    if not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("a statement is no object")
    return tuple(_statement(place, entry) for place, entry in enumerate(entries, 1))


def _statement(place: int, entry: Mapping[str, Any]) -> Statement:
    if entry.get("Effect") not in ("Allow", "Deny"):
        raise ValueError("a statement neither allows nor denies")
    return Statement(
        name=str(entry.get("Sid") or f"statement {place}"),
        allows=entry["Effect"] == "Allow",
        principals=(EVERYBODY,) if "NotPrincipal" in entry else tuple(_principals(entry.get("Principal"))),
        but_principals=tuple(_principals(entry.get("NotPrincipal"))),
        actions=_texts(entry.get("Action")),
        but_actions=_texts(entry.get("NotAction")),
        resources=tuple(map(_path, _texts(entry.get("Resource")))),
        but_resources=tuple(map(_path, _texts(entry.get("NotResource")))),
        conditions=tuple(_conditions(entry.get("Condition"))),
    )


def _principals(given: Any) -> Iterator[str]:
    if isinstance(given, Mapping):
        for kind, values in given.items():
            yield from (EVERYBODY if value == "*" and kind != "Service" else value for value in _texts(values))
    else:
        yield from (EVERYBODY if value == "*" else value for value in _texts(given))


def _conditions(given: Any) -> Iterator[Condition]:
    if given is None:
        return
    if not isinstance(given, Mapping) or not all(isinstance(each, Mapping) for each in given.values()):
        raise ValueError("a condition is no object")
    for operator, pairs in given.items():
        yield from (Condition(operator.lower(), key.lower(), _texts(values)) for key, values in pairs.items())


def _path(resource: str) -> str:
    """Return bucket and key of an ARN, in whichever partition; `*` is all."""
    return resource.split(":", 5)[-1]


def _texts(given: Any) -> tuple[str, ...]:
    return tuple(each if isinstance(each, str) else json.dumps(each) for each in _many(given))


def _many(given: Any) -> list[Any]:
    if given is None:
        return []
    return given if isinstance(given, list) else [given]


def account_of(principal: str) -> str:
    """Return the account of a principal: of an ARN, or the id itself; empty for services and what else there is."""
    parts = principal.split(":")
    if len(parts) > 5 and parts[0] == "arn":
        return parts[4]
    return principal if principal.isdigit() and len(principal) == 12 else ""


def _bounds(condition: Condition) -> bool:
    # `…IfExists` lets in what has no such key; without an account in it a pattern bounds nothing.
    if condition.operator not in _EQUAL or not condition.values:
        return False
    if condition.key == "aws:sourcearn":
        return all((account := account_of(value)) and not set("*?") & set(account) for value in condition.values)
    return condition.key in ("aws:sourceaccount", "aws:sourceorgid") and not any(
        set("*?") & set(value) and condition.operator in _LIKE for value in condition.values
    )


def _met(condition: Condition, arn: str, account: str) -> Answer:
    operator = condition.operator.removesuffix("ifexists")
    if condition.key == "s3:tlsversion":
        return _newer_tls(operator)
    if condition.key in _TRUE and operator == "bool":
        return _answer("true" in {value.lower() for value in condition.values})
    known = {
        "aws:sourcearn": arn,
        "aws:sourceaccount": account,
        "s3:x-amz-acl": "bucket-owner-full-control",
        "aws:principalservicename": CLOUDTRAIL,
    }
    negated = operator.startswith(_NEGATED)
    operator = operator.replace("not", "", 1) if negated else operator
    if condition.key not in known or operator not in _EQUAL:
        return Answer.PERHAPS
    return _answer(_is_one_of(known[condition.key], operator, condition.values) != negated)


def _answer(met: bool) -> Answer:
    return Answer.YES if met else Answer.NO


def _is_one_of(given: str, operator: str, values: tuple[str, ...]) -> bool:
    if operator in _LIKE:
        return any(covers(value, given) for value in values)
    if operator == "stringequalsignorecase":
        return given.lower() in {value.lower() for value in values}
    return given in values


def _newer_tls(operator: str) -> Answer:
    if operator.startswith("numericlessthan"):
        return Answer.NO
    return Answer.YES if operator.startswith("numericgreaterthan") else Answer.PERHAPS
