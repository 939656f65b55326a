"""Principals that do several things they never did before, and new ones that do what nobody in their account did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ctaudit.anomalies import novelty
from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Severity, Tested
from ctaudit.anomalies.cube import Counted
from ctaudit.anomalies.ground import DAY, HOUR, Ground
from ctaudit.anomalies.novelty import Graded, Odds
from ctaudit.anomalies.visits import CUBES, Ints, Traffic, Truths, traffic, visits
from ctaudit.anomalies.words import listed, many, named, short

__all__ = ["CUBES", "KINDS", "find"]

KINDS: Mapping[str, Kind] = {
    "first_seen.behaviour": Kind(
        "a principal does several things at once that it never did before",
        (
            "a new task or a new version of the software behind it",
            "somebody works from a new place, or a workload moved to other addresses",
            "an administrator's rare work, such as a yearly one",
        ),
    ),
    "first_seen.principal": Kind(
        "a principal never seen before does what nobody in its account did before",
        (
            "a deployment that made a role or user of its own, with new addresses and programs",
            "a new colleague or contractor",
        ),
    ),
}
MOST = 1e-3
"""A visit that is more probable is not told, whatever else there is."""
LEAST_KINDS = 2
"""Kinds of new things that must come together, one more when no new network is among them: a new API is anybody's
daily work, and one call in a new region is two of them."""
_SHOWN = 20
"""Names of a kind kept in an anomaly's parameters."""
_MANY_DENIED = 5


def find(counted: Counted, ground: Ground) -> Tested:
    """Return who did something new within the time that is judged, one anomaly for each principal and day."""
    known = visits(counted, ground)
    graded = novelty.graded(known)
    odds = novelty.odds(graded)
    within = (known.hour + 1) * HOUR > ground.since
    likely = (odds.product <= MOST) & graded.judged
    kinds = np.sum([grade > 0 for grade in graded.grades.values()], axis=0)
    likely &= kinds >= np.where(graded.grades["network"] > 0, LEAST_KINDS, LEAST_KINDS + 1)
    likely &= ~graded.short | (graded.grades["network"] >= novelty.FRESH)
    calls = traffic(counted, ground, known)
    # Whole episodes are found first, so that one that began before has the same beginning, and id, in each later run.
    episodes = _episodes(graded, odds, np.flatnonzero(likely).tolist(), ground.since)
    anomalies = [_anomaly(episode, graded, calls, ground) for episode in episodes]
    anomalies = [each for each in anomalies if each.end > ground.since]
    return Tested(anomalies, int((graded.judged & within).sum()), tuple(_notes(graded, within)), _PARAMETERS)


_PARAMETERS = {
    "least_days": novelty.LEAST_DAYS,
    "short_days": novelty.SHORT_DAYS,
    "prior_visits": novelty.PRIOR,
    "floor_p": novelty.FLOOR,
    "most_p": MOST,
    "least_kinds": LEAST_KINDS,
}


@dataclass(frozen=True, slots=True)
class _Episode:
    """What was new to one principal within a day."""

    visit: int
    """The first visit that is improbable."""
    p: float
    """Of the least probable one."""


def _episodes(graded: Graded, odds: Odds, likely: list[int], since: int) -> Iterator[_Episode]:
    """Join a principal's improbable visits within a day; those that ended before `since` are left out."""
    for episode in _joined(graded, odds, likely):
        if int(graded.visits.hour[episode.visit]) * HOUR + DAY > since:
            yield episode


def _joined(graded: Graded, odds: Odds, likely: list[int]) -> Iterator[_Episode]:
    visits = graded.visits
    begun: _Episode | None = None
    for visit in likely:
        p = novelty.probability(odds, visit)
        if p > MOST:
            continue
        if begun is not None and _same_day(visits.who, visits.hour, begun.visit, visit):
            begun = _Episode(begun.visit, min(begun.p, p))
            continue
        if begun is not None:
            yield begun
        begun = _Episode(visit, p)
    if begun is not None:
        yield begun


