"""Athena's SQL on Spark: the rows and values of the conformance suite, or a refusal that names what Spark has not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.for_spark import translate_spark
from ctaudit.engines import spark_session
from ctaudit.engines.spark import Spark
from ctaudit.errors import CtauditError, QueryError
from tests.dialect import function_matrix as matrix
from tests.dialect import more_questions
from tests.dialect.asking import holding
from tests.dialect.night import EVENTS
from tests.dialect.questions import Rows
from tests.dialect.test_conformance import ATHENA
from tests.dialect.test_functions import _ROWS, SINGLE, plain
from tests.spark.running import SETTINGS, needs_spark

pytestmark = [needs_spark, pytest.mark.slow]
QUESTIONS: dict[str, Rows] = {
    sql: rows
    for sql, rows in {**ATHENA, **more_questions.LAKE}.items()
    if "date_parse(dt, '%Y/%m/%d') = TIMESTAMP"
    not in sql  # reads `unknown` as a date, before what excludes it is asked
}
FEWEST_QUESTIONS, FEWEST_VALUES = 200, 290
"""So many of them Spark must answer; the rest it refuses."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    """Spark, on a lake of the thirteen events."""
    lake = tmp_path_factory.mktemp("night")
    holding(EVENTS).execute(
        f"COPY cloudtrail_logs TO '{lake}' (FORMAT parquet, PARTITION_BY (account, region, date), OVERWRITE_OR_IGNORE)"
    )
    with spark_session.started("local[2]", SETTINGS) as session:
        yield Spark(session, str(lake))


def ask(spark: Spark, sql: str) -> list[tuple[Any, ...]] | None:
    """Return the rows, None when Spark has not what it takes."""
    try:
        made = translate_spark(sql, Dialect.ATHENA, {})
    except QueryError as error:
        if "not translated for Spark" in error.message:
            return None
        raise
    return list(spark.ask(made.sql, [], None, "cloudtrail_lake" in made.relations).rows)


def test_questions_find_their_rows_or_are_refused(spark: Spark) -> None:
    wrong, answered = [], 0
    for sql, expected in QUESTIONS.items():
        try:
            found = ask(spark, sql)
        except QueryError as error:
            wrong.append((sql, error.message))
            continue
        if found is None:
            continue
        answered += 1
        got: object = [tuple(map(plain, row)) for row in found]
        wanted: object = expected
        if isinstance(expected, str):
            got, wanted = [row[0] for row in found], expected.split()
        if got != wanted:
            wrong.append((sql, f"{got} instead of {expected}"))
    assert not wrong, "\n".join(map(str, wrong))
    assert answered >= FEWEST_QUESTIONS


def test_functions_have_trinos_values_or_are_refused(spark: Spark) -> None:
    wrong, right = [], 0
    asked = {f"SELECT {text}": value for text, value in SINGLE.items()}
    asked |= {f"SELECT {text} FROM {_ROWS}": value for text, value in matrix.OF_ROWS.items()}
    for sql, expected in asked.items():
        if expected == matrix.REFUSED:
            continue
        try:
            found = ask(spark, sql)
        except CtauditError as error:
            if expected != matrix.FAILS or not isinstance(error, QueryError):
                wrong.append((sql, error.message))
            continue
        if found is None:
            continue
        if not _is_alike(plain(found[0][0]), expected):
            wrong.append((sql, f"{found[0][0]!r} instead of {expected!r}"))
        right += 1
    assert not wrong, "\n".join(map(str, wrong))
    assert right >= FEWEST_VALUES


def _is_alike(value: Any, expected: Any) -> bool:
    if isinstance(expected, float):
        if not math.isfinite(expected):
            return value is None  # as in every answer
        return bool(value == pytest.approx(expected, rel=1e-14))
    return bool(value == expected) and isinstance(value, bool) == isinstance(expected, bool)


def test_a_question_of_a_span_reads_its_folders_alone(spark: Spark) -> None:
    made = translate_spark("SELECT eventid FROM trail WHERE eventtime > '2026-03-12'", Dialect.ATHENA, {})
    assert made.since == "2026-03-12"


def test_a_list_that_is_too_short_ends_the_question_as_in_trino(spark: Spark) -> None:
    with pytest.raises(QueryError, match="Spark refuses it"):
        ask(spark, "SELECT resources[9].arn FROM trail WHERE eventid = 'e06'")


def test_no_text_is_refused_before_spark_starts() -> None:
    with pytest.raises(QueryError, match="IPADDRESS is not translated for Spark at line 1"):
        translate_spark("SELECT CAST(sourceipaddress AS ipaddress) FROM trail", Dialect.ATHENA, {})
