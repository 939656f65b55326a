"""Run a stranger's SQL on the store: one SELECT, nothing but the events in reach, bounded memory."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from sys import getsizeof
from typing import Any

import duckdb
import msgspec

from ctaudit import limits
from ctaudit.engines.duck import span_conditions
from ctaudit.engines.interrupt import interruptible
from ctaudit.errors import QueryError, QueryLimit
from ctaudit.query import Span
from ctaudit.store import embedded, reader
from ctaudit.store.layout import Layout
from ctaudit.store.views import VIEW, quote, segments_sql, select_sql

_PLAIN = frozenset(
    [
        "VARCHAR",
        "BOOLEAN",
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "HUGEINT",
        "UHUGEINT",
    ]
)
"""Types whose values Python gets as text, numbers or truth values."""
_CHUNK = 1000
_PARSED = 8
"""Memory of parsed JSON, in sizes of its text."""
_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


@dataclass(frozen=True, slots=True)
class Result:
    names: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: list[tuple[Any, ...]]
    more: bool
    """Whether rows were left behind the limit."""
    snapshot: reader.Snapshot


def run(layout: Layout, sql: str, span: Span, limit: int | None, memory: int = limits.QUERY_MEMORY_BYTES) -> Result:
    """Run one SELECT over the view `cloudtrail_logs`, cut to `span`, and return at most `limit` rows (None: all).

    Raises QueryError when the text is not one SELECT or DuckDB refuses it, QueryLimit when memory runs out,
    StoreError when the store cannot be read.
    """
    with reader.explained(layout), embedded.connect() as connection:
        statement = _one_select(connection, sql)
        try:
            snapshot = _prepare(connection, layout, span)
            _lock(connection, snapshot, memory)
            return interruptible(connection, lambda: _run(connection, statement, limit, memory, snapshot))
        except duckdb.OutOfMemoryException as error:
            raise _too_large() from error


def _one_select(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    try:
        if len(sql.encode()) > limits.MAX_SQL_BYTES:
            raise QueryError(f"the SQL is longer than {limits.MAX_SQL_BYTES} bytes")
        statements = connection.extract_statements(sql)
    except UnicodeEncodeError as error:
        raise QueryError("the SQL is not UTF-8 text") from error
    except duckdb.Error as error:
        raise QueryError(_sentence(error)) from error
    if not statements:
        raise QueryError("there is no SQL", f'try: ctaudit query "SELECT eventname, count(*) FROM {VIEW} GROUP BY ALL"')
    if len(statements) > 1:
        raise QueryError(f"there are {len(statements)} statements; give one SELECT")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError(f"only SELECT is allowed, this is {statements[0].type.name}")
    return _without_end(statements[0].query)


def _without_end(statement: str) -> str:
    """Return the statement without its semicolon and what follows: comments, as there is no second statement."""
    text = statement.encode()
    operators = (at for at, kind in duckdb.tokenize(statement) if kind == duckdb.token_type.operator)
    end = next((at for at in operators if text[at : at + 1] == b";"), len(text))
    return text[:end].decode()


def _prepare(connection: duckdb.DuckDBPyConnection, layout: Layout, span: Span) -> reader.Snapshot:
    """Copy what the view needs of the catalog into memory and make the view; the catalog is closed again."""
    snapshot = reader.snapshot(connection, layout, span, _COPIES)
    select = select_sql(segments_sql(snapshot.segments), repeated=snapshot.totals.duplicates > 0)
    where = " AND ".join(span_conditions(span)) or "true"
    connection.execute(f"CREATE VIEW {VIEW} AS SELECT * FROM ({select}) WHERE {where}")
    return snapshot


_COPIES = (
    "CREATE TABLE memory.files AS SELECT file_id, path, integrity FROM files",
    "CREATE TABLE memory.duplicates AS SELECT kept_file, kept_record, file_id, record FROM duplicates",
)


def _lock(connection: duckdb.DuckDBPyConnection, snapshot: reader.Snapshot, memory: int) -> None:
    """Leave the SQL nothing to reach but the segments of its span; no setting can be changed after this."""
    allowed = ", ".join(quote(path) for path in snapshot.segments)
    connection.execute(f"SET memory_limit = '{memory // 1024}KiB'")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET python_enable_replacements = false")
    connection.execute(f"SET allowed_paths = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _run(
    connection: duckdb.DuckDBPyConnection, statement: str, limit: int | None, memory: int, snapshot: reader.Snapshot
) -> Result:
    try:
        # Inside a FROM, columns of one name get names of their own, and DESCRIBE and SHOW give rows like any SELECT.
        described = connection.execute(f"DESCRIBE SELECT * FROM (\n{statement}\n)").fetchall()
        types = [row[1] for row in described]
        cursor = connection.execute(_in_plain_types(statement, types))
        rows = _fetch(cursor, [_is_nested(kind) for kind in types], limit, memory)
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.Error as error:
        if any(path in str(error) for path in snapshot.segments):
            raise  # a segment is damaged or gone, which the SQL cannot help
        raise QueryError(_sentence(error), _advice(str(error))) from error
    more = limit is not None and len(rows) > limit
    numeric = tuple(kind.removeprefix("U").startswith(_NUMERIC) and not _is_nested(kind) for kind in types)
    return Result(tuple(row[0] for row in described), numeric, rows[:limit], more, snapshot)


def _fetch(
    cursor: duckdb.DuckDBPyConnection, nested: Sequence[bool], limit: int | None, memory: int
) -> list[tuple[Any, ...]]:
    """Fetch one row more than `limit`, nested values parsed; raise QueryLimit when Python would hold too much.

    DuckDB's own limit ends where it hands the rows over.
    """
    rows: list[tuple[Any, ...]] = []
    held = 0
    while limit is None or len(rows) <= limit:
        chunk = cursor.fetchmany(_CHUNK if limit is None else min(_CHUNK, limit + 1 - len(rows)))
        if not chunk:
            break
        held += sum(sum(map(getsizeof, row)) for row in chunk)
        if any(nested):
            held += _PARSED * sum(getsizeof(text) for row in chunk for text in compress(row, nested))
            chunk = [tuple(map(_plain_value, row, nested)) for row in chunk]
        if held > memory:
            raise _too_large()
        rows += chunk
    return rows


def _too_large() -> QueryLimit:
    advice = "narrow it with --since, --until, --account, --region or --limit, or raise --memory"
    return QueryLimit("the query needs more memory than it may use", advice)


def _in_plain_types(statement: str, types: Sequence[str]) -> str:
    """Wrap the statement so that every value arrives as text, number or truth value; nested ones as JSON text."""
    if all(kind in _PLAIN for kind in types):
        return statement
    columns = [f"c{index}" for index in range(len(types))]
    shown = ", ".join(_plain(column, kind) for column, kind in zip(columns, types, strict=True))
    return f"SELECT {shown} FROM (\n{statement}\n) AS answer({', '.join(columns)})"


def _plain(column: str, kind: str) -> str:
    if kind in _PLAIN:
        return column
    if kind in ("FLOAT", "DOUBLE"):
        return f"CASE WHEN isfinite({column}) THEN {column} END AS {column}"
    if _is_nested(kind):
        return f"to_json({column})::VARCHAR AS {column}"
    if kind.startswith("DECIMAL"):
        return f"{column}::{'HUGEINT' if kind.endswith(',0)') else 'DOUBLE'} AS {column}"
    return f"{column}::VARCHAR AS {column}"


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "TUPLE", "MAP", "UNION"))


def _plain_value(value: Any, nested: bool) -> Any:
    if value is None or not nested:
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:  # DuckDB writes NaN and Infinity into JSON; they are null here as in plain columns
        return json.loads(value, parse_constant=lambda _: None)


_LINE = re.compile(r"^LINE (\d+):")


def _line_before(found: re.Match[str]) -> str:
    return f"LINE {int(found[1]) - 1}:"


def _sentence(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _advice(text: str) -> str:
    """Keep DuckDB's pointers: the column it thinks was meant, and the place in the text, which begins on our line 2."""
    wanted = [_LINE.sub(_line_before, line.strip()) for line in text.splitlines()[1:] if line.strip()]
    if "file system operations are disabled" in text:
        return f"SQL reaches the view {VIEW} and nothing else"
    if "does not exist" in text and "Table" in text:
        return f"the events are in {VIEW}"
    return " ".join(wanted[:2])[:300]
