"""Arithmetic with spans, against counting hours one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from ctaudit.integrity.coverage import HOUR, Window, add, clip, covers, digests_in, merge, without

MOST = 24
ZERO = datetime(2026, 3, 9, tzinfo=UTC)


def at(hour: float) -> datetime:
    return ZERO + hour * HOUR


def hours(*windows: Window) -> set[int]:
    """Return the hours, from the first one on, that lie in some of the windows."""
    return {hour for start, end in windows for hour in range(MOST) if start <= at(hour) < end}


HOURS = st.integers(0, MOST)
SPANS = st.tuples(HOURS, HOURS).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: (at(pair[0]), at(pair[1])))
LISTS = st.lists(SPANS, max_size=8)
NONE: list[Window] = []


def in_order(windows: list[Window]) -> bool:
    """Tell whether windows are none of them empty, and each ends before the next begins: touching is not apart."""
    return all(start < end for start, end in windows) and all(one[1] < other[0] for one, other in pairwise(windows))


@given(LISTS)
@example(NONE)
def test_merging_changes_no_hour(windows: list[Window]) -> None:
    merged = merge(iter(windows))
    assert in_order(merged)
    assert hours(*merged) == hours(*windows)
    assert merge(reversed(windows)) == merged == merge(merged)


@given(LISTS)
def test_adding_the_newest_first_is_merging(windows: list[Window]) -> None:
    """As a chain is walked: each window begins before the one that was added last, or with it."""
    newest_first = sorted(windows, reverse=True)
    added: list[Window] = []
    for window in newest_first:
        add(added, window)
    assert hours(*added) == hours(*windows)
    assert merge(added) == merge(windows)


@given(LISTS)
def test_adding_in_any_order_changes_no_hour(windows: list[Window]) -> None:
    """What digests claim of their windows can be anything."""
    added: list[Window] = []
    for window in windows:
        add(added, window)
    assert merge(added) == merge(windows)


@given(st.lists(st.integers(0, MOST - 1), min_size=1, max_size=MOST, unique=True))
def test_a_chain_without_a_hole_is_one_window(starts: list[int]) -> None:
    added: list[Window] = []
    for start in sorted(starts, reverse=True):
        add(added, (at(start), at(start + 1)))
    assert len(added) == 1 + sum(other - one > 1 for one, other in pairwise(sorted(starts)))


@given(SPANS, LISTS)
@example((at(2), at(4)), [(at(0), at(1))])
@example((at(2), at(4)), [(at(5), at(6))])
def test_what_is_left(whole: Window, parts: list[Window]) -> None:
    left = list(without(whole, iter(parts)))
    assert in_order(left)
    assert hours(*left) == hours(whole) - hours(*parts)


@given(SPANS, HOURS | st.none(), HOURS | st.none())
def test_clipping(window: Window, since: int | None, until: int | None) -> None:
    clipped = clip(window, None if since is None else at(since), None if until is None else at(until))
    wanted = {hour for hour in hours(window) if (since or 0) <= hour < (MOST if until is None else until)}
    assert (clipped is None) is (not wanted)
    assert clipped is None or hours(clipped) == wanted


@given(LISTS, st.integers(0, 2 * MOST))
def test_the_window_that_holds_a_moment(windows: list[Window], half: int) -> None:
    merged, moment = merge(windows), at(half / 2)
    found = covers(merged, moment)
    assert (found is not None) is any(start <= moment < end for start, end in windows)
    assert found is None or found in merged


def test_how_many_digests_a_span_would_have() -> None:
    spans = {
        0.1: "about 1 digest",
        1: "about 1 digest",
        1.4: "about 1 digest",
        2: "about 2 digests",
        30: "about 30 digests",
    }
    for length, words in spans.items():
        assert digests_in((ZERO, ZERO + timedelta(hours=length))) == words
