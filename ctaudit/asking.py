"""SQL on the store as a library: rows as they come, a whole table, a columnar file, or what the SQL would read."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, BinaryIO, Concatenate, ParamSpec, TypeVar

from ctaudit import given, left_out, limits
from ctaudit.dialect.dialects import Dialect
from ctaudit.engines import plain, sql, translated
from ctaudit.engines.sql import Bounds, ColumnLeftOut, Look, Question, Result
from ctaudit.one_state import of_one_state
from ctaudit.query import Answer, Span
from ctaudit.store import holdings
from ctaudit.store.layout import Layout
from ctaudit.store.reader import Snapshot
from ctaudit.table import Column, Document, Ending, Flow, Table, Value

_NO_PARAMS: Mapping[str, str] = MappingProxyType({})


def asked(
    layout: Layout,
    statement: str,
    *,
    dialect: str = Dialect.ATHENA,
    params: Mapping[str, str] = _NO_PARAMS,
    limit: int | None = None,
    memory: int = limits.QUERY_MEMORY_BYTES,
    timeout: float | None = None,
    look: Look = sql.unseen,
    **span: Any,
) -> tuple[Question, Span, Bounds]:
    """Return the SQL, its span and its bounds as the engine takes them."""
    return (
        translated.question(statement, dialect, params),
        given.span_of(layout, **span),
        Bounds(given.most_rows(limit), memory, timeout, look),
    )


_P = ParamSpec("_P")
_T = TypeVar("_T")


def _at_last_whole(
    ask: Callable[Concatenate[Layout, Question, _P], _T],
) -> Callable[Concatenate[Layout, Question, _P], _T]:
    """Ask again with all columns when DuckDB turns out to need one that was left out."""

    @functools.wraps(ask)
    def asked(layout: Layout, question: Question, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return ask(layout, question, *args, **kwargs)
        except ColumnLeftOut:
            return ask(layout, replace(question, whole=True), *args, **kwargs)

    return asked


@contextlib.contextmanager
def stream(layout: Layout, question: Question, span: Span, bounds: Bounds) -> Iterator[Flow]:
    """Give the rows as they come, while the block runs.

    Trouble can come with any row; that the store was changed, only with the first ones.
    """
    kept, result = _begun(layout, question, span, bounds)
    with kept:
        rows = itertools.chain.from_iterable(result.parts)
        yield Flow(_columns(result), rows, lambda: _ending(result, question, span, bounds))


@of_one_state
@_at_last_whole
def table(layout: Layout, question: Question, span: Span, bounds: Bounds) -> Table:
    """Return all rows at once; raises QueryLimit when they take more memory than the query may use."""
    rows: list[tuple[Value, ...]] = []
    with sql.ask(layout, question, span, bounds) as result:
        for part in result.parts:
            rows += part
            if result.weight > bounds.memory:
                raise sql.too_large()
        end = _ending(result, question, span, bounds)
        return Table(_columns(result), rows, len(rows), end.notes, end.partial)


@of_one_state
@_at_last_whole
def save(layout: Layout, question: Question, span: Span, bounds: Bounds, file: BinaryIO, form: str) -> Ending:
    """Write the rows into `file`, from its beginning, as `parquet` or `arrow`, in DuckDB's types."""
    from ctaudit.engines import columnar  # here, since it imports Arrow's writers

    file.seek(0)
    file.truncate()
    return _ending(columnar.save(layout, question, span, bounds, file, form), question, span, bounds)


@of_one_state
def explained(layout: Layout, question: Question, span: Span, bounds: Bounds) -> Document:
    """Tell what the SQL would read, without running it."""
    from ctaudit.engines import explain

    content, snapshot = explain.explain(layout, question, span, bounds)
    return Document(content, question.notes, left_out.partial(_answer(snapshot), span))


_Rows = Result[Sequence[plain.Row]]


@of_one_state
@_at_last_whole
def _begun(layout: Layout, question: Question, span: Span, bounds: Bounds) -> tuple[contextlib.ExitStack, _Rows]:
    """Ask, and wait for the first rows: from then on the segments are open, and the answer is of one state."""
    with contextlib.ExitStack() as stack:
        result = stack.enter_context(sql.ask(layout, question, span, bounds))
        first = next(result.parts, None)
        result.parts = itertools.chain([] if first is None else [first], result.parts)
        return stack.pop_all(), result


def _columns(result: _Rows) -> tuple[Column, ...]:
    return tuple(Column(name, right=number) for name, number in zip(result.names, result.numeric, strict=True))


def _ending(result: Result[Any], question: Question, span: Span, bounds: Bounds) -> Ending:
    more = (f"only the first {bounds.limit} rows are shown; --limit 0 shows all",) if result.more else ()
    notes = (*question.notes, *more, *holdings.altered(result.snapshot.totals.altered))
    return Ending(result.count, notes, left_out.partial(_answer(result.snapshot), span))


def _answer(snapshot: Snapshot) -> Answer:
    """Return what is known of a state of the store as an answer without events."""
    totals = snapshot.totals
    covered = (totals.first_time, totals.last_time)
    return Answer(
        *((), 0, snapshot.omitted, totals.faults, covered, snapshot.events, snapshot.gaps),
        forgotten=snapshot.forgotten,
        unfinished=totals.unfinished,
    )
