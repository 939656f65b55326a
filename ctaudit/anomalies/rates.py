"""How often is something called: which counts are out of the ordinary, by quarters of an hour, halves and hours.

A burst ends in some five minutes that have calls, so only windows that end in such are looked at: the cost goes with
calls, not with series. Each day is judged by the 28 days before it, as CloudTrail does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies import tails
from ctaudit.anomalies.baseline import WEEK_HOURS, Expected, Rolling, expect
from ctaudit.anomalies.cube import BIN
from ctaudit.anomalies.ground import DAY, HISTORY_DAYS, HOUR, LEAST_DAYS
from ctaudit.anomalies.windows import Counts, Coverage, Days, Numbers, Whole, aligned, trailing

WIDTHS = (900, 1800, 3600)
"""Seconds of the windows that are looked at."""
LEAST_CALLS = 6
"""Fewer calls in a window are never a burst."""
LEAST_TIMES = 3.0
"""How many times what was expected a burst has, and a drop lacks."""
LEAST_EXPECTED = 8.0
"""An hour in which fewer were expected is never a drop."""
CANDIDATE = 1e-5
"""Windows less surprising than that are not looked at further."""
TEMPERED = 6.0
"""Standard deviations above the mean from which on a count enters the history as no more than that."""
FELLOWS, QUIET = 8, 0.25
"""An hour is as quiet as the quarter of a place's busy series that is the quietest, if there are so many series."""
LASTING = 0.1
"""Share of a day's windows from which on such counts are the new rule, and enter the history as they are."""
JOIN = 1800
"""Seconds of quiet within which two unusual windows are still one episode."""
ABOUT = 0.8
"""Of the orders of magnitude by which the most unusual window surprises, with which a narrower one speaks for it."""
CHUNK = 20_000
"""Series that are judged together, which bounds memory."""


