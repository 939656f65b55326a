"""How numbers, times and names are put into an anomaly's sentence."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMED = 4
"""Names that a sentence lists; of more, how many there are."""


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 call`, `1,234 calls`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def lasting(seconds: float) -> str:
    """Return `40 seconds`, `22 minutes`, `5 hours`, `21 days`, rounded."""
    for least, unit in ((2 * 86400, "day"), (2 * 3600, "hour"), (90, "minute")):
        if seconds >= least:
            size = {"day": 86400, "hour": 3600, "minute": 60}[unit]
            return counted(round(seconds / size), unit)
    return counted(max(1, round(seconds)), "second")


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    shown = ", ".join(names[:MOST_NAMED])
    rest = len(names) - MOST_NAMED
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def service(source: str) -> str:
    """Return `iam` of `iam.amazonaws.com`."""
    return source.removesuffix(".amazonaws.com")


def called(source: str, name: str) -> str:
    """Return `iam:CreateUser`."""
    return f"{service(source)}:{name}"
