"""Spell anomalies as CloudTrail Insights events, and compare them with those that AWS delivered."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.anomalies import agreement, insight
from ctaudit.anomalies.anomaly import Anomaly
from ctaudit.anomalies.ground import Ground
from ctaudit.engines import duck
from ctaudit.engines.attributions import attributions
from ctaudit.query import AnyOf, OneOf, Query, Record, Span
from ctaudit.store.layout import Layout
from ctaudit.table import Table
from ctaudit.times import format_epoch

_INSIGHTS = AnyOf((OneOf("eventcategory", ("insight",)), OneOf("eventtype", ("awscloudtrailinsight",))))


def events(layout: Layout, anomalies: Sequence[tuple[Anomaly, float]], ground: Ground) -> list[Record]:
    """Return a Start and an End event for each anomaly that AWS would call an Insight, with its q-value beside it."""
    found: list[Record] = []
    for anomaly, q in anomalies:
        if anomaly.insight is not None:
            found += insight.records(anomaly, _calls(layout, anomaly, ground), ground, q)
    return found


def compared(layout: Layout, anomalies: Sequence[Anomaly], span: Span) -> Table:
    """Return how far CloudTrail's own Insights in the logs and our anomalies agree."""
    answer = duck.answer(layout, Query(span, conditions=(_INSIGHTS,)), None)
    return agreement.compare(insight.insights(hit.parse() for hit in answer.hits), anomalies)


def _calls(layout: Layout, anomaly: Anomaly, ground: Ground) -> list[insight.Calls]:
    since, _ = insight.baseline_of(anomaly, ground)
    about = anomaly.insight or {}
    error = about.get("errorCode")
    rows = attributions(
        layout,
        Span(format_epoch(since), format_epoch(anomaly.end), (anomaly.account,), (anomaly.region,)),
        format_epoch(anomaly.start),
        format_epoch(anomaly.start + 60),
        str(about.get("eventSource")),
        str(about.get("eventName")),
        None if error is None else str(error),
    )
    return [insight.Calls((arn, agent, code), *counts) for arn, agent, code, *counts in rows]
