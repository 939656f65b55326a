"""How far a query is: one line on a terminal's stderr, once it takes longer than a second."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from ctaudit.cli.streams import Streams

_AFTER_SECONDS = 1.0
_EVERY_SECONDS = 0.2
_CLEAR = "\r\x1b[K"


@contextlib.contextmanager
def query_progress(streams: Streams, *, in_sight: bool) -> Iterator[Callable[[int, float | None], None]]:
    """Give what shows a step while the block runs; the line is gone at the end.

    `in_sight` says that the rows go to the same terminal: then the line is gone before the first of them.
    """
    if not streams.stderr_terminal or streams.quiet or streams.dumb:
        yield _nothing
        return
    line = _Line(in_sight)
    try:
        yield line.show
    finally:
        line.clear()


def _nothing(rows: int, percent: float | None) -> None:
    pass


class _Line:
    def __init__(self, in_sight: bool) -> None:
        self._in_sight = in_sight
        self._begun = time.monotonic()
        self._shown = 0.0

    def show(self, rows: int, percent: float | None) -> None:
        now = time.monotonic()
        if rows and self._in_sight:
            self.clear()
        elif now - self._begun >= _AFTER_SECONDS and now - self._shown >= _EVERY_SECONDS:
            self._shown = now
            self._write(_CLEAR + words(rows, percent, now - self._begun))

    def clear(self) -> None:
        if self._shown:
            self._shown = 0.0
            self._write(_CLEAR)

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # nobody looks any more
            sys.stderr.write(text)
            sys.stderr.flush()


def words(rows: int, percent: float | None, seconds: float) -> str:
    """Say how far a query is: rows so far, else how much of the work is done as far as DuckDB can tell."""
    minutes, second = divmod(int(seconds), 60)
    done = [f"{rows:,} rows"] if rows else ["running"]
    if percent:
        done.append(f"{percent:.0f} %")
    return "  ".join([*done, f"{minutes}:{second:02}"])
