"""Rates of calls and of errors, API by API: what CloudTrail sells as Insights.

Call rates are those of calls that change something, error rates those of all calls that failed with one error code, by
account, region and API, as CloudTrail has them (user guide, "Working with CloudTrail Insights").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ctaudit.anomalies.anomaly import Anomaly, Kind, Selection, Severity, Tested
from ctaudit.anomalies.cube import Counted, Cube
from ctaudit.anomalies.ground import Ground
from ctaudit.anomalies.rates import Episode, Judgement, judge
from ctaudit.anomalies.series import Grouped, Key, covered, of_table, picture
from ctaudit.anomalies.sizing import PARAMETERS, numbers, short
from ctaudit.anomalies.telling import lasting, number, service

_CALLS, _ERRORS = ("account", "region", "source", "name"), ("account", "region", "source", "name", "error")

CUBES: Mapping[str, Cube] = {
    "rate.calls": Cube((*_CALLS, "bin"), ("write",)),
    "rate.errors": Cube((*_ERRORS, "bin"), ("error",)),
}
KINDS: Mapping[str, Kind] = {
    "rate.spike": Kind(
        "an API was called far more often than usual",
        ("a deployment or migration", "a new automation, or one that loops", "a backlog that is worked off"),
    ),
    "rate.drop": Kind(
        "an API that is always called was hardly called",
        ("a job was switched off on purpose", "an outage of the caller", "a holiday"),
    ),
    "rate.errors": Kind(
        "an API failed with one error far more often than usual",
        ("a permission, quota or resource that was changed or deleted", "a program with a bug that tries again"),
    ),
}


def find(counted: Counted, ground: Ground) -> Tested:
    """Find bursts and lulls of each API, and bursts of its errors."""
    notes: list[str] = []
    found: list[Anomaly] = []
    tests = 0
    for cube, dimensions in (("rate.calls", _CALLS), ("rate.errors", _ERRORS)):
        grouped = of_table(counted[cube], dimensions)
        judgement = _judged(grouped, ground)
        found += _told(grouped, judgement, ground, errors=dimensions is _ERRORS)
        what = "calls" if dimensions is _CALLS else "errors"
        notes += short(judgement.unjudged, f"rate of {what}", f"rates of {what}")
        tests += judgement.tests
    return Tested(found, tests, tuple(notes), PARAMETERS)


def _places(keys: Sequence[Key]) -> list[tuple[str, str]]:
    return sorted({(account or "", region or "") for account, region, *_ in keys})


def _judged(grouped: Grouped, ground: Ground) -> Judgement:
    places = _places(grouped.keys)
    row = {place: index for index, place in enumerate(places)}
    time = covered(ground, [[place] for place in places])
    return judge(grouped.counts, grouped.rows(row[key[0] or "", key[1] or ""] for key in grouped.keys), time)


def _told(grouped: Grouped, judgement: Judgement, ground: Ground, errors: bool) -> list[Anomaly]:
    episodes = [each for each in judgement.episodes if not (errors and each.drop)]
    return [_anomaly(grouped, each, ground, errors) for each in episodes]


def _anomaly(grouped: Grouped, episode: Episode, ground: Ground, errors: bool) -> Anomaly:
    account, region, source, name, *error = (value or "" for value in grouped.keys[episode.series])
    kind = "rate.errors" if errors else "rate.drop" if episode.drop else "rate.spike"
    about = {"insightType": "ApiErrorRateInsight" if errors else "ApiCallRateInsight"}
    about |= {"eventSource": source, "eventName": name} | ({"errorCode": error[0]} if errors else {})
    return Anomaly(
        kind=kind,
        severity=_severity(episode, errors),
        account=account,
        region=region,
        subject=(source, name, *error),
        start=episode.start,
        end=episode.end,
        sentence=_sentence(episode, f"{service(source)} {name}", *error),
        select=Selection(episode.start, episode.end, account, region, (source,), (name,), tuple(error)),
        series=picture(grouped.counts, episode, ground.spoken((account, region)), ground),
        insight=about,
        **numbers(episode, "failed calls" if errors else "calls"),
    )


def _severity(episode: Episode, errors: bool) -> Severity:
    """Return LOW, or MEDIUM for a burst of ten times what was ever seen; a count alone is never worse than that."""
    great = episode.observed >= 10 * max(episode.highest, episode.expected, 1) and not errors
    return Severity.MEDIUM if great else Severity.LOW


def _sentence(episode: Episode, api: str, error: str = "") -> str:
    within = f"within {lasting(episode.width)}"
    told = f"{number(episode.observed)} calls of {api} {f'failed with {error} ' if error else ''}{within}"
    usual = f"{number(episode.expected)} were to be expected then"
    return f"{told}; {usual}, and the most in the days before was {number(episode.highest)}"
