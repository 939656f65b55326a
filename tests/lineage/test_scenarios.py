"""Every scenario: no wrong step, the origin that is right, and a gap where the logs are silent."""

from __future__ import annotations

import pytest

from ctaudit.lineage.telling import Evidence, confidence, tree
from ctaudit.lineage.walk import Found, Walk, advance, start
from tests.lineage.scenarios import SCENARIOS, Scenario, scenarios
from tests.trail.principals import Record


def walked(asked: Record, records: list[Record], *, proofs_suffice: bool = False) -> Walk:
    """Walk to the end with all records at hand, as a store would with those that are wanted."""
    walk = start(asked, proofs_suffice=proofs_suffice)
    found = Found(records)
    while walk.wanted is not None:
        walk = advance(walk, found)
    return walk


def _asked(scenario: Scenario) -> Record:
    return next(record for record in scenario.records if record["eventID"] == scenario.asked)


@pytest.mark.parametrize("name", scenarios())
def test_the_walk_leads_where_it_should(name: str) -> None:
    scenario = scenarios()[name]
    walk = walked(_asked(scenario), list(scenario.records))
    assert tuple(hop.event.event_id for hop in walk.hops[1:]) == scenario.chain
    assert walk.end is not None
    assert (walk.origin, confidence(walk)) == (scenario.origin, scenario.confidence)
    assert scenario.gap in (walk.end.gap or "")
    assert bool(walk.end.gap) == bool(scenario.gap)


@pytest.mark.parametrize("name", scenarios())
def test_the_origin_of_a_row_is_that_of_the_whole_walk(name: str) -> None:
    scenario = scenarios()[name]
    assert walked(_asked(scenario), list(scenario.records), proofs_suffice=True).origin == scenario.origin


@pytest.mark.parametrize("name", scenarios())
def test_the_order_of_records_does_not_matter(name: str) -> None:
    scenario = scenarios()[name]
    asked = _asked(scenario)
    walk = walked(asked, list(scenario.records))
    assert walked(asked, list(reversed(scenario.records))) == walk


def test_a_step_that_stands_in_a_file_that_aws_did_not_write_is_told_so() -> None:
    scenario = scenarios()["assumed_role"]
    walk = walked(_asked(scenario), list(scenario.records))
    files = {scenario.asked: Evidence("proven", "a"), scenario.chain[0]: Evidence("unlisted", "b")}
    root = tree(walk, (), files)
    assert not any("AWS delivered" in line for line in root.details)
    assert "not what AWS delivered: unlisted" in root.children[-1].details


def test_every_scenario_is_in_the_list() -> None:
    from tests.lineage import scenarios as module

    functions = [each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__]
    made = [each for each in functions if getattr(each, "__annotations__", {}) == {"ids": "Ids", "return": "Scenario"}]
    assert made == list(SCENARIOS)
