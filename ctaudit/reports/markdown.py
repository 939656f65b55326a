"""A Table as a GitHub-flavoured Markdown table in which no cell can become markup, a link or a mention.

A cell that holds anything Markdown might act on is written as a code span. Backslashes and entities would stop emphasis
and HTML, but GitHub looks for addresses, `@mentions`, `#1` references, `:emoji:` and `$math$` in the *rendered* text,
where the backslash is already gone; only code is left alone there. `|` ends a cell even inside a code span, and
renderers disagree about a backslash before it, so it is written as an entity between two spans. A bare commit hash is
the one thing left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ctaudit.reports.cells import headings, visible_row
from ctaudit.reports.naming import named
from ctaudit.table import Flow, Table, Value

_ACTIVE = re.compile(r"[\\`*_\[\]<>&!|~@#$%^{}]|://|www\.|:(?!\d\d:)[\w+-]+:|\bGH-\d|^\s|\s$|  ", re.IGNORECASE)
_BACKTICKS = re.compile("`+")
_PIPE = "&#124;"


def markdown_lines(table: Table | Flow) -> Iterator[str]:
    """Yield the header, the delimiter row and each row, without line ends."""
    table = named(table) if isinstance(table, Table) else table
    yield _line(headings(table.columns))
    yield "| " + " | ".join("---:" if column.right else "---" for column in table.columns) + " |"
    for row in table.rows:
        yield _line(row)


def _line(row: Sequence[Value]) -> str:
    return "| " + " | ".join(_cell(text) for text in visible_row(row)) + " |"


def _cell(text: str) -> str:
    if not _ACTIVE.search(text):
        return text
    return _PIPE.join(_code(piece) for piece in text.split("|"))


def _code(text: str) -> str:
    """Wrap `text` in a fence of backticks longer than any run inside it (CommonMark, "Code spans")."""
    if not text:
        return ""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    touches = text[0] == "`" or text[-1] == "`"
    stripped = text[0] == text[-1] == " " and text.strip(" ") != ""
    space = " " if touches or stripped else ""
    return f"{fence}{space}{text}{space}{fence}"
