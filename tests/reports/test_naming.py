"""Names beside what they name: one column for people, two for machines, whatever else the table has."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ctaudit.reports.formats import Format, Style, render
from ctaudit.reports.naming import named
from ctaudit.table import Column, Table, Value

COLUMNS = (Column("id", 0, named_by="called"), Column("n", 0, right=True), Column("called", 9))


def table(*rows: tuple[Value, ...], columns: Sequence[Column] = COLUMNS) -> Table:
    return Table(tuple(columns), rows, 7, ("note",), ("partial",))


def test_the_name_stands_before_the_value_and_its_own_column_is_left_out() -> None:
    found = named(table(("1", 5, "one"), ("2", 6, None), (None, 7, None), ("3", 8, "")))
    assert found.names == ("id", "n")
    assert found.rows == [("one (1)", 5), ("2", 6), (None, 7), (" (3)", 8)]
    assert (found.matched, found.notes, found.partial) == (7, ("note",), ("partial",))
    assert named(found) is found


def test_a_table_without_names_is_left_alone() -> None:
    plain = table(("1", 5, "one"), columns=[Column("id"), Column("n"), Column("called")])
    assert named(plain) is plain


def test_the_ranks_and_styles_of_columns_stay() -> None:
    assert named(table()).columns == (Column("id", 0), Column("n", 0, right=True))


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (Format.TABLE, "id       n\n-------  -\none (1)  5\n"),
        (Format.MARKDOWN, "| id | n |\n| --- | ---: |\n| one (1) | 5 |\n"),
        (Format.CSV, "id,n,called\n1,5,one\n"),
        (Format.TSV, "id\tn\tcalled\n1\t5\tone\n"),
        (Format.JSONL, '{"id":"1","n":5,"called":"one"}\n'),
    ],
)
def test_people_get_one_column_and_machines_two(form: Format, text: str) -> None:
    assert "".join(render(table(("1", 5, "one")), form, Style())) == text
