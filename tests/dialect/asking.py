"""Ask translated SQL in an in-memory DuckDB: of no events, or of a few that stand for all kinds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import duckdb

from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.lake import LAKE_VIEW
from ctaudit.dialect.macros import MACROS
from ctaudit.dialect.translate import Translation, translate
from ctaudit.records.columns import EVENT, Field, Shape

_TYPES = {Shape.STRUCT: "", Shape.MAP: "MAP(VARCHAR, VARCHAR)", Shape.RESOURCES: "[]"}


@cache
def engine() -> duckdb.DuckDBPyConnection:
    """Return a DuckDB that has all the macros."""
    connection = duckdb.connect()
    connection.execute(MACROS)
    return connection


def holding(events: Iterable[Mapping[str, Any]]) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB with these events as `cloudtrail_logs`, and the view for Lake."""
    connection = duckdb.connect()
    connection.execute(MACROS)
    columns = ", ".join(f'"{field.name}" {_type(field)}' for field in EVENT)
    ours = "account VARCHAR, region VARCHAR, date VARCHAR, integrity VARCHAR, source_file VARCHAR, record BIGINT"
    connection.execute(f"CREATE TABLE cloudtrail_logs ({columns}, {ours}, extra VARCHAR, eventjson VARCHAR)")
    insert(connection, events)
    connection.execute(f"CREATE VIEW cloudtrail_lake AS {LAKE_VIEW}")
    return connection


def insert(connection: duckdb.DuckDBPyConnection, events: Iterable[Mapping[str, Any]]) -> None:
    """Put events into `cloudtrail_logs`."""
    for index, event in enumerate(events):
        values = [_value(field, event.get(field.key)) for field in EVENT]
        time = str(event.get("eventTime") or "")
        values += [event.get("recipientAccountId"), event.get("awsRegion"), time[:10] or "unknown", "unknown"]
        values += [f"s3://bucket/AWSLogs/{index}.json.gz", index, None, json.dumps(event)]
        connection.execute(f"INSERT INTO cloudtrail_logs VALUES ({', '.join('?' * len(values))})", values)


def _type(field: Field) -> str:
    if field.shape in (Shape.STRUCT, Shape.RESOURCES):
        parts = ", ".join(f'"{part.name}" {_type(part)}' for part in field.fields)
        return f"STRUCT({parts}){'[]' if field.shape is Shape.RESOURCES else ''}"
    return _TYPES.get(field.shape, "VARCHAR")


def _value(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if field.shape is Shape.STRUCT:
        return {part.name: _value(part, value.get(part.key)) for part in field.fields}
    if field.shape is Shape.RESOURCES:
        return [{part.name: entry.get(part.key) for part in field.fields} for entry in value]
    if field.shape in (Shape.JSON, Shape.FLAG):
        return json.dumps(value)
    return value


def asked(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    dialect: Dialect = Dialect.ATHENA,
    params: Mapping[str, str] | None = None,
) -> tuple[Translation, list[tuple[Any, ...]]]:
    """Translate and run; values as text where Python has no such type without help."""
    translation = translate(text, dialect, params or {})
    return translation, rows(connection, translation.sql)


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    found = connection.sql(sql)
    kinds = [str(kind) for kind in found.types]
    if not any("TIMESTAMP" in kind for kind in kinds):
        return found.fetchall()
    names = [f"c{index}" for index in range(len(kinds))]
    shown = ", ".join(f"{n}::VARCHAR" if "TIMESTAMP" in kind else n for n, kind in zip(names, kinds, strict=True))
    return connection.execute(f"SELECT {shown} FROM ({sql}) AS t({', '.join(names)})").fetchall()
