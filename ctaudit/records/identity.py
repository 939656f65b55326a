"""Who made a call, as the record tells it: the principal, and whether a service acted for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ctaudit.records.anyjson import fold, object_of, text_of
from ctaudit.records.arns import parse_arn
from ctaudit.records.client import Client, client
from ctaudit.records.who import matches_who, who_needle

__all__ = ["Client", "Principal", "client", "is_service_made", "matches_who", "principal", "who_needle"]


@dataclass(frozen=True, slots=True)
class Principal:
    arn: str | None
    """As recorded; else the best the record has: service, principalId, userName or account id."""
    type: str | None
    """As recorded; `AWSService` for service events, which have none."""
    name: str | None
    """What Event history shows: user name, session name of a role, `root`, or the service."""
    account: str | None
    access_key_id: str | None
    principal_id: str | None = None
    """Unique over time, unlike names: a user deleted and made again has another."""
    role_name: str | None = None
    """Only of a role's session."""
    session_name: str | None = None
    """Only of a role's session; chosen by whoever assumed it."""
    issuer_arn: str | None = None
    """The role (with its path) or user that the session's credentials come from."""
    source_identity: str | None = None
    """Set once when a role was assumed, kept through role chains."""
    invoked_by: str | None = None


def principal(record: Mapping[str, Any]) -> Principal:
    """Read the caller; every field is None when the record does not tell."""
    identity = object_of(record.get("userIdentity"))
    context = object_of(identity.get("sessionContext"))
    issuer = object_of(context.get("sessionIssuer"))
    kind, arn = _type(record, identity), text_of(identity.get("arn"))
    role, session = _role_session(kind, arn, text_of(identity.get("principalId")), text_of(issuer.get("userName")))
    invoked_by = text_of(identity.get("invokedBy"))
    return Principal(
        arn=arn or _stand_in(identity, kind),
        type=kind,
        name=session or _name(kind, identity, arn) or (invoked_by if kind == "AWSService" else None),
        account=text_of(identity.get("accountId")),
        access_key_id=text_of(identity.get("accessKeyId")),
        principal_id=text_of(identity.get("principalId")),
        role_name=role,
        session_name=session,
        issuer_arn=text_of(issuer.get("arn")),
        source_identity=text_of(context.get("sourceIdentity")),
        invoked_by=invoked_by,
    )


def is_service_made(record: Mapping[str, Any]) -> str | None:
    """Return the AWS service that made the call, for itself or for the principal; None when no service is named.

    `signin.amazonaws.com` is what old consoles wrote for the person using them.
    """
    identity = object_of(record.get("userIdentity"))
    for place in (identity.get("invokedBy"), record.get("sourceIPAddress")):
        service = text_of(place)
        if service is not None and fold(service).endswith(".amazonaws.com") and service != "signin.amazonaws.com":
            return service
    if record.get("eventType") == "AwsServiceEvent":
        return text_of(record.get("eventSource"))
    return None


def _type(record: Mapping[str, Any], identity: Mapping[str, Any]) -> str | None:
    kind = text_of(identity.get("type"))
    if kind is None and (text_of(identity.get("invokedBy")) or record.get("eventType") == "AwsServiceEvent"):
        return "AWSService"
    return kind


def _stand_in(identity: Mapping[str, Any], kind: str | None) -> str | None:
    invoked_by = text_of(identity.get("invokedBy"))
    if kind == "AWSService" and invoked_by:
        return invoked_by
    return (
        text_of(identity.get("principalId"))
        or text_of(identity.get("userName"))
        or text_of(identity.get("accountId"))
        or invoked_by
    )


def _role_session(
    kind: str | None, arn: str | None, principal_id: str | None, issuer_name: str | None
) -> tuple[str | None, str | None]:
    """Return role and session name of `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` or `AROA...:SESSION`."""
    parsed = parse_arn(arn) if arn else None
    if parsed is not None and parsed.resource.startswith("assumed-role/"):
        role, _, session = parsed.resource.removeprefix("assumed-role/").partition("/")
        return role or None, session or None
    if kind not in ("AssumedRole", "Role"):
        return None, None
    return issuer_name, text_of((principal_id or "").partition(":")[2])


def _name(kind: str | None, identity: Mapping[str, Any], arn: str | None) -> str | None:
    if kind == "Root":
        return "root"
    name = text_of(identity.get("userName"))
    parsed = parse_arn(arn) if arn and not name else None
    if parsed is not None and parsed.resource.startswith(("user/", "federated-user/", "role/")):
        return parsed.resource.rpartition("/")[2] or None
    return name
