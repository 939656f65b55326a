"""The columns that `who-deleted --undo` adds to its rows, and what is said beside them."""

from __future__ import annotations

from ctaudit.table import Column, Value
from ctaudit.undo.verdict import Undo

COLUMNS = (
    Column("undo", 0, styles={"restorable": "green", "restored": "green", "gone": "red", "not known": "yellow"}),
    Column("undo_until", 0),
    Column("undo_because", 1),
    Column("undo_event", 6),
    Column("undo_command", 2),
)
"""Keys and their order are stable: new ones may be added at the end. All are null where nothing was deleted."""
NOTE = "undo is what the logs in the store show; what was done or set outside of them is not known"


def cells(undo: Undo | None) -> tuple[Value, ...]:
    """Return the columns for one row; None for a row in which nothing was deleted."""
    if undo is None:
        return (None,) * len(COLUMNS)
    return (undo.state, undo.until, undo.because, undo.event_id, undo.command)


def left_out(count: int) -> tuple[str, ...]:
    return (f"undo is empty in the last {count:,} rows: no more are judged for one answer",) if count else ()
