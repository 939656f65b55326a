"""When events happened, found by the segments' own filters: the same as a full reading finds, on the sample."""

from __future__ import annotations

import ctaudit
from ctaudit.engines.moments import of_calls, of_event
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from tests.conftest import Case
from tests.trail.story import ANSWERS

STEP = ANSWERS.steps["create_access_key"]


def _is_it(source: str | None, name: str | None, read_only: bool | None) -> bool:
    return name == "CreateAccessKey"


def test_every_event_is_found_by_its_id(case: Case) -> None:
    rows = list(ctaudit.open(case.store).timeline(limit=30))
    for row in rows:
        assert of_event(Layout(case.store), str(row["event_id"])) == [row["time"]]


def test_an_id_in_capitals_is_found_and_an_unknown_one_is_not(case: Case) -> None:
    assert len(of_event(Layout(case.store), STEP.event_id.upper())) == 1
    assert of_event(Layout(case.store), STEP.event_id[:-1]) == []


def test_a_rare_call_is_found_by_what_it_answered(case: Case) -> None:
    (found,) = of_calls(Layout(case.store), Span(), _is_it, ["responseelements"], [ANSWERS.backdoor_key])
    (row,) = [row for row in ctaudit.open(case.store).timeline() if row["event_id"] == STEP.event_id]
    assert found == row["time"]
    before = Span(until=found)
    assert of_calls(Layout(case.store), before, _is_it, ["responseelements"], [ANSWERS.backdoor_key]) == []


def test_no_segment_is_read_when_there_is_no_such_call(case: Case) -> None:
    assert of_calls(Layout(case.store), Span(), lambda *call: False, ["responseelements"], ["x"]) == []
