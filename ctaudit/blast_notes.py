"""What a blast radius cannot know, and what it leaves out, in sentences."""

from __future__ import annotations

import shlex

from ctaudit.engines.reach import Reach
from ctaudit.held import Spread
from ctaudit.lineage.asked import Asked
from ctaudit.lineage.credential import Credential, one_arn_each
from ctaudit.lineage.spread import Cause, account_of_issue
from ctaudit.lineage.walk import MOST_HOPS

_MADE = ("IAMUser", "AssumedRole")
_SHOWN = 5
"""Principals of one name that are named."""


def said(reach: Reach, about: Asked, found: Spread, made: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what must be known to read the answer rightly, and what it leaves out; `made` says that things were."""
    if not found.held:
        return (), ()
    return tuple(_notes(reach, about, found, made)), tuple(_left_out(reach, found))


def _notes(reach: Reach, about: Asked, found: Spread, made: bool) -> list[str]:
    notes: list[str] = []
    each = {_whose(held.who) for held in found.held if held.cause.number == 0}
    roles = one_arn_each(one for one in each if ":role/" in one)
    who = sorted({roles.get(one, one) for one in each})
    if about.kind == "name" and len(who) > 1:
        shown = ", ".join(who[:_SHOWN]) + (", …" if len(who) > _SHOWN else "")
        notes.append(f"{about.what} names {len(who):,} principals, which were all followed: {shown}; an ARN names one")
    notes += [*_made_again(about, found), *_sessions(about, found)]
    if not reach.names(lambda source, name, read: name in ("GetObject", "PutObject")):
        notes.append("the store has no events of S3 objects, so which of them were read is not known")
    if found.untraced:
        told = "what-did --by origin counts who is behind them"
        notes.append(f"origin is empty, since {found.untraced:,} credentials are too many to trace at once; {told}")
    end = reach.answer(0).covered[1]
    if made and end:
        notes.append(f"what stands is as of {end}, the last event in the store")
    if found.possible:
        count = len(found.possible)
        them = "1 credential" if count == 1 else f"{count:,} credentials"
        notes.append(f"{them} may also be of this; listed as possible, and not counted")
    return notes


def _made_again(about: Asked, found: Spread) -> list[str]:
    """Say so when one name or ARN was that of several users, one after the other: ids tell them apart."""
    ids: dict[str, set[str]] = {}
    for held in found.held:
        who = held.who
        unique = (who.principal_id or "").partition(":")[0]
        if held.cause.number == 0 and about.kind in ("name", "user", "role") and unique and who.kind in _MADE:
            ids.setdefault(_whose(who), set()).add(unique)
    return [
        f"{whose} was made again: {', '.join(sorted(each)[:_SHOWN])} are different ones of that name, "
        "which were all followed; an id names one"
        for whose, each in sorted(ids.items())
        if len(each) > 1
    ]


def _sessions(about: Asked, found: Spread) -> list[str]:
    """Say so when one session's ARN was that of several, one after the other: names of sessions are used again."""
    begun = {held.who.created for held in found.held if held.cause.number == 0}
    if about.kind != "session" or len(begun) < 2:
        return []
    them = f"{about.what} names {len(begun):,} sessions, which were all followed"
    return [f"{them}; ctaudit sessions {shlex.quote(about.what)} lists them, a key or --since and --until choose one"]


def _left_out(reach: Reach, found: Spread) -> list[str]:
    partial: list[str] = []
    if not reach.names(lambda source, name, read: name == "AssumeRole"):
        partial.append("the store has no AssumeRole, as trails of write events have none, so sessions may be missing")
    silent = sorted({account for cause in found.causes if (account := _silent(cause, reach))})
    partial += [f"account {one} has no events in the store, so what sessions did there is not known" for one in silent]
    if found.left:
        count = f"{found.left:,} calls were not looked at for what they made possible"
        partial.append(f"{count}, since there are too many; narrow it with --since and --until")
    if found.deeper:
        partial.append(f"it goes on beyond {MOST_HOPS} steps, which are all that were followed")
    return partial


def _whose(who: Credential) -> str:
    return (who.role_arn if who.session else None) or who.arn or who.principal_id or str(who.account)


def _silent(cause: Cause, reach: Reach) -> str | None:
    """Return the account in which a session was handed out, when the store has no events of it."""
    account = account_of_issue(cause.issue) if cause.issue is not None else None
    return account if account and account not in reach.accounts else None
