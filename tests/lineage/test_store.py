"""Scenarios asked of a store: only what is looked up is seen, and the order of ingests leaves no trace."""

from __future__ import annotations

import json
import re

import pytest

import ctaudit
from ctaudit.lineage.telling import confidence
from ctaudit.lineage.walk import start
from ctaudit.store.layout import Layout
from ctaudit.tracing import of_store, walked
from tests.conftest import Ask
from tests.lineage.conftest import Told
from tests.lineage.scenarios import ALICE, Scenario
from tests.trail.principals import Record

pytestmark = pytest.mark.slow


def test_the_store_answers_as_all_records_at_hand_do(told: Told) -> None:
    asked = {name: _record(scenario) for name, scenario in told.scenarios.items()}
    walks = walked(of_store(Layout(told.folder / "ctaudit-store")), [start(record) for record in asked.values()])
    for walk, (name, scenario) in zip(walks, told.scenarios.items(), strict=True):
        assert [hop.event.event_id for hop in walk.hops][1:] == list(scenario.chain), name
        assert (walk.origin, confidence(walk)) == (scenario.origin, scenario.confidence), name


@pytest.mark.parametrize("name", ["chained_across_accounts", "two_callers_one_session", "trail_of_writes"])
def test_the_command_tells_what_the_walk_found(name: str, told: Told, ask: Ask) -> None:
    scenario = told.scenarios[name]
    done = ask("trace", scenario.asked, "--format", "json", folder=told.folder)
    (found,) = json.loads(done.out)["traces"]
    assert [hop["event_id"] for hop in found["hops"]][1:] == list(scenario.chain)
    assert (found["origin"], found["confidence"]) == (scenario.origin, scenario.confidence)
    assert done.code == (3 if scenario.gap else 0)
    assert (f"incomplete: {found['gap']}" in done.err) == bool(scenario.gap)


def test_rows_have_the_origin_that_a_trace_finds(told: Told) -> None:
    rows = {row["event_id"]: row for row in ctaudit.open(told.folder / "ctaudit-store").timeline()}
    assert {name: rows[scenario.asked]["origin"] for name, scenario in told.scenarios.items()} == {
        name: scenario.origin for name, scenario in told.scenarios.items()
    }


@pytest.mark.parametrize(
    "words",
    [
        ("timeline", "--format", "json"),
        ("what-did", "job", "--format", "json"),
        ("who-touched", "deploy", "--format", "jsonl"),
        ("sessions", "--format", "json"),
        ("trace", ALICE.key, "--format", "json"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_the_order_of_ingests_changes_no_byte(words: tuple[str, ...], told: Told, ask: Ask) -> None:
    one, other = (ask(*words, folder=folder) for folder in (told.folder, told.other))
    assert len(one.out) > 1000
    assert _unplaced(one.out) == _unplaced(other.out)
    assert one.code == other.code


def _unplaced(text: str) -> str:
    """Leave out where rows were read, which differs: the files are others."""
    return re.sub(r'"(source|record)": ?("[^"]*"|[0-9]+)', "", text)


def _record(scenario: Scenario) -> Record:
    return next(record for record in scenario.records if record["eventID"] == scenario.asked)
