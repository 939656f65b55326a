"""The simulation of accounts whose anomalies are known: what is asked of the detector of rates holds in it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SEEDS = (11, 12, 13)
"""None of those that the detector's numbers were chosen by."""
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def judging() -> Iterator[ModuleType]:
    """The module that judges, imported as its script does."""
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("anomalies")
    sys.path.remove(str(BENCHMARKS))


@pytest.mark.slow
def test_bursts_of_ten_times_the_mean_are_found_and_little_else(judging: ModuleType) -> None:
    scores = judging.simulate(SEEDS, only=(judging.ASKED, "nothing at all"))
    asked, quiet = scores[judging.ASKED][judging.OURS], scores["nothing at all"][judging.OURS]
    assert asked.labels.total() == 90
    assert asked.recall >= judging.RECALL
    assert asked.false_a_week <= judging.FALSE_ALARMS
    assert quiet.false_a_week <= judging.FALSE_ALARMS
    for row in scores.values():
        assert all(score.merit <= row[judging.OURS].merit for score in row.values())


def test_an_alarm_counts_where_it_is_near_and_once(judging: ModuleType) -> None:
    label, alarm = judging.Label(3, 100, 120, True, "dense"), judging.Alarm
    score = judging.Score()
    score.add([label], [alarm(3, 90, 101, True), alarm(3, 130, 140, True)])
    assert (score.recall, score.precision, score.false) == (1.0, 1.0, 0)
    far = [alarm(3, 136, 140, True), alarm(4, 100, 120, True), alarm(3, 100, 120, False)]
    score.add([label], far)
    assert (score.recall, score.false, score.false_a_week) == (0.5, 3, 1.5)
    assert score.precision == pytest.approx(0.25)


def test_the_rules_alarm_at_what_they_say(judging: ModuleType) -> None:
    calls = judging.np.zeros((2, judging.MINUTES), judging.np.int64)
    calls[:, ::5] = 1
    at = judging.JUDGED + 5000
    calls[0, at : at + 10] = 20
    covered = judging.np.ones(judging.MINUTES // 60, judging.np.bool_)
    seen = judging.World(calls, covered, calls.mean(axis=1) * 1440)
    assert [(a.api, a.start, a.end) for a in judging.three_sigma(seen, drops=False)] == [(0, at, at + 10)]
    (told,) = judging.weekly_mean(seen, drops=False)
    assert (told.api, told.up) == (0, True)
    assert told.start <= at < at + 10 <= told.end
