"""Cards as lines for a terminal: the sentence, a line of counts, and what else is to be known, each by its name."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from ctaudit.cards import Card, Curve
from ctaudit.reports.escapes import visible
from ctaudit.reports.sparkline import spark_lines, step_of
from ctaudit.reports.text_table import paint
from ctaudit.times import format_epoch

_INDENT = 2
_LEAST = 30
"""Cells that a text gets even on the narrowest terminal."""


def card_lines(cards: Sequence[Card], width: int, *, color: bool, blocks: bool) -> Iterator[str]:
    """Yield the lines of cards, an empty one after each, without line ends; only a command may be wider than `width`.

    Args:
        cards: what is shown.
        width: cells of the terminal.
        color: whether it takes colours.
        blocks: whether it can show block characters; otherwise ASCII is used.
    """
    for card in cards:
        margin = max([_INDENT, *(len(name) for name, _ in card.lines)]) + _INDENT + 2
        yield from _head(card, width, color)
        if card.curve is not None and card.curve.counts:
            yield from _curve(card.curve, width, color, blocks)
        if card.band:
            yield from _wrapped(card.band, " " * _INDENT, width)
        for name, value in card.lines:
            yield from _wrapped(value, f"{' ' * _INDENT}{name:{margin - _INDENT}}", width)
        if card.command:
            yield f"{' ' * _INDENT}{paint('$', 'dim') if color else '$'} {visible(card.command)}"
        yield ""


def _head(card: Card, width: int, color: bool) -> Iterator[str]:
    label = card.label.upper()
    lines = list(_wrapped(card.head, f"{label}  ", width))
    if color and card.style:
        lines[0] = paint(label, card.style) + lines[0][len(label) :]
    yield from lines


def _curve(curve: Curve, width: int, color: bool, blocks: bool) -> Iterator[str]:
    room = max(_LEAST, width - _INDENT)
    for line in spark_lines(curve, room, color=color, blocks=blocks):
        if line:
            yield f"{' ' * _INDENT}{line}"
    step = step_of(curve, room)
    ends = [format_epoch(at)[:16].replace("T", " ") for at in (curve.start, _end(curve))]
    told = f"{ends[0]} to {ends[1]} UTC, one character is {duration(step)}"
    yield from _wrapped(told, " " * _INDENT, width)


def _end(curve: Curve) -> int:
    return curve.start + curve.width * len(curve.counts)


def duration(seconds: int) -> str:
    """Spell a duration in the largest unit that it is a whole number of."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            count = seconds // size
            return f"1 {unit}" if count == 1 else f"{count:,} {unit}s"
    return f"{seconds} seconds"


def _wrapped(text: str, first: str, width: int) -> Iterator[str]:
    """Yield text wrapped behind `first`, the further lines below the beginning of the text."""
    lines = textwrap.wrap(visible(text), max(_LEAST, width - len(first)), break_on_hyphens=False) or [""]
    yield f"{first}{lines[0]}".rstrip()
    yield from (f"{' ' * len(first)}{line}" for line in lines[1:])
