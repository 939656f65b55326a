"""The files of an ingest shared among worker processes."""

from __future__ import annotations

import contextlib
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from ctaudit.errors import Interrupted
from ctaudit.intake import Share, take_in
from ctaudit.sources.files import SourceFile
from ctaudit.workers import Workers

_LOOK_SECONDS = 0.2
"""How often to look whether Ctrl-C was pressed."""

Plan = Sequence[Sequence[SourceFile]]


def shares(root: Path, plan: Plan, known: array[int], jobs: int, stopped: Callable[[], bool]) -> Iterator[Share]:
    """Yield shares as workers finish them.

    Raises Interrupted when `stopped` says so, StoreError when a worker dies.
    """
    with contextlib.closing(Workers(partial(_take, root, known), min(jobs, len(plan)), __name__)) as workers:
        left = deque(plan)
        while left or workers.busy:
            if stopped():
                raise Interrupted("interrupted")
            while left and workers.idle:
                workers.give(left.popleft())
            yield from workers.results(_LOOK_SECONDS)


def _take(root: Path, known: array[int], chosen: Sequence[SourceFile], stopped: Callable[[], bool]) -> Share:
    return take_in(root, chosen, known, stopped)
