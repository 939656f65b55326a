"""Work done by a Spark cluster: packed tasks out, packed results back, as rows of `mapInArrow`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from ctaudit.engines.spark_session import Started, reason_of, soon
from ctaudit.errors import CtauditError, Interrupted

SETTINGS: Mapping[str, str] = {
    "spark.speculation": "false",
    "spark.driver.maxResultSize": "0",  # who gives the rounds bounds them
}
_ROUNDS = 2
"""Jobs under way: while the last tasks of one are still running, the next one has the other places."""
_LOOK_SECONDS = 0.2
"""How often to look whether to stop."""
_GROUP = "ctaudit"

Work = Callable[[bytes], bytes]
"""What an executor does with a task. It is sent there by the name of its class, with what it holds."""


@dataclass(frozen=True, slots=True)
class _Worker:
    work: Work

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for packed in batch.column(0).to_pylist():
                yield pa.RecordBatch.from_arrays([pa.array([self.work(packed)], pa.binary())], ["result"])


class GaveUp(CtauditError):
    """Spark has tried a task as often as it tries one; the message is what the last attempt said."""


def parallel(session: Started) -> int:
    """Return how many tasks the cluster does at once, as far as it has told."""
    return int(session.spark.sparkContext.defaultParallelism)


def results(
    session: Started, rounds: Iterable[Sequence[bytes]], work: Work, stopped: Callable[[], bool]
) -> Iterator[bytes]:
    """Yield what `work` makes of each task, round by round as they are finished; each round is one job of Spark.

    A task may be done more than once; the result of one of the times comes back. Raises Interrupted when `stopped` says
    so, GaveUp when a task failed time and again.
    """
    pool = ThreadPoolExecutor(_ROUNDS, "ctaudit-spark")
    running: set[Future[list[bytes]]] = set()
    try:
        for each in rounds:
            running.add(pool.submit(_job, session, each, work))
            if len(running) >= _ROUNDS:
                yield from _finished(running, stopped)
        while running:
            yield from _finished(running, stopped)
    finally:
        if running:
            soon(partial(session.spark.sparkContext.cancelJobGroup, _GROUP))
        pool.shutdown(wait=True, cancel_futures=True)


def _finished(running: set[Future[list[bytes]]], stopped: Callable[[], bool]) -> Iterator[bytes]:
    """Wait until a job has ended, and yield its results."""
    done: set[Future[list[bytes]]] = set()
    while not done:
        if stopped():
            raise Interrupted("interrupted")
        done, _ = wait(running, _LOOK_SECONDS, FIRST_COMPLETED)
    for each in done:
        running.remove(each)
        try:
            found = each.result()
        except Exception as error:
            if stopped():  # a Ctrl-C on a terminal goes to the executors of this machine, too
                raise Interrupted("interrupted") from None
            raise GaveUp(reason_of(error)) from error
        yield from found


def _job(session: Started, tasks: Sequence[bytes], work: Work) -> list[bytes]:
    spark = session.spark
    spark.sparkContext.setJobGroup(_GROUP, "ctaudit", interruptOnCancel=True)
    places = pa.array(range(len(tasks)), pa.int32())
    rows = spark.createDataFrame(pa.table({"place": places, "task": pa.array(tasks, pa.binary())}))
    apart = rows.repartitionById(len(tasks), "place").select("task")
    return [bytes(row[0]) for row in apart.mapInArrow(_Worker(work), "result binary").collect()]
