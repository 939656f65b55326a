"""Who was active in which hour, and what was new about it: to the principal, and to its account or all logs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ctaudit.anomalies.cube import Counted, Cube
from ctaudit.anomalies.ground import DAY, HOUR, Ground
from ctaudit.anomalies.networks import network

Ints = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

_WHO = ("account", "principal")
_THEIR = ("principal", "own")
CUBES: Mapping[str, Cube] = {
    "first_seen.hours": Cube((*_WHO, "hour"), _THEIR),
    "first_seen.network": Cube((*_WHO, "address", "write", "error"), _THEIR),
    "first_seen.api": Cube((*_WHO, "source", "name"), _THEIR),
    "first_seen.agent": Cube((*_WHO, "agent"), _THEIR),
    "first_seen.region": Cube((*_WHO, "region"), _THEIR),
}
_VALUES = {
    "network": ("address",),
    "country": ("address",),
    "api": ("source", "name"),
    "agent": ("agent",),
    "region": ("region",),
}
_EVERYWHERE = ("network", "country")
"""What is new only when it is so to all logs; the others when it is so to the account."""
SERVICE_ROLE = ":assumed-role/AWSServiceRoleFor"
_JUDGED = re.compile(r"arn:[^:]*:(?:iam|sts)::[^:]*:(?!oidc-provider/|saml-provider/|assumed-role/AWSServiceRoleFor)")
"""Not the callers of other accounts and of identity providers, which are another principal in each session."""
_DENIED = re.compile("Denied|Unauthorized")
_STILL_NEW = DAY
"""As long after its first sight anywhere something is still new for whoever comes next."""
_WIDE = 1 << 24
"""More than there are hours since 1970."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One kind of thing, and when each principal did or had it for the first time; sorted by principal and thing."""

    who: Ints
    what: Ints
    first: Ints
    fresh: Truths
    """Whether it was new, too, to the account (a network: to all logs), or had been for less than a day."""
    names: Sequence[tuple[str, ...]]
    """What the numbers in `what` stand for."""


@dataclass(frozen=True, slots=True)
class Visits:
    """Hours in which somebody was active, sorted by principal and hour."""

    people: Sequence[tuple[str, str]]
    """Account and principal of each number in `who`."""
    who: Ints
    hour: Ints
    calls: Ints
    born: Ints
    """For each of `people`, the hour of the first call."""
    opened: Ints
    """For each of `people`, the hour of the first call in the account."""
    seen: Mapping[str, Seen]
    """`network`, `country` (of no principal without a database), `api`, `agent`, `region`."""

    def at(self, who: Ints, hour: Ints) -> Ints:
        """Return the place of visits, or of the first one after where there is none."""
        return np.searchsorted(self.who * _WIDE + self.hour, who * _WIDE + hour).astype(np.int64)


