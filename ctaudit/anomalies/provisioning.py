"""Instances of a family that an account never launched before, such as the large ones that miners want.

How probable a new family is comes of Good and Turing's estimate: of n launches, as many as were the only ones of their
family show how often the next one is new. What is launched on one day is one anomaly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Severity, Tested
from ctaudit.anomalies.cube import Counted, Cube
from ctaudit.anomalies.ground import DAY, HOUR, Ground
from ctaudit.anomalies.telling import lasting, several

LEAST_DAYS = 14
"""Days that lie between an account's first launch and one that is called new."""
LEAST_LAUNCHES = 10
"""Fewer launches say nothing of what is usual."""

CUBES: Mapping[str, Cube] = {"provisioning.launches": Cube(("account", "region", "family", "hour"), ("family",))}
KINDS: Mapping[str, Kind] = {
    "provisioning.new_family": Kind(
        "instances of a family that the account never launched before",
        ("a new application", "a move to a newer generation", "a test of somebody who may do that"),
    ),
}
PARAMETERS: Mapping[str, int] = {"least_history_days": LEAST_DAYS, "least_launches": LEAST_LAUNCHES}


@dataclass(frozen=True, slots=True)
class _Launch:
    region: str
    family: str
    first: int
    """Seconds since 1970."""
    last: int
    calls: int


def find(counted: Counted, ground: Ground) -> Tested:
    """Find, by account and day, launches of families that are new."""
    found: list[Anomaly] = []
    tests = short = 0
    for account, launches in sorted(_by_account(counted["provisioning.launches"]).items()):
        for day, today in _days(launches, ground):
            before = [each for each in launches if each.first < day]
            if not _enough(before, day):
                short += 1
                continue
            tests += 1
            known = {each.family for each in before}
            new = [each for each in today if each.family not in known]
            if new:
                found.append(_anomaly(account, new, before))
    told = f"{several(short, 'day')} of launches lie less than {LEAST_DAYS} days after the account's first"
    notes = (f"{told}, or fewer than {LEAST_LAUNCHES} launches: new instance families could not be judged",)
    return Tested(found, tests, notes if short else (), PARAMETERS)


def _by_account(table: pa.Table) -> dict[str, list[_Launch]]:
    found: dict[str, list[_Launch]] = {}
    for row in table.to_pylist():
        launch = _Launch(row["region"], row["family"], row["first"], row["last"], row["n"])
        found.setdefault(row["account"], []).append(launch)
    return found


def _days(launches: Iterable[_Launch], ground: Ground) -> list[tuple[int, list[_Launch]]]:
    days: dict[int, list[_Launch]] = {}
    for each in launches:
        if ground.since <= each.first < ground.until:
            days.setdefault(each.first // DAY * DAY, []).append(each)
    return sorted(days.items())


def _enough(before: Sequence[_Launch], day: int) -> bool:
    old = bool(before) and min(each.first for each in before) <= day - LEAST_DAYS * DAY
    return old and sum(each.calls for each in before) >= LEAST_LAUNCHES


def _anomaly(account: str, new: Sequence[_Launch], before: Sequence[_Launch]) -> Anomaly:
    launches = sum(each.calls for each in before)
    p_new = (_alone(before) + 1) / (launches + 1)
    families, regions = sorted({each.family for each in new}), sorted({each.region for each in new})
    calls, start = sum(each.calls for each in new), min(each.first for each in new)
    since = min(each.first for each in before)
    named = ", ".join(families)
    known = len({each.family for each in before})
    return Anomaly(
        kind="provisioning.new_family",
        severity=Severity.MEDIUM if len(regions) > 1 or calls >= 5 else Severity.LOW,
        account=account,
        region=regions[0] if len(regions) == 1 else "",
        subject=tuple(families),
        start=start,
        end=max(each.last for each in new) + 1,
        sentence=f"{several(calls, 'launch', 'launches')} of {named} instances in {', '.join(regions)}; none of that "
        f"family was among {several(launches, 'launch', 'launches')} of {several(known, 'family', 'families')} in the "
        f"{lasting(max(HOUR, start - since))} before",
        observed=float(calls),
        unit="launches of new families in a day",
        p=p_new ** len(families),
        select=Selection(
            *(start, max(each.last for each in new) + 1, account),
            sources=("ec2.amazonaws.com",),
            names=("RunInstances",),
        ),
        expected=p_new * calls,
        baseline=(since, start),
        parameters={"probability_of_a_new_family": p_new, "launches_before": launches, "families_before": known},
    )


def _alone(before: Iterable[_Launch]) -> int:
    """Return how many launches were the only ones of their family."""
    calls: dict[str, int] = {}
    for each in before:
        calls[each.family] = calls.get(each.family, 0) + each.calls
    return sum(count == 1 for count in calls.values())
