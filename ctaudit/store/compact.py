"""Compaction: merge the small segments of a date, so that a day of five-minute ingests is read as fast as one ingest.

Which segments are merged follows from their rows and bytes alone. A merge takes the smallest segments, and the next one
as long as it has at most `RATIO` times the rows of all before it: so every row that is written anew lands in a segment
that is larger by a third at least, and is written anew a logarithmic number of times. One merge holds at most
`MERGE_ROWS` rows and `MERGE_BYTES` of Parquet, and never more than `MERGE_MEMORY` of Arrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

from ctaudit.errors import Interrupted
from ctaudit.records.arrow import SCHEMA
from ctaudit.store import catalog
from ctaudit.store.commit import exchange, refresh_views, settle
from ctaudit.store.layout import Layout
from ctaudit.store.reader import checked_segment, unreadable
from ctaudit.store.segment import Segment, cluster, write

MERGE_ROWS = 128 * 1024
MERGE_BYTES = 32 * 1024 * 1024
"""Rows and bytes of one merge: what a compacted date's segments have at most. A segment of more than half is full."""
MERGE_MEMORY = 256 * 1024 * 1024
"""Arrow bytes of one merge, which takes three times as much in all. Rows that unpack to more than this (long texts that
compress well) are left as they are."""
MOST = 8
"""Segments of a date up to which an ingest leaves them alone."""
RATIO = 3
BACKGROUND_SHARE = 16
"""A large ingest rewrites at most one row for each so many that it added, so that it is not slowed; a small one, of
less than this part of a merge, may do one whole merge. What is left then is done by later ones, or by `compact`."""


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """A segment that the store holds."""

    rows: int
    bytes: int
    name: str
    first_time: str = field(default="", compare=False)

    @property
    def full(self) -> bool:
        return self.rows * 2 > MERGE_ROWS or self.bytes * 2 > MERGE_BYTES


def next_merge(held: Sequence[Held]) -> list[Held]:
    """Return the segments of one date to merge next; empty when there are few, or none that it pays to merge."""
    if len(held) <= MOST:
        return []
    small = sorted(each for each in held if not each.full)
    for start in range(len(small)):
        group = list(_window(small[start:]))
        if len(group) > 1:
            return group
    return []


def _window(small: Sequence[Held]) -> Iterator[Held]:
    rows = size = 0
    for each in small:
        if rows and each.rows > RATIO * rows:
            return
        rows, size = rows + each.rows, size + each.bytes
        if rows > MERGE_ROWS or size > MERGE_BYTES:
            return
        yield each


def all_merges(held: Sequence[Held]) -> list[list[Held]]:
    """Return the merges that leave one date with full segments, and one that is not at most."""
    groups: list[list[Held]] = [[]]
    rows = size = 0
    for each in sorted(each for each in held if not each.full):
        rows, size = rows + each.rows, size + each.bytes
        if rows > MERGE_ROWS or size > MERGE_BYTES:
            groups.append([])
            rows, size = each.rows, each.bytes
        groups[-1].append(each)
    return [group for group in groups if len(group) > 1]


@dataclass(slots=True)
class Compacted:
    """What a compaction did."""

    dates: int = 0
    merged: int = 0
    """Segments that were merged."""
    into: int = 0
    """Segments that came of them."""
    rows: int = 0
    """Rows that were written anew."""


def compact_some(layout: Layout, added: int, now: datetime, stopped: Callable[[], bool]) -> None:
    """Merge what there is too much of, after an ingest that added so many rows; dates with most segments come first.

    Raises Interrupted between two merges when `stopped` says so: what was merged before stays.
    """
    if not added:
        return
    left = MERGE_ROWS if added < MERGE_ROWS // BACKGROUND_SHARE else added // BACKGROUND_SHARE
    by_date = _held(layout)
    for date in sorted(by_date, key=lambda date: (-len(by_date[date]), date)):
        held = by_date[date]
        while group := next_merge(held):
            if sum(each.rows for each in group) > left:
                break
            merged, taken = _merge(layout, date, group, stopped)
            if merged is None:
                break
            left -= merged.rows
            _put_in_place(layout, date, [merged], taken, now)
            names = {each.name for each in taken}
            held = [*(each for each in held if each.name not in names), Held(merged.rows, merged.bytes, merged.name)]


def compact_all(
    layout: Layout, now: datetime, stopped: Callable[[], bool], done: Callable[[int, int], None]
) -> Compacted:
    """Merge all small segments of every date, each date in one transaction; `done` is told of dates done, and of all.

    Raises Interrupted when `stopped` says so: the dates that were done stay so.
    """
    found = Compacted()
    plans = [(date, groups) for date, held in sorted(_held(layout).items()) if (groups := all_merges(held))]
    for number, (date, groups) in enumerate(plans):
        done(number, len(plans))
        added: list[Segment] = []
        removed: list[Held] = []
        for group in groups:
            merged, taken = _merge(layout, date, group, stopped)
            if merged is not None:
                added.append(merged)
                removed += taken
        if added:
            _put_in_place(layout, date, added, removed, now)
            found.dates += 1
            found.merged += len(removed)
            found.into += len(added)
            found.rows += sum(segment.rows for segment in added)
    done(len(plans), len(plans))
    return found


def _held(layout: Layout) -> dict[str, list[Held]]:
    with catalog.reading(layout) as connection:
        rows = connection.execute(
            """SELECT date, rows, bytes, name, coalesce(min(p.first_time), '')
               FROM segments s LEFT JOIN (SELECT date, name, first_time FROM segment_partitions) p USING (date, name)
               GROUP BY ALL ORDER BY ALL"""
        ).fetchall()
    by_date: dict[str, list[Held]] = {}
    for date, *values in rows:
        by_date.setdefault(date, []).append(Held(*values))
    return by_date


def _merge(
    layout: Layout, date: str, group: Iterable[Held], stopped: Callable[[], bool]
) -> tuple[Segment | None, list[Held]]:
    """Write one segment with the rows of several; return it and those that it holds, which memory may cut short.

    The earliest come first: rows of one account and region stay in the order they are in.
    """
    tables: list[pa.Table] = []
    taken: list[Held] = []
    size = 0
    for each in sorted(group, key=lambda held: (held.first_time, held.name)):
        if stopped():
            raise Interrupted("interrupted")
        table = _read(layout, date, each)
        size += table.nbytes
        if size > MERGE_MEMORY:
            break
        tables.append(table)
        taken.append(each)
    if len(taken) < 2:
        return None, []
    return write(layout, date, cluster(pa.concat_tables(tables))), taken


def _read(layout: Layout, date: str, held: Held) -> pa.Table:
    """Read a whole segment; raises StoreError when it is not what was written: its rows must not get lost unnoticed."""
    path = checked_segment(layout, date, held.name, held.bytes)
    try:
        table = pq.read_table(path, schema=SCHEMA, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        raise unreadable(layout, str(error).partition("\n")[0]) from error
    if table.num_rows != held.rows:
        raise unreadable(layout, f"{path} has {table.num_rows} rows and was written with {held.rows}")
    return table


def _put_in_place(layout: Layout, date: str, added: Sequence[Segment], removed: Sequence[Held], now: datetime) -> None:
    """Let merged segments take the place of others. When that fails they are left-overs for the next sweep.

    They are not deleted here: nobody can tell after an error whether the transaction came through.
    """
    settle(layout, added)
    with catalog.writing(layout) as connection:
        exchange(connection, [(date, each.name) for each in removed], added, now)
        refresh_views(connection, layout)
