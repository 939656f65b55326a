"""Run a stranger's SQL on the store: rows as they come, bounded in rows, memory and time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

import duckdb

from ctaudit import limits
from ctaudit.engines import plain, sandbox
from ctaudit.engines.conditions import span_conditions
from ctaudit.engines.interrupt import interruptible
from ctaudit.engines.used_columns import unused
from ctaudit.errors import Interrupted, QueryError, QueryLimit
from ctaudit.query import Span
from ctaudit.store import embedded, reader
from ctaudit.store.layout import Layout
from ctaudit.store.views import COSTLY, LEFT_OUT, PLACE, VIEW, segments_sql, select_sql

_T = TypeVar("_T")
_Part = TypeVar("_Part", bound=Sized)
BATCH = 1000
"""Rows that are held at a time: some megabytes when whole records are asked for."""

Look = Callable[[int, float | None], None]
"""Is told some times a second how many rows have come, and what percentage of the work is done, if that is known."""


class ColumnLeftOut(QueryError):
    """DuckDB has read a column that was left out of the view: it takes along more than the text names."""


def unseen(rows: int, percent: float | None) -> None:
    """Look at nothing."""


@dataclass(frozen=True, slots=True)
class Question:
    """A text in DuckDB's SQL, and what whoever made it of another dialect knows of it."""

    text: str
    """One SELECT over the view `cloudtrail_logs`."""
    setup: tuple[str, ...] = ()
    """Our own statements that the text needs (views, macros), run before the sandbox is shut; they are not checked."""
    relations: frozenset[str] = frozenset()
    """What the setup made and the text may read beside the view, in lower case."""
    within: Span = field(default_factory=Span)
    """A span outside which the text's own conditions pass over every event; segments outside it are not opened."""
    dialect: str = "duckdb"
    """What the text was written in."""
    names: tuple[str, ...] | None = None
    """What the columns are called, where not as DuckDB calls them."""
    notes: tuple[str, ...] = ()
    """Sentences on what the text means elsewhere."""
    whole: bool = False
    """Whether the view has all its columns, also those that the text seems to leave alone."""

    def called(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the columns' names, from those that DuckDB gives them."""
        return self.names if self.names is not None and len(self.names) == len(names) else names


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a query may use, and who looks at it."""

    limit: int | None = None
    """Rows; None: all."""
    memory: int = limits.QUERY_MEMORY_BYTES
    """Bytes; DuckDB's own limit ends where it hands the rows over, and then it holds for the rows."""
    seconds: float | None = None
    look: Look = unseen


@dataclass(slots=True)
class Result(Generic[_Part]):
    """An answer while it comes. Its parts can be read once, inside the block that gave it."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    """DuckDB's words."""
    snapshot: reader.Snapshot
    parts: Iterator[_Part] = field(default_factory=lambda: iter(()))
    """Lists of rows of plain values, or Arrow batches; at most `limit` rows in all."""
    weight: int = 0
    """Memory that all rows so far take together in Python."""
    count: int = 0
    """Rows that have come so far."""
    more: bool = False
    """Whether rows were left behind the limit; known at the end."""

    @property
    def numeric(self) -> tuple[bool, ...]:
        return tuple(map(plain.is_numeric, self.types))


@contextlib.contextmanager
def ask(layout: Layout, question: Question, span: Span, bounds: Bounds) -> Iterator[Result[Sequence[plain.Row]]]:
    """Begin one SELECT over the view `cloudtrail_logs`, cut to `span`; its rows come while the block runs.

    Raises QueryError when the text is not one SELECT, reaches for more than the events, or DuckDB refuses it;
    QueryLimit when memory or time run out; StoreError when the store cannot be read. Each can come with any part.
    """
    with prepared(layout, question, span, bounds) as (work, connection, ready):
        names, types = work.do(lambda: described(connection, ready.statement))
        names = question.called(names)
        # DuckDB's own rows, not Arrow's: those are a third faster, but importing Arrow takes as long as a small query.
        cursor = work.do(lambda: connection.execute(plain.in_plain_types(ready.statement, types)))
        result = Result[Sequence[plain.Row]](names, types, ready.snapshot)
        nested = [plain.is_nested(kind) for kind in types]

        def fetch(most: int) -> Sequence[plain.Row] | None:
            found = cursor.fetchmany(most)
            weight = plain.weight(found, nested)
            if weight > bounds.memory:
                raise too_large()
            result.weight += weight
            return plain.parsed(found, nested) or None

        result.parts = parts(result, work, fetch, lambda part, most: part[:most])
        yield result


@contextlib.contextmanager
def prepared(
    layout: Layout, question: Question, span: Span, bounds: Bounds
) -> Iterator[tuple[Work, duckdb.DuckDBPyConnection, Prepared]]:
    """Give a connection on which the statement, checked, may run, and what runs it.

    A Ctrl-C between two rows, while they are printed, is the same as one that comes while DuckDB works.
    """
    with _told_of_interrupts(), reader.explained(layout), embedded.alone() as connection:
        work = Work(connection, bounds, question.dialect != "duckdb")
        ready = work.do(lambda: _prepare(connection, layout, question, span, bounds.memory))
        work.segments = ready.snapshot.segments
        yield work, connection, ready


@contextlib.contextmanager
def _told_of_interrupts() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("interrupted") from None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A connection's view, and the statement that may run on it."""

    statement: str
    snapshot: reader.Snapshot


def _prepare(
    connection: duckdb.DuckDBPyConnection, layout: Layout, question: Question, span: Span, memory: int
) -> Prepared:
    """Check the text, copy what the view needs of the catalog into memory, make the view and shut the sandbox."""
    statement = sandbox.one_select(connection, question.text)
    parsed = sandbox.checked(connection, statement, question.relations)
    left = frozenset[str]() if question.whole else unused(parsed, COSTLY)
    copies = () if left >= PLACE else _COPIES
    snapshot = reader.snapshot(connection, layout, span, copies, question.within)
    select = select_sql(segments_sql(snapshot.segments), repeated=snapshot.totals.duplicates > 0, unused=left)
    where = " AND ".join(span_conditions(span)) or "true"
    connection.execute(f"CREATE VIEW {VIEW} AS SELECT * FROM ({select}) WHERE {where}")
    for ours in question.setup:
        connection.execute(ours)
    sandbox.lock(connection, snapshot.segments, memory)
    return Prepared(statement, snapshot)


_COPIES = (
    "CREATE TABLE memory.files AS SELECT file_id, path, integrity FROM files",
    "CREATE TABLE memory.duplicates AS SELECT kept_file, kept_record, file_id, record FROM duplicates",
)


def described(connection: duckdb.DuckDBPyConnection, statement: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and types of the statement's columns.

    Inside a FROM, columns of one name get names of their own, and DESCRIBE and SHOW give rows like any SELECT.
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM (\n{statement}\n)").fetchall()
    return tuple(row[0] for row in described), tuple(row[1] for row in described)


def parts(
    result: Result[_Part], work: Work, fetch: Callable[[int], _Part | None], cut: Callable[[_Part, int], _Part]
) -> Iterator[_Part]:
    """Yield what `fetch` gives up to the limit; it is asked for one row more, to know whether there is one."""
    limit = work.bounds.limit
    while not result.more:
        room = None if limit is None else limit - result.count
        most = BATCH if room is None else min(room + 1, BATCH)
        part = work.do(partial(fetch, most))
        if part is None:
            return
        if room is not None and len(part) > room:
            result.more, part = True, cut(part, room)
        result.count += len(part)
        work.rows = result.count
        work.look()
        yield part


@dataclass(slots=True)
class Work:
    """A connection's statements, each in a thread that Ctrl-C and the time limit stop, with their trouble explained."""

    connection: duckdb.DuckDBPyConnection
    bounds: Bounds
    translated: bool
    """Whether the text is none that the user has seen, so that pointers into it mean nothing."""
    segments: tuple[str, ...] = ()
    rows: int = 0
    deadline: float | None = field(init=False)

    def __post_init__(self) -> None:
        seconds = self.bounds.seconds
        self.deadline = None if seconds is None else time.monotonic() + seconds

    def do(self, work: Callable[[], _T]) -> _T:
        try:
            return interruptible(self.connection, work, self.deadline, self.look)
        except OSError as error:  # so Arrow hands on what DuckDB says once rows are coming
            raise self._explained(duckdb.Error(str(error))) from error
        except duckdb.Error as error:
            raise self._explained(error) from error

    def look(self) -> None:
        percent = None
        with contextlib.suppress(duckdb.Error):
            found = self.connection.query_progress()
            percent = found if 0 <= found <= 100 else None
        self.bounds.look(self.rows, percent)

    def _explained(self, error: duckdb.Error) -> Exception:
        if isinstance(error, duckdb.OutOfMemoryException) or str(error).startswith("Out of Memory"):
            return too_large()
        if not self.segments or any(path in str(error) for path in self.segments):
            return error  # the catalog cannot be read, or a segment is damaged or gone, which the SQL cannot help
        if LEFT_OUT in str(error):
            return ColumnLeftOut(sandbox.sentence(error))
        refused = sandbox.refusal(error)
        return QueryError(refused.message) if self.translated and "LINE " in refused.advice else refused


def too_large() -> QueryLimit:
    advice = "narrow it with --since, --until, --account, --region or --limit, or raise --memory"
    return QueryLimit("the query needs more memory than it may use", advice)
