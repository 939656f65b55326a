"""Cards on terminals of all kinds: the line of counts, what is not known in it, and what it is about."""

from __future__ import annotations

import re

import pytest

from ctaudit.cards import Card, Curve
from ctaudit.reports.card_lines import card_lines
from ctaudit.reports.sparkline import spark_lines

CURVE = Curve(0, 900, (0, 1, None, 2, 40, 80, 0), marked=(3600, 5400))
CARD = Card(
    "high",
    "red",
    "80 calls of \x1b[2J in 15 minutes, of which nobody knows why they were made at that time of the night",
    CURVE,
    "80 calls in 15 minutes, expected 0.4, 99 of 100 between 0 and 3",
    (("who", "arn:aws:iam::111122223333:user/mia"), ("benign", "a deployment; a test")),
    "ctaudit timeline --since 1970-01-01T01:00:00Z --until 1970-01-01T01:30:00Z --principal 'a b'",
)


def test_zero_what_is_little_and_what_is_unknown_differ() -> None:
    assert spark_lines(CURVE, 80, color=False, blocks=True) == ["▁▂·▂▅█▁", "    ^^"]
    assert spark_lines(CURVE, 80, color=False, blocks=False) == ["_. .=#_", "    ^^"]


def test_colours_mark_what_it_is_about() -> None:
    assert spark_lines(CURVE, 80, color=True, blocks=True) == ["▁▂·▂\x1b[31m▅█\x1b[0m▁"]


def test_where_room_is_short_the_greatest_of_several_is_shown() -> None:
    (line, below) = spark_lines(CURVE, 4, color=False, blocks=True)
    assert (line, below) == ("▂▂█▁", "  ^")


@pytest.mark.parametrize("counts", [(), (None, None), (0, 0)])
def test_a_curve_of_nothing_is_no_trouble(counts: tuple[int | None, ...]) -> None:
    lines = spark_lines(Curve(0, 60, counts), 10, color=False, blocks=True)
    assert lines == [{(): "", (None, None): "··", (0, 0): "▁▁"}[counts], ""]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("blocks", [True, False])
def test_a_card_fits_its_terminal_but_for_the_command(width: int, blocks: bool) -> None:
    lines = list(card_lines([CARD], width, color=False, blocks=blocks))
    text = "\n".join(lines)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)
    assert f"  $ {CARD.command}" in lines
    assert lines[0].startswith("HIGH  80 calls")
    assert text.isascii() or blocks
    if width >= 40:
        assert all(len(line) <= width for line in lines if "$" not in line)


def test_a_card_tells_all() -> None:
    lines = list(card_lines([CARD], 200, color=True, blocks=True))
    assert lines[0].startswith("\x1b[31mHIGH\x1b[0m  80 calls of \\x1b[2J")
    assert lines[2:6] == [
        "  1970-01-01 00:00 to 1970-01-01 01:45 UTC, one character is 15 minutes",
        "  80 calls in 15 minutes, expected 0.4, 99 of 100 between 0 and 3",
        "  who     arn:aws:iam::111122223333:user/mia",
        "  benign  a deployment; a test",
    ]
