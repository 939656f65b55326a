"""What comes of a content that is read: events for a sink, and a word on everything else."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ctaudit.fault import Fault
from ctaudit.records.envelope import DIGEST
from ctaudit.records.gate import Gated
from ctaudit.records.shared import Pieces


class Sink(Protocol):
    """Takes events as they are read."""

    pieces: Pieces
    """Where the values of shared fields go."""

    def fast(self, gated: Gated, file_ids: array[int], records: Sequence[int]) -> None:
        """Take events that passed the gate, with the ids of their files and their indices there."""

    def careful(self, event: Any, account: str | None, file_id: int, record: int, extra: str | None) -> None:
        """Take one event that took the careful path."""

    def rest(self) -> None:
        """Write now if there is much to write: nobody holds places of shared values."""


@dataclass(slots=True)
class Reading:
    """What came of one content, beside the events that the sink got."""

    records: int = 0
    """Indices given out: to events, to faulty records and to whatever was refused in their place."""
    events: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Look-alikes and other things that are no record, by kind."""
    faults: list[Fault] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """`events`, `digest`, `empty` (a log without events), or the most frequent kind refused."""
        if self.events:
            return "events"
        if self.refused:
            return DIGEST if DIGEST in self.refused else self.refused.most_common(1)[0][0]
        return "damaged" if self.faults else "empty"
