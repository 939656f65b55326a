"""Cards as a picture, one panel each: counts as steps, what was to be expected, and the band around it.

The same cards make the same bytes: no date is written, and the ids within an SVG are derived from a fixed salt. Text of
logs is never taken for markup (`parse_math`), and what is invisible in it is written visibly.
"""

from __future__ import annotations

import math
import textwrap
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

from ctaudit.cards import Card, Curve
from ctaudit.errors import UsageError
from ctaudit.reports.escapes import visible
from ctaudit.times import format_epoch

FORMS = ("svg", "png")
MOST = 12
"""Panels of one picture."""
_WIDE, _HIGH = 11.0, 2.6
"""Inches of a panel."""
_TIMES = (0, 250_000_000_000)
"""Seconds since 1970, up to the year 9892: a forged record may tell any time."""
_TITLE, _LINES = 138, 2
"""Characters of a line above a panel, and how many lines."""
_INK, _COUNTS, _EXPECTED, _BAND, _EPISODE, _UNKNOWN = "#333333", "#1f4e79", "#d1730b", "#f3c693", "#c62828", "#9e9e9e"
_SETTINGS: Any = {
    "svg.hashsalt": "ctaudit",
    "svg.fonttype": "path",
    "axes.unicode_minus": False,
    "path.simplify": False,
    "text.parse_math": False,
}


def drawn(cards: Sequence[Card]) -> list[Card]:
    """Return the cards that a picture shows: the first ones that have counts over a time that an axis can have."""
    return [card for card in cards if card.curve is not None and card.curve.counts and _can_be(card.curve)][:MOST]


def _can_be(curve: Curve) -> bool:
    return curve.start > _TIMES[0] and curve.start + len(curve.counts) * curve.width < _TIMES[1]


def require() -> None:
    """Raise UsageError when matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        advice = "try: pip install 'ctaudit[plot]'"
        raise UsageError("a picture needs matplotlib, which is not installed", advice) from error


def plot(cards: Sequence[Card], file: BinaryIO, form: str) -> None:
    """Write a picture of cards into an open file, as `svg` or `png`."""
    import matplotlib
    from matplotlib.figure import Figure  # of its own, not pyplot's: no display is looked for

    shown = drawn(cards)
    matplotlib.set_loglevel("ERROR")  # it would tell of its caches on stderr
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(_WIDE, _HIGH * max(1, len(shown))), dpi=110, layout="constrained")
        panels = figure.subplots(max(1, len(shown)), 1, squeeze=False)[:, 0]
        for panel, card in zip(panels, shown, strict=False):
            _panel(panel, card)
        if not shown:
            panels[0].set_axis_off()
            panels[0].text(0.5, 0.5, "nothing to draw", ha="center", va="center")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a script that the font lacks is drawn as boxes
            figure.savefig(file, format=form, metadata={"Date": None} if form == "svg" else {"Software": None})


def _panel(panel: Any, card: Card) -> None:
    curve = card.curve
    if curve is None:
        return
    panel.set_title(_title(card), loc="left", fontsize=9, color=_INK, parse_math=False)
    edges = [_moment(curve.start + place * curve.width) for place in range(len(curve.counts) + 1)]
    _around(panel, curve, edges)
    known = [float("nan") if count is None else float(count) for count in curve.counts]
    panel.stairs(known, edges, color=_COUNTS, linewidth=1.1, label="counted", baseline=None)
    panel.stairs(known, edges, color=_COUNTS, alpha=0.08, fill=True, linewidth=0)
    top = max([1.0, *filter(math.isfinite, [*known, *curve.high])])
    panel.set_ylim(0, top * 1.08)
    panel.set_xlim(edges[0], edges[-1])
    _axes(panel, curve)


def _title(card: Card) -> str:
    lines = textwrap.wrap(
        f"{card.label.upper()}  {visible(card.head)}",
        _TITLE,
        max_lines=_LINES,
        placeholder=" …",
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def _around(panel: Any, curve: Curve, edges: Sequence[datetime]) -> None:
    """Draw what the counts stand in: what is not known, the band, what was to be expected, and what it is about."""
    whole = len(curve.counts)
    for first, last in _unknown(curve):
        panel.axvspan(
            edges[first], edges[last], facecolor="none", edgecolor=_UNKNOWN, hatch="///", linewidth=0,
            label="no logs" if first == _unknown(curve)[0][0] else None,
        )  # fmt: skip
    if len(curve.low) == len(curve.high) == whole:
        low, high = ([*side, side[-1]] for side in (curve.low, curve.high))
        panel.fill_between(edges, low, high, step="post", color=_BAND, alpha=0.6, linewidth=0, label="99 of 100")
    if len(curve.expected) == whole:
        panel.stairs(
            list(curve.expected), edges, color=_EXPECTED, linewidth=1.2, linestyle="--", baseline=None, label="expected"
        )
    begin, end = (_moment(at) for at in curve.marked)
    begin, end = max(begin, edges[0]), min(end, edges[-1])
    if begin < end:
        panel.axvspan(begin, end, color=_EPISODE, alpha=0.14, linewidth=0, label="unusual")
        panel.axvline(begin, color=_EPISODE, linewidth=0.9)


def _axes(panel: Any, curve: Curve) -> None:
    import matplotlib.dates
    from matplotlib.ticker import MaxNLocator

    dates: Any = matplotlib.dates
    locator = dates.AutoDateLocator(tz=UTC, minticks=4, maxticks=9)
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=UTC, show_offset=False))
    panel.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    begin, end = (
        format_epoch(at)[:16].replace("T", " ") for at in (curve.start, curve.start + len(curve.counts) * curve.width)
    )
    panel.set_xlabel(f"{begin} to {end} UTC", fontsize=8, color=_INK, loc="left")
    unit = textwrap.wrap(visible(curve.unit), 26, max_lines=2, placeholder=" …")
    panel.set_ylabel("\n".join(unit), fontsize=8, color=_INK, parse_math=False)
    panel.tick_params(labelsize=8, colors=_INK)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(
        loc="upper right",
        bbox_to_anchor=(1.0, -0.13),
        fontsize=8,
        frameon=False,
        ncols=5,
        labelcolor=_INK,
        borderaxespad=0,
    )


def _unknown(curve: Curve) -> list[tuple[int, int]]:
    """Return the runs of counts that are not known, as places from and before."""
    runs: list[tuple[int, int]] = []
    for place, count in enumerate(curve.counts):
        if count is not None:
            continue
        if runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
