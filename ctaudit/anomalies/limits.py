"""Which limits were hit: quotas that had never been reached before, and throttling far above what is usual.

A quota that is reached for the first time is told at once. How probable that is in an hour is estimated from all
services, regions and accounts together: the share of their hours with such an error, and how many of them an hour has.
Throttling is part of life; it is judged by the negative binomial tail of the hours before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ctaudit.anomalies import tails
from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Severity, Tested
from ctaudit.anomalies.cube import Counted, Cube
from ctaudit.anomalies.ground import DAY, HISTORY_DAYS, HOUR, LEAST_DAYS, Ground
from ctaudit.anomalies.grouping import Ints, Key, coded, grouped, numbers, within
from ctaudit.anomalies.phrases import called, listed
from ctaudit.anomalies.refusals import HISTORY, Watched, series_of
from ctaudit.anomalies.telling import lasting, service, several
from ctaudit.records.outcome import THROTTLED
from ctaudit.table import Value

KIND = "limits.hit"
KINDS = {
    KIND: Kind(
        "a service limit was hit",
        (
            "growth: more is used than the quota allows, and nobody has asked for more yet",
            "a load test, a migration, or a batch job that does everything at once",
            "a program that asks again without waiting longer each time",
        ),
    )
}
HITS, PLACES = "limits.hits", "limits.places"
CUBES = {
    HITS: Cube(("account", "region", "source", "name", "error", "principal", "bin"), ("limited",)),
    PLACES: Cube(("account", "region", "source")),
}
LEAST_THROTTLED = 20
"""Throttled calls within an hour with fewer of which nothing is said."""
ABOVE_MOST = 1.5
"""How many times the most of any hour before."""
CANDIDATE = 1e-5
JOIN = {"quota": DAY, "throttling": 3 * HOUR}
"""Seconds between two hits that are still one episode."""
MADE_UP = 100
"""Hours of all services together that the hours of one are mixed with."""
COMPUTE = ("ec2.amazonaws.com", "sagemaker.amazonaws.com", "bedrock.amazonaws.com", "ses.amazonaws.com")
"""Services whose quotas somebody hits who spends another's money."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Hits by series, call and five minutes, in order of series, then time."""

    keys: list[Key]
    """Account, event source, `quota` or `throttling`, and, of throttling, the region."""
    key: Ints
    calls: Ints
    first: Ints
    last: Ints
    texts: tuple[tuple[Ints, list[str]], ...]
    """Region, name, error, principal: numbers, and what they stand for."""

    def words(self, text: int, rows: slice) -> list[str]:
        """Return the texts of some rows, the one with the most hits first."""
        codes, words = self.texts[text]
        found, at = np.unique(codes[rows], return_inverse=True)
        order = np.argsort(-np.bincount(at, weights=self.calls[rows]), kind="stable")
        return [words[each] for each in found[order].tolist()]


@dataclass(frozen=True, slots=True)
class Episode:
    rows: slice
    start: int
    end: int
    """Of the last hit."""
    most: int
    """Hits within one hour."""
    before: int
    """The most within an hour before."""
    mean: float
    p: float


def find(counted: Counted, ground: Ground) -> Tested:
    """Judge the limits that were hit in the time asked for."""
    hits, watched = _hits(within(counted[HITS], ground)), Watched.of(ground)
    places = counted[PLACES].num_rows
    anomalies: list[Anomaly] = []
    tests, short = 0, 0
    for number, key in enumerate(hits.keys):
        rows = slice(*np.searchsorted(hits.key, [number, number + 1]))
        judge = _new_quotas if key[2] == "quota" else _throttlings
        for each in judge(hits, rows, watched, places):
            tests += 1
            if watched.days(key[0], each.start) < LEAST_DAYS:
                short += 1
            elif each.p < CANDIDATE or key[2] == "quota":
                anomalies.append(_anomaly(each, key, hits, watched))
    who = several(short, "time a limit was hit", "times a limit was hit")
    note = f"{who} with less than {LEAST_DAYS} days of history: whether that is new was not judged"
    parameters: dict[str, Value] = {
        "history_days": HISTORY_DAYS,
        "least_history_days": LEAST_DAYS,
        "least_throttled_calls": LEAST_THROTTLED,
        "places_and_services": places,
    }
    return Tested(anomalies, tests, (note,) if short else (), parameters)


def _hits(table: pa.Table) -> Hits:
    throttled = pc.match_substring_regex(pc.fill_null(table["error"], ""), THROTTLED)
    what = pc.if_else(throttled, "throttling", "quota")
    where = pc.if_else(throttled, pc.fill_null(table["region"], ""), "")
    table = table.append_column("what", what).append_column("where", where)
    key, keys = grouped(table, ("account", "source", "what", "where"))
    texts = [coded(table[each]) for each in ("region", "name", "error", "principal")]
    first, last, n = (numbers(table, name) for name in ("first", "last", "n"))
    order = np.lexsort((*(codes for codes, _ in texts), n, last, first, key))
    words = tuple((codes[order], words) for codes, words in texts)
    return Hits(keys, key[order], n[order], first[order], last[order], words)


