"""Bursts of one class of calls in an account: calls of many APIs, each too rare for a rate of its own.

Classes are IAM changes, sessions handed out by STS, resources made and resources destroyed; what services do by
themselves is left out. They are judged by two days of history where there are no more, and say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Severity, Tested
from ctaudit.anomalies.cube import BIN, Counted, Cube
from ctaudit.anomalies.ground import LEAST_DAYS, Ground
from ctaudit.anomalies.rates import Episode, judge
from ctaudit.anomalies.series import Grouped, Key, added, covered, of_table, picture
from ctaudit.anomalies.sizing import PARAMETERS, numbers, short
from ctaudit.anomalies.telling import lasting, number, several

Mask = npt.NDArray[np.bool_]

LEAST_HISTORY = 2
"""Days."""

CUBES: Mapping[str, Cube] = {"burst.calls": Cube(("account", "region", "source", "name", "bin"), ("own", "change"))}
KINDS: Mapping[str, Kind] = {
    "burst.iam": Kind(
        "many changes of users, roles and policies at once",
        ("infrastructure as code that is rolled out", "a new account that is set up", "people who join or leave"),
    ),
    "burst.sts": Kind(
        "many sessions handed out at once", ("a job that runs in parallel", "a program that does not keep its session")
    ),
    "burst.provisioning": Kind(
        "many resources made at once", ("a deployment", "a load test", "scaling by a script", "a disaster drill")
    ),
    "burst.deletion": Kind(
        "many resources destroyed at once", ("an environment that is torn down", "a clean-up job", "a migration")
    ),
}
_CLASSES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "burst.iam": (re.compile(r"iam\.amazonaws\.com .*"), "changes of IAM"),
    "burst.sts": (re.compile(r"sts\.amazonaws\.com (Assume\w+|Get(Session|Federation)Token)"), "sessions handed out"),
    "burst.provisioning": (
        re.compile(r"\S+ (Create|Run|Launch|Allocate|Request|Import|Provision|Purchase|Restore)[A-Z]\w*"),
        "calls that make resources",
    ),
    "burst.deletion": (
        re.compile(r"\S+ (Delete|Terminate|Deregister|Release|Purge|Destroy|ScheduleKeyDeletion|Disable)\w*"),
        "calls that destroy resources",
    ),
}
"""The first class that matches `SOURCE NAME` counts, so that a created user is a change of IAM and nothing else."""
_NAMED = 6
"""APIs that a sentence names."""


def find(counted: Counted, ground: Ground) -> Tested:
    """Find the bursts of each class in each account."""
    apis = of_table(counted["burst.calls"], ("account", "source", "name"))
    kinds = {key: _kind(key) for key in set(apis.keys)}
    classes = sorted({(key[0] or "", kind) for key, kind in kinds.items() if kind})
    number_of = {each: index for index, each in enumerate(classes)}
    own = apis.rows(number_of.get((key[0] or "", kinds[key] or ""), -1) for key in apis.keys)
    kept = own[apis.counts.series] >= 0
    part = apis.counts.part(kept)
    grouped = Grouped(added(own[part.series], part.bin, part.calls), classes)
    accounts = sorted({account for account, _ in classes})
    time = covered(ground, [[place for place in ground.covered if place[0] == account] for account in accounts])
    place = grouped.rows(accounts.index(account) for account, _ in classes)
    judgement = judge(grouped.counts, place, time, LEAST_HISTORY)
    found = [
        _anomaly(each, grouped, _named(apis, own == each.series, each), time.hours[place[each.series]], ground)
        for each in judgement.episodes
        if not each.drop
    ]
    return Tested(
        found,
        judgement.tests,
        tuple(short(judgement.unjudged, "class of calls", "classes of calls", LEAST_HISTORY)),
        PARAMETERS,
    )


def _kind(key: Key) -> str | None:
    spelled = f"{key[1]} {key[2]}"
    return next((kind for kind, (pattern, _) in _CLASSES.items() if pattern.fullmatch(spelled)), None)


def _anomaly(episode: Episode, grouped: Grouped, names: Sequence[Key], mask: Mask, ground: Ground) -> Anomaly:
    account, kind = (part or "" for part in grouped.keys[episode.series])
    return Anomaly(
        kind=kind,
        severity=_severity(episode, kind),
        account=account,
        region="",
        subject=(),
        start=episode.start,
        end=episode.end,
        sentence=_sentence(episode, _CLASSES[kind][1], names),
        select=Selection(
            *(episode.start, episode.end, account),
            sources=tuple(sorted({source or "" for _, source, _ in names})),
            names=tuple(sorted({name or "" for _, _, name in names})),
        ),
        series=picture(grouped.counts, episode, mask, ground),
        **numbers(episode, "calls"),
    )


def _named(apis: Grouped, mine: Mask, episode: Episode) -> list[Key]:
    """Return the APIs that an episode is made of, the most called first."""
    counts = apis.counts
    inside = mine[counts.series] & (counts.bin >= episode.start // BIN) & (counts.bin < episode.end // BIN)
    calls = np.bincount(counts.series[inside], counts.calls[inside], len(apis.keys))
    order = np.lexsort((np.arange(len(calls)), -calls))
    return [apis.keys[at] for at in order.tolist() if calls[at]]


def _severity(episode: Episode, kind: str) -> Severity:
    if episode.days < LEAST_DAYS:
        return Severity.LOW
    worst = Severity.HIGH if kind in ("burst.iam", "burst.deletion") else Severity.MEDIUM
    return worst if episode.observed >= 10 * max(episode.highest, episode.expected) else Severity.MEDIUM


def _sentence(episode: Episode, what: str, names: Sequence[Key]) -> str:
    most = ", ".join(str(name) for _, _, name in names[:_NAMED])
    others = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    told = f"{number(episode.observed)} {what} within {lasting(episode.width)} ({most}{others})"
    usual = f"{number(episode.expected)} were to be expected then, the most before was {number(episode.highest)}"
    few = f", in only {several(episode.days, 'day')} of history" if episode.days < LEAST_DAYS else ""
    return f"{told}; {usual}{few}"
