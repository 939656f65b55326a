"""The store's questions as a library: each method answers with the Table or Document that the command prints.

What only some questions need is imported with them, since a command that answers in half a second has no time for more.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ctaudit import account_names, given, left_out
from ctaudit.errors import UsageError
from ctaudit.one_state import of_one_state
from ctaudit.queries.filters import Filters
from ctaudit.query import Answer, Hit, Need, OneOf, Query, Span
from ctaudit.store import holdings
from ctaudit.store.layout import Layout
from ctaudit.table import Document, Ending, Flow, Table, Value

if TYPE_CHECKING:
    from ctaudit.anomaly_answer import Anomalies
    from ctaudit.blast_report import Blast
    from ctaudit.coverage_report import Report
    from ctaudit.lineage.origins import Origins
    from ctaudit.trace_report import Trace

_ALL, FORMS = Filters(), ("parquet", "arrow")
_Rows = list[tuple[Value, ...]]


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

        Options of every lookup: `since`, `until` (exclusive), `account`, `region` (text or several), `limit`. With
        `undo_at`, a time, columns at the end tell what could be undone then.
        """
        return self._who("DELETED", thing, **options)

    def who_created(self, thing: str, **options: Any) -> Table:
        """Tell who created a resource."""
        return self._who("CREATED", thing, **options)

    def who_changed(self, thing: str, **options: Any) -> Table:
        """Tell who modified, detached, disabled or restored a resource."""
        return self._who("CHANGED", thing, **options)

    def who_touched(self, thing: str, **options: Any) -> Table:
        """Tell who did anything at all with a resource, reading included."""
        return self._who("TOUCHED", thing, **options)

    def what_did(
        self, who: str, *, filters: Filters = _ALL, by: str | None = None, limit: int | None = None, **span: Any
    ) -> Table:
        """Tell everything a principal, role, session, access key, address or account did; by `origin`, counted."""
        from ctaudit.queries import actors, origins

        if by not in (None, "origin"):
            raise UsageError(f"'{by}' is nothing to count by", "there is origin")
        query = actors.what_did(given.name_of(who), given.span_of(self._layout, **span), given.filters_of(filters))
        table, hits = self._timeline(query, None if by else limit)
        copied = actors.copied(hits)
        return origins.counted(table, copied, given.most_rows(limit)) if by else actors.with_copies(table, copied)

    def timeline(
        self,
        *,
        who: str | None = None,
        origin: str | None = None,
        filters: Filters = _ALL,
        limit: int | None = None,
        **span: Any,
    ) -> Table:
        """Return the events in order; of one `origin` those that it stands behind, whatever session they are of."""
        from ctaudit.queries import actors

        named = None if who is None else given.name_of(who)
        query = actors.timeline(given.span_of(self._layout, **span), given.filters_of(filters), named)
        if origin is not None:
            return self._of_origin(query, given.name_of(origin), given.most_rows(limit))
        return self._timeline(query, limit)[0]

    @of_one_state
    def show(self, event_id: str) -> Document:
        """Return one event whole, with every place it was read from and what digests say of that file.

        Its `event` is null when there is none. A place's `proof` is null when no digest names the file; where a digest
        lists another hash than the file has, `proof.listed_sha256` is that one.
        """
        from ctaudit.shown import shown

        wanted = OneOf("eventid", (given.name_of(event_id).lower(),))
        answer = self._answer(Query(conditions=(wanted,), needs=frozenset({Need.PLACES})), None)
        nothing = () if answer.hits else (f"the store holds no event with the id {event_id}",)
        notes = (*nothing, *holdings.altered(answer.altered))
        return Document(shown(self._layout, answer.hits), notes, left_out.partial(answer, Span()))

    @of_one_state
    def trace(self, what: str) -> Trace:
        """Follow an event id, access key or session ARN back to the human or workload behind it."""
        from ctaudit.trace_report import trace  # here, since no other question needs it

        found = trace(self._layout, given.name_of(what))
        notes, partial = self._beside(found.answer, Span(), f"no event, access key or session {what} is in the store")
        return found.beside(notes, partial)

    @of_one_state
    def blast_radius(self, what: str, **span: Any) -> Blast:
        """Follow a key, a session, a principal or an address forward; `since` and `until` bound its own calls."""
        from ctaudit.blast_report import blast_radius

        asked = given.span_of(self._layout, **span)
        found = blast_radius(self._layout, given.name_of(what), asked)
        return found.beside(*self._beside(found.answer, asked, f"no call of {what} is in the store"))

    @of_one_state
    def sessions(self, principal: str | None = None, *, limit: int | None = None, **span: Any) -> Table:
        """Return the sessions of everybody, or of `principal`, with who stands behind each."""
        from ctaudit.session_report import report

        asked, who = given.span_of(self._layout, **span), given.name_of(principal) if principal is not None else None
        table, answer = report(self._layout, asked, who, given.most_rows(limit))
        notes, partial = self._beside(replace(answer, matched=table.matched), asked, "no session found")
        return replace(table, notes=(*table.notes, *notes), partial=partial)

    @of_one_state
    def anomalies(self, *, limit: int | None = None, **options: Any) -> Anomalies:
        """Report what is unusual, against the 28 days before each moment; options are those of `wanted`, and a span."""
        from ctaudit.anomaly_answer import anomalies

        return anomalies(self._layout, options, given.most_rows(limit), self._beside)

    @of_one_state
    def insights(self, *, agree: bool = False, **options: Any) -> Document | Table:
        """Spell anomalies of rates as CloudTrail Insights events, or put them beside CloudTrail's own, as a Table."""
        from ctaudit.anomaly_answer import agreement, insights

        return (agreement if agree else insights)(self._layout, options, self._beside)

    @of_one_state
    def biography(self, thing: str, *, reads: bool = False, limit: int | None = None, **span: Any) -> Table:
        """Tell the life of a resource; calls that only read or used it are counted, with `reads` they are rows."""
        from ctaudit.biography_report import biography

        asked, name = given.span_of(self._layout, **span), given.name_of(thing)
        table, answer = biography(self._layout, name, asked, reads, given.most_rows(limit))
        notes, partial = self._beside(answer, asked, "no event of its life found")
        return replace(table, notes=(*table.notes, *notes), partial=(*table.partial, *partial))

    def query(self, statement: str, **options: Any) -> Table:
        """Run one SELECT over the events, whatever its table is called; all rows are held at once.

        Options: `dialect`: `athena`, `lake` or `duckdb` (then over the view `cloudtrail_logs`); `params`: values of
        template parameters by name; `since`, `until`, `account`, `region`, `limit`; `memory` (bytes) and `timeout`
        (seconds) are its most; `look` is told some times a second how many rows have come, and the percentage done.
        """
        from ctaudit import asking

        return asking.table(self._layout, *asking.asked(self._layout, statement, **options))

    def stream(self, statement: str, **options: Any) -> AbstractContextManager[Flow]:
        """Run one SELECT and give its rows as they come, in constant memory: `with store.stream(…) as flow`."""
        from ctaudit import asking

        return asking.stream(self._layout, *asking.asked(self._layout, statement, **options))

    def save(self, statement: str, file: BinaryIO, form: str, **options: Any) -> Ending:
        """Run one SELECT and write its rows into an open file, as `parquet` or `arrow`."""
        if form not in FORMS:
            raise UsageError(f"'{form}' is no form of a file", f"there are {', '.join(FORMS)}")
        from ctaudit import asking

        return asking.save(self._layout, *asking.asked(self._layout, statement, **options), file, form)

    def explain(self, statement: str, **options: Any) -> Document:
        """Tell what one SELECT would read, without running it."""
        from ctaudit import asking

        return asking.explained(self._layout, *asking.asked(self._layout, statement, **options))

    def status(self) -> Document:
        """Tell what the store holds and what could not be read."""
        return holdings.status(self._layout)

    def accounts(self) -> Table:
        """Return what accounts are called, of those that have a name or events."""
        return account_names.accounts(self._layout)

    def partitions(self, **span: Any) -> Table:
        """Return one row for each account, region and date."""
        return holdings.partitions(self._layout, given.span_of(self._layout, **span))

    @of_one_state
    def coverage(self, *, by: str = "span", limit: int | None = None, **span: Any) -> Report:
        """Tell which hours of the span the logs speak for; `by` is `span`, `hour` or `day`: what a row is about."""
        from ctaudit.coverage_report import BY, report  # here, since no lookup needs it

        if by not in BY:
            raise UsageError(f"'{by}' is nothing to count by", f"there are {', '.join(BY)}")
        return report(self._layout, given.span_of(self._layout, **span), by, given.most_rows(limit))

    def faults(self) -> Table:
        """Return what could not be read, and events that came with more than one body."""
        return holdings.faults(self._layout)

    @of_one_state
    def _who(
        self, word: str, thing: str, *, limit: int | None = None, undo_at: given.Time = None, **span: Any
    ) -> Table:
        from ctaudit.queries import who
        from ctaudit.queries.rows import COLUMNS, doubts

        asked, deed = given.span_of(self._layout, **span), who.Deed[word]
        query, parsed, tally = who.who(deed, given.name_of(thing), asked)
        answer = self._answer(query, given.most_rows(limit))
        tally.batches.settle(lambda more: self._answer(more, 0))
        rows, said = self._traced(functools.partial(who.rows, deed, parsed, answer.hits), answer.hits)
        columns, cut = COLUMNS, tuple[str, ...]()
        if (now := given.time("undo_at", undo_at)) is not None:
            from ctaudit.undoing import with_undo

            columns, rows, more, cut = with_undo(self._answer, rows, answer.hits, parsed, now)
            said = (*said, *more)
        notes, partial = self._beside(answer, asked, who.NOTHING[deed])
        told = (*who.notes(tally, thing), *doubts(rows), *said, *notes)
        return Table(columns, rows, answer.matched, told, (*cut, *partial))

    @of_one_state
    def _timeline(self, query: Query, limit: int | None) -> tuple[Table, Sequence[Hit]]:
        from ctaudit.queries import actors
        from ctaudit.queries.rows import COLUMNS, doubts

        answer = self._answer(query, given.most_rows(limit))
        rows, said = self._traced(functools.partial(actors.rows, answer.hits), answer.hits)
        notes, partial = self._beside(answer, query.span, "no event found")
        return Table(COLUMNS, rows, answer.matched, (*doubts(rows), *said, *notes), partial), answer.hits

    @of_one_state
    def _of_origin(self, query: Query, origin: str, limit: int | None) -> Table:
        from ctaudit.origin_report import of_origin
        from ctaudit.queries.rows import COLUMNS, doubts

        rows, answer, said = of_origin(self._layout, query, origin)
        notes, partial = self._beside(replace(answer, matched=len(rows)), query.span, "no event found")
        return Table(COLUMNS, rows[:limit], len(rows), (*doubts(rows[:limit]), *said, *notes), partial)

    def _answer(self, query: Query, limit: int | None) -> Answer:
        from ctaudit.engines import duck

        return duck.answer(self._layout, query, limit)

    def _traced(self, make: Callable[[Origins], _Rows], hits: Sequence[Hit]) -> tuple[_Rows, tuple[str, ...]]:
        """Return the rows that `make` makes of hits, with origins and causes: what is looked up for them, at once."""
        from ctaudit.lineage.origins import Origins
        from ctaudit.queries.rows import CAUSE, with_origins
        from ctaudit.tracing import untraced, walked

        origins = Origins()
        rows, said = make(origins), tuple[str, ...]()
        if any(row[CAUSE] for row in rows):
            from ctaudit.causing import with_causes

            rows, said = with_causes(self._answer, hits, rows, origins)
        rows = with_origins(rows, walked(self._answer, origins.walks))
        return rows, (*said, *untraced(origins))

    def _beside(self, answer: Answer, span: Span, nothing: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the notes on an answer and what it leaves out; of one that found nothing, what the logs cover."""
        altered = holdings.altered(answer.altered)
        if answer.matched:
            return altered, left_out.partial(answer, span)
        from ctaudit.coverage import of_empty_answer

        notes, uncovered = of_empty_answer(self._layout, span, nothing)
        return (*notes, *altered), (*left_out.unjudged(answer), *uncovered)
