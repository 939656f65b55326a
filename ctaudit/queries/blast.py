"""The rows of a blast radius, what calls read data, and what its words mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ctaudit.records.anyjson import fold
from ctaudit.records.verbs import bare_name
from ctaudit.table import Column, Value

COLUMNS = (
    Column("section", 0),
    Column("kind", 0),
    Column("name", 0),
    Column("count", 0, right=True),
    Column("first", 0),
    Column("last", 2),
    Column("state", 1),
    Column("until", 4),
    Column("confidence", 1),
    Column("method", 5),
    Column("via", 3),
    Column("principal", 2),
    Column("origin", 1),
    Column("account", 4),
    Column("error_code", 3),
    Column("event_id", 2),
    Column("undone_by", 6),
    Column("note", 3),
)
"""Keys and their order are stable: new ones may be added at the end."""
SECTIONS = ("calls", "sessions", "created", "read", "persistence", "denied", "possible", "steps")


@dataclass(frozen=True, slots=True)
class Row:
    """One statement; its fields are the columns, in their order."""

    section: str
    kind: str
    name: str | None
    count: int | None = None
    first: str | None = None
    last: str | None = None
    state: str | None = None
    until: str | None = None
    confidence: str | None = None
    method: str | None = None
    via: str | None = None
    principal: str | None = None
    origin: str | None = None
    account: str | None = None
    error_code: str | None = None
    event_id: str | None = None
    undone_by: str | None = None
    note: str | None = None

    def values(self) -> tuple[Value, ...]:
        return tuple(getattr(self, column.name) for column in COLUMNS)


_READS: Mapping[str, str] = {
    "getobject": "object",
    "copyobject": "object",
    "selectobjectcontent": "object",
    "getobjecttorrent": "object",
    "uploadpartcopy": "object",
    "getsecretvalue": "secret",
    "batchgetsecretvalue": "secret",
    "getparameter": "parameter",
    "getparameters": "parameter",
    "getparametersbypath": "parameter",
    "getparameterhistory": "parameter",
    "getitem": "table",
    "batchgetitem": "table",
    "query": "table",
    "scan": "table",
    "exporttabletopointintime": "table",
    "getpassworddata": "instance password",
    "getqueryresults": "query results",
    "getfunction": "function code",
    "getsnapshotblock": "snapshot",
    "copysnapshot": "snapshot",
    "copydbsnapshot": "snapshot",
    "startexporttask": "snapshot",
    "filterlogevents": "log",
    "getlogevents": "log",
}
"""Folded name of a call -> what it reads."""
PATHS = (
    *("$.bucketName", "$.secretId", "$.name", "$.names", "$.path", "$.tableName", "$.instanceId", "$.functionName"),
    *("$.snapshotId", "$.sourceSnapshotId", "$.sourceDBSnapshotIdentifier", "$.sourceArn", "$.queryExecutionId"),
    *("$.logGroupName", "$.logGroupIdentifier", "$.tableArn"),
)
"""Where a request names what it reads."""


def may_read(source: str | None, name: str | None, read_only: bool | None) -> bool:
    """Tell whether a call of this name hands out data, rather than what a thing is like."""
    return name is not None and fold(bare_name(name)) in _READS


def what_is_read(name: str) -> str:
    return _READS[fold(bare_name(name))]
