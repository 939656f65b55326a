"""Statements that make a table of a lake, for Athena, Trino, Spark and Glue, from the event dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ctaudit.dialect.projection import Values, properties
from ctaudit.records import lake
from ctaudit.records.columns import DATE, EVENT, RECORD, Field, Shape

VIEW_SUFFIX = "_logs"
"""What is put behind the table's name for the view with the partitions that published queries use."""
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
_RESERVED = frozenset(("date", "timestamp"))
"""Of the columns' names those that a dialect keeps for itself; folders are quoted as well, for whoever reads it."""


@dataclass(frozen=True, slots=True)
class LakeTable:
    """The table that is to be made."""

    database: str
    name: str
    location: str
    """Folder or URL of the lake, without a `/` at its end."""
    partition_by: tuple[str, ...] = lake.KEYS
    values: Values = field(default_factory=Values)
    """What the store has now, for projection."""

    @property
    def columns(self) -> Iterator[tuple[str, Field | str]]:
        """Yield the columns of the files: what the dictionary says of them, or the type of one of our own."""
        for each in EVENT:
            yield each.name, each
        for name in lake.columns(self.partition_by):
            yield name, "bigint" if name == RECORD else "string"


def hive_type(column: Field | str) -> str:
    """Return the type as Hive, Athena and Glue spell it."""
    if isinstance(column, str):
        return column
    if column.shape is Shape.STRUCT:
        return f"struct<{','.join(f'{inner.name}:{hive_type(inner)}' for inner in column.fields)}>"
    if column.shape is Shape.RESOURCES:
        return f"array<struct<{','.join(f'{inner.name}:string' for inner in column.fields)}>>"
    return "map<string,string>" if column.shape is Shape.MAP else "string"


def trino_type(column: Field | str) -> str:
    if isinstance(column, str):
        return {"string": "varchar"}.get(column, column)
    if column.shape is Shape.STRUCT:
        return f"ROW({', '.join(f'{_double(inner.name)} {trino_type(inner)}' for inner in column.fields)})"
    if column.shape is Shape.RESOURCES:
        return f"ARRAY(ROW({', '.join(f'{_double(inner.name)} varchar' for inner in column.fields)}))"
    return "MAP(varchar, varchar)" if column.shape is Shape.MAP else "varchar"


def athena(table: LakeTable) -> str:
    """Return statements for Athena, which takes one at a time; partitions are projected, so none has to be added."""
    given = ",\n".join(f"  '{key}'='{value}'" for key, value in _properties(table).items())
    return _statements(
        f"CREATE DATABASE IF NOT EXISTS {table.database}",
        f"CREATE EXTERNAL TABLE {table.database}.{table.name} (\n{_listed(table, hive_type, _tick)}\n)\n"
        f"PARTITIONED BY ({', '.join(f'{_tick(key)} string' for key in table.partition_by)})\n"
        f"STORED AS PARQUET\nLOCATION '{table.location}/'\nTBLPROPERTIES (\n{given}\n)",
        _view(table, '"'),
    )


def trino(table: LakeTable) -> str:
    """Return statements for Trino's Hive connector; the last but one learns new folders and is to be run again."""
    keys = "".join(f",\n  {_double(key)} varchar" for key in table.partition_by)
    named = ", ".join(f"'{key}'" for key in table.partition_by)
    return _statements(
        f"CREATE SCHEMA IF NOT EXISTS {table.database}",
        f"CREATE TABLE {table.database}.{table.name} (\n{_listed(table, trino_type, _double)}{keys}\n)\n"
        f"WITH (\n  external_location = '{table.location}/',\n  format = 'PARQUET',\n"
        f"  partitioned_by = ARRAY[{named}]\n)",
        f"CALL system.sync_partition_metadata('{table.database}', '{table.name}', 'FULL')",
        _view(table, '"'),
    )


def spark(table: LakeTable) -> str:
    """Return statements for Spark; the last but one learns new folders and is to be run again."""
    keys = "".join(f",\n  {_tick(key)} string" for key in table.partition_by)
    return _statements(
        f"CREATE DATABASE IF NOT EXISTS {table.database}",
        f"CREATE TABLE {table.database}.{table.name} (\n{_listed(table, hive_type, _tick)}{keys}\n)\n"
        f"USING PARQUET\nPARTITIONED BY ({', '.join(map(_tick, table.partition_by))})\nLOCATION '{table.location}/'",
        f"ALTER TABLE {table.database}.{table.name} RECOVER PARTITIONS",
        _view(table, "`"),
    )


def glue(table: LakeTable) -> dict[str, Any]:
    """Return what `aws glue create-table --cli-input-json` reads."""
    storage = {
        "Columns": [{"Name": name, "Type": hive_type(column)} for name, column in table.columns],
        "Location": f"{table.location}/",
        "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
        "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
    }
    return {
        "DatabaseName": table.database,
        "TableInput": {
            "Name": table.name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", **_properties(table)},
            "StorageDescriptor": storage,
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in table.partition_by],
        },
    }


def _properties(table: LakeTable) -> dict[str, str]:
    return properties(table.values, table.partition_by, table.location)


def _listed(table: LakeTable, type_of: Callable[[Field | str], str], quoted: Callable[[str], str]) -> str:
    names = ((quoted(name) if name in (*_RESERVED, *lake.KEYS) else name, column) for name, column in table.columns)
    return ",\n".join(f"  {name} {type_of(column)}" for name, column in names)


def _view(table: LakeTable, mark: str) -> str:
    """Return the view with the partitions that published queries name: year, month, day and timestamp.

    Athena is not known to prune folders by them: filter by date as well.
    """
    date = f"{mark}{DATE}{mark}"
    parts = (("year", 1, 4), ("month", 6, 2), ("day", 9, 2))
    cut = "".join(f",\n  substr({date}, {start}, {length}) AS {mark}{name}{mark}" for name, start, length in parts)
    return (
        f"CREATE OR REPLACE VIEW {table.database}.{table.name}{VIEW_SUFFIX} AS\nSELECT *{cut},\n"
        f"  replace({date}, '-', '/') AS {mark}timestamp{mark}\nFROM {table.database}.{table.name}"
    )


def _statements(*statements: str) -> str:
    return "\n\n".join(f"{statement};" for statement in statements) + "\n"


def _double(name: str) -> str:
    return f'"{name}"'


def _tick(name: str) -> str:
    return f"`{name}`"


WRITERS: dict[str, Callable[[LakeTable], str]] = {"athena": athena, "trino": trino, "spark": spark}
