"""Who is refused more of its calls than it used to be.

The share of a principal's calls that are refused varies from hour to hour more than by chance alone: a program that
may not do something asks again and again. Hence the beta-binomial distribution: its mean is the share refused in the
28 days before, and its spread that of the principal's own hours, or of the account's median principal's where that is
wider.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from ctaudit.anomalies.anomaly import Anomaly, Selection, Severity
from ctaudit.anomalies.ground import HISTORY_DAYS, HOUR, LEAST_DAYS
from ctaudit.anomalies.grouping import Ints
from ctaudit.anomalies.refusals import HISTORY, Hours, Refusals, Watched, series_of
from ctaudit.anomalies.telling import lasting, several

KIND = "denied.rate"
LEAST_REFUSED = 10
"""Refused calls within an hour with fewer of which nothing is said."""
LEAST_CALLS = 50
"""Calls in a principal's history with fewer of which it is not judged."""
LEAST_TIMES, ABOVE_MOST = 3.0, 1.5
"""How many times its share before, and how many times the most of any hour before."""
CANDIDATE = 1e-6
JOIN = 3
"""Hours between two unusual ones that are still one episode."""
MADE_UP = 2
"""Principals that fare evenly, beside those of the account that were refused anything."""
MOST_TERMS = 1_000_000


@dataclass(frozen=True, slots=True)
class Past:
    """A principal's hours before the one that is judged."""

    row: int
    """The first of them."""
    calls: int
    refused: int
    most: int
    """Refused within an hour."""
    spread: float
    """Correlation between calls of the same hour: 0 where each is refused by itself."""

    @property
    def share(self) -> float:
        """The share of calls that were refused, half a call more than there were: never quite nothing."""
        return (self.refused + 0.5) / (self.calls + 1)


@dataclass(frozen=True, slots=True)
class Unusual:
    """Hours of one principal that make up an episode; the numbers are of the most unusual one."""

    who: int
    first: int
    last: int
    calls: int
    refused: int
    past: Past
    p: float


@dataclass(frozen=True, slots=True)
class Found:
    anomalies: list[Anomaly]
    tests: int
    short: set[int]
    """Principals with many refused calls and too short a history."""


