"""Counts of calls by windows of time: sliding ones to find bursts in, and aligned ones that a history is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies.baseline import WEEK_HOURS
from ctaudit.anomalies.ground import DAY, HISTORY_DAYS

Whole = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Calls by series and bin: no pair twice, in order of series, then time."""

    series: Whole
    bin: Whole
    """Bins of one width, counted from 1970."""
    calls: Whole

    def part(self, which: slice | Whole | npt.NDArray[np.bool_]) -> Counts:
        return Counts(self.series[which], self.bin[which], self.calls[which])


def trailing(counts: Counts, bins: int) -> tuple[Whole, Whole]:
    """Return for each bin the calls of the window of so many bins that ends with it, and the window's first entry."""
    if not len(counts.bin):
        return counts.calls, counts.bin
    span = int(counts.bin.max() - counts.bin.min()) + bins + 1  # so that no window reaches into another series
    key = counts.series * span + counts.bin
    begins = np.searchsorted(key, key - bins + 1)
    added = np.concatenate([[0], np.cumsum(counts.calls)])
    return added[1:] - added[begins], begins


def aligned(counts: Counts, bins: int) -> Counts:
    """Return the calls by windows of so many bins that begin at multiples of their width."""
    slot = counts.bin // bins
    new = np.ones(len(slot), np.bool_)
    new[1:] = (np.diff(slot) != 0) | (np.diff(counts.series) != 0)
    at = np.flatnonzero(new)
    calls = np.add.reduceat(counts.calls, at) if len(at) else counts.calls
    return Counts(counts.series[at], slot[at], calls)


class Days:
    """Entries by the day that they lie in."""

    def __init__(self, bins: Whole, width: int) -> None:
        days = bins * width // DAY
        self._order = np.argsort(days, kind="stable")
        self._days = days[self._order]

    def of(self, day: int) -> Whole:
        """Return the entries of a day, in their order."""
        return self._order[slice(*np.searchsorted(self._days, [day, day + 1]))]


class Coverage:
    """Covered windows of the last 28 days, by place and hour of the week."""

    def __init__(self, hours: npt.NDArray[np.bool_], first_hour: int, an_hour: int) -> None:
        self.sums: Numbers = np.zeros((len(hours), WEEK_HOURS))
        self.days: Whole = np.zeros(len(hours), np.int64)
        """Days with at least one covered hour."""
        self._hours, self._first, self._an_hour = hours, first_hour, an_hour

    def of(self, day: int) -> npt.NDArray[np.bool_]:
        """Return which hours of a day are covered: places × 24."""
        found = np.zeros((len(self._hours), 24), np.bool_)
        begin = day * 24 - self._first
        low, high = max(0, begin), min(self._hours.shape[1], begin + 24)
        if low < high:
            found[:, low - begin : high - begin] = self._hours[:, low:high]
        return found

    def take(self, day: int) -> None:
        """Take in a day, and let go of the one that is too old."""
        for each, sign in ((day, 1), (day - HISTORY_DAYS, -1)):
            hours = self.of(each)
            week = np.arange(each * 24, each * 24 + 24) % WEEK_HOURS
            self.sums[:, week] += sign * self._an_hour * hours
            self.days += sign * hours.any(axis=1)
