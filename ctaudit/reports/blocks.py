"""Rows as paragraphs: for answers whose sentences matter, on terminals where a table would cut them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ctaudit.reports.cells import headings, visible_row
from ctaudit.reports.text_table import paint
from ctaudit.table import Table

_INDENT = 2
_LEAST = 20
"""Cells that a value gets even on the narrowest terminal."""


def block_lines(table: Table, width: int, color: bool) -> Iterator[str]:
    """Yield for each row a line with its first two cells, then its other cells, each with its name, wrapped to `width`.

    Empty cells are left out. Without line ends.
    """
    names = headings(table.columns)
    margin = max(map(len, names)) + _INDENT + 2
    for row in table.rows:
        texts = visible_row(row)
        style = table.columns[0].styles.get(texts[0]) if color else None
        head = paint(texts[0], style) if style else texts[0]
        yield f"{head}  {texts[1]}"
        for name, value in list(zip(names, texts, strict=True))[2:]:
            if value and value != "[]":
                lines = textwrap.wrap(value, max(_LEAST, width - margin), break_on_hyphens=False) or [""]
                yield f"{' ' * _INDENT}{name:{margin - _INDENT}}{lines[0]}"
                yield from (f"{' ' * margin}{line}" for line in lines[1:])
        yield ""
