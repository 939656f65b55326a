"""Spans of time that proven digests account for, and what is left between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
"""The window of one digest."""

Window = tuple[datetime, datetime]
"""From (inclusive) and until (exclusive), UTC."""


def merge(windows: Iterable[Window]) -> list[Window]:
    """Return the windows in order, those that touch or overlap joined."""
    merged: list[Window] = []
    for start, end in sorted(windows):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def add(windows: list[Window], new: Window) -> None:
    """Add one window to some that come newest first, in place: as long as there is no hole, there is one."""
    if windows and new[0] <= windows[-1][1] and new[1] >= windows[-1][0]:
        windows[-1] = min(new[0], windows[-1][0]), max(new[1], windows[-1][1])
    else:
        windows.append(new)


def without(whole: Window, parts: Iterable[Window]) -> Iterator[Window]:
    """Yield what is left of `whole` when the parts are taken away, in order."""
    at, end = whole
    for start, until in merge(parts):
        if start > at and at < end:
            yield at, min(start, end)
        at = max(at, until)
    if at < end:
        yield at, end


def clip(window: Window, since: datetime | None, until: datetime | None) -> Window | None:
    """Return the part of a window that lies in the span, or None."""
    start, end = max(window[0], since or window[0]), min(window[1], until or window[1])
    return (start, end) if start < end else None


def covers(windows: Sequence[Window], moment: datetime) -> Window | None:
    """Return the window that holds the moment; `windows` are merged and few."""
    return next((window for window in windows if window[0] <= moment < window[1]), None)


def digests_in(window: Window) -> str:
    """Say about how many digests a span would have: one an hour."""
    count = max(1, round((window[1] - window[0]) / HOUR))
    return "about 1 digest" if count == 1 else f"about {count} digests"
