"""What to expect of each hour of the week: rolling sums over 28 days, shrunk where they rest on little.

The mean of an hour of the week leans on the product of what its hour of the day and its day of the week say, and those
on the mean of all hours: the more, the fewer calls they rest on and the more these come in clumps, as an empirical
Bayes estimate would. A level says how the last week differs from the four.

Variance is m·F, as though calls came in clumps, or m + φ·m², as though the rate itself varied, whichever is more: by
the residuals, and by priors that fade as calls are counted. That the mean may err adds its share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies.ground import HISTORY_DAYS, LATELY_DAYS

Whole = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

WEEK_HOURS = 168
HOUR_OF_DAY, DAY_OF_WEEK, HOUR_OF_WEEK = 0.5, 0.2, 0.03
"""How far hours of the day differ, days of the week, and hours of the week from what both say: variances, in squares of
the mean."""
LEVEL = 0.1
"""How far one week differs from the four before, likewise: what is called more and more is no burst."""
CLUSTER = 3.0
"""How much greater than its mean the variance of a rare call is."""
DISPERSION = 0.5
"""φ of a series of which little is known."""
PRIOR_CALLS = 3.0
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
    lately: Numbers
    """Calls of the last seven days: one number for each series."""
    windows_lately: Numbers
    """Covered windows of them, by hour of the week."""


@dataclass(frozen=True, slots=True)
class Expected:
    """For each series: the mean by hour of the week, and what the variance is made of."""

    mean: Numbers
    fano: Numbers
    dispersion: Numbers
    unsure: Numbers
    """By how much the mean may err: its variance in that of one window."""

    def at(self, row: Whole, hour: Whole, share: Numbers | float = 1.0) -> tuple[Numbers, Numbers]:
        """Return mean and variance for pairs of a series and an hour since 1970, of which a share is expected."""
        week = hour % WEEK_HOURS
        mean = self.mean[row, week] * share
        variance = np.maximum(mean * self.fano[row], mean + self.dispersion[row] * mean**2)
        return mean, variance * (1 + self.unsure[row, week])


def expect(sums: Sums) -> Expected:
    """Return what to expect."""
    calls, windows = sums.calls.sum(1), sums.windows.sum(1)
    overall = (calls + FIRST) / np.maximum(windows, 1)
    calls_of, squares_of, windows_of = (_weekly(each) for each in (sums.calls, sums.squares, sums.windows))
    hourly = calls_of.sum(1) ** 2 / np.maximum(windows_of.sum(1), 1)
    within = np.maximum(0.0, squares_of.sum(1) - hourly).sum(1)
    spread = (np.maximum(1.0, (within + PRIOR_CALLS * CLUSTER) / (calls + PRIOR_CALLS)) / overall)[:, None]
    by_hour = _shrunk(calls_of.sum(1), windows_of.sum(1), overall[:, None], spread / HOUR_OF_DAY)
    by_day = _shrunk(calls_of.sum(2), windows_of.sum(2), overall[:, None], spread / DAY_OF_WEEK)
    product = (by_day[:, :, None] * by_hour[:, None, :]).reshape(-1, WEEK_HOURS) / overall[:, None]
    mean = _shrunk(sums.calls, sums.windows, product, spread / HOUR_OF_WEEK)
    due, prior = (sums.windows_lately * mean).sum(1), spread[:, 0] * overall / LEVEL
    level = (sums.lately + prior) / (due + prior)
    total, square = (sums.windows * mean).sum(1), (sums.windows * mean**2).sum(1)
    residual = (sums.squares - 2 * mean * sums.calls + sums.windows * mean**2).sum(1)
    seen = np.maximum(0.0, (residual - total) / np.maximum(square, 1e-12))
    own = calls / (calls + PRIOR_CALLS)
    fano = np.maximum(1.0, (residual + PRIOR_CALLS * CLUSTER) / (total + PRIOR_CALLS))
    unsure = 1 / (sums.windows + spread / HOUR_OF_WEEK)
    return Expected(mean * level[:, None], fano, own * seen + (1 - own) * DISPERSION, unsure)


def _weekly(sums: Numbers) -> Numbers:
    """Return sums by day of the week and hour of the day: series × 7 × 24."""
    return sums.reshape(-1, 7, 24)


def _shrunk(calls: Numbers, windows: Numbers, towards: Numbers, weight: Numbers) -> Numbers:
    found: Numbers = (calls + weight * towards) / (windows + weight)
    return found


class Rolling:
    """Sums of the last 28 days, for windows of one width: days come in, and old ones go out again."""

    def __init__(self, series: int) -> None:
        self._calls, self._squares = np.zeros((series, WEEK_HOURS)), np.zeros((series, WEEK_HOURS))
        self._highest = np.zeros((HISTORY_DAYS, series))
        self._lately = np.zeros((LATELY_DAYS, series))
        self._kept: list[tuple[Whole, Whole, Numbers]] = []
        self._day = 0

    def sums(self, rows: Whole, windows: Numbers, windows_lately: Numbers) -> Sums:
        """Return what is known of some series; `windows` are the covered ones, for each of them."""
        lately = self._lately[:, rows].sum(0)
        return Sums(self._calls[rows], self._squares[rows], windows, lately, windows_lately)

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
        highest = self._highest[self._day % HISTORY_DAYS]
        highest[:] = 0
        np.maximum.at(highest, row, counts)
        self._lately[self._day % LATELY_DAYS] = np.bincount(row, tempered, self._lately.shape[1])
        self._day += 1

    def peak(self, row: Whole, counts: Numbers) -> None:
        """Take in what sliding windows of the day that was taken last held: more than those that lie still."""
        np.maximum.at(self._highest[(self._day - 1) % HISTORY_DAYS], row, counts)

    def _add(self, row: Whole, week: Whole, counts: Numbers, sign: float) -> None:
        np.add.at(self._calls, (row, week), sign * counts)
        np.add.at(self._squares, (row, week), sign * counts**2)
