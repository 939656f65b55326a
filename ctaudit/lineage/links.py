"""Which of several calls handed out a credential, how that is known, and how surely; never a guess between callers."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from ctaudit import times
from ctaudit.lineage.credential import Credential, same_role
from ctaudit.lineage.issued import Event, Issue

Confidence = Literal["exact", "strong", "weak", "ambiguous", "gap"]
Method = Literal[
    "issued key", "session attributes", "role switch", "source address", "user agent", "shared event", "cause"
]

SKEW = 2
"""Seconds by which two services' clocks may differ: a session's beginning and the event that began it."""
SWITCH = 5
"""Seconds between a switch of role in the console and the call that took the role."""


@dataclass(frozen=True, slots=True)
class Link:
    """How a credential was found to be handed out."""

    confidence: Confidence
    method: Method | None = None
    issue: Issue | None = None
    """The call that handed it out; None when it is ambiguous."""
    candidates: tuple[Event, ...] = ()
    """The calls that it may have been, when there are several."""
    beside: tuple[Issue, ...] = field(default=())
    """What else tells of the same moment: a sign-in, a switch of role, another account's copy."""


def link(held: Credential, used: Event, issues: Sequence[Issue]) -> Link | None:
    """Find the call among `issues` that handed out `held`, with which the call `used` was made; None: there is none.

    `Exact` is the very key. Else it is who and when: role, session name and the second in which the session began
    (`strong`); two different callers then are told apart by the address or program that both calls came from (`weak`),
    or not at all (`ambiguous`).
    """
    before = [issue for issue in issues if _not_later(issue.event, used) and issue.event.event_id != used.event_id]
    by_key = [issue for issue in before if held.key in issue.keys and _agrees(issue, held)] if held.key else []
    if by_key:
        return _by_key(held, by_key, _beside(held, before))
    beside = _beside(held, before)
    fitting = [issue for issue in before if _same_session(issue, held, signed_in=bool(beside))]
    return _by_session(used, fitting, beside) if fitting else None


def _by_key(held: Credential, found: Sequence[Issue], beside: tuple[Issue, ...]) -> Link:
    """Choose among calls that handed out the same key: copies of one call, or a key id that came twice."""
    begun = [issue for issue in found if _near(issue.event.time, held.created, SKEW)] or list(found)
    latest = max(issue.event.time or "" for issue in begun)
    copies = [issue for issue in begun if (issue.event.time or "") == latest]
    best, others = _of_copies(copies)
    return Link("exact", "issued key", best, (), (*beside, *others))


def _by_session(used: Event, fitting: Sequence[Issue], beside: tuple[Issue, ...]) -> Link:
    handed = [issue for issue in fitting if issue.how not in ("login", "switch")]
    if not handed:
        switched = [issue for issue in fitting if issue.how == "switch"]
        return _settled(used, switched or fitting, "role switch" if switched else "session attributes", beside)
    from_whom = {issue.switch_from for issue in beside if issue.switch_from}
    switching = [issue for issue in handed if issue.caller.arn in from_whom]
    if switching and len(_callers(handed)) > 1:
        return _settled(used, switching, "role switch", beside)
    return _settled(used, handed, "session attributes", beside)


def _settled(used: Event, found: Sequence[Issue], method: Method, beside: tuple[Issue, ...]) -> Link:
    """Choose when all calls are of one caller; else by what both calls came from, when that leaves one caller."""
    if len(_callers(found)) == 1:
        best, others = _of_copies(found)
        return Link("strong", method, best, (), _others(beside, best, others))
    tests: tuple[tuple[Method, Callable[[Issue], bool]], ...] = (
        ("source address", lambda issue: _is_address(used.address) and issue.event.address == used.address),
        ("user agent", lambda issue: used.agent is not None and issue.event.agent == used.agent),
    )
    candidates = _events(found)
    for how, test in tests:
        left = [issue for issue in found if test(issue)]
        if left and len(_callers(left)) == 1:
            best, others = _of_copies(left)
            return Link("weak", how, best, candidates, _others(beside, best, others))
    return Link("ambiguous", None, None, candidates, beside)


def _callers(issues: Iterable[Issue]) -> set[object]:
    """Return who made the calls; the two accounts' copies of one call count as the one that tells more."""
    calls: dict[object, list[Issue]] = {}
    for issue in issues:
        calls.setdefault(issue.shared or issue.event.event_id or id(issue), []).append(issue)
    return {_caller(who) for copies in calls.values() for who in _told_of(copies)}


