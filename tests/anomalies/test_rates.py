"""Bursts, lulls and what looks like them, on counts alone."""

from __future__ import annotations

import numpy as np
import pytest

from ctaudit.anomalies import rates
from ctaudit.anomalies.baseline import Rolling
from ctaudit.anomalies.rates import Covered, Episode, judge
from ctaudit.anomalies.tails import q_values
from ctaudit.anomalies.windows import Counts, Coverage, aligned, trailing
from tests.anomalies.simulated import DAY, HOUR, START, counts_of, covered, steady

_NOON = 34 * DAY + 12 * HOUR


def found(rows: list[tuple[int, int, int]], time: Covered, series: int = 1) -> tuple[Episode, ...]:
    return judge(counts_of(rows), np.zeros(series, np.int64), time).episodes


def test_a_burst_is_found_where_it_is() -> None:
    rows = [*steady(0, 35, 1.0), *steady(1, 35, 0.05), (1, _NOON + 1, 20), (1, _NOON + 301, 25)]
    (burst,) = found(rows, covered(35, 7), 2)
    assert burst.series == 1
    assert burst.start - START == _NOON
    assert burst.end - START == _NOON + 600
    assert (burst.width, burst.drop) == (900, False)
    assert burst.observed >= 45
    assert burst.expected < 1
    assert burst.p < 1e-9
    assert burst.days == 28


def test_chance_is_no_burst() -> None:
    rows = [row for series in range(60) for row in steady(series, 35, 0.02 * 1.15**series)]
    judged = judge(counts_of(rows), np.zeros(60, np.int64), covered(35, 7))
    assert all(q_values([each.p for each in judged.episodes], judged.tests) > 0.1)
    assert judged.tests > 60 * 7 * 96


def test_the_rhythm_of_the_day_is_no_burst() -> None:
    busy = np.random.default_rng(4).poisson(np.where(np.arange(35 * 288) % 288 < 96, 0.1, 6.0))
    assert found([(0, at * 300, int(calls)) for at, calls in enumerate(busy) if calls], covered(35, 7)) == ()


def test_a_nightly_job_is_no_burst_but_the_same_at_noon_is() -> None:
    nightly = [(0, day * DAY + 2 * HOUR, 50) for day in range(35)]
    assert found(nightly, covered(35, 7)) == ()
    (at_noon,) = found([*nightly, (0, _NOON, 120)], covered(35, 7))
    assert at_noon.start - START == _NOON


def test_too_few_calls_are_never_a_burst() -> None:
    assert found([(0, 100, 1), (0, _NOON, rates.LEAST_CALLS - 1)], covered(35, 7)) == ()


def test_a_lull_is_found_only_where_logs_speak() -> None:
    rows = [row for row in steady(0, 35, 20.0) if not _NOON <= row[1] < _NOON + 3 * HOUR]
    (lull,) = found(rows, covered(35, 7))
    assert lull.drop
    assert (lull.start - START, lull.end - START) == (_NOON, _NOON + 3 * HOUR)
    assert lull.observed == 0
    hour = _NOON // HOUR
    assert found(rows, covered(35, 7, [(hour, hour + 3)])) == ()


def test_an_outage_of_logging_does_not_make_what_follows_a_burst() -> None:
    gap = (26 * 24, 34 * 24)
    rows = [row for row in steady(0, 35, 3.0) if not gap[0] * HOUR <= row[1] < gap[1] * HOUR]
    assert found(rows, covered(35, 1, [gap])) == ()


def test_a_new_level_is_told_once() -> None:
    rows = [*steady(0, 42, 0.5), *((0, at, calls * 10) for _, at, calls in steady(0, 42, 0.5, 1) if at >= 33 * DAY)]
    episodes = found(_added(rows), covered(42, 14))
    assert {each.start - START < 35 * DAY for each in episodes if each.p < 1e-6} == {True}


def _added(rows: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    calls: dict[tuple[int, int], int] = {}
    for series, at, count in rows:
        calls[series, at] = calls.get((series, at), 0) + count
    return [(series, at, count) for (series, at), count in calls.items()]


def test_with_too_short_a_history_nothing_is_judged_and_that_is_told() -> None:
    rows = [*steady(0, 5, 0.2), (0, 4 * DAY + 7, 500)]
    judged = judge(counts_of(_added(rows)), np.zeros(1, np.int64), covered(5, 5))
    assert (judged.episodes, judged.unjudged) == ((), 1)


def test_a_burst_does_not_hide_the_next_one() -> None:
    rows = [*steady(0, 35, 0.05), (0, 30 * DAY + 77, 60), (0, _NOON, 80)]
    _, second = found(_added(rows), covered(35, 7))
    assert second.expected < 1
    assert second.highest >= 60


def test_clocks_that_are_wrong_change_nothing() -> None:
    rows = [*steady(0, 35, 0.05), (0, _NOON, 80)]
    wrong = [(0, -START, 5), (0, 5_000_000_000, 9), (0, -(10**15), 3)]
    assert found(_added([*rows, *wrong]), covered(35, 7)) == found(_added(rows), covered(35, 7))


def test_series_judged_apart_are_judged_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row for series in range(7) for row in steady(series, 35, 0.3)]
    rows += [(series, _NOON + series, 90) for series in (1, 4, 6)]
    together = found(_added(rows), covered(35, 7), 7)
    monkeypatch.setattr(rates, "CHUNK", 2)
    assert found(_added(rows), covered(35, 7), 7) == together
    assert [each.series for each in together] == [1, 4, 6]


def test_no_counts_at_all() -> None:
    none = np.array([], np.int64)
    judged = judge(Counts(none, none, none), none, covered(35, 7))
    assert (judged.episodes, judged.tests, judged.unjudged) == ((), 0, 0)


def test_windows_are_those_of_a_plain_count() -> None:
    drawn = np.random.default_rng(5)
    rows = _added([(int(drawn.integers(3)), int(drawn.integers(400)) * 300, 1) for _ in range(600)])
    counts = counts_of(rows)
    windows, begins = trailing(counts, 3)
    for at, (series, last) in enumerate(zip(counts.series.tolist(), counts.bin.tolist(), strict=True)):
        inside = (counts.series == series) & (counts.bin > last - 3) & (counts.bin <= last)
        assert windows[at] == counts.calls[inside].sum()
        assert begins[at] == np.flatnonzero(inside)[0]
    slots = aligned(counts, 3)
    assert slots.calls.sum() == counts.calls.sum()
    assert len(set(zip(slots.series.tolist(), slots.bin.tolist(), strict=True))) == len(slots.bin)


def test_a_rolling_history_is_that_of_the_last_28_days() -> None:
    time = covered(60, 1, [(100, 300), (900, 1000)])
    rolling, coverage = Rolling(1), Coverage(time.hours, time.first_hour, 4)
    days = [np.array([day % 5 + 1.0]) for day in range(60)]
    first = START // DAY
    for day, calls in enumerate(days):
        rolling.take(np.array([0]), np.array([(first + day) * 24]), calls, calls)
        coverage.take(first + day)
    rows = np.array([0])
    sums = rolling.sums(rows, coverage.sums)
    assert sums.calls.sum() == sum(float(each[0]) for each in days[-28:])
    assert sums.squares.sum() == pytest.approx(sum(float(each[0]) ** 2 for each in days[-28:]))
    assert rolling.highest(rows).tolist() == [5.0]
    assert coverage.sums.sum() == 4 * time.hours[0, 32 * 24 :].sum()
    assert coverage.days.tolist() == [time.hours[0, 32 * 24 :].reshape(28, 24).any(axis=1).sum()]
