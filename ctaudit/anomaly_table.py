"""The rows and cards that anomalies are told in."""

from __future__ import annotations

from collections.abc import Mapping

from ctaudit.anomalies.anomaly import Anomaly, Kind
from ctaudit.anomaly_report import Judged
from ctaudit.anomaly_samples import Sample
from ctaudit.anomaly_words import band, moment, more, number, score
from ctaudit.cards import Card, Curve
from ctaudit.table import Column, Value

_STYLES = {"high": "red", "medium": "yellow"}
COLUMNS = (
    Column("id", 4),
    Column("severity", 0, styles=_STYLES),
    Column("kind", 1),
    Column("start", 0),
    Column("end", 5),
    Column("account", 2),
    Column("region", 3),
    Column("what", 0),
    Column("score", 2, right=True),
    Column("observed", 4, right=True),
    Column("expected", 4, right=True),
    Column("low", 6, right=True),
    Column("high", 6, right=True),
    Column("unit", 6),
    Column("q", 7, right=True),
    Column("baseline_since", 8),
    Column("baseline_until", 8),
    Column("principals", 5),
    Column("origins", 5),
    Column("event_ids", 7),
    Column("more", 7),
    Column("benign", 8),
    Column("subject", 8),
)
"""Keys and their order are stable: new ones may be added at the end."""
PARAMETERS = Column("parameters", 9)
"""What `--explain` adds."""


def row(judged: Judged, sample: Sample, kinds: Mapping[str, Kind], *, explain: bool) -> tuple[Value, ...]:
    """Return the row of an anomaly."""
    anomaly, kind = judged.anomaly, kinds.get(judged.anomaly.kind)
    low, high = anomaly.interval or (None, None)
    since, until = anomaly.baseline or (None, None)
    return (
        anomaly.id,
        anomaly.severity.word,
        anomaly.kind,
        moment(anomaly.start),
        moment(anomaly.end),
        anomaly.account or None,
        anomaly.region or None,
        anomaly.sentence,
        score(judged.q),
        number(anomaly.observed),
        number(anomaly.expected),
        number(low),
        number(high),
        anomaly.unit,
        float(f"{judged.q:.6g}"),
        moment(since),
        moment(until),
        list(sample.principals),
        list(sample.origins),
        list(sample.events),
        more(anomaly.select),
        list(kind.benign if kind else ()),
        list(anomaly.subject),
        *((dict(anomaly.parameters),) if explain else ()),
    )


def card(judged: Judged, sample: Sample, kinds: Mapping[str, Kind], *, explain: bool) -> Card:
    """Return what a terminal and a picture show of an anomaly."""
    anomaly, kind = judged.anomaly, kinds.get(judged.anomaly.kind)
    lines = [
        ("when", f"{moment(anomaly.start)} to {moment(anomaly.end)}"),
        ("where", " ".join(filter(None, (anomaly.account, anomaly.region)))),
        ("who", ", ".join(sample.principals)),
        ("origin", ", ".join(sample.origins)),
        ("events", ", ".join(sample.events)),
        ("benign", "; ".join(kind.benign if kind else ())),
        ("id", f"{anomaly.id}, {anomaly.kind}, score {score(judged.q)}"),
    ]
    if explain:
        lines += [(name, _spelled(value)) for name, value in anomaly.parameters.items()]
    told = tuple((name, value) for name, value in lines if value)
    word = anomaly.severity.word
    return Card(
        word, _STYLES.get(word, ""), anomaly.sentence, _curve(anomaly), band(anomaly), told, more(anomaly.select)
    )


def _curve(anomaly: Anomaly) -> Curve | None:
    series = anomaly.series
    if series is None:
        return None
    around = (series.expected, series.low, series.high)
    marked, unit = (anomaly.start, anomaly.end), series.unit or anomaly.unit
    return Curve(series.start, series.width, series.counts, *around, marked, unit)


def _spelled(value: Value) -> str:
    return f"{number(value)}" if isinstance(value, float) else f"{value}"
