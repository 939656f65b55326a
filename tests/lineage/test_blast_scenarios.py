"""Every scenario of a trace, asked the other way round: what leads back to somebody surely is found from there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

import ctaudit
from tests.lineage.conftest import Told
from tests.lineage.scenarios import ALICE, LONG, MALLORY, Scenario, scenarios
from tests.trail.company import CI

pytestmark = pytest.mark.slow

MADE_BY_MALLORY = ("key_of_a_user", "lasting_key_of_another_user_before", "lasting_key_of_another_user_later")
"""Whose keys she made: what others do with them she has made possible."""
NAMES = sorted(scenarios().keys() - LONG)


def asked(scenario: Scenario) -> dict[str, Any]:
    return next(record for record in scenario.records if record["eventID"] == scenario.asked)


def forward(told: Told, name: str, who: str) -> dict[str, Any]:
    """Return what the calls of `who` on a scenario's day made possible."""
    day = datetime.fromisoformat(asked(told.scenarios[name])["eventTime"][:10] + "T00:00:00+00:00")
    store = ctaudit.open(told.folder / "ctaudit-store")
    return dict(store.blast_radius(who, since=day, until=day + timedelta(days=1)).document.content)


def found(answer: dict[str, Any], section: str, scenario: Scenario) -> bool:
    """Tell whether the call that the scenario asks about is counted, or its session is listed as possible."""
    record = asked(scenario)
    who = record["userIdentity"]
    if section == "possible":
        names = {row["name"] for row in answer["possible"]}
        return bool(names & {who.get("arn"), who.get("principalId")})
    name = f"{record['eventSource'].removesuffix('.amazonaws.com')} {record['eventName']}"
    return any(row["name"] == name for row in answer["calls"] if row["first"] == record["eventTime"])


@pytest.mark.parametrize("name", NAMES)
def test_what_leads_back_to_a_user_is_found_from_the_user(name: str, told: Told) -> None:
    scenario = told.scenarios[name]
    answer = forward(told, name, ALICE.arn)
    surely = scenario.origin in (ALICE.arn, f"AIDAALICEEXAMPLE of account {CI}") and scenario.confidence != "gap"
    own = asked(scenario)["userIdentity"].get("arn") == ALICE.arn
    assert found(answer, "calls", scenario) == (surely or own)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_leads_back_to_a_user_is_not_found_from_another(name: str, told: Told) -> None:
    scenario = told.scenarios[name]
    answer = forward(told, name, MALLORY.arn)
    surely = scenario.origin == MALLORY.arn or name in MADE_BY_MALLORY
    assert found(answer, "calls", scenario) == surely


@pytest.mark.parametrize("who", [ALICE.arn, MALLORY.arn])
@pytest.mark.parametrize("name", ["two_callers_one_session", "two_callers_told_by_address"])
def test_what_may_lead_back_to_several_is_possible_from_each(name: str, who: str, told: Told) -> None:
    scenario = told.scenarios[name]
    answer = forward(told, name, who)
    assert found(answer, "possible", scenario)
    assert not found(answer, "calls", scenario)
