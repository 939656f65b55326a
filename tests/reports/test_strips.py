"""Strips of time: a hole is never lost in a crowd, nothing is wider than the terminal, labels are hostile text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ctaudit.reports.strips import strip_lines
from ctaudit.table import Shade, Strips

SHADES = {"b": Shade("bad", "!", "!", "red"), "n": Shade("none", ".", "."), "g": Shade("good", "█", "#", "green")}


def strips(*cells: str, labels: tuple[str, ...] = ()) -> Strips:
    times = tuple(f"2026-03-{1 + hour // 24 % 28:02}T{hour % 24:02}:00:00Z" for hour in range(len(cells[0])))
    return Strips(labels or tuple(f"row {number}" for number in range(len(cells))), cells, SHADES, times, "hour")


def lines(shown: Strips, width: int = 60, *, color: bool = False, blocks: bool = True) -> list[str]:
    return list(strip_lines(shown, width, color=color, blocks=blocks))


def test_a_character_an_hour_where_there_is_room() -> None:
    assert lines(strips("ggnb", "nnnn")) == [
        "       2026-03-01 00:00",
        "row 0  ██.!",
        "row 1  ....",
        "█ good  . none  ! bad  one character is one hour",
    ]


def test_ascii_where_blocks_cannot_be_shown() -> None:
    assert lines(strips("ggnb"), blocks=False)[1:] == [
        "row 0  ##.!",
        "# good  . none  ! bad  one character is one hour",
    ]


def test_runs_are_coloured_at_once() -> None:
    assert lines(strips("ggnb"), color=True)[1] == "row 0  \x1b[32m██\x1b[0m.\x1b[31m!\x1b[0m"


def test_where_room_is_short_the_worst_of_several_is_shown() -> None:
    (axis, row, *_, legend) = lines(strips("g" * 300 + "b" + "g" * 299), width=67)
    assert row == f"row 0  {'█' * 25}!{'█' * 24}"
    assert legend.endswith("one character is 12 hours, the worst of them shown")
    assert axis.startswith("       2026-03-01 00:00")


def test_times_stand_above_the_character_they_begin() -> None:
    axis = lines(strips("g" * 48), width=80)[0]
    for found in re.finditer(r"2026-03-(\d\d) (\d\d):00", axis):
        assert (int(found[1]) - 1) * 24 + int(found[2]) == found.start() - len("row 0  ")
    assert len(re.findall("2026", axis)) == 2


@pytest.mark.parametrize("label", ["\x1b[31mred", "two\nlines", "東京" * 20, "x" * 400, ""])
def test_labels_are_hostile_text(label: str) -> None:
    for line in lines(strips("ggg", labels=(label,)), width=40):
        assert line.isprintable()
        assert cell_len(line) <= 40


@given(st.lists(st.text("bng", min_size=400, max_size=400), min_size=1, max_size=3), st.integers(24, 250))
def test_nothing_bad_is_lost_and_nothing_is_too_wide(cells: list[str], width: int) -> None:
    shown = lines(strips(*cells), width)
    assert max(map(cell_len, shown)) <= width
    for drawn, row in zip(cells, shown[1:], strict=False):
        assert ("!" in row) == ("b" in drawn)


def test_no_strip_at_all_is_a_legend() -> None:
    assert lines(Strips((), (), SHADES, (), "hour"))[-1].startswith("█ good")