@dataclass(frozen=True, slots=True)
class Covered:
    """The time that is judged, and the hours that logs speak for."""

    hours: npt.NDArray[np.bool_]
    """Places × hours, from `first_hour` until `until`."""
    first_hour: int
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of unusual counts of one series."""

    series: int
    start: int
    """Seconds since 1970."""
    end: int
    """Exclusive."""
    width: int
    """Seconds of the narrowest window that is about as unusual as any; the numbers below are of that one."""
    observed: float
    expected: float
    variance: float
    highest: float
    """The most calls that a window of that width had before."""
    p: float
    """Of the most unusual window of any width."""
    since: int
    """When the baseline begins."""
    days: int
    """Days of the baseline with covered hours."""

    @property
    def drop(self) -> bool:
        return self.observed < self.expected


@dataclass(frozen=True, slots=True)
class Judgement:
    episodes: tuple[Episode, ...]
    """In order of series, then time."""
    tests: int
    """Windows that were judged, those without calls too."""
    unjudged: int
    """Series with calls in the time that is judged, but too short a history of their place."""


def judge(counts: Counts, place: Whole, covered: Covered, least_days: int = LEAST_DAYS) -> Judgement:
    """Find the episodes of all series.

    Args:
        counts: calls by series and five minutes.
        place: for each series the row of `covered.hours` that speaks for it.
        covered: the time.
        least_days: days with covered hours, of the 28 before, with fewer of which nothing is judged.
    """
    within = (counts.bin >= covered.first_hour * (HOUR // BIN)) & (counts.bin < -(-covered.until // BIN))
    known = counts.part(within)  # clocks go wrong, and logs are hostile
    windows: list[Episode] = []
    tests, short = 0, 0
    for low in range(0, len(place), CHUNK):
        part = known.part(slice(*np.searchsorted(known.series, [low, low + CHUNK])))
        part = Counts(part.series - low, part.bin, part.calls)
        for width in WIDTHS:
            judging = _Judging(part, place[low : low + CHUNK], covered, width, least_days)
            windows += (replace(each, series=each.series + low) for each in judging.unusual())
            tests += judging.tests
        short += len(judging.short)
    return Judgement(tuple(joined(windows)), tests, short)


class _Judging:
    """Goes through the days of some series, by windows of one width."""

    def __init__(self, counts: Counts, place: Whole, covered: Covered, width: int, least_days: int) -> None:
        self.tests = 0
        self.short: set[int] = set()
        self._counts, self._place, self._covered = counts, place, covered
        self._width, self._least_days = width, least_days
        self._windows, self._begins = trailing(counts, width // BIN)
        self._rolling = Rolling(len(place))
        self._coverage = Coverage(covered.hours, covered.first_hour, HOUR // width)

    def unusual(self) -> Iterator[Episode]:
        """Yield the windows that are candidates."""
        slots = aligned(self._counts, self._width // BIN)
        days_of_cells, days_of_slots = Days(self._counts.bin, BIN), Days(slots.bin, self._width)
        for day in self._days(slots):
            cells, today = days_of_cells.of(day), slots.part(days_of_slots.of(day))
            rows = np.unique(today.series)
            enough = self._enough(rows)
            busy = cells[
                self._windows[cells] >= LEAST_CALLS
            ]  # of the others nothing need be expected: most have few calls
            often = np.unique(self._counts.series[busy])
            known = self._expected(often)
            if (day + 1) * DAY > self._covered.since:
                self.short.update(rows[~enough].tolist())
                self.tests += int(self._coverage.of(day)[self._place[rows[enough]]].sum()) * (HOUR // self._width)
                yield from self._spikes(day, busy, often, known)
                if self._width == HOUR:
                    yield from self._drops(day, today)
            self._take(today, often, known)
            self._rolling.peak(self._counts.series[cells], self._windows[cells].astype(np.float64))
            self._coverage.take(day)

    def _enough(self, rows: Whole) -> npt.NDArray[np.bool_]:
        """Return which series lie where there is history enough."""
        found: npt.NDArray[np.bool_] = self._coverage.days[self._place[rows]] >= self._least_days
        return found

    def _days(self, slots: Counts) -> list[int]:
        """Return the days to go through: those that something is known of, and as many after each as a history holds.

        One event of a wrong clock may lie decades from all others.
        """
        hours = np.flatnonzero(self._covered.hours.any(axis=0)) + self._covered.first_hour
        known = np.union1d(hours // 24, slots.bin * self._width // DAY)
        after = np.unique(known[:, None] + np.arange(HISTORY_DAYS + 1))
        days: list[int] = after[after < -(-self._covered.until // DAY)].tolist()
        return days

    def _expected(self, rows: Whole) -> Expected:
        place = self._place[rows]
        return expect(self._rolling.sums(rows, self._coverage.sums[place], self._coverage.lately[place]))

    def _spikes(self, day: int, busy: Whole, often: Whole, known: Expected) -> Iterator[Episode]:
        """Yield the windows that end on a day and have too many calls."""
        judged = (self._counts.bin[busy] * BIN >= self._covered.since) & self._enough(self._counts.series[busy])
        cells = busy[judged]
        if not len(cells):
            return
        at = np.searchsorted(often, self._counts.series[cells])
        end, calls = (self._counts.bin[cells] + 1) * BIN, self._windows[cells].astype(np.float64)
        mean, variance = known.at(at, (end - self._width // 2) // HOUR)
        highest = self._rolling.highest(often)[at]
        p = tails.upper(calls, mean, variance)
        chosen = (p < CANDIDATE) & (calls >= LEAST_TIMES * mean) & (calls > highest)
        start = self._counts.bin[self._begins[cells]] * BIN
        told = (self._counts.series[cells], start, end, calls, mean, variance, highest, p)
        yield from self._told(day, [each[chosen] for each in told])

    def _drops(self, day: int, today: Counts) -> Iterator[Episode]:
        """Yield the covered hours of a day that have too few calls, of series that always have many."""
        covered = self._coverage.sums.sum(1)[self._place]
        often = self._rolling.calls() >= LEAST_EXPECTED / 2 * np.maximum(covered, 1)
        rows = np.flatnonzero(often & (self._coverage.days[self._place] >= self._least_days))
        if not len(rows):
            return
        hours = np.arange(day * 24, day * 24 + 24)
        calls = np.zeros((len(rows), 24))
        mine = np.isin(today.series, rows)
        calls[np.searchsorted(rows, today.series[mine]), today.bin[mine] % 24] = today.calls[mine]
        judged = self._coverage.inner(day)[self._place[rows]] & (hours * HOUR >= self._covered.since)
        judged &= (hours + 1) * HOUR <= self._covered.until
        self.tests += int(judged.sum())
        row, hour = np.nonzero(judged)
        known = self._expected(rows)
        quiet = _quietness(calls, known.mean[:, hours % WEEK_HOURS], self._place[rows])
        found = calls[row, hour]
        mean, variance = known.at(row, hours[hour], quiet[row, hour])
        p = tails.lower(found, mean, variance)
        chosen = (p < CANDIDATE) & (mean >= LEAST_EXPECTED) & (found * LEAST_TIMES <= mean)
        start = hours[hour] * HOUR
        told = (rows[row], start, start + HOUR, found, mean, variance, self._rolling.highest(rows)[row], p)
        yield from self._told(day, [each[chosen] for each in told])

    def _told(self, day: int, columns: Sequence[npt.NDArray[Any]]) -> Iterator[Episode]:
        since = max(self._covered.first_hour * HOUR, (day - HISTORY_DAYS) * DAY)
        days: list[int] = self._coverage.days[self._place[columns[0]]].tolist()
        told = zip(*(each.tolist() for each in columns), days, strict=True)
        for series, start, end, calls, mean, variance, highest, p, known in told:
            yield Episode(series, start, end, self._width, calls, mean, variance, highest, p, since, known)

    def _take(self, today: Counts, often: Whole, known: Expected) -> None:
        """Let a day become history; what was far out of the ordinary becomes so only in part."""
        hour, calls = today.bin * self._width // HOUR, today.calls.astype(np.float64)
        many = np.flatnonzero((calls > LEAST_CALLS) & self._enough(today.series))
        at = np.searchsorted(often, today.series[many])
        mean, variance = known.at(at, hour[many])
        most: Numbers = np.maximum(LEAST_CALLS, mean + TEMPERED * np.sqrt(variance))
        above = calls[many] > most
        above[above] = tails.upper(calls[many][above], mean[above], variance[above]) < CANDIDATE
        lasting = np.bincount(at[above], minlength=len(often)) > LASTING * DAY / self._width
        tempered = calls.copy()
        tempered[many] = np.where(above & ~lasting[at], most, calls[many])
        self._rolling.take(today.series, hour, calls, tempered)


def _quietness(calls: Numbers, mean: Numbers, place: Whole) -> Numbers:
    """Return how quiet all of a place is in each hour, one at most, so that a holiday is not told for each series."""
    found = np.ones_like(calls)
    for each in np.unique(place):
        rows = np.flatnonzero(place == each)
        if len(rows) >= FELLOWS:
            found[rows] = np.minimum(1.0, np.quantile(calls[rows] / mean[rows], QUIET, axis=0))
    return found


def joined(windows: Sequence[Episode]) -> Iterator[Episode]:
    """Yield the episodes that windows of any widths make up, in order of series, then time."""
    group: list[Episode] = []
    end = 0
    for each in sorted(windows, key=lambda each: (each.series, each.drop, each.start, each.end, each.width)):
        alike = group and (group[0].series, group[0].drop) == (each.series, each.drop)
        if group and not (alike and each.start <= end + JOIN):
            yield _whole(group)
            group = []
        end = max(end, each.end) if group else each.end
        group.append(each)
    if group:
        yield _whole(group)


def _whole(group: Sequence[Episode]) -> Episode:
    """Return one episode for all, told by its narrowest window that is about as unusual as any."""
    surprise = [-math.log10(max(each.p, 1e-300)) for each in group]
    about = [each for each, much in zip(group, surprise, strict=True) if much >= ABOUT * max(surprise)]
    chief = min(about, key=lambda each: (each.width, each.p, each.start))
    least = min(each.p for each in group)
    return replace(chief, start=group[0].start, end=max(each.end for each in group), p=least)
