"""Answer `biography`: look up a thing, then what it is known by otherwise, and tell its life."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ctaudit import limits
from ctaudit.attribution import causes_of, children_of
from ctaudit.engines import duck
from ctaudit.lineage.copies import once as once_each
from ctaudit.lineage.origins import Origins
from ctaudit.queries import life_rows
from ctaudit.queries.aliases import seen
from ctaudit.queries.biography import Lives, Moment, Tally, births_first, is_quiet, named_in
from ctaudit.queries.following import Alias, followed
from ctaudit.queries.life_kinds import QUIET
from ctaudit.queries.rows import doubts, lookup_row, with_origins
from ctaudit.queries.subjects import OtherNames, Subject, Subjects, region_of
from ctaudit.queries.who import SEARCHED
from ctaudit.query import Answer, Contains, Hit, Query, Record, Span
from ctaudit.records.anyjson import text_of
from ctaudit.records.targets import targets
from ctaudit.records.thing import Thing, parse_thing
from ctaudit.store.layout import Layout
from ctaudit.table import Table, Value
from ctaudit.tracing import of_store, untraced, walked

_Found = dict[tuple[str | None, int, str], tuple[Hit, Record]]


def biography(layout: Layout, what: str, asked: Span, reads: bool, limit: int | None) -> tuple[Table, Answer]:
    """Return the rows of a thing's life in the span, and what was asked first.

    What lies before the span is read as well, since the configuration that a call changed was made before it.
    """
    thing, tally = parse_thing(what), Tally()
    answer = _own(layout, thing, asked, tally, reads)
    found: _Found = {}
    _add(found, answer.hits)
    aliases, left = _follow(layout, thing, replace(asked, since=None), found, reads)
    told, copies = _moments(found, thing, aliases)
    born, unsure = children_of(layout, told, asked)
    moments = _ordered([*told, *born])
    shown = [moment for moment in moments if _within(moment, asked) and (reads or moment.kind not in QUIET)]
    before = sum(1 for moment in moments if not _within(moment, asked) and moment.kind not in QUIET)
    rows, said = _rows(layout, moments, shown[:limit])
    notes = (*life_rows.notes(moments, tally, before, copies), *unsure, *said)
    cut = (*life_rows.cut_short(answer.matched, len(aliases)), *left)
    return Table(life_rows.COLUMNS, rows, len(shown), notes, cut), replace(answer, matched=len(shown))


def _own(layout: Layout, thing: Thing, asked: Span, tally: Tally, reads: bool) -> Answer:
    """Look up the events of the thing itself, up to the end of the span; of those that changed nothing the names."""

    def decide(record: Record) -> bool:
        found = [target for target in named_in(record) if thing.matches(target)]
        if found and (reads or not all(is_quiet(record, target) for target in found)):
            return True
        if asked.since is None or (text_of(record.get("eventTime")) or "") >= asked.since:
            if found:
                tally.count(record, found[0])
            else:
                tally.inside += any(each.container and thing.matches(each) for each in targets(record))
        return False

    conditions = (Contains(SEARCHED, thing.needles),) if thing.needles else ()
    query = Query(replace(asked, since=None), None, conditions, decide)
    return duck.answer(layout, query, limits.MAX_LIFE_EVENTS)


def _follow(
    layout: Layout, thing: Thing, span: Span, found: _Found, reads: bool
) -> tuple[list[Alias], tuple[str, ...]]:
    """Look up the events of what the thing is known by, one question for all names of a round; say what is left out."""
    asked: set[str] = set()
    left: list[str] = []
    for _ in range(limits.MAX_ALIAS_HOPS):
        new = [alias for alias in _aliases(thing, found) if _name(alias) not in asked]
        if not new:
            break
        asked.update(map(_name, new))
        needles = {name: parse_thing(name).needles for name in map(_name, new) if name}
        left += life_rows.too_short(sorted(name for name, each in needles.items() if not each))
        if wanted := sorted({needle for each in needles.values() for needle in each}):
            query = Query(span, None, (Contains(SEARCHED, tuple(wanted)),), _of(new, reads))
            answer = duck.answer(layout, query, limits.MAX_LIFE_EVENTS)
            left += life_rows.cut_short(answer.matched, 0)
            _add(found, answer.hits)
    return _aliases(thing, found), tuple(left)


def _aliases(thing: Thing, found: _Found) -> list[Alias]:
    return followed(thing.matches, seen(record for _, record in found.values()))


def _name(alias: Alias) -> str:
    return alias.target.name.rstrip("*")


def _of(aliases: Sequence[Alias], reads: bool) -> Callable[[Record], bool]:
    """Return the test for events of some aliases; what was done to another thing before shows how it was then."""
    names = OtherNames(aliases)

    def decide(record: Record) -> bool:
        time = text_of(record.get("eventTime")) or ""
        for alias, target in names.among(list(named_in(record))):
            if alias.holds(time):
                return reads or not is_quiet(record, target)
            if time < alias.since and not alias.same:
                return not is_quiet(record, target)
        return False

    return decide


def _add(found: _Found, hits: Sequence[Hit]) -> None:
    for hit in hits:
        key = (hit.places[0].source, hit.places[0].record, hit.text)
        if key not in found:
            found[key] = (hit, hit.parse())


def _moments(found: _Found, thing: Thing, aliases: Sequence[Alias]) -> tuple[list[Moment], int]:
    """Return the moments of all lives, in order of time, and how many copies of their calls are left out."""
    events = sorted(found.values(), key=_order)
    once = [events[place] for place in once_each([record for _, record in events])]
    once = [once[place] for place in births_first([record for _, record in once], thing.matches)]
    own = [(each, region_of(record)) for _, record in once for each in named_in(record) if thing.matches(each)]
    roots = [(alias.root, alias.region) for alias in aliases]
    lives = Lives(Subjects([*own, *roots]), aliases, thing.matches)
    return [moment for hit, record in once for moment in lives.moments(hit, record)], len(events) - len(once)


def _ordered(moments: Sequence[Moment]) -> list[Moment]:
    """Put the moments of each life together, the lives in order of their first moment; a second's keep their order."""
    in_time = sorted(moments, key=lambda moment: (moment.hit.time is None, moment.hit.time or ""))
    first: dict[Subject, int] = {}
    for place, moment in enumerate(in_time):
        first.setdefault(moment.subject, place)
    return sorted(in_time, key=lambda moment: (first[moment.subject], moment.life))