def find(hours: Hours, refusals: Refusals, watched: Watched) -> Found:
    """Judge each hour of each principal that had enough calls in it."""
    begin = -(-watched.ground.since // HOUR) - watched.ground.first_hour
    judged = hours.hour >= begin
    # An hour with fewer calls could never have been found, whatever was refused in it.
    tests = int((judged & (hours.calls >= LEAST_REFUSED)).sum())
    short: set[int] = set()
    unusual = list(_unusual(hours, np.flatnonzero(judged & (hours.refused >= LEAST_REFUSED)).tolist(), watched, short))
    numbers = {key: number for number, key in enumerate(refusals.keys)}
    told = [_anomaly(each, hours, refusals, numbers[hours.keys[each.who]], watched) for each in _joined(unusual)]
    return Found(told, tests, short)


def _unusual(hours: Hours, candidates: list[int], watched: Watched, short: set[int]) -> Iterator[Unusual]:
    spreads = _Spreads(hours)
    first = latest = -1
    for row in candidates:
        who, hour = int(hours.who[row]), int(hours.hour[row])
        # An episode that goes on is compared with what was before it.
        on = latest >= 0 and hours.who[latest] == who and hour - hours.hour[latest] <= JOIN
        before = first if on else row
        past = past_of(hours, before, watched)
        if past is None:
            short.add(who)
            continue
        k, n = int(hours.refused[row]), int(hours.calls[row])
        if k < LEAST_TIMES * past.share * n or k <= ABOVE_MOST * past.most:
            continue
        past = replace(past, spread=max(spreads.of_account(before), _spread(hours, np.arange(past.row, before))))
        p = tail(k, n, past.share, min(1 / max(past.spread, 1e-9) - 1, past.calls + 1.0))
        if p < CANDIDATE:
            first, latest = before, row
            yield Unusual(who, hour, hour, n, k, past, p)


def past_of(hours: Hours, row: int, watched: Watched) -> Past | None:
    """Return the 28 days before an hour of a principal, or None where they are too few to judge by."""
    who, hour = int(hours.who[row]), int(hours.hour[row])
    begin = hours.of(who).start
    low = begin + int(np.searchsorted(hours.hour[begin:row], hour - HISTORY_DAYS * 24))
    calls, refused = int(hours.calls[low:row].sum()), hours.refused[low:row]
    known = hour - int(hours.hour[low]) >= LEAST_DAYS * 24 and calls >= LEAST_CALLS
    at = (watched.ground.first_hour + hour) * HOUR
    if not known or watched.days(hours.keys[who][0], at) < LEAST_DAYS:
        return None
    return Past(low, calls, int(refused.sum()), int(refused.max()), 0.0)


class _Spreads:
    """How alike calls of the same hour fare in whole accounts, before the days on which that is asked."""

    def __init__(self, hours: Hours) -> None:
        self._hours = hours
        self._account = np.array([key[0] for key in hours.keys], dtype=object)
        self._known: dict[tuple[str, int], float] = {}

    def of_account(self, row: int) -> float:
        hours, account = self._hours, self._account[self._hours.who[row]]
        day = account, int(hours.hour[row]) // 24 * 24
        if day not in self._known:
            mine = (self._account == account)[hours.who] & (hours.hour < day[1])
            self._known[day] = _spread(
                hours, np.flatnonzero(mine & (hours.hour >= day[1] - HISTORY_DAYS * 24)), MADE_UP
            )
        return self._known[day]


def _spread(hours: Hours, rows: Ints, made_up: int = 0) -> float:
    """Return how alike calls of the same hour fare, by moments over each principal's own mean; the median principal's.

    Beside some made-up ones that fare evenly: what befell one principal does not hide that it befalls another, but
    what befalls one after the other is how things are.
    """
    _, who = np.unique(hours.who[rows], return_inverse=True)
    n, k = hours.calls[rows].astype(float), hours.refused[rows].astype(float)
    share = (np.bincount(who, k) / np.maximum(1, np.bincount(who, n)))[who]
    chance = share * (1 - share)
    most = np.bincount(who, n * (n - 1) * chance)
    beyond = np.bincount(who, (k - n * share) ** 2 - n * chance)
    found = np.append(beyond[most > 0] / most[most > 0], np.zeros(made_up))
    return float(np.clip(np.median(found), 0.0, 0.5)) if len(found) else 0.0


def tail(k: int, n: int, share: float, weight: float) -> float:
    """Return P(X ≥ k) of n calls, refused with a probability that is beta distributed with a mean and a weight."""
    a, b = share * weight, (1 - share) * weight
    x = np.arange(k, min(n, k + MOST_TERMS) + 1, dtype=np.float64)
    ways = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    return float(min(1.0, np.exp(ways + special.betaln(x + a, n - x + b) - special.betaln(a, b)).sum()))


def _joined(unusual: list[Unusual]) -> Iterator[Unusual]:
    current: Unusual | None = None
    for each in unusual:
        if current is None or each.who != current.who or each.first > current.last + JOIN:
            if current is not None:
                yield current
            current = each
            continue
        most = min(current, each, key=lambda one: (one.p, one.first))
        current = replace(most, first=current.first, last=each.last)
    if current is not None:
        yield current


def _anomaly(each: Unusual, hours: Hours, refusals: Refusals, who: int, watched: Watched) -> Anomaly:
    ground, (account, principal) = watched.ground, hours.keys[each.who]
    begin, until = ((ground.first_hour + hour) * HOUR for hour in (each.first, each.last + 1))
    own = refusals.of(who)
    # A row of five minutes lies within one hour.
    rows = slice(*(own.start + np.searchsorted(refusals.first[own], [begin, until])))
    start, end = int(refusals.first[rows].min()), int(refusals.last[rows].max()) + 1
    apis, past = refusals.by_calls(rows), each.past
    since = max((ground.first_hour + int(hours.hour[past.row])) * HOUR, begin - HISTORY)
    total = int(refusals.calls[rows].sum())
    sentence = (
        f"{principal} was refused {several(total, 'call')} within {lasting(end - start)} ({refusals.told(apis)}), "
        f"in one hour {each.refused:,} of {each.calls:,}; in the {lasting(begin - since)} before it was "
        f"{past.refused:,} of {past.calls:,}, and at most {past.most:,} in an hour"
    )
    series = series_of(refusals.first[own], refusals.calls[own], (start, end), ground, watched.mask(account), HOUR)
    return Anomaly(
        *(KIND, Severity.MEDIUM, account, "", (principal,), start, end, sentence),
        *(float(each.refused), "refused calls in an hour", each.p),
        Selection(start, end, account, "", refusals.sources(apis), refusals.names(apis), ("*",), (principal,)),
        expected=round(past.share * each.calls, 3),
        baseline=(since, begin),
        series=series,
        parameters={
            "distribution": "beta-binomial",
            "share_before": past.share,
            "spread": past.spread,
            "different_calls": len(apis),
        },
    )
