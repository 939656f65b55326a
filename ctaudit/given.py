"""What a caller gave, checked: times, accounts, regions, names, limits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ctaudit import account_names, times
from ctaudit.errors import UsageError
from ctaudit.queries.filters import OUTCOMES, Filters
from ctaudit.query import Span
from ctaudit.store.layout import Layout

Time = datetime | str | None
"""A datetime with a zone, ISO 8601 text, or no bound."""


def span_of(
    layout: Layout,
    since: Time = None,
    until: Time = None,
    account: str | Iterable[str] = (),
    region: str | Iterable[str] = (),
) -> Span:
    """Return the span that was asked for; accounts may be given by the names that the store knows."""
    start, end = time("since", since), time("until", until)
    if start is not None and end is not None and start >= end:
        raise UsageError(f"since ({start}) must lie before until ({end})")
    return Span(start, end, account_names.numbers(layout, _texts(account)), _texts(region))


def time(name: str, value: Time) -> str | None:
    """Return a time in its canonical form; None is no bound."""
    if value is None:
        return None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UsageError(f"{name} has no time zone")
        return times.format_utc(value)
    found = times.canonical(value)
    if found is None:
        raise UsageError(f"{name} is no ISO 8601 time: {value}")
    return found


def _texts(value: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(map(utf8_text, (value,) if isinstance(value, str) else value))


def name_of(text: str) -> str:
    stripped = utf8_text(text).strip()
    if not stripped.removeprefix("s3://").rstrip("*"):
        raise UsageError("nothing is named", "give a name, an id or an ARN")
    return stripped


def utf8_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{text!r} is not UTF-8 text, which is all that a record can hold") from None
    return text


def most_rows(limit: int | None) -> int | None:
    if limit is not None and limit < 0:
        raise UsageError(f"limit ({limit}) must not be negative")
    return limit


def filters_of(filters: Filters) -> Filters:
    unknown = sorted({*map(utf8_text, filters.outcomes)} - {*OUTCOMES})
    if unknown:
        raise UsageError(f"'{unknown[0]}' is no outcome", f"there are {', '.join(OUTCOMES)}")
    for text in (*filters.events, *filters.services):
        if utf8_text(text).endswith("*"):
            raise UsageError(f"'{text}' is a pattern, and events and services are asked for by their whole names")
    return filters
