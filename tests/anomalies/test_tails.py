"""Tails against SciPy's own distributions, and false-discovery control against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ctaudit.anomalies import tails


@pytest.mark.parametrize(("mean", "variance"), [(0.01, 0.05), (2.0, 9.0), (40.0, 41.0), (1000.0, 90_000.0)])
def test_tails_are_those_of_the_negative_binomial_distribution(mean: float, variance: float) -> None:
    size = mean**2 / (variance - mean)
    known = stats.nbinom(size, size / (size + mean))
    counts = np.array([0, 1, 2, 5, 30, 400, 3000])
    assert tails.upper(counts, mean, variance) == pytest.approx(known.sf(counts - 1), rel=1e-6, abs=1e-300)
    assert tails.lower(counts, mean, variance) == pytest.approx(known.cdf(counts), rel=1e-6)


@pytest.mark.parametrize("variance", [0.0, 1.0, 3.0])
def test_without_more_variance_than_mean_they_are_poissons(variance: float) -> None:
    counts = np.array([0, 1, 3, 20])
    assert tails.upper(counts, 3.0, variance) == pytest.approx(stats.poisson(3.0).sf(counts - 1))
    assert tails.interval(3.0, variance) == (0.0, 8.0)


def test_where_nothing_was_expected_anything_is_a_surprise() -> None:
    assert tails.upper([0, 1], 0.0, 0.0).tolist() == [1.0, 0.0]
    assert tails.lower([0], 0.0, 0.0).tolist() == [1.0]
    assert tails.interval(0.0, 0.0) == (0.0, 0.0)


def test_an_interval_holds_99_of_100() -> None:
    low, high = tails.interval(20.0, 100.0)
    size = 20.0**2 / 80
    drawn = stats.nbinom(size, size / (size + 20)).rvs(20_000, random_state=1)
    assert 0.985 < np.mean((drawn >= low) & (drawn <= high)) < 0.997


def test_false_discoveries_are_controlled_as_benjamini_and_hochberg_do() -> None:
    p = np.random.default_rng(2).uniform(0, 1, 500) ** 3
    assert tails.q_values(p, 500) == pytest.approx(stats.false_discovery_control(p))


def test_tests_that_found_nothing_count_though_they_are_not_given() -> None:
    p = np.random.default_rng(3).uniform(0, 1, 500) ** 3
    few = np.sort(p)[:20]
    assert tails.q_values(few, 500) == pytest.approx(np.sort(stats.false_discovery_control(p))[:20])
    assert tails.q_values([], 500).size == 0
