"""Stretches of time, from a moment on and before another: what is left of one when others are taken out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

Stretch = tuple[datetime, datetime]
"""Since, inclusive, and until, exclusive; both aware, in UTC, whole seconds."""


def without(asked: Stretch, taken: Iterable[Stretch]) -> list[Stretch]:
    """Return what of `asked` lies in none of `taken`, in order of time."""
    since, until = asked
    left: list[Stretch] = []
    for begin, end in sorted(taken):
        if begin >= until:
            break
        if begin > since:
            left.append((since, begin))
        since = max(since, end)
    return [*left, (since, until)] if since < until else left


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the same time in as few stretches as can be, in order."""
    whole: list[Stretch] = []
    for begin, end in sorted(stretches):
        if whole and begin <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        elif begin < end:
            whole.append((begin, end))
    return whole
