"""Who was refused a call, and later made it with success.

Only calls count that the principal had never made with success before. Somebody who works on permissions sees that
every day; so the estimate is: how often, in this account, a refused call works within a week, once for each different
call; and how probable it is by chance that permissions were changed between the two, given how often that is done, or
how often this principal does it, when it did so itself.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

import numpy as np

from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Severity, Tested
from ctaudit.anomalies.cube import Counted
from ctaudit.anomalies.ground import DAY, HISTORY_DAYS, HOUR, LEAST_DAYS, Ground
from ctaudit.anomalies.grouping import Ints, Key, coded, grouped, named, numbers, within
from ctaudit.anomalies.phrases import called, listed
from ctaudit.anomalies.refusals import CUBES, HISTORY, PERMISSIONS, SUCCEEDED, Refusals, Watched, hours_of, refusals_of
from ctaudit.anomalies.telling import lasting, several
from ctaudit.table import Value

__all__ = ["CUBES", "KINDS", "find"]

KIND = "denied.then_succeeded"
KINDS = {
    KIND: Kind(
        "what was refused to a principal works a little later",
        (
            "a permission that was lacking was asked for and given",
            "somebody develops a policy and tries it out",
            "other targets of the same call were always allowed",
        ),
    )
}
WITHIN = 7 * DAY
"""Seconds between the two."""
AGAIN = 3600
"""Seconds after the success within which it must not be refused again: else some targets are allowed, others not."""
JOIN = DAY
"""Seconds between two successes that are still one episode."""
LEAST_APIS = 3
"""Different calls with fewer of which nothing is said, unless permissions were changed between."""
SOON = 3600
"""Seconds after a change of permissions within which a success is grave."""
CANDIDATE = 1e-4
MOST_PER_CALL = 0.5
PARAMETERS: Mapping[str, Value] = {
    "history_days": HISTORY_DAYS,
    "least_history_days": LEAST_DAYS,
    "success_within_days": WITHIN // DAY,
    "least_calls_without_change": LEAST_APIS,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """A call that was refused and then worked."""

    api: int
    refused: int
    """The last time before."""
    worked: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of permissions in IAM."""

    at: int
    by: str
    call: str


@dataclass(frozen=True, slots=True)
class Often:
    """How many calls of an account were refused before they ever worked, and how many of these then did."""

    waiting: int
    turned: int

    def without(self, waiting: int, turned: int) -> float:
        """Return the share of those of others than one principal, one more of each: never quite nothing."""
        return min(MOST_PER_CALL, (self.turned - turned + 1) / (self.waiting - waiting + 2))


def find(counted: Counted, ground: Ground) -> Tested:
    """Find the episodes of each principal; the tests are the calls that were refused before they ever worked.

    A family of its own: its few tests would find nothing beside the many of `denied`.
    """
    watched, refusals = Watched.of(ground), refusals_of(counted, ground)
    worked, changes, began = _worked(counted), _changes(counted, ground), hours_of(counted, ground).began()
    by_who = _turns(refusals, worked, ground.until)
    often = _often(refusals, by_who)
    short, told = 0, []
    for who, (waiting, turns) in enumerate(by_who):
        account, principal = key = refusals.keys[who]
        first = (ground.first_hour + began.get(key, 0)) * HOUR
        share = often[account].without(waiting, len(turns))
        for episode in _episodes([each for each in turns if each.worked >= ground.since]):
            change = _between(changes[account], episode, principal)
            if not _telling(episode, change, principal, episode[0].refused - first):
                continue
            if watched.days(account, episode[0].worked) < LEAST_DAYS:
                short += 1
                continue
            p = share ** len(episode)
            if change is not None:
                p *= _chance(episode, change, changes[account], principal, watched.days(account, episode[0].refused))
            if p < CANDIDATE:
                told.append(_anomaly(who, episode, change, share, p, refusals, ground))
    times = several(short, "time a refused call worked later", "times refused calls worked later")
    note = f"{times} in accounts with less than {LEAST_DAYS} days of history: that was not judged"
    return Tested(told, sum(waiting for waiting, _ in by_who), (note,) if short else (), PARAMETERS)


def _often(refusals: Refusals, by_who: Sequence[tuple[int, Sequence[Turn]]]) -> Mapping[str, Often]:
    found: dict[str, Often] = defaultdict(lambda: Often(0, 0))
    for (account, _), (waiting, turns) in zip(refusals.keys, by_who, strict=True):
        known = found[account]
        found[account] = Often(known.waiting + waiting, known.turned + len(turns))
    return found


def _telling(episode: Sequence[Turn], change: Change | None, principal: str, known: int) -> bool:
    """Tell whether it may be told at all: somebody new is given permissions bit by bit, unless by itself."""
    if change is not None and change.by == principal:
        return True
    return known >= LEAST_DAYS * DAY and (change is not None or len(episode) >= LEAST_APIS)


def _worked(counted: Counted) -> dict[Key, int]:
    """Return when each principal made each call with success first."""
    table = named(counted[SUCCEEDED])
    group, keys = grouped(table, ("account", "principal", "source", "name"))
    first = np.full(len(keys), np.iinfo(np.int64).max)
    np.minimum.at(first, group, numbers(table, "first"))
    return dict(zip(keys, first.tolist(), strict=True))


