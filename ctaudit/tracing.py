"""Drive walks back through credentials: look up what many walks want to see, a few questions for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from ctaudit import limits
from ctaudit.engines import duck
from ctaudit.engines.moments import of_calls, of_principal
from ctaudit.lineage import beside
from ctaudit.lineage.beside import Wish
from ctaudit.lineage.credential import credential
from ctaudit.lineage.issued import Event, event_of, may_issue
from ctaudit.lineage.links import later
from ctaudit.lineage.origins import Origins, redeemed
from ctaudit.lineage.telling import Branch, Evidence
from ctaudit.lineage.walk import Found, Walk, Wanted, advance, crowded
from ctaudit.queries.rows import integrity
from ctaudit.query import Answer, Condition, Contains, OneOf, Query, Record, Span
from ctaudit.records.anyjson import fold
from ctaudit.records.verbs import bare_name
from ctaudit.store.layout import Layout

_AT_ONCE = 500
"""Walks whose wishes are put into one question."""


Ask = Callable[[Query, int | None], Answer]
"""Answers a query, with at most so many hits: the store, or a lake."""


def of_store(layout: Layout) -> Ask:
    return partial(duck.answer, layout)


def walked(ask: Ask, walks: Sequence[Walk]) -> list[Walk]:
    """Return the walks at their ends."""
    done = list(walks)
    while waiting := [place for place, walk in enumerate(done) if walk.wanted is not None]:
        for first in range(0, len(waiting), _AT_ONCE):
            places = waiting[first : first + _AT_ONCE]
            for place, walk in zip(places, one_step(ask, [done[place] for place in places]), strict=True):
                done[place] = walk
    return done


def one_step(ask: Ask, walks: Sequence[Walk]) -> list[Walk]:
    """Take each walk one call further; where too many calls come into question, with fewer walks at once."""
    found = _look_up(ask, [walk.wanted for walk in walks])
    if found is not None:
        return [advance(walk, found) for walk in walks]
    if len(walks) == 1:
        return [crowded(walks[0], limits.MAX_CANDIDATES)]
    half = len(walks) // 2
    return one_step(ask, walks[:half]) + one_step(ask, walks[half:])


def untraced(origins: Origins) -> tuple[str, ...]:
    """Say so when some rows have no origin because there were too many sessions to follow."""
    if not origins.left_out:
        return ()
    count = f"{limits.MAX_TRACED_SESSIONS:,} sessions"
    return (f"origin is empty in {origins.left_out:,} rows: {count} are followed for one answer; ask for fewer rows",)


def _look_up(ask: Ask, wanted: Sequence[Wanted | None]) -> Found | None:
    """Return what some walks want to see; None when that is more than is held at once."""
    each = [one for one in wanted if one is not None]
    queries = (
        _issuing([one for one in each if one.seconds and not one.shared]),
        _by_key([one for one in each if not one.seconds]),
        _copies([one for one in each if one.shared]),
    )
    records: list[Record] = []
    for query in queries:
        if query is not None:
            answer = ask(query, limits.MAX_CANDIDATES)
            if answer.matched > limits.MAX_CANDIDATES:
                return None
            records += [hit.parse() for hit in answer.hits]
    return Found(records)


def _issuing(wanted: Sequence[Wanted]) -> Query | None:
    """Return the question for all calls that may hand out credentials in some seconds."""
    seconds = sorted({second for one in wanted for second in one.seconds})
    if not seconds:
        return None
    return Query(_span(seconds), may_issue, (_at(seconds),), _any)


def _by_key(wanted: Sequence[Wanted]) -> Query | None:
    keys = sorted({one.key.lower() for one in wanted if one.key})
    if not keys:
        return None
    since = min((one.since for one in wanted if one.since), default=None)
    until = max((one.until for one in wanted if one.until), default=None)
    return Query(Span(since, until), may_issue, (Contains(("responseelements", "extra"), tuple(keys)),), _any)


def _copies(wanted: Sequence[Wanted]) -> Query | None:
    if not wanted:
        return None
    seconds = sorted({second for one in wanted for second in one.seconds})
    shared = tuple(sorted({one.shared.lower() for one in wanted if one.shared}))
    return Query(_span(seconds), None, (_at(seconds), OneOf("sharedeventid", shared)), _any)


def _span(seconds: Sequence[str]) -> Span:
    return Span(seconds[0], later(seconds[-1], 1))


def _at(seconds: Sequence[str]) -> Condition:
    return OneOf("eventtime", tuple(second.lower() for second in seconds))


def _any(record: Record) -> bool:
    """Take every candidate: an engine then reads few rows one by one rather than all columns of many."""
    return True


def branches(layout: Layout, walks: Sequence[Walk]) -> list[list[Branch]]:
    """Return for each walk what lies beside its chain, each event with its own origin."""
    wanted = [beside.wishes(walk) + _strangers(layout, walk) for walk in walks]
    records = _wished(layout, [wish for each in wanted for wish in each])
    granted = [[(wish.hop, *found) for wish in each for found in beside.granted(wish, records)] for each in wanted]
    origins = Origins()
    tickets = [[origins.ticket(record) for _, _, record in each] for each in granted]
    ends = walked(of_store(layout), origins.walks)
    return [
        [
            Branch(relation, hop, event_of(record), credential(record), redeemed(ticket, ends))
            for (hop, relation, record), ticket in zip(found, held, strict=True)
        ]
        for found, held in zip(granted, tickets, strict=True)
    ]


def _strangers(layout: Layout, walk: Walk) -> list[Wish]:
    principal_id = beside.stranger(walk)
    second = of_principal(layout, principal_id) if principal_id else None
    return [beside.named_by(walk, principal_id, second)] if principal_id and second else []


def _wished(layout: Layout, wishes: Sequence[Wish]) -> list[Record]:
    """Look up what wishes are for: those that name calls in one question, those that name seconds in another."""
    queries: list[Query] = []
    named = [wish for wish in wishes if wish.names]
    if named:
        names = partial(_is_named, frozenset(name for wish in named for name in wish.names))
        accounts = {wish.account for wish in named}
        known = tuple(sorted(one for one in accounts if one)) if None not in accounts else ()
        span = Span(until=later(max(wish.until for wish in named), 1), accounts=known)
        columns = sorted({wish.part for wish in named})
        moments = of_calls(layout, span, names, columns, sorted({wish.needle for wish in named}))
        if moments:
            queries.append(Query(_span(moments), names, (_at(moments),), _any))
    timed = [wish for wish in wishes if wish.seconds]
    if timed:
        seconds = sorted({second for wish in timed for second in wish.seconds})
        who = tuple(sorted({wish.principal_id.lower() for wish in timed if wish.principal_id}))
        queries.append(Query(_span(seconds), None, (_at(seconds), OneOf("useridentity.principalid", who)), _any))
    return [hit.parse() for query in queries for hit in duck.answer(layout, query, None).hits]


def _is_named(names: frozenset[str], source: str | None, name: str | None, read_only: bool | None) -> bool:
    return name is not None and fold(bare_name(name)) in names


def evidence(layout: Layout, events: Iterable[Event]) -> dict[str, Evidence]:
    """Return by event id what the files are worth that some events were read from; the worst of those with one id."""
    wanted = {(event.time, event.event_id): event.account for event in events if event.time and event.event_id}
    if not wanted:
        return {}
    accounts = set(wanted.values())
    found = _evidence(layout, wanted, tuple(sorted(one for one in accounts if one)) if None not in accounts else ())
    if {event_id for _, event_id in wanted} <= found.keys():
        return found
    return _evidence(layout, wanted, ())  # old records do not tell whose trail has them


def _evidence(layout: Layout, wanted: Iterable[tuple[str, str]], accounts: tuple[str, ...]) -> dict[str, Evidence]:
    seconds = sorted({time for time, _ in wanted})
    ids = OneOf("eventid", tuple(sorted({event_id.lower() for _, event_id in wanted})))
    span = replace(_span(seconds), accounts=accounts)
    found: dict[str, Evidence] = {}
    for hit in duck.answer(layout, Query(span, None, (_at(seconds), ids), _any), None).hits:
        event_id, one = str(hit.parse().get("eventID")), Evidence(integrity(hit), hit.places[0].source)
        known = found.get(event_id)
        if known is None or one.integrity in ("failed", "unlisted"):
            found[event_id] = one
    return found