def visits(counted: Counted, ground: Ground) -> Visits:
    """Return everybody's hours; calls at times before the logs begin or after what is judged are left out."""
    table = counted["first_seen.hours"]
    ids, names = encode(table, _WHO)
    hour = _ints(table, "hour")
    fine = (hour >= ground.first_hour) & (hour < -(-ground.until // HOUR))
    fine &= np.array([_JUDGED.match(name[1]) is not None for name in names], np.bool_)[ids]
    kept, ids = np.unique(ids[fine], return_inverse=True)
    people = [(names[at][0], names[at][1]) for at in kept]
    order = np.lexsort((hour[fine], ids))
    who, hour, calls = ids[order].astype(np.int64), hour[fine][order], _ints(table, "n")[fine][order]
    born = np.full(len(people), _WIDE, np.int64)
    np.minimum.at(born, who, hour)
    accounts, account_of = np.unique([person[0] for person in people] or [""], return_inverse=True)
    opened = np.full(len(accounts), _WIDE, np.int64)
    account_of = account_of[: len(people)].astype(np.int64)
    np.minimum.at(opened, account_of, born)
    number = {person: at for at, person in enumerate(people)}
    seen = {kind: _seen(counted, ground, kind, number, account_of) for kind in _VALUES}
    return Visits(people, who, hour, calls, born, opened[account_of], seen)


def _seen(counted: Counted, ground: Ground, kind: str, number: Mapping[tuple[str, str], int], account_of: Ints) -> Seen:
    table = counted["first_seen.network" if kind in _EVERYWHERE else f"first_seen.{kind}"]
    who, what, names = _placed(table, ground, kind, number)
    first = _ints(table, "first")
    known = (who >= 0) & (what >= 0) & (first < ground.until)
    first = np.maximum(first[known], ground.first_hour * HOUR)
    pairs, at = np.unique(who[known] * (len(names) + 1) + what[known], return_inverse=True)
    earliest = np.full(len(pairs), np.iinfo(np.int64).max)
    np.minimum.at(earliest, at, first)
    who, what = pairs // (len(names) + 1), pairs % (len(names) + 1)
    scope = what if kind in _EVERYWHERE else account_of[who] * (len(names) + 1) + what
    scopes, scope_at = np.unique(scope, return_inverse=True)
    anywhere = np.full(len(scopes), np.iinfo(np.int64).max)
    np.minimum.at(anywhere, scope_at, earliest)
    return Seen(who, what, earliest, earliest - anywhere[scope_at] < _STILL_NEW, names)


def _placed(
    table: pa.Table, ground: Ground, kind: str, number: Mapping[tuple[str, str], int]
) -> tuple[Ints, Ints, Sequence[tuple[str, ...]]]:
    """Return for each row the number of the principal and that of the thing, -1 for none, and names of the things."""
    ids, people = encode(table, _WHO)
    who = np.array([number.get((person[0], person[1]), -1) for person in people] or [-1], np.int64)[ids]
    what, names = encode(table, _VALUES[kind])
    if kind not in _EVERYWHERE:
        unnamed = np.array([not any(name) for name in names] or [True], np.bool_)
        return who, np.where(unnamed[what], -1, what), names
    found = [_place(name[0], kind, ground) for name in names]
    places = sorted({each for each in found if each is not None})
    place = {name: at for at, name in enumerate(places)}
    mapped = [-1 if each is None else place[each] for each in found]
    return who, np.array(mapped or [-1], np.int64)[what], places


def _place(address: str, kind: str, ground: Ground) -> tuple[str, ...] | None:
    found = network(address, ground.locate)
    if found is None:
        return None
    if kind == "country":
        return (found.country,) if found.country else None
    return found.name, found.country


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls from somewhere, for telling what a network was used for."""

    who: Ints
    network: Ints
    calls: Ints
    last: Ints
    writes: Truths
    denied: Truths
    address: Ints
    addresses: Sequence[tuple[str, ...]]


def traffic(counted: Counted, ground: Ground, visits: Visits) -> Traffic:
    """Return the calls of everybody by network, whether they change something and were denied."""
    table = counted["first_seen.network"]
    number = {person: at for at, person in enumerate(visits.people)}
    who, place, _ = _placed(table, ground, "network", number)
    error, errors = encode(table, ("error",))
    denied = np.array([_DENIED.search(each[0]) is not None for each in errors] or [False], np.bool_)[error]
    address, addresses = encode(table, ("address",))
    writes = table["write"].to_numpy().astype(np.bool_)
    return Traffic(who, place, _ints(table, "n"), _ints(table, "last"), writes, denied, address, addresses)


def encode(table: pa.Table, columns: Sequence[str]) -> tuple[Ints, list[tuple[str, ...]]]:
    """Return for each row a number for what stands in the columns, and what the numbers stand for, sorted."""
    parts = [table[column].combine_chunks().fill_null("").dictionary_encode() for column in columns]
    whole = np.zeros(table.num_rows, np.int64)
    sizes = [len(part.dictionary) for part in parts]
    for part, size in zip(parts, sizes, strict=True):
        whole = whole * max(1, size) + part.indices.to_numpy(zero_copy_only=False)
    distinct, ids = np.unique(whole, return_inverse=True)
    values: list[list[str]] = []
    for part, size in zip(reversed(parts), reversed(sizes), strict=True):
        words = part.dictionary.to_pylist()
        values.append([words[at] for at in distinct % max(1, size)])
        distinct = distinct // max(1, size)
    names = list(zip(*reversed(values), strict=True))
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return rank[ids], [names[at] for at in order]


def _ints(table: pa.Table, column: str) -> Ints:
    values: Ints = table[column].to_numpy().astype(np.int64)
    return values