def _changes(counted: Counted, ground: Ground) -> Mapping[str, Sequence[Change]]:
    """Return the changes of permissions of each account, in order."""
    table = within(counted[PERMISSIONS], ground)
    texts = [(codes.tolist(), words) for codes, words in (coded(table[each]) for each in ("account", "principal"))]
    calls = [(codes.tolist(), words) for codes, words in (coded(table[each]) for each in ("source", "name"))]
    found: dict[str, list[Change]] = defaultdict(list)
    for row, at in enumerate(numbers(table, "first").tolist()):
        account, by = (words[codes[row]] for codes, words in texts)
        source, name = (words[codes[row]] for codes, words in calls)
        found[account].append(Change(at, by, called(source, name)))
    for each in found.values():
        each.sort(key=lambda one: (one.at, one.by, one.call))
    return found


def _turns(refusals: Refusals, worked: Mapping[Key, int], until: int) -> list[tuple[int, list[Turn]]]:
    """Return for each principal how many calls were refused before they ever worked, and those that then did."""
    size = max(1, len(refusals.apis))
    pair = refusals.who * size + refusals.api
    order = np.lexsort((refusals.first, pair))
    found, begins = np.unique(pair[order], return_index=True)
    edges = [*begins.tolist(), len(order)]
    waiting, turns = [0] * len(refusals.keys), defaultdict[int, list[Turn]](list)
    for number, (low, high) in enumerate(pairwise(edges)):
        who, api = divmod(int(found[number]), size)
        at = worked.get((*refusals.keys[who], *refusals.apis[api]), until)
        if at <= refusals.first[order[low]]:
            continue
        waiting[who] += 1
        rows = order[low:high]
        if at < until and (turn := _turn(api, at, refusals.first[rows], refusals.last[rows])):
            turns[who].append(turn)
    return [(n, sorted(turns[who], key=lambda each: (each.worked, each.api))) for who, n in enumerate(waiting)]


def _turn(api: int, at: int, first: Ints, last: Ints) -> Turn | None:
    """Return the turn of a call that first worked at a moment, if it was refused soon before and not again."""
    before = int(np.where(last <= at, last, first)[first <= at].max())
    again = ((last > at) & (first < at + AGAIN)).any()
    return None if again or at - before > WITHIN else Turn(api, before, at)


def _episodes(turns: Sequence[Turn]) -> Iterator[list[Turn]]:
    current: list[Turn] = []
    for each in turns:
        if current and each.worked > current[-1].worked + JOIN:
            yield current
            current = []
        current.append(each)
    if current:
        yield current


def _between(changes: Sequence[Change], episode: Sequence[Turn], principal: str) -> Change | None:
    """Return the last change between a refusal and its success, rather one that the principal made itself."""
    low = bisect_left(changes, min(turn.refused for turn in episode), key=attrgetter("at"))
    high = bisect_right(changes, episode[-1].worked, key=attrgetter("at"))
    found = [each for each in changes[low:high] if any(turn.refused <= each.at <= turn.worked for turn in episode)]
    own = [each for each in found if each.by == principal]
    return own[-1] if own else found[-1] if found else None


def _chance(episode: Sequence[Turn], change: Change, changes: Sequence[Change], principal: str, days: float) -> float:
    """Return how probable it is that permissions are changed within the time between a refusal and its success."""
    start = min(each.refused for each in episode)
    own = change.by == principal
    before = sum(start - HISTORY <= each.at < start for each in changes if not own or each.by == principal)
    # Where none was made, half a change stands for what is not known.
    rate = (before + 0.5) / (days * DAY + HOUR)
    between = min(each.worked - each.refused for each in episode if each.refused <= change.at <= each.worked)
    return -math.expm1(-rate * max(60, between))


def _anomaly(
    who: int, episode: Sequence[Turn], change: Change | None, share: float, p: float, refusals: Refusals, ground: Ground
) -> Anomaly:
    account, principal = refusals.keys[who]
    apis = [each.api for each in episode]
    start, end = episode[0].worked, episode[-1].worked + 1
    refused = min(each.refused for each in episode)
    since = max(ground.first_hour * HOUR, start - HISTORY)
    closest = min(each.worked - each.refused for each in episode)
    names = listed([called(*refusals.apis[each]) for each in apis])
    sentence = (
        f"{principal} made {several(len(apis), 'kind')} of calls with success that had been refused to it "
        f"{lasting(closest)} before, and had not worked in the {lasting(start - since)} before ({names})"
    )
    grave = False
    if change is not None:
        own = change.by == principal
        by = "itself" if own else change.by or "somebody"
        sentence += f"; in between permissions were changed by {by} ({change.call})"
        after = min(each.worked for each in episode if each.worked >= change.at) - change.at
        grave = after <= SOON and (own or len(apis) >= LEAST_APIS)
    return Anomaly(
        *(KIND, Severity.HIGH if grave else Severity.MEDIUM, account, "", (principal,), start, end, sentence),
        *(float(len(apis)), "different calls", p),
        Selection(refused, end, account, "", refusals.sources(apis), refusals.names(apis), (), (principal,)),
        baseline=(since, start),
        parameters={
            "distribution": "how often a refused call works later, and how often permissions are changed",
            "share_that_works_later": share,
            "permissions_changed_at": None if change is None else change.at,
            "permissions_changed_by": None if change is None else change.by,
        },
    )
