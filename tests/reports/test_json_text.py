"""JSON and JSON Lines: parsed again they give the same values, in column order."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctaudit.reports.formats import Format, Style, render, render_document
from ctaudit.table import Column, Document, Table, Value
from tests.reports.answers import EVENT, LOOKUP

TEXT = st.text()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def as_json(table: Table) -> str:
    return "".join(render(table, Format.JSON, Style()))


def as_lines(table: Table) -> str:
    return "".join(render(table, Format.JSONL, Style()))


def one(value: Value) -> Table:
    return Table((Column("a"),), [(value,)])


@given(rows=st.lists(st.tuples(VALUES, VALUES), max_size=4), names=st.tuples(TEXT, TEXT).filter(lambda n: n[0] != n[1]))
def test_parsed_again_the_rows_are_equal(rows: list[tuple[Any, Any]], names: tuple[str, str]) -> None:
    table = Table((Column(names[0]), Column(names[1])), rows)
    assert json.loads(as_json(table)) == table.records()
    assert [json.loads(line) for line in as_lines(table).splitlines()] == table.records()


@given(content=st.dictionaries(TEXT, VALUES, max_size=4))
def test_parsed_again_the_document_is_equal(content: dict[str, Any]) -> None:
    document = Document(content)
    assert json.loads("".join(render_document(document, Format.JSON, Style()))) == content
    assert json.loads("".join(render_document(document, Format.JSONL, Style()))) == content


def test_keys_come_in_column_order() -> None:
    assert list(json.loads(as_lines(LOOKUP).splitlines()[0])) == list(LOOKUP.names)


def test_array_has_one_row_a_line_so_that_answers_can_be_compared() -> None:
    lines = as_json(LOOKUP).split("\n")
    assert (lines[0], lines[-2:]) == ("[", ["]", ""])
    assert len(lines) == len(LOOKUP.rows) + 3
    assert as_json(LOOKUP).replace("},\n{", "}\n{") == "[\n" + as_lines(LOOKUP) + "]\n"


@pytest.mark.parametrize("rows", [499, 500, 501, 1000, 1001])
def test_array_stays_one_array_across_chunks(rows: int) -> None:
    table = Table((Column("n"),), [(number,) for number in range(rows)])
    assert json.loads(as_json(table)) == table.records()


def test_document_on_one_line_is_one_line() -> None:
    assert "".join(render_document(EVENT, Format.JSONL, Style())).count("\n") == 1


def test_no_rows_are_an_empty_array_or_nothing() -> None:
    empty = Table((Column("a"),), [])
    assert as_json(empty) == "[]\n"
    assert as_lines(empty) == ""


def test_a_character_beyond_the_basic_plane_is_escaped_as_a_surrogate_pair() -> None:
    assert as_lines(one("\U000e0041\x7f\u2028")) == '{"a":"\\udb40\\udc41\\u007f\\u2028"}\n'


@given(text=st.text(st.characters(categories=["Cs", "Lu"]), min_size=1))
def test_lone_surrogates_become_replacement_characters_that_strict_parsers_take(text: str) -> None:
    expected = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
    assert orjson.loads(as_lines(one({text: text}))) == {"a": {expected: expected}}


def test_keys_that_differ_only_in_a_lone_surrogate_are_both_kept() -> None:
    value: dict[str, object] = {chr(0xD800): 1, chr(0xDFFF): 2}
    assert sorted(json.loads(as_lines(one(value)))["a"].values()) == [1, 2]


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 10**40])
def test_integers_beyond_64_bits_keep_every_digit(number: int) -> None:
    assert json.loads(as_lines(one(number))) == {"a": number}


def test_numbers_json_cannot_write_are_null() -> None:
    assert as_lines(one([math.nan, math.inf])) == '{"a":[null,null]}\n'


def test_two_columns_of_the_same_name_are_both_printed() -> None:
    table = Table((Column("a"), Column("a"), Column("a_2")), [(1, 2, 3)])
    assert json.loads(as_lines(table)) == {"a": 1, "a_3": 2, "a_2": 3}


def test_a_row_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        as_lines(Table((Column("a"), Column("b")), [(1,)]))
