"""How long work reports where it stands: a protocol, and a default that says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Step:
    """How far the work has come since it began; counts only grow."""

    files: int = 0
    files_total: int | None = None
    """None while the sources are still being listed."""
    listed: int = 0
    """Files found so far, while they are still being listed."""
    events: int | None = 0
    """None when the work is not about events."""
    bytes: int = 0
    """Bytes read from the evidence, packed as it lies."""
    bytes_total: int | None = None
    captured: int = 0
    """Events that AWS has told, before they are read as files."""


class Progress(Protocol):
    def update(self, step: Step) -> None: ...


class Silent:
    """Report to nobody."""

    def update(self, step: Step) -> None:
        pass
