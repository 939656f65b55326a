"""Answer `sessions`: who had which sessions, from where, with what, and what was new about them."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.engines.sessions import Session, sessions
from ctaudit.lineage.credential import credential
from ctaudit.lineage.origins import Origins, redeemed
from ctaudit.queries.sessions import COLUMNS, conditions
from ctaudit.query import Answer, Query, Span
from ctaudit.records.identity import matches_who
from ctaudit.store.layout import Layout
from ctaudit.table import Table, Value
from ctaudit.tracing import of_store, untraced, walked


def report(layout: Layout, span: Span, who: str | None, limit: int | None) -> tuple[Table, Answer]:
    """Return the sessions that have calls in the span, in order of their first call there; and what was asked first."""
    found, answer = sessions(layout, Query(span, conditions=conditions(who)))
    chosen = [each for each in found if who is None or matches_who(each.first, who)]
    shown = chosen[:limit]
    origins = Origins()
    tickets = [origins.ticket(each.first) for each in shown]
    walks = walked(of_store(layout), origins.walks)
    rows = [_row(each, redeemed(ticket, walks)) for each, ticket in zip(shown, tickets, strict=True)]
    return Table(COLUMNS, rows, len(chosen), (*untraced(origins), *_marked(shown))), answer


def _row(session: Session, origin: str | None) -> tuple[Value, ...]:
    who = credential(session.first)
    return (
        session.start,
        session.end,
        who.arn or who.principal_id,
        who.kind,
        origin,
        who.created,
        session.key if session.keys == 1 else None,
        session.keys,
        session.console,
        session.mfa,
        session.calls,
        session.failed,
        session.denied,
        _joined(session.addresses),
        _joined(session.new_addresses),
        _joined(session.agents),
        _joined(session.new_agents),
        _joined(session.regions),
        who.account,
        session.first.get("eventID"),
    )


def _joined(values: Sequence[str]) -> str | None:
    return ", ".join(values) or None


def _marked(shown: Sequence[Session]) -> tuple[str, ...]:
    count = sum(bool(each.new_addresses or each.new_agents) for each in shown)
    if not count:
        return ()
    them = "1 session came" if count == 1 else f"{count:,} sessions came"
    return (f"{them} from an address or with a program that this principal had not used before in the span asked for",)
