"""What a call was made with: the identity of a record, reduced to what tells credentials apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ctaudit import times
from ctaudit.query import Record
from ctaudit.records.anyjson import account_of, flag_of, fold, object_of, text_of
from ctaudit.records.identity import principal

TEMPORARY, LASTING = "ASIA", "AKIA"
_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")


@dataclass(frozen=True, slots=True)
class Credential:
    """Equal for all calls that were made with the same credentials, and for nothing else that a record tells apart."""

    kind: str | None
    """`userIdentity.type`, `AWSService` where a service event has none."""
    arn: str | None
    principal_id: str | None
    account: str | None
    key: str | None
    """Access key id; a console session uses many, some calls have none."""
    created: str | None
    """Canonical time at which a session began; None for lasting keys."""
    role_arn: str | None = None
    """Of a role's session: the role's ARN, with its path where a record has it; of a SAML user: the one asked for."""
    session: str | None = None
    """Of a role's session: its name, which who assumed the role has chosen."""
    user: str | None = None
    """`userName`."""
    provider: str | None = None
    """`identityProvider` of a federated user."""
    issuer_arn: str | None = None
    """`sessionIssuer.arn`, the user or role that a session comes from."""
    invoked_by: str | None = None
    source_identity: str | None = None
    on_behalf_of: str | None = None
    """User id in Identity Center."""
    workload: str | None = None
    """ARN or id of the function, instance … that AWS says the credentials were issued to."""
    workload_kind: str | None = None
    """Such as `AWS::Lambda::Function`."""
    console: bool = False
    """Whether AWS says that this is a console session, whose calls have keys that no event issued; a program's name,
    which the caller chooses, says nothing here."""

    @property
    def temporary(self) -> bool:
        return (self.key or "").startswith(TEMPORARY) or (self.created is not None and not self.lasting)

    @property
    def lasting(self) -> bool:
        return (self.key or "").startswith(LASTING)


def credential(record: Record) -> Credential:
    """Read with what the call was made; whatever a record does not tell is None."""
    identity = object_of(record.get("userIdentity"))
    context = object_of(identity.get("sessionContext"))
    who = principal(record)
    workload, kind = _workload(identity, context, who.session_name)
    service = who.type == "AWSService"
    asked = object_of(record.get("requestParameters")) if who.type == "SAMLUser" else {}
    return Credential(
        kind=who.type,
        arn=text_of(identity.get("arn")),
        principal_id=who.principal_id,
        account=who.account or (account_of(record) if service else None),
        key=who.access_key_id,
        created=_time(object_of(context.get("attributes")).get("creationDate")),
        role_arn=_role_arn(identity, who.issuer_arn) if who.session_name else text_of(asked.get("roleArn")),
        session=who.session_name or text_of(asked.get("roleSessionName")),
        user=text_of(identity.get("userName")),
        provider=text_of(identity.get("identityProvider")),
        issuer_arn=who.issuer_arn,
        invoked_by=who.invoked_by,
        source_identity=who.source_identity,
        on_behalf_of=text_of(object_of(identity.get("onBehalfOf")).get("userId")),
        workload=workload,
        workload_kind=kind,
        console=flag_of(record.get("sessionCredentialFromConsole")) is True,
    )


def same_role(one: str | None, other: str | None) -> bool:
    """Tell whether two role ARNs name one role: session ARNs tell nothing of the path, and names are unique without."""
    if not one or not other:
        return False
    return _role_key(one) == _role_key(other)


def one_arn_each(arns: Iterable[str]) -> dict[str, str]:
    """Return for each ARN of a role the one to call it by: with its path, where another of its ARNs has that."""
    known: dict[tuple[str, str], str] = {}
    found = sorted(set(arns))
    for arn in found:
        known[_role_key(arn)] = max(known.get(_role_key(arn), ""), arn, key=len)
    return {arn: known[_role_key(arn)] for arn in found}


def _role_key(arn: str) -> tuple[str, str]:
    parts = arn.split(":", 5)
    return (parts[4] if len(parts) == 6 else "", fold(arn.rpartition("/")[2]))


def _role_arn(identity: Any, issuer_arn: str | None) -> str | None:
    """Return the role of a session: its issuer, else made of `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`."""
    if issuer_arn:
        return issuer_arn
    parts = (text_of(identity.get("arn")) or "").split(":", 5)
    if len(parts) != 6 or not parts[5].startswith("assumed-role/"):
        return None
    return f"{parts[0]}:{parts[1]}:iam::{parts[4]}:role/{parts[5].split('/')[1]}"


def _workload(identity: Any, context: Any, session: str | None) -> tuple[str | None, str | None]:
    """Return to what AWS itself says that the credentials were issued: `inScopeOf`, or an instance's role delivery."""
    scope = object_of(identity.get("inScopeOf")) or object_of(context.get("inScopeOf"))
    issued_to, kind = text_of(scope.get("credentialsIssuedTo")), text_of(scope.get("issuerType"))
    if issued_to and kind:
        return issued_to, kind
    if text_of(context.get("ec2RoleDelivery")) and session and _INSTANCE.fullmatch(session):
        return session, "AWS::EC2::Instance"
    return None, None


def _time(value: Any) -> str | None:
    """Read a `creationDate`, which old records write without separators (`20131102T010628Z`)."""
    text = text_of(value)
    return None if text is None else times.canonical(text)
