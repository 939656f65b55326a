"""Find out which time anomalies are looked for in, and which hours the logs speak for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies.ground import DAY, HOUR, Ground
from ctaudit.coverage import Survey, survey
from ctaudit.queries import hours
from ctaudit.queries.coverage import Judged, State
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from ctaudit.times import format_epoch

BEFORE_DAYS = 90
"""How far before the time that is judged counts reach: a baseline needs 28 days, a key that was dormant more."""


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
