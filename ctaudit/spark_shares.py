"""The files of an ingest shared among the executors of a Spark cluster: what a worker process does, done elsewhere.

Each share is one task. The executors write segments into the store themselves, so it must lie where all of them and
this process see it; only what came of each file comes back. Segments are no part of the store before the commit here,
and are named after the rows they hold: a task that dies in the middle and is done again, or is done twice, leaves what
one task leaves.
"""

from __future__ import annotations

import pickle
import socket
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ctaudit.engines import spark_session, spark_tasks
from ctaudit.engines.spark_session import LOCAL
from ctaudit.errors import CtauditError, StoreError, UsageError
from ctaudit.intake import Share
from ctaudit.sharing import Plan, Stopped, Taker, Task
from ctaudit.sources.aws_login import Login
from ctaudit.sources.s3 import S3
from ctaudit.store.layout import Layout

ROUND_FILES = 100_000
"""Files of one job of Spark, some: their reports come back at once, half a kilobyte each."""
_ROUND_TASKS = 4
"""Shares of one job for each task that the cluster does at once."""
_SHARED = "put the store on a file system that this machine and all executors see under one path"


@dataclass(frozen=True, slots=True)
class Spark:
    """The cluster to ingest on."""

    master: str = LOCAL
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of Spark, beside those in its own configuration."""

    def check(self, login: Login) -> None:
        """Raise UsageError when ingesting so cannot work."""
        spark_session.check(self.master)
        if login.role_arn is not None:
            advice = "give them the role, as their machines' profile say, and leave --role-arn away"
            raise UsageError("executors of Spark log in by themselves, and take on no role", advice)

    def shares(self, plan: Plan, taker: Taker, s3: S3 | None, stopped: Stopped) -> Iterator[Share]:
        """Yield shares as executors finish them; `s3` says how S3 is asked, but each executor logs in by itself.

        Raises Interrupted when `stopped` says so, CtauditError when Spark does not start or gives up on a share.
        """
        layout = Layout(taker.root)
        serve = Serve(str(taker.root), taker.known, *_without_keys(s3))
        with spark_session.started(self.master, {**spark_tasks.SETTINGS, **self.settings}) as session:
            rounds = _rounds(plan, _ROUND_TASKS * spark_tasks.parallel(session))
            try:
                for packed in spark_tasks.results(session, rounds, serve, stopped):
                    share: Share = pickle.loads(packed)  # noqa: S301 - by our own executors
                    _see_segments(layout, share)
                    yield share
            except spark_tasks.GaveUp as error:
                raise _explained(error) from error


@dataclass(frozen=True, slots=True)
class Serve:
    """What an executor does with a packed share."""

    root: str
    known: array[int]
    url: str | None
    login: Login

    def __call__(self, packed: bytes) -> bytes:
        root = Path(self.root)
        if not Layout(root).catalog.is_file():
            raise StoreError(f"the executor on {socket.gethostname()} does not see the store {root}")
        taker = Taker(root, self.known, s3=None if self.url is None else S3(self.url, login=self.login))
        return pickle.dumps(taker(Task(pickle.loads(packed)), bool))  # noqa: S301 - by the process that runs the ingest


def _without_keys(s3: S3 | None) -> tuple[str | None, Login]:
    """Return what an executor must know to read in S3. Spark may put what it sends on a disk, so no key is among it."""
    if s3 is None:
        return None, Login()
    login = s3.login
    return f"s3://{s3.bucket}", Login(
        login.profile, endpoint_url=login.endpoint_url, requester_pays=login.requester_pays
    )


def _rounds(plan: Plan, tasks: int) -> Iterator[Sequence[bytes]]:
    """Yield the packed shares of each job."""
    packed: list[bytes] = []
    files = 0
    for share in plan:
        if packed and (len(packed) >= tasks or files + len(share) > ROUND_FILES):
            yield packed
            packed, files = [], 0
        packed.append(pickle.dumps(list(share)))
        files += len(share)
    if packed:
        yield packed


def _see_segments(layout: Layout, share: Share) -> None:
    """Raise StoreError unless the segments that an executor has written lie here, too."""
    for segment in share.segments:
        path = layout.segment(segment.date, segment.name)
        if not path.is_file() or path.stat().st_size != segment.bytes:
            raise StoreError(f"an executor of Spark wrote {path}, which is not here", _SHARED)


_ADVICE = {
    "does not see the store": _SHARED,
    "No module named 'ctaudit": "install this version of ctaudit for the executors' Python (PYSPARK_PYTHON)",
}


def _explained(error: CtauditError) -> CtauditError:
    advice = next((text for key, text in _ADVICE.items() if key in error.message), "")
    advice = advice or "run it again; it goes on where it stopped"
    return CtauditError(f"Spark gave up on a share of the files: {error.message}", advice)
