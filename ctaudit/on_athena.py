"""The store's questions, asked of a lake in Athena: the same rows, as far as a lake knows them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ctaudit import given
from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.for_athena import Bounds, translate_athena
from ctaudit.engines import athena_guard, conditions
from ctaudit.engines.athena import Api, Athena, Settings, table_name
from ctaudit.engines.athena_cost import cost_text
from ctaudit.engines.spelling import ATHENA
from ctaudit.errors import UsageError
from ctaudit.on_lake import UNKNOWN, OnLake, Taken, bounds_of
from ctaudit.query import Answer, Query, Span
from ctaudit.sources import athena as aws
from ctaudit.sources.aws_login import Login
from ctaudit.store.layout import Layout
from ctaudit.table import Column, Flow

__all__ = ["Login", "OnAthena", "Settings", "table_name"]

_NO_PARAMS: Mapping[str, str] = MappingProxyType({})


class OnAthena(OnLake):
    """A lake's table, opened for questions: those that need nothing but events."""

    _by = "Athena"

    def __init__(self, settings: Settings, login: Login, store: Path | None = None, api: Api | None = None) -> None:
        """Log in; `store` need not be there: of it, only the names of accounts are taken.

        Raises CtauditError when there are no credentials.
        """
        self._layout = Layout((store or Path("ctaudit-store")).absolute())
        self._settings = settings
        self._api = api or aws.Athena(login)
        self._athena = Athena(self._api, settings)
        self._guarded = ""

    @property
    def _engine(self) -> Athena:
        return self._athena

    @contextlib.contextmanager
    def stream(self, statement: str, **options: Any) -> Iterator[Flow]:
        """Run one SELECT and give its rows as they come, page by page."""
        limit, look = bounds_of(options)
        params, dialect = options.pop("params", _NO_PARAMS), options.pop("dialect", Dialect.ATHENA)
        if dialect != Dialect.ATHENA:
            raise UsageError(f"Athena is asked in its own SQL, not in that of {dialect}", "ask the store")
        asked = given.span_of(self._layout, **options)

        def confine(bounds: Bounds) -> str:
            return " AND ".join(conditions.within(asked, bounds, ATHENA))

        sendable = translate_athena(statement, self._engine.table, params, confine)
        if sendable.readings:
            self._guard(_narrowed(asked, sendable.bounds), sendable.readings)
        result = self._engine.ask(sendable.sql)
        columns = tuple(map(Column, result.columns.names))
        columns = tuple(replace(c, right=number) for c, number in zip(columns, result.columns.numeric, strict=True))
        yield self._flow(columns, Taken(result.rows, limit, look), sendable.notes)

    def _answer(self, query: Query, limit: int | None) -> Answer:
        self._guard(query.span)
        return super()._answer(query, limit)

    def _notes(self) -> tuple[str, ...]:
        guarded = (self._guarded,) if self._guarded else ()
        where = f"the answer is that of {self._engine.table} in Athena; {UNKNOWN}"
        return (where, *guarded, cost_text(self._engine.spent))

    def _guard(self, span: Span, readings: int = 1) -> None:
        """Let a question through that stays below --max-scan, if that was given, and keep how that is known."""
        chosen = self._settings
        if chosen.max_scan is None:
            return
        said = athena_guard.allow(
            self._api, chosen.table, span, chosen.max_scan, workgroup=chosen.workgroup, readings=readings
        )
        self._guarded = f"--max-scan: {said}"


def _narrowed(span: Span, bounds: Bounds) -> Span:
    """Return the part of a span that lies within the bounds, or more where that is simpler."""
    since = max(filter(None, (span.since, bounds.since)), default=None)
    until = min(filter(None, (span.until, bounds.until)), default=None)
    return Span(since, until, _both(span.accounts, bounds.accounts), _both(span.regions, bounds.regions))


def _both(asked: tuple[str, ...], possible: tuple[str, ...] | None) -> tuple[str, ...]:
    return tuple(each for each in asked if each in possible) or asked if asked and possible else asked or possible or ()
