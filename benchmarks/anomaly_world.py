"""Simulated accounts whose anomalies are known: what `anomalies.py` judges detectors by.

An account has 150 APIs. How often each is called is log-normal, from once in weeks to ten thousand times a day. Of its
calls 60% follow the hours and days in which people work, each API's a little earlier or later; some work at night.
Every five minutes its rate is multiplied by another gamma variable, so counts vary more than chance alone would make
them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

APIS, DAYS, JUDGED_DAYS = 150, 35, 7
START = 1767571200
"""2026-01-05, a Monday: when the first day begins, in seconds since 1970."""
DAY, BIN = 1440, 5
"""Minutes."""
MINUTES = DAYS * DAY
JUDGED = (DAYS - JUDGED_DAYS) * DAY
"""The minute from which on anomalies are looked for."""
RHYTHM = 0.6
"""Share of calls that people cause."""
DENSITIES = {"sparse": (0.0, 10.0), "middle": (10.0, 300.0), "dense": (300.0, np.inf)}
"""Calls a day, from and to."""
LABELS = 10
"""Bursts in an account and week, for each density."""
DROPS = 10
DENSE_ENOUGH = 500
"""Calls a day from which on an API that falls silent is labelled."""
EDGE = 60
"""Minutes between an outage and the nearest label."""

Counts = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Label:
    """An anomaly that is there."""

    api: int
    start: int
    """Minute of the simulation."""
    end: int
    """Exclusive."""
    up: bool
    """Whether there are more calls than usual."""
    density: str


@dataclass(frozen=True, slots=True)
class World:
    """What the logs of an account hold."""

    calls: Counts
    """For each API and minute."""
    covered: npt.NDArray[np.bool_]
    """For each hour, whether the logs speak for it."""
    daily: Numbers
    """Calls a day of each API, in the mean."""
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens in an account that is no anomaly of an API."""

    drift: bool = False
    """A third of the APIs grow or shrink by up to three times, slowly."""
    holiday: bool = False
    """People stay away on one working day of the week that is judged."""
    clumps: bool = False
    """Four of ten APIs are called in clumps of two or four in the mean, by chance of many more, as deployments do."""
    outages: int = 0
    """How often in that week logging fails for two to twelve hours; as often in the four weeks before."""


def world(seed: int, trouble: Trouble) -> World:
    """Return an account without labels; the same seed gives the same APIs."""
    rng = np.random.default_rng([seed, trouble.drift, trouble.holiday, trouble.clumps, trouble.outages])
    lasting = np.random.default_rng(seed)
    daily = np.clip(np.exp(lasting.normal(np.log(30), 2.3, APIS)), 0.05, 20_000)
    shape = np.exp(lasting.uniform(0, np.log(10), APIS))
    phase = lasting.normal(0, 1.5, APIS) + np.where(lasting.random(APIS) < 0.15, 12, 0)
    clump = lasting.choice([1.0, 2.0, 4.0], APIS, p=[0.6, 0.25, 0.15]) if trouble.clumps else np.ones(APIS)
    share = (1 - RHYTHM) + RHYTHM * _people(phase, rng, holiday=trouble.holiday)
    if trouble.drift:
        share *= _drift(rng)
    noise = rng.gamma(shape[:, None], 1 / shape[:, None], share.shape)
    clumps = rng.poisson(daily[:, None] * share * noise * (BIN / DAY) / clump[:, None])
    calls = _placed(clumps, clump, rng)
    covered = np.ones(MINUTES // 60, np.bool_)
    for first, last in ((0, JUDGED), (JUDGED, MINUTES)):
        for _ in range(trouble.outages):
            length = int(rng.integers(120, 720))
            begin = int(rng.integers(first + DAY // 2, last - length))
            calls[:, begin : begin + length] = 0
            covered[-(-begin // 60) : (begin + length) // 60] = False
    return World(calls, covered, daily * share.mean(axis=1))


def _people(phase: Numbers, rng: np.random.Generator, *, holiday: bool) -> Numbers:
    """Return how much people do, for each API and bin; one in the mean of a usual week."""
    hour = np.arange(MINUTES // BIN) * BIN / 60
    busy = (1 - np.cos(2 * np.pi * (hour[None, :] - 2 - phase[:, None]) / 24)) / 2
    days = np.where(np.arange(DAYS) % 7 < 5, 1.0, 0.2)
    busy *= np.repeat(days, DAY // BIN)
    busy /= busy.mean(axis=1, keepdims=True)
    if holiday:
        day = JUDGED // DAY + int(rng.integers(0, 5))
        busy[:, day * DAY // BIN : (day + 1) * DAY // BIN] *= 0.1
    return busy


def _drift(rng: np.random.Generator) -> Numbers:
    total = np.where(rng.random(APIS) < 1 / 3, rng.uniform(-np.log(3), np.log(3), APIS), 0.0)
    return np.exp(total[:, None] * np.linspace(-0.5, 0.5, MINUTES // BIN)[None, :])


def _placed(clumps: Counts, clump: Numbers, rng: np.random.Generator) -> Counts:
    """Return calls for each API and minute: clumps of geometric sizes, each within one minute."""
    cells = np.repeat(np.arange(clumps.size), clumps.ravel())
    sizes = rng.geometric(1 / clump[cells // clumps.shape[1]])
    minutes = cells * BIN + rng.integers(0, BIN, cells.size)
    return np.bincount(minutes, sizes, clumps.size * BIN).astype(np.int64).reshape(clumps.shape[0], -1)


def with_bursts(quiet: World, seed: int, times: float) -> World:
    """Return a world in which APIs are called `times` their mean for 10 to 30 minutes, besides their usual calls.

    Ten times next to nothing is nothing: the mean of an API is taken to be one call in the time of the burst at least.
    Bursts of all sizes are at the same places.
    """
    where = np.random.default_rng([seed, 1])
    how_many = np.random.default_rng([seed, 2, int(times)])
    calls, labels = quiet.calls.copy(), []
    for density, (low, high) in DENSITIES.items():
        some = np.flatnonzero((quiet.daily >= low) & (quiet.daily < high))
        for api in where.permutation(some)[:LABELS]:
            start, length = _moment(quiet, where, 10, 30)
            more = how_many.poisson(times * max(1.0, quiet.daily[api] * length / DAY))
            np.add.at(calls[api], start + how_many.integers(0, length, more), 1)
            labels.append(Label(int(api), start, start + length, up=True, density=density))
    return replace(quiet, calls=calls, labels=tuple(labels))


def with_drops(quiet: World, seed: int) -> World:
    """Return a world in which dense APIs fall silent for two to six hours."""
    where = np.random.default_rng([seed, 3])
    calls, labels = quiet.calls.copy(), []
    for api in where.permutation(np.flatnonzero(quiet.daily >= DENSE_ENOUGH))[:DROPS]:
        start, length = _moment(quiet, where, 120, 360)
        calls[api, start : start + length] = 0
        labels.append(Label(int(api), start, start + length, up=False, density="dense"))
    return replace(quiet, calls=calls, labels=tuple(labels))


def _moment(quiet: World, rng: np.random.Generator, least: int, most: int) -> tuple[int, int]:
    """Return a begin and a length within the judged week, away from outages."""
    while True:
        length = int(rng.integers(least, most + 1))
        start = int(rng.integers(JUDGED + EDGE, MINUTES - length - EDGE))
        if quiet.covered[(start - EDGE) // 60 - 1 : (start + length + EDGE) // 60 + 2].all():
            return start, length
