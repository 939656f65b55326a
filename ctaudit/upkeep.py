"""Upkeep of a store: merge small segments on demand, forget old dates."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ctaudit import times
from ctaudit.ingest import not_written
from ctaudit.interrupts import noted_interrupts
from ctaudit.progress import Progress, Silent, Step
from ctaudit.store import forget as forgetting
from ctaudit.store import lock
from ctaudit.store.compact import compact_all
from ctaudit.store.layout import Layout
from ctaudit.store.retire import sweep
from ctaudit.table import Document

Plan = forgetting.Plan
_STAY = "the files of segments that were replaced stay for an hour; a later ingest or compaction deletes them"


def compact(store: str | os.PathLike[str], *, now: datetime, progress: Progress | None = None) -> Document:
    """Merge the small segments of every date; the rows stay as they are.

    Raises StoreError when the store cannot be read or written, Interrupted on Ctrl-C; dates that were done stay so.
    """
    layout = _opened(store)
    told = progress or Silent()
    with _holding(layout, "is compacting") as stopped:
        sweep(layout, now)
        done = compact_all(layout, now, stopped, lambda files, total: told.update(_step(files, total)))
    content = {
        "store": str(layout.root),
        "dates": done.dates,
        "segments_merged": done.merged,
        "segments_written": done.into,
        "events_rewritten": done.rows,
    }
    return Document(content, (_STAY,) if done.merged else ("there is nothing to merge",))


def _step(files: int, total: int) -> Step:
    return Step(files=files, files_total=total, events=None)


def plan_forgetting(store: str | os.PathLike[str], until: datetime) -> Plan:
    """Tell what lies before the UTC date of `until`; raises StoreError when there is no store."""
    return forgetting.plan(_opened(store), times.format_utc(until)[:10])


def forget(store: str | os.PathLike[str], agreed: Plan, *, now: datetime) -> Document:
    """Drop the dates that were agreed on, and only these.

    Raises StoreError when the store has changed since the plan was made, or cannot be written.
    """
    layout = _opened(store)
    with _holding(layout, "is forgetting dates of"):  # an ingest under way may be about to add some
        sweep(layout, now)
        if agreed.dates:
            forgetting.drop(layout, agreed, now)
    return told(agreed, forgotten=agreed.dates > 0)


def told(plan: Plan, *, forgotten: bool) -> Document:
    """Say what was forgotten, or would be."""
    content: dict[str, Any] = {
        "until": plan.until,
        "forgotten": forgotten,
        "days": plan.dates,
        "first_date": plan.first,
        "last_date": plan.last,
        "events": plan.events,
        "segments": plan.segments,
        "bytes": plan.bytes,
    }
    notes = [] if plan.dates else [f"the store holds nothing of a date before {plan.until}"]
    if forgotten:
        notes.append(_STAY)
    if plan.undated:
        stay = "event without a usable time stays" if plan.undated == 1 else "events without a usable time stay"
        notes.append(f"{plan.undated} {stay}")
    return Document(content, tuple(notes))


def _opened(store: str | os.PathLike[str]) -> Layout:
    layout = Layout(Path(store).absolute())
    layout.require()
    return layout


@contextlib.contextmanager
def _holding(layout: Layout, doing: str) -> Iterator[Callable[[], bool]]:
    """Hold the store for writing; give what tells whether Ctrl-C was pressed."""
    try:
        with noted_interrupts() as stopped, lock.held(layout, doing):
            yield stopped
    except OSError as error:
        raise not_written(layout, error) from error
