"""Strips of cells over time as lines for a terminal: one character a unit, or the worst of several where room is short.

A hole of one hour in a year must be seen: of the units that share a character the gravest is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ctaudit.reports.escapes import visible
from ctaudit.reports.shorten import shorten, width_of
from ctaudit.reports.text_table import paint
from ctaudit.table import Shade, Strips

_STEPS = (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 96, 168, 336, 720)
"""Units that one character may stand for: such that days and weeks begin with a character."""
_LABEL = 40
_LEAST = 10
"""Cells that a strip gets even where its label has to be shortened."""
_TICK = 16
"""Width of a time on the axis: `2026-03-11 02:00`."""


def strip_lines(strips: Strips, width: int, *, color: bool, blocks: bool) -> Iterator[str]:
    """Yield the axis, a line for each strip and the legend, none wider than `width`, without line ends.

    Args:
        strips: what is shown.
        width: cells of the terminal.
        color: whether it takes colours.
        blocks: whether it can show block characters; otherwise ASCII is used.
    """
    labels = [visible(label) for label in strips.labels]
    margin = min(max(map(width_of, labels), default=0), _LABEL, max(1, width - 2 - _LEAST))
    step = _step(len(strips.times), max(1, width - margin - 2))
    axis = _axis(strips.times[::step], max(1, width - margin - 2))
    yield f"{' ' * (margin + 2)}{axis}".rstrip()
    worst = {letter: grave for grave, letter in enumerate(strips.shades)}
    for label, cells in zip(labels, strips.cells, strict=True):
        shown = shorten(label, margin)
        letters = _joined(cells, step, worst)
        yield f"{shown}{' ' * (margin - width_of(shown))}  {_painted(letters, strips.shades, color, blocks)}"
    yield from _legend(strips, step, width, color=color, blocks=blocks)


def _step(count: int, room: int) -> int:
    """Return how many units one character stands for, so that all fit into `room`."""
    least = -(-count // room)
    return next((step for step in _STEPS if step >= least), least)


def _joined(cells: str, step: int, worst: Mapping[str, int]) -> str:
    if step == 1:
        return cells
    return "".join(min(set(cells[at : at + step]), key=worst.__getitem__) for at in range(0, len(cells), step))


def _painted(letters: str, shades: Mapping[str, Shade], color: bool, blocks: bool) -> str:
    """Write runs of one letter at once: a colour code for each character would be a screen full of codes."""
    parts: list[str] = []
    start = 0
    for at in range(1, len(letters) + 1):
        if at == len(letters) or letters[at] != letters[start]:
            shade = shades[letters[start]]
            text = (shade.block if blocks else shade.plain) * (at - start)
            parts.append(paint(text, shade.style) if color and shade.style else text)
            start = at
    return "".join(parts)


def _axis(times: Sequence[str], room: int) -> str:
    """Write a time above the character that it begins, each with room to stand alone."""
    line = ""
    for place, time in enumerate(times):
        told = f"{time[:10]} {time[11:16]}" if len(time) > 10 else time
        if (not line or place >= len(line) + 2) and (not line or place % 12 == 0) and place + _TICK <= room:
            line = f"{line:{place}}{told}"
    return line


def _legend(strips: Strips, step: int, width: int, *, color: bool, blocks: bool) -> Iterator[str]:
    """Yield what the characters mean, the best first, wrapped to the width."""
    unit = strips.unit if step == 1 else f"{step} {strips.unit}s, the worst of them shown"
    parts = [(shade.block if blocks else shade.plain, shade) for shade in reversed([*strips.shades.values()])]
    line, size = "", 0
    for plain, shade in parts:
        shown = paint(plain, shade.style) if color and shade.style else plain
        room = len(plain) + 1 + len(shade.word)
        if size and size + 2 + room > width:
            yield line
            line, size = "", 0
        line, size = (f"{line}  {shown} {shade.word}", size + 2 + room) if size else (f"{shown} {shade.word}", room)
    said = f"one character is {unit}" if step > 1 else f"one character is one {unit}"
    if size + 2 + len(said) <= width:
        yield f"{line}  {said}"
    else:
        yield line
        yield said[:width]
