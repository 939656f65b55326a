"""Attribute what services did to the calls that caused it: one question for all of an answer's rows."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit import limits
from ctaudit.engines import duck
from ctaudit.queries.biography import Moment
from ctaudit.queries.causing import MAKERS, Cause, causes, children, is_maker, made, question
from ctaudit.queries.life_kinds import kind_of
from ctaudit.query import Hit, Record, Span
from ctaudit.records.anyjson import text_of
from ctaudit.records.outcome import outcome
from ctaudit.records.targets import targets
from ctaudit.records.verbs import Verb, verb
from ctaudit.store.layout import Layout

Causes = list[tuple[Cause, ...]]
"""For each call what may have caused it: nothing that is known, one call, or several."""


def causes_of(layout: Layout, records: Sequence[Record], span: Span) -> tuple[Causes, tuple[str, ...]]:
    """Return what may have caused each call that a service made, and what must be said of those without one cause."""
    wanted = [made(record) if verb(record) is not Verb.READ else None for record in records]
    count = sum(each is not None for each in wanted)
    asked = question([each for each in wanted if each is not None], span)
    if asked is None:
        return [()] * len(records), _lacking(count)
    answer = duck.answer(layout, asked, limits.MAX_CANDIDATES)
    if answer.matched > limits.MAX_CANDIDATES:
        most = f"{limits.MAX_CANDIDATES:,}"
        return [()] * len(records), (f"what caused the calls of services is not told: more than {most} may have",)
    found = causes(wanted, [hit.parse() for hit in answer.hits])
    return found, (*_doubtful(found), *_lacking(count - sum(map(bool, found))))


def _doubtful(found: Causes) -> tuple[str, ...]:
    several = sum(len(each) > 1 for each in found)
    calls = "1 call of a service has" if several == 1 else f"{several:,} calls of services have"
    return (f"{calls} no cause here: several calls may have caused it",) if several else ()


def _lacking(count: int) -> tuple[str, ...]:
    calls = "1 call that a service made" if count == 1 else f"{count:,} calls that services made"
    return (f"what caused {calls} is not in the logs, or nobody's call did",) if count else ()


def ends_begun(moments: Sequence[Moment]) -> dict[int, Cause]:
    """Return by the identity of a moment the cause of service events: what ends by itself was begun by a call before.

    The moments of a life come in order of time.
    """
    begun: dict[tuple[object, int], Cause] = {}
    found: dict[int, Cause] = {}
    for each in moments:
        life = (each.subject, each.life)
        if each.kind != "deleted":
            continue
        if each.record.get("eventType") != "AwsServiceEvent":
            begun[life] = Cause(each.record)
        elif life in begun:
            found[id(each)] = begun[life]
    return found


def children_of(layout: Layout, moments: Sequence[Moment], span: Span) -> tuple[list[Moment], tuple[str, ...]]:
    """Return what services made or changed because of calls on a stack or a group, and what is left out of that."""
    own = [each for each in moments if each.through is None and is_maker(each.record, each.target, each.kind)]
    found: list[Moment] = []
    notes: list[str] = []
    for kind, service in MAKERS.items():
        of_kind = [each for each in own if each.target.type == kind]
        asked = children(service, [each.record for each in of_kind], span)
        if asked is None:
            continue
        answer = duck.answer(layout, asked, limits.MAX_LIFE_EVENTS)
        records = [hit.parse() for hit in answer.hits]
        parents = {text_of(each.record.get("eventID")): each for each in of_kind}
        caused, _ = causes_of(layout, records, span)
        ours = [[cause for cause in each if cause.event_id in parents] for each in caused]
        for hit, record, each, mine in zip(answer.hits, records, caused, ours, strict=True):
            if len(each) == 1 and mine:
                found.append(_child(hit, record, parents[mine[0].event_id]))
        notes += _left_out(sum(bool(mine) and len(each) > 1 for each, mine in zip(caused, ours, strict=True)))
        notes += _cut(answer.matched)
    return found, tuple(notes)


def _left_out(doubtful: int) -> tuple[str, ...]:
    calls = "1 call of a service" if doubtful == 1 else f"{doubtful:,} calls of services"
    return (f"{calls} may have been caused by it or by another thing; left out here",) if doubtful else ()


def _cut(matched: int) -> tuple[str, ...]:
    most = limits.MAX_LIFE_EVENTS
    return (f"children are looked for among the first {most:,} of {matched:,} calls alone",) if matched > most else ()


def _child(hit: Hit, record: Record, parent: Moment) -> Moment:
    target = next(each for each in targets(record))
    kind = kind_of(record, target, outcome(record).result)
    said = f"{kind} {target.type or 'a resource'} {target.name}"
    return Moment(hit, record, target, "child", parent.subject, parent.life, said=said)
