"""What a store answers, in full: the rows of its view, as DuckDB alone reads them, and ctaudit's own timeline."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

import ctaudit
from tests.trail.packing import gzipped, minified

CATALOG = "ctaudit.duckdb"


@dataclass(frozen=True, slots=True)
class Told:
    """All that a store tells; two stores of the same evidence tell the same."""

    view: list[str]
    """Every row of `cloudtrail_logs` with every column."""
    timeline: Sequence[tuple[Any, ...]]
    faults: Sequence[tuple[Any, ...]]
    events: int


def told(store: Path) -> Told:
    """Ask the store for everything, through DuckDB alone and through ctaudit."""
    opened = ctaudit.open(store)
    return Told(view_rows(store), opened.timeline().rows, opened.faults().rows, status(store)["events"])


def view_rows(store: Path) -> list[str]:
    """Read the view as somebody without ctaudit does: rows as text, sorted."""
    return sorted(map(repr, select(store, "FROM cloudtrail_logs")))


def select(store: Path, sql: str) -> list[tuple[Any, ...]]:
    """Run SQL on the catalog with DuckDB alone."""
    with duckdb.connect(str(store / CATALOG), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def status(store: Path) -> dict[str, Any]:
    return dict(ctaudit.open(store).status().content)


def left_overs(store: Path) -> set[str]:
    """Find the files of a store that its catalog does not know, not even as replaced ones that stay for a while."""
    known = {f"events/date={date}/{name}" for date, name in select(store, "SELECT date, name FROM segments")}
    retired = select(store, "SELECT date, name FROM retired")
    known |= {f"events/date={date}/{name}" for date, name in retired}
    known |= {CATALOG, f"{CATALOG}.lock", "ingest.lock", "events/date=unknown/empty.parquet"}
    return {path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()} - known


def put(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    """Write a log file as CloudTrail does; packed when its name ends in `.gz`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = minified({"Records": list(records)})
    path.write_bytes(gzipped(content) if path.suffix == ".gz" else content)
    return path


def put_lines(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    path.write_bytes(b"".join(minified(record) + b"\n" for record in records))
    return path


def put_lookup(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    """Write what `aws cloudtrail lookup-events` prints: each record in a string, its keys in another order."""
    events = [
        {"EventId": record["eventID"], "CloudTrailEvent": json.dumps(_reversed(record), indent=1)} for record in records
    ]
    path.write_text(json.dumps({"Events": events}), encoding="utf-8")
    return path


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(entry) for entry in value] if isinstance(value, list) else value
