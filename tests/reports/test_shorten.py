"""Text cut to a number of terminal cells."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ctaudit.reports.escapes import visible
from ctaudit.reports.shorten import shorten

TEXT = st.text(st.characters() | st.sampled_from("漢字👩e\u0301\u0302 ")).map(visible)


@given(text=TEXT, width=st.integers(1, 30))
def test_the_result_fits_and_what_fits_is_untouched(text: str, width: int) -> None:
    short = shorten(text, width)
    assert cell_len(short) <= width
    assert (short == text) == (cell_len(text) <= width)


@given(text=TEXT, width=st.integers(1, 30))
def test_the_result_is_the_beginning_and_the_end_of_the_text(text: str, width: int) -> None:
    short = shorten(text, width)
    assert any(text.startswith(short[:cut]) and text.endswith(short[cut + 1 :]) for cut in range(len(short) + 1))


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("arn:aws:sts::123456789012:assumed-role/Admin/alice", 22, "arn:a…role/Admin/alice"),
        ("arn:aws:iam::123456789012:role/With Space", 12, "ar…ith Space"),
        ("AKIAEXAMPLE123456789", 9, "AK…456789"),
        ("Mozilla/5.0 (X11; Linux)", 10, "Mozilla/5…"),
        ('{"a":1,"b":2}', 6, '{"a":…'),
        ("漢字漢字漢字", 6, "…漢字"),
        ("abcdef", 1, "…"),
    ],
)
def test_names_keep_their_end_and_prose_its_beginning(text: str, width: int, short: str) -> None:
    assert shorten(text, width) == short


def test_an_accent_is_not_torn_from_its_letter() -> None:
    short = shorten("x" * 20 + "e\u0301" * 4, 4)
    assert not unicodedata.combining(short[short.index("…") + 1])
