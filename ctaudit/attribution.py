"""Attribute what services did in the life of a thing to the calls that caused it; find what its own calls caused."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit import limits
from ctaudit.causing import causes, immediate
from ctaudit.engines import duck
from ctaudit.lineage.calls import call_of, may_be_caused
from ctaudit.queries.biography import Moment
from ctaudit.queries.cause_columns import Caused
from ctaudit.queries.children import MAKERS, children, is_maker
from ctaudit.queries.life_kinds import kind_of
from ctaudit.query import Hit, Record, Span
from ctaudit.records.outcome import outcome
from ctaudit.records.targets import targets
from ctaudit.store.layout import Layout
from ctaudit.tracing import of_store


def causes_of(layout: Layout, records: Sequence[Record]) -> tuple[list[Caused | None], tuple[str, ...]]:
    """Return what caused each call that a service made, and what must be said of those without one cause."""
    places = [place for place, record in enumerate(records) if may_be_caused(record)]
    few = places[: limits.MAX_CAUSED_ROWS]
    found = dict(zip(few, causes(of_store(layout), [call_of(records[place]) for place in few]), strict=True))
    return [found.get(place) for place in range(len(records))], _said(list(found.values()), len(places) - len(few))


def _said(found: Sequence[Caused | None], left_out: int) -> tuple[str, ...]:
    doubtful = sum(each is not None and each.call is None for each in found)
    return (*_doubtful(doubtful), *_lacking(sum(each is None for each in found)), *_not_told(left_out))


def _doubtful(count: int) -> tuple[str, ...]:
    calls = "1 call of a service has" if count == 1 else f"{count:,} calls of services have"
    return (f"{calls} no cause here: several calls may have caused it",) if count else ()


def _lacking(count: int) -> tuple[str, ...]:
    calls = "1 call that a service made" if count == 1 else f"{count:,} calls that services made"
    return (f"what caused {calls} is not in the logs, or nobody's call did",) if count else ()


def _not_told(count: int) -> tuple[str, ...]:
    return (f"what caused {count:,} calls of services is not looked up: too many for one answer",) if count else ()


def children_of(layout: Layout, moments: Sequence[Moment], span: Span) -> tuple[list[Moment], tuple[str, ...]]:
    """Return what services made or changed because of calls on a stack or a group, and what is left out of that."""
    own = [each for each in moments if each.through is None and is_maker(each.target, each.kind)]
    found: list[Moment] = []
    notes: list[str] = []
    for kind, service in MAKERS.items():
        parents = {call_of(each.record): each for each in own if each.target.type == kind}
        asked = children(service, list(parents), span)
        if asked is None:
            continue
        answer = duck.answer(layout, asked, limits.MAX_LIFE_EVENTS)
        records = [hit.parse() for hit in answer.hits]
        by_id = {call.event.event_id: moment for call, moment in parents.items()}
        doubtful = 0
        caused = immediate(of_store(layout), [call_of(record) for record in records])
        for hit, record, cause in zip(answer.hits, records, caused, strict=True):
            if cause is not None and cause.call is not None and cause.call.event.event_id in by_id:
                found.append(_child(hit, record, by_id[cause.call.event.event_id]))
            doubtful += cause is not None and not cause.candidates.isdisjoint(by_id)
        notes += (*_left_out(doubtful), *_cut(answer.matched))
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
