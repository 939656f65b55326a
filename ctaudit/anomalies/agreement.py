"""Compare what CloudTrail Insights found with what we find: the same API, at about the same time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ctaudit.anomalies.anomaly import Anomaly
from ctaudit.anomalies.insight import Insight
from ctaudit.table import Column, Table, Value
from ctaudit.times import format_epoch

NEAR = 30 * 60
"""Seconds by which two tellings of one episode may miss each other: AWS judges minutes, we quarters of an hour."""
_WORDS = {"both": "green", "aws": "yellow", "ctaudit": "yellow"}
COLUMNS = (
    Column("found_by", 0, styles=_WORDS),
    Column("insight_type", 2),
    Column("event_source", 1),
    Column("event_name", 0),
    Column("error_code", 2),
    Column("account", 3),
    Column("region", 3),
    Column("aws_start", 0),
    Column("aws_end", 2),
    Column("aws_average", 4, right=True),
    Column("aws_baseline", 5, right=True),
    Column("start", 1),
    Column("end", 3),
    Column("observed", 4, right=True),
    Column("expected", 5, right=True),
    Column("anomaly_id", 4),
)
"""Averages are calls in a minute; `observed` and `expected` are of our window."""


def compare(theirs: Sequence[Insight], ours: Sequence[Anomaly]) -> Table:
    """Return a row for each episode, told by `both`, by `aws` or by `ctaudit`, in order of time."""
    rows = sorted(_rows(theirs, [each for each in ours if each.insight is not None]), key=_order)
    agreed = sum(row[0] == "both" for row in rows)
    note = f"of {len(theirs):,} Insights of CloudTrail in the logs, ctaudit finds {agreed:,}"
    return Table(COLUMNS, rows, len(rows), (note,))


def _rows(theirs: Sequence[Insight], ours: Sequence[Anomaly]) -> Iterator[tuple[Value, ...]]:
    matched: set[str] = set()
    for insight in theirs:
        same = [each for each in ours if _about(insight) == _key(each) and _near(insight, each)]
        matched.update(each.id for each in same)
        yield _row("both" if same else "aws", insight, same[0] if same else None)
    for each in ours:
        if each.id not in matched:
            yield _row("ctaudit", None, each)


def _about(insight: Insight) -> tuple[str, ...]:
    return (insight.account, insight.region, insight.type, insight.source, insight.name, insight.error)


def _key(anomaly: Anomaly) -> tuple[str, ...]:
    about = anomaly.insight or {}
    told = (about.get(key) for key in ("insightType", "eventSource", "eventName", "errorCode"))
    return (anomaly.account, anomaly.region, *(str(each or "") for each in told))


def _near(insight: Insight, anomaly: Anomaly) -> bool:
    start = insight.start if insight.start is not None else insight.end
    if start is None:
        return False
    end = insight.end if insight.end is not None else start
    return start <= anomaly.end + NEAR and end >= anomaly.start - NEAR


def _row(word: str, insight: Insight | None, anomaly: Anomaly | None) -> tuple[Value, ...]:
    key = _about(insight) if insight is not None else _key(anomaly) if anomaly is not None else ("",) * 6
    account, region, kind, source, name, error = key
    told = (insight.start, insight.end, insight.average, insight.baseline) if insight else (None,) * 4
    numbers = (anomaly.start, anomaly.end, anomaly.observed, anomaly.expected, anomaly.id) if anomaly else (None,) * 5
    return (
        *(word, kind, source, name, error or None, account, region, _time(told[0]), _time(told[1]), *told[2:]),
        *(_time(numbers[0]), _time(numbers[1]), *numbers[2:]),
    )


def _time(seconds: object) -> str | None:
    return format_epoch(seconds) if isinstance(seconds, int) else None


def _order(row: tuple[Value, ...]) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in (row[7] or row[11], *row[1:7]))
