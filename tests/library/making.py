"""Events that a question is tried on, each made of what matters in it, and the rows that must come of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HOME, OTHER = "111122223333", "444455556666"
MIA = {
    "type": "IAMUser", "principalId": "AIDAMIA", "arn": f"arn:aws:iam::{HOME}:user/mia", "accountId": HOME,
    "userName": "mia", "accessKeyId": "AKIAMIAMIAMIAEXAMPLE",
}  # fmt: skip
ROOT = {"type": "Root", "principalId": HOME, "arn": f"arn:aws:iam::{HOME}:root", "accountId": HOME}
ROLE = {
    "type": "AssumedRole", "principalId": "AROAOPS:ana", "arn": f"arn:aws:sts::{HOME}:assumed-role/ops/ana",
    "accountId": HOME, "accessKeyId": "ASIAOPSOPSOPSEXAMPLE",
    "sessionContext": {
        "sessionIssuer": {
            "type": "Role", "principalId": "AROAOPS", "arn": f"arn:aws:iam::{HOME}:role/ops", "accountId": HOME,
            "userName": "ops",
        },
    },
}  # fmt: skip
INSTANCE = ROLE | {
    "principalId": "AROAWEB:i-0123456789abcdef0",
    "arn": f"arn:aws:sts::{HOME}:assumed-role/web/i-0123456789abcdef0",
    "accessKeyId": "ASIAWEBWEBWEBEXAMPLE",
}
SERVICE = {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}


@dataclass(frozen=True, slots=True)
class Case:
    """A trail that a query answers on, with look-alikes that it stays quiet on."""

    query: str
    events: Sequence[Mapping[str, Any]]
    columns: str
    """The columns compared, between blanks."""
    rows: Sequence[tuple[Any, ...]]
    params: Mapping[str, str] = field(default_factory=dict)


def call(
    source: str,
    name: str,
    request: Mapping[str, Any] | None = None,
    *,
    who: Mapping[str, Any] = MIA,
    at: str | None = "2026-03-11T10:00:00Z",
    **more: Any,
) -> dict[str, Any]:
    """Return a management call that changed something, and succeeded, unless `more` says otherwise.

    `answer`, `beside`, `error` and `ip` are short for responseElements, additionalEventData, errorCode and
    sourceIPAddress.
    """
    short = {
        "answer": "responseElements",
        "beside": "additionalEventData",
        "error": "errorCode",
        "ip": "sourceIPAddress",
    }
    return {
        "eventVersion": "1.11",
        "userIdentity": who,
        "eventTime": at,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2.30.0",
        "requestParameters": request,
        "readOnly": False,
        "eventType": "AwsApiCall",
        "recipientAccountId": HOME,
        "eventCategory": "Management",
        "managementEvent": True,
    } | {short.get(key, key): value for key, value in more.items()}


def read(source: str, name: str, request: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a management call that only looked."""
    more.setdefault("readOnly", True)
    return call(source, name, request, **more)


def data(source: str, name: str, request: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a call on data."""
    return call(source, name, request, eventCategory="Data", managementEvent=False, **more)
