"""What a Query narrows to, as conditions of SQL: one definition for every engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ctaudit.engines.spelling import DUCKDB, Spelling
from ctaudit.query import AnySet, Condition, Contains, OneOf, Query, Span
from ctaudit.records.columns import ACCOUNT, EVENT, EXTRA, REGION, Shape

Name = tuple[str | None, str | None, bool | None]
"""(event source, event name, readOnly) as it occurs."""

_JSON = frozenset((EXTRA, *(field.name for field in EVENT if field.shape is Shape.JSON)))


def where(query: Query, names: Iterable[Name], spelling: Spelling) -> str:
    """Return the condition that every answer meets; `names` are those that occur, looked at only if the query does."""
    parts = span_conditions(query.span, spelling)
    if query.names is not None:
        parts.append(_names({each[1] for each in names if query.names(*each)}, spelling))
    return " AND ".join([*parts, *(_condition(each, spelling) for each in query.conditions)]) or "true"


def span_conditions(span: Span, spelling: Spelling = DUCKDB) -> list[str]:
    """Return the SQL conditions of a span; the one on `date` lets an engine skip whole files."""
    parts: list[str] = []
    literal = spelling.literal
    if span.since is not None:
        parts += [f"eventtime >= {literal(span.since)}", f"{spelling.date} >= {literal(span.since[:10])}"]
    if span.until is not None:
        parts += [f"eventtime < {literal(span.until)}", f"{spelling.date} <= {literal(span.until[:10])}"]
    if span.accounts:
        parts.append(f"{ACCOUNT} IN ({', '.join(map(literal, span.accounts))})")
    if span.regions:
        parts.append(f"{spelling.region} IN ({', '.join(map(literal, span.regions))})")
    return parts


class Bounds(Protocol):
    """What a text's own conditions say of the rows that can match; None: nothing."""

    @property
    def since(self) -> str | None:
        """First date, `YYYY-MM-DD`."""

    @property
    def until(self) -> str | None:
        """Last date, inclusive."""

    @property
    def accounts(self) -> tuple[str, ...] | None: ...

    @property
    def regions(self) -> tuple[str, ...] | None: ...


def within(span: Span, bounds: Bounds, spelling: Spelling) -> list[str]:
    """Return the conditions of a span, and those that every row within the bounds meets, to skip whole files by."""
    literal = spelling.literal
    parts = span_conditions(span, spelling)
    parts += [f"{spelling.date} >= {literal(bounds.since)}"] if bounds.since else []
    parts += [f"{spelling.date} <= {literal(bounds.until)}"] if bounds.until else []
    for column, values in ((ACCOUNT, bounds.accounts), (REGION, bounds.regions)):
        if values is not None:
            parts.append(spelling.among(column, list(map(literal, values))) if values else "false")
    return parts


def _names(names: set[str | None], spelling: Spelling) -> str:
    listed = [spelling.literal(name) for name in sorted(name for name in names if name is not None)]
    tests = [spelling.among("eventname", listed)] if listed else []
    if None in names:
        tests.append("eventname IS NULL")
    return _any(tests) if tests else "false"


def _condition(condition: Condition, spelling: Spelling) -> str:
    if isinstance(condition, Contains):
        return _contains(condition, spelling)
    if isinstance(condition, OneOf):
        if condition.column == "eventtime":  # written in one way alone, so that a reader can skip by it
            return spelling.among("eventtime", [spelling.literal(value.upper()) for value in condition.values])
        return f"lower({condition.column}) IN ({', '.join(map(spelling.literal, condition.values))})"
    if isinstance(condition, AnySet):
        return _any([f"{column} IS NOT NULL" for column in condition.columns])
    return _any([_condition(each, spelling) for each in condition.conditions])


def _contains(condition: Contains, spelling: Spelling) -> str:
    texts = {column: spelling.arns if column == "resources" else column for column in condition.columns}
    tests = [
        spelling.contains(f"lower({text})", spelling.literal(needle))
        for text in texts.values()
        for needle in condition.needles
    ]
    # JSON may write any letter as an escape; AWS does not, but then such a text must be looked at.
    escape = spelling.literal("\\u00")
    tests += [spelling.contains(column, escape) for column in condition.columns if column in _JSON]
    return _any(tests)


def _any(tests: Sequence[str]) -> str:
    return f"({' OR '.join(tests)})"
