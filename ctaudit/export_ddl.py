"""Print the statements that make a table of a lake, with what the store has now."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ctaudit import times
from ctaudit.dialect import ddl, projection
from ctaudit.dialect.ddl import LakeTable
from ctaudit.dialect.projection import Values
from ctaudit.errors import UsageError
from ctaudit.export import check_keys
from ctaudit.records.columns import ACCOUNT, REGION
from ctaudit.records.lake import KEYS
from ctaudit.store import holdings
from ctaudit.store.layout import Layout

ENGINES = ("athena", "trino", "spark", "glue")
TABLE = "ctaudit.cloudtrail"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,127}", re.ASCII)
# Nothing that could end a literal, and no `$`, by which projection names keys.
_IN_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*()=+@,~/-]*)?", re.ASCII)
_ELSEWHERE = re.compile(r"(s3a://|hdfs://|file://)?/?[A-Za-z0-9][A-Za-z0-9!_.()=+@,:~/-]*", re.ASCII)
"""What Spark can read besides."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Statements:
    text: str
    notes: tuple[str, ...]
    """What the table does not reach, and what its queries must say."""


def export_ddl(
    store: str | os.PathLike[str],
    engine: str,
    location: str,
    *,
    now: datetime,
    table: str = TABLE,
    partition_by: Sequence[str] = KEYS,
) -> Statements:
    """Return what makes the table `database.name` of a lake at `location`, for one of `ENGINES`.

    Raises UsageError when a name or a place is none, StoreError when there is no store.
    """
    layout = Layout(Path(store).absolute())
    layout.require()
    check_keys(partition_by)
    database, name = _names(table)
    values = Values(*holdings.lake_values(layout))
    wanted = LakeTable(database, name, _place(engine, location), tuple(partition_by), values)
    text = json.dumps(ddl.glue(wanted), indent=2) + "\n" if engine == "glue" else ddl.WRITERS[engine](wanted)
    return Statements(text, _notes(engine, wanted, times.format_utc(now)[:10]))


def _names(table: str) -> tuple[str, str]:
    database, dot, name = table.partition(".")
    if not dot or not _NAME.fullmatch(database) or not _NAME.fullmatch(name):
        raise UsageError(f"'{table}' is no name of a table", f"give database.table, lower case, such as {TABLE}")
    return database, name


def _place(engine: str, location: str) -> str:
    if _IN_S3.fullmatch(location) or (engine == "spark" and _is_elsewhere(location)):
        return location.rstrip("/")
    kinds = "s3://BUCKET/PREFIX, or an absolute path" if engine == "spark" else "s3://BUCKET/PREFIX"
    raise UsageError(f"'{location}' is no place that {engine} can read a lake from", f"give {kinds}")


def _is_elsewhere(location: str) -> bool:
    return ("://" in location or location.startswith("/")) and _ELSEWHERE.fullmatch(location) is not None


def _notes(engine: str, table: LakeTable, today: str) -> tuple[str, ...]:
    if engine not in ("athena", "glue"):
        return ("folders that are written later are learned by running the statement before the view again",)
    notes = ["Athena takes one statement at a time"] if engine == "athena" else []
    if {ACCOUNT, REGION} & {*table.partition_by}:
        notes.append("new accounts and regions are not seen until the table is made anew with them")
    for key in projection.injected(table.values, table.partition_by):
        notes.append(f"there are too many values of {key}, or none: every query has to say {key} = '...'")
    beyond = projection.beyond(table.values, table.partition_by, today)
    if beyond:
        more = f" and {len(beyond) - _SHOWN} more" if len(beyond) > _SHOWN else ""
        notes.append(f"projection does not reach what lies in: {', '.join(beyond[:_SHOWN])}{more}")
    return tuple(notes)