def _order(event: tuple[Hit, Record]) -> tuple[bool, str, str, str]:
    hit, record = event
    return (hit.time is None, hit.time or "", text_of(record.get("eventID")) or "", hit.text)


def _within(moment: Moment, asked: Span) -> bool:
    return asked.since is None or (moment.hit.time is not None and moment.hit.time >= asked.since)


def _rows(
    layout: Layout, moments: Sequence[Moment], shown: Sequence[Moment]
) -> tuple[list[tuple[Value, ...]], tuple[str, ...]]:
    """Return the rows of the moments that are shown, with their origins: all that must be looked up for them, at once.

    Who stands behind a call that a service made is who stands behind its cause.
    """
    caused, told = causes_of(layout, [moment.record for moment in shown])
    origins = Origins()
    in_time = sorted(range(len(shown)), key=lambda place: _order((shown[place].hit, shown[place].record)))
    made: dict[int, tuple[Value, ...]] = {}
    for place in in_time:
        moment, cause = shown[place], caused[place]
        call = cause.call if cause is not None else None
        ticket = origins.ticket(moment.record) if call is None else origins.ticket_of(call)
        made[place] = lookup_row(moment.hit, moment.record, [moment.target], ticket, judged=True)
    lookups = with_origins((made[place] for place in range(len(shown))), walked(of_store(layout), origins.walks))
    called = life_rows.things(moments)
    rows = [
        life_rows.life_row(moment, called[moment.subject], cause, row)
        for moment, cause, row in zip(shown, caused, lookups, strict=True)
    ]
    return rows, (*told, *untraced(origins), *doubts(lookups))