def _told_of(copies: Sequence[Issue]) -> list[Credential]:
    """Return the callers that records of one `sharedEventID` tell of: one, unless these are no copies of one call."""
    named = [issue.caller for issue in copies if issue.caller.kind != "AWSAccount"]
    ids = {who.principal_id for who in named}
    veiled = [issue.caller for issue in copies if issue.caller.kind == "AWSAccount"]
    return named + [who for who in veiled if not named or not (who.principal_id in ids or _is_account(who))]


def _is_account(who: Credential) -> bool:
    return who.principal_id is None or who.principal_id == who.account


def _caller(who: Credential) -> object:
    return (who.kind, who.arn, who.principal_id, who.user, who.invoked_by if who.kind == "AWSService" else None)


def _of_copies(copies: Sequence[Issue]) -> tuple[Issue, tuple[Issue, ...]]:
    """Return the copy that tells most of the caller, and the others: a role's owner sees but the caller's account."""
    order = sorted(copies, key=lambda i: (i.caller.kind == "AWSAccount", i.event.time or "", i.event.event_id or ""))
    return order[0], tuple(order[1:])


def _others(beside: tuple[Issue, ...], best: Issue, others: tuple[Issue, ...]) -> tuple[Issue, ...]:
    return tuple(dict.fromkeys(issue for issue in (*beside, *others) if issue is not best))


def _events(issues: Iterable[Issue]) -> tuple[Event, ...]:
    events = {issue.event for issue in issues}
    return tuple(sorted(events, key=lambda event: (event.time or "", event.event_id or "")))


def _beside(held: Credential, issues: Sequence[Issue]) -> tuple[Issue, ...]:
    """Return sign-ins and switches of role that this session began with."""
    found = [
        issue
        for issue in issues
        if issue.how in ("login", "switch")
        and _is_principal(issue, held)
        and _near(issue.event.time, held.created, SWITCH)
    ]
    return tuple(sorted(found, key=lambda issue: (issue.event.time or "", issue.event.event_id or "")))


def _same_session(issue: Issue, held: Credential, *, signed_in: bool) -> bool:
    """Tell whether the call began the session that `held` is of, though not with this key.

    A key that was handed out in the same second is another session's, unless the console or a service has put a key
    of its own in its place; `signed_in` says that the session began with a sign-in to the console.
    """
    within = SWITCH if issue.how == "switch" else SKEW
    if not _near(issue.event.time, held.created, within) or not _is_principal(issue, held):
        return False
    if issue.how in ("login", "key"):
        return issue.how == "login"
    replaced = (
        held.console or signed_in or issue.from_console or (held.invoked_by is not None and issue.how != "session")
    )
    return held.key is None or not issue.keys or replaced


def _is_principal(issue: Issue, held: Credential) -> bool:
    """Tell whether who the call made, or signed in, is who holds the credential."""
    if issue.principal_id and held.principal_id:
        if issue.how == "root":
            return held.kind == "Root" and held.account == issue.account
        return issue.principal_id == held.principal_id
    if issue.session is None or held.session is None:
        return False
    return issue.session == held.session and same_role(issue.role_arn, held.role_arn)


def _agrees(issue: Issue, held: Credential) -> bool:
    """Tell whether nothing speaks against a key being this caller's."""
    if issue.how == "root":
        return held.kind == "Root" and issue.account in (None, held.account)
    if issue.how == "key":
        return held.kind in ("IAMUser", "Root") and issue.account in (None, held.account)
    return not issue.principal_id or not held.principal_id or issue.principal_id == held.principal_id


def _not_later(event: Event, used: Event) -> bool:
    return used.time is None or event.time is None or event.time <= later(used.time, SKEW)


def _near(time: str | None, other: str | None, seconds: int) -> bool:
    if time is None or other is None:
        return False
    one, two = times.parse_canonical(time), times.parse_canonical(other)
    return one is not None and two is not None and abs((one - two).total_seconds()) <= seconds


def later(time: str, seconds: float) -> str:
    """Return the canonical time so many seconds later (earlier, when negative); at the ends of time the time itself."""
    moment = times.parse_canonical(time)
    try:
        return time if moment is None else times.format_utc(moment + timedelta(seconds=seconds))
    except OverflowError:
        return time


def _is_address(text: str | None) -> bool:
    try:
        return text is not None and bool(ipaddress.ip_address(text))
    except ValueError:
        return False
