"""The store's questions, asked of a lake by Spark: the same rows, as far as a lake knows them."""

from __future__ import annotations

import atexit
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ctaudit import given
from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.for_spark import translate_spark
from ctaudit.engines import conditions, spark_session
from ctaudit.engines.spark import Spark, location
from ctaudit.engines.spark_session import LOCAL
from ctaudit.engines.spelling import SPARK
from ctaudit.on_lake import UNKNOWN, OnLake, Taken, bounds_of
from ctaudit.store.layout import Layout
from ctaudit.table import Column, Flow

__all__ = ["LOCAL", "OnSpark"]

_NOTHING: Mapping[str, str] = MappingProxyType({})


class OnSpark(OnLake):
    """A lake's files, opened for questions: those that need nothing but events."""

    _by = "Spark"

    def __init__(
        self,
        lake: str,
        master: str = LOCAL,
        store: Path | None = None,
        timeout: float | None = None,
        settings: Mapping[str, str] = _NOTHING,
    ) -> None:
        """Name the lake and the master; Spark is started with the first question, and stopped by `close`.

        `store` need not be there: of it, only the names of accounts are taken. `settings` are Spark's, beside those in
        its own configuration; `timeout` is in seconds, for each question. Raises UsageError when there is no
        Spark or no Java, or the master or the lake is none.
        """
        spark_session.check(master)
        location(lake)
        self._layout = Layout((store or Path("ctaudit-store")).absolute())
        self._lake, self._master, self._timeout, self._settings = lake, master, timeout, settings
        self._open = ExitStack()
        self._made: Spark | None = None

    def close(self) -> None:
        """Stop Spark."""
        self._made = None
        self._open.close()

    @property
    def _engine(self) -> Spark:
        if self._made is None:
            session = self._open.enter_context(spark_session.started(self._master, self._settings))
            atexit.register(self.close)
            self._made = Spark(session, self._lake, self._timeout)
        return self._made

    @contextmanager
    def stream(self, statement: str, **options: Any) -> Iterator[Flow]:
        """Run one SELECT and give its rows as they come."""
        limit, look = bounds_of(options)
        params, dialect = options.pop("params", _NOTHING), options.pop("dialect", Dialect.ATHENA)
        asked = given.span_of(self._layout, **options)
        made = translate_spark(statement, dialect, params)
        within = conditions.within(asked, made, SPARK)
        answer = self._engine.ask(made.sql, within, limit, "cloudtrail_lake" in made.relations)
        columns = tuple(
            Column(name, right=number) for name, number in zip(made.names or answer.names, answer.numeric, strict=True)
        )
        yield self._flow(columns, Taken(iter(answer.rows), limit, look), made.notes)

    def _notes(self) -> tuple[str, ...]:
        return (f"the answer is that of the lake {self._lake} by Spark; {UNKNOWN}",)
