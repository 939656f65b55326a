"""What `blast-radius` was asked about: a key, a session, a user, a role or an address, and how calls show it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from ctaudit.lineage.issued import KEY
from ctaudit.lineage.spread import Sign
from ctaudit.records.arns import parse_arn

Kind = Literal["access key", "session", "role", "user", "address", "name"]
_ID = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{8,}")


@dataclass(frozen=True, slots=True)
class Asked:
    what: str
    kind: Kind
    signs: tuple[Sign, ...]

    @property
    def by_name(self) -> bool:
        """Whether it is found by who called, whatever the credentials: all sessions of it are its own."""
        return self.kind not in ("access key", "address")


def asked(what: str) -> Asked:
    """Tell what a text asks about; whatever is no ARN, key, id or address is the name of a user, role or session."""
    if KEY.fullmatch(what.upper()):
        return Asked(what, "access key", (Sign("key", what.upper()),))
    if _ID.fullmatch(what):
        role = what.startswith("AROA")
        return Asked(what, "role" if role else "user", (Sign("issuer_id" if role else "principal", what),))
    try:
        address = ipaddress.ip_address(what)
    except ValueError:
        return _by_name(what) if parse_arn(what) is None else _by_arn(what)
    return Asked(what, "address", tuple(Sign("address", text) for text in dict.fromkeys((str(address), what))))


def _by_arn(arn: str) -> Asked:
    parts = parse_arn(arn)
    assert parts is not None
    kind, _, name = parts.resource.partition("/")
    if kind == "role":
        sessions = f"arn:{parts.partition}:sts::{parts.account}:assumed-role/{name.rpartition('/')[2]}"
        own = parts.account
        return Asked(arn, "role", (Sign("issuer", arn, account=own), Sign("role", sessions, account=own)))
    if kind == "assumed-role" and "/" not in name:
        return Asked(arn, "role", (Sign("role", arn, account=parts.account),))
    about: Kind = "session" if kind in ("assumed-role", "federated-user") else "user"
    account = parts.account or None
    signs = (Sign("arn", arn, account=account), Sign("switch", arn))
    # A federated user's session says itself which user has it made.
    return Asked(arn, about, (*signs, Sign("issuer", arn, account=account)) if about == "user" else signs)


def _by_name(name: str) -> Asked:
    return Asked(name, "name", tuple(Sign(column, name) for column in ("user", "issuer_name", "session", "identity")))
