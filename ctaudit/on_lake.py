"""The store's questions, asked of a lake: what every engine but the store's own has in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from ctaudit import account_names, given, investigate
from ctaudit.engines import lookup
from ctaudit.engines.sql import Look, unseen
from ctaudit.errors import UsageError
from ctaudit.query import Answer, Query, Span
from ctaudit.table import Column, Document, Ending, Flow, Table, Value

if TYPE_CHECKING:
    from ctaudit.trace_report import Trace

UNKNOWN = "what the logs do not cover and what could not be read is known to a store alone (see: ctaudit coverage)"
_LOOK_ROWS = 1000

Row = tuple[Value, ...]


class OnLake(investigate.Store):
    """A lake, opened for questions: those that need nothing but events."""

    _by = ""
    """Who answers."""

    def query(self, statement: str, **options: Any) -> Table:
        """Run one SELECT of Athena's over the lake, whatever table it names; all rows are held at once.

        Options: `limit`, `dialect` and `params` for its placeholders, and `since`, `until`, `account`, `region`.
        """
        with self.stream(statement, **options) as flow:
            rows = list(flow.rows)
            end = flow.end()
        return Table(flow.columns, rows, end.rows, end.notes, end.partial)

    def stream(self, statement: str, **options: Any) -> AbstractContextManager[Flow]:
        """Run one SELECT and give its rows as they come."""
        raise NotImplementedError

    def save(self, statement: str, file: BinaryIO, form: str, **options: Any) -> Ending:
        """Refuse: the types of such a file are those of the store's engine."""
        raise UsageError(f"rows of {self._by} are not written as {form}", "write .csv or .jsonl, or ask the store")

    def explain(self, statement: str, **options: Any) -> Document:
        """Refuse: what another engine would read, that engine alone knows."""
        raise UsageError(f"--explain tells what the store would read, not {self._by}", "ask the store")

    def show(self, event_id: str) -> Document:
        """Refuse: a lake names one place of an event, and `show` tells all."""
        raise UsageError(f"{self._by} cannot show {event_id} with all its places and proofs", "ask the store")

    def trace(self, what: str) -> Trace:
        """Refuse: each hop would be another question to pay for."""
        raise UsageError(f"{self._by} cannot follow {what} back", "ask the store")

    def sessions(self, principal: str | None = None, *, limit: int | None = None, **span: Any) -> Table:
        """Refuse: sessions are grouped by the store's engine."""
        raise UsageError(f"{self._by} cannot list sessions", "ask the store")

    @property
    def _engine(self) -> lookup.Engine:
        """Who runs SQL over the lake."""
        raise NotImplementedError

    def _answer(self, query: Query, limit: int | None) -> Answer:
        return lookup.answer(self._engine, query, limit, account_names.called(self._layout))

    def _of_origin(self, query: Query, origin: str, limit: int | None) -> Table:
        raise UsageError(f"{self._by} cannot tell whose calls had the origin {origin}", "ask the store")

    def _beside(self, answer: Answer, span: Span, nothing: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        empty = () if answer.matched else (nothing,)
        return (*empty, *self._notes()), ()

    def _notes(self) -> tuple[str, ...]:
        """Return what is to be said beside every answer."""
        raise NotImplementedError

    def _flow(self, columns: tuple[Column, ...], taken: Taken, notes: Sequence[str]) -> Flow:
        def end() -> Ending:
            return Ending(taken.count, (*notes, *taken.notes(), *self._notes()))

        return Flow(columns, iter(taken), end)


@dataclass(slots=True)
class Taken:
    """Rows up to a limit; one more is asked for, to know whether there is one."""

    rows: Iterator[Row]
    limit: int | None
    look: Look
    count: int = 0
    more: bool = False

    def __iter__(self) -> Iterator[Row]:
        for row in self.rows:
            if self.count == self.limit:
                self.more = True
                return
            self.count += 1
            if self.count % _LOOK_ROWS == 0:
                self.look(self.count, None)
            yield row

    def notes(self) -> tuple[str, ...]:
        return (f"only the first {self.limit} rows are shown; --limit 0 shows all",) if self.more else ()


def bounds_of(options: dict[str, Any]) -> tuple[int | None, Look]:
    """Take the limit and who looks on out of `options`, and what other engines need not know."""
    options.pop("memory", None)
    return given.most_rows(options.pop("limit", None)), options.pop("look", unseen)
