"""Add to the rows of `who-deleted` what could still be undone; a few questions for all rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ctaudit import limits
from ctaudit.queries.rows import COLUMNS as ROW
from ctaudit.queries.rows import integrity
from ctaudit.queries.undo import COLUMNS, NOTE, cells, left_out
from ctaudit.queries.who import Deed, shown_of
from ctaudit.query import Contains, Hit, OneOf, Query, Record, Span
from ctaudit.records.outcome import outcome, outcome_for
from ctaudit.records.thing import Thing, parse_thing
from ctaudit.records.verbs import bare_name
from ctaudit.table import Column, Value
from ctaudit.tracing import Ask
from ctaudit.undo import rules
from ctaudit.undo.verdict import Event, Known, Lost, Wish, event_of, lost_of

Row = tuple[Value, ...]
_AT_ONCE = 200
"""Texts that are put into one question."""
_COLUMNS = (
    *("requestparameters", "responseelements", "resources"),
    *("additionaleventdata", "serviceeventdetails", "extra"),
)
_KEPT = (
    "recoverypointarn",
    *("snapshotid", "imageid", "dbsnapshotidentifier", "dbclustersnapshotidentifier", "snapshotidentifier"),
    *("snapshotname", "finaldbsnapshotidentifier", "finalsnapshotidentifier", "finalclustersnapshotidentifier"),
)
"""Folded keys that name what was kept of a thing; what became of that is asked next."""


def with_undo(
    ask: Ask, rows: Sequence[Row], hits: Sequence[Hit], thing: Thing, now: str
) -> tuple[tuple[Column, ...], list[Row], tuple[str, ...], tuple[str, ...]]:
    """Add to lookup rows, in columns at their end, what could be undone at `now`, a canonical time.

    Returns columns, rows, notes, and what the answer leaves out.
    """
    few = hits[: limits.MAX_UNDONE_ROWS]
    lost = [_lost(hit.parse(), thing) for hit in few]
    known, cut = _known(ask, [one for each in lost for one in each])
    judged = [rules.together([(one.name, rules.judge(one, known, now)) for one in each]) for each in lost]
    added = [cells(undo) for undo in judged] + [cells(None)] * (len(hits) - len(few))
    notes = (*((NOTE,) if hits else ()), *left_out(len(hits) - len(few)))
    return (*ROW, *COLUMNS), [(*row, *more) for row, more in zip(rows, added, strict=True)], notes, cut


def _lost(record: Record, thing: Thing) -> list[Lost]:
    """Return what the call deleted of what its row shows; what it failed to delete is not lost."""
    judged, found = outcome(record), []
    for target in shown_of(record, thing, Deed.DELETED):
        if outcome_for(judged, [target.name, target.arn or target.name]).result == "succeeded":
            found.append(lost_of(record, target))
    return found


def _known(ask: Ask, lost: Sequence[Lost]) -> tuple[Known, tuple[str, ...]]:
    """Look up what may tell, then what became of the snapshots, images and backups that were found."""
    events, cut = _look_up(ask, [wish for one in lost for wish in rules.wishes(one)])
    kept = sorted({name for event in (*events, *(one.event for one in lost)) for name in _kept(event)})
    later, more = _look_up(ask, rules.later_wishes(kept)) if kept else ([], False)
    said = (
        "more events bear on what could be undone than are looked at; ask for fewer rows, by --since or a longer name"
    )
    return Known((*events, *later)), (said,) if cut or more else ()


def _kept(event: Event) -> list[str]:
    found = [event.asked(key) for key in _KEPT] + [event.answered(key) for key in _KEPT]
    backup = event.answered("backupdetails")
    found += [backup.get("backupArn")] if isinstance(backup, dict) else []
    return [text for text in found if isinstance(text, str) and text]


def _look_up(ask: Ask, wishes: Iterable[Wish]) -> tuple[list[Event], bool]:
    """Return the successful events that wishes are for, and whether there were more than are looked at."""
    groups: dict[tuple[str, str], set[str]] = {}
    for wish in wishes:
        groups.setdefault((wish.names, wish.source), set()).update(wish.texts)
    found: dict[tuple[str, str | None, str | None], Event] = {}
    cut = False
    for (names, source), texts in sorted(groups.items()):
        for query in _queries(frozenset(names.split()), source, sorted(texts)):
            answer = ask(query, limits.MAX_UNDOING_EVENTS)
            cut = cut or answer.matched > limits.MAX_UNDOING_EVENTS
            events = [event_of(hit.parse(), integrity(hit)) for hit in answer.hits]
            found |= {(event.time, event.event_id, event.account): event for event in events}
    return list(found.values()), cut


def _queries(names: frozenset[str], source: str, texts: Sequence[str]) -> list[Query]:
    def possible(source: str | None, name: str | None, read_only: bool | None) -> bool:
        return name is not None and bare_name(name) in names

    where = (OneOf("eventsource", (source,)),) if source else ()
    needles = [parse_thing(text).needles for text in texts if text.rstrip("*")]
    if not needles or not all(needles):
        return [Query(Span(), possible, where, _succeeded)]
    flat = sorted({needle for each in needles for needle in each})
    chunks = [tuple(flat[first : first + _AT_ONCE]) for first in range(0, len(flat), _AT_ONCE)]
    return [Query(Span(), possible, (*where, Contains(_COLUMNS, chunk)), _succeeded) for chunk in chunks]


def _succeeded(record: Record) -> bool:
    return outcome(record).result == "succeeded"
