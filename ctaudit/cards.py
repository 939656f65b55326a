"""The shape of an answer that is a stack of cards: a sentence each, counts over time, and what to know of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Curve:
    """Counts over time beside what was to be expected."""

    start: int
    """When the first count begins, in seconds since 1970."""
    width: int
    """Seconds that one count stands for."""
    counts: tuple[int | None, ...]
    """None where nothing is known."""
    expected: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    """The band in which nearly all counts lie; like `expected` as long as `counts`, or empty."""
    marked: tuple[int, int] = (0, 0)
    """From when until when it is about, in seconds since 1970."""
    unit: str = ""
    """What is counted."""

    def within(self, place: int) -> bool:
        """Tell whether the count at a place is one that it is about."""
        begins = self.start + place * self.width
        return begins < self.marked[1] and begins + self.width > self.marked[0]


@dataclass(frozen=True, slots=True)
class Card:
    label: str
    """One word, such as `high`."""
    style: str
    """How the word is set: `red`, `yellow`, `dim` or nothing."""
    head: str
    """The sentence."""
    curve: Curve | None = None
    band: str = ""
    """What was to be expected, in words."""
    lines: tuple[tuple[str, str], ...] = ()
    """Name and value of what else is to be known."""
    command: str = ""
    """What shows more; it is never wrapped, so that it can be copied."""
