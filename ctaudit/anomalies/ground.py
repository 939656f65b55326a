"""What all families know: the time that is judged, and the hours that the logs speak for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctaudit.anomalies.networks import Locate

HOUR, DAY, WEEK = 3600, 86400, 7 * 86400
"""Seconds."""
HISTORY_DAYS = 28
"""How far back a baseline reaches, as CloudTrail's own does."""
LATELY_DAYS = 7
"""How many of them show where the level is now."""
LEAST_DAYS = 7
"""Days of covered history (24 hours each) with less of which a rate is not judged."""

Place = tuple[str, str]
"""Account and region."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The time that is judged, and what is known of time at all."""

    since: int
    """From when on anomalies are looked for, seconds since 1970; counts may reach back further."""
    until: int
    """Until when, exclusive."""
    first_hour: int
    """The hour since 1970 that the masks begin with."""
    covered: Mapping[Place, npt.NDArray[np.bool_]]
    """For each hour, whether the logs speak for it; all masks are equally long and end with `until`."""
    locate: Locate | None = None
    """Where an address is, when a database was given that knows."""

    def spoken(self, place: Place) -> npt.NDArray[np.bool_]:
        """Return the mask of a place, all false for one that is not known."""
        found = self.covered.get(place)
        return np.zeros(self.hours, np.bool_) if found is None else found

    @property
    def hours(self) -> int:
        return -(-self.until // HOUR) - self.first_hour

    def history_days(self, place: Place, at: int) -> float:
        """Return how many days of the 28 before a moment are covered."""
        end = at // HOUR - self.first_hour
        return float(self.spoken(place)[max(0, end - HISTORY_DAYS * 24) : max(0, end)].sum()) / 24
