"""Sets of hours as whole numbers: a bit is an hour, so years of hours are joined, cut and counted in microseconds.

Hours are counted from 1970 (`absolute`); in a set, bit 0 is the first hour of its `Range`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ctaudit.times import format_epoch, parse_canonical

HOUR = 3600
"""Seconds."""
DAY_HOURS = 24
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONES = re.compile("1+")

Seconds = tuple[int, int]
"""A span of time: from (inclusive) and until (exclusive), in seconds since 1970."""
Run = tuple[int, int]
"""Hours of a set that stand together: from (inclusive) and until (exclusive)."""


@dataclass(frozen=True, slots=True)
class Range:
    """The hours that a set can hold: from (inclusive) and until (exclusive), absolute."""

    first: int
    end: int

    @property
    def count(self) -> int:
        return max(0, self.end - self.first)

    @property
    def all(self) -> int:
        """The set of all hours."""
        return (1 << self.count) - 1

    def at(self, bit: int) -> str:
        """Return when an hour begins, RFC 3339."""
        return text_of(self.first + bit)


def absolute(text: str) -> int:
    """Return the hour in which a moment, `YYYY-MM-DDTHH:MM:SSZ`, lies."""
    return seconds(text) // HOUR


def seconds(text: str) -> int:
    """Return a moment in seconds since 1970; raises ValueError when it is not `YYYY-MM-DDTHH:MM:SSZ`."""
    moment = parse_canonical(text)
    if moment is None:
        raise ValueError(f"{text!r} is no time")
    return (moment - _EPOCH) // timedelta(seconds=1)


def text_of(hour: int) -> str:
    """Return when an absolute hour begins, RFC 3339."""
    return format_epoch(hour * HOUR)


def of_days(masks: Mapping[int, int], within: Range) -> int:
    """Return the set of hours told by day: the hour from which a day begins -> its 24 hours, bit 0 the first."""
    found = 0
    shifted = bytearray((within.count + 2 * DAY_HOURS) // 8 + 4)
    early = within.first % DAY_HOURS
    midnight = within.first - early
    for day, mask in masks.items():
        offset = day - midnight
        if 0 <= offset < within.count + early:
            at = offset // 8
            for byte in range(3):
                shifted[at + byte] |= mask >> 8 * byte & 0xFF
    found = int.from_bytes(shifted, "little") >> early
    return found & within.all


def of_hours(hours: Iterable[int], within: Range) -> int:
    """Return the set of some absolute hours; those outside of the range are left out."""
    bits = bytearray(within.count // 8 + 1)
    for hour in hours:
        if within.first <= hour < within.end:
            at = hour - within.first
            bits[at >> 3] |= 1 << (at & 7)
    return int.from_bytes(bits, "little")


def touched(spans: Iterable[Seconds], within: Range) -> int:
    """Return the hours of which the spans hold any part."""
    found = 0
    for start, end in spans:
        if start < end:
            found |= _between(start // HOUR, -(-end // HOUR), within)
    return found


def filled(spans: Iterable[Seconds], within: Range, beyond: int = 0) -> int:
    """Return the hours that the spans, taken together, hold whole, and `beyond` seconds after each of them."""
    found = 0
    for start, end in merged(spans):
        found |= _between(-(-start // HOUR), (end - beyond) // HOUR, within)
    return found


def merged(spans: Iterable[Seconds]) -> list[Seconds]:
    """Return the spans in order, those that touch or overlap joined and empty ones left out."""
    joined: list[Seconds] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def without(spans: Iterable[Seconds], taken: Iterable[Seconds]) -> list[Seconds]:
    """Return what is left of the spans, in order, when others are taken away."""
    left: list[Seconds] = []
    holes = merged(taken)
    at = 0
    for start, end in merged(spans):
        while at < len(holes) and holes[at][1] <= start:
            at += 1
        look = at
        while look < len(holes) and holes[look][0] < end:
            if holes[look][0] > start:
                left.append((start, holes[look][0]))
            start = max(start, holes[look][1])
            look += 1
        if start < end:
            left.append((start, end))
    return left


def runs(hours: int) -> Iterator[Run]:
    """Yield the runs of a set, in order."""
    bits = f"{hours:b}"[::-1]  # linear in the length of the set, as shifting it for each run would not be
    yield from (found.span() for found in _ONES.finditer(bits))


def between(start: int, end: int) -> int:
    """Return the set of the hours from `start` on, before `end`."""
    return ((1 << max(0, end - start)) - 1) << start


def _between(start: int, end: int, within: Range) -> int:
    start, end = max(start, within.first), min(end, within.end)
    return between(start - within.first, end - within.first) if start < end else 0
