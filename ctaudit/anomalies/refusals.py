"""What principals called, and what they were refused: the counts that the family `denied` judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ctaudit.anomalies.anomaly import Series
from ctaudit.anomalies.cube import Counted, Cube
from ctaudit.anomalies.ground import DAY, HISTORY_DAYS, HOUR, Ground
from ctaudit.anomalies.grouping import Ints, Key, Mask, account_mask, days_before, grouped, named, numbers, within
from ctaudit.anomalies.phrases import called, listed
from ctaudit.anomalies.telling import service

CALLS, APIS, SUCCEEDED, PERMISSIONS = "denied.calls", "denied.apis", "denied.succeeded", "denied.permissions"
CUBES = {
    CALLS: Cube(("account", "region", "principal", "principal_type", "hour", "denied"), ("own",)),
    APIS: Cube(("account", "principal", "principal_type", "source", "name", "bin"), ("own", "denied")),
    SUCCEEDED: Cube(("account", "principal", "source", "name"), ("own", "succeeded")),
    PERMISSIONS: Cube(("account", "principal", "source", "name", "bin"), ("permission",)),
}
HISTORY = HISTORY_DAYS * DAY


@dataclass(frozen=True, slots=True)
class Hours:
    """Calls by principal and hour, in order of both."""

    keys: list[Key]
    """Account and principal of each principal's number."""
    who: Ints
    hour: Ints
    """From the first hour of the ground."""
    calls: Ints
    refused: Ints

    def of(self, who: int) -> slice:
        return slice(*np.searchsorted(self.who, [who, who + 1]))

    def began(self) -> dict[Key, int]:
        """Return in which hour each principal called first."""
        first = np.searchsorted(self.who, np.arange(len(self.keys)))
        return dict(zip(self.keys, self.hour[first].tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Refusals:
    """Refused calls by principal, call and five minutes, in order of principal, then time."""

    keys: list[Key]
    apis: list[Key]
    """Source and name of each call's number."""
    who: Ints
    api: Ints
    calls: Ints
    first: Ints
    last: Ints
    persons: frozenset[Key]
    """Those that are users, root, or sessions of people who signed in."""

    def of(self, who: int) -> slice:
        return slice(*np.searchsorted(self.who, [who, who + 1]))

    def told(self, apis: Sequence[int]) -> str:
        """Return the calls' names as a sentence lists them."""
        return listed([called(*self.apis[each]) for each in apis])

    def sources(self, apis: Sequence[int]) -> tuple[str, ...]:
        return tuple(sorted({self.apis[each][0] for each in apis}))

    def names(self, apis: Sequence[int]) -> tuple[str, ...]:
        return tuple(sorted({self.apis[each][1] for each in apis}))

    def by_calls(self, rows: slice) -> list[int]:
        """Return the calls of some rows, those refused most often first."""
        found, at = np.unique(self.api[rows], return_inverse=True)
        order = np.argsort(-np.bincount(at, weights=self.calls[rows]), kind="stable")
        chosen: list[int] = found[order].tolist()
        return chosen


@dataclass(frozen=True, slots=True)
class Watched:
    """The hours that the logs speak for in each account, whatever the region."""

    ground: Ground
    masks: dict[str, Mask]

    @classmethod
    def of(cls, ground: Ground) -> Watched:
        accounts = sorted({account for account, _ in ground.covered})
        return cls(ground, {account: account_mask(ground, account) for account in accounts})

    def mask(self, account: str) -> Mask:
        found = self.masks.get(account)
        return np.zeros(self.ground.hours, np.bool_) if found is None else found

    def days(self, account: str, at: int) -> float:
        return days_before(self.mask(account), self.ground, at)


def hours_of(counted: Counted, ground: Ground) -> Hours:
    """Return everybody's own calls by hours."""
    table = named(within(counted[CALLS], ground))
    who, keys = grouped(table, ("account", "principal"))
    hour = numbers(table, "hour") - ground.first_hour
    cell, at = np.unique(who * max(1, ground.hours) + hour, return_inverse=True)
    n, refused = numbers(table, "n"), table["denied"].to_numpy().astype(np.bool_)
    sums = [np.bincount(at, weights=each, minlength=len(cell)).astype(np.int64) for each in (n, n * refused)]
    return Hours(keys, cell // max(1, ground.hours), cell % max(1, ground.hours), *sums)


def refusals_of(counted: Counted, ground: Ground) -> Refusals:
    """Return everybody's own refused calls."""
    table = named(within(counted[APIS], ground))
    who, keys = grouped(table, ("account", "principal"))
    api, apis = grouped(table, ("source", "name"))
    first, last, n = (numbers(table, name) for name in ("first", "last", "n"))
    order = np.lexsort((n, last, api, first, who))
    persons = frozenset(keys[each] for each in np.unique(who[_persons(table)]).tolist())
    return Refusals(keys, apis, who[order], api[order], n[order], first[order], last[order], persons)


def _persons(table: pa.Table) -> npt.NDArray[np.bool_]:
    kinds = pa.array(["IAMUser", "Root", "SAMLUser", "WebIdentityUser", "FederatedUser", "IdentityCenterUser"])
    signed_in = pc.match_substring(pc.fill_null(table["principal"], ""), "assumed-role/AWSReservedSSO_")
    found = pc.or_(pc.is_in(table["principal_type"], value_set=kinds), signed_in)
    return np.asarray(found.to_numpy(), np.bool_)


def series_of(moments: Ints, weights: Ints, bounds: tuple[int, int], ground: Ground, mask: Mask, width: int) -> Series:
    """Return counts around an episode: with a width of an hour two days before it and half a day after.

    What was counted in an hour that the logs do not speak for whole is shown all the same: it was seen.
    """
    hours = 48 * width // HOUR, 12 * width // HOUR
    start = max(ground.first_hour * HOUR, (bounds[0] // HOUR - hours[0]) * HOUR)
    end = min(-(-ground.until // HOUR) * HOUR, (-(-bounds[1] // HOUR) + hours[1]) * HOUR)
    end = min(end, start + 500 * width)
    inside = (moments >= start) & (moments < end)
    size = max(0, (end - start) // width)
    sums = np.bincount((moments[inside] - start) // width, weights=weights[inside], minlength=size)
    spoken = mask[(start + np.arange(size) * width) // HOUR - ground.first_hour]
    counts = (int(n) if n or heard else None for n, heard in zip(sums.tolist(), spoken.tolist(), strict=True))
    return Series(start, width, tuple(counts))


def services(sources: Sequence[str]) -> str:
    return listed([service(each) for each in sources])
