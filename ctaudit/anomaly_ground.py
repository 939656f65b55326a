"""Find out which time anomalies are looked for in, and which hours the logs speak for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies.ground import DAY, HOUR, Ground
from ctaudit.anomalies.strays import FAR_DAYS, without_strays
from ctaudit.coverage import Survey, survey
from ctaudit.engines.activity_days import Day, days
from ctaudit.queries import hours
from ctaudit.queries.coverage import Judged, State
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from ctaudit.times import format_epoch

BEFORE_DAYS = 90
"""How far before the time that is judged counts reach: a baseline needs 28 days, a key that was dormant more."""
_NAMED = 5
"""Days that are named of those left out."""


def ground(layout: Layout, span: Span) -> tuple[Ground, Span]:
    """Return what is known of time, and the span whose events count: it reaches back further."""
    since = None if span.since is None else format_epoch(hours.seconds(span.since) - BEFORE_DAYS * DAY)
    counted = replace(span, since=since)
    found = survey(layout, counted)
    first, end = found.within.first * HOUR, found.within.end * HOUR
    begin = first if span.since is None else max(first, hours.seconds(span.since))
    until = end if span.until is None else min(end, hours.seconds(span.until))
    lead = min(_lead(found), begin // HOUR - found.within.first)
    masks = {place: _mask(judged, found.within.count)[lead:] for place, judged in found.places.items()}
    return Ground(begin, max(begin, until), found.within.first + lead, masks), counted


def strayless(layout: Layout, span: Span) -> tuple[Span, tuple[str, ...]]:
    """Return a span whose open ends leave out events that lie years from all others, and a sentence that says so.

    One event of 1970 would else be 56 years of history, and one of the year 1 more than can be judged.
    """
    if span.since is not None and span.until is not None:
        return span, ()
    since = None if span.since is None else hours.seconds(span.since) // DAY - BEFORE_DAYS
    until = None if span.until is None else -(-hours.seconds(span.until) // DAY)
    known = [
        each
        for each in days(layout, span)
        if (since is None or each[0] >= since) and (until is None or each[0] < until)
    ]
    kept, strays = without_strays([each[0] for each in known])
    first, last = (min(kept, default=0), max(kept, default=0))
    before = span.since is None and any(day < first for day in strays)
    after = span.until is None and any(day > last for day in strays)
    if not before and not after:
        return span, ()
    by_day = {each[0]: each for each in known}
    told = [by_day[day] for day in strays if (before and day < first) or (after and day > last)]
    return replace(
        span,
        since=format_epoch(by_day[first][1] * HOUR) if before else span.since,
        until=format_epoch((by_day[last][2] + 1) * HOUR) if after else span.until,
    ), (_left_out(told),)


def _left_out(strays: Sequence[Day]) -> str:
    events = sum(each[3] for each in strays)
    named = ", ".join(format_epoch(each[0] * DAY)[:10] for each in strays[:_NAMED])
    are = "1 event lies" if events == 1 else f"{events:,} events lie"
    return (
        f"{are} more than {FAR_DAYS} days from all others and {'was' if events == 1 else 'were'} not looked at "
        f"({named}{', …' if len(strays) > _NAMED else ''}): name their time with --since and --until"
    )


def _lead(found: Survey) -> int:
    """Return how many hours pass before anything is known: no baseline may claim to have looked at them."""
    known = 0
    for judged in found.places.values():
        known |= judged.states[State.PROVEN] | judged.states[State.COVERED] | judged.states[State.GAP]
    return max(0, (known & -known).bit_length() - 1)


def _mask(judged: Judged, count: int) -> npt.NDArray[np.bool_]:
    """Return for each hour whether the logs speak for it."""
    spoken = judged.states[State.PROVEN] | judged.states[State.COVERED]
    packed = np.frombuffer(spoken.to_bytes(count // 8 + 1, "little"), np.uint8)
    return np.unpackbits(packed, count=count, bitorder="little").astype(np.bool_)
