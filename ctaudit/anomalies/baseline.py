"""What to expect of each hour of the week: rolling sums over 28 days, shrunk where they rest on little.

The mean of an hour of the week leans on that of its hour of the day, and that on the mean of all hours, by as many
pseudo-observations as `HOUR_OF_WEEK` and `HOUR_OF_DAY` say: with 28 covered days an hour of the day has 112 quarters of
an hour of its own and so four fifths of the say.

Variance is m·F + φ·m². φ, what the rate itself varies by, comes of the residuals; F, that few calls rarely come alone,
is a prior that fades as calls are counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies.ground import HISTORY_DAYS

Whole = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

WEEK_HOURS = 168
HOUR_OF_DAY = 28.0
HOUR_OF_WEEK = 16.0
"""Pseudo-observations, in quarters of an hour."""
CLUSTER = 4.0
"""How much greater than its mean the variance of a rare call is."""
DISPERSION = 0.5
"""φ of a series of which little is known."""
PRIOR_CALLS = 50.0
"""After so many calls what was counted weighs as much as the priors."""
FIRST = 0.5
"""Calls that one counts for granted in a history without any."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What a history holds of some series, by hour of the week: arrays of series × 168, in windows of one width."""

    calls: Numbers
    squares: Numbers
    """Of the calls of each window."""
    windows: Numbers
    """Covered windows."""


@dataclass(frozen=True, slots=True)
class Expected:
    """For each series: the mean by hour of the week, and what the variance is made of."""

    mean: Numbers
    fano: Numbers
    dispersion: Numbers

    def at(self, row: Whole, hour: Whole) -> tuple[Numbers, Numbers]:
        """Return mean and variance for pairs of a series and an hour since 1970."""
        mean = self.mean[row, hour % WEEK_HOURS]
        return mean, mean * self.fano[row] + self.dispersion[row] * mean**2


def expect(sums: Sums, per_quarter: float) -> Expected:
    """Return what to expect; `per_quarter` is how many windows lie in a quarter of an hour: 0.25 of hours."""
    calls, windows = sums.calls.sum(1), sums.windows.sum(1)
    overall = (calls + FIRST) / np.maximum(windows, 1)
    by_day = _shrunk(_days(sums.calls), _days(sums.windows), overall[:, None], HOUR_OF_DAY * per_quarter)
    mean = _shrunk(sums.calls, sums.windows, np.tile(by_day, 7), HOUR_OF_WEEK * per_quarter)
    total, square = (sums.windows * mean).sum(1), (sums.windows * mean**2).sum(1)
    residual = (sums.squares - 2 * mean * sums.calls + sums.windows * mean**2).sum(1)
    seen = np.maximum(0.0, (residual - total) / np.maximum(square, 1e-12))
    own = calls / (calls + PRIOR_CALLS)
    return Expected(mean, 1 + (CLUSTER - 1) * (1 - own), own * seen + (1 - own) * DISPERSION)


def _days(weekly: Numbers) -> Numbers:
    """Add up the seven hours of the week that are the same hour of the day: hour 0 of both is a midnight."""
    found: Numbers = weekly.reshape(len(weekly), 7, 24).sum(1)
    return found


def _shrunk(calls: Numbers, windows: Numbers, towards: Numbers, weight: float) -> Numbers:
    found: Numbers = (calls + weight * towards) / (windows + weight)
    return found


class Rolling:
    """Sums of the last 28 days, for windows of one width: days come in, and old ones go out again."""

    def __init__(self, series: int) -> None:
        self._calls, self._squares = np.zeros((series, WEEK_HOURS)), np.zeros((series, WEEK_HOURS))
        self._highest = np.zeros((HISTORY_DAYS, series))
        self._kept: list[tuple[Whole, Whole, Numbers]] = []
        self._next = 0

    def sums(self, rows: Whole, windows: Numbers) -> Sums:
        """Return what is known of some series; `windows` are the covered ones, for each of them."""
        return Sums(self._calls[rows], self._squares[rows], windows)

    def calls(self) -> Numbers:
        """Return how many calls each series had."""
        found: Numbers = self._calls.sum(1)
        return found

    def highest(self, rows: Whole) -> Numbers:
        """Return the most calls that one window of each series had."""
        found: Numbers = self._highest[:, rows].max(0)
        return found

    def take(self, row: Whole, hour: Whole, counts: Numbers, tempered: Numbers) -> None:
        """Take in a day: for each window with calls its series, its hour since 1970, its calls, and those calls
        lessened where they were out of the ordinary, so that a burst does not pass for the rule afterwards.
        """
        week = hour % WEEK_HOURS
        self._add(row, week, tempered, 1.0)
        self._kept.append((row, week, tempered))
        if len(self._kept) > HISTORY_DAYS:
            self._add(*self._kept.pop(0), -1.0)
        highest = self._highest[self._next]
        highest[:] = 0
        np.maximum.at(highest, row, counts)
        self._next = (self._next + 1) % HISTORY_DAYS

    def _add(self, row: Whole, week: Whole, counts: Numbers, sign: float) -> None:
        np.add.at(self._calls, (row, week), sign * counts)
        np.add.at(self._squares, (row, week), sign * counts**2)
