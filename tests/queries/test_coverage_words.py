"""What is said of coverage: the part, the span, and the largest holes, with words for one, several and all regions."""

from __future__ import annotations

import pytest

from ctaudit.queries import coverage_words
from ctaudit.queries.coverage import Evidence, Place, judge
from ctaudit.queries.hours import Range, absolute

FIRST = absolute("2026-03-10T20:00:00Z")
WITHIN = Range(FIRST, FIRST + 10)
IRELAND, VIRGINIA, OTHER = ("111122223333", "eu-west-1"), ("111122223333", "us-east-1"), ("444455556666", "eu-west-1")


def said(*places: tuple[Place, str], names: dict[str, str] | None = None) -> str:
    """Return the sentence on places drawn as `c` (covered), `g` (gap) and `.` (silent)."""
    judged = {}
    for place, drawn in places:
        heard = sum(1 << bit for bit, letter in enumerate(drawn) if letter == "c")
        gaps = [((FIRST + bit) * 3600, (FIRST + bit + 1) * 3600) for bit, letter in enumerate(drawn) if letter == "g"]
        judged[place] = judge(Evidence(events=heard, gaps=gaps), WITHIN)
    return coverage_words.sentence(judged, WITHIN, names or {})


SPAN = "(2026-03-10T20:00:00Z to 2026-03-11T06:00:00Z)"


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([(IRELAND, "ccccc...cc")], f"70 % {SPAN}; eu-west-1 has no files 2026-03-11 01:00–04:00"),
        ([(IRELAND, "cg..cccccc")], f"70 % {SPAN}; eu-west-1 has no files 2026-03-10 22:00–24:00; "
                                    "eu-west-1 has a gap 2026-03-10 21:00–22:00"),
        ([(IRELAND, "cc....cccc")], f"60 % {SPAN}; eu-west-1 has no files 2026-03-10 22:00 to 2026-03-11 02:00"),
        ([(IRELAND, "..........")], f"0 % {SPAN}; eu-west-1 has no files at all"),
        ([(IRELAND, "gggggggggg")], f"0 % {SPAN}; eu-west-1 has a gap all the time"),
        ([(IRELAND, "ccccccccc."), (VIRGINIA, "cccccccccc")],
         f"95 % {SPAN}; eu-west-1 has no files 2026-03-11 05:00–06:00"),
        ([(IRELAND, "ccccccccc."), (OTHER, "cccccccccc")],
         f"95 % {SPAN}; 111122223333 eu-west-1 has no files 2026-03-11 05:00–06:00"),
        ([(IRELAND, "ccccccccc."), (VIRGINIA, "ccccccccc."), (OTHER, "cccccccccc")],
         f"93.3 % {SPAN}; 111122223333 eu-west-1 and 1 more have no files 2026-03-11 05:00–06:00"),
        ([(IRELAND, "ccccccccc."), (OTHER, "ccccccccc.")], f"90 % {SPAN}; none has files 2026-03-11 05:00–06:00"),
        ([(IRELAND, "cccccccccg"), (OTHER, "cccccccccg")], f"90 % {SPAN}; each has a gap 2026-03-11 05:00–06:00"),
        ([(IRELAND, ".........."), (OTHER, "..........")], f"0 % {SPAN}; none has files at all"),
        ([(IRELAND, "c.c.c.c.c.")], f"50 % {SPAN}; eu-west-1 has no files 2026-03-10 21:00–22:00; eu-west-1 has no "
                                    "files 2026-03-10 23:00–24:00; eu-west-1 has no files 2026-03-11 01:00–02:00; "
                                    "and 2 more"),
    ],
)  # fmt: skip
def test_the_part_that_is_covered_and_the_largest_holes(places: list[tuple[Place, str]], expected: str) -> None:
    assert said(*places).replace("% of the hours asked for are covered", "%") == expected


def test_all_is_said_plainly_and_how_much_of_it_is_proven() -> None:
    assert said((IRELAND, "cccccccccc"), (OTHER, "cccccccccc")) == (
        f"all of the 20 hours asked for are covered {SPAN}, none is proven"
    )
    proven = judge(Evidence(windows=[(FIRST * 3600, (FIRST + 9) * 3600)], files=1 << 9), WITHIN)
    assert coverage_words.sentence({IRELAND: proven}, WITHIN, {}).endswith(f"covered {SPAN}, 80 % proven")


def test_an_account_is_told_with_its_name_where_accounts_are_told() -> None:
    names = {"111122223333": "prod", "999988887777": "attic"}
    two = (IRELAND, "ccccccccc."), (OTHER, "cccccccccc")
    assert "; prod (111122223333) eu-west-1 has no files " in said(*two, names=names)
    assert "; eu-west-1 has no files " in said(two[0], names=names)
    assert "; account attic (999988887777) has no files" in said((("999988887777", ""), ".........."), names=names)


def test_an_account_or_region_that_nothing_is_known_of_is_named() -> None:
    assert said((("999988887777", ""), "..........")).endswith("account 999988887777 has no files at all")
    assert said((("", "af-south-1"), "..........")).endswith("; af-south-1 has no files at all")
