"""Logins to the console without MFA, or from a network that nobody had been seen in.

Only users and root are asked for MFA: for somebody who comes by an identity provider AWS knows nothing of it. How
improbable: (such logins before + 1) / (hours in which people were active before + 1), both at once multiplied; only
such logins are tests. So it is told with little history too, and not where it is the custom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ctaudit.anomalies import travel
from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Severity, Tested
from ctaudit.anomalies.cube import Counted, Cube
from ctaudit.anomalies.ground import DAY, HOUR, Ground
from ctaudit.anomalies.networks import network
from ctaudit.anomalies.visits import Ints, encode
from ctaudit.anomalies.words import many, named, short

CUBES: Mapping[str, Cube] = {
    "logins.logins": Cube(("account", "principal", "principal_type", "login", "mfa", "address", "hour"), ("login",)),
    "travel.people": travel.CUBES["travel.people"],
}
KINDS: Mapping[str, Kind] = {
    "logins.without_mfa": Kind(
        "a user or root logs in to the console without MFA",
        ("a new user who has yet to enrol a device", "an emergency account, by design"),
    ),
    "logins.network": Kind(
        "somebody logs in to the console from a network that nobody was ever seen in",
        ("travel, a hotel, a mobile network", "a new office or VPN"),
    ),
}
LEAST_DAYS = 14
"""Days of history with less of which a network is not called new, and nothing more than MEDIUM."""
MOST = 0.01
_ASKED = ("IAMUser", "Root")


@dataclass(frozen=True, slots=True)
class _Login:
    account: str
    principal: str
    kind: str
    mfa: bool
    address: str
    place: str
    n: int
    first: int
    last: int
    fresh: bool
    """Whether the network was new to all people."""

    @property
    def bare(self) -> bool:
        """Whether MFA was to be expected, and was not used."""
        return not self.mfa and self.kind in _ASKED


def find(counted: Counted, ground: Ground) -> Tested:
    """Return logins within the time that is judged, one anomaly for each principal and day."""
    hours, places = _people(counted, ground)
    logins = list(_logins(counted, ground, places))
    opened = min([*places.values(), *(each.first for each in logins)], default=0)
    days: dict[tuple[str, str, int], list[_Login]] = {}
    for login in logins:
        if login.first >= ground.since and (login.bare or login.fresh):
            days.setdefault((login.account, login.principal, login.first // DAY), []).append(login)
    found = [_anomaly(each, logins, hours, places, opened) for each in days.values()]
    return Tested(
        [each for each in found if each.p <= MOST], len(found), (), {"least_days": LEAST_DAYS, "most_p": MOST}
    )


def _people(counted: Counted, ground: Ground) -> tuple[Ints, Mapping[str, int]]:
    """Return the hours in which people were active, sorted, and when each network was first seen with somebody."""
    table = counted["travel.people"]
    hour, first = (table[each].to_numpy().astype(np.int64) for each in ("hour", "first"))
    fine = (hour >= ground.first_hour) & (hour * HOUR < ground.until)
    address, addresses = encode(table, ("address",))
    seen = np.full(len(addresses), np.iinfo(np.int64).max)
    np.minimum.at(seen, address[fine], first[fine])
    places: dict[str, int] = {}
    for at in np.unique(address[fine]):
        place = _place(addresses[at][0], ground)
        places[place] = min(int(seen[at]), places.get(place, int(seen[at])))
    return np.sort(hour[fine]), places


def _place(address: str | None, ground: Ground) -> str:
    found = network(address, ground.locate) if address else None
    return "" if found is None else named("network", (found.name, found.country))


def _logins(counted: Counted, ground: Ground, places: Mapping[str, int]) -> Iterator[_Login]:
    for row in counted["logins.logins"].to_pylist():
        inside = ground.first_hour <= row["hour"] and row["first"] < ground.until
        if row["login"] != "Success" or row["principal"] is None or not inside:
            continue
        place = _place(row["address"], ground)
        begun = min(places.values(), default=row["first"])
        known = row["first"] - begun >= LEAST_DAYS * DAY
        fresh = bool(place) and known and row["first"] - places.get(place, row["first"]) < DAY
        kind, mfa = row["principal_type"] or "", row["mfa"] == "Yes"
        times = (row["n"], row["first"], row["last"])
        yield _Login(row["account"], row["principal"], kind, mfa, row["address"] or "", place, *times, fresh)


def _anomaly(day: list[_Login], logins: list[_Login], hours: Ints, places: Mapping[str, int], opened: int) -> Anomaly:
    first = min(day, key=lambda each: (each.first, each.address))
    bare, fresh = any(each.bare for each in day), any(each.fresh for each in day)
    start, end = first.first, max(each.last for each in day) + 1
    before = int(np.searchsorted(hours, start // HOUR))
    earlier = sum(each.n for each in logins if each.bare and each.first < start and each.account == first.account)
    begun = (opened + start) // 2
    new = sum(begun <= seen < start - DAY for seen in places.values())
    chances = [(earlier + 1) / (before + 1)] * bare + [(new + 1) / (before + 1)] * fresh
    days = (start - opened) // DAY
    return Anomaly(
        kind="logins.without_mfa" if bare else "logins.network",
        severity=_severity(first.kind, bare, fresh, days),
        account=first.account,
        region="",
        subject=(first.principal,),
        start=start,
        end=end,
        sentence=_sentence(first, bare, fresh, sum(each.n for each in day), earlier, days),
        observed=float(sum(each.n for each in day)),
        unit="logins in a day",
        p=float(np.prod(np.minimum(1.0, chances))),
        select=Selection(start, end, first.account, names=("ConsoleLogin",), principals=(first.principal,)),
        baseline=(opened, start),
        parameters={
            "addresses": ", ".join(sorted({each.address for each in day} - {""})[:20]),
            "without_mfa_before": earlier,
            "hours_of_people_before": before,
        },
    )


def _severity(kind: str, bare: bool, fresh: bool, days: int) -> Severity:
    if bare and (kind == "Root" or fresh):
        return Severity.HIGH if days >= LEAST_DAYS else Severity.MEDIUM
    return Severity.MEDIUM if bare or kind == "Root" else Severity.LOW


def _sentence(first: _Login, bare: bool, fresh: bool, count: int, earlier: int, days: int) -> str:
    how = " without MFA" if bare else ""
    where = f" from {first.place}" if first.place else ""
    new = ", where nobody had been seen before" if fresh else ""
    often = "" if count == 1 else f" {count:,} times within a day"
    custom = f"; {many(earlier, 'such login')} in that account" if bare else "; no other"
    return (
        f"{short(first.principal)} logged in to the console{how}{where}{new}{often}{custom} "
        f"in the {many(days, 'day')} of logs before"
    )
