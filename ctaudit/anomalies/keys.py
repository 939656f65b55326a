"""Lasting access keys (AKIA…) that wake up after weeks, and those that are suddenly used from somewhere else.

How improbable: for a key that wakes up, (wakings before + 1) / (hours in which keys were used before + 1); for one used
from elsewhere, 1 / (calls with it before + 1), as Good and Turing estimate what was never seen. Only such keys are
tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from ctaudit.anomalies import visits
from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Severity, Tested
from ctaudit.anomalies.cube import Counted, Cube
from ctaudit.anomalies.ground import DAY, HOUR, Ground
from ctaudit.anomalies.networks import network
from ctaudit.anomalies.telling import lasting
from ctaudit.anomalies.visits import Ints, encode
from ctaudit.anomalies.words import listed, many, named, short

CUBES: Mapping[str, Cube] = {
    "keys.hours": Cube(("account", "principal", "key", "address", "hour"), ("key", "own")),
    **{name: visits.CUBES[name] for name in ("first_seen.api", "first_seen.agent")},
}
KINDS: Mapping[str, Kind] = {
    "keys.dormant": Kind(
        "an access key that nobody used for weeks is used again",
        ("a job that runs once a quarter or year", "a backup procedure that was tried out"),
    ),
    "keys.network": Kind(
        "an access key that was only ever used from one network does what it always did, from another one",
        ("the workload moved", "a runner or gateway got another address"),
    ),
}
DORMANT_DAYS = 45
LEAST_CALLS, LEAST_DAYS, WHOLE_DAYS = 50, 3, 14
"""Calls and days of use by which a key is known by its network; less than 14 days after its first use it is told only
when it goes on being used from there."""
MOST = 0.01
_BESIDE = DAY


@dataclass(frozen=True, slots=True)
class _Use:
    """The rows of one key, in order of time."""

    names: tuple[str, ...]
    """Account, principal and key."""
    hour: Ints
    first: Ints
    last: Ints
    n: Ints
    place: Ints
    """Number of the network, -1 for none."""
    address: Ints

    @property
    def called(self) -> str:
        return f"access key {short(self.names[2])} of {short(self.names[1]) or 'somebody unnamed'}"


@dataclass(frozen=True, slots=True)
class _Places:
    names: list[str]
    addresses: list[tuple[str, ...]]
    seen: Ints
    """When each network was first seen with any key."""


def find(counted: Counted, ground: Ground) -> Tested:
    """Return keys that woke up or moved within the time that is judged."""
    uses, places = _uses(counted, ground)
    gaps = [(int(use.hour[at]), use, int(at)) for use in uses for at in _wakings(use)]
    hours = np.sort(np.concatenate([np.unique(use.hour) for use in uses])) if uses else np.zeros(0, np.int64)
    woken = [
        _woken(use, at, places, (sum(h < hour for h, *_ in gaps) + 1) / (int(np.searchsorted(hours, hour)) + 1))
        for hour, use, at in gaps
        if use.first[at] >= ground.since
    ]
    asleep = {(each.subject, each.start // DAY) for each in woken}
    moved = [
        each
        for use in uses
        for each in _moved(use, places, ground)
        if not {(each.subject, each.start // DAY - back) for back in (0, 1)} & asleep
        and not _does_else(counted, use, each.start)
    ]
    found = [each for each in (*woken, *moved) if each.p <= MOST]
    return Tested(found, len(woken) + len(moved), tuple(_notes(uses, ground)), _PARAMETERS)


_PARAMETERS = {"dormant_days": DORMANT_DAYS, "least_calls": LEAST_CALLS, "least_days": LEAST_DAYS, "most_p": MOST}


def _uses(counted: Counted, ground: Ground) -> tuple[list[_Use], _Places]:
    table = counted["keys.hours"]
    hour, first, last, n = (table[each].to_numpy().astype(np.int64) for each in ("hour", "first", "last", "n"))
    ids, names = encode(table, ("account", "principal", "key"))
    address, addresses = encode(table, ("address",))
    found = [network(each[0], ground.locate) for each in addresses]
    words = sorted({named("network", (each.name, each.country)) for each in found if each is not None})
    number = {word: at for at, word in enumerate(words)}
    mapped = [-1 if each is None else number[named("network", (each.name, each.country))] for each in found]
    place = np.array(mapped or [-1], np.int64)[address]
    fine = np.flatnonzero((hour >= ground.first_hour) & (hour * HOUR < ground.until))
    fine = fine[np.lexsort((place[fine], first[fine], ids[fine]))]
    seen = np.full(len(words) + 1, np.iinfo(np.int64).max)
    np.minimum.at(seen, place[fine], first[fine])
    ends = np.flatnonzero(np.diff(ids[fine])) + 1
    uses = [
        _Use(names[ids[rows[0]]], *(each[rows] for each in (hour, first, last, n, place, address)))
        for rows in np.split(fine, ends)
        if len(rows)
    ]
    return uses, _Places(words, addresses, seen)


def _wakings(use: _Use) -> Ints:
    """Return the rows before which the key was not used for long."""
    gap = use.first[1:] - np.maximum.accumulate(use.last)[:-1]
    return np.flatnonzero(gap >= DORMANT_DAYS * DAY) + 1


def _woken(use: _Use, at: int, places: _Places, p: float) -> Anomaly:
    start, slept = int(use.first[at]), int(use.first[at] - use.last[:at].max())
    day = np.flatnonzero((use.first >= start) & (use.first < start + DAY))
    new = sorted(set(use.place[day].tolist()) - set(use.place[:at].tolist()) - {-1})
    where = [places.names[each] for each in new]
    calls = int(use.n[day].sum())
    told = f", from {listed(where)}, where it had never been used" if where else ""
    sentence = (
        f"{use.called} was used again after {slept // DAY:,} days: "
        f"{many(calls, 'call')} within a day{told}; {many(int(use.n[:at].sum()), 'call')} before"
    )
    severity = Severity.HIGH if where else Severity.MEDIUM
    return _anomaly("keys.dormant", severity, use, day, sentence, slept / DAY, "days without a call", p, places)


def _moved(use: _Use, places: _Places, ground: Ground) -> Iterator[Anomaly]:
    """Yield when a key is first used outside of its only network, from one that no key was ever used from."""
    known = use.place[use.place >= 0]
    elsewhere = np.flatnonzero((use.place >= 0) & (use.place != known[0])) if len(known) else np.zeros(0, np.int64)
    if not len(elsewhere):
        return
    at = int(elsewhere[0])
    start, calls = int(use.first[at]), int(use.n[:at].sum())
    days = len(np.unique(use.hour[:at] // 24))
    if start < ground.since or calls < LEAST_CALLS or days < LEAST_DAYS or places.seen[use.place[at]] < start - DAY:
        return
    day = np.flatnonzero((use.first >= start) & (use.first < start + DAY) & (use.place == use.place[at]))
    beside = bool(((use.place == known[0]) & (use.last >= start) & (use.first < start + _BESIDE)).any())
    history = (start - int(use.first[0])) // DAY
    if history < WHOLE_DAYS and not beside:
        return
    goes_on = ", and went on being used from there as well" if beside else ""
    sentence = (
        f"{use.called} was used from {places.names[use.place[at]]}, never seen with a key "
        f"before ({many(int(use.n[day].sum()), 'call')} within a day); its {many(calls, 'call')} in the "
        f"{many(history, 'day')} before all came from {places.names[known[0]]}{goes_on}"
    )
    severity = Severity.MEDIUM if beside else Severity.LOW
    p = 1 / (calls + 1)
    yield _anomaly("keys.network", severity, use, day, sentence, float(use.n[day].sum()), "calls in a day", p, places)


def _does_else(counted: Counted, use: _Use, start: int) -> bool:
    """Tell whether something else was new about the owner that day, which `first_seen` weighs together with it."""
    for name in ("first_seen.api", "first_seen.agent"):
        table = counted[name]
        theirs = pc.and_(pc.equal(table["account"], use.names[0]), pc.equal(table["principal"], use.names[1]))
        first = table.filter(theirs)["first"].to_numpy()
        if ((first >= start) & (first < start + DAY)).any():
            return True
    return False


def _anomaly(
    kind: str, severity: Severity, use: _Use, rows: Ints, sentence: str, observed: float, unit: str, p: float,
    places: _Places,
) -> Anomaly:  # fmt: skip
    start, end = int(use.first[rows].min()), int(use.last[rows].max()) + 1
    addresses = sorted({places.addresses[each][0] for each in use.address[rows]} - {""})[:20]
    return Anomaly(
        kind=kind,
        severity=severity,
        account=use.names[0],
        region="",
        subject=(use.names[2], use.names[1]),
        start=start,
        end=end,
        sentence=sentence,
        observed=observed,
        unit=unit,
        p=min(1.0, p),
        select=Selection(start, end, use.names[0], keys=(use.names[2],), addresses=tuple(addresses)),
        baseline=(int(use.first.min()), start),
        parameters={"addresses": ", ".join(addresses)},
    )


def _notes(uses: list[_Use], ground: Ground) -> Iterator[str]:
    seconds = ground.until - ground.first_hour * HOUR
    if uses and seconds < DORMANT_DAYS * DAY:
        yield (
            f"the calls of {lasting(seconds)} are looked at: access keys that nobody used for {DORMANT_DAYS} days "
            "cannot be told from new ones"
        )
