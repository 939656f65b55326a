"""A lake as its readers see it: DuckDB by Hive partitioning, and pyarrow's datasets, beside the store's own view."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from ctaudit.records.arrow import lake_schema
from ctaudit.records.lake import KEYS
from tests.store.stores import select


def columns(store: Path) -> list[str]:
    """Return the columns of the store's view, in order."""
    return [row[0] for row in select(store, "DESCRIBE cloudtrail_logs")]


def store_rows(store: Path, where: str = "true") -> list[int]:
    """Return a hash of each row of the store's view, sorted."""
    return [row[0] for row in select(store, f"SELECT {_hash(store)} FROM cloudtrail_logs WHERE {where} ORDER BY 1")]


def _hash(store: Path) -> str:
    """Return SQL for the hash of a row, all its columns in the view's order."""
    return f"hash({', '.join('record::BIGINT' if name == 'record' else name for name in columns(store))})"


def by_duckdb(lake: Path, store: Path, keys: Sequence[str] = KEYS) -> list[int]:
    """Read the rows as DuckDB does."""
    types = ", ".join(f"'{key}': VARCHAR" for key in keys)
    source = f"read_parquet('{lake}/**/*.parquet', hive_partitioning = true, hive_types = {{{types}}})"
    with duckdb.connect() as connection:
        return [row[0] for row in connection.execute(f"SELECT {_hash(store)} FROM {source} ORDER BY 1").fetchall()]


def by_pyarrow(lake: Path, store: Path, keys: Sequence[str] = KEYS) -> list[int]:
    """Read the rows as pyarrow does, with the lake's schema alone to go by."""
    folders = pa.schema([pa.field(key, pa.string()) for key in keys])
    schema = pa.unify_schemas([lake_schema(keys), folders])
    partitioning = ds.partitioning(folders, flavor="hive")
    table = ds.dataset(lake, schema=schema, format="parquet", partitioning=partitioning).to_table()
    with duckdb.connect() as connection:
        connection.register("lake", table)
        return [row[0] for row in connection.execute(f"SELECT {_hash(store)} FROM lake ORDER BY 1").fetchall()]


def files(lake: Path) -> dict[str, int]:
    """Return the path of each file of the table, and when it was written."""
    found = [path for path in lake.rglob("*") if path.is_file() and "_ctaudit" not in path.parts]
    return {path.relative_to(lake).as_posix(): path.stat().st_mtime_ns for path in found}
