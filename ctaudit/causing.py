"""Look up which calls made services do what they did; a few questions for all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ctaudit import limits
from ctaudit.lineage.calls import Call, call_of, is_caused, may_have_begun, whole_names
from ctaudit.lineage.cascades import called_by, may_begin, seconds_after
from ctaudit.lineage.causes import Calls, Cause, cause
from ctaudit.lineage.links import SKEW, Link, later
from ctaudit.lineage.origins import Origins
from ctaudit.lineage.walk import Hop, Walk, begin, start
from ctaudit.queries.cause_columns import Caused, notes, told, wanting
from ctaudit.queries.rows import integrity
from ctaudit.query import Contains, Hit, OneOf, Query, Record, Span
from ctaudit.records.thing import parse_thing
from ctaudit.records.verbs import Verb, possible_verbs
from ctaudit.table import Value
from ctaudit.tracing import Ask

_ROUNDS = 5
"""Services that act on one another's calls in a row: Elastic Beanstalk, CloudFormation, Auto Scaling."""
_AT_ONCE = 200
"""Names that are put into one question."""
_MOST_NAMES = 2_000
"""Things of one service whose making is looked up; that of more is not, so that their causes are less sure."""


def with_causes(
    ask: Ask, hits: Sequence[Hit], rows: Sequence[tuple[Value, ...]], origins: Origins
) -> tuple[list[tuple[Value, ...]], tuple[str, ...]]:
    """Return the rows of `hits`, which have tickets, with the calls that caused them, and a note for each cascade."""
    places = wanting(rows)
    few = places[: limits.MAX_CAUSED_ROWS]
    found = dict(zip(few, causes(ask, [call_of(hits[place].parse()) for place in few]), strict=True))
    return told(rows, found, origins), notes(found, len(places) - len(few))


def caused_start(ask: Ask, record: Record) -> Walk:
    """Begin to walk back from an event; from what a service did in its own name by the call that made it do so."""
    deed = call_of(record) if is_caused(record) else None
    if deed is None or not deed.is_nobodys:
        return start(record)
    (found,) = causes(ask, [deed])
    if found is None or found.behind is None:
        return start(record)
    before = (Hop(deed.event, deed.by, link=Link("exact", "cause")),)
    return begin(found.behind.event, found.behind.by, before=before)


def causes(ask: Ask, deeds: Sequence[Call]) -> list[Caused | None]:
    """Follow each deed to the call that began all of it; a call that a service made is itself followed."""
    known: dict[str, Cause | None] = {}
    asked = {_id(one): one for one in deeds}
    for _ in range(_ROUNDS):
        new = {key: one for key, one in asked.items() if key not in known}
        if not new:
            break
        known |= _immediate(ask, new)
        asked = {
            _id(found.call): found.call for key in new if (found := known[key]) and found.call and found.call.service
        }
    return [_first(one, known) for one in deeds]


def immediate(ask: Ask, deeds: Sequence[Call]) -> list[Cause | None]:
    """Return of each deed the very next call that caused it, whoever made that."""
    known = _immediate(ask, {_id(one): one for one in deeds})
    return [known[_id(one)] for one in deeds]


def _first(deed: Call, known: Mapping[str, Cause | None]) -> Caused | None:
    """Walk from cause to cause until one that no service made; it is as sure as its least sure step."""
    first = known.get(_id(deed))
    if first is None:
        return None
    seen, sure, found = {_id(deed)}, first.confidence == "exact", first
    while found.call is not None and found.call.service:
        seen.add(_id(found.call))
        onward = known.get(_id(found.call))
        if onward is None or onward.call is None or _id(onward.call) in seen:
            break
        sure, found = sure and onward.confidence == "exact", onward
    if found.call is None:
        return Caused("ambiguous", None, found.count, deed.is_nobodys)
    return Caused("exact" if sure else "likely", found.call, found.count, deed.is_nobodys)


def _id(call: Call) -> str:
    return f"{call.event.event_id} {call.event.time} {call.event.account}"


