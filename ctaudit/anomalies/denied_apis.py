"""Who is refused many different calls in a short time, as somebody is who tries what a stolen credential can do.

That needs no history of the principal: how many different calls are refused to one principal within an hour is learned
from all principals of the account, as far as there is any time before; a few made-up hours stand for what is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies import tails
from ctaudit.anomalies.anomaly import Anomaly, Selection, Severity
from ctaudit.anomalies.cube import BIN
from ctaudit.anomalies.denied_rate import Found
from ctaudit.anomalies.ground import HISTORY_DAYS, HOUR
from ctaudit.anomalies.grouping import Ints
from ctaudit.anomalies.refusals import HISTORY, Hours, Refusals, Watched, series_of, services
from ctaudit.anomalies.telling import lasting, several

KIND = "denied.enumeration"
WINDOW = 3600
"""Seconds within which different calls are counted."""
LEAST_APIS, LEAST_SERVICES = 8, 2
ABOVE_MOST = 1.5
"""How many times the most that the principal itself had in any such window before."""
JOIN = 1800
"""Seconds between two windows that are still one episode."""
MADE_UP, MADE_UP_APIS = 3, 2
"""Hours that stand for what is not known, and how many different calls are refused in each."""
MANY_APIS, MANY_SERVICES = 20, 5
"""More different calls than that are grave: by a person, or by a role in so many services."""


@dataclass(frozen=True, slots=True)
class Window:
    """Refused calls of one principal within an hour, or several such windows that touch."""

    rows: slice
    start: int
    end: int
    """Of the last call."""
    apis: int
    """Different calls within one window, the most."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How many different calls are refused to one principal of an account within an hour."""

    hours: int
    """Hours of principals that called at all."""
    refused: int
    """Those of them in which something was refused."""
    mean: float
    variance: float

    def p(self, apis: int) -> float:
        """Return how probable at least so many are: something is refused at all, and then so much."""
        some = (self.refused + 1) / (self.hours + 2)
        return min(1.0, some * float(tails.upper(apis - 1, self.mean - 1, self.variance)))


