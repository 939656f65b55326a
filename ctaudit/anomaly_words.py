"""An anomaly in words: numbers as people read them, what was to be expected, and the command that shows more."""

from __future__ import annotations

import math
import shlex

from ctaudit.anomalies.anomaly import Anomaly, Selection
from ctaudit.times import format_epoch

_FEW = 12
"""Names that a command may hold."""
_MOST_SCORE = 999.0


def score(q: float) -> float:
    """Return how surprising it is in decibels: 20 where 1 of 100 reported is false, 30 at 1 of 1,000; at most 999."""
    return _MOST_SCORE if q <= 0 else round(min(_MOST_SCORE, max(0.0, -10 * math.log10(q))), 1)


def number(value: float | None) -> int | float | None:
    """Return a number as it is told: whole where it is whole, else with three digits; None where it is not finite."""
    if value is None or not math.isfinite(value):
        return None
    if float(value).is_integer():
        return int(value)
    return float(f"{value:.3g}") if abs(value) < 1000 else round(value, 1)


def moment(seconds: int | None) -> str | None:
    """Return a time as RFC 3339."""
    return None if seconds is None else format_epoch(seconds)


def band(anomaly: Anomaly) -> str:
    """Say what was counted, what was to be expected, and what it is compared with."""
    told = [f"{_shown(anomaly.observed)} {anomaly.unit}"]
    if anomaly.expected is not None:
        told.append(f"expected {_shown(anomaly.expected)}")
    if anomaly.interval is not None:
        low, high = anomaly.interval
        told.append(f"99 of 100 between {_shown(low)} and {_shown(high)}")
    if anomaly.baseline is not None:
        since, until = map(format_epoch, anomaly.baseline)
        told.append(f"compared with {since[:16]}Z to {until[:16]}Z")
    return ", ".join(told)


def _shown(value: float) -> str:
    found = number(value)
    return "?" if found is None else f"{found:,}"


def more(select: Selection) -> str:
    """Return the `ctaudit` command that lists the events of a selection, quoted for a shell.

    It may list some more: a command knows one principal, and no error codes.
    """
    since, until = format_epoch(select.since), format_epoch(select.until)
    words = ["ctaudit", *_asked(select), "--since", since, "--until", until]
    words += ["--account", select.account] if select.account else []
    words += ["--region", select.region] if select.region else []
    words += _repeated("--event", select.names) or _repeated("--service", select.sources)
    words += ["--outcome", "failed"] if select.errors else []
    return shlex.join(words)


def _asked(select: Selection) -> list[str]:
    """Return the command and who it asks about: keys and addresses are narrower than a principal."""
    for whose in (select.keys, select.addresses):
        if len(whose) == 1 and whose[0]:
            return ["what-did", whose[0]]
    if len(select.principals) == 1 and select.principals[0]:
        return ["timeline", "--principal", select.principals[0]]
    return ["timeline"]


def _repeated(option: str, values: tuple[str, ...]) -> list[str]:
    """Return an option for each value; nothing where there are many, or one that a filter would take for a pattern."""
    usable = [value for value in values if value and not value.endswith("*")]
    if len(usable) != len(values) or len(usable) > _FEW:
        return []
    return [word for value in usable for word in (option, value)]
