"""The store's questions as a library: each method answers with the Table or Document that the command prints."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ctaudit import limits, times
from ctaudit.engines import duck, sql
from ctaudit.errors import StoreChanged, UsageError
from ctaudit.queries import actors, coverage_words, who
from ctaudit.queries.actors import OUTCOMES, Filters
from ctaudit.queries.rows import COLUMNS
from ctaudit.queries.who import Deed
from ctaudit.query import Answer, OneOf, Place, Query, Span
from ctaudit.store import forgotten, holdings, proofs
from ctaudit.store.layout import Layout
from ctaudit.table import Column, Document, Table, Value

if TYPE_CHECKING:
    from ctaudit.coverage_report import Report

_ALL = Filters()
Time = datetime | str | None
"""A datetime with a zone, ISO 8601 text, or no bound."""


_TRIES = 5
_P = ParamSpec("_P")
_T = TypeVar("_T")


def _of_one_state(ask: Callable[_P, _T]) -> Callable[_P, _T]:
    """Ask again from the start when the store was changed so much meanwhile that segments are gone.

    They stay for an hour after they were replaced, so this is for questions that were put to sleep. An answer is of
    one state of the store or there is none: StoreChanged is raised when it comes to that time and again.
    """

    @wraps(ask)
    def asked(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        for _ in range(_TRIES - 1):
            with contextlib.suppress(StoreChanged):
                return ask(*args, **kwargs)
        return ask(*args, **kwargs)

    return asked


def open_store(path: str | os.PathLike[str] = "ctaudit-store") -> Store:
    """Open a store for questions; raises StoreError when there is none."""
    return Store(Path(path))


class Store:
    """A store opened for reading. Every question reads it anew, so answers follow later ingests."""

    def __init__(self, path: Path) -> None:
        self._layout = Layout(path.absolute())
        self._layout.require()

    def who_deleted(self, thing: str, **options: Any) -> Table:
        """Tell who destroyed a resource: by name, id, ARN or `bucket/key`; `name*` asks for all that begin so.

        Options of every lookup: `since`, `until` (exclusive), `account`, `region` (text or several), `limit`.
        """
        return self._who(Deed.DELETED, thing, **options)

    def who_created(self, thing: str, **options: Any) -> Table:
        """Tell who created a resource."""
        return self._who(Deed.CREATED, thing, **options)

    def who_changed(self, thing: str, **options: Any) -> Table:
        """Tell who modified, detached, disabled or restored a resource."""
        return self._who(Deed.CHANGED, thing, **options)

    def who_touched(self, thing: str, **options: Any) -> Table:
        """Tell who did anything at all with a resource, reading included."""
        return self._who(Deed.TOUCHED, thing, **options)

    def what_did(self, who: str, *, filters: Filters = _ALL, limit: int | None = None, **span: Any) -> Table:
        """Tell everything a principal, role, session, access key, address or account did."""
        return self._timeline(actors.what_did(_named(who), _span(**span), _checked(filters)), limit)

    def timeline(
        self, *, who: str | None = None, filters: Filters = _ALL, limit: int | None = None, **span: Any
    ) -> Table:
        """Return the events in order."""
        named = None if who is None else _named(who)
        return self._timeline(actors.timeline(_span(**span), _checked(filters), named), limit)

    @_of_one_state
    def show(self, event_id: str) -> Document:
        """Return one event whole, with every place it was read from and what digests say of that file.

        Its `event` is null when there is none. A place's `proof` is null when no digest names the file; where a digest
        lists another hash than the file has, `proof.listed_sha256` is that one.
        """
        query = Query(conditions=(OneOf("eventid", (_named(event_id).lower(),)),))
        answer = duck.answer(self._layout, query, None)
        places = [place for hit in answer.hits for place in hit.places]
        known = proofs.evidence(self._layout, [p.sha256 for p in places if p.sha256], [p.source or "" for p in places])
        found: list[dict[str, Any]] = [
            {"event": hit.parse(), "places": [_with_proof(place, known) for place in hit.places]} for hit in answer.hits
        ]
        first = found[0] if found else {"event": None, "places": []}
        others: dict[str, Any] = {"conflicting": found[1:]} if len(found) > 1 else {}
        notes = () if found else (f"the store holds no event with the id {event_id}",)
        return Document({**first, **others}, notes, _partial(answer, Span()))

    @_of_one_state
    def query(
        self, statement: str, *, limit: int | None = None, memory: int = limits.QUERY_MEMORY_BYTES, **span: Any
    ) -> Table:
        """Run one SELECT (DuckDB's SQL) over the view `cloudtrail_logs`."""
        asked = _span(**span)
        result = sql.run(self._layout, statement, asked, _most(limit), memory)
        columns = tuple(Column(name, right=number) for name, number in zip(result.names, result.numeric, strict=True))
        notes = (f"only the first {limit} rows are shown; --limit 0 shows all",) if result.more else ()
        totals = result.snapshot.totals
        covered = (totals.first_time, totals.last_time)
        left_out = Answer(
            *((), 0, result.snapshot.omitted, totals.faults, covered, result.snapshot.events, result.snapshot.gaps),
            forgotten=result.snapshot.forgotten,
            unfinished=totals.unfinished,
        )
        return Table(columns, result.rows, len(result.rows), notes, _partial(left_out, asked))

    def status(self) -> Document:
        """Tell what the store holds and what could not be read."""
        return holdings.status(self._layout)

    def partitions(self, **span: Any) -> Table:
        """Return one row for each account, region and date."""
        return holdings.partitions(self._layout, _span(**span))

    @_of_one_state
    def coverage(self, *, by: str = "span", limit: int | None = None, **span: Any) -> Report:
        """Tell which hours of the span the logs speak for; `by` is `span`, `hour` or `day`: what a row is about."""
        from ctaudit.coverage_report import BY, report  # here, since no lookup needs it

        if by not in BY:
            raise UsageError(f"'{by}' is nothing to count by", f"there are {', '.join(BY)}")
        return report(self._layout, _span(**span), by, _most(limit))

    def faults(self) -> Table:
        """Return what could not be read, and events that came with more than one body."""
        return holdings.faults(self._layout)

    @_of_one_state
    def _who(self, deed: Deed, thing: str, *, limit: int | None = None, **span: Any) -> Table:
        asked = _span(**span)
        query, parsed, tally = who.who(deed, _named(thing), asked)
        answer = duck.answer(self._layout, query, _most(limit))
        rows = who.rows(deed, parsed, answer.hits)
        notes, partial = self._beside(answer, asked, _NOTHING[deed])
        return Table(COLUMNS, rows, answer.matched, (*who.notes(tally, thing), *_doubts(rows), *notes), partial)

    @_of_one_state
    def _timeline(self, query: Query, limit: int | None) -> Table:
        answer = duck.answer(self._layout, query, _most(limit))
        rows = actors.rows(answer.hits)
        notes, partial = self._beside(answer, query.span, "no event found")
        return Table(COLUMNS, rows, answer.matched, (*_doubts(rows), *notes), partial)

    def _beside(self, answer: Answer, span: Span, nothing: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the notes on an answer and what it leaves out; of one that found nothing, what the logs cover."""
        if answer.matched:
            return (), _partial(answer, span)
        from ctaudit.coverage import of_empty_answer

        notes, uncovered = of_empty_answer(self._layout, span, nothing)
        return notes, (*_unjudged(answer), *uncovered)


_NOTHING = {
    Deed.DELETED: "no deletion found",
    Deed.CREATED: "no creation found",
    Deed.CHANGED: "no change found",
    Deed.TOUCHED: "no event found",
}
_INTEGRITY = [column.name for column in COLUMNS].index("integrity")


def _doubts(rows: Sequence[tuple[Value, ...]]) -> tuple[str, ...]:
    """Say how many rows come from files that are not what AWS delivered."""
    counts = {word: sum(row[_INTEGRITY] == word for row in rows) for word in ("failed", "unlisted")}
    told = " and ".join(f"{count} {word}" for word, count in counts.items() if count)
    return (f"not what AWS delivered: {told} (see the column integrity, and ctaudit show)",) if told else ()


def _with_proof(place: Place, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a place with what a digest says of the content, else of the file by that name."""
    return asdict(place) | {"proof": known.get(place.sha256 or "") or known.get(place.source or "")}


def _span(
    since: Time = None, until: Time = None, account: str | Iterable[str] = (), region: str | Iterable[str] = ()
) -> Span:
    start, end = _time("since", since), _time("until", until)
    if start is not None and end is not None and start >= end:
        raise UsageError(f"since ({start}) must lie before until ({end})")
    return Span(start, end, _texts(account), _texts(region))


def _time(name: str, value: Time) -> str | None:
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
    return tuple(map(_utf8, (value,) if isinstance(value, str) else value))


def _named(text: str) -> str:
    stripped = _utf8(text).strip()
    if not stripped.removeprefix("s3://").rstrip("*"):
        raise UsageError("nothing is named", "give a name, an id or an ARN")
    return stripped


def _utf8(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{text!r} is not UTF-8 text, which is all that a record can hold") from None
    return text


def _checked(filters: Filters) -> Filters:
    unknown = sorted({*map(_utf8, filters.outcomes)} - {*OUTCOMES})
    if unknown:
        raise UsageError(f"'{unknown[0]}' is no outcome", f"there are {', '.join(OUTCOMES)}")
    for text in (*filters.events, *filters.services):
        if _utf8(text).endswith("*"):
            raise UsageError(f"'{text}' is a pattern, and events and services are asked for by their whole names")
    return filters


def _most(limit: int | None) -> int | None:
    if limit is not None and limit < 0:
        raise UsageError(f"limit ({limit}) must not be negative")
    return limit


def _partial(answer: Answer, span: Span) -> tuple[str, ...]:
    """Say what an answer leaves out."""
    sentences = [*_unjudged(answer)]
    first, last = answer.covered
    if answer.span_events == 0:
        holds = coverage_words.held(first, last)
        where = "what was asked for" if not span.whole else "it"
        sentences.append(f"the store has no events at all for {where}; {holds}")
    return tuple(sentences)


def _unjudged(answer: Answer) -> tuple[str, ...]:
    """Say what could not be read, what a validation found lacking, and what the filters could not judge."""
    sentences = [*holdings.unread(answer.faults, answer.unfinished), *holdings.uncovered(answer.gaps)]
    sentences += forgotten.sentences(answer.forgotten)
    for reason, count in answer.omitted.items():
        sentences.append(f"{count} events have {reason}, so the filter could not judge them")
    return tuple(sentences)
