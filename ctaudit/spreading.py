"""Drive the way forward: what credentials handed out and made, who used it, and so on until nothing new comes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ctaudit.engines.holders import Holder, Mark, Noted
from ctaudit.engines.reach import Reach
from ctaudit.held import Held, Spread
from ctaudit.lineage.asked import Asked
from ctaudit.lineage.credential import Credential, credential
from ctaudit.lineage.issued import event_of, issued, may_issue
from ctaudit.lineage.links import Link, link
from ctaudit.lineage.origins import Origins, redeemed
from ctaudit.lineage.persistence import may_make, things
from ctaudit.lineage.spread import Cause, Sign, in_time, is_of, signs, worse
from ctaudit.lineage.walk import MOST_HOPS, start
from ctaudit.queries.blast import PATHS, may_read
from ctaudit.query import Span
from ctaudit.spread_beside import beside, cause_of, switched
from ctaudit.store.layout import Layout
from ctaudit.tracing import of_store, one_step, walked

_AT_ONCE = 500
_MOST_ORIGINS = 20
"""Credentials of the start that are traced back; of more, what they stand for together is not told."""


def spread(layout: Layout, reach: Reach, asked: Asked, span: Span) -> Spread:
    """Follow what was asked about forward; the span bounds its own calls, and ends all others."""
    found = Spread(causes=[Cause(0, "direct")])
    noted = Noted(reach.names(may_issue), reach.names(may_make), reach.names(may_read), PATHS)
    holders = reach.round(_asked_marks(reach, asked), span, noted)
    fresh = [Held(0, holder, credential(holder.record), found.causes[0], "exact") for holder in holders]
    fresh = _without_copies(fresh)
    fresh = _with_origins(layout, fresh, found)
    found.held += fresh
    more, doubtful = beside(reach, asked, fresh, noted, span)
    seen = {held.who for held in (*fresh, *more)}
    fresh += more
    but = _marks(asked.signs)[0] if asked.kind == "address" else None
    found.held += more
    found.possible += doubtful
    while fresh:
        causes = _made(reach, asked, fresh, noted, found)
        causes += switched(layout, reach, fresh, len(found.causes) + len(causes))
        found.causes += causes
        wanted = [sign for cause in causes for sign in signs(cause)]
        if not wanted:
            break
        if causes[0].depth > MOST_HOPS:
            found.deeper = True
            break
        marks = _marks(wanted)
        since = min(mark.since or "" for mark in marks)
        holders = reach.round(marks, Span(since or None, span.until), noted, but)
        # By address only the calls from there were counted: the same session may go on from elsewhere.
        known = set() if but is not None and causes[0].depth == 1 else seen
        new = [holder for holder in holders if credential(holder.record) not in known]
        fresh, doubtful = _judged(layout, reach.rounds - 1, new, causes)
        seen |= {held.who for held in fresh}
        found.held += fresh
        found.possible += doubtful
    found.possible = list({held.who: held for held in reversed(found.possible) if held.who not in seen}.values())[::-1]
    return found


def _without_copies(fresh: Sequence[Held]) -> list[Held]:
    """Leave out the copies of calls that other accounts have, where the callers' own are there, which name them."""
    named = {held.who.principal_id for held in fresh if held.who.kind != "AWSAccount"}
    return [held for held in fresh if held.who.kind != "AWSAccount" or held.who.principal_id not in named]


def _asked_marks(reach: Reach, asked: Asked) -> list[Mark]:
    """Return the marks of what was asked about; a switch of role shows in the account of the role."""
    marks = []
    for mark in _marks(asked.signs):
        accounts = reach.switching(mark.value) if mark.column == "switch" else [mark.account]
        marks += [replace(mark, account=account) for account in accounts]
    return marks


def _marks(wanted: Iterable[Sign]) -> list[Mark]:
    return [Mark(sign.column, sign.value, sign.since, sign.until, sign.account) for sign in wanted]


def _with_origins(layout: Layout, fresh: Sequence[Held], found: Spread) -> list[Held]:
    """Tell who stands behind the credentials of the start, unless they are too many."""
    origins = Origins()
    tickets = [origins.ticket(held.holder.record) for held in fresh]
    if len(origins.walks) > _MOST_ORIGINS:
        found.untraced = len(origins.walks)
        tickets = [None if isinstance(ticket, int) else ticket for ticket in tickets]
        origins = Origins()
    ends_of = walked(of_store(layout), origins.walks)
    return [replace(held, origin=redeemed(ticket, ends_of)) for held, ticket in zip(fresh, tickets, strict=True)]


