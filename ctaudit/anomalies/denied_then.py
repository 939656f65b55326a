"""Who was refused a call, and later made it with success.

Only calls count that the principal had never made with success before. Somebody who works on permissions sees that
every day; so the estimate is: how often, in this account, a refused call works within a week, once for each different
call; and how probable it is by chance that permissions were changed between the two, given how often that is done, or
how often this principal does it, when it did so itself.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from ctaudit.anomalies.anomaly import Anomaly, Selection, Severity
from ctaudit.anomalies.cube import Counted
from ctaudit.anomalies.denied_rate import Found
from ctaudit.anomalies.ground import DAY, HOUR, LEAST_DAYS
from ctaudit.anomalies.grouping import Key, coded, grouped, numbers, own_calls, within
from ctaudit.anomalies.phrases import called, listed
from ctaudit.anomalies.refusals import HISTORY, PERMISSIONS, SUCCEEDED, Hours, Refusals, Watched
from ctaudit.anomalies.telling import lasting, several

KIND = "denied.then_succeeded"
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


def find(counted: Counted, hours: Hours, refusals: Refusals, watched: Watched) -> Found:
    """Find the episodes of each principal; the tests are the calls that were refused before they ever worked."""
    worked, changes = _worked(counted), _changes(counted, watched)
    began = hours.began()
    short: set[int] = set()
    turns: dict[int, list[Turn]] = {}
    waiting: dict[int, int] = {}
    for who in range(len(refusals.keys)):
        waiting[who], turns[who] = _turns(who, refusals, worked, watched.ground.until)
    told = []
    for who, mine in turns.items():
        account, principal = refusals.keys[who]
        beside = (
            [other for other, key in enumerate(refusals.keys) if key[0] == account and other != who] if mine else []
        )
        often = (sum(len(turns[each]) for each in beside) + 1) / (sum(waiting[each] for each in beside) + 2)
        for episode in _episodes([each for each in mine if each.worked >= watched.ground.since]):
            first = (watched.ground.first_hour + began.get((account, principal), 0)) * HOUR
            new = episode[0].refused - first < LEAST_DAYS * DAY
            if watched.days(account, episode[0].worked) < LEAST_DAYS:
                short.add(who)
                continue
            change = _between(changes.get(account, []), episode, principal)
            if (change is None and len(episode) < LEAST_APIS) or (new and (change is None or change.by != principal)):
                continue
            p = _p(episode, min(MOST_PER_CALL, often), change, changes.get(account, []), principal, watched, account)
            if p < CANDIDATE:
                told.append(_anomaly(who, episode, change, often, p, refusals, watched))
    return Found(told, sum(waiting.values()), short)


def _worked(counted: Counted) -> dict[Key, int]:
    """Return when each principal made each call with success first."""
    table = own_calls(counted[SUCCEEDED])
    group, keys = grouped(table, ("account", "principal", "source", "name"))
    first = np.full(len(keys), np.iinfo(np.int64).max)
    np.minimum.at(first, group, numbers(table, "first"))
    return dict(zip(keys, first.tolist(), strict=True))


def _changes(counted: Counted, watched: Watched) -> Mapping[str, Sequence[Change]]:
    """Return the changes of permissions of each account, in order."""
    table = within(counted[PERMISSIONS], watched.ground)
    table = table.filter(pc.is_valid(table["account"]))
    texts = [(codes.tolist(), words) for codes, words in (coded(table[each]) for each in ("account", "principal"))]
    calls = [(codes.tolist(), words) for codes, words in (coded(table[each]) for each in ("source", "name"))]
    found: dict[str, list[Change]] = defaultdict(list)
    for row, at in enumerate(numbers(table, "first").tolist()):
        account, by = (words[codes[row]] for codes, words in texts)
        source, name = (words[codes[row]] for codes, words in calls)
        found[account].append(Change(at, by, called(source, name)))
    return {account: sorted(each, key=lambda one: (one.at, one.by, one.call)) for account, each in found.items()}


def _turns(who: int, refusals: Refusals, worked: Mapping[Key, int], until: int) -> tuple[int, list[Turn]]:
    """Return how many calls were refused before they ever worked, and those that then did."""
    own = refusals.of(who)
    rows: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for api, first, last in zip(
        *(each[own].tolist() for each in (refusals.api, refusals.first, refusals.last)), strict=True
    ):
        rows[api].append((first, last))
    waiting, found = 0, []
    for api, times in sorted(rows.items()):
        at = worked.get((*refusals.keys[who], *refusals.apis[api]), until)
        if at <= times[0][0]:
            continue
        waiting += 1
        before = max(last if last <= at else first for first, last in times if first <= at)
        again = any(at < last and first < at + AGAIN for first, last in times)
        if at < until and not again and at - before <= WITHIN:
            found.append(Turn(api, before, at))
    return waiting, sorted(found, key=lambda each: (each.worked, each.api))


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
    found = [each for each in changes if any(turn.refused <= each.at <= turn.worked for turn in episode)]
    own = [each for each in found if each.by == principal]
    return own[-1] if own else found[-1] if found else None


def _p(
    episode: Sequence[Turn],
    often: float,
    change: Change | None,
    changes: Sequence[Change],
    principal: str,
    watched: Watched,
    account: str,
) -> float:
    p = often ** len(episode)
    if change is None:
        return p
    start = min(each.refused for each in episode)
    before = [
        each
        for each in changes
        if start - HISTORY <= each.at < start and (change.by != principal or each.by == principal)
    ]
    # Where none was made, half a change stands for what is not known.
    rate = (len(before) + 0.5) / (watched.days(account, start) * DAY + HOUR)
    between = max(60, min(each.worked - each.refused for each in episode if each.refused <= change.at <= each.worked))
    return p * -math.expm1(-rate * between)


def _anomaly(
    who: int,
    episode: Sequence[Turn],
    change: Change | None,
    often: float,
    p: float,
    refusals: Refusals,
    watched: Watched,
) -> Anomaly:
    account, principal = refusals.keys[who]
    apis = [each.api for each in episode]
    start, end = episode[0].worked, episode[-1].worked + 1
    refused = min(each.refused for each in episode)
    closest = min(each.worked - each.refused for each in episode)
    names = listed([called(*refusals.apis[each]) for each in apis])
    sentence = (
        f"{principal} made {several(len(apis), 'kind')} of calls with success that had been refused to it "
        f"{lasting(closest)} before and had never worked ({names})"
    )
    grave = False
    if change is not None:
        own = change.by == principal
        by = "itself" if own else change.by or "somebody"
        sentence += f"; in between permissions were changed by {by} ({change.call})"
        after = min(each.worked for each in episode if each.worked >= change.at) - change.at
        grave = after <= SOON and (own or len(apis) >= LEAST_APIS)
    since = max(watched.ground.first_hour * HOUR, start - HISTORY)
    return Anomaly(
        *(KIND, Severity.HIGH if grave else Severity.MEDIUM, account, "", (principal,), start, end, sentence),
        *(float(len(apis)), "different calls", p),
        Selection(refused, end, account, "", refusals.sources(apis), refusals.names(apis), (), (principal,)),
        baseline=(since, start),
        parameters={
            "distribution": "how often a refused call works later, and how often permissions are changed",
            "share_that_works_later": often,
            "permissions_changed_at": None if change is None else change.at,
            "permissions_changed_by": None if change is None else change.by,
        },
    )