def _immediate(ask: Ask, deeds: Mapping[str, Call]) -> dict[str, Cause | None]:
    found: dict[str, Cause | None] = dict.fromkeys(deeds)
    batches = {key: one for key, one in deeds.items() if one.is_child}
    groups: dict[tuple[str, bool], dict[str, Call]] = {}
    for key, one in deeds.items():
        if one.service and key not in batches:
            groups.setdefault((one.service, one.destroys), {})[key] = one
    for (service, deletes), group in sorted(groups.items()):
        calls = _calls(ask, service, list(group.values()), deletes=deletes)
        wholes = _wholes(ask, service, list(group.values())) if calls else {}
        found |= {key: _cause(one, calls, _whole(one, wholes)) for key, one in group.items()}
    if batches:
        parents = _parents(ask, list(batches.values()))
        found |= {key: _cause(one, parents, frozenset()) for key, one in batches.items()}
    return found


def _cause(deed: Call, calls: Calls | None, wholes: frozenset[str]) -> Cause | None:
    """Find the cause among calls; where they are too many to be held, none is chosen."""
    return Cause("ambiguous", None, limits.MAX_CAUSING_CALLS) if calls is None else cause(deed, calls, wholes)


def _calls(ask: Ask, service: str, deeds: Sequence[Call], *, deletes: bool) -> Calls | None:
    """Return the calls that may have made `service` do these; None where they are too many to be held."""
    called = called_by(service)

    def possible(source: str | None, name: str | None, read_only: bool | None) -> bool:
        return may_begin(called, source, name, read_only, deletes=deletes)

    span = _span(deeds, seconds_after(service, deletes=deletes))
    return _asked(ask, Query(span, possible, (), may_have_begun))


def _parents(ask: Ask, children: Sequence[Call]) -> Calls | None:
    buckets = tuple(sorted({one.batch[0] for one in children if one.batch}))
    where = (Contains(("requestparameters",), buckets),) if len(buckets) <= _AT_ONCE else ()
    return _asked(ask, Query(_span(children, SKEW), _is_batch, where, may_have_begun))


def _is_batch(source: str | None, name: str | None, read_only: bool | None) -> bool:
    return name == "DeleteObjects"


def _asked(ask: Ask, query: Query) -> Calls | None:
    answer = ask(query, limits.MAX_CAUSING_CALLS)
    if answer.matched > limits.MAX_CAUSING_CALLS:
        return None
    return Calls(call_of(hit.parse(), integrity(hit)) for hit in answer.hits)


def _span(deeds: Sequence[Call], seconds: int) -> Span:
    times = sorted(one.event.time for one in deeds if one.event.time)
    if not times:
        return Span("9999-12-31T23:59:59Z")
    return Span(later(times[0], -max(seconds, SKEW)), later(times[-1], SKEW + 1))


def _wholes(ask: Ask, service: str, deeds: Sequence[Call]) -> dict[str, frozenset[str]]:
    """Return by folded name what things were made as a part of, from the tags that the same service gave them."""
    bare = {name for one in deeds for name in _looked_up(one)}
    names = sorted(bare)[:_MOST_NAMES]
    last = max((one.event.time for one in deeds if one.event.time), default=None)
    found: dict[str, frozenset[str]] = {}
    for first in range(0, len(names), _AT_ONCE):
        some = names[first : first + _AT_ONCE]
        needles = tuple(sorted({needle for name in some for needle in parse_thing(name).needles}))
        if not needles:
            continue
        where = (
            OneOf("useridentity.invokedby", (f"{service}.amazonaws.com",)),
            Contains(("requestparameters", "responseelements"), needles),
        )
        query = Query(Span(until=last), _makes, where, lambda record: bool(whole_names(record)))
        for hit in ask(query, limits.MAX_CAUSING_CALLS).hits:
            _note(hit.parse(), frozenset(some), found)
    return found


def _looked_up(deed: Call) -> Iterator[str]:
    """Yield the names whose making is looked up; of what says itself what it is a part of, none."""
    if not deed.part_of:
        yield from (name for name in deed.names if len(name) >= 3 and not name.startswith("arn:"))


def _note(record: Record, names: frozenset[str], found: dict[str, frozenset[str]]) -> None:
    made, wholes = call_of(record), whole_names(record)
    for name in names & (made.names | (made.texts - wholes)):
        found[name] = wholes


def _makes(source: str | None, name: str | None, read_only: bool | None) -> bool:
    return not possible_verbs(source, name, read_only).isdisjoint((Verb.CREATE, Verb.MODIFY))


def _whole(deed: Call, wholes: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*(wholes.get(name, frozenset()) for name in deed.names))
