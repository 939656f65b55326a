"""What a blast radius is made of: credentials whose calls belong to it, why they do, and what was made with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from ctaudit.engines.holders import Holder
from ctaudit.lineage.credential import Credential
from ctaudit.lineage.links import Confidence
from ctaudit.lineage.persistence import Thing
from ctaudit.lineage.spread import Cause


@dataclass(frozen=True, slots=True)
class Held:
    """A credential whose calls belong to the answer, or may."""

    round: int
    holder: Holder
    who: Credential
    cause: Cause
    confidence: Confidence
    """Of the whole way from the start."""
    method: str | None = None
    origin: str | None = None
    why: str = ""
    """Why it is only possible; empty for what belongs to the answer."""


@dataclass(slots=True)
class Spread:
    """All that came of the start."""

    held: list[Held] = field(default_factory=list)
    possible: list[Held] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    things: list[tuple[Thing, Held]] = field(default_factory=list)
    left: int = 0
    """Calls that were not looked at for what they made possible, since there were too many."""
    deeper: bool = False
    """Whether it went on beyond the most rounds."""
    untraced: int = 0
    """Credentials of the start that were too many to trace back."""
