"""What goes with credentials though no call of theirs handed it out: services' calls, a console's keys, other roles."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.engines import duck
from ctaudit.engines.holders import Mark, Noted
from ctaudit.engines.reach import Reach
from ctaudit.held import Held
from ctaudit.lineage.asked import Asked
from ctaudit.lineage.credential import credential
from ctaudit.lineage.issued import Issue, issued
from ctaudit.lineage.links import SWITCH, later
from ctaudit.lineage.persistence import Thing
from ctaudit.lineage.spread import DAY_HALF, Cause, Via, ends, worse
from ctaudit.query import Contains, Query, Record, Span
from ctaudit.records.anyjson import fold
from ctaudit.store.layout import Layout

_FOR_WHICH = "a service called for this user, and for which of the user's credentials the record does not tell"


def beside(
    reach: Reach, asked: Asked, fresh: Sequence[Held], noted: Noted, span: Span
) -> tuple[list[Held], list[Held]]:
    """Return what goes with the credentials of an access key that was asked about, and what may.

    A console uses many keys in one session. A service goes on for a user with a key that no event handed out, and the
    record does not tell for which of the user's credentials: when there is but one, it was that one.
    """
    if asked.kind != "access key" or not fresh:
        return [], []
    sure: list[Held] = []
    possible: list[Held] = []
    mine = {held.who for held in fresh}
    holders = reach.round(_marks(fresh), span, noted)
    number = reach.rounds - 1
    others = [holder for holder in holders if (who := credential(holder.record)) not in mine and not who.invoked_by]
    for holder in holders:
        who = credential(holder.record)
        if who in mine:
            continue
        for held in fresh:
            if who.principal_id != held.who.principal_id or not (who.temporary or who.console):
                continue
            same = who.created is not None and who.created == held.who.created
            if same and (who.invoked_by or (who.console and held.who.console)):
                sure.append(Held(number, holder, who, held.cause, "strong", "session attributes", held.origin))
            elif held.who.lasting and who.invoked_by:
                why = _FOR_WHICH if others else ""
                confidence = worse("strong", "weak" if why else held.confidence)
                one = Held(number, holder, who, held.cause, confidence, "principal", held.origin, why)
                (possible if why else sure).append(one)
            else:
                continue
            break
    return sure, possible


def _marks(fresh: Sequence[Held]) -> list[Mark]:
    marks = []
    for held in fresh:
        who, until = held.who, later(held.holder.last, SWITCH)
        if who.created and who.principal_id:
            begun = f"{who.principal_id.rpartition(':')[2]} {who.created}"
            marks.append(Mark("begun", begun, None, later(who.created, DAY_HALF), who.account))
        elif who.principal_id:
            marks.append(Mark("principal", who.principal_id, later(held.holder.first, -SWITCH), until, who.account))
    return marks


def switched(layout: Layout, reach: Reach, fresh: Sequence[Held], number: int) -> list[Cause]:
    """Return the roles that some sessions switched to in the console; the first has the number `number`.

    The call that took the role is among the session's own, unless the trail has writes alone.
    """
    by_arn = {held.who.arn: held for held in fresh if held.who.arn and (held.who.created or held.who.console)}
    if not by_arn or not reach.names(_is_switch):
        return []
    since = min(held.holder.first for held in by_arn.values())
    needles = tuple(sorted(fold(arn) for arn in by_arn if arn))
    query = Query(
        Span(later(since, -DAY_HALF)), _is_switch, (Contains(("additionaleventdata",), needles),), lambda record: True
    )
    causes: list[Cause] = []
    for hit in duck.answer(layout, query, None).hits:
        record = hit.parse()
        issue = issued(record)
        held = by_arn.get(issue.switch_from or "") if issue is not None else None
        if issue is None or held is None or not _within(issue, held):
            continue
        sure = held.who.kind in ("IAMUser", "Root")
        made = cause_of(number + len(causes), held, issue, record)
        causes.append(made if sure else _weakened(made))
    return causes


def _is_switch(source: str | None, name: str | None, read_only: bool | None) -> bool:
    return name == "SwitchRole"


def _within(issue: Issue, held: Held) -> bool:
    """Tell whether a switch was made while the session lasted."""
    created, time = held.who.created or held.holder.first, issue.event.time or ""
    return later(created, -SWITCH) <= time <= later(created, DAY_HALF)


def _weakened(cause: Cause) -> Cause:
    """Say that an ARN alone leads here: other sessions have the same."""
    from dataclasses import replace

    return replace(cause, confidence=worse(cause.confidence, "weak"))


def cause_of(number: int, held: Held, what: Issue | Thing, record: Record) -> Cause:
    issue, thing = (what, None) if isinstance(what, Issue) else (None, what)
    via: Via = "created" if issue is None else "credential" if issue.how == "key" else "session"
    return Cause(
        number,
        via,
        what.event,
        held.who,
        issue,
        thing,
        until=ends(issue, record) if issue is not None else None,
        parent=held.cause.number,
        depth=held.cause.depth + 1,
        confidence=held.confidence,
        origin=held.origin,
    )