@dataclass(frozen=True, slots=True)
class Cells:
    """Hours in which something was refused to a principal, in order of both."""

    who: Ints
    hour: Ints
    """Since 1970."""
    apis: Ints
    """Different calls that were refused."""
    of_row: Ints
    """The cell of each row of refusals."""

    def busy(self) -> npt.NDArray[np.bool_]:
        """Tell of each row of refusals whether it may be in a window with enough different calls.

        Such a window lies in two hours at most, and these together have no fewer.
        """
        next_one = (self.who[1:] == self.who[:-1]) & (self.hour[1:] == self.hour[:-1] + 1)
        pairs = np.flatnonzero(next_one & (self.apis[1:] + self.apis[:-1] >= LEAST_APIS))
        busy = self.apis >= LEAST_APIS
        busy[pairs] = busy[pairs + 1] = True
        rows: npt.NDArray[np.bool_] = busy[self.of_row]
        return rows

    def most(self, who: int, before: int) -> int:
        """Return the most within one hour of a principal in the 28 days before a moment."""
        low, high = np.searchsorted(self.who, [who, who + 1])
        hour = self.hour[low:high]
        known = self.apis[low:high][(hour < before // HOUR) & (hour >= (before - HISTORY) // HOUR)]
        return int(known.max()) if len(known) else 0


def find(hours: Hours, refusals: Refusals, watched: Watched) -> Found:
    """Find the episodes of each principal that was refused enough different calls at all."""
    begin = -(-watched.ground.since // HOUR) - watched.ground.first_hour
    # An hour with fewer calls could never have been found, whatever was refused in it.
    tests = int(((hours.hour >= begin) & (hours.calls >= LEAST_APIS)).sum())
    cells = _cells(refusals)
    busy = np.flatnonzero(cells.busy())
    told = []
    for who in np.unique(refusals.who[busy]).tolist():
        rows = busy[slice(*np.searchsorted(refusals.who[busy], [who, who + 1]))]
        windows = [each for each in _windows(refusals, rows) if each.apis >= LEAST_APIS]
        for each in _joined(windows, refusals):
            if each.start < watched.ground.since:
                continue
            before = (one.apis for one in windows if each.start - HISTORY <= one.start and one.end < each.start)
            most = max(cells.most(who, each.start), max(before, default=0))
            many_services = len(refusals.sources(refusals.by_calls(each.rows))) >= LEAST_SERVICES
            if many_services and each.apis > ABOVE_MOST * most:
                usual = _usual(hours, refusals, cells, refusals.keys[who][0], each.start, watched)
                told.append(_anomaly(each, who, most, usual, refusals, watched))
    return Found(told, tests, set())


def _windows(refusals: Refusals, rows: Ints) -> Iterator[Window]:
    """Yield for each of a principal's rows the window that ends with it."""
    first, last, api = (each[rows].tolist() for each in (refusals.first, refusals.last, refusals.api))
    number = rows.tolist()
    within: Counter[int] = Counter()
    low = 0
    for at, one in enumerate(api):
        within[one] += 1
        while first[low] <= first[at] - WINDOW:
            within[api[low]] -= 1
            if not within[api[low]]:
                del within[api[low]]
            low += 1
        yield Window(slice(number[low], number[at] + 1), first[low], last[at], len(within))


def _joined(windows: list[Window], refusals: Refusals) -> Iterator[Window]:
    current: Window | None = None
    for each in windows:
        if current is None or each.start > current.end + JOIN:
            if current is not None:
                yield _whole(current, refusals)
            current = each
            continue
        rows = slice(current.rows.start, each.rows.stop)
        current = replace(current, rows=rows, end=max(current.end, each.end), apis=max(current.apis, each.apis))
    if current is not None:
        yield _whole(current, refusals)


def _whole(window: Window, refusals: Refusals) -> Window:
    return replace(window, end=int(refusals.last[window.rows].max()))


def _cells(refusals: Refusals) -> Cells:
    size = max(1, len(refusals.apis))
    cell, at = np.unique(refusals.who << 32 | refusals.first // HOUR, return_inverse=True)
    different = np.unique(at * size + refusals.api) // size
    return Cells(cell >> 32, cell & 0xFFFFFFFF, np.bincount(different, minlength=len(cell)), at)


def _usual(hours: Hours, refusals: Refusals, cells: Cells, account: str, start: int, watched: Watched) -> Usual:
    """Learn from the 28 days before an episode."""
    end = start // HOUR
    mine = np.array([key[0] == account for key in refusals.keys], np.bool_)[cells.who]
    before = mine & (cells.hour < end) & (cells.hour >= end - HISTORY_DAYS * 24)
    # Hours that are unusual themselves count as no more than the least such: else one would hide the next.
    known: npt.NDArray[np.float64] = np.minimum(cells.apis[before], LEAST_APIS).astype(np.float64)
    called = np.array([key[0] == account for key in hours.keys], np.bool_)[hours.who]
    at = end - watched.ground.first_hour
    active = int((called & (hours.hour < at) & (hours.hour >= at - HISTORY_DAYS * 24)).sum())
    mean = (known.sum() + MADE_UP * MADE_UP_APIS) / (len(known) + MADE_UP)
    variance = max((mean - 1) * mean, float(known.var()) if len(known) else 0.0)
    return Usual(active, len(known), float(mean), float(variance))


def _anomaly(each: Window, who: int, most: int, usual: Usual, refusals: Refusals, watched: Watched) -> Anomaly:
    ground, key = watched.ground, refusals.keys[who]
    account, principal = key
    start, end = each.start, each.end + 1
    apis = refusals.by_calls(each.rows)
    sources = refusals.sources(apis)
    since = max(ground.first_hour * HOUR, start - HISTORY)
    had = f"such an hour had at most {most:,}" if most else "no hour had any"
    before = f"{had} in the {lasting(start - since)} before"
    if start - since < HOUR:
        before = "the logs do not tell of any time before"
    sentence = (
        f"{principal} was refused {several(int(refusals.calls[each.rows].sum()), 'call')} of {len(apis):,} kinds in "
        f"{several(len(sources), 'service')} ({services(sources)}) within {lasting(end - start)}; {before}"
    )
    grave = len(apis) > MANY_APIS and (key in refusals.persons or len(sources) >= MANY_SERVICES)
    own = refusals.of(who)
    series = series_of(
        *(refusals.first[own], refusals.calls[own], (start, end), ground, watched.mask(account)), width=BIN
    )
    return Anomaly(
        *(KIND, Severity.HIGH if grave else Severity.MEDIUM, account, "", (principal,), start, end, sentence),
        *(float(each.apis), "different refused calls within an hour", usual.p(each.apis)),
        Selection(start, end, account, "", sources, refusals.names(apis), ("*",), (principal,)),
        expected=round(usual.mean * (usual.refused + 1) / (usual.hours + 2), 3),
        baseline=(since, start) if since < start else None,
        series=replace(series, unit=f"refused calls in {lasting(BIN)}"),
        parameters={
            "distribution": "negative binomial of different calls, where something is refused at all",
            "principal_hours_before": usual.hours,
            "principal_hours_refused": usual.refused,
            "mean_different_calls": usual.mean,
            "highest_before": most,
        },
    )
