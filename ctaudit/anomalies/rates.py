"""How often is something called: which counts are out of the ordinary, by quarters of an hour and by hours.

A burst ends in some five minutes that have calls, so only windows that end in such are looked at: the cost goes with
calls, not with series. Each day is judged by the 28 days before it, as CloudTrail does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies import tails
from ctaudit.anomalies.baseline import Expected, Rolling, expect
from ctaudit.anomalies.cube import BIN
from ctaudit.anomalies.ground import DAY, HISTORY_DAYS, HOUR, LEAST_DAYS
from ctaudit.anomalies.windows import Counts, Coverage, Days, Numbers, Whole, aligned, trailing

WIDTHS = (900, 3600)
"""Seconds of the windows that are looked at."""
LEAST_CALLS = 5
"""Fewer calls in a window are never a burst."""
LEAST_TIMES = 3.0
"""How many times what was expected a burst has, and a drop lacks."""
LEAST_EXPECTED = 8.0
"""An hour in which fewer were expected is never a drop."""
CANDIDATE = 1e-5
"""Windows less surprising than that are not looked at further."""
TEMPERED = 6.0
"""Standard deviations above the mean from which on a count enters the history as no more than that."""
LASTING = 0.1
"""Share of a day's windows from which on such counts are the new rule, and enter the history as they are."""
JOIN = 1800
"""Seconds of quiet within which two unusual windows are still one episode."""
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
    """Seconds of the most unusual window; the numbers below are of that one."""
    observed: float
    expected: float
    variance: float
    highest: float
    """The most calls that a window of that width had before."""
    p: float
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
        for day in range(self._covered.first_hour // 24, -(-self._covered.until // DAY)):
            cells, today = days_of_cells.of(day), slots.part(days_of_slots.of(day))
            rows = np.unique(today.series)
            enough = self._coverage.days[self._place[rows]] >= self._least_days
            known = self._expected(rows)
            if (day + 1) * DAY > self._covered.since:
                self.short.update(rows[~enough].tolist())
                yield from self._spikes(day, cells, rows[enough])
                if self._width == HOUR:
                    yield from self._drops(day, today)
            self._take(today, rows, known, enough)
            self._coverage.take(day)

    def _expected(self, rows: Whole) -> Expected:
        windows = self._coverage.sums[self._place[rows]]
        return expect(self._rolling.sums(rows, windows), HOUR / self._width / 4)

    def _spikes(self, day: int, cells: Whole, rows: Whole) -> Iterator[Episode]:
        """Yield the windows that end on a day and have too many calls."""
        self.tests += int(self._coverage.of(day)[self._place[rows]].sum()) * (HOUR // self._width)
        busy = (self._windows[cells] >= LEAST_CALLS) & (self._counts.bin[cells] * BIN >= self._covered.since)
        cells = cells[busy & np.isin(self._counts.series[cells], rows)]
        if not len(cells):
            return
        at, known = np.searchsorted(rows, self._counts.series[cells]), self._expected(rows)
        end, calls = (self._counts.bin[cells] + 1) * BIN, self._windows[cells].astype(np.float64)
        mean, variance = known.at(at, (end - self._width // 2) // HOUR)
        highest = self._rolling.highest(rows)[at]
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
        judged = self._coverage.of(day)[self._place[rows]] & (hours * HOUR >= self._covered.since)
        judged &= (hours + 1) * HOUR <= self._covered.until
        self.tests += int(judged.sum())
        row, hour = np.nonzero(judged)
        mean, variance = self._expected(rows).at(row, hours[hour])
        found = calls[row, hour]
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

    def _take(self, today: Counts, rows: Whole, known: Expected, enough: npt.NDArray[np.bool_]) -> None:
        """Let a day become history; what was far out of the ordinary becomes so only in part."""
        at, hour = np.searchsorted(rows, today.series), today.bin * self._width // HOUR
        calls = today.calls.astype(np.float64)
        mean, variance = known.at(at, hour)
        most: Numbers = np.maximum(LEAST_CALLS, mean + TEMPERED * np.sqrt(variance))
        above = enough[at] & (calls > most)
        lasting = np.bincount(at[above], minlength=len(rows)) > LASTING * DAY / self._width
        self._rolling.take(today.series, hour, calls, np.where(above & ~lasting[at], most, calls))


def joined(windows: Sequence[Episode]) -> Iterator[Episode]:
    """Yield the episodes that windows of any widths make up, in order of series, then time."""
    current: Episode | None = None
    for each in sorted(windows, key=lambda each: (each.series, each.drop, each.start, each.end, each.width)):
        alike = current is not None and (current.series, current.drop) == (each.series, each.drop)
        if current is None or not alike or each.start > current.end + JOIN:
            if current is not None:
                yield current
            current = each
            continue
        most = min(current, each, key=lambda one: (one.p, one.width, one.start))
        current = replace(most, start=current.start, end=max(current.end, each.end))
    if current is not None:
        yield current
