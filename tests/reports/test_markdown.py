"""Markdown as a CommonMark parser with GitHub's tables reads it: the same cells, literal text, nothing active."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ctaudit.reports.cells import spell
from ctaudit.reports.escapes import visible
from ctaudit.reports.formats import Format, Style, render
from ctaudit.table import Column, Table, Value
from tests.reports.answers import HOSTILE, LOOKUP

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKUP = st.text(st.sampled_from(" \\`|*_[]()<>!&#;~a1:/@$\u3000=-+.\"'"))


def as_markdown(table: Table) -> str:
    return "".join(render(table, Format.MARKDOWN, Style()))


def parsed_cells(text: str) -> list[list[Token]]:
    """Return the inline tokens of every cell, row after row; the text must be one table and nothing else."""
    tokens = PARSER.parse(text)
    assert (tokens[0].type, tokens[-1].type) == ("table_open", "table_close")
    return [token.children or [] for token in tokens if token.type == "inline"]


def literal(tokens: list[Token]) -> str:
    assert {token.type for token in tokens} <= {"text", "text_special", "code_inline"}
    return "".join(token.content for token in tokens)


def trimmed(value: Value) -> str:
    return visible(spell(value))


@pytest.mark.parametrize("table", [HOSTILE, LOOKUP])
def test_a_parser_reads_back_every_cell_literally(table: Table) -> None:
    cells = [literal(tokens) for tokens in parsed_cells(as_markdown(table))]
    wanted: list[Value] = [*table.names, *(value for row in table.rows for value in row)]
    assert cells == [trimmed(value) for value in wanted]


@given(rows=st.lists(st.tuples(MARKUP, MARKUP), min_size=1, max_size=3))
@example(rows=[("`", "`"), ("``a`", "\\|`"), ("\\", "|"), (" a ", " ` "), ("<!--", "-->")])
def test_markup_of_any_kind_is_read_back_literally(rows: list[tuple[str, str]]) -> None:
    cells = [literal(tokens) for tokens in parsed_cells(as_markdown(Table((Column("a"), Column("b")), rows)))]
    assert cells[2:] == [trimmed(text) for row in rows for text in row]


@given(rows=st.lists(st.tuples(MARKUP, MARKUP), max_size=3))
def test_the_bare_pipes_of_each_line_are_its_columns(rows: list[tuple[str, str]]) -> None:
    assert {line.count("|") for line in as_markdown(Table((Column("a"), Column("b")), rows)).splitlines()} == {3}


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com", "ftp://example.com", "WWW.example.com", "alice@example.com", "@octocat", "#1",
        "owner/repo#1", "GH-12", ":skull:", "arn:+1:", "$x$", "[x]", "mailto:a@example.com", "%1",
    ],
)  # fmt: skip
def test_what_a_forge_would_link_after_rendering_is_code(text: str) -> None:
    cells = parsed_cells(as_markdown(Table((Column("a"),), [(text,)])))
    assert [(token.type, token.content) for token in cells[1]] == [("code_inline", text)]


@pytest.mark.parametrize("text", ["2026-01-31T02:14:09Z", "DeleteBucket", "10.0.0.7", "aws-cli/2.22 (x86)"])
def test_ordinary_values_stay_bare(text: str) -> None:
    assert f"| {text} |\n" in as_markdown(Table((Column("a"),), [(text,)]))


def test_numbers_are_aligned_right() -> None:
    assert re.search(
        r"^\| --- \| ---: \|$", as_markdown(Table((Column("a"), Column("n", right=True)), [])), re.MULTILINE
    )
