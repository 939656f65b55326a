"""The one definition of lookups: literals of each engine say what was meant; what a lake does not know is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from ctaudit.engines import conditions, lookup
from ctaudit.engines.spelling import ATHENA, DUCKDB, SPARK, Spelling
from ctaudit.errors import UsageError
from ctaudit.query import AnyOf, AnySet, Contains, Need, OneOf, Query, Record, Span
from tests.engines.test_duck import QUOTES

READ_AS = {"DuckDB": "duckdb", "Athena": "trino", "Spark": "spark"}
SPELLINGS = (DUCKDB, ATHENA, SPARK)


class Canned:
    """An engine that answers with rows given, in turn, and keeps what it was asked."""

    spelling = ATHENA
    table = "lake"

    def __init__(self, *answers: list[tuple[Any, ...]]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        self.asked.append(sql)
        return iter(self.answers.pop(0))


def row(number: int, time: str | None = "2026-01-01T00:00:00Z", integrity: str | None = "proven") -> tuple[Any, ...]:
    text = f'{{"eventID":"e{number}","eventName":"Delete{number}"}}'
    return text, "1", time, f"e{number}", None if number == 3 else f"f{number}", number, integrity


@pytest.mark.parametrize("text", QUOTES)
@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling.engine)
def test_a_literal_is_the_text(text: str, spelling: Spelling) -> None:
    parsed = sqlglot.parse_one(f"SELECT {spelling.literal(text)}", read=READ_AS[spelling.engine])
    (literal,) = parsed.expressions
    assert isinstance(literal, exp.Literal)
    assert literal.this == text


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling.engine)
def test_conditions_are_sql_of_the_engine(spelling: Spelling) -> None:
    query = Query(
        Span("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", ("1",), ("r",)),
        lambda source, name, flag: name != "No",
        (
            Contains(("resources", "requestparameters", "useridentity.arn"), ("a'b",)),
            AnyOf((OneOf("eventsource", ("x",)), AnySet(("errorcode",)))),
        ),
    )
    sql = conditions.where(query, [(None, None, None), ("s", "Yes", True), ("s", "No", True)], spelling)
    tree = sqlglot.parse_one(f"SELECT 1 FROM t WHERE {sql}", read=READ_AS[spelling.engine])
    columns = {column.sql() for column in tree.find_all(exp.Column)}
    assert {"eventtime", "account", spelling.region, "eventname", "errorcode", "useridentity.arn"} <= columns
    texts = {literal.this for literal in tree.find_all(exp.Literal) if literal.is_string}
    assert {"a'b", "\\u00", "Yes", "x", "2026-01-01"} <= texts
    assert "No" not in texts


def test_names_are_asked_for_first_and_only_when_they_matter() -> None:
    engine = Canned([("s3", "DeleteA", "false"), ("s3", "GetB", "true"), (None, None, None)], [])
    seen: list[tuple[Any, ...]] = []

    def named(*each: Any) -> bool:
        seen.append(each)
        return each[2] is False

    lookup.answer(engine, Query(Span(accounts=("1",)), named, decide=lambda record: True), None)
    assert seen == [("s3", "DeleteA", False), ("s3", "GetB", True), (None, None, None)]
    names, rows = engine.asked
    assert names == "SELECT DISTINCT eventsource, eventname, readonly FROM lake WHERE account IN ('1')"
    assert rows.endswith("WHERE account IN ('1') AND (eventname IN ('DeleteA'))")
    engine = Canned([])
    lookup.answer(engine, Query(decide=lambda record: True), None)
    assert len(engine.asked) == 1


def test_what_decides_sees_records_and_rows_are_in_order() -> None:
    def decide(record: Record) -> bool:
        return bool(record["eventID"] != "e2")

    rows = [row(4, None), row(1), row(2), row(3), row(5, "2025-01-01T00:00:00Z", None)]
    found = lookup.answer(Canned(rows), Query(decide=decide), 3, {"1": "prod"})
    assert [hit.parse()["eventID"] for hit in found.hits] == ["e5", "e1", "e3"]
    assert found.matched == 4
    assert [hit.places[0].integrity for hit in found.hits] == ["unknown", "proven", "proven"]
    assert [hit.places[0].source for hit in found.hits] == ["f5", "f1", None]
    assert {hit.account_name for hit in found.hits} == {"prod"}


def test_conditions_that_decide_alone_let_the_engine_count_and_cut() -> None:
    engine = Canned([(9,)], [row(1), row(2)])
    found = lookup.answer(engine, Query(), 2)
    assert (len(found.hits), found.matched) == (2, 9)
    assert engine.asked[0] == "SELECT count(*) FROM lake WHERE true"
    assert engine.asked[1].endswith("ORDER BY eventtime NULLS LAST, eventid NULLS FIRST, source_file, record LIMIT 2")
    assert lookup.answer(Canned([(9,)]), Query(), 0).matched == 9
    engine = Canned([row(1)])
    assert lookup.answer(engine, Query(), None).matched == 1
    assert len(engine.asked) == 1


def test_a_lake_refuses_what_only_a_store_knows() -> None:
    engine = Canned()
    with pytest.raises(UsageError, match="Athena cannot tell every place"):
        lookup.answer(engine, Query(needs=frozenset({Need.PLACES})), None)
    assert not engine.asked
