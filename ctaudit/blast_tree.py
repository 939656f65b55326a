"""A blast radius as a tree: what was asked about at its root, below it what it handed out, and what that did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ctaudit.blast_rows import handed, keys_of, unused
from ctaudit.held import Held, Spread
from ctaudit.lineage.asked import Asked
from ctaudit.lineage.spread import Cause
from ctaudit.queries.blast import Row
from ctaudit.tree import Node

_MOST = 30
"""Branches of one kind that are drawn; of more, the rest is counted."""
_STYLES = {"persistence": "red", "possible": "yellow", "steps": "bold"}
_TITLES = {
    "calls": "calls that change or destroy",
    "created": "created or changed",
    "read": "data read",
    "persistence": "still standing",
    "denied": "denied",
    "possible": "possible, not counted",
    "steps": "to do, in this order",
}


def tree(about: Asked, found: Spread, rows: Sequence[Row]) -> Node:
    used: dict[int, list[Held]] = defaultdict(list)
    for held in found.held:
        used[held.cause.number].append(held)
    below: dict[int, list[Cause]] = defaultdict(list)
    for cause in found.causes[1:]:
        below[cause.parent].append(cause)
    parts = {section: [row for row in rows if _is_drawn(row, section)] for section in _TITLES}
    sections = tuple(_section(section, mine) for section, mine in parts.items() if mine)
    origins = sorted({held.origin for held in used[0] if held.origin})
    details = (_did(used[0], ""), *(f"origin: {one}" for one in origins[:5]))
    return Node(
        f"{about.kind} {about.what}", details, "", "bold", (*_branches(0, below, used, keys_of(found)), *sections)
    )


def _branches(
    number: int, below: dict[int, list[Cause]], used: dict[int, list[Held]], keys: frozenset[str]
) -> Iterator[Node]:
    causes = [cause for cause in below[number] if cause.issue is not None or used[cause.number]]
    for cause in causes[:_MOST]:
        yield _branch(cause, below, used, keys)
    if len(causes) > _MOST:
        rest = causes[_MOST:]
        calls = sum(held.holder.calls for cause in rest for held in used[cause.number])
        yield Node(f"and {len(rest):,} more, with {calls:,} calls", style="dim")


def _branch(cause: Cause, below: dict[int, list[Cause]], used: dict[int, list[Held]], keys: frozenset[str]) -> Node:
    mine = used[cause.number]
    event = cause.event
    assert event is not None
    name = handed(cause.issue, mine) if cause.issue is not None else cause.thing.name if cause.thing is not None else ""
    end = f", ends {cause.until}" if cause.until else ""
    sure = {held.confidence: held.method for held in mine}
    edge = ", ".join(f"{one}: {how}" if how else one for one, how in sorted(sure.items())) or cause.confidence
    details = (f"by {event.name} at {event.time} {event.event_id}{end}", _did(mine, unused(cause, keys)))
    return Node(f"{cause.via} {name}", details, edge, "", tuple(_branches(cause.number, below, used, keys)))


def _did(mine: Sequence[Held], without: str) -> str:
    if not mine:
        return without
    calls = sum(held.holder.calls for held in mine)
    since, until = min(held.holder.first for held in mine), max(held.holder.last for held in mine)
    return f"{calls:,} calls, {since} to {until}"


def _is_drawn(row: Row, section: str) -> bool:
    """Tell whether a row is a leaf of this section; of calls that only read, their number is enough in a picture."""
    return row.section == section and (section != "calls" or row.kind == "write")


def _section(section: str, mine: Sequence[Row]) -> Node:
    children = [_leaf(row) for row in mine[:_MOST]]
    if len(mine) > _MOST:
        children.append(Node(f"and {len(mine) - _MOST:,} more (--format table shows all)", style="dim"))
    return Node(f"{_TITLES[section]} ({len(mine):,})", (), "", _STYLES.get(section, ""), tuple(children))


def _leaf(row: Row) -> Node:
    if row.section == "steps":
        end = f", needless after {row.until}" if row.until else ""
        return Node(f"{row.kind}: {row.note} {row.name}{f' ({row.state})' if row.state else ''}{end}")
    words = [row.kind, row.name, f"×{row.count:,}" if row.count and row.count > 1 else "", row.first, row.state]
    words += [row.error_code if row.section == "denied" else "", row.event_id, row.note]
    return Node(" ".join(word for word in words if word), (), row.confidence or "")
