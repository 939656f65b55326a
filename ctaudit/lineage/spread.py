"""What a call made possible: credentials with a lifetime of their own, and what calls show that were made with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ctaudit import times
from ctaudit.lineage.credential import Credential, same_role
from ctaudit.lineage.issued import Event, Issue
from ctaudit.lineage.links import SKEW, SWITCH, Confidence, later
from ctaudit.lineage.persistence import Thing
from ctaudit.query import Record
from ctaudit.records.anyjson import object_of

Via = Literal["direct", "session", "credential", "created"]
CHAINED, DAY_HALF = 3600, 12 * 3600
"""Seconds: AWS ends a session that a role's session took after an hour, and any role's after twelve."""
_MOST = {"root": 900, "session": 36 * 3600, "federation": 36 * 3600}
_USUAL = {"root": 900, "session": DAY_HALF, "federation": DAY_HALF, "role": 3600}
_RANKS = ("exact", "strong", "weak", "ambiguous", "gap")


@dataclass(frozen=True, slots=True)
class Cause:
    """What makes calls a part of the answer: the start, credentials that were handed out, or a thing that was made."""

    number: int
    via: Via
    event: Event | None = None
    """The call that handed out or made it; None for the start."""
    caller: Credential | None = None
    """Who made that call."""
    issue: Issue | None = None
    thing: Thing | None = None
    until: str | None = None
    """When it ends at the latest; None for what lasts."""
    parent: int = -1
    """Number of the cause whose credentials made that call."""
    depth: int = 0
    confidence: Confidence = "exact"
    """How surely the start stands behind that call: the weakest link up to it."""
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """What calls made with a credential show: the value of a column, between two times."""

    column: str
    """`key`, `begun` (a name and the second in which the session began), `principal`, `arn`, `issuer`, `issuer_id`,
    `session` or `workload`."""
    value: str
    since: str | None = None
    until: str | None = None
    account: str | None = None
    """Whose trail has such calls; None: it may be any."""


def worse(one: Confidence, other: Confidence) -> Confidence:
    return max(one, other, key=_RANKS.index)


def ends(issue: Issue, record: Record) -> str | None:
    """Return when what a call handed out ends at the latest; None for a lasting key, or when the call has no time.

    The response tells when, or the request for how long; no session of a role outlives twelve hours, and none that
    another role's session took outlives one.
    """
    if issue.how == "key" or issue.event.time is None:
        return None
    asked = object_of(record.get("requestParameters")).get("durationSeconds")
    seconds = asked if isinstance(asked, int) and 0 < asked < 36 * 3600 else _USUAL.get(issue.how, DAY_HALF)
    latest = later(issue.event.time, CHAINED if _is_chained(issue) else _MOST.get(issue.how, DAY_HALF))
    if issue.expires and issue.expires >= issue.event.time:
        return min(issue.expires, latest)
    return min(later(issue.event.time, DAY_HALF if issue.from_console else seconds), latest)


def _is_chained(issue: Issue) -> bool:
    """Tell whether a role's session took this role; the console begins such sessions anew while it is open."""
    return issue.how == "role" and issue.caller.kind == "AssumedRole" and not issue.from_console


def signs(cause: Cause) -> Iterable[Sign]:
    """Yield what calls show that were made with what a cause handed out or made; not all of them are its own."""
    event = cause.event
    if event is None or event.time is None:
        return
    since = later(event.time, -SKEW)
    if cause.issue is not None:
        until = later(cause.until, SKEW) if cause.until else None
        account = account_of_issue(cause.issue)
        for key in cause.issue.keys:
            yield Sign("key", key, since, until, account)
        name = _name(cause.issue)
        if name and cause.issue.how != "key":
            for second in _seconds(cause.issue):
                yield Sign("begun", f"{name} {second}", since, until, account)
    elif cause.thing is not None:
        for column, value in cause.thing.shows():
            yield Sign(column, value, since, account=cause.thing.account)


def account_of_issue(issue: Issue) -> str | None:
    """Return the account in which what was handed out is used: the role's, else the user's; None when not known."""
    parts = (issue.role_arn or "").split(":")
    return (parts[4] or None) if len(parts) > 5 else issue.account


def _name(issue: Issue) -> str | None:
    """Return the end of the principal id of the calls that follow: a session's name, a user's or account's id."""
    return (issue.principal_id or "").rpartition(":")[2] or issue.session


def _seconds(issue: Issue) -> list[str]:
    """Return when the session may have begun by the clock of another service."""
    time = issue.event.time or ""
    within = SWITCH if issue.how == "switch" else SKEW
    found = [later(time, seconds) for seconds in range(-within, within + 1)]
    begun = issue.caller.created if issue.how == "login" else None
    return list(dict.fromkeys([*found, begun] if begun else found))


def is_of(thing: Thing, held: Credential) -> Confidence | None:
    """Tell whether a credential is that of a thing that was made, and how surely; None: it is not."""
    if thing.kind == "user":
        if thing.unique_id and held.principal_id:
            return "exact" if held.principal_id == thing.unique_id else None
        return "strong" if held.kind == "IAMUser" and held.arn == thing.arn else None
    if thing.kind == "role":
        if thing.unique_id and held.principal_id:
            return "exact" if held.principal_id.partition(":")[0] == thing.unique_id else None
        return "strong" if held.role_arn and held.role_arn == thing.arn else None
    if held.workload is not None and held.workload in (thing.arn, thing.name):
        return "exact"
    if held.session != thing.name or held.account != thing.account:
        return None
    if thing.kind == "instance":
        return "strong"
    if thing.role is None or held.role_arn is None:
        return "weak"
    return "strong" if same_role(thing.role, held.role_arn) else None


def in_time(first: str, until: str | None) -> bool:
    """Tell whether a first call came before the end."""
    return until is None or times.parse_canonical(until) is None or first <= later(until, SKEW)
