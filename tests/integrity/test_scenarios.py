"""The scenarios are themselves in order: every row has one, each has a name and a trail of its own."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integrity.scenario import expected
from tests.integrity.scenarios import ROW_COUNT, SCENARIOS


def test_every_row_of_the_table_has_a_scenario() -> None:
    assert {scenario.row for scenario in SCENARIOS} == set(range(ROW_COUNT))


def test_names_are_unique() -> None:
    assert [name for name, count in Counter(map(str, SCENARIOS)).items() if count > 1] == []


@pytest.mark.slow
def test_every_scenario_can_be_asked_somehow_and_is_made_the_same_each_time() -> None:
    for scenario in SCENARIOS:
        one, other = scenario.build(), scenario.build()
        assert one.online or one.offline, scenario
        assert one.trail.bucket == other.trail.bucket, scenario
        assert one.trail is not other.trail


def test_what_differs_from_what_was_expected_is_told() -> None:
    wanted = expected(1, ("log.missing", "a/key"), "coverage.head|coverage.missing", may={"log.pending"})
    assert wanted.misses([("log.missing", "/mirror/a/key"), ("coverage.missing", None), ("log.pending", None)]) == []
    assert sorted(wanted.misses([("log.missing", "other"), ("state.rollback", "x")])) == [
        "not expected: state.rollback of x",
        "not found: coverage.head|coverage.missing of None",
        "not found: log.missing of a/key",
    ]
