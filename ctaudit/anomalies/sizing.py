"""What is told of the numbers of an episode: observed and expected, interval, parameters, and histories too short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from ctaudit.anomalies import baseline, rates, tails
from ctaudit.anomalies.ground import HISTORY_DAYS, LEAST_DAYS
from ctaudit.anomalies.rates import Episode
from ctaudit.anomalies.telling import lasting, several
from ctaudit.table import Value

PARAMETERS: Mapping[str, Value] = {
    "distribution": "negative binomial, by hour of the week",
    "history_days": HISTORY_DAYS,
    "least_history_days": LEAST_DAYS,
    "windows_seconds": list(rates.WIDTHS),
    "least_calls": rates.LEAST_CALLS,
    "least_times_expected": rates.LEAST_TIMES,
    "least_expected_of_a_drop": rates.LEAST_EXPECTED,
    "candidates_below_p": rates.CANDIDATE,
    "joined_within_seconds": rates.JOIN,
    "history_tempered_at_deviations": rates.TEMPERED,
    "history_taken_as_it_is_above_share_of_day": rates.LASTING,
    "hour_of_day_pseudo_windows": baseline.HOUR_OF_DAY,
    "hour_of_week_pseudo_windows": baseline.HOUR_OF_WEEK,
    "prior_calls": baseline.PRIOR_CALLS,
    "prior_dispersion": baseline.DISPERSION,
    "prior_cluster": baseline.CLUSTER,
}


class Numbers(TypedDict):
    """The fields of an Anomaly that tell its numbers."""

    observed: float
    unit: str
    p: float
    expected: float
    interval: tuple[float, float]
    baseline: tuple[int, int]
    parameters: Mapping[str, Value]


def numbers(episode: Episode, unit: str) -> Numbers:
    """Return what the most unusual window of an episode says."""
    return Numbers(
        observed=episode.observed,
        unit=f"{unit} in {lasting(episode.width)}",
        p=episode.p,
        expected=episode.expected,
        interval=tails.interval(episode.expected, episode.variance),
        baseline=(episode.since, episode.start),
        parameters={
            "window_seconds": episode.width,
            "variance": episode.variance,
            "highest_before": episode.highest,
        },
    )


def short(unjudged: int, one: str, many: str, least_days: int = LEAST_DAYS) -> list[str]:
    """Say that series were not judged, if so."""
    if not unjudged:
        return []
    before = f"had less than {several(least_days, 'day')} of covered history and could not be judged"
    return [f"{several(unjudged, one, many)} {before}"]
