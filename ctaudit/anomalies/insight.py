"""The JSON of CloudTrail Insights events: ours spelled as AWS's, and AWS's read.

Shape: user guide, "CloudTrail record contents for Insights events for trails". The Start event's `insight.average` is
the rate of the first minute, the End event's that of the whole episode; `baseline.average` is that of the seven days
before.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctaudit.anomalies.anomaly import Anomaly
from ctaudit.anomalies.ground import DAY, HOUR, Ground
from ctaudit.query import Record
from ctaudit.records.anyjson import object_of, text_of
from ctaudit.times import format_epoch, parse_canonical

BASELINE = 7 * DAY
"""Seconds before an episode that AWS's baseline is of."""
_NAMED = 5
"""Values that AWS names of each attribute."""
_IDS = uuid.UUID("6f3c6a52-3c0e-5d0a-9d57-0c7b5f3c9a11")
"""Namespace of our ids: the same anomaly always has the same."""
ATTRIBUTES = ("userIdentityArn", "userAgent", "errorCode")
NONE = "null"
"""How AWS spells that an attribute is absent."""


@dataclass(frozen=True, slots=True)
class Calls:
    """How many calls there were with one combination of attributes."""

    values: tuple[str, str, str]
    """As `ATTRIBUTES`."""
    before: int
    """In the baseline."""
    within: int
    """In the episode."""
    first: int
    """In its first minute."""


@dataclass(frozen=True, slots=True)
class Insight:
    """An episode as AWS told of it."""

    account: str
    region: str
    type: str
    source: str
    name: str
    error: str
    start: int | None
    """Seconds since 1970; None when only its end is known."""
    end: int | None
    average: float | None
    baseline: float | None


def baseline_of(anomaly: Anomaly, ground: Ground) -> tuple[int, int]:
    """Return from when the baseline of an anomaly is, and how many of its minutes are covered."""
    since = max(anomaly.start - BASELINE, ground.first_hour * HOUR)
    mask = ground.spoken((anomaly.account, anomaly.region))
    hours = mask[since // HOUR - ground.first_hour : anomaly.start // HOUR - ground.first_hour]
    return since, max(1, int(hours.sum()) * 60)


def records(anomaly: Anomaly, calls: Sequence[Calls], ground: Ground, q: float) -> tuple[Record, Record]:
    """Return the Start and the End event of an anomaly that AWS would call an Insight."""
    since, covered = baseline_of(anomaly, ground)
    minutes = max(1, (anomaly.end - anomaly.start) // 60)
    span = (anomaly.start - since) // 60
    first = _context(calls, {"within": 1, "before": covered}, "first", 1, span)
    whole = _context(calls, {"within": minutes, "before": covered}, "within", minutes, span)
    own = {"id": anomaly.id, "p": anomaly.p, "q": q, "method": "negative binomial", **anomaly.parameters}
    return _event(anomaly, "Start", first, own), _event(anomaly, "End", whole, own)


def _event(anomaly: Anomaly, state: str, context: Mapping[str, Any], own: Mapping[str, Any]) -> Record:
    return {
        "eventVersion": "1.08",
        "eventTime": format_epoch(anomaly.start if state == "Start" else anomaly.end),
        "awsRegion": anomaly.region,
        "eventID": str(uuid.uuid5(_IDS, f"{anomaly.id} {state}")),
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": anomaly.account,
        "sharedEventID": str(uuid.uuid5(_IDS, anomaly.id)),
        "insightDetails": {"state": state, **(anomaly.insight or {}), "insightContext": context, "ctaudit": own},
        "eventCategory": "Insight",
    }


def _context(calls: Sequence[Calls], minutes: Mapping[str, int], which: str, lasting: int, span: int) -> dict[str, Any]:
    within = [getattr(each, which) / minutes["within"] for each in calls]
    before = [each.before / minutes["before"] for each in calls]
    return {
        "statistics": {
            "baseline": {"average": sum(before)},
            "insight": {"average": sum(within)},
            "insightDuration": lasting,
            "baselineDuration": span,
        },
        "attributions": [
            {
                "attribute": attribute,
                "insight": _top((each.values[at] for each in calls), within),
                "baseline": _top((each.values[at] for each in calls), before),
            }
            for at, attribute in enumerate(ATTRIBUTES)
        ],
    }


def _top(values: Iterable[str], rates: Sequence[float]) -> list[dict[str, Any]]:
    added: dict[str, float] = {}
    for value, rate in zip(values, rates, strict=True):
        added[value] = added.get(value, 0.0) + rate
    best = sorted((each for each in added.items() if each[1]), key=lambda each: (-each[1], each[0]))
    return [{"value": value, "average": rate} for value, rate in best[:_NAMED]]


def insights(events: Iterable[Record]) -> list[Insight]:
    """Return the episodes that AWS's own Insights events tell of; a Start or an End may be lacking."""
    pairs: dict[tuple[str, str], dict[str, Record]] = {}
    for event in events:
        state = text_of(object_of(event.get("insightDetails")).get("state")) or ""
        shared = text_of(event.get("sharedEventID")) or text_of(event.get("eventID")) or ""
        pairs.setdefault((text_of(event.get("recipientAccountId")) or "", shared), {})[state] = event
    return [each for _, pair in sorted(pairs.items()) if (each := _insight(pair)) is not None]


def _insight(pair: Mapping[str, Record]) -> Insight | None:
    event = pair.get("End") or pair.get("Start")
    if event is None:
        return None
    details = object_of(event.get("insightDetails"))
    statistics = object_of(object_of(details.get("insightContext")).get("statistics"))
    account, region = text_of(event.get("recipientAccountId")), text_of(event.get("awsRegion"))
    kind, source, name, error = (
        text_of(details.get(key)) or "" for key in ("insightType", "eventSource", "eventName", "errorCode")
    )
    start, end = (_time(pair.get(state)) for state in ("Start", "End"))
    average, baseline = (_number(object_of(statistics.get(part)).get("average")) for part in ("insight", "baseline"))
    return Insight(account or "", region or "", kind, source, name, error, start, end, average, baseline)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _time(event: Record | None) -> int | None:
    found = parse_canonical(text_of((event or {}).get("eventTime")) or "")
    return None if found is None else int(found.timestamp())
