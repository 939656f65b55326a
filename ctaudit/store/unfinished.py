"""Ingests that have not come to their end: an answer before they do may lack rows that lie in the evidence."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

_KEY = "unfinished:"
"""Of entries in the catalog's table `meta`, with the absolute path of a source behind it; the value is a UTC time."""

Unfinished = tuple[tuple[str, str], ...]
"""(source, time of its first start) of each."""


def begin(connection: duckdb.DuckDBPyConnection, sources: Sequence[str], now: str) -> None:
    """Note that sources are about to be read."""
    keys = [_KEY + source for source in dict.fromkeys(sources)]
    connection.execute("INSERT OR IGNORE INTO meta SELECT unnest(?::VARCHAR[]), ?", [keys, now])


def end(connection: duckdb.DuckDBPyConnection, sources: Sequence[str]) -> None:
    """Note that sources, and so all that lies below them, were read to the end."""
    if not sources:
        return
    keys = [_KEY + source for source in sources]
    connection.execute(
        """DELETE FROM meta WHERE key IN (SELECT unnest(?::VARCHAR[])) OR key IN (
             SELECT key FROM meta, (SELECT unnest(?::VARCHAR[]) AS folder) WHERE starts_with(key, folder))""",
        [keys, [key.rstrip("/") + "/" for key in keys]],
    )


def found(connection: duckdb.DuckDBPyConnection) -> Unfinished:
    """Return what was begun and has not ended, in order of the sources."""
    rows = connection.execute(
        "SELECT key[? + 1:], value FROM meta WHERE starts_with(key, ?) ORDER BY 1", [len(_KEY), _KEY]
    ).fetchall()
    return tuple((source, since) for source, since in rows)


def sentences(found: Unfinished) -> tuple[str, ...]:
    """Return what every answer must say about ingests that have not ended."""
    if not found:
        return ()
    source, since = min(found, key=lambda each: each[1])
    more = "" if len(found) == 1 else f" (and of {len(found) - 1} more)"
    return (
        f"an ingest of {source}{more} that began at {since} has not come to its end, so rows may be missing; "
        "unless it is under way, ingest it again",
    )
