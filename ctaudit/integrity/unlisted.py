"""Log files that no digest lists: put there by somebody, not accounted for yet, or out of every digest's reach."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ctaudit.integrity.coverage import Window, covers

MINUTE = timedelta(minutes=1)
"""How exact the time in a log's name is."""
DELIVERY = timedelta(hours=2)
"""A digest is delivered within this long after its window ends; a log older than that has missed its digest."""
ROUNDING = timedelta(minutes=15)
"""A log may be named for a moment this long before it is delivered, and so be listed in the digest after."""
SLACK = timedelta(minutes=90)
"""The time in a log's name may lie this long before the digest that lists it ends: deliveries are late, names round."""


class Why(enum.Enum):
    """Why no digest lists a log file; the value is its verdict."""

    UNLISTED = "log.unlisted"
    PENDING = "log.pending"
    UNDIGESTED = "log.undigested"


@dataclass(frozen=True, slots=True)
class Account:
    """What the digests of all trails account for in one account and region."""

    proven: Sequence[Window]
    """Spans of proven digests, merged."""
    newest: datetime | None
    """The end of the newest digest of all, proven or not."""


def why(time: datetime, known: Account) -> Why:
    """Tell why the log file with this time in its name is listed nowhere.

    AWS's digests list every log of their hour, so within a proven span there is no honest reason; but a trail without
    validation that delivers into the same bucket looks the same.
    """
    window = covers(known.proven, time)
    if window is not None and time + SLACK < window[1]:
        return Why.UNLISTED
    if known.newest is not None and known.newest - ROUNDING < time < known.newest + DELIVERY:
        return Why.PENDING
    return Why.UNDIGESTED
