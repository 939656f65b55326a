"""CSV as spreadsheets and `csv.reader` see it, TSV as scripts undo it."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ctaudit.reports.cells import spell
from ctaudit.reports.escapes import visible
from ctaudit.reports.formats import Format, Style, render
from ctaudit.table import Column, Table, Value
from tests.reports.answers import HOSTILE, HOSTILE_TEXTS

ANY_TEXT = st.text(st.characters(exclude_categories=()) | st.sampled_from(" =+-@,;\"'\\\t\r\n＝"))
CELLS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
UNDONE = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}


def as_csv(table: Table) -> str:
    return "".join(render(table, Format.CSV, Style()))


def as_tsv(table: Table) -> str:
    return "".join(render(table, Format.TSV, Style()))


def read_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def csv_cell(value: Value) -> str:
    """Return the one data cell of a one-column CSV, as it stands in the file."""
    return as_csv(Table((Column("a"),), [(value,)])).split("\n")[1]


def undo_tsv(cell: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        return chr(int(code, 16)) if code else UNDONE[found[4]]

    return re.sub(r"\\(?:x(..)|u(....)|U(.{8})|(.))", character, cell)


def test_csv_reader_finds_the_same_cells_in_hostile_rows() -> None:
    rows = read_csv(as_csv(HOSTILE))[1:]
    for row, printed in zip(HOSTILE.rows, rows, strict=True):
        wanted = [visible(spell(value)) for value in row]
        assert [
            cell.removeprefix("'") if cell != plain else cell for cell, plain in zip(printed, wanted, strict=True)
        ] == wanted


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
@example(rows=[(None, None), ("", "")])
def test_csv_reader_finds_every_row_and_column(rows: list[tuple[Value, Value]]) -> None:
    printed = read_csv(as_csv(Table((Column("a"), Column("b")), rows)))
    assert len(printed) == len(rows) + 1
    for row, cells in zip(rows, printed[1:], strict=True):
        for value, cell in zip(row, cells, strict=True):
            assert cell in {visible(spell(value)), "'" + visible(spell(value))}


@given(row=st.tuples(CELLS, CELLS, CELLS))
@example(row=("a ", "=1", "x"))
@example(row=("x", "a ", "x"))
@example(row=("x", " a", "x"))
@example(row=("a,b", "c", "d"))
def test_a_cell_is_written_the_same_whatever_stands_beside_it(row: tuple[Value, ...]) -> None:
    beside = as_csv(Table((Column("a"), Column("b"), Column("c")), [row])).split("\n")[1]
    alone = ["" if cell == '""' else cell for cell in map(csv_cell, row)]
    assert beside == ",".join(alone)


@given(text=ANY_TEXT, lead=st.sampled_from(["", " ", "   ", "\u3000", "\t"]), first=st.sampled_from("=+-@＝＋－＠"))
def test_a_text_that_starts_like_a_formula_gets_a_quote_in_front(text: str, lead: str, first: str) -> None:
    (cell,) = read_csv(csv_cell(lead + first + text) + "\n")[0]
    assert cell == "'" + visible(lead + first + text)


@given(text=ANY_TEXT)
def test_no_csv_cell_starts_like_a_formula(text: str) -> None:
    for cell in read_csv(as_csv(Table((Column(text), Column("b")), [(text, [text])])))[1]:
        assert cell.strip()[:1] not in tuple("=+-@＝＋－＠")


@pytest.mark.parametrize(
    ("value", "cell"), [(-5, "-5"), (-0.5, "-0.5"), (1e300, "1e+300"), (True, "true"), (None, '""')]
)
def test_numbers_and_booleans_are_not_marked_as_text(value: Value, cell: str) -> None:
    assert csv_cell(value) == cell


def test_a_semicolon_is_quoted_because_some_spreadsheets_split_there() -> None:
    assert csv_cell("a;=1+1") == '"a;=1+1"'


def test_nested_values_are_compact_json() -> None:
    assert read_csv(csv_cell({"b": [1, "x"]}) + "\n") == [['{"b":[1,"x"]}']]


def test_lines_end_with_a_line_feed_alone() -> None:
    assert "\r" not in as_csv(HOSTILE)


@given(rows=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=4))
@example(rows=[(text, text) for text in HOSTILE_TEXTS])
@example(rows=[(r"\n", r"C:\temp")])
def test_undoing_the_tsv_escapes_gives_the_exact_text(rows: list[tuple[str, str]]) -> None:
    lines = as_tsv(Table((Column("a"), Column("b")), rows)).split("\n")[1:-1]
    assert [tuple(undo_tsv(cell) for cell in line.split("\t")) for line in lines] == rows


@pytest.mark.parametrize("form", [Format.CSV, Format.TSV, Format.MARKDOWN, Format.TABLE])
def test_no_rows_print_the_header(form: Format) -> None:
    output = "".join(render(Table((Column("alpha"), Column("beta")), []), form, Style()))
    assert output.splitlines()[0].replace("\t", " ").replace(",", " ").replace("|", " ").split() == ["alpha", "beta"]
    assert output.count("\n") == (1 if form in (Format.CSV, Format.TSV) else 2)
