"""The origins of many rows: each credential is followed once, however many calls were made with it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ctaudit import limits
from ctaudit.lineage.calls import Call
from ctaudit.lineage.walk import Walk, begin, start
from ctaudit.query import Record

Ticket = str | int | None
"""An origin that the record itself proves (or None), or the place in `Origins.walks` of the walk that will tell."""


class Origins:
    """Gathers what has to be walked for some rows; memory goes with the credentials, not with the rows."""

    def __init__(self) -> None:
        self.walks: list[Walk] = []
        """In the order of the first call with each credential."""
        self.left_out = 0
        """Rows whose origin was not looked for, since they have more sessions than are followed for one answer."""
        self._places: dict[Hashable, int] = {}

    def ticket(self, record: Record) -> Ticket:
        """Note a record whose origin is wanted; the earliest call with a credential must come first."""
        return self._noted(start(record, proofs_suffice=True))

    def ticket_of(self, call: Call) -> Ticket:
        """Note a call that caused something, whose origin is wanted."""
        return self._noted(begin(call.event, call.by, proofs_suffice=True))

    def _noted(self, walk: Walk) -> Ticket:
        if walk.wanted is None:
            return walk.origin
        first = walk.hops[0]
        own = first.event.event_id if first.handed is not None else None
        key = (first.caller, walk.wanted.shared, own)
        place = self._places.get(key)
        if place is None:
            if len(self.walks) >= limits.MAX_TRACED_SESSIONS:
                self.left_out += 1
                return None
            place = self._places[key] = len(self.walks)
            self.walks.append(walk)
        return place


def redeemed(ticket: Ticket, walks: Sequence[Walk]) -> str | None:
    """Return the origin for a ticket, given the walks at their ends."""
    return walks[ticket].origin if isinstance(ticket, int) else ticket
