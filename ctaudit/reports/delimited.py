r"""A Table as CSV for spreadsheets, or as TSV for scripts: two formats with two different dangers.

CSV follows RFC 4180 but for two points. Lines end with a line feed alone, because `grep`, `cut` and `diff` would show
the carriage return as part of the last field, and every reader of CSV takes both. And a text that a spreadsheet would
run as a formula (after spaces: `=`, `+`, `-`, `@`, their full-width forms, a tab or a carriage return) gets a `'` in
front; numbers do not (OWASP, "CSV Injection"). Unprintable characters are written visibly, see `escapes`; for exact
values use JSON.

TSV has no quotes. A tab is `\t`, a line feed `\n`, a carriage return `\r`, a backslash `\\`, any other unprintable
character `\xNN`, `\uNNNN` or `\UNNNNNNNN`: undoing those gives the exact text back. It is meant for programs and has no
guard against formulas. In both, null and the empty text look the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ctaudit.reports.cells import headings, is_plain, spell_row
from ctaudit.reports.escapes import visible
from ctaudit.table import Flow, Table, Value

_FORMULA = frozenset("=+-@\t\r＝＋－＠")
_TELLTALES = (",=", ",+", ",-", ",@", ", ", " ,")
_QUOTED = re.compile(r'[,;"]|^ | $')
"""`;` separates cells in half of Europe's spreadsheets: unquoted, `a;=1+1` would open there as text and a formula."""


def csv_lines(table: Table | Flow) -> Iterator[str]:
    """Yield the header and each row as a line of CSV, without line end."""
    yield _csv_line(headings(table.columns))
    for row in table.rows:
        yield _csv_line(row)


def tsv_lines(table: Table | Flow) -> Iterator[str]:
    """Yield the header and each row as a line of TSV, without line end."""
    yield _tsv_line(headings(table.columns))
    for row in table.rows:
        yield _tsv_line(row)


def _csv_line(row: Sequence[Value]) -> str:
    texts = spell_row(row)
    line = ",".join(texts)
    if _needs_no_care(line, len(texts)):
        return line
    if texts == [""]:
        return '""'  # an empty line would be read as no row at all
    return ",".join(_csv_cell(value, text) for value, text in zip(row, texts, strict=True))


def _needs_no_care(line: str, cells: int) -> bool:
    """Tell in a few scans of the joined row that no cell needs quotes, escapes or a `'`: true of most rows."""
    if not (line and line.isascii() and line.isprintable()) or line.count(",") != cells - 1:
        return False
    if '"' in line or ";" in line or line[-1] == " ":
        return False
    led = "," + line
    return not any(telltale in led for telltale in _TELLTALES)


def _csv_cell(value: Value, text: str) -> str:
    shown = visible(text)
    if isinstance(value, str) and _starts_formula(value):
        shown = "'" + shown
    if not _QUOTED.search(shown):
        return shown
    return '"' + shown.replace('"', '""') + '"'


def _starts_formula(text: str) -> bool:
    return text[:1] in _FORMULA or text.lstrip()[:1] in _FORMULA


def _tsv_line(row: Sequence[Value]) -> str:
    texts = spell_row(row)
    if is_plain(texts):
        return "\t".join(texts).replace("\\", "\\\\")
    return "\t".join(visible(text.replace("\\", "\\\\")) for text in texts)
