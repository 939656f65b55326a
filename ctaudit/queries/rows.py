"""The lookup row: the columns that every who-did-what answer has, a contract for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ctaudit.lineage.calls import is_caused
from ctaudit.lineage.origins import Ticket, redeemed
from ctaudit.lineage.walk import Walk
from ctaudit.query import Hit, Record
from ctaudit.records.identity import client, principal
from ctaudit.records.outcome import PARTIAL, Outcome, outcome, outcome_for
from ctaudit.records.targets import Target
from ctaudit.table import Column, Value

_OUTCOMES = {"failed": "red", "dry-run": "yellow"}
_VERDICTS = {"proven": "green", "failed": "red", "unlisted": "red"}

COLUMNS: tuple[Column, ...] = (
    Column("time", 0),
    Column("event_name", 0),
    Column("event_source", 4),
    Column("outcome", 0, styles=_OUTCOMES),
    Column("error_code", 2),
    Column("resource", 0),
    Column("principal", 0),
    Column("principal_type", 6),
    Column("origin", 5),
    Column("access_key_id", 4),
    Column("source_ip", 1),
    Column("user_agent", 7),
    Column("client", 5),
    Column("account", 2, named_by="account_name"),
    Column("region", 3),
    Column("read_only", 8),
    Column("event_id", 3),
    Column("integrity", 5, styles=_VERDICTS),
    Column("source", 9),
    Column("record", 9, right=True),
    Column("account_name", 9),
    Column("cause", 8),
    Column("cause_confidence", 8),
)
"""Keys and their order are stable: new ones may be added at the end; none is renamed or removed."""
ORIGIN, INTEGRITY, CAUSE = (
    [column.name for column in COLUMNS].index(name) for name in ("origin", "integrity", "cause")
)


def lookup_row(hit: Hit, record: Record, shown: Sequence[Target], origin: Ticket, *, judged: bool) -> tuple[Value, ...]:
    """Return one row: `shown` are the targets named in it; `judged` says that the outcome is theirs, not the call's.

    In the place of its origin stands a ticket, until `with_origins`, and in that of its cause whether to look for one,
    until `cause_columns.told`.
    """
    result = outcome(record)
    if judged:
        result = _together([outcome_for(result, [target.name, target.arn or target.name]) for target in shown])
    who = principal(record)
    return (
        hit.time,
        _text(record, "eventName") or _insight(record, "eventName"),
        _text(record, "eventSource") or _insight(record, "eventSource"),
        result.result,
        result.error_code,
        ", ".join(target.name for target in shown) or None,
        who.arn,
        who.type,
        origin,
        who.access_key_id,
        _text(record, "sourceIPAddress"),
        _text(record, "userAgent"),
        client(record),
        hit.account,
        _text(record, "awsRegion"),
        _flag(record.get("readOnly")),
        _text(record, "eventID") or _text(record, "eventId"),
        integrity(hit),
        hit.places[0].source,
        hit.places[0].record,
        hit.account_name,
        is_caused(record) or None,
        None,
    )


def with_origins(rows: Iterable[tuple[Value, ...]], walks: Sequence[Walk]) -> list[tuple[Value, ...]]:
    """Return the rows with their origins in place of the tickets, given the walks at their ends."""
    return [
        (*row[:ORIGIN], redeemed(ticket, walks), *row[ORIGIN + 1 :]) if isinstance(ticket := row[ORIGIN], int) else row
        for row in rows
    ]


def doubts(rows: Iterable[tuple[Value, ...]]) -> tuple[str, ...]:
    """Say how many rows come from files that are not what AWS delivered."""
    verdicts = [row[INTEGRITY] for row in rows]
    told = " and ".join(f"{count} {word}" for word in ("failed", "unlisted") if (count := verdicts.count(word)))
    return (f"not what AWS delivered: {told} (see the column integrity, and ctaudit show)",) if told else ()


def integrity(hit: Hit) -> str:
    """Return the verdict on an event: what stands in a proven file is proven wherever else it was read."""
    return "proven" if any(place.integrity == "proven" for place in hit.places) else hit.places[0].integrity


def _together(each: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a row that shows several targets: failed only when all of them failed."""
    failed = [one for one in each if one.result == "failed"]
    if len(failed) == len(each):
        return each[0]
    return Outcome("succeeded", PARTIAL) if failed else each[0]


def _text(record: Any, key: str) -> str | None:
    value = record.get(key)
    return value if isinstance(value, str) and value else None


def _insight(record: Any, key: str) -> str | None:
    """Insight events name the call they are about inside `insightDetails`."""
    details = record.get("insightDetails")
    return _text(details, key) if isinstance(details, dict) else None


def _flag(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None
