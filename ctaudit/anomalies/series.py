"""From rows of counts to series of them, and from episodes of series to what is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ctaudit.anomalies import tails
from ctaudit.anomalies.anomaly import Series
from ctaudit.anomalies.cube import BIN
from ctaudit.anomalies.ground import HOUR, Ground, Place
from ctaudit.anomalies.rates import Covered, Episode
from ctaudit.anomalies.windows import Counts, Whole

Key = tuple[str | None, ...]

_BEFORE, _AFTER = 24, 8
"""Windows that a picture shows before an episode, and after it."""
_MOST = 120
"""Windows of a picture."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """Series of counts, and what each is of."""

    counts: Counts
    keys: Sequence[Key]

    def rows(self, rows: Iterable[int]) -> Whole:
        """Return a number for each series as an array."""
        return np.fromiter(rows, np.int64, len(self.keys))


def of_table(table: pa.Table, dimensions: Sequence[str]) -> Grouped:
    """Group the rows of a cube by some of its dimensions; the others but `bin` are added up."""
    codes = [table[name].combine_chunks().dictionary_encode() for name in dimensions]
    series, keys = np.zeros(table.num_rows, np.int64), np.zeros((1, 0), np.int64)
    for code in codes:
        own = np.asarray(code.indices.fill_null(-1), np.int64) + 1
        pairs, series = np.unique(series * (len(code.dictionary) + 1) + own, return_inverse=True)
        before, last = np.divmod(pairs, len(code.dictionary) + 1)
        keys = np.column_stack([keys[before], last - 1])
    names = [code.dictionary.to_pylist() for code in codes]
    spelled = [
        tuple(None if at < 0 else name[at] for at, name in zip(row, names, strict=True)) for row in keys.tolist()
    ]
    return Grouped(added(series, _whole(table["bin"]), _whole(table["n"])), spelled if table.num_rows else [])


def added(series: Whole, bins: Whole, calls: Whole) -> Counts:
    """Return the calls in order of series and bin, those of the same added up."""
    order = np.lexsort((bins, series))
    series, bins, calls = series[order], bins[order], calls[order]
    new = np.ones(len(series), np.bool_)
    new[1:] = (np.diff(series) != 0) | (np.diff(bins) != 0)
    at = np.flatnonzero(new)
    return Counts(series[at], bins[at], np.add.reduceat(calls, at) if len(at) else calls)


def _whole(column: pa.ChunkedArray) -> Whole:
    return np.asarray(column.combine_chunks().fill_null(-1), np.int64)


def covered(ground: Ground, places: Sequence[Sequence[Place]]) -> Covered:
    """Return the time, with a row for each of some sets of places: covered where the logs of one of them speak."""
    rows = [
        np.any([ground.spoken(place) for place in each] or [np.zeros(ground.hours, np.bool_)], axis=0)
        for each in places
    ]
    masks = np.array(rows, np.bool_).reshape(len(rows), ground.hours)
    return Covered(masks, ground.first_hour, ground.since, ground.until)


def picture(counts: Counts, episode: Episode, mask: npt.NDArray[np.bool_], ground: Ground) -> Series:
    """Return the counts around an episode, with what was expected at its most unusual window."""
    width = episode.width
    most = max(1, _MOST - _BEFORE - _AFTER)
    first = max(episode.start // width - _BEFORE, ground.first_hour * HOUR // width)
    last = min(min(episode.end // width, episode.start // width + most) + _AFTER, (ground.until - 1) // width)
    total = max(1, last - first + 1)
    low, high = np.searchsorted(counts.series, [episode.series, episode.series + 1])
    slot = counts.bin[low:high] * BIN // width - first
    inside = (slot >= 0) & (slot < total)
    calls = np.bincount(slot[inside], counts.calls[low:high][inside], total).astype(np.int64)
    hours = (first + np.arange(total)) * width // HOUR - ground.first_hour
    spoken = mask[np.clip(hours, 0, len(mask) - 1)]
    told = tuple(int(n) if known or n else None for n, known in zip(calls, spoken, strict=True))
    band = tails.interval(episode.expected, episode.variance)
    expected, least, greatest = ((value,) * total for value in (episode.expected, *band))
    return Series(first * width, width, told, expected, least, greatest)
