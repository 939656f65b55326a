"""Which columns of a table fit a terminal, and how wide each may be: numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2
"""Spaces between two columns."""

KEPT_WHOLE = 20
"""Columns up to this width are not shortened to save others: a time is 20 wide, addresses and account ids less."""

SENSIBLE = 16
"""What a wider column can be shortened to before another column has to go."""

TIGHT = (SENSIBLE, 12, 8)
"""What wider columns are shortened to, in turn, once no column can go any more; after that even times are shortened."""

MAX_PADDING = 256
"""Off a terminal nothing is cut, and one hostile value of 100 KB would pad 100,000 rows to 10 GB: beyond this width a
cell pushes the rest of its own row to the right instead."""


@dataclass(frozen=True, slots=True)
class Layout:
    shown: tuple[int, ...]
    """Indexes of the columns that are shown, in order."""
    widths: tuple[int, ...]
    """The width of each shown column in terminal cells."""
    cut: bool
    """Whether longer cells are shortened; otherwise they push the rest of their row to the right."""


def whole(naturals: Sequence[int]) -> Layout:
    """Show every column at its natural width."""
    return Layout(tuple(range(len(naturals))), tuple(min(width, MAX_PADDING) for width in naturals), cut=False)


def fit(naturals: Sequence[int], ranks: Sequence[int], width: int) -> Layout:
    """Choose columns for a terminal of `width` cells and share the room among them.

    The highest rank goes first, of equals the rightmost; rank 0 stays, unless not even one cell for each is there.
    """
    shown = list(range(len(naturals)))
    while _needed([_floor(naturals[index]) for index in shown]) > width:
        victim = _victim(shown, ranks)
        if victim is None:
            break
        shown.remove(victim)
    while len(shown) > 1 and _needed([1] * len(shown)) > width:
        shown.pop()
    wanted = [max(1, naturals[index]) for index in shown]
    floors = _floors(wanted, width)
    room = max(1, width) - _needed(floors)
    return Layout(tuple(shown), tuple(_share(floors, wanted, room)), cut=True)


def _floors(wanted: Sequence[int], width: int) -> list[int]:
    """Return the widths to start from: as generous as fits, and one cell each when nothing better does."""
    for least in TIGHT:
        floors = [_floor(natural, least) for natural in wanted]
        if _needed(floors) <= width:
            return floors
    return [1] * len(wanted)


def _floor(natural: int, least: int = SENSIBLE) -> int:
    return natural if natural <= KEPT_WHOLE else least


def _needed(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _victim(shown: Sequence[int], ranks: Sequence[int]) -> int | None:
    """Return the column to give up next, or None when the rest must stay."""
    if len(shown) < 2:
        return None
    index = max(shown, key=lambda index: (ranks[index], index))
    return index if ranks[index] > 0 else None


def _share(floors: Sequence[int], wanted: Sequence[int], room: int) -> list[int]:
    """Raise each width from its floor towards what it wants, in equal steps, until the room is used up."""
    widths = list(floors)
    while room > 0 and (hungry := [index for index, width in enumerate(widths) if width < wanted[index]]):
        step = max(1, room // len(hungry))
        for index in hungry:
            more = min(step, wanted[index] - widths[index], room)
            widths[index] += more
            room -= more
    return widths
