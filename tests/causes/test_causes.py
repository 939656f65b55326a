"""Every case asked of one store: the cause, how sure it is, and what is counted; ingested in two orders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from tests.causes import cases
from tests.causes.cases import cases_of
from tests.lineage.scenarios import ALICE
from tests.store.stores import put
from tests.trail.company import CI
from tests.trail.ids import Ids
from tests.trail.principals import Record

pytestmark = pytest.mark.slow

CASES = cases_of(cases)


@dataclass(frozen=True, slots=True)
class Told:
    deletion: str
    cause: str | None
    confidence: str | None


@dataclass(frozen=True, slots=True)
class Place:
    expected: dict[str, Told]
    rows: list[dict[str, Any]]
    other: list[dict[str, Any]]
    """The same from logs that came in another order."""


def _elsewhere(records: tuple[Record, ...], number: int) -> list[Record]:
    """Return the records of one case in an account of its own, so that no other one's calls come into question."""
    return [json.loads(json.dumps(record).replace(CI, f"{100_000_000_000 + number}")) for record in records]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    expected, records = {}, []
    for number, (name, made) in enumerate(CASES.items()):
        case = made(Ids(f"causes/{name}"))
        cause = case.cause["eventID"] if case.cause is not None else None
        expected[name] = Told(case.deletion["eventID"], cause, case.confidence)
        records += _elsewhere(case.records, number)
    answers = []
    for order in ("one", "other"):
        folder = tmp_path_factory.mktemp(order)
        shuffled = Ids(order).shuffled(records)
        for number in range(2):
            put(folder / f"{number}.json.gz", shuffled[number::2])
            ctaudit.ingest(folder / "store", [str(folder / f"{number}.json.gz")], jobs=1)
        answers.append(ctaudit.open(folder / "store").timeline().records())
    return Place(expected, *answers)


@pytest.mark.parametrize("name", CASES)
def test_the_cause_is_the_one_that_the_log_shows(name: str, place: Place) -> None:
    expected = place.expected[name]
    (row,) = [row for row in place.rows if row["event_id"] == expected.deletion]
    assert (row["cause"], row["cause_confidence"]) == (expected.cause, expected.confidence)


def test_the_order_of_ingests_changes_nothing(place: Place) -> None:
    assert [_unplaced(row) for row in place.rows] == [_unplaced(row) for row in place.other]


def test_only_deletions_have_a_cause(place: Place) -> None:
    caused = {row["event_name"] for row in place.rows if row["cause_confidence"]}
    assert {name for name in caused if name.startswith(("Create", "Put", "Run", "Get"))} == set()
    assert {"DeleteBucket", "TerminateInstances", "DeleteObject"} <= caused


def _unplaced(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("source", "record")}


def store_of(folder: Path, *made: Record) -> ctaudit.Store:
    put(folder / "log.json", made)
    ctaudit.ingest(folder / "store", [str(folder / "log.json")], jobs=1)
    return ctaudit.open(folder / "store")


def test_a_cascade_is_counted_once(tmp_path: Path) -> None:
    ids = Ids("causes/counted")
    stack = cases._delete_stack(ids)
    gone = [
        cases._delete_bucket(ids, 60 + number, cases._alice(ids, 0, cases.CFN), f"shop-part{number}-1a2b3c")
        for number in range(12)
    ]
    table = store_of(tmp_path, stack, *gone).who_deleted("shop-part*")
    assert len(table) == 12
    said = f"12 deletions are likely of one call: DeleteStack shop (event {stack['eventID']}, by {ALICE.arn})"
    assert [note for note in table.notes if "of one call" in note] == [said]


def test_what_cannot_be_told_apart_is_said(tmp_path: Path) -> None:
    ids = Ids("causes/ambiguous")
    case = cases.two_stacks_and_no_name(ids)
    table = store_of(tmp_path, *case.records).who_deleted("plain-name")
    assert "several calls come into question" in table.notes[0]


def test_a_cause_from_before_the_span_is_found(tmp_path: Path) -> None:
    """`--since` chooses rows, not what may have caused them."""
    ids = Ids("causes/since")
    case = cases.stack_by_its_caller(ids)
    (row,) = store_of(tmp_path, *case.records).who_deleted("plain-name", since=case.deletion["eventTime"])
    assert row["cause"] == case.records[0]["eventID"]
