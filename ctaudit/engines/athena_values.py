"""What Athena answers, as plain values: columns with their types, rows of text made numbers and truth values again.

`GetQueryResults` is read rather than the CSV file that Athena leaves in S3: the file has no types, a reader of CSV sees
no difference between NULL and empty text, a workgroup may keep results where no caller can open them, and it would be
one more thing to have permissions for. A page has 1,000 rows at most.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]
_WHOLE = frozenset({"tinyint", "smallint", "integer", "int", "bigint"})
_BROKEN = frozenset({"float", "real", "double"})


@dataclass(frozen=True, slots=True)
class Columns:
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    """Athena's types: `varchar`, `bigint`, `row(…)`."""
    read: tuple[Callable[[str], Any], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        return tuple(kind in _WHOLE | _BROKEN or kind.startswith("decimal") for kind in self.kinds)


def columns_of(result: Mapping[str, Any]) -> Columns:
    """Return the columns of a page's `ResultSet`; one of a name that stands before gets a number behind it."""
    info = result.get("ResultSetMetadata", {}).get("ColumnInfo", ())
    kinds = tuple(str(each.get("Type", "varchar")).lower() for each in info)
    scales = [int(each.get("Scale") or 0) for each in info]
    read = tuple(_reader(kind, scale) for kind, scale in zip(kinds, scales, strict=True))
    return Columns(_distinct([_label(each) for each in info]), kinds, read)


def rows_of(result: Mapping[str, Any], columns: Columns, *, first: bool) -> list[Row]:
    """Return the rows of a page. The first one of a SELECT begins with the names of the columns, which are no row."""
    rows = [each.get("Data", ()) for each in result.get("Rows", ())]
    if first and rows and [each.get("VarCharValue") for each in rows[0]] == _labels(result):
        rows = rows[1:]
    return [_row(cells, columns) for cells in rows]


def _row(cells: Sequence[Mapping[str, Any]], columns: Columns) -> Row:
    """Read a row; a cell without a value is NULL, which is not the same as one with empty text."""
    texts = [cell.get("VarCharValue") for cell in cells]
    return tuple(None if text is None else read(text) for text, read in zip(texts, columns.read, strict=True))


def _labels(result: Mapping[str, Any]) -> list[str]:
    return [_label(each) for each in result.get("ResultSetMetadata", {}).get("ColumnInfo", ())]


def _label(info: Mapping[str, Any]) -> str:
    return str(info.get("Label") or info.get("Name") or "")


def _distinct(labels: Sequence[str]) -> tuple[str, ...]:
    names: list[str] = []
    for label in labels:
        name, number = label, 0
        while name in names:
            number += 1
            name = f"{label}_{number}"
        names.append(name)
    return tuple(names)


def _reader(kind: str, scale: int) -> Callable[[str], Any]:
    if kind in _WHOLE or (kind.startswith("decimal") and not scale):
        return int
    if kind in _BROKEN or kind.startswith("decimal"):
        return _number
    if kind == "boolean":
        return lambda text: text == "true"
    return str


def _number(text: str) -> float | None:
    """Return a number; NaN and infinity are null, as in answers of the store."""
    value = float(text)
    return value if math.isfinite(value) else None
