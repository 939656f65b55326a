"""Tables on a terminal and off it: what is shown, how wide, in which colour."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ctaudit.reports.formats import Format, Style, render, render_document
from ctaudit.reports.layout import MAX_PADDING
from ctaudit.reports.text_table import hidden_columns
from ctaudit.table import Column, Document, Table, Value
from tests.reports.answers import COLUMNS, EVENT, HOSTILE, LOOKUP

COLORS = re.compile(r"\x1b\[\d+m")
ANY_TEXT = st.text(st.characters(exclude_categories=()) | st.sampled_from("漢字👩e\u0301 …"))


def lines(table: Table, width: int | None = None, color: bool = False) -> list[str]:
    return "".join(render(table, Format.TABLE, Style(width, color))).splitlines()


@given(
    rows=st.lists(st.tuples(ANY_TEXT, ANY_TEXT, ANY_TEXT), max_size=4),
    ranks=st.tuples(*[st.integers(0, 2)] * 3),
    right=st.booleans(),
    width=st.integers(1, 60),
)
def test_no_line_is_wider_than_the_terminal(
    rows: list[tuple[Value, ...]], ranks: tuple[int, ...], right: bool, width: int
) -> None:
    columns = tuple(Column(f"column{index}", rank, right) for index, rank in enumerate(ranks))
    for line in lines(Table(columns, rows), width, color=True):
        assert cell_len(COLORS.sub("", line)) <= width


@pytest.mark.parametrize("width", [1, 2, 7, 40, 80, 120, 300])
def test_hostile_text_is_no_wider_either(width: int) -> None:
    assert max(cell_len(line) for line in lines(HOSTILE, width)) <= width


@given(rows=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=4), width=st.none() | st.integers(30, 90))
def test_the_second_column_starts_at_the_same_cell_in_every_row(rows: list[tuple[str, str]], width: int | None) -> None:
    table = Table((Column("a", 0), Column("b", 0)), [(first, "|") for first, _ in rows])
    starts = {cell_len(line[: line.rindex("|")]) for line in lines(table, width)[2:]}
    assert len(starts) == 1


def test_off_a_terminal_everything_is_shown_whole_and_plain() -> None:
    output = "\n".join(lines(LOOKUP, None, color=True))
    for name in LOOKUP.names:
        assert name in output
    for row in LOOKUP.rows:
        assert all(value in output for value in row if isinstance(value, str))
    assert "…" not in output
    assert "\x1b" not in output
    assert "─" not in output


def test_the_highest_rank_gives_way_first_and_rank_0_stays() -> None:
    ranks = dict(zip(LOOKUP.names, (column.rank for column in COLUMNS), strict=True))
    for width in range(20, 320, 5):
        hidden = hidden_columns(LOOKUP, width)
        shown = set(LOOKUP.names) - set(hidden)
        assert {name for name, rank in ranks.items() if rank == 0} <= shown
        assert min((ranks[name] for name in hidden), default=9) >= max(ranks[name] for name in shown)
    assert len(hidden_columns(LOOKUP, 80)) > len(hidden_columns(LOOKUP, 120)) > len(hidden_columns(LOOKUP, 200)) > 0
    assert hidden_columns(LOOKUP, 1000) == ()


def test_hidden_columns_are_those_missing_from_the_header() -> None:
    for width in (80, 120, 200):
        header = lines(LOOKUP, width)[0].split()
        assert header == [name for name in LOOKUP.names if name not in hidden_columns(LOOKUP, width)]


def test_a_long_name_keeps_its_end_and_prose_its_beginning() -> None:
    table = Table((Column("who", 0), Column("what", 0)), [("arn:aws:iam::123456789012:user/alice", "the quick " * 9)])
    row = lines(table, 50)[2]
    assert row.startswith("arn:")
    assert "user/alice  the quick" in row
    assert row.endswith("…")


def test_a_time_is_not_shortened_to_make_room_for_longer_columns() -> None:
    assert all(line.startswith("2026-01-31T02:1") and line[19] == "Z" for line in lines(LOOKUP, 80)[2:])


def test_numbers_end_at_the_same_cell() -> None:
    table = Table((Column("n", 0, right=True), Column("x", 0)), [(5, "|"), (-12345, "|"), (None, "|")])
    assert lines(table) == ["     n  x", "------  -", "     5  |", "-12345  |", "        |"]


def test_styles_color_only_the_value_they_name() -> None:
    column = Column("outcome", 0, styles={"failed": "red", "dry-run": "yellow", "proven": "green"})
    table = Table((column,), [("failed",), ("succeeded",), ("dry-run",), ("proven",), ("failed twice",)])
    assert lines(table, 80, color=True)[2:] == [
        "\x1b[31mfailed\x1b[0m",
        "succeeded",
        "\x1b[33mdry-run\x1b[0m",
        "\x1b[32mproven\x1b[0m",
        "failed twice",
    ]
    assert lines(table, 80, color=True)[0] == "\x1b[1moutcome\x1b[0m"


@pytest.mark.parametrize("width", [80, 120, 200])
def test_colors_change_nothing_but_colors(width: int) -> None:
    colored = lines(LOOKUP, width, color=True)
    assert [COLORS.sub("", line) for line in colored] == lines(LOOKUP, width)
    assert colored != lines(LOOKUP, width)


def test_one_huge_value_does_not_pad_every_row() -> None:
    table = Table((Column("a"), Column("b")), [("x" * 100_000, "|"), ("y", "|")])
    assert [len(line) for line in lines(table)[2:]] == [100_003, MAX_PADDING + 3]


@pytest.mark.parametrize("width", [30, 80])
def test_a_document_is_shown_whole_on_a_terminal_too(width: int) -> None:
    output = "".join(render_document(EVENT, Format.TABLE, Style(width)))
    assert "cfg/retry-mode#standard\n" in output
    assert "…" not in output
    assert cell_len(output.splitlines()[1]) <= width


def test_document_leaves_have_paths() -> None:
    document = Document({"a": {"b": [{"c": 1}, {}], "d.e": None, 'q"': []}, "f": {}})
    printed = "".join(render_document(document, Format.TSV, Style())).splitlines()
    assert printed == ["path\tvalue", "a.b[0].c\t1", "a.b[1]\t{}", 'a["d.e"]\t', 'a["q\\\\""]\t[]', "f\t{}"]


def test_an_empty_document_has_no_leaves() -> None:
    assert "".join(render_document(Document({}), Format.CSV, Style())) == "path,value\n"


class CountedRows(Sequence[tuple[Value, ...]]):
    """A million rows that exist only while they are looked at."""

    def __init__(self) -> None:
        self.read = 0

    def __len__(self) -> int:
        return 1_000_000

    def __getitem__(self, index: object) -> tuple[Value, ...]:  # type: ignore[override]
        self.read += 1
        return (self.read,)


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL, Format.CSV, Format.TSV, Format.MARKDOWN])
def test_the_first_chunk_comes_before_the_other_rows_are_read(form: Format) -> None:
    rows = CountedRows()
    next(iter(render(Table((Column("n"),), rows), form, Style())))
    assert rows.read < 2000
