"""Days that lie so far from all others that a clock was wrong, or somebody forged an event."""

from __future__ import annotations

from collections.abc import Sequence

FAR_DAYS = 366
"""Days without any event beyond which a few others belong to no history of these."""
FEW_DAYS = 2
"""So many days with events are a stray; logs that are really there are of more."""


def without_strays(days: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
    """Return the days that are looked at, and those that stray before or after them; `days` are in order.

    None strays where there is nothing else.
    """
    stretches: list[list[int]] = []
    for day in days:
        if stretches and day - stretches[-1][-1] <= FAR_DAYS:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    real = [at for at, stretch in enumerate(stretches) if len(stretch) > FEW_DAYS]
    if not real:
        return days, ()
    kept = stretches[real[0] : real[-1] + 1]
    outside = stretches[: real[0]] + stretches[real[-1] + 1 :]
    return [day for stretch in kept for day in stretch], [day for stretch in outside for day in stretch]
