"""How surprising a count is: tails of the negative binomial distribution, and false-discovery control.

Calls come in bursts: their variance is greater than their mean, and a Poisson or normal tail cries wolf. With mean m
and variance v > m the negative binomial has size r = m² / (v − m); where v ≤ m it is the Poisson distribution.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special, stats

Numbers = npt.NDArray[np.float64]

LEVEL = 0.99
"""Share of observations within an interval that is told."""


def upper(counts: npt.ArrayLike, mean: npt.ArrayLike, variance: npt.ArrayLike) -> Numbers:
    """Return P(X ≥ count) for each count."""
    k, m, v = np.broadcast_arrays(*(np.asarray(each, np.float64) for each in (counts, mean, variance)))
    tail = np.ones(k.shape)
    some = (k > 0) & (m > 0)
    wide = some & (v > m * (1 + 1e-9))
    even = some & ~wide
    size = m[wide] ** 2 / (v[wide] - m[wide])
    tail[wide] = special.betainc(k[wide], size, m[wide] / (size + m[wide]))
    tail[even] = special.gammainc(k[even], m[even])
    tail[(k > 0) & (m <= 0)] = 0.0
    return tail


def lower(counts: npt.ArrayLike, mean: npt.ArrayLike, variance: npt.ArrayLike) -> Numbers:
    """Return P(X ≤ count) for each count."""
    return 1.0 - upper(np.asarray(counts, np.float64) + 1, mean, variance)


def interval(mean: float, variance: float) -> tuple[float, float]:
    """Return between which counts `LEVEL` of all observations lie."""
    if mean <= 0:
        return 0.0, 0.0
    tail = (1 - LEVEL) / 2
    if variance > mean * (1 + 1e-9):
        size = mean**2 / (variance - mean)
        found = stats.nbinom.ppf([tail, 1 - tail], size, size / (size + mean))
    else:
        found = stats.poisson.ppf([tail, 1 - tail], mean)
    return float(found[0]), float(found[1])


def q_values(p: npt.ArrayLike, tests: int) -> Numbers:
    """Return for each p-value the false-discovery rate at which it is still reported (Benjamini–Hochberg).

    `tests` is how many were made; those not given are taken for greater than those given.
    """
    given = np.asarray(p, np.float64)
    order = np.argsort(given, kind="stable")
    scaled = given[order] * max(tests, given.size) / np.arange(1, given.size + 1)
    found = np.empty_like(given)
    found[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return found
