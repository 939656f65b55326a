"""Translated SQL in the embedded engine: it reads the segments it can need, and tells the same of the store."""

from __future__ import annotations

from pathlib import Path

import pytest

import ctaudit
from ctaudit.dialect.dialects import Dialect
from ctaudit.engines import sql, translated
from ctaudit.engines.plain import Row
from ctaudit.engines.sql import Bounds
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from ctaudit.store.reader import Snapshot
from tests.cli.evidence import event
from tests.store.stores import put

A, B = "111122223333", "444455556666"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one event on each of four days, the last in another account."""
    folder = tmp_path_factory.mktemp("translated")
    times = [f"2026-02-0{day}T12:00:00Z" for day in range(1, 5)]
    accounts = [A, A, A, B]
    put(folder / "l.json", [event(n, eventTime=times[n], recipientAccountId=accounts[n]) for n in range(4)])
    ctaudit.ingest(folder / "store", [str(folder / "l.json")], jobs=1)
    return folder / "store"


def run(store: Path, text: str, span: Span | None = None) -> tuple[list[Row], Snapshot]:
    question = translated.question(text, Dialect.ATHENA, {})
    with sql.ask(Layout(store), question, span or Span(), Bounds()) as result:
        return [row for part in result.parts for row in part], result.snapshot


@pytest.mark.parametrize(
    ("condition", "rows", "segments"),
    [
        ("true", 4, 4),
        ("eventtime >= '2026-02-02' AND eventtime < '2026-02-03'", 1, 2),
        ("eventtime LIKE '2026-02-02%'", 1, 1),
        ("year = '2026' AND month = '02' AND day = '03'", 1, 1),
        ("from_iso8601_timestamp(eventtime) > TIMESTAMP '2026-02-03 00:00:00'", 2, 2),
        (f"account_id = '{B}'", 1, 1),
        ("region = 'nowhere-1'", 0, 1),
        ("eventtime > '2031-01-01'", 0, 1),
    ],
)
def test_conditions_choose_segments(condition: str, rows: int, segments: int, store: Path) -> None:
    found, snapshot = run(store, f"SELECT eventid FROM t WHERE {condition}")
    assert len(found) == rows
    assert len(snapshot.segments) == segments
    assert snapshot.events == 4  # what is told of the store is told of all that was asked for


def test_a_span_and_conditions_narrow_together(store: Path) -> None:
    span = Span(since="2026-02-02T00:00:00Z", accounts=(A,))
    assert len(run(store, "SELECT eventid FROM t WHERE eventtime < '2026-02-03'", span)[0]) == 1
    assert run(store, f"SELECT eventid FROM t WHERE account = '{B}'", span)[0] == []


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("true", Span()),
        ("eventtime = '9999-12-31'", Span(since="9999-12-31T00:00:00Z")),
        (f"account IN ('{A}', '{B}')", Span(accounts=(A, B))),
        (
            "eventtime > '2026-02-01' AND eventtime < '2026-02-03'",
            Span("2026-02-01T00:00:00Z", "2026-02-04T00:00:00Z"),
        ),
    ],
)
def test_conditions_say_where_rows_can_be(condition: str, expected: Span) -> None:
    assert translated.question(f"SELECT 1 FROM t WHERE {condition}", Dialect.ATHENA, {}).within == expected


def test_duckdbs_errors_point_into_no_text_that_nobody_wrote(store: Path) -> None:
    with pytest.raises(ctaudit.CtauditError) as refusal:
        run(store, "SELECT CAST(eventname AS double) FROM t")
    assert "LINE" not in refusal.value.advice
