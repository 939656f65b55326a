"""What a principal, role, session, access key or address did; and the plain timeline with its filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ctaudit.lineage.copies import copies
from ctaudit.lineage.origins import Origins
from ctaudit.queries.filters import Filters
from ctaudit.queries.rows import lookup_row
from ctaudit.query import AnyOf, AnySet, Condition, Contains, Hit, OneOf, Query, Record, Span
from ctaudit.records.identity import matches_who, who_needle
from ctaudit.records.outcome import outcome
from ctaudit.records.targets import targets
from ctaudit.records.verbs import Verb, bare_name, possible_verbs, verb
from ctaudit.table import Table, Value

IDENTITY = (
    "useridentity.arn",
    "useridentity.principalid",
    "useridentity.username",
    "useridentity.accesskeyid",
    "useridentity.accountid",
    "useridentity.invokedby",
    "useridentity.sessioncontext.sessionissuer.arn",
    "useridentity.sessioncontext.sessionissuer.principalid",
    "useridentity.sessioncontext.sessionissuer.username",
    "useridentity.sessioncontext.sourceidentity",
    "useridentity.onbehalfof.userid",
)
"""Columns that say who acted."""

SEARCHED = (*IDENTITY, "useridentity.type", "sourceipaddress", "additionaleventdata", "extra")
"""Columns in which a record says who acted and from where; `extra` holds what other spellings left over."""


def what_did(who: str, span: Span, filters: Filters) -> Query:
    """Return the question what `who` did."""
    needles = who_needle(who)
    return _query(span, filters, who, (Contains(SEARCHED, needles),) if needles else ())


def timeline(span: Span, filters: Filters, who: str | None = None) -> Query:
    """Return the question for all events in order."""
    return _query(span, filters, None, ()) if who is None else what_did(who, span, filters)


def rows(hits: Sequence[Hit], origins: Origins) -> list[tuple[Value, ...]]:
    """Return the lookup rows of the hits, in time order, each with all its targets, and with tickets for `origins`."""
    found: list[tuple[Value, ...]] = []
    for hit in hits:
        record = hit.parse()
        shown = targets(record)
        found.append(lookup_row(hit, record, shown, origins.ticket(record), judged=False))
    return found


def copied(hits: Sequence[Hit]) -> frozenset[int]:
    """Return the places of hits that are other accounts' copies of calls that are there as well."""
    shared = [place for place, hit in enumerate(hits) if "sharedEventID" in hit.text]
    return frozenset(shared[place] for place in copies([hits[place].parse() for place in shared]))


def with_copies(table: Table, copied: frozenset[int]) -> Table:
    """Return the same, which says how many of its rows are copies: each is evidence."""
    count = len(copied)
    if not count:
        return table
    them = "1 row is another account's copy" if count == 1 else f"{count:,} rows are other accounts' copies"
    said = f"{them} of calls in other rows (they share a sharedEventID); --by origin counts each call once"
    return replace(table, notes=(*table.notes, said))


def _query(span: Span, filters: Filters, who: str | None, conditions: tuple[Condition, ...]) -> Query:
    wanted = {name.lower() for name in filters.events}
    if filters.outcomes and "succeeded" not in filters.outcomes:
        conditions = (*conditions, _MAY_HAVE_FAILED)
    if filters.services:
        conditions = (*conditions, OneOf("eventsource", tuple(map(_event_source, filters.services))))

    def possible(service: str | None, name: str | None, read_only: bool | None) -> bool:
        named = not wanted or (name is not None and (name.lower() in wanted or bare_name(name).lower() in wanted))
        return named and not (filters.writes and possible_verbs(service, name, read_only) == {Verb.READ})

    def decide(record: Record) -> bool:
        return (
            (who is None or matches_who(record, who))
            and (not filters.outcomes or outcome(record).result in filters.outcomes)
            and not (filters.writes and verb(record) is Verb.READ)
        )

    names = possible if wanted or filters.writes else None
    decided = who is not None or filters.outcomes or filters.writes
    return Query(span, names, conditions, decide if decided else None)


_MAY_HAVE_FAILED = AnyOf(
    (
        AnySet(("errorcode", "errormessage", "extra")),
        Contains(("responseelements",), ("failure", "_return")),
    )
)
"""Every call that `outcome` may call failed or a dry run; the others need not be parsed."""


def _event_source(service: str) -> str:
    lowered = service.lower()
    return lowered if "." in lowered else f"{lowered}.amazonaws.com"
