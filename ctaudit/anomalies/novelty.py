"""How improbable it is that a principal does so many new things at once, by how often that happened before.

The unit is a visit: an hour in which a principal was active. On each dimension (network, API, program, region, hour of
the week, and being new itself) a visit has a grade: 0 for nothing new, more for more of it. How probable a grade is, or
a greater one, is estimated as Good and Turing do, from the later half of the history:

    p = (visits of this principal with such a grade + W · p of all principals) / (visits of this principal + W)
    p of all principals = (visits with such a grade + 1) / (visits + 1)

These are multiplied (Fisher's method), and the product T is turned into the probability of a product as small, exactly,
over all combinations of grades: the chi-square form of it supposes continuous p-values, and ours are mostly 1. What
comes together more often than independence has it is held against the past: p is at least the share of earlier visits
that looked as odd. All of it is an estimate, good for an order of magnitude.

A principal whose first call is 14 days back is graded by what is new to itself; a younger one by what is new to its
account (a network: to all logs), which needs 14 days of that; with less, only networks new to all logs count, and it
is said. What was new to an account within the last day counts as new, so that two victims of one night are both told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies.ground import HOUR
from ctaudit.anomalies.visits import Ints, Seen, Truths, Visits

Numbers = npt.NDArray[np.float64]

LEAST_DAYS = 14
"""Days of history with less of which somebody is not judged by what is new to them."""
SHORT_DAYS = 2
"""Days of an account's history with less of which nothing is judged; fewer than 14 are said."""
PRIOR = 20.0
"""Visits of others that count beside a principal's own."""
FLOOR = 1e-4
"""What is never thought less probable on one dimension alone."""
FRESH = 2
"""The grade of a network, program or region that is new to others as well."""
_STEPS = np.array([1, 2, 3, 5, 8, 13, 21, 34])
"""How many new APIs make a grade more."""
_PAUSE = 6
"""Hours before a visit that are no history of it: a long night must not make itself usual."""
ALL = ("network", "api", "agent", "region", "hour", "principal")


@dataclass(frozen=True, slots=True)
class Graded:
    """Visits with what was new in each."""

    visits: Visits
    grades: Mapping[str, Ints]
    grown: Truths
    """Whether the principal has a history of its own."""
    short: Truths
    """Whether its account has less than 14 days of history."""
    judged: Truths
    """Whether there is history enough to judge at all."""


def graded(visits: Visits) -> Graded:
    """Grade every visit on every dimension."""
    age = visits.hour - visits.born[visits.who]
    open_for = visits.hour - visits.opened[visits.who]
    short = open_for < LEAST_DAYS * 24
    grown = (age >= LEAST_DAYS * 24) | (short & (_days_before(visits) >= SHORT_DAYS))
    grades = {kind: _grade(visits, kind, seen, grown) for kind, seen in visits.seen.items()}
    grades["network"] += (grades["network"] > 0) & (grades.pop("country") > 0)
    grades["hour"] = np.where(grown & ~short, _odd_hour(visits), 0)
    grades["principal"] = (~grown & (age < 24)).astype(np.int64)
    return Graded(visits, grades, grown, short, open_for >= SHORT_DAYS * 24)


def _days_before(visits: Visits) -> Ints:
    """Return on how many days before that of each visit the principal was active."""
    day = visits.hour // 24
    new_one = np.ones(len(day), np.bool_)
    new_one[1:] = visits.who[1:] != visits.who[:-1]
    new_day = new_one.copy()
    new_day[1:] |= day[1:] != day[:-1]
    days = np.cumsum(new_day)
    begun = np.maximum.accumulate(np.where(new_one, days, 0))
    return (days - begun).astype(np.int64)


