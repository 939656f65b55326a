"""A tree as text, on a terminal and in a pipe alike; there only without colours."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ctaudit.reports.escapes import visible
from ctaudit.reports.text_table import paint
from ctaudit.tree import Node

_BOXES = ("├─ ", "└─ ", "│  ", "   ")
_ASCII = ("|- ", "`- ", "|  ", "   ")
_LEAST = 30
"""Cells that a line gets however deep it stands."""


def tree_lines(root: Node, width: int | None, *, color: bool = False, boxes: bool = True) -> Iterator[str]:
    """Yield the lines of a tree, wrapped to `width` cells (None: never), without line ends."""
    yield from _lines(root, "", "", _BOXES if boxes else _ASCII, width, color)


def _lines(
    node: Node, first: str, rest: str, strokes: tuple[str, ...], width: int | None, color: bool
) -> Iterator[str]:
    fork, last, pass_by, blank = strokes
    head = f"[{node.edge}] {node.text}" if node.edge else node.text
    for place, line in enumerate(_wrapped(head, len(first), width)):
        yield (rest if place else first) + (paint(line, node.style) if color and node.style else line)
    below = pass_by if node.children else blank
    for detail in node.details:
        for line in _wrapped(detail, len(rest) + len(below), width):
            yield f"{rest}{below}{paint(line, 'dim') if color else line}"
    for place, child in enumerate(node.children):
        is_last = place == len(node.children) - 1
        yield from _lines(
            child, rest + (last if is_last else fork), rest + (blank if is_last else pass_by), strokes, width, color
        )


def _wrapped(text: str, taken: int, width: int | None) -> list[str]:
    shown = visible(text)
    if width is None or taken + len(shown) <= width:
        return [shown]
    return textwrap.wrap(shown, max(_LEAST, width - taken), break_on_hyphens=False) or [""]
