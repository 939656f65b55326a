"""Replaced segments: kept on the disk for readers that have yet to open them, swept once they are old enough.

A reader takes the names of its segments from the catalog in one moment and opens the files later. So a segment that an
ingest, a compaction or `forget` replaces leaves the catalog's `segments` at once, and its file stays for `GRACE`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from ctaudit.store import catalog
from ctaudit.store.layout import EMPTY, Layout
from ctaudit.store.segment import TEMPORARY
from ctaudit.times import format_utc

GRACE = timedelta(hours=1)
"""How long a replaced segment's file stays. A question that takes longer than this is asked again from the start."""

SEGMENT_TABLES = ("segments", "segment_partitions", "segment_names", "segment_fields", "trail_stops")
"""All that the catalog keeps of a segment: each has its date and name."""

Name = tuple[str, str]
"""A segment: (date, name)."""


def retire(connection: duckdb.DuckDBPyConnection, segments: Sequence[Name], now: datetime) -> None:
    """Take segments out of the catalog, and note since when their files are of use to earlier readers only."""
    if not segments:
        return
    _register(connection, segments)
    for table in SEGMENT_TABLES:
        connection.execute(f"DELETE FROM {table} WHERE (date, name) IN (FROM named)")
    connection.execute("INSERT INTO retired SELECT date, name, ? FROM named", [format_utc(now)])
    connection.unregister("named")


def restore(connection: duckdb.DuckDBPyConnection, segments: Sequence[Name]) -> None:
    """Note that these segments are part of the store: the same rows, and so the same name, may come back."""
    if not segments:
        return
    _register(connection, segments)
    connection.execute("DELETE FROM retired WHERE (date, name) IN (FROM named)")
    connection.unregister("named")


def _register(connection: duckdb.DuckDBPyConnection, segments: Sequence[Name]) -> None:
    dates, names = zip(*segments, strict=True)
    connection.register("named", pa.table({"date": pa.array(dates, pa.string()), "name": pa.array(names, pa.string())}))


def sweep(layout: Layout, now: datetime) -> None:
    """Delete what an interrupted writer left behind, at once, and replaced segments after their grace.

    Left behind may also be standard input as it came.

    Only for who holds the store: somebody else's segment would look like a left-over until it is committed.
    """
    layout.spool.unlink(missing_ok=True)
    with catalog.reading(layout) as connection:
        known = set(connection.execute("SELECT date, name FROM segments").fetchall())
        since = {(date, name): at for date, name, at in connection.execute("FROM retired").fetchall()}
    oldest, newest = format_utc(now - GRACE), format_utc(now)
    kept = known | {EMPTY} | {segment for segment, at in since.items() if at > oldest}
    for path in layout.events.glob("date=*/*"):
        is_ours = path.name.endswith((".parquet", TEMPORARY))
        if is_ours and (path.parent.name.removeprefix("date="), path.name) not in kept:
            path.unlink()
    _remove_empty(layout.segment(date, name).parent for date, name in since.keys() - kept)
    if any(at <= oldest or at > newest for at in since.values()):
        with catalog.writing(layout) as connection:
            connection.execute("DELETE FROM retired WHERE since <= ?", [oldest])
            # Retired in the future: the clock was wrong then. Counted from now, so that no file stays for ever.
            connection.execute("UPDATE retired SET since = $now WHERE since > $now", {"now": newest})


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove the folders of dates that have no segment any more."""
    for folder in sorted(set(folders)):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
