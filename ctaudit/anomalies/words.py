"""How anomalies speak of what was never seen before: counted, listed, cut short."""

from __future__ import annotations

from collections.abc import Sequence

_LISTED = 3
_LONG = 120


def many(count: int, word: str) -> str:
    """Return `1 call` or `2 calls`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Return the first names, and that there are more."""
    return ", ".join(short(name) for name in names[:_LISTED]) + (", …" if len(names) > _LISTED else "")


def short(name: str) -> str:
    """Cut what is longer than anything honest."""
    return name if len(name) <= _LONG else f"{name[: _LONG - 1]}…"


def named(kind: str, parts: Sequence[str]) -> str:
    """Return how a thing of a kind is called: `iam:CreateUser`, `192.0.2.0/24 (NL)`."""
    if kind == "api":
        return f"{parts[0].removesuffix('.amazonaws.com')}:{parts[1]}"
    if kind == "network" and parts[1]:
        return f"{parts[0]} ({parts[1]})"
    return parts[0]
