"""Ask the catalog which evidence is in the store already: files by path, size and time; contents by their hash."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from ctaudit import times
from ctaudit.query import Forgotten, Span
from ctaudit.store import catalog, forgotten, unfinished
from ctaudit.store.layout import Layout

FileState = tuple[str, int, int]
"""A file as it lay there: path, size, time of its last change in nanoseconds."""


def begin(layout: Layout, sources: Sequence[str], now: datetime) -> None:
    """Note that sources are about to be read, until a commit says that they were."""
    with catalog.writing(layout) as connection:
        unfinished.begin(connection, sources, times.format_utc(now))


def known_files(layout: Layout, listed: Sequence[FileState]) -> set[int]:
    """Return the positions of the files that were read without a fault and have not changed since.

    Files with faults are read again every time: a damaged file must not look whole the second time.
    """
    paths, sizes, times = zip(*listed, strict=True) if listed else ((), (), ())
    table = pa.table(
        {
            "file": pa.array(paths, pa.string()),
            "size": pa.array(sizes, pa.int64()),
            "changed_ns": pa.array(times, pa.int64()),
            "position": pa.array(range(len(listed)), pa.int64()),
        }
    )
    with catalog.reading(layout) as connection:
        connection.register("listed", table)
        rows = connection.execute(
            """SELECT position FROM listed SEMI JOIN paths USING (file, size, changed_ns)
               WHERE file NOT IN (SELECT file FROM faults)"""
        ).fetchall()
        connection.unregister("listed")
    return {row[0] for row in rows}


def forgotten_days(layout: Layout) -> Forgotten | None:
    """Return what was dropped from the store on purpose."""
    with catalog.reading(layout) as connection:
        return forgotten.touched(connection, Span())


def known_contents(layout: Layout) -> array[int]:
    """Return the ids of contents that need not be read again, in order.

    Those with faults or refusals are read again when they turn up under another path: these are told for every path.
    """
    with catalog.reading(layout) as connection:
        found = connection.execute("SELECT file_id FROM contents WHERE refused = 0 AND faults = 0 ORDER BY ALL")
        ids = array("q")
        while rows := found.fetchmany(_FETCH):
            ids.extend(row[0] for row in rows)
    return ids


_FETCH = 10_000
