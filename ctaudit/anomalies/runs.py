"""Runs of jobs: calls that belong together, and which of them come at regular times.

Calls less than half an hour apart are one run, or, where that shows no rhythm, calls less than six hours apart: a long
nightly job. A series is a job when it ran at least 7 times in at least 7 days, the times between its runs have a
coefficient of variation below 0.2 (those that are so long that beats must have been left out do not count: weekends,
nights, holidays), and it rests at least half of the time: what always goes on has a rate, not a rhythm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies.ground import DAY, HOUR
from ctaudit.anomalies.grouping import Ints

Numbers = npt.NDArray[np.float64]
PAUSES = (1800, 6 * HOUR)
LEAST_RUNS, LEAST_LIFE = 7, 7 * DAY
VARIES = 0.2
LONG = 1.5
"""Times the usual from which on a pause lacks a beat."""
OFTEN = 0.7
"""Share of pauses that must lack none."""
LEAST_BEAT = 0.8 * HOUR


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A job: when its runs began, and how long from one to the next."""

    series: int
    starts: Ints
    beat: float
    """Seconds."""
    spread: float
    """Standard deviation of a beat."""


def rhythms(series: Ints, first: Ints, last: Ints) -> Iterator[Rhythm]:
    """Yield each series that has a rhythm, in order; those found with the shorter pause first.

    Args:
        series: of each cell, in order.
        first: when its first call was, in order within a series.
        last: its last.
    """
    known: set[int] = set()
    for pause in PAUSES:
        for each in _rhythms(series, first, last, pause):
            if each.series not in known:
                known.add(each.series)
                yield each


def _rhythms(series: Ints, first: Ints, last: Ints, pause: int) -> Iterator[Rhythm]:
    if not len(series):
        return
    begins = np.ones(len(series), np.bool_)
    begins[1:] = (series[1:] != series[:-1]) | (first[1:] > last[:-1] + pause)
    at = np.flatnonzero(begins)
    owner, start = series[at], first[at]
    end = np.maximum.reduceat(last, at)
    size = int(series[-1]) + 1
    count = np.bincount(owner, minlength=size)
    gap = np.diff(start)
    inside = owner[1:] == owner[:-1]
    gap, of, rest = gap[inside], owner[1:][inside], (start[1:] - end[:-1])[inside]
    usual = _medians(of, gap, size)
    short = gap <= LONG * usual[of]
    n = np.bincount(of, short, size)
    mean = np.bincount(of, np.where(short, gap, 0), size) / np.maximum(n, 1)
    spread = np.sqrt(np.bincount(of, np.where(short, (gap - mean[of]) ** 2, 0), size) / np.maximum(n, 1))
    idle = np.bincount(of, np.where(short, rest, 0), size) / np.maximum(n, 1)
    edges = np.searchsorted(owner, np.arange(size + 1))
    life = np.zeros(size)
    some = count > 0
    life[some] = start[edges[1:][some] - 1] - start[edges[:-1][some]]
    chosen = (
        (count >= LEAST_RUNS) & (life + LONG * mean >= LEAST_LIFE) & (mean >= LEAST_BEAT) & (spread < VARIES * mean)
    )
    chosen &= (n >= OFTEN * np.maximum(1, count - 1)) & (idle >= mean / 2)
    for each in np.flatnonzero(chosen).tolist():
        yield Rhythm(each, start[edges[each] : edges[each + 1]], float(mean[each]), float(spread[each]))


def _medians(owner: Ints, gap: Ints, size: int) -> Numbers:
    """Return the median of each owner's gaps; the owners are in order."""
    order = np.lexsort((gap, owner))
    edges = np.searchsorted(owner, np.arange(size + 1))
    found = np.zeros(size)
    some = edges[1:] > edges[:-1]
    middle = (edges[:-1] + (edges[1:] - edges[:-1]) // 2)[some]
    found[some] = gap[order][middle]
    return found
