"""A Table as aligned text for people: all of it in a pipe or file, what fits on a terminal.

No vertical rules: what is selected with the mouse is the text alone. The rows are walked twice, to measure and to
write, and never held as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ctaudit.reports.cells import headings, visible_row
from ctaudit.reports.layout import GAP, Layout, fit, whole
from ctaudit.reports.naming import named
from ctaudit.reports.shorten import shorten, width_of
from ctaudit.table import Table

_SGR = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_RESET = "\x1b[0m"
_BETWEEN = " " * GAP


def table_lines(table: Table, width: int | None, color: bool, uncut: bool = False) -> Iterator[str]:
    """Yield the header, a rule and each row, without line ends.

    Args:
        table: The answer.
        width: Cells of the terminal, or None when there is none: then all is shown whole and nothing is coloured.
        color: Whether the terminal takes colours.
        uncut: Show everything on a terminal too and let the terminal wrap long lines.
    """
    table = named(table)
    on_terminal = width is not None
    naturals = _naturals(table)
    layout = whole(naturals) if width is None or uncut else _fit(table, naturals, width)
    fields = _fields(table, layout, color and on_terminal)
    yield _header(table, fields, color and on_terminal)
    yield _rule(layout, width)
    for row in table.rows:
        texts = visible_row(row)
        yield _BETWEEN.join([field.set(texts[field.index]) for field in fields]).rstrip(" ")


def hidden_columns(table: Table, width: int) -> tuple[str, ...]:
    """Return the names of the columns that do not fit a terminal of `width` cells, so that the reader can be told."""
    table = named(table)
    shown = set(_fit(table, _naturals(table), width).shown)
    return tuple(name for index, name in enumerate(headings(table.columns)) if index not in shown)


@dataclass(frozen=True, slots=True)
class _Field:
    """How one column is set in type."""

    index: int
    width: int
    cut: bool
    right: bool
    last: bool
    styles: Mapping[str, str]

    def set(self, text: str) -> str:
        """Shorten, colour and pad one cell."""
        shown, size = text, width_of(text)
        if size > self.width and self.cut:
            shown = shorten(text, self.width)
            size = width_of(shown)
        if text in self.styles:
            shown = paint(shown, self.styles[text])
        if self.right:
            return " " * (self.width - size) + shown
        return shown if self.last else shown + " " * (self.width - size)


def _fields(table: Table, layout: Layout, color: bool) -> list[_Field]:
    final = len(layout.shown) - 1
    return [
        _Field(index, width, layout.cut, column.right, place == final, column.styles if color else {})
        for place, (index, width) in enumerate(zip(layout.shown, layout.widths, strict=True))
        for column in [table.columns[index]]
    ]


def _fit(table: Table, naturals: Sequence[int], width: int) -> Layout:
    return fit(naturals, [column.rank for column in table.columns], width)


def _naturals(table: Table) -> list[int]:
    """Return the width of the longest cell of each column, header included."""
    widths = [width_of(name) for name in visible_row(headings(table.columns))]
    for row in table.rows:
        sizes = map(width_of, visible_row(row))
        widths = [size if size > width else width for size, width in zip(sizes, widths, strict=True)]
    return widths


def _header(table: Table, fields: Sequence[_Field], color: bool) -> str:
    names = visible_row(headings(table.columns))
    line = _BETWEEN.join(field.set(names[field.index]) for field in fields).rstrip(" ")
    return paint(line, "bold") if color else line


def _rule(layout: Layout, width: int | None) -> str:
    mark = "-" if width is None else "─"
    line = _BETWEEN.join(mark * size for size in layout.widths)
    return line if width is None else line[:width]


def paint(text: str, style: str) -> str:
    return f"\x1b[{_SGR[style]}m{text}{_RESET}"
