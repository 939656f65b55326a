"""Who is refused nearly everything, where nothing is known of it but what all others in its account are refused.

A principal of which there is less than a week of history cannot be compared with itself. Its peers are compared with it
instead: the beta-binomial distribution has their share of refused calls as its mean, and the weight of few calls, since
principals differ from one another much more than the hours of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ctaudit.anomalies import refusals
from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Severity, Tested
from ctaudit.anomalies.cube import Counted
from ctaudit.anomalies.denied_rate import LEAST_CALLS as OWN_CALLS
from ctaudit.anomalies.denied_rate import LEAST_REFUSED, tail
from ctaudit.anomalies.ground import HISTORY_DAYS, HOUR, LEAST_DAYS, Ground
from ctaudit.anomalies.grouping import Ints
from ctaudit.anomalies.refusals import HISTORY, Hours, Refusals, Watched
from ctaudit.anomalies.telling import lasting, several
from ctaudit.table import Value

KIND = "denied.newcomer"
LEAST_SHARE = 0.9
"""Share of its calls that must have been refused."""
LEAST_PEERS, LEAST_CALLS = 2, 200
"""Other principals of the account, and calls of theirs, with fewer of which there is nothing to compare with."""
WEIGHT = 5.0
"""Of the beta distribution: principals differ as much as samples of so many calls."""

CUBES = {name: refusals.CUBES[name] for name in (refusals.CALLS, refusals.APIS)}
KINDS: Mapping[str, Kind] = {
    KIND: Kind(
        "a principal with little history is refused nearly all its calls, unlike the others of its account",
        ("a new application whose permissions are not finished", "a role that is tried out on purpose"),
    ),
}
PARAMETERS: Mapping[str, Value] = {
    "distribution": "beta-binomial",
    "weight": WEIGHT,
    "least_refused_calls": LEAST_REFUSED,
    "least_share_refused": LEAST_SHARE,
    "least_peers": LEAST_PEERS,
    "least_calls_of_peers": LEAST_CALLS,
}


@dataclass(frozen=True, slots=True)
class _Peers:
    """What the others of an account called in the same time."""

    principals: int
    calls: int
    refused: int

    @property
    def share(self) -> float:
        return (self.refused + 0.5) / (self.calls + 1)


def find(counted: Counted, ground: Ground) -> Tested:
    """Judge each principal without a history of its own once, by the first hour in which it stands out."""
    watched = Watched.of(ground)
    hours, refused = refusals.hours_of(counted, ground), refusals.refusals_of(counted, ground)
    begin = -(-ground.since // HOUR) - ground.first_hour
    young = _young(hours, np.flatnonzero((hours.hour >= begin) & (hours.calls >= LEAST_REFUSED)), watched)
    found = list(_found(hours, refused, young, watched))
    return Tested(found, len(young), (), PARAMETERS)


def _young(hours: Hours, rows: Ints, watched: Watched) -> list[int]:
    """Return those of some hours before which there is too little to judge their principals by: `past_of` for many."""
    if not len(rows):
        return []
    days, wide = HISTORY_DAYS * 24, watched.ground.hours + HISTORY_DAYS * 24 + 1
    who, hour = hours.who[rows], hours.hour[rows]
    low = np.searchsorted(hours.who * wide + hours.hour, who * wide + hour - days)
    added = np.concatenate([[0], np.cumsum(hours.calls)])
    known = (hour - hours.hour[low] >= LEAST_DAYS * 24) & (added[rows] - added[low] >= OWN_CALLS)
    _, account = np.unique([key[0] for key in hours.keys], return_inverse=True)
    moments, at = np.unique(account[who] * wide + hour, return_inverse=True)
    first = np.zeros(len(moments), np.int64)
    first[at] = np.arange(len(rows))
    spoken = [
        watched.days(hours.keys[int(who[row])][0], (watched.ground.first_hour + int(hour[row])) * HOUR) for row in first
    ]
    young: list[int] = rows[~known | (np.array(spoken)[at] < LEAST_DAYS)].tolist()
    return young


def _found(hours: Hours, refused: Refusals, young: list[int], watched: Watched) -> Iterator[Anomaly]:
    account = np.array([key[0] for key in hours.keys], dtype=object)
    numbers = {key: number for number, key in enumerate(refused.keys)}
    told: set[int] = set()
    for row in young:
        who, calls, k = (int(each[row]) for each in (hours.who, hours.calls, hours.refused))
        if who in told or k < max(LEAST_REFUSED, LEAST_SHARE * calls):
            continue
        peers = _peers(hours, account, row)
        if peers.principals >= LEAST_PEERS and peers.calls >= LEAST_CALLS:
            told.add(who)
            p = tail(k, calls, peers.share, WEIGHT)
            yield _anomaly(hours, refused, numbers[hours.keys[who]], row, peers, p, watched)


def _peers(hours: Hours, account: np.typing.NDArray[np.object_], row: int) -> _Peers:
    who, hour = int(hours.who[row]), int(hours.hour[row])
    same = (account == account[who])[hours.who] & (hours.who != who)
    same &= (hours.hour <= hour) & (hours.hour > hour - HISTORY_DAYS * 24)
    principals = len(np.unique(hours.who[same]))
    return _Peers(principals, int(hours.calls[same].sum()), int(hours.refused[same].sum()))


def _anomaly(hours: Hours, refused: Refusals, who: int, row: int, peers: _Peers, p: float, watched: Watched) -> Anomaly:
    ground, (account, principal) = watched.ground, refused.keys[who]
    begin = (ground.first_hour + int(hours.hour[row])) * HOUR
    own = refused.of(who)
    rows = slice(*(own.start + np.searchsorted(refused.first[own], [begin, begin + HOUR])))
    start, end = int(refused.first[rows].min()), int(refused.last[rows].max()) + 1
    apis, k, calls = refused.by_calls(rows), int(hours.refused[row]), int(hours.calls[row])
    sentence = (
        f"{principal}, which has too little history to be judged by, was refused {k:,} of {several(calls, 'call')} "
        f"within {lasting(max(60, end - start))} ({refused.told(apis)}); of the account's other "
        f"{several(peers.principals, 'principal')} {peers.refused:,} of {peers.calls:,} were refused"
    )
    return Anomaly(
        *(KIND, Severity.MEDIUM, account, "", (principal,), start, end, sentence),
        *(float(k), "refused calls in an hour", p),
        Selection(start, end, account, "", refused.sources(apis), refused.names(apis), ("*",), (principal,)),
        expected=round(peers.share * calls, 3),
        baseline=(max(ground.first_hour * HOUR, begin - HISTORY), begin + HOUR),
        series=refusals.series_of(
            refused.first[own], refused.calls[own], (start, end), ground, watched.mask(account), HOUR
        ),
        parameters={"share_of_peers": peers.share, "peers": peers.principals, "different_calls": len(apis)},
    )
