"""Sessions: which calls belong to one, whose they are, and the rows they are told in."""

from __future__ import annotations

from ctaudit.queries.actors import IDENTITY
from ctaudit.query import Condition, Contains, OneOf, Record
from ctaudit.records.anyjson import object_of, text_of
from ctaudit.records.identity import who_needle
from ctaudit.table import Column

KINDS = ("assumedrole", "iamuser", "root", "federateduser", "identitycenteruser")
"""Types of callers that have sessions or keys; services and other accounts' callers have none here."""

COLUMNS = (
    Column("start", 0),
    Column("end", 0),
    Column("principal", 0),
    Column("principal_type", 6),
    Column("origin", 1),
    Column("session_began", 5),
    Column("access_key_id", 4),
    Column("access_keys", 6, right=True),
    Column("console", 5),
    Column("mfa", 3),
    Column("calls", 0, right=True),
    Column("failed", 4, right=True),
    Column("denied", 1, right=True),
    Column("source_ips", 2),
    Column("new_source_ips", 2),
    Column("agents", 5),
    Column("new_agents", 3),
    Column("regions", 4),
    Column("account", 4),
    Column("first_event_id", 6),
)
"""Keys and their order are stable: new ones may be added at the end."""


def conditions(who: str | None) -> tuple[Condition, ...]:
    """Return what narrows the calls to those of sessions, and of `who` where the columns tell."""
    kinds = OneOf("useridentity.type", KINDS)
    needles = who_needle(who) if who else ()
    return (kinds, Contains((*IDENTITY, "extra"), needles)) if needles else (kinds,)


def session_key(record: Record) -> tuple[str | None, ...]:
    """Return what is equal for all calls of one session: the Python of what `engines.sessions` groups by in SQL."""
    identity = object_of(record.get("userIdentity"))
    attributes = object_of(object_of(identity.get("sessionContext")).get("attributes"))
    arn, service = text_of(identity.get("arn")), text_of(identity.get("invokedBy"))
    created = text_of(attributes.get("creationDate"))
    if created is None and record.get("eventName") in ("ConsoleLogin", "SwitchRole"):
        created = text_of(record.get("eventTime"))
    console = record.get("sessionCredentialFromConsole") == "true"
    through = service if identity.get("type") == "IAMUser" and not console else None
    lasting = None if created else text_of(identity.get("accessKeyId"))
    who = text_of(identity.get("principalId")) or arn or service
    return (who, arn, None if through else created, lasting, through)
