"""Widths as arithmetic: what fits, who gives way, who gets the rest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ctaudit.reports.layout import GAP, KEPT_WHOLE, SENSIBLE, fit, whole

COLUMNS = st.lists(st.tuples(st.integers(1, 90), st.integers(0, 3)), min_size=1, max_size=8)


@given(columns=COLUMNS, width=st.integers(1, 300))
def test_widths_fit_and_none_is_wider_than_its_longest_cell(columns: list[tuple[int, int]], width: int) -> None:
    naturals, ranks = [column[0] for column in columns], [column[1] for column in columns]
    layout = fit(naturals, ranks, width)
    assert sum(layout.widths) + GAP * (len(layout.widths) - 1) <= width
    assert all(1 <= got <= naturals[index] for index, got in zip(layout.shown, layout.widths, strict=True))
    assert list(layout.shown) == sorted(layout.shown)
    assert layout.shown


@given(columns=COLUMNS, width=st.integers(1, 300))
def test_no_room_is_left_over_while_a_column_wants_more(columns: list[tuple[int, int]], width: int) -> None:
    naturals = [column[0] for column in columns]
    layout = fit(naturals, [column[1] for column in columns], width)
    if any(got < naturals[index] for index, got in zip(layout.shown, layout.widths, strict=True)):
        assert sum(layout.widths) + GAP * (len(layout.widths) - 1) == width


def test_everything_fits_when_there_is_room() -> None:
    assert fit([20, 40, 5], [0, 3, 1], 100).widths == (20, 40, 5)


def test_the_rest_is_shared_in_equal_parts() -> None:
    assert fit([20, 90, 90, 90], [0, 0, 0, 0], 20 + 3 * (SENSIBLE + 10) + 3 * GAP).widths == (20, 26, 26, 26)


def test_what_one_column_does_not_need_goes_to_the_others() -> None:
    assert fit([KEPT_WHOLE + 2, 90], [0, 0], 80).widths == (22, 56)


def test_of_equal_ranks_the_rightmost_gives_way() -> None:
    assert fit([20, 20, 20], [1, 1, 1], 50).shown == (0, 1)


def test_one_column_always_stays() -> None:
    assert fit([20, 20], [2, 1], 10).shown == (1,)
    assert fit([20, 20], [0, 0], 2).shown == (0,)


def test_long_columns_shrink_before_times_do() -> None:
    assert fit([20, 18, 9, 60, 75], [0] * 5, 80).widths == (20, 18, 9, 13, 12)
    assert fit([20, 60, 75], [0] * 3, 42).widths == (20, 9, 9)


def test_rank_0_shrinks_before_it_goes() -> None:
    layout = fit([20, 20, 20], [0, 0, 0], 19)
    assert (layout.shown, layout.widths) == ((0, 1, 2), (5, 5, 5))


def test_off_a_terminal_nothing_is_cut() -> None:
    layout = whole([3, 50])
    assert (layout.shown, layout.widths, layout.cut) == ((0, 1), (3, 50), False)
