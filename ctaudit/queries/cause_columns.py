"""The two last columns of a lookup row: which call made a service delete this; and each cascade counted in a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ctaudit.lineage.calls import Call
from ctaudit.lineage.origins import Origins
from ctaudit.queries.rows import CAUSE, ORIGIN
from ctaudit.table import Value

_MOST_NOTES = 5
"""Cascades that are told one by one, the largest."""


@dataclass(frozen=True, slots=True)
class Caused:
    confidence: str
    """`exact`, `likely` or `ambiguous`."""
    call: Call | None
    """The first call of the cascade; None when it is ambiguous."""
    count: int = 1
    nobodys: bool = False
    """Whether nobody called, but a service acted in its own name."""

    @property
    def behind(self) -> Call | None:
        """The call behind which stands who stands behind this; None when that is not sure, or somebody called."""
        return self.call if self.nobodys and self.confidence == "exact" else None


def wanting(rows: Sequence[tuple[Value, ...]]) -> list[int]:
    """Return the places of the rows whose cause is to be looked for."""
    return [place for place, row in enumerate(rows) if row[CAUSE]]


def told(
    rows: Sequence[tuple[Value, ...]], found: Mapping[int, Caused | None], origins: Origins
) -> list[tuple[Value, ...]]:
    """Return the rows with their causes, `found` by place; those of which none was found or looked for have none.

    Who stands behind what a service surely did because of a call stands behind that call, as a trace tells it.
    """
    shown = list(rows)
    for place in wanting(rows):
        each = found.get(place)
        cause = each.call.event.event_id if each is not None and each.call is not None else None
        confidence = each.confidence if each is not None else None
        row = (*shown[place][:CAUSE], cause, confidence, *shown[place][CAUSE + 2 :])
        if each is not None and (call := each.behind) is not None:
            row = (*row[:ORIGIN], origins.ticket_of(call), *row[ORIGIN + 1 :])
        shown[place] = row
    return shown


def notes(found: Mapping[int, Caused | None], left_out: int) -> tuple[str, ...]:
    """Count each cascade once; `left_out` are the rows whose cause was not looked for."""
    return (*_notes([each for each in found.values() if each is not None]), *_left_out(left_out))


def _notes(found: Sequence[Caused]) -> tuple[str, ...]:
    groups: dict[tuple[str, str], list[Call]] = {}
    for each in found:
        if each.call is not None:
            groups.setdefault((str(each.call.event.event_id), each.confidence), []).append(each.call)
    order = sorted(groups.items(), key=lambda item: (-len(item[1]), item[1][0].event.time or "", item[0]))
    notes = [_note(len(calls), calls[0], confidence) for (_, confidence), calls in order[:_MOST_NOTES]]
    if len(order) > _MOST_NOTES:
        rest = sum(len(calls) for _, calls in order[_MOST_NOTES:])
        notes.append(f"{rest} more deletions are of {len(order) - _MOST_NOTES} other calls; see the column cause")
    doubtful = sum(each.call is None for each in found)
    if doubtful:
        notes.append(
            f"{doubtful} deletion{' was' if doubtful == 1 else 's were'} made by a service, and several calls come "
            "into question as the cause; none is picked"
        )
    return tuple(notes)


def _note(count: int, call: Call, confidence: str) -> str:
    deletions = "1 deletion is" if count == 1 else f"{count} deletions are"
    likely = "likely " if confidence == "likely" else ""
    what = f"{call.event.name} {_shortest(call)}".strip()
    doubt = f"; not what AWS delivered: {call.integrity}" if call.integrity in ("failed", "unlisted") else ""
    who = call.by.arn or call.service
    return f"{deletions} {likely}of one call: {what} (event {call.event.event_id}, by {who}{doubt})"


def _shortest(call: Call) -> str:
    if call.batch:
        return f"in {call.batch[0]}"
    return min(call.names, key=lambda name: (len(name), name), default="")


def _left_out(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    return (f"cause is empty in {count:,} rows that services deleted: no more are looked up for one answer",)
