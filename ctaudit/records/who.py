"""Someone as the user asks for them (ARN, user, role, session, key, address, account, service) against a record."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ctaudit.records.anyjson import fold, object_of, text_of
from ctaudit.records.arns import Arn, parse_arn

_SAFE = re.compile(r"[a-z0-9_.-]+")
_MIN_NEEDLE = 3
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class _Who:
    text: str
    """Folded, without the `*` at the end."""
    is_prefix: bool
    network: _Network | None = None
    """An address is a network of one."""
    arn: Arn | None = None


def matches_who(record: Mapping[str, Any], who: str) -> bool:
    """Tell whether the record's caller is `who`, in any letter case; `*` at the end asks for a prefix.

    `who` may be the ARN of a user, a role (any of its sessions), an assumed role with or without session or a
    federated user; a user, role or session name; an access key id, principalId or Identity Center user id; an address
    or CIDR; an account id; a service; a source identity; `root`.
    """
    asked = _parse(who)
    if not asked.text and not asked.is_prefix:
        return False
    if asked.network is not None:
        return _is_from(record, asked.network)
    if asked.is_prefix:
        return any(fold(known).startswith(asked.text) for known in _known(record))
    if any(fold(known) == asked.text for known in _known(record)):
        return True
    return asked.arn is not None and _is_session_of(record, asked.arn)


def who_needle(who: str) -> tuple[str, ...]:
    """Return folded substrings, one of which stands in the identity fields of every record that `matches_who`.

    Empty for networks, IPv6 addresses (written in many ways) and `root` (which may be said by the type alone).
    """
    asked = _parse(who)
    if asked.network is not None:
        single = asked.network.version == 4 and asked.network.num_addresses == 1 and "/" not in asked.text
        return (asked.text,) if single else ()
    if (asked.text == "root") or (asked.is_prefix and "root".startswith(asked.text)):
        return ()
    text = asked.text
    if asked.arn is not None:
        # A role's ARN also matches sessions that tell nothing of its path, so only the name is certain.
        parts = asked.arn.resource.split("/")
        text = fold(parts[1] if fold(parts[0]) == "assumed-role" and len(parts) > 1 else parts[-1])
        if text in ("root", ""):
            text = asked.arn.account
    piece = max(reversed(_SAFE.findall(text)), key=len, default="")
    return (piece,) if len(piece) >= _MIN_NEEDLE else ()


@lru_cache(maxsize=256)
def _parse(who: str) -> _Who:
    text = fold(who.strip())
    if text.endswith("*"):
        return _Who(text[:-1], True)
    try:
        return _Who(text, False, network=ipaddress.ip_network(text, strict=False))
    except ValueError:
        return _Who(text, False, arn=parse_arn(text))


def _is_from(record: Mapping[str, Any], network: _Network) -> bool:
    address = text_of(record.get("sourceIPAddress"))
    if address is None:
        return False
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found in network


def _known(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield everything the caller is known by, as recorded."""
    identity = object_of(record.get("userIdentity"))
    context = object_of(identity.get("sessionContext"))
    issuer = object_of(context.get("sessionIssuer"))
    for value in (
        identity.get("arn"),
        identity.get("principalId"),
        identity.get("userName"),
        identity.get("accessKeyId"),
        identity.get("accountId"),
        identity.get("invokedBy"),
        issuer.get("arn"),
        issuer.get("principalId"),
        issuer.get("userName"),
        context.get("sourceIdentity"),
        object_of(identity.get("onBehalfOf")).get("userId"),
        record.get("sourceIPAddress"),
        object_of(record.get("additionalEventData")).get("SwitchFrom"),
    ):
        if isinstance(value, str) and value:
            yield value
    if identity.get("type") == "Root":
        yield "root"
    yield from _parts(identity, record)


def _parts(identity: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names inside ARNs and principal ids: role, session, user, the id before the session."""
    principal_id = text_of(identity.get("principalId")) or ""
    head, colon, tail = principal_id.partition(":")
    if colon:
        yield head
        yield tail
    for text in (identity.get("arn"), object_of(record.get("additionalEventData")).get("SwitchFrom")):
        arn = parse_arn(text) if isinstance(text, str) else None
        if arn is None:
            continue
        kind, _, name = arn.resource.partition("/")
        if kind == "assumed-role":
            role, _, session = name.partition("/")
            yield role
            yield f"{role}/{session}"
            yield session
            yield f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{role}"
        elif name:
            yield name.rpartition("/")[2]


def _is_session_of(record: Mapping[str, Any], asked: Arn) -> bool:
    """Tell whether the caller is a session of the role `asked` when its issuer, with the path, is not recorded."""
    kind, _, name = asked.resource.partition("/")
    if asked.service != "iam" or kind != "role":
        return False
    identity = object_of(record.get("userIdentity"))
    issuer = object_of(object_of(identity.get("sessionContext")).get("sessionIssuer"))
    found = parse_arn(text_of(identity.get("arn")) or "")
    if found is None or text_of(issuer.get("arn")) or fold(found.account) != asked.account:
        return False
    return fold(found.resource).startswith(f"assumed-role/{name.rpartition('/')[2]}/")
