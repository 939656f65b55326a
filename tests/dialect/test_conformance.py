"""Athena's SQL as people write it, and the rows that it finds in thirteen events known by heart."""

from __future__ import annotations

import duckdb
import pytest

from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.translate import translate
from tests.dialect import more_questions, questions
from tests.dialect.asking import asked, holding
from tests.dialect.night import EVENTS
from tests.dialect.questions import Rows
from tests.dialect.test_functions import plain

ATHENA: dict[str, Rows] = {
    **questions.TABLES,
    **questions.PARTITIONS,
    **questions.ODDITIES,
    **questions.JSON,
    **questions.UNNESTED,
    **questions.TIMES,
    **questions.ADDRESSES,
    **more_questions.SHAPES,
    **more_questions.HUNTS,
}


@pytest.fixture(scope="module")
def night() -> duckdb.DuckDBPyConnection:
    return holding(EVENTS)


def check(expected: Rows, found: list[tuple[object, ...]]) -> None:
    if isinstance(expected, str):
        assert [row[0] for row in found] == expected.split()
    else:
        assert [tuple(map(plain, row)) for row in found] == expected


@pytest.mark.parametrize("sql", ATHENA)
def test_a_question_finds_its_rows(sql: str, night: duckdb.DuckDBPyConnection) -> None:
    translation, found = asked(night, sql)
    check(ATHENA[sql], found)
    assert translation.dialect is Dialect.ATHENA
    assert translation.relations <= {"cloudtrail_logs"}


@pytest.mark.parametrize("sql", more_questions.LAKE)
def test_a_question_of_lake_finds_its_rows(sql: str, night: duckdb.DuckDBPyConnection) -> None:
    translation, found = asked(night, sql)
    check(more_questions.LAKE[sql], found)
    assert translation.dialect is Dialect.LAKE
    assert translation.relations == {"cloudtrail_lake"}


@pytest.mark.parametrize(("sql", "params"), questions.PARAMETERS)
def test_a_question_with_parameters_finds_its_rows(
    sql: str, params: tuple[tuple[str, str], ...], night: duckdb.DuckDBPyConnection
) -> None:
    _, found = asked(night, sql, Dialect.ATHENA, dict(params))
    check(questions.PARAMETERS[sql, params], found)


@pytest.mark.parametrize("sql", more_questions.NAMES)
def test_columns_are_named_as_athena_names_them(sql: str, night: duckdb.DuckDBPyConnection) -> None:
    translation = translate(sql)
    assert translation.names == more_questions.NAMES[sql]
    shown = (
        night.sql(f"SELECT * FROM ({translation.sql})").columns
        if _distinct(translation.names)
        else list(translation.names)
    )
    assert tuple(shown) == translation.names


def _distinct(names: tuple[str, ...] | None) -> bool:
    return len({*(names or ())}) == len(names or ())


def test_the_suite_is_large() -> None:
    assert len(ATHENA) + len(more_questions.LAKE) + len(questions.PARAMETERS) + len(more_questions.NAMES) >= 200
