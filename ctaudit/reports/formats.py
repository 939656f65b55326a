"""The formats an answer can be printed in, and the one place that chooses the code for each."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from ctaudit.reports.chunks import chunks
from ctaudit.table import Document, Flow, Table


class Format(enum.StrEnum):
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class Style:
    width: int | None = None
    """Cells of the terminal; None when there is none: nothing is truncated or coloured and every column is shown."""
    color: bool = False
    """Whether the terminal may be sent colours. Only tables use it."""


# Each format is imported when it is asked for: a table needs no JSON library, JSON no character widths.


def render(table: Table | Flow, format: Format, style: Style) -> Iterator[str]:  # noqa: A002
    """Yield the table in chunks of text, the last one ending in a line feed; JSON Lines of no rows is no text at all.

    Besides line feeds, and SGR sequences where colours are on, the text holds no control character. An aligned table
    is measured first, so all its rows must be at hand; of a Flow the other formats hold a few hundred rows at a time.
    """
    match format:
        case Format.TABLE:
            if isinstance(table, Flow):
                raise TypeError("an aligned table cannot be made of a Flow")
            from ctaudit.reports.text_table import table_lines

            return chunks(table_lines(table, style.width, style.color))
        case Format.JSON:
            from ctaudit.reports.json_text import json_array

            return json_array(table)
        case Format.JSONL:
            from ctaudit.reports.json_text import json_lines

            return chunks(json_lines(table))
        case Format.CSV:
            from ctaudit.reports.delimited import csv_lines

            return chunks(csv_lines(table))
        case Format.TSV:
            from ctaudit.reports.delimited import tsv_lines

            return chunks(tsv_lines(table))
        case Format.MARKDOWN:
            from ctaudit.reports.markdown import markdown_lines

            return chunks(markdown_lines(table))
        case _:
            assert_never(format)


def render_document(document: Document, format: Format, style: Style) -> Iterator[str]:  # noqa: A002
    """Yield the document: nested in JSON, otherwise a table of its leaves.

    On a terminal long values wrap instead of being shortened: who asks for one event wants all of it.
    """
    match format:
        case Format.JSON:
            from ctaudit.reports.json_text import json_document

            return chunks([json_document(document)])
        case Format.JSONL:
            from ctaudit.reports.json_text import json_document_line

            return chunks([json_document_line(document)])
        case Format.TABLE:
            from ctaudit.reports.leaves import listing
            from ctaudit.reports.text_table import table_lines

            return chunks(table_lines(listing(document), style.width, style.color, uncut=True))
        case Format.CSV | Format.TSV | Format.MARKDOWN:
            from ctaudit.reports.leaves import listing

            return render(listing(document), format, style)
        case _:
            assert_never(format)
