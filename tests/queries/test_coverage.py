"""The state of an hour: each layer of evidence alone, each pair that contradicts, and what always holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctaudit.queries.coverage import EDGE, Cause, Evidence, Judged, State, days, judge, share, stretches
from ctaudit.queries.hours import HOUR, Range, Seconds

pytestmark = pytest.mark.slow

WITHIN = Range(1000, 1008)
"""Eight hours; `at` counts from the first of them."""


def at(hour: float) -> int:
    return int((1000 + hour) * HOUR)


def span(start: float, end: float) -> Seconds:
    return at(start), at(end)


def picture(evidence: Evidence, within: Range = WITHIN) -> str:
    """Write the states as letters: proven, covered, gap, `.` for silent."""
    letters = {State.PROVEN: "p", State.COVERED: "c", State.GAP: "g", State.SILENT: "."}
    return "".join(letters[part.state] * part.hours for part in stretches(judge(evidence, within)))


PROVEN = Evidence(windows=(span(0, 8.5),))
HEARD = Evidence(events=0b11111111)


def test_of_nothing_nothing_is_known() -> None:
    assert picture(Evidence()) == "........"


@pytest.mark.parametrize("layer", ["events", "files"])
def test_what_is_heard_covers_its_hour_alone(layer: str) -> None:
    found: dict[str, Any] = {layer: 0b00100001}
    assert picture(Evidence(**found)) == "c....c.."


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([span(0, 8.5)], "pppppppp"),
        ([span(0, 8.25)], "pppppppp"),
        ([span(0, 8.2)], "pppppppc"),
        ([span(0, 8)], "pppppppc"),
        ([span(2, 3)], "..c....."),
        ([span(2, 4)], "..pc...."),
        ([span(2, 3), span(3, 4)], "..pc...."),
        ([span(2, 3), span(3.001, 4)], "..c....."),
        ([span(2.5, 4.5)], "...p...."),
        ([span(2.5, 3.5)], "........"),
        ([span(-5, 20)], "pppppppp"),
    ],
)
def test_digests_prove_an_hour_when_they_speak_of_a_quarter_more(windows: list[Seconds], expected: str) -> None:
    """What happened at its end was delivered in the next hour, of which the next digest speaks."""
    assert picture(Evidence(windows=windows)) == expected


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [(3.5, "pppgpppp"), (3.0, "ppggpppp"), (3.2, "ppggpppp"), (3.25, "pppgpppp"), (0.0, "gppppppp"), (8.1, "pppppppg")],
)
@pytest.mark.parametrize("layer", ["lost", "unread"])
def test_a_file_that_lacks_makes_gaps_of_the_hours_whose_events_it_may_hold(
    layer: str, delivery: float, expected: str
) -> None:
    lacking: dict[str, Any] = {layer: (at(delivery),)}
    assert picture(replace(PROVEN, **lacking)) == expected
    assert picture(replace(HEARD, **lacking)) == expected.replace("p", "c")


def test_what_validation_found_stands_against_events_but_not_against_proof() -> None:
    assert picture(replace(HEARD, gaps=(span(2, 4.5),))) == "ccgggccc"
    assert picture(replace(PROVEN, gaps=(span(2, 4.5),))) == "pppppppp"


def test_where_no_digest_is_proven_events_still_speak() -> None:
    assert picture(Evidence(events=0b1111, unaccounted=(span(2, 20),))) == "ccccgggg"
    assert picture(replace(PROVEN, unaccounted=(span(2, 20),))) == "pppppppp"


def test_a_stop_makes_gaps_where_it_begins_and_ends_and_of_the_silence_between() -> None:
    """Another trail may have gone on: what is heard in the midst of a stop speaks for its hour."""
    assert picture(Evidence(events=0b11110111, stops=(span(1.5, 4.5),))) == "cgcggccc"
    assert picture(replace(HEARD, stops=(span(2, 4),))) == "cccccccc"
    assert picture(Evidence(stops=(span(6.9, 99),))) == "......gg"
    assert picture(replace(PROVEN, stops=(span(1.5, 4.5),))) == "pppppppp"


def test_what_was_forgotten_is_a_gap_whatever_else_is_known() -> None:
    assert picture(replace(PROVEN, forgotten=(span(2, 4),))) == "ppggpppp"
    assert picture(replace(HEARD, forgotten=(span(-20, 4),))) == "ggggcccc"
    assert picture(Evidence(forgotten=(span(0, 24),))) == "gggggggg"


def test_the_causes_of_a_gap_are_told_apart() -> None:
    evidence = Evidence(lost=(at(2.5),), unread=(at(2.6), at(5.5)), stops=(span(5.1, 6.5),), gaps=(span(0.1, 0.2),))
    told = [(part.start, part.end, part.causes) for part in stretches(judge(evidence, WITHIN)) if part.causes]
    assert told == [
        (0, 1, (Cause.VALIDATION,)),
        (2, 3, (Cause.LOST, Cause.UNREAD)),
        (5, 6, (Cause.UNREAD, Cause.STOPPED)),
        (6, 7, (Cause.STOPPED,)),
    ]


# ---- what holds whatever the evidence


RANGES = st.builds(
    lambda first, count: Range(1000 + first, 1000 + first + count), st.integers(0, 30), st.integers(1, 60)
)
MOMENTS = st.builds(lambda hour, part: at(hour) + part, st.integers(-5, 95), st.sampled_from([0, 60, 900, 1800, 3540]))
SEVERAL = st.lists(st.tuples(MOMENTS, MOMENTS).map(lambda pair: (min(pair), max(pair))), max_size=4)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Evidence, Range]:
    within = draw(RANGES)
    layers: dict[str, Any] = {name: draw(st.integers(0, within.all)) for name in ("events", "files")}
    layers |= {name: draw(st.lists(MOMENTS, max_size=3)) for name in ("lost", "unread")}
    layers |= {name: draw(SEVERAL) for name in ("windows", "gaps", "unaccounted", "stops")}
    return Evidence(**layers), within


@given(worlds())
def test_every_hour_has_one_state(world: tuple[Evidence, Range]) -> None:
    evidence, within = world
    judged = judge(evidence, within)
    assert sum(judged.states.values()) == within.all  # a sum of sets that share no hour
    parts = stretches(judged)
    assert [part.start for part in parts] == [0, *(part.end for part in parts)][: len(parts)]
    assert parts[-1].end == within.count
    assert all(bool(part.causes) == (part.state is State.GAP) for part in parts)
    assert all((before.state, before.causes) != (after.state, after.causes) for before, after in pairwise(parts))
    assert sum(sum(counts.values()) for _, _, counts in days(judged, within)) == within.count


@given(worlds())
def test_nothing_is_covered_without_a_reason_nor_proven_beside_a_lack(world: tuple[Evidence, Range]) -> None:
    evidence, within = world
    parts = stretches(judge(evidence, within))
    for part in parts:
        for bit in range(part.start, part.end):
            start = (within.first + bit) * HOUR
            heard = (evidence.events | evidence.files) >> bit & 1
            digested = any(begin < start + HOUR and end > start for begin, end in evidence.windows)
            if part.state in (State.COVERED, State.PROVEN):
                assert heard or digested
            if part.state is State.PROVEN:
                gone = (*evidence.lost, *evidence.unread)
                assert not any(start <= moment < start + HOUR + EDGE for moment in gone)
            if part.state is State.SILENT:
                assert not heard


@given(worlds(), st.sampled_from(["lost", "unread", "gaps", "stops"]), MOMENTS)
def test_more_that_lacks_never_makes_more_covered(world: tuple[Evidence, Range], layer: str, moment: int) -> None:
    evidence, within = world
    more = moment if layer in ("lost", "unread") else (moment, moment + 5400)
    changed: dict[str, Any] = {layer: (*getattr(evidence, layer), more)}
    worse = replace(evidence, **changed)
    before, after = judge(evidence, within), judge(worse, within)
    assert spoken(after) & ~spoken(before) == 0


@given(worlds(), st.data())
def test_an_hours_state_does_not_depend_on_what_else_was_asked(
    world: tuple[Evidence, Range], data: st.DataObject
) -> None:
    evidence, within = world
    cut = data.draw(st.integers(0, within.count - 1))
    later = Range(within.first + cut, within.end)
    moved = replace(evidence, events=evidence.events >> cut, files=evidence.files >> cut)
    assert picture(moved, later) == picture(evidence, within)[cut:]


def spoken(judged: Judged) -> int:
    return judged.states[State.PROVEN] | judged.states[State.COVERED]


def test_days_begin_at_midnight() -> None:
    within = Range(24 * 50 + 22, 24 * 52 + 1)
    found = list(days(judge(Evidence(events=0b101), within), within))
    assert [(start, end) for start, end, _ in found] == [(0, 2), (2, 26), (26, 27)]
    assert [counts[State.COVERED] for _, _, counts in found] == [1, 1, 0]


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(0, 3, 0.0), (3, 3, 100.0), (2999, 3000, 99.9), (972, 1000, 97.2), (1, 100_000, 0.0), (0, 0, 0.0)],
)
def test_a_share_is_rounded_down(part: int, whole: int, percent: float) -> None:
    assert share(part, whole) == percent