def _hourly(hits: Hits, rows: slice) -> tuple[Ints, npt.NDArray[np.float64]]:
    hour, at = np.unique(hits.first[rows] // HOUR, return_inverse=True)
    return hour, np.bincount(at, weights=hits.calls[rows], minlength=len(hour)).astype(np.float64)


def _clusters(hits: Hits, rows: slice, join: int) -> Iterator[slice]:
    """Yield the rows of each stretch without a pause."""
    first, last = hits.first[rows], np.maximum.accumulate(hits.last[rows])
    edges = [rows.start, *(rows.start + 1 + np.flatnonzero(first[1:] > last[:-1] + join)).tolist(), rows.stop]
    yield from (slice(low, high) for low, high in pairwise(edges) if low < high)


def _new_quotas(hits: Hits, rows: slice, watched: Watched, places: int) -> Iterator[Episode]:
    """Yield the first episode of a quota, unless there was one in the 28 days before."""
    previous: int | None = None
    for part in _clusters(hits, rows, JOIN["quota"]):
        start, end = int(hits.first[part].min()), int(hits.last[part].max())
        if (previous is None or previous < start - HISTORY) and start >= watched.ground.since:
            most = int(_hourly(hits, part)[1].max())
            yield Episode(part, start, end, most, 0, 0.0, _p_new(hits, start, most, watched, places))
        previous = end


def _p_new(hits: Hits, start: int, most: int, watched: Watched, places: int) -> float:
    """Return how probable so many hits within an hour are where there was none before."""
    quota = np.array([key[2] == "quota" for key in hits.keys], np.bool_)[hits.key]
    known = np.flatnonzero(quota & (hits.first < start) & (hits.first >= start - HISTORY))
    cells = hits.key[known] << 32 | hits.first[known] // HOUR
    _, at = np.unique(cells, return_inverse=True)
    sums = np.bincount(at, weights=hits.calls[known])
    hours = max((watched.days(account, start) for account in watched.masks), default=0.0) * 24
    everywhere = (len(sums) + 1) / (hours * max(1, places) + 2)
    own = MADE_UP * everywhere / (hours + MADE_UP)
    mean = (float(sums.sum()) + 2) / (len(sums) + 1)
    return own * float(tails.upper(most - 1, mean - 1, mean * (mean - 1)))


def _throttlings(hits: Hits, rows: slice, watched: Watched, _: int) -> Iterator[Episode]:
    """Yield the stretches of unusual hours."""
    hour, calls = _hourly(hits, rows)
    account = hits.keys[int(hits.key[rows.start])][0]
    current: Episode | None = None
    for at in np.flatnonzero((calls >= LEAST_THROTTLED) & (hour * HOUR >= watched.ground.since)).tolist():
        low = int(np.searchsorted(hour, hour[at] - HISTORY_DAYS * 24))
        past, watched_hours = calls[low:at], watched.days(account, int(hour[at]) * HOUR) * 24
        size = max(1.0, watched_hours, float(at - low))
        mean = float(past.sum() + 1) / (size + 1)  # one more hour, with one hit: never quite nothing
        variance = float((past**2).sum() + 1) / (size + 1) - mean**2
        before = int(past.max()) if len(past) else 0
        p = float(tails.upper(calls[at], mean, max(variance, mean)))
        if p >= CANDIDATE or calls[at] <= ABOVE_MOST * before:
            continue
        bounds = rows.start + np.searchsorted(hits.first[rows] // HOUR, [hour[at], hour[at] + 1])
        part = slice(*bounds.tolist())
        each = Episode(
            *(part, int(hits.first[part].min()), int(hits.last[part].max()), int(calls[at]), before, mean, p)
        )
        if current is not None and each.start <= current.end + JOIN["throttling"]:
            worst = min(current, each, key=lambda one: (one.p, one.start))
            current = replace(worst, rows=slice(current.rows.start, part.stop), start=current.start, end=each.end)
        else:
            if current is not None:
                yield current
            current = each
    if current is not None:
        yield current


def _anomaly(each: Episode, key: Key, hits: Hits, watched: Watched) -> Anomaly:
    account, source, what, _ = key
    start, end = each.start, each.end + 1
    regions, names, errors, principals = (hits.words(text, each.rows) for text in range(4))
    since = max(watched.ground.first_hour * HOUR, start - HISTORY)
    before = f"such an hour had at most {each.before:,}" if each.before else "there was none"
    calls = int(hits.calls[each.rows].sum())
    who = listed([principal or "nobody named" for principal in principals])
    sentence = (
        f"{service(source)} answered {several(calls, 'call')} ({listed([called(source, name) for name in names])}) "
        f"of {who} with {listed(errors)} within {lasting(end - start)} in {listed(regions)}; "
        f"{before} in the {lasting(start - since)} before"
    )
    grave = what == "quota" and source in COMPUTE
    region = regions[0] if len(regions) == 1 else ""
    own = slice(*np.searchsorted(hits.key, [hits.key[each.rows.start], hits.key[each.rows.start] + 1]))
    mask = watched.mask(account)
    series = series_of(hits.first[own], hits.calls[own], (start, end), watched.ground, mask, HOUR)
    method = "share of hours in which any quota is reached" if what == "quota" else "negative binomial"
    return Anomaly(
        *(KIND, Severity.MEDIUM if grave else Severity.LOW, account, region, (source, what), start, end, sentence),
        *(float(each.most), f"{what} errors in an hour", each.p),
        Selection(
            *(start, end, account, region, (source,), tuple(names), tuple(errors)),
            principals=tuple(each for each in principals if each),
        ),
        expected=round(each.mean, 3),
        baseline=(since, start),
        series=series,
        parameters={"distribution": method, "regions": list(regions), "principals": list(principals)},
    )
