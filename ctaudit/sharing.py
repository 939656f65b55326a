"""The files of an ingest shared among worker processes."""

from __future__ import annotations

import contextlib
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ctaudit.errors import Interrupted
from ctaudit.intake import Share, take_in
from ctaudit.sources.aws_login import Keys, Login
from ctaudit.sources.bodies import bodies
from ctaudit.sources.files import SourceFile
from ctaudit.sources.s3 import S3
from ctaudit.workers import Workers

_LOOK_SECONDS = 0.2
"""How often to look whether Ctrl-C was pressed."""

Plan = Sequence[Sequence[SourceFile]]
Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Task:
    """One share, and the credentials to read what of it lies in S3."""

    chosen: Sequence[SourceFile]
    keys: Keys | None = None


@dataclass(slots=True)
class Taker:
    """Takes shares in; each process has one of its own, with its own connections to S3."""

    root: Path
    known: array[int]
    url: str | None = None
    """Of S3, when there is something to be read."""
    login: Login = field(default_factory=Login)
    """Without credentials: those come with each task."""
    s3: S3 | None = None
    """Given by who stays in its own process; else made with the credentials of the first task."""

    def __call__(self, task: Task, stopped: Stopped) -> Share:
        if self.url is not None and task.keys is not None:
            self.s3 = self.s3 or S3(self.url, login=self.login)
            self.s3.lend(task.keys)
        return take_in(self.root, bodies(task.chosen, self.s3, self.root), self.known, stopped)


def shares(plan: Plan, taker: Taker, keys: Callable[[], Keys | None], jobs: int, stopped: Stopped) -> Iterator[Share]:
    """Yield shares as workers finish them; `keys` gives the credentials of the moment.

    Raises Interrupted when `stopped` says so, StoreError when a worker dies.
    """
    with contextlib.closing(Workers(taker, min(jobs, len(plan)), __name__)) as workers:
        left = deque(plan)
        while left or workers.busy:
            if stopped():
                raise Interrupted("interrupted")
            while left and workers.idle:
                workers.give(Task(left.popleft(), keys()))
            yield from workers.results(_LOOK_SECONDS)
