"""Answer `timeline --origin`: the events of one human or workload, through whatever sessions they were made."""

from __future__ import annotations

from ctaudit.causing import with_causes
from ctaudit.engines import duck
from ctaudit.engines.sessions import sessions
from ctaudit.lineage.origins import Origins, redeemed
from ctaudit.queries import actors, origins
from ctaudit.queries.rows import ORIGIN, with_origins
from ctaudit.query import Answer, Query
from ctaudit.store.layout import Layout
from ctaudit.table import Value
from ctaudit.tracing import of_store, untraced, walked


def of_origin(layout: Layout, query: Query, origin: str) -> tuple[list[tuple[Value, ...]], Answer, tuple[str, ...]]:
    """Return the lookup rows of `query` that have this origin, the answer they are of, and what must be said of them.

    Sessions are followed back first, so that of all other calls none is read.
    """
    found, _ = sessions(layout, Query(query.span))
    gathered = Origins()
    tickets = [gathered.ticket(each.first) for each in found]
    walks = walked(of_store(layout), gathered.walks)
    theirs = [
        each.first
        for each, ticket in zip(found, tickets, strict=True)
        if origins.is_origin(redeemed(ticket, walks), origin)
    ]
    answer = duck.answer(layout, origins.of_sessions(query, theirs), None)
    rows_origins = Origins()
    made = actors.rows(answer.hits, rows_origins)
    ask = of_store(layout)
    rows, _ = with_causes(ask, answer.hits, made, rows_origins)
    rows = with_origins(rows, walked(ask, rows_origins.walks))
    kept = [row for row in rows if origins.is_origin(_text(row[ORIGIN]), origin)]
    return kept, answer, untraced(gathered)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
