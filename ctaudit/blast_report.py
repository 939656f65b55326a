"""Answer `blast-radius`: all that an access key, a session, a user, a role or an address made possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ctaudit.blast_notes import said
from ctaudit.blast_rows import call_rows, possible_rows, read_rows, session_rows, thing_rows
from ctaudit.blast_steps import lasting_keys, step_rows, taken_away
from ctaudit.blast_tree import tree
from ctaudit.engines.reach import Reach, reaching
from ctaudit.held import Held, Spread
from ctaudit.lineage.asked import Asked, asked
from ctaudit.lineage.persistence import Standing, Thing, may_undo, standing
from ctaudit.queries.blast import COLUMNS, SECTIONS, Row
from ctaudit.query import Answer, Record, Span
from ctaudit.spreading import spread
from ctaudit.store.layout import Layout
from ctaudit.table import Document, Table
from ctaudit.tree import Node


@dataclass(frozen=True, slots=True)
class Blast:
    table: Table
    """All statements, section after section."""
    document: Document
    """The same, by section."""
    root: Node
    answer: Answer
    """What was asked of the store: it tells what the store lacks."""

    @property
    def empty(self) -> bool:
        return not self.table.rows

    def beside(self, notes: tuple[str, ...], partial: tuple[str, ...]) -> Blast:
        """Return the same with more that must be said beside it."""
        notes, partial = (*self.document.notes, *notes), (*self.document.partial, *partial)
        document = replace(self.document, notes=notes, partial=partial)
        return replace(self, document=document, table=replace(self.table, notes=notes, partial=partial))


def blast_radius(layout: Layout, what: str, span: Span) -> Blast:
    """Follow `what` forward: its calls in the span, what these handed out and made, who used it, and so on."""
    about = asked(what)
    with reaching(layout, Span(since=span.since)) as reach:
        found = spread(layout, reach, about, span)
        rows, fates, keys = _rows(reach, about, found)
        answer = reach.answer(sum(held.holder.calls for held in found.held))
        notes, partial = said(reach, about, found, bool(fates))
        notes = (*notes, *taken_away(keys))
    sections = {section: _told(rows, section) for section in SECTIONS}
    content = {"asked": what, "kind": about.kind, **sections, "not_known": list(partial)}
    table = Table(COLUMNS, [row.values() for row in rows], len(rows), notes, partial)
    return Blast(table, Document(content, notes, partial), tree(about, found, rows), answer)


_Fates = list[tuple[Thing, Held, Standing]]


def _rows(reach: Reach, about: Asked, found: Spread) -> tuple[list[Row], _Fates, _Fates]:
    """Return all rows, what became of each thing that was made, and of each lasting key of the start."""
    ways = list(dict.fromkeys(map(_way, found.held)))
    counted = reach.calls([(held.round, held.holder.number, ways.index(_way(held))) for held in found.held])
    labels = [(*way, _origin_of([held for held in found.held if _way(held) == way])) for way in ways]
    reads = reach.reads()
    own = lasting_keys(found)
    both = _fates(reach, [*found.things, *own])
    fates, keys = both[: len(found.things)], both[len(found.things) :]
    sessions = session_rows(found)
    rows = [
        *call_rows(counted, labels),
        *sessions,
        *thing_rows("created", fates),
        *read_rows(reads, labels, fates),
        *thing_rows("persistence", [each for each in fates if not each[2].gone]),
        *possible_rows(found),
        *step_rows(found, fates, keys, reads),
    ]
    rows.sort(key=lambda row: SECTIONS.index(row.section))
    return rows, fates, keys


def _way(held: Held) -> tuple[str, str, str | None]:
    return held.cause.via, held.confidence, held.method


def _origin_of(alike: Sequence[Held]) -> str | None:
    """Return who stands behind all of some credentials; None when that is not known, or not one."""
    origins = {held.origin for held in alike}
    return origins.pop() if len(origins) == 1 else None


def _fates(reach: Reach, things: Sequence[tuple[Thing, Held]]) -> _Fates:
    """Look up which calls took away what was made: one question for all."""
    records: list[Record] = []
    wanted = frozenset(name for thing, _ in things for name in thing.undone)
    names = reach.names(lambda source, name, read: may_undo(wanted, name))
    times = [thing.event.time for thing, _ in things if thing.event.time]
    if names and times:
        needles = sorted({one for thing, _ in things for one in thing.names})
        records = reach.undone(names, needles, min(times), {thing.account for thing, _ in things})
    by_text: dict[str, list[Record]] = {}
    for record in records:
        for text in _texts(record.get("requestParameters")):
            by_text.setdefault(text, []).append(record)
    return [
        (thing, held, standing(thing, {id(r): r for one in thing.names for r in by_text.get(one, ())}.values()))
        for thing, held in things
    ]


def _texts(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return {text for inner in value.values() for text in _texts(inner)}
    return {text for inner in value for text in _texts(inner)} if isinstance(value, list) else set()


def _told(rows: Sequence[Row], section: str) -> list[dict[str, object]]:
    names = [column.name for column in COLUMNS[1:]]
    return [dict(zip(names, row.values()[1:], strict=True)) for row in rows if row.section == section]
