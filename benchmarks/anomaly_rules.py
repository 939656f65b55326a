"""Two rules that people write to find anomalies, beside which `anomalies.py` puts ctaudit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from anomaly_world import BIN, DAY, JUDGED, World

HISTORY = 28 * DAY
WEEK = 7 * DAY // BIN
WINDOW = 3
"""Bins."""
RATIO, LEAST = 3.0, 5.0

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a detector says."""

    api: int
    start: int
    """Minute of the simulation."""
    end: int
    """Exclusive."""
    up: bool


def three_sigma(seen: World, *, drops: bool) -> list[Alarm]:
    """Alarm in each minute with more calls than the mean and three standard deviations of the 28 days before."""
    calls = seen.calls.astype(np.float64)
    mean = _trailing(calls, HISTORY) / HISTORY
    deviation = np.sqrt(np.maximum(0, _trailing(calls * calls, HISTORY) / HISTORY - mean**2))
    now = calls[:, JUDGED:]
    alarms = _episodes(now > mean + 3 * deviation, 1, up=True)
    return alarms + _episodes(now < mean - 3 * deviation, 1, up=False) if drops else alarms


def weekly_mean(seen: World, *, drops: bool) -> list[Alarm]:
    """Alarm in each quarter of an hour with five calls and three times the mean of the seven days before."""
    bins = seen.calls.reshape(len(seen.calls), -1, BIN).sum(axis=2, dtype=np.float64)
    first = JUDGED // BIN
    usual = _trailing(bins, WEEK, first)[:, : 1 - WINDOW] * (WINDOW / WEEK)
    sums = np.lib.stride_tricks.sliding_window_view(bins[:, first:], WINDOW, axis=1).sum(axis=2)
    alarms = _episodes(_widened((sums > RATIO * usual) & (sums >= LEAST)), BIN, up=True)
    low = (sums < usual / RATIO) & (usual >= LEAST)
    return alarms + _episodes(_widened(low), BIN, up=False) if drops else alarms


def _trailing(values: Numbers, width: int, first: int = JUDGED) -> Numbers:
    """Return for each time from `first` on the sum of so many values before it."""
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    end = values.shape[1]
    return np.asarray(sums[:, first:end] - sums[:, first - width : end - width], np.float64)


def _widened(windows: Flags) -> Flags:
    """Return which bins lie in a window that is flagged."""
    flags = np.zeros((windows.shape[0], windows.shape[1] + WINDOW - 1), np.bool_)
    for shift in range(WINDOW):
        flags[:, shift : shift + windows.shape[1]] |= windows
    return flags


def _episodes(flags: Flags, width: int, *, up: bool) -> list[Alarm]:
    """Return runs of flags, each so many minutes wide, as alarms."""
    padded = np.pad(flags, ((0, 0), (1, 1))).astype(np.int8)
    apis, begins = np.nonzero(np.diff(padded, axis=1) == 1)
    _, ends = np.nonzero(np.diff(padded, axis=1) == -1)
    rows = zip(apis.tolist(), begins.tolist(), ends.tolist(), strict=True)
    return [Alarm(api, JUDGED + begin * width, JUDGED + end * width, up) for api, begin, end in rows]
