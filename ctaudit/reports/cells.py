"""One way to spell a value as text, used by every format that is not JSON."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.reports.escapes import visible
from ctaudit.table import Column, Value


def spell(value: Value) -> str:
    """Spell a value: null as nothing, booleans as in JSON, floats in their shortest exact form, the nested as JSON.

    Text is returned as it is: escaping is left to the caller.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    from ctaudit.reports.json_value import compact  # rare in rows, and orjson costs every start of the program

    return compact(value)


def spell_row(row: Sequence[Value]) -> list[str]:
    """Spell each value of a row."""
    return [value if type(value) is str else spell(value) for value in row]


def visible_row(row: Sequence[Value]) -> list[str]:
    """Spell each value of a row with nothing invisible or active left in it.

    Nearly all rows are plain ASCII, and asking that once for the whole row is many times faster than for each cell.
    """
    texts = spell_row(row)
    if is_plain(texts):
        return texts
    return [visible(text) for text in texts]


def is_plain(texts: list[str]) -> bool:
    """Tell whether all the texts of a row are printable ASCII."""
    joined = "".join(texts)
    return joined.isascii() and joined.isprintable()


def headings(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the column names, made unique (`a`, `a_2`): of two equal names JSON would keep only the last."""
    unique: list[str] = []
    taken = {column.name for column in columns}
    for column in columns:
        name, number = column.name, 2
        while name in unique or (number > 2 and name in taken):
            name, number = f"{column.name}_{number}", number + 1
        unique.append(name)
    return tuple(unique)
