"""What SQL would read: partitions, segments, columns, rows, bytes; and what Athena would charge for the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from ctaudit.engines import sql
from ctaudit.engines.athena_cost import charged, usd
from ctaudit.engines.sql import Bounds, Question
from ctaudit.query import Span
from ctaudit.store import reader
from ctaudit.store.layout import Layout
from ctaudit.store.reader import Snapshot

_NOTE = (
    "5 USD per TB scanned, 10 MB at least for each query: us-east-1, prices vary; for the same Parquet files, of which "
    "only the columns read are charged"
)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_NAME = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*")

_Sizes = Mapping[str, Mapping[str, int]]
"""Segment -> path of a leaf column, with dots -> bytes as stored."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading of the events; a text that names the view twice reads twice."""

    columns: tuple[str, ...]
    """Nested ones with dots, where only a part is read."""
    segments: int
    filters: tuple[str, ...]
    """Conditions that the reader itself tests, by which it may pass over parts of a segment."""


def explain(layout: Layout, question: Question, span: Span, bounds: Bounds) -> tuple[dict[str, Any], Snapshot]:
    """Plan the SQL, and tell what running it would read at most; nothing is run."""
    with sql.prepared(layout, question, span, bounds) as (work, connection, ready):
        scans = work.do(lambda: _scans(connection, ready.statement))
        sizes, rows = work.do(lambda: _sizes(connection, ready.snapshot.segments))
        snapshot = ready.snapshot
    costs = [_cost(scan, sizes, rows) for scan in scans]
    scanned = sum(cost["bytes"] for cost in costs)
    store = reader.counts(layout, Span(), Span())
    left = reader.counts(layout, span, question.within)
    return {
        "sql": ready.statement,
        "dialect": question.dialect,
        "span": asdict(span),
        "derived_span": asdict(question.within),
        "partitions": {"store": store.partitions, "after_pruning": left.partitions},
        "segments": {
            "store": store.segments,
            "after_pruning": left.segments,
            "read": max((cost["segments"] for cost in costs), default=0),
        },
        "rows": {"store": store.rows, "scanned_at_most": sum(cost["rows"] for cost in costs)},
        "bytes": {
            "store": snapshot.totals.bytes,
            "after_pruning": sum(sum(each.values()) for each in sizes.values()),
            "scanned_at_most": scanned,
        },
        "scans": costs,
        "athena": {"bytes_charged": charged(scanned), "usd": usd(charged(scanned)), "note": _NOTE},
    }, snapshot


def _scans(connection: duckdb.DuckDBPyConnection, statement: str) -> list[Scan]:
    found = connection.execute(f"EXPLAIN (FORMAT json) SELECT * FROM (\n{statement}\n)").fetchall()
    return [_scan(info) for name, info in _operators(json.loads(found[0][1])) if name == "READ_PARQUET"]


def _operators(plan: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each operator of a plan, as DuckDB prints it in JSON; without recursion, as the SQL chooses the depth."""
    waiting = list(reversed(plan))
    while waiting:
        node = waiting.pop()
        yield str(node["name"]).strip(), node.get("extra_info") or {}
        waiting.extend(reversed(node.get("children", [])))


def _scan(info: Mapping[str, Any]) -> Scan:
    filters = _listed(info.get("Filters"))
    tested = [name for text in filters for name in _NAME.findall(_TEXT.sub("", text))]
    read = re.fullmatch(r"(\d+)/\d+", str(info.get("Scanning Files", "")))
    segments = int(read[1]) if read else _EVERY
    return Scan(tuple(dict.fromkeys([*_listed(info.get("Projections")), *tested])), segments, filters)


_EVERY = -1
"""The plan says how many files are read only when they are not all."""


def _listed(value: Any) -> tuple[str, ...]:
    if not value:
        return ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _sizes(connection: duckdb.DuckDBPyConnection, segments: Sequence[str]) -> tuple[_Sizes, dict[str, int]]:
    """Return how many bytes each column has in each segment, and how many rows the segment has."""
    found = connection.execute(
        """SELECT file_name, replace(path_in_schema, ', ', '.'), sum(total_compressed_size)::BIGINT,
                  sum(row_group_num_rows)::BIGINT
           FROM parquet_metadata(?) GROUP BY ALL""",
        [list(segments)],
    ).fetchall()
    sizes: dict[str, dict[str, int]] = {}
    rows: dict[str, int] = {}
    for segment, column, size, count in found:
        sizes.setdefault(segment, {})[column] = size
        rows[segment] = count
    return sizes, rows


def _cost(scan: Scan, sizes: _Sizes, rows: Mapping[str, int]) -> dict[str, Any]:
    """Tell what one scan reads; of which segments the plan does not say, so it is told of the largest ones."""
    known = {column for each in sizes.values() for column in each}
    columns = [name for name in scan.columns if any(_within(leaf, name) for leaf in known)]
    most = None if scan.segments == _EVERY else scan.segments
    read = sorted((_bytes(each, columns) for each in sizes.values()), reverse=True)[:most]
    return {
        "segments": len(read),
        "columns": sorted(columns),
        "filters": list(scan.filters),
        "rows": sum(sorted(rows.values(), reverse=True)[:most]),
        "bytes": sum(read),
    }


def _bytes(segment: Mapping[str, int], columns: Sequence[str]) -> int:
    return sum(size for leaf, size in segment.items() if any(_within(leaf, name) for name in columns))


def _within(leaf: str, name: str) -> bool:
    return leaf == name or leaf.startswith(f"{name}.")
