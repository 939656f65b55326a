"""From DuckDB's types to the plain values of a Table, or to types that a Parquet or Arrow file can hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import compress
from sys import getsizeof
from typing import Any

import msgspec

_HUGE = frozenset(["HUGEINT", "UHUGEINT"])
_WHOLE = [sign + kind for sign in ("", "U") for kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")]
_PLAIN = frozenset(["VARCHAR", "BOOLEAN", *_WHOLE])
"""Types whose values Python gets as text, numbers or truth values."""
_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_NO_FILE = ("INTERVAL", "BIT", "UNION", "TIME WITH TIME ZONE", "TIMETZ", "VARIANT", "GEOMETRY", "BIGNUM", "TIME_NS")
"""Types that Parquet has no type for, or none that its readers know."""
_PARSED = 8
"""Memory of parsed JSON, in sizes of its text."""

Row = tuple[Any, ...]


def is_numeric(kind: str) -> bool:
    return kind.removeprefix("U").startswith(_NUMERIC) and not is_nested(kind)


def is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "TUPLE", "MAP", "UNION"))


def in_plain_types(statement: str, types: Sequence[str]) -> str:
    """Wrap the statement so that every value arrives as text, number or truth value; nested ones as JSON text."""
    return _wrapped(statement, [f"c{index}" for index in range(len(types))], types, _plain, [])


def in_file_types(statement: str, names: Sequence[str], types: Sequence[str]) -> str:
    """Wrap the statement so that every column has a type that files can hold: its own wherever there is one."""
    columns = [f"c{index}" for index in range(len(types))]
    return _wrapped(statement, columns, types, _in_file, names)


def _wrapped(
    statement: str, columns: Sequence[str], types: Sequence[str], cast: Callable[[str, str], str], names: Sequence[str]
) -> str:
    casts = [cast(column, kind) for column, kind in zip(columns, types, strict=True)]
    if casts == list(columns) and not names:
        return statement
    given = [f' AS "{name.replace(chr(34), chr(34) * 2)}"' for name in names] or [f" AS {each}" for each in columns]
    shown = ", ".join(f"{value}{name}" for value, name in zip(casts, given, strict=True))
    return f"SELECT {shown} FROM (\n{statement}\n) AS answer({', '.join(columns)})"


def _plain(column: str, kind: str) -> str:
    if kind in _PLAIN:
        return column
    if kind in ("FLOAT", "DOUBLE"):
        return f"CASE WHEN isfinite({column}) THEN {column} END"
    if is_nested(kind):
        return f"to_json({column})::VARCHAR"
    if kind.startswith("DECIMAL"):
        return f"{column}::{'HUGEINT' if kind.endswith(',0)') else 'DOUBLE'}"
    return f"{column}::VARCHAR"


def _in_file(column: str, kind: str) -> str:
    if kind in _HUGE:
        return f"{column}::DECIMAL(38,0)"
    if kind.startswith("ENUM"):
        return f"{column}::VARCHAR"
    if any(word in kind for word in (*_NO_FILE, *_HUGE)):
        return f"to_json({column})::VARCHAR" if is_nested(kind) else f"{column}::VARCHAR"
    return column


def weight(rows: Sequence[Row], nested: Sequence[bool]) -> int:
    """Return about how much memory rows will take whose nested values are still text."""
    held = sum(sum(map(getsizeof, row)) for row in rows)
    if any(nested):
        held += _PARSED * sum(getsizeof(text) for row in rows for text in compress(row, nested))
    return held


def parsed(rows: Sequence[Row], nested: Sequence[bool]) -> Sequence[Row]:
    """Return the rows with their nested values as values."""
    if not any(nested):
        return rows
    return [tuple(map(_value, row, nested)) for row in rows]


def _value(value: Any, nested: bool) -> Any:
    if value is None or not nested:
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:  # DuckDB writes NaN and Infinity into JSON; they are null here as in plain columns
        return json.loads(value, parse_constant=lambda _: None)
