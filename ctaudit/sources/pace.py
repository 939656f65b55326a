"""How many requests may be under way at once: fewer as soon as S3 asks to slow down, and slowly more again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LEAST = 2


class Pace:
    """A limit that is halved when the other side is overloaded, and grows by one each time as many answers came."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._under_way = 0
        self._changed = threading.Condition()

    @property
    def limit(self) -> int:
        return int(self._limit)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and have it while the block runs."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self.limit)
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._limit = min(self._most, self._limit + 1 / self._limit)
                self._changed.notify_all()

    def slow_down(self) -> None:
        with self._changed:
            self._limit = max(_LEAST, self._limit / 2)
