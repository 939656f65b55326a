"""Counts over time as one line of characters, the higher the more; what is not known is no zero."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.cards import Curve
from ctaudit.reports.text_table import paint

_BLOCKS, _ASCII = "▁▂▃▄▅▆▇█", "_.-:=+*#"
_UNKNOWN_BLOCK, _UNKNOWN_ASCII = "·", " "


def spark_lines(curve: Curve, room: int, *, color: bool, blocks: bool) -> list[str]:
    """Return the line of a curve in at most `room` cells; without colours one below it points at what is marked.

    Where counts are too many, each character is the greatest of several. Zero has the lowest character to itself.
    """
    step = max(1, -(-len(curve.counts) // max(1, room)))
    groups = [range(at, min(at + step, len(curve.counts))) for at in range(0, len(curve.counts), step)]
    values = [_greatest([curve.counts[place] for place in group]) for group in groups]
    marked = [any(map(curve.within, group)) for group in groups]
    top = max((value for value in values if value is not None), default=0)
    letters = [_letter(value, top, blocks) for value in values]
    if color:
        return [_painted(letters, marked)]
    return ["".join(letters).rstrip(), "".join("^" if mark else " " for mark in marked).rstrip()]


def step_of(curve: Curve, room: int) -> int:
    """Return how many seconds one character stands for."""
    return curve.width * max(1, -(-len(curve.counts) // max(1, room)))


def _greatest(counts: Sequence[int | None]) -> int | None:
    return max((count for count in counts if count is not None), default=None)


def _letter(value: int | None, top: int, blocks: bool) -> str:
    if value is None:
        return _UNKNOWN_BLOCK if blocks else _UNKNOWN_ASCII
    steps = _BLOCKS if blocks else _ASCII
    if value <= 0:
        return steps[0]
    return steps[min(len(steps) - 1, 1 + (len(steps) - 2) * value // top)]


def _painted(letters: Sequence[str], marked: Sequence[bool]) -> str:
    """Write runs of one colour at once."""
    text, run = "", ""
    for place, letter in enumerate(letters):
        if run and marked[place] != marked[place - 1]:
            text, run = text + _run(run, marked[place - 1]), ""
        run += letter
    return text + _run(run, bool(marked) and marked[-1])


def _run(text: str, marked: bool) -> str:
    return paint(text, "red") if marked and text else text
