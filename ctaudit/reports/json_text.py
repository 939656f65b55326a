"""A Table or Document as JSON, or as JSON Lines: the keys in column order, one row a line, UTF-8."""

from __future__ import annotations

from collections.abc import Iterator

from ctaudit.reports.cells import headings
from ctaudit.reports.chunks import batches
from ctaudit.reports.json_value import compact, indented
from ctaudit.table import Document, Flow, Table


def json_lines(table: Table | Flow) -> Iterator[str]:
    """Yield each row as one JSON object, without line end."""
    names = headings(table.columns)
    for row in table.rows:
        yield compact(dict(zip(names, row, strict=True)))


def json_array(table: Table | Flow) -> Iterator[str]:
    """Yield the chunks of one JSON array with each row on its own line: two answers can be compared with diff."""
    before = "[\n"
    for batch in batches(json_lines(table)):
        yield before + ",\n".join(batch)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def json_document(document: Document) -> str:
    """Return the document over several lines, indented by two."""
    return indented(dict(document.content))


def json_document_line(document: Document) -> str:
    """Return the document as one JSON object on one line."""
    return compact(dict(document.content))
