"""What a validation is about: a span of time, and what is known of which digests ought to lie there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ctaudit.integrity.coverage import Window, clip


@dataclass(frozen=True, slots=True)
class Asked:
    """The span that a validation is about."""

    since: datetime | None = None
    until: datetime | None = None
    due: datetime | None = None
    """Up to when there ought to be digests; None when that is not known."""
    expired_before: datetime | None = None
    """Digests older than this are deleted by rule: that they are gone is no failure."""
    certain: bool = True
    """Whether all that lies there could be listed; else nothing can be said to be gone."""

    def touches(self, window: Window) -> bool:
        return clip(window, self.since, self.until) is not None