def _same_day(who: Ints, hour: Ints, first: int, then: int) -> bool:
    return bool(who[first] == who[then] and hour[then] - hour[first] < DAY // HOUR)


@dataclass(frozen=True, slots=True)
class _News:
    """What was new, by kind, and what the new networks were used for."""

    names: Mapping[str, list[str]]
    start: int
    end: int
    addresses: tuple[str, ...]
    calls: int
    writes: int
    denied: int
    unheard: bool
    """Whether one of the networks was new to all logs."""


def _news(episode: _Episode, graded: Graded, calls: Traffic, ground: Ground) -> _News:
    visits, visit = graded.visits, episode.visit
    who, begin = int(visits.who[visit]), int(visits.hour[visit]) * HOUR
    grown = bool(graded.grown[visit])
    names: dict[str, list[str]] = {}
    times: list[int] = []
    places: list[int] = []
    unheard = False
    for kind, seen in visits.seen.items():
        chosen = (seen.who == who) & (seen.first >= begin) & (seen.first < begin + DAY) & (seen.fresh | grown)
        names[kind] = [named(kind, seen.names[at]) for at in seen.what[chosen]]
        times += seen.first[chosen].tolist()
        if kind == "network":
            places, unheard = seen.what[chosen].tolist(), bool(seen.fresh[chosen].any())
    rows = (calls.who == who) & np.isin(calls.network, places)
    times += np.minimum(calls.last[rows], begin + DAY).tolist()
    start = min(times, default=begin)
    return _News(
        names,
        start,
        min(ground.until, max(start, *times) + 1) if times else start + HOUR,
        tuple(sorted({calls.addresses[at][0] for at in calls.address[rows]})),
        int(calls.calls[rows].sum()),
        int(calls.calls[rows & calls.writes].sum()),
        int(calls.calls[rows & calls.denied].sum()),
        unheard,
    )


def _anomaly(episode: _Episode, graded: Graded, calls: Traffic, ground: Ground) -> Anomaly:
    visits, visit = graded.visits, episode.visit
    who = int(visits.who[visit])
    account, principal = visits.people[who]
    news = _news(episode, graded, calls, ground)
    young = not graded.grown[visit]
    new_one = young and int(visits.hour[visit] - visits.born[who]) < DAY // HOUR
    since = int((visits.opened if young else visits.born)[who]) * HOUR
    return Anomaly(
        kind="first_seen.principal" if young else "first_seen.behaviour",
        severity=_severity(news, bool(graded.short[visit])),
        account=account,
        region="",
        subject=(principal,),
        start=news.start,
        end=news.end,
        sentence=_sentence(principal, news, new_one, young, (news.start - since) / DAY),
        observed=float(sum(map(len, news.names.values())) + new_one),
        unit="new things within a day",
        p=episode.p,
        select=Selection(news.start, news.end, account, principals=(principal,), addresses=news.addresses[:_SHOWN]),
        baseline=(since, news.start),
        parameters={
            **{f"new_{kind}": ", ".join(each[:_SHOWN]) for kind, each in news.names.items() if each},
            "new_hour": bool(graded.grades["hour"][visit]),
            "history_days": round((news.start - since) / DAY, 1),
            "calls_from_new_networks": news.calls,
            "writes_from_new_networks": news.writes,
            "denied_from_new_networks": news.denied,
        },
    )


def _severity(news: _News, short: bool) -> Severity:
    """Weigh it: calls from a new network that change something, or are refused again and again, are what matters."""
    if not news.names["network"]:
        return Severity.LOW
    grave = news.writes > 0 or news.denied >= _MANY_DENIED
    return Severity.HIGH if grave and not short else Severity.MEDIUM


def _sentence(principal: str, news: _News, new_one: bool, young: bool, days: float) -> str:
    whom = "never seen before in its account" if young else "for the first time"
    parts = []
    if news.names["network"]:
        used = [f"{many(news.calls, 'call')} in all"]
        used += [f"{news.writes:,} changed something"] * bool(news.writes)
        used += [f"{news.denied:,} denied"] * bool(news.denied)
        never = "new to all these logs" if news.unheard else "new to it"
        parts.append(f"called from {listed(news.names['network'])}, {never} ({', '.join(used)})")
    things = [("api", "API"), ("agent", "program"), ("region", "region")]
    uses = [f"{many(len(each), word)} {whom} ({listed(each)})" for kind, word in things if (each := news.names[kind])]
    if uses:
        parts.append(f"used {', '.join(uses)}")
    subject = f"{short(principal)}, itself new," if new_one else short(principal)
    told = " and ".join(parts) or "called at an unusual hour"
    owner = "its account has" if young else "it has"
    return f"{subject} {told}; {owner} {many(round(days), 'day')} of history before"


def _notes(graded: Graded, within: Truths) -> Iterator[str]:
    """Tell for how many the history was too short."""
    visits = graded.visits
    young = np.unique(visits.who[within & ~graded.grown & ~graded.short & graded.judged])
    if len(young):
        yield (
            f"{many(len(young), 'principal')} had less than {novelty.LEAST_DAYS} days of history and "
            f"{'was' if len(young) == 1 else 'were'} judged only by what is new to the whole account"
        )
    short = np.unique(visits.who[within & graded.short])
    if len(short):
        yield (
            f"{many(len(short), 'principal')} of accounts with less than {novelty.LEAST_DAYS} days of history "
            f"{'was' if len(short) == 1 else 'were'} judged only where a network is new to all logs, and not at all in "
            f"the first {novelty.SHORT_DAYS} days"
        )
