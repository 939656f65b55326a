"""A question in Athena's or Lake's SQL as the embedded engine takes it: macros, the view for Lake, fewer segments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from ctaudit.dialect.dialects import Dialect
from ctaudit.engines.sql import Question
from ctaudit.errors import UsageError
from ctaudit.query import Span


def question(statement: str, dialect: str, params: Mapping[str, str]) -> Question:
    """Return what SQL of a dialect asks of the store; DuckDB's own is taken as it is.

    Raises QueryError when it cannot be given its meaning, UsageError for what is no dialect.
    """
    try:
        chosen = Dialect(dialect)
    except ValueError:
        raise UsageError(f"'{dialect}' is no dialect of SQL", f"there are {', '.join(Dialect)}") from None
    if chosen is not Dialect.DUCKDB:
        return _translated(statement, chosen, params)
    if params:
        raise UsageError("DuckDB's SQL is run as it is, without parameters", "leave out --dialect duckdb or --param")
    return Question(statement)


def _translated(statement: str, dialect: Dialect, params: Mapping[str, str]) -> Question:
    from ctaudit.dialect.lake import LAKE_VIEW
    from ctaudit.dialect.macros import prelude
    from ctaudit.dialect.relations import LAKE
    from ctaudit.dialect.translate import translate

    found = translate(statement, dialect, params)
    view = (f"CREATE VIEW {LAKE} AS {LAKE_VIEW}",) if LAKE in found.relations else ()
    since = None if found.since is None else f"{found.since}T00:00:00Z"
    within = Span(since, _after(found.until), found.accounts or (), found.regions or ())
    return Question(
        found.sql, (prelude(found.sql), *view), found.relations, within, found.dialect, found.names, found.notes
    )


def _after(day: str | None) -> str | None:
    if day is None or day == date.max.isoformat():
        return None
    return f"{date.fromisoformat(day) + timedelta(days=1)}T00:00:00Z"
