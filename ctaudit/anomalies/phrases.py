"""How names of calls are put into an anomaly's sentence."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.anomalies.telling import service

MOST_NAMED = 4
"""Names that a sentence lists; of more, how many there are."""


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    shown = ", ".join(names[:MOST_NAMED])
    rest = len(names) - MOST_NAMED
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def called(source: str, name: str) -> str:
    """Return `iam:CreateUser`."""
    return f"{service(source)}:{name}"
