"""Spell numbers and stretches of time for sentences."""

from __future__ import annotations

from ctaudit.anomalies.ground import DAY, HOUR
from ctaudit.times import format_epoch


def number(value: float) -> str:
    """Spell a number with as many digits as say something: 1,234, 12.3, 0.0042."""
    if value == round(value):
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def lasting(seconds: int) -> str:
    """Spell a length of time: `15 minutes`, `an hour`, `3 hours`, `28 days`."""
    for unit, word in ((DAY, "day"), (HOUR, "hour"), (60, "minute")):
        if seconds >= unit and (seconds % unit == 0 or seconds >= 3 * unit):
            count = round(seconds / unit)
            return f"{'an' if word == 'hour' else 'a'} {word}" if count == 1 else f"{count:,} {word}s"
    return f"{seconds} seconds"


def several(count: int, one: str, many: str = "") -> str:
    """Spell a count with its noun: `1 call`, `3 calls`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def moment(seconds: int) -> str:
    """Spell a moment to the minute: `2026-03-11 01:24`."""
    return format_epoch(seconds)[:16].replace("T", " ")


def service(source: str | None) -> str:
    """Spell an event source as people do: `iam` for `iam.amazonaws.com`."""
    return (source or "?").removesuffix(".amazonaws.com")
