"""A question about events as a value, which every engine can answer: what narrows it, and what decides."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ctaudit.parse import parse

Record = Mapping[str, Any]
"""A CloudTrail record as parsed JSON, with CloudTrail's own keys."""


@dataclass(frozen=True, slots=True)
class Span:
    """The part of the store that a question is about."""

    since: str | None = None
    """`YYYY-MM-DDTHH:MM:SSZ`, inclusive."""
    until: str | None = None
    """`YYYY-MM-DDTHH:MM:SSZ`, exclusive."""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return self == Span()


@dataclass(frozen=True, slots=True)
class Contains:
    """One of the columns holds one of the needles, in any letter case. Nested fields are written with dots."""

    columns: tuple[str, ...]
    needles: tuple[str, ...]
    """Lower case."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """The column equals one of the values, in any letter case."""

    column: str
    values: tuple[str, ...]
    """Lower case."""


@dataclass(frozen=True, slots=True)
class AnySet:
    """One of the columns is not null."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the conditions holds."""

    conditions: tuple[Condition, ...]


Condition = Contains | OneOf | AnySet | AnyOf

NameTest = Callable[[str | None, str | None, bool | None], bool]
"""Tells from event source, event name and readOnly whether such an event can be an answer."""


class Need(enum.Enum):
    """What a question asks for beside the events themselves; an engine that has none of it refuses the question."""

    PLACES = "places"
    """Every place that an event was read from, and what proves each."""


@dataclass(frozen=True, slots=True)
class Query:
    """All conditions must hold; then `decide`, if there is one, sees each record that is left."""

    span: Span = Span()
    names: NameTest | None = None
    conditions: tuple[Condition, ...] = ()
    decide: Callable[[Record], bool] | None = None
    """None means that the conditions alone decide, so that an engine may count and cut without parsing records."""
    needs: frozenset[Need] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record was read from, and what is known of that file's integrity."""

    source: str | None
    """Path of the file; null when the catalog no longer knows it."""
    record: int
    """Index of the record in that file, from 0."""
    sha256: str | None = None
    """Of the file's unpacked content."""
    integrity: str = "unknown"
    """`proven`, `unproven`, `failed`, `unlisted` or `unknown` (never validated)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One event that answers a question."""

    text: str
    """The record's JSON: a tenth of the memory of the parsed record."""
    account: str | None
    time: str | None
    places: tuple[Place, ...]
    """Every place it was read from, the least first; never empty."""
    account_name: str | None = None
    """What the account is called, if the store was told."""

    def parse(self) -> Record:
        """Return the record."""
        record: Record = parse(self.text)
        return record


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Days that were dropped from the store on purpose."""

    days: int
    events: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Answer:
    hits: tuple[Hit, ...]
    """In order of time, then event id; at most as many as the limit."""
    matched: int
    """How many events matched in all."""
    omitted: Mapping[str, int] = field(default_factory=dict)
    """Events that could not be judged because they have `no usable time`, `no account` or `no region`."""
    faults: int = 0
    """Pieces of evidence that the store could not read."""
    covered: tuple[str | None, str | None] = (None, None)
    """First and last event time in the store."""
    span_events: int = 0
    """Events of the store that lie in the partitions asked for."""
    gaps: int = 0
    """What validations found to be gone or uncovered in the span: files, hours."""
    forgotten: Forgotten | None = None
    """Days of the span that were dropped on purpose."""
    unfinished: tuple[tuple[str, str], ...] = ()
    """(source, since when) of ingests that have not come to their end."""
    altered: int = 0
    """Log files that were overwritten or deleted in their bucket."""
