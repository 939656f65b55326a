"""Names beside what they name, for people to read: `prod-payments (111122223333)` in one column instead of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ctaudit.reports.cells import spell
from ctaudit.table import Table, Value


def named(table: Table) -> Table:
    """Return the table with each name set before the value that it is of, and the columns of names left out."""
    places = {column.name: index for index, column in enumerate(table.columns)}
    names = {index: places[column.named_by] for index, column in enumerate(table.columns) if column.named_by}
    if not names:
        return table
    kept = [index for index in range(len(table.columns)) if index not in names.values()]
    columns = tuple(replace(table.columns[index], named_by="") for index in kept)
    rows = [tuple(_named(row, index, names) for index in kept) for row in table.rows]
    return Table(columns, rows, table.matched, table.notes, table.partial)


def _named(row: tuple[Value, ...], index: int, names: Mapping[int, int]) -> Value:
    """Return one value, its name before it if there is one: the value stands last, where no name can imitate it."""
    name = row[names[index]] if index in names else None
    return row[index] if name is None else f"{spell(name)} ({spell(row[index])})"
