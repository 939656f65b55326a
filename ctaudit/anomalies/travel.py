"""Impossible travel: somebody calls from two places that nobody gets between in that time.

It needs a database that knows where addresses are. Only people are judged: users, root, and users of Identity Center
(by name, whichever role they take); a role that is shared is nobody. How improbable: (such journeys before + 1) /
(changes of place and hours in one place before + 1). A pair of places that somebody was seen between before is a VPN.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Severity, Tested
from ctaudit.anomalies.cube import Counted, Cube
from ctaudit.anomalies.ground import DAY, HOUR, Ground
from ctaudit.anomalies.networks import Locate, Spot
from ctaudit.anomalies.words import short

CUBES: Mapping[str, Cube] = {
    "travel.people": Cube(("account", "principal", "person", "address", "hour"), ("person", "address", "own"))
}
KINDS: Mapping[str, Kind] = {
    "travel.impossible": Kind(
        "somebody calls from two places too far apart for the time between",
        (
            "a VPN, a proxy or a cloud desktop that is switched on or off",
            "a script on a server that has a user's key",
            "a database that has an address in the wrong place",
        ),
    ),
}
FASTEST = 1000.0
"""Kilometres an hour."""
FARTHEST = 500.0
"""Kilometres within which databases are wrong too often."""
MOST = 0.01
_EARTH = 6371.0
_CLOUDS = frozenset((16509, 14618, 8987))
"""Amazon's own systems: CloudShell, instances and the like are not where somebody is."""


@dataclass(frozen=True, slots=True)
class _Stay:
    """Calls of one person from one address within an hour."""

    person: str
    account: str
    principal: str
    address: str
    first: int
    last: int
    spot: Spot


@dataclass(frozen=True, slots=True)
class _Journey:
    start: _Stay
    end: _Stay
    kilometres: float
    seconds: int
    before: int
    """Stays and journeys seen before, of everybody."""
    impossible: int
    """How many of them were so."""


def find(counted: Counted, ground: Ground) -> Tested:
    """Return journeys that end within the time that is judged, one for each person and day."""
    if ground.locate is None:
        return Tested((), 0)
    found = [each for each in _journeys(_stays(counted, ground, ground.locate)) if each.end.first >= ground.since]
    told: dict[tuple[str, int], _Journey] = {}
    for each in found:
        told.setdefault((each.end.person, each.end.first // DAY), each)
    anomalies = [_anomaly(each) for each in told.values()]
    parameters = {"fastest_km_per_hour": FASTEST, "farthest_km": FARTHEST, "most_p": MOST}
    return Tested([each for each in anomalies if each.p <= MOST], len(anomalies), (), parameters)


def _stays(counted: Counted, ground: Ground, locate: Locate) -> list[_Stay]:
    """Return everybody's stays in order of time."""
    known: dict[str, Spot | None] = {}
    stays = []
    for row in counted["travel.people"].to_pylist():
        if not (ground.first_hour <= row["hour"] and row["first"] < ground.until):
            continue
        address = row["address"]
        spot = known[address] = known[address] if address in known else locate(address)
        if spot is None or spot.latitude is None or spot.longitude is None or spot.asn in _CLOUDS:
            continue
        who = (row["person"], row["account"], row["principal"] or row["person"])
        stays.append(_Stay(*who, address, row["first"], row["last"], spot))
    return sorted(stays, key=lambda each: (each.first, each.last, each.person, each.address, each.account))


def _journeys(stays: list[_Stay]) -> Iterator[_Journey]:
    """Yield what is impossible, each pair of places of somebody once."""
    at: dict[str, _Stay] = {}
    habits: set[tuple[str, frozenset[tuple[float, float]]]] = set()
    impossible = 0
    for before, stay in enumerate(stays):
        last = at.get(stay.person)
        at[stay.person] = stay if last is None or stay.last >= last.last else replace(stay, last=last.last)
        if last is None:
            continue
        kilometres, seconds = distance(last.spot, stay.spot), max(0, stay.first - last.last)
        if kilometres <= FARTHEST or kilometres <= FASTEST * seconds / HOUR:
            continue
        pair = (stay.person, frozenset((_point(last.spot), _point(stay.spot))))
        if pair not in habits:
            habits.add(pair)
            yield _Journey(last, stay, kilometres, seconds, before, impossible)
            impossible += 1


def _point(spot: Spot) -> tuple[float, float]:
    return round(spot.latitude or 0.0), round(spot.longitude or 0.0)


def distance(one: Spot, other: Spot) -> float:
    """Return the kilometres between two places, along the ground (haversine)."""
    a, b, c, d = (math.radians(each or 0.0) for each in (one.latitude, one.longitude, other.latitude, other.longitude))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * _EARTH * math.asin(math.sqrt(min(1.0, half)))


def _anomaly(journey: _Journey) -> Anomaly:
    one, other = journey.start, journey.end
    speed = journey.kilometres / max(1, journey.seconds) * HOUR
    minutes = journey.seconds // 60
    sentence = (
        f"{short(other.person)} called from {_told(one)} and {minutes:,} minutes later from {_told(other)}, "
        f"{journey.kilometres:,.0f} km away"
    )
    return Anomaly(
        kind="travel.impossible",
        severity=Severity.MEDIUM,
        account=other.account,
        region="",
        subject=(other.person,),
        start=min(one.last, other.first),
        end=max(one.last, other.last) + 1,
        sentence=sentence,
        observed=speed,
        unit="kilometres an hour",
        p=float(np.minimum(1.0, (journey.impossible + 1) / (journey.before + 1))),
        select=Selection(
            min(one.last, other.first),
            max(one.last, other.last) + 1,
            principals=tuple(sorted({one.principal, other.principal})),
            addresses=tuple(sorted({one.address, other.address})),
        ),
        expected=FASTEST,
        parameters={"kilometres": round(journey.kilometres), "seconds": journey.seconds},
    )


def _told(stay: _Stay) -> str:
    place = ", ".join(each for each in (stay.spot.city, stay.spot.country) if each)
    return f"{stay.address} ({place})" if place else stay.address