def _made(reach: Reach, asked: Asked, fresh: Sequence[Held], noted: Noted, found: Spread) -> list[Cause]:
    """Return what the calls of some credentials handed out and made that can itself make calls.

    A sign-in to the console begins no session that is not found by the name of who was asked about.
    """
    by_place = {(held.round, held.holder.number): held for held in fresh}
    records, left = reach.fetch(sorted(by_place), noted)
    found.left += left
    causes: list[Cause] = []
    for place, record in records:
        held = by_place[place]
        record = {**record, **held.holder.identity}
        issue = issued(record)
        own = held.who.kind in ("IAMUser", "Root") or (held.cause.number == 0 and asked.by_name)
        if issue is not None and not (issue.how == "login" and own):
            causes.append(cause_of(len(found.causes) + len(causes), held, issue, record))
        for thing in things(record):
            found.things.append((thing, held))
            if thing.acts:
                causes.append(cause_of(len(found.causes) + len(causes), held, thing, record))
    return causes


def _judged(
    layout: Layout, number: int, holders: Sequence[Holder], causes: Sequence[Cause]
) -> tuple[list[Held], list[Held]]:
    """Tell which credentials were handed out or made by one of the causes; and which may have been."""
    by_key: dict[str, list[Cause]] = defaultdict(list)
    by_event: dict[str, Cause] = {}
    made: dict[str, list[Cause]] = defaultdict(list)
    for cause in causes:
        if cause.issue is not None:
            by_event.setdefault(cause.issue.event.event_id or "", cause)
            if cause.issue.shared:
                by_event.setdefault(cause.issue.shared, cause)
            for key in cause.issue.keys:
                by_key[key].append(cause)
        elif cause.thing is not None:
            for _, value in cause.thing.shows():
                made[value].append(cause)
    sure: list[Held] = []
    doubtful: list[Held] = []
    walking: list[tuple[Holder, Credential]] = []
    for holder in holders:
        who = credential(holder.record)
        held = _by_key(number, holder, who, by_key.get(who.key or "", ())) or _of_thing(number, holder, who, made)
        if held is None:
            walking.append((holder, who))
        else:
            (sure if not held.why else doubtful).append(held)
    for (holder, who), found in zip(walking, _links(layout, [holder for holder, _ in walking]), strict=True):
        held = _by_link(number, holder, who, found, by_event)
        if held is not None:
            (sure if not held.why else doubtful).append(held)
    return sure, doubtful


def _by_key(number: int, holder: Holder, who: Credential, causes: Sequence[Cause]) -> Held | None:
    issues = [cause.issue for cause in causes if cause.issue is not None and in_time(holder.first, cause.until)]
    found = link(who, event_of(holder.record), issues) if issues else None
    if found is None or found.issue is None or found.confidence != "exact":
        return None
    (cause, *_) = [cause for cause in causes if cause.issue == found.issue]
    return Held(number, holder, who, cause, cause.confidence, found.method, cause.origin)


def _of_thing(number: int, holder: Holder, who: Credential, made: dict[str, list[Cause]]) -> Held | None:
    ids = (
        (who.principal_id or "").partition(":")[0],
        who.principal_id,
        who.arn,
        who.role_arn,
        who.session,
        who.workload,
    )
    for cause in (cause for one in dict.fromkeys(ids) if one for cause in made.get(one, ())):
        assert cause.thing is not None
        confidence = is_of(cause.thing, who)
        if confidence is None or (cause.event and cause.event.time and holder.last < cause.event.time):
            continue
        why = "another workload may have this name" if confidence == "weak" else ""
        how = "id" if confidence == "exact" else "name"
        return Held(number, holder, who, cause, worse(cause.confidence, confidence), how, cause.origin, why)
    return None


def _links(layout: Layout, holders: Sequence[Holder]) -> list[Link | None]:
    """Tell for some credentials which call handed them out, as a trace of their first call would."""
    walks = [start(holder.record) for holder in holders]
    waiting = [place for place, walk in enumerate(walks) if walk.wanted is not None]
    for first in range(0, len(waiting), _AT_ONCE):
        places = waiting[first : first + _AT_ONCE]
        for place, walk in zip(places, one_step(of_store(layout), [walks[place] for place in places]), strict=True):
            walks[place] = walk
    return [walk.hops[0].link for walk in walks]


def _by_link(
    number: int, holder: Holder, who: Credential, found: Link | None, by_event: dict[str, Cause]
) -> Held | None:
    """Judge a credential by the call that handed it out: one of ours, maybe one of ours, or another one."""
    if found is None:
        return None
    events = [found.issue.event] if found.issue is not None else list(found.candidates)
    ids = [event.event_id or "" for event in events] + [found.issue.shared or "" if found.issue else ""]
    causes = [by_event[one] for one in ids if one in by_event]
    if not causes or not in_time(holder.first, causes[0].until):
        return None
    sure = found.confidence in ("exact", "strong")
    why = "" if sure else f"{len(found.candidates)} calls by different callers may have begun this session"
    confidence = worse(causes[0].confidence, found.confidence)
    return Held(number, holder, who, causes[0], confidence, found.method, causes[0].origin, why)
