"""Ask the store which hours it speaks of: the catalog alone, or, to count what each hour has, the segments too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from ctaudit.engines.interrupt import interruptible
from ctaudit.errors import QueryLimit
from ctaudit.query import Span
from ctaudit.store import account_names, catalog, embedded, forgotten, hour_counts, hours, reader
from ctaudit.store.catalog import Totals
from ctaudit.store.hour_counts import Counts
from ctaudit.store.hours import Known, Place, Reach, Seconds
from ctaudit.store.layout import Layout

Choose = Callable[[Mapping[Place, Reach]], tuple[int, int] | None]
"""Chooses, once it is known how far the store reaches, the hours that are asked for: from and before; None for none."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the store says of hours."""

    totals: Totals
    places: Mapping[Place, Reach]
    known: Mapping[Place, Known]
    stops: Mapping[str, Sequence[Seconds]]
    """By account, when trails were stopped."""
    buckets: frozenset[str]
    """Buckets that validated digests say trails deliver into."""
    counts: Mapping[Place, Mapping[int, Counts]] = field(default_factory=dict)
    """By hour; only when asked for."""
    forgotten: Sequence[Seconds] = ()
    """Days that were dropped on purpose, in all accounts and regions."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What accounts are called, by account."""


def ask(layout: Layout, span: Span, choose: Choose, *, late: int | None = None) -> Spoken:
    """Return what the store says of the accounts and regions of the span and of the hours that `choose` returns.

    With `late` it counts events and log files by hour, which reads segments; those that were delivered so many seconds
    after their oldest event are counted as late.

    Raises StoreError when the store cannot be read, QueryLimit when memory runs out.
    """
    with reader.explained(layout), embedded.engine() as connection:
        try:
            return interruptible(connection, lambda: _ask(connection, layout, span, choose, late))
        except duckdb.OutOfMemoryException as error:
            advice = "narrow it with --since, --until, --account or --region"
            raise QueryLimit("the answer needs more memory than there is", advice) from error


def _ask(connection: duckdb.DuckDBPyConnection, layout: Layout, span: Span, choose: Choose, late: int | None) -> Spoken:
    counts: dict[Place, dict[int, Counts]] = {}
    known: dict[Place, Known] = {}
    if late is not None:
        segments = reader.snapshot(connection, layout, Span(until=span.until)).segments
        hour_counts.read_oldest(connection, segments)
    with catalog.attached(connection, layout):
        totals = catalog.totals(connection)
        places = hours.places(connection, activity=late is not None)
        chosen = choose(places)
        stops = hours.stops(connection, chosen[1]) if chosen else {}
        if chosen is not None:
            known = hours.known(connection, span, *chosen)
            if late is not None:
                counts = hour_counts.count_events(connection, segments, span, *chosen)
                hour_counts.count_files(connection, counts, span, chosen, late)
        buckets = hours.buckets(connection)
        dropped = forgotten.spans(connection)
        names = account_names.known(connection)
    return Spoken(totals, places, known, stops, buckets, counts, dropped, names)
