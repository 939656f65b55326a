"""Every function gives the value of Trino's documentation, or the query is refused naming it; none differs silently."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from ctaudit.dialect.translate import translate
from ctaudit.errors import QueryError
from tests.dialect import function_matrix as matrix
from tests.dialect.asking import asked, engine

_ROWS = "(VALUES (1, 'a', 1), (2, 'a', 1), (3, 'b', 1), (4, 'b', 1), (NULL, 'b', 1)) AS t(x, k, one)"
SINGLE = {
    **matrix.TEXT,
    **matrix.REGEX,
    **matrix.JSON,
    **matrix.LISTS,
    **matrix.TIMES,
    **matrix.NUMBERS,
    **matrix.OTHER,
}


def plain(value: Any) -> Any:
    """Return a value as the matrix writes it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    return value


def check(sql: str, expected: Any, found: Any) -> None:
    if isinstance(expected, float) and isinstance(found, float) and math.isfinite(expected):
        assert found == pytest.approx(expected, rel=1e-15), sql
    else:
        assert found == expected, sql
        assert isinstance(found, bool) == isinstance(expected, bool)


def ask(sql: str, expected: Any) -> list[tuple[Any, ...]] | None:
    """Return the rows of a query; None when it was refused or failed as expected."""
    if expected == matrix.REFUSED:
        with pytest.raises(QueryError):
            translate(sql)
        return None
    if expected == matrix.FAILS:
        with pytest.raises((QueryError, duckdb.Error)):
            asked(engine(), sql)
        return None
    return asked(engine(), sql)[1]


@pytest.mark.parametrize("expression", SINGLE)
def test_an_expression_has_trinos_value(expression: str) -> None:
    rows = ask(f"SELECT {expression}", SINGLE[expression])
    if rows is not None:
        check(expression, SINGLE[expression], plain(rows[0][0]))


@pytest.mark.parametrize("expression", matrix.OF_ROWS)
def test_an_aggregate_has_trinos_value(expression: str) -> None:
    rows = ask(f"SELECT {expression} FROM {_ROWS}", matrix.OF_ROWS[expression])
    if rows is not None:
        check(expression, matrix.OF_ROWS[expression], plain(rows[0][0]))


@pytest.mark.parametrize("expression", matrix.OVER_ROWS)
def test_a_window_function_has_trinos_values(expression: str) -> None:
    rows = ask(f"SELECT {expression}, x FROM {_ROWS} ORDER BY x", matrix.OVER_ROWS[expression])
    assert rows is not None
    assert [row[0] for row in rows] == matrix.OVER_ROWS[expression]


def test_the_matrix_is_large() -> None:
    assert len(SINGLE) + len(matrix.OF_ROWS) + len(matrix.OVER_ROWS) >= 350


def test_a_refused_function_is_named() -> None:
    with pytest.raises(QueryError, match="the function soundex is not known here at line 2, column 8"):
        translate("SELECT 1,\n       soundex(eventname) FROM cloudtrail_logs")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("json_extract_scaler('{}', '$.a')", "json_extract_scalar"), ("regex_like('a', 'b')", "regexp_like")],
)
def test_a_misspelt_function_is_answered_with_what_was_meant(typed: str, meant: str) -> None:
    with pytest.raises(QueryError) as refusal:
        translate(f"SELECT {typed}")
    assert refusal.value.advice == f"did you mean {meant}?"
