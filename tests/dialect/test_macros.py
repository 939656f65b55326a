"""The macros: a query is given those it needs, and what is asked of each row costs little."""

from __future__ import annotations

import duckdb
import pytest

from ctaudit.dialect.macros import MACROS, prelude
from ctaudit.dialect.translate import translate
from tests.dialect.asking import engine
from tests.dialect.test_functions import SINGLE


def test_a_query_is_given_the_macros_it_needs_and_no_more() -> None:
    sql = translate("SELECT json_extract_scalar(requestparameters, '$.a') FROM t").sql
    given = prelude(sql)
    assert given.count("CREATE MACRO") == 1
    assert "ct_json_extract_scalar" in given
    assert "SET integer_division = true" in given
    assert prelude("SELECT 1").count("CREATE MACRO") == 0


@pytest.mark.parametrize(
    "expression", ["array_join(ARRAY[1e0], ',')", "CAST('::1' AS ipaddress)", "array_union(ARRAY[1], ARRAY[2])"]
)
def test_macros_of_macros_come_along(expression: str) -> None:
    sql = translate(f"SELECT {expression}").sql
    with duckdb.connect() as connection:
        connection.execute(prelude(sql))
        assert connection.execute(sql).fetchall() == engine().execute(sql).fetchall()


def test_every_macro_is_begun_with_our_prefix_and_used() -> None:
    names = {
        line.split("(")[0].removeprefix("CREATE MACRO ") for line in MACROS.splitlines() if line.startswith("CREATE")
    }
    assert all(name.startswith("ct_") for name in names)
    assert MACROS.count("CREATE MACRO") == len(names)
    assert len(SINGLE) > len(names) > 50
