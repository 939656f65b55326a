"""What to do about a blast radius, step by step: what of its credentials still works, and what was left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ctaudit.blast_rows import Fate, called
from ctaudit.engines.holders import Read
from ctaudit.held import Held, Spread
from ctaudit.lineage import containment
from ctaudit.lineage.containment import Step
from ctaudit.lineage.credential import one_arn_each
from ctaudit.lineage.issued import Event
from ctaudit.lineage.left_behind import RULES
from ctaudit.lineage.links import later
from ctaudit.lineage.persistence import Standing, Thing
from ctaudit.lineage.spread import account_of_issue
from ctaudit.queries.blast import Row, what_is_read

_ROTATED = ("secret", "parameter", "instance password")
_LINGERS = 300
"""Seconds in which a key may still be accepted after it was deactivated, as IAM tells all its places."""


def lasting_keys(found: Spread) -> list[tuple[Thing, Held]]:
    """Return the lasting keys of the start, each as a thing that calls may have taken away since its first call."""
    undone = frozenset(RULES["iam", "createaccesskey"].undone.split())
    return [
        (Thing("access key", who.key, who.user or who.arn, who.account, _since(held), who, undone), held)
        for held in found.held
        if (who := held.who).lasting and who.key and held.cause.number == 0
    ]


def _since(held: Held) -> Event:
    return Event(None, held.holder.first, *(None,) * 7)


def taken_away(keys: Iterable[Fate]) -> tuple[str, ...]:
    """Say which keys of the start need no step any more."""
    return tuple(
        dict.fromkeys(
            f"{key.name} was deleted at {by.time} (event {by.event_id}), so that there is nothing to deactivate"
            for key, held, state in keys
            if (by := state.by) is not None and state.gone and not _outlived(held, state)
        )
    )


def _on_key(key: Thing, held: Held, state: Standing) -> Step | None:
    """Return what remains to be done about a key; one that was used afterwards works again, whatever the log shows."""
    if _outlived(held, state):
        state = Standing("standing")
    step = containment.of_thing(key, state)
    return step if step is None or state.by is None else replace(step, event_id=state.by.event_id)


def _outlived(held: Held, state: Standing) -> bool:
    by = state.by
    return by is not None and by.time is not None and held.holder.last > later(by.time, _LINGERS)


def step_rows(found: Spread, fates: Iterable[Fate], keys: Iterable[Fate], reads: Iterable[Read]) -> list[Row]:
    """Return what to do, in order; `keys` are the lasting ones of the start."""
    steps = [*_on_credentials(found), *(step for each in keys if (step := _on_key(*each)) is not None)]
    steps += [step for thing, _, state in fates if (step := containment.of_thing(thing, state)) is not None]
    steps += [
        Step("rotate" if (kind := what_is_read(each.name)) in _ROTATED else "look at", kind, each.target, each.event_id)
        for each in reads
        if each.target
    ]
    steps += [Step("look at", "possible session", called(held.who) or "", None) for held in found.possible]
    return [
        Row(
            *("steps", step.action, step.name),
            until=step.until,
            state=step.state,
            account=step.account,
            event_id=step.event_id,
            note=step.kind,
        )
        for step in containment.ordered(steps)
    ]


def _on_credentials(found: Spread) -> Iterator[Step]:
    """Yield what to do about keys and sessions, each role under one ARN: not all records tell its path."""
    steps = list(_each_on_credentials(found))
    called_by = one_arn_each(step.name for step in steps if step.kind == "role")
    yield from (replace(step, name=called_by.get(step.name, step.name)) for step in steps)


def _each_on_credentials(found: Spread) -> Iterator[Step]:
    """Yield what to do about keys and sessions; of the start what its calls show, of others what was handed out."""
    for held in found.held:
        who = held.who
        if who.role_arn and who.kind == "AssumedRole" and held.cause.number == 0:
            yield Step("revoke sessions", "role", who.role_arn, None, who.account)
        elif who.temporary and who.kind in ("IAMUser", "Root", "FederatedUser") and held.cause.number == 0:
            yield Step("revoke sessions", "user", who.issuer_arn or who.arn or "", None, who.account)
    for cause in found.causes:
        issue = cause.issue
        if issue is None or issue.how == "key":
            continue
        name = issue.role_arn or issue.caller.arn or issue.principal_id or ""
        kind = "role" if issue.role_arn else "user"
        yield Step(
            "revoke sessions",
            kind,
            name,
            issue.event.event_id,
            account_of_issue(issue) or issue.event.account,
            cause.until,
        )