def _grade(visits: Visits, kind: str, seen: Seen, grown: Truths) -> Ints:
    """Return how much of a kind was new in each visit; for the young only what was new to others as well counts."""
    at = visits.at(seen.who, seen.first // HOUR)
    inside = at < len(visits.hour)
    at, fresh = at[inside], seen.fresh[inside]
    new, fresher = np.zeros(len(visits.hour), np.int64), np.zeros(len(visits.hour), np.int64)
    np.add.at(new, at, 1)
    np.add.at(fresher, at, fresh)
    if kind == "api":
        return np.searchsorted(_STEPS, np.where(grown, new, fresher), "right").astype(np.int64)
    return np.where(fresher > 0, FRESH, np.where(grown & (new > 0), 1, 0))


def _odd_hour(visits: Visits) -> Ints:
    """Tell for each visit whether it is at an hour of the day, on workdays or weekends, that is new with its hour
    before and after."""
    weekend = ((visits.hour // 24 + 3) % 7 >= 5).astype(np.int64)
    known = np.full((max(1, len(visits.people)), 2, 24), np.iinfo(np.int64).max)
    np.minimum.at(known, (visits.who, weekend, visits.hour % 24), visits.hour)
    near = np.minimum(known, np.minimum(np.roll(known, 1, 2), np.roll(known, -1, 2)))
    odd: Ints = (near[visits.who, weekend, visits.hour % 24] >= visits.hour).astype(np.int64)
    return odd


@dataclass(frozen=True, slots=True)
class Odds:
    """For each visit, for each dimension, the probability of each grade from 1 on, or a greater one."""

    tails: Mapping[str, Numbers]
    """Rows are visits, columns grades from 0 on."""
    product: Numbers
    """The product over all dimensions at the visit's own grades."""
    history: tuple[Ints, Ints]
    """From which to which visit, in order of time, the later half of the history reaches."""
    in_time: Numbers
    """The products in order of time."""


def odds(graded: Graded) -> Odds:
    """Estimate from the past of each visit how probable its grades are."""
    visits = graded.visits
    count = len(visits.hour)
    order = np.argsort(visits.hour, kind="stable")
    sorted_hours = visits.hour[order]
    end = np.searchsorted(sorted_hours, visits.hour - _PAUSE)
    start = np.searchsorted(sorted_hours, _middle(np.full(count, sorted_hours[0] if count else 0), visits.hour))
    own_end = visits.at(visits.who, visits.hour - _PAUSE)
    own_start = visits.at(visits.who, _middle(visits.born[visits.who], visits.hour))
    start, own_start = np.minimum(start, end), np.minimum(own_start, own_end)
    tails: dict[str, Numbers] = {}
    product = np.ones(count)
    for kind in ALL:
        grade = graded.grades[kind]
        tails[kind] = tail = np.ones((count, int(grade.max(initial=0)) + 1))
        for least in range(1, tail.shape[1]):
            such = grade >= least
            everyone = _between(such[order], start, end)
            pooled = (everyone + 1.0) / (end - start + 1.0)
            mine = np.where(graded.grown, _between(such, own_start, own_end), 0.0)
            calls = np.where(graded.grown, own_end - own_start, 0.0)
            tail[:, least] = np.clip((mine + PRIOR * pooled) / (calls + PRIOR), FLOOR, 1.0)
        product *= tail[np.arange(count), grade]
    return Odds(tails, product, (start, end), product[order])


def _middle(first: Ints, hour: Ints) -> Ints:
    return (first + hour - _PAUSE) // 2


def _between(such: Truths, start: Ints, end: Ints) -> Numbers:
    total = np.concatenate(([0], np.cumsum(such)))
    return (total[end] - total[start]).astype(np.float64)


def probability(odds: Odds, visit: int) -> float:
    """Return how probable a product as small as that of a visit is."""
    products, masses = np.ones(1), np.ones(1)
    for tail in odds.tails.values():
        levels = tail[visit]
        mass = levels - np.append(levels[1:], 0.0)
        products = np.outer(products, levels).ravel()
        masses = np.outer(masses, np.maximum(mass, 0.0)).ravel()
    product = float(odds.product[visit])
    exact = float(masses[products <= product * (1 + 1e-9)].sum())
    start, end = int(odds.history[0][visit]), int(odds.history[1][visit])
    earlier = odds.in_time[start:end]
    as_odd = float((earlier <= product * (1 + 1e-9)).sum()) / (end - start) if end > start else 0.0
    return min(1.0, max(exact, as_odd))
