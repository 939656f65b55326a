"""Accounts that call into another one for the first time, and regions of an account that wake up.

How improbable: (those that came in the later half of the account's history + 1) / (calls in it + 1), for each of those
that there are. Where newcomers are usual, such as callers of a public bucket, they are not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Severity, Tested
from ctaudit.anomalies.cube import Counted, Cube
from ctaudit.anomalies.ground import DAY, HOUR, Ground
from ctaudit.anomalies.novelty import LEAST_DAYS
from ctaudit.anomalies.visits import SERVICE_ROLE, Ints, encode
from ctaudit.anomalies.words import listed, many

CUBES: Mapping[str, Cube] = {
    "newcomers.callers": Cube(("account", "caller_account", "error", "hour"), ("principal", "own")),
    "newcomers.writes": Cube(("account", "region", "principal", "error", "hour"), ("principal", "own", "write")),
}
KINDS: Mapping[str, Kind] = {
    "newcomers.caller_account": Kind(
        "an account calls into another one for the first time",
        ("a new vendor or partner", "a new account of the organization", "a bucket opened to others on purpose"),
    ),
    "newcomers.region": Kind(
        "something is changed in a region of an account where nothing ever was",
        ("an expansion into a region", "a deployment of guardrails into all regions", "somebody chose a wrong region"),
    ),
}
MOST = 0.01
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Rows:
    """Calls by account, by what may be new in it, and by who made them, a row for each hour."""

    account: Ints
    thing: Ints
    who: Ints
    n: Ints
    first: Ints
    failed: np.ndarray[tuple[int], np.dtype[np.bool_]]
    accounts: list[tuple[str, ...]]
    things: list[tuple[str, ...]]
    people: list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Newcomers:
    """What came anew to one account within a day."""

    account: str
    things: list[str]
    start: int
    end: int
    calls: int
    succeeded: int
    who: list[str]
    opened: int
    p: float


def find(counted: Counted, ground: Ground) -> Tested:
    """Return which accounts and regions are new, one anomaly for each account and day; needs 14 days of its history."""
    callers = list(_newcomers(_rows(counted["newcomers.callers"], "caller_account", ground), ground, own=False))
    regions = list(_newcomers(_rows(counted["newcomers.writes"], "region", ground), ground, own=True))
    found = [_caller(each) for each in callers if each.p <= MOST] + [
        _region(each) for each in regions if each.p <= MOST
    ]
    return Tested(found, len(callers) + len(regions), (), {"least_days": LEAST_DAYS, "most_p": MOST})


def _rows(table: pa.Table, thing: str, ground: Ground) -> _Rows:
    hour = table["hour"].to_numpy().astype(np.int64)
    fine = (hour >= ground.first_hour) & (hour * HOUR < ground.until)
    who = "principal" if thing == "region" else thing
    account, accounts = encode(table, ("account",))
    things, names = encode(table, (thing,))
    people, whom = encode(table, (who,))
    fine &= np.array([bool(each[0]) and SERVICE_ROLE not in each[0] for each in whom] or [True], np.bool_)[people]
    n, first = (table[each].to_numpy().astype(np.int64)[fine] for each in ("n", "first"))
    failed = table["error"].is_valid().to_numpy()[fine]
    return _Rows(account[fine], things[fine], people[fine], n, first, failed, accounts, names, whom)


def _newcomers(rows: _Rows, ground: Ground, *, own: bool) -> Iterator[_Newcomers]:
    """Yield for each account and day what is new in it, `own` when the account itself does it."""
    for at, (account,) in enumerate(rows.accounts):
        mine = np.flatnonzero(rows.account == at)
        if not len(mine):
            continue
        things, first = rows.thing[mine], rows.first[mine]
        opened = int(first.min())
        seen = np.full(len(rows.things), np.iinfo(np.int64).max)
        np.minimum.at(seen, things, first)
        new = [
            (int(seen[thing]), int(thing))
            for thing in np.unique(things)
            if seen[thing] >= max(ground.since, opened + LEAST_DAYS * DAY) and (own or rows.things[thing][0] != account)
        ]
        for day in sorted({moment // DAY for moment, _ in new}):
            chosen = sorted(each for each in new if each[0] // DAY == day)
            start = chosen[0][0]
            middle = (opened + start) // 2
            earlier = int(((seen >= middle) & (seen < start)).sum())
            calls = int(rows.n[mine][(first >= middle) & (first < start)].sum())
            kept = mine[np.isin(things, [thing for _, thing in chosen]) & (first < start + DAY)]
            yield _Newcomers(
                account,
                [rows.things[thing][0] for _, thing in chosen],
                start,
                min(ground.until, int(rows.first[kept].max()) + 1),
                int(rows.n[kept].sum()),
                int(rows.n[kept][~rows.failed[kept]].sum()),
                [rows.people[who][0] for who in np.unique(rows.who[kept])],
                opened,
                min(1.0, (earlier + 1) / (calls + 1)),
            )


def _caller(found: _Newcomers) -> Anomaly:
    whose = "account" if len(found.things) == 1 else "accounts"
    sentence = (
        f"{whose} {listed(found.things)} called into {found.account} for the first time: "
        f"{many(found.calls, 'call')}, {found.succeeded:,} of which succeeded; {_history(found)}"
    )
    return _anomaly(found, "newcomers.caller_account", "", sentence, "accounts that never called before")


def _region(found: _Newcomers) -> Anomaly:
    sentence = (
        f"{listed(found.who)} changed something in {listed(found.things)}, where nothing was changed before in "
        f"{found.account}: {many(found.calls, 'call')}, {found.succeeded:,} of which succeeded; {_history(found)}"
    )
    region = found.things[0] if len(found.things) == 1 else ""
    return _anomaly(found, "newcomers.region", region, sentence, "regions that wake up")


def _history(found: _Newcomers) -> str:
    return f"the logs of that account reach back {many((found.start - found.opened) // DAY, 'day')} before"


def _anomaly(found: _Newcomers, kind: str, region: str, sentence: str, unit: str) -> Anomaly:
    principals = tuple(found.who[:_SHOWN]) if kind == "newcomers.region" else ()
    return Anomaly(
        kind=kind,
        severity=Severity.MEDIUM if found.succeeded else Severity.LOW,
        account=found.account,
        region=region,
        subject=tuple(found.things),
        start=found.start,
        end=found.end,
        sentence=sentence,
        observed=float(len(found.things)),
        unit=unit,
        p=found.p,
        select=Selection(found.start, found.end, found.account, region, principals=principals),
        baseline=(found.opened, found.start),
        parameters={"new": ", ".join(found.things[:_SHOWN]), "calls": found.calls, "succeeded": found.succeeded},
    )
