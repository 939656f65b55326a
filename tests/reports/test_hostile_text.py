"""Nothing an attacker writes into an event reaches a terminal, a spreadsheet or a page as anything but visible text."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctaudit.reports.formats import Format, Style, render, render_document
from ctaudit.table import Column, Document, Table
from tests.reports.answers import HOSTILE, HOSTILE_TEXTS

STYLES = (Style(), Style(80, color=False), Style(80, color=True), Style(300, color=True))
OWN_COLORS = re.compile(r"\x1b\[(?:0|1|31|32|33)m")
ANY_TEXT = st.text(st.characters(exclude_categories=()) | st.sampled_from("".join(HOSTILE_TEXTS)))
IGNORABLE = set("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000))
}


def unsafe_characters(text: str) -> set[str]:
    """Return what must never be printed: controls, format characters, surrogates, separators, the invisible."""
    return {
        character
        for character in text
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        or character in IGNORABLE
        or (unicodedata.category(character) == "Zs" and character not in " \u3000")
    }


def printed(table: Table, form: Format, style: Style) -> str:
    return "".join(render(table, form, style))


def structure(form: Format) -> str:
    return "\n\t" if form is Format.TSV else "\n"


def test_hostile_texts_are_hostile() -> None:
    assert len(unsafe_characters("".join(HOSTILE_TEXTS))) > 30


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", Format)
def test_no_control_or_invisible_character_is_printed(form: Format, style: Style) -> None:
    text = OWN_COLORS.sub("", printed(HOSTILE, form, style)) if style.color else printed(HOSTILE, form, style)
    assert unsafe_characters(text) <= set(structure(form))


@pytest.mark.parametrize("form", Format)
def test_a_document_is_as_harmless_as_a_table(form: Format) -> None:
    document = Document({text: {text: [text]} for text in HOSTILE_TEXTS})
    assert unsafe_characters("".join(render_document(document, form, Style(80)))) <= set(structure(form))


@pytest.mark.parametrize("form", Format)
@given(text=ANY_TEXT)
def test_any_text_is_printed_harmlessly_and_as_utf8(form: Format, text: str) -> None:
    table = Table((Column(text, 0), Column("b")), [(text, {text: text}), (None, [text])])
    output = printed(table, form, Style())
    assert unsafe_characters(output) <= set(structure(form))
    output.encode()


@pytest.mark.parametrize("form", Format)
def test_an_invisible_letter_is_shown_even_where_everything_else_is_printable(form: Format) -> None:
    rows = [(f"admin{character}", None) for character in sorted(IGNORABLE)]
    output = printed(Table((Column("a"), Column("b")), rows), form, Style())
    assert unsafe_characters(output) <= set(structure(form))
    assert r"admin\u3164" in output


@pytest.mark.parametrize("form", [Format.TABLE, Format.CSV, Format.MARKDOWN, Format.TSV])
def test_an_escape_sequence_is_shown_in_full(form: Format) -> None:
    output = printed(Table((Column("a"),), [("\x1b[31m\u202e\U000e0041\n",)]), form, Style())
    shown = r"\x1b[31m\u202e\U000e0041\n"
    assert shown in output


@pytest.mark.parametrize("form", Format)
def test_ordinary_unicode_is_left_alone(form: Format) -> None:
    text = "Grüße, 山田　太郎 Ελλάδα é 👩"
    assert text in printed(Table((Column("a"),), [(text,)]), form, Style())


@pytest.mark.parametrize("style", STYLES)
@given(rows=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=4))
def test_one_row_is_one_line_in_every_line_format(style: Style, rows: list[tuple[str, str]]) -> None:
    table = Table((Column("a"), Column("b")), rows)
    headers = {Format.TABLE: 2, Format.JSONL: 0, Format.CSV: 1, Format.TSV: 1, Format.MARKDOWN: 2}
    for form, header in headers.items():
        output = printed(table, form, style)
        assert output.count("\n") == len(rows) + header
        assert output.splitlines() == output.split("\n")[:-1]
