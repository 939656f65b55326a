"""Sets of hours as numbers do what sets of numbers do, for whatever spans and ranges."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctaudit.queries import hours
from ctaudit.queries.hours import HOUR, Range, Seconds

FIRST = st.integers(-100, 600_000)
RANGES = st.builds(lambda first, count: Range(first, first + count), FIRST, st.integers(0, 120))


def near(within: Range) -> st.SearchStrategy[Seconds]:
    """Spans about a range: touching hours, quarters and single seconds of it, empty ones and turned ones too."""
    moment = st.builds(
        lambda hour, rest: hour * HOUR + rest,
        st.integers(within.first - 3, within.end + 3),
        st.sampled_from([0, 1, 59, 60, 900, 1800, 3599]),
    )
    return st.tuples(moment, moment)


SPANS = RANGES.flatmap(lambda within: st.tuples(st.just(within), st.lists(near(within), max_size=8)))


def members(found: int, within: Range) -> set[int]:
    """The absolute hours of a set, found bit by bit."""
    assert 0 <= found <= within.all
    return {within.first + bit for bit in range(within.count) if found >> bit & 1}


def moments(spans: list[Seconds], within: Range) -> set[int]:
    """Every moment of the spans that matters: all ends lie on or beside whole minutes."""
    tested = {
        hour * HOUR + second
        for hour in range(within.first - 4, within.end + 5)
        for second in (*range(0, HOUR, 60), 1, 59, 1801, 3599)
    }
    return {moment for moment in tested for start, end in spans if start <= moment < end}


@given(SPANS)
def test_an_hour_is_touched_when_any_moment_of_it_is_in_a_span(given_: tuple[Range, list[Seconds]]) -> None:
    within, spans = given_
    expected = {moment // HOUR for moment in moments(spans, within)}
    assert members(hours.touched(spans, within), within) == {
        hour for hour in expected if within.first <= hour < within.end
    }


@given(SPANS, st.sampled_from([0, 60, 900]))
def test_an_hour_is_filled_when_one_joined_span_holds_it_and_what_is_beyond(
    given_: tuple[Range, list[Seconds]], beyond: int
) -> None:
    within, spans = given_
    joined = hours.merged(spans)
    expected = {
        hour
        for hour in range(within.first, within.end)
        if any(start <= hour * HOUR and hour * HOUR + HOUR + beyond <= end for start, end in joined)
    }
    assert members(hours.filled(spans, within, beyond), within) == expected


@given(SPANS)
def test_merged_spans_hold_the_same_moments_and_lie_apart(given_: tuple[Range, list[Seconds]]) -> None:
    within, spans = given_
    joined = hours.merged(spans)
    assert moments(joined, within) == moments(spans, within)
    assert all(start < end for start, end in joined)
    assert all(before[1] < after[0] for before, after in pairwise(joined))


@given(RANGES.flatmap(lambda w: st.tuples(st.just(w), st.lists(near(w), max_size=6), st.lists(near(w), max_size=6))))
def test_what_is_taken_away_is_gone_and_nothing_else(given_: tuple[Range, list[Seconds], list[Seconds]]) -> None:
    within, spans, taken = given_
    left = hours.without(spans, taken)
    assert moments(left, within) == moments(spans, within) - moments(taken, within)
    assert left == sorted(left)
    assert all(start < end for start, end in left)


@given(RANGES.flatmap(lambda w: st.tuples(st.just(w), st.lists(st.integers(w.first - 30, w.end + 30)))))
def test_hours_one_by_one(given_: tuple[Range, list[int]]) -> None:
    within, some = given_
    found = hours.of_hours(some, within)
    assert members(found, within) == {hour for hour in some if within.first <= hour < within.end}
    told = [hour for start, end in hours.runs(found) for hour in range(start, end)]
    assert {within.first + bit for bit in told} == members(found, within)
    assert len(told) == len(set(told))


@given(RANGES, st.lists(st.integers(-4, 6)), st.integers(0, 2**24 - 1))
def test_hours_by_day(within: Range, some: list[int], mask: int) -> None:
    """A day's mask lands on its own hours, wherever in the day the range begins and ends."""
    midnight = within.first - within.first % 24
    days = {midnight + 24 * day: mask for day in some}
    expected = {day + bit for day in days for bit in range(24) if mask >> bit & 1}
    assert members(hours.of_days(days, within), within) == {
        hour for hour in expected if within.first <= hour < within.end
    }


@given(st.integers(0, 2**200))
def test_runs_are_whole_and_apart(found: int) -> None:
    runs = list(hours.runs(found))
    assert sum(hours.between(start, end) for start, end in runs) == found
    assert all(before[1] < after[0] for before, after in pairwise(runs))


@pytest.mark.parametrize(
    ("text", "hour"),
    [("1970-01-01T00:00:00Z", 0), ("1970-01-01T23:59:59Z", 23), ("1969-12-31T23:00:00Z", -1)],
)
def test_hours_are_counted_from_1970(text: str, hour: int) -> None:
    assert hours.absolute(text) == hour
    assert hours.text_of(hour)[:13] == text[:13]


@pytest.mark.parametrize("text", ["", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00+00:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        hours.seconds(text)
