"""Questions about origins: the events of one, and a principal's events counted by theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ctaudit.lineage.calls import is_caused
from ctaudit.queries.rows import COLUMNS as ROW
from ctaudit.queries.rows import ORIGIN
from ctaudit.queries.sessions import session_key
from ctaudit.query import AnyOf, OneOf, Query, Record
from ctaudit.records.anyjson import fold, object_of, text_of
from ctaudit.table import Column, Table, Value

COLUMNS = (
    Column("origin", 0),
    Column("calls", 0, right=True),
    Column("failed", 1, right=True),
    Column("start", 0),
    Column("end", 0),
    Column("principals", 1),
    Column("source_ips", 2),
)
"""Keys and their order are stable: new ones may be added at the end."""

_MOST_IDS = 500
"""Principals up to which SQL is told whose calls to look at."""
_OTHER, _SERVICE, _SERVICE_EVENT = "awsaccount", "awsservice", "awsserviceevent"
"""Their origins are known only with the rows: another copy of each call names another account's caller, and what a
service deletes in its own name may be because of somebody's call."""
_AT = {column.name: place for place, column in enumerate(ROW)}


def is_origin(found: str | None, asked: str) -> bool:
    """Tell whether an origin is the one asked for: as it is written, or by its bare name; `NAME*` by how it begins."""
    if found is None:
        return False
    names = {fold(found), *_bare(fold(found))}
    wanted = fold(asked)
    if wanted.endswith("*"):
        return any(name.startswith(wanted[:-1]) for name in names)
    return wanted in names


def _bare(origin: str) -> Iterable[str]:
    """Yield `ana` of `user/ana (Identity Center)`, `i-0abc` of `i-0abc (EC2)`, `alice` of `arn:…:user/team/alice`."""
    head = origin.partition(" (")[0]
    yield head
    yield head.removeprefix("user/")
    if head.startswith("arn:"):
        yield head.rpartition("/")[2]


def of_sessions(query: Query, firsts: Sequence[Record]) -> Query:
    """Narrow a question to the sessions that begin with the calls `firsts`, and to what only its row tells."""
    keys = {session_key(record) for record in firsts}

    def decide(record: Record) -> bool:
        ours = session_key(record) in keys or _is_later_known(record)
        return ours and (query.decide is None or query.decide(record))

    ids = sorted({fold(str(key[0])) for key in keys if key[0]})
    if len(ids) > _MOST_IDS:
        return replace(query, decide=decide)
    columns = ("useridentity.principalid", "useridentity.arn", "useridentity.invokedby")
    later = (OneOf("useridentity.type", (_OTHER, _SERVICE)), OneOf("eventtype", (_SERVICE_EVENT,)))
    whose = AnyOf((*(OneOf(column, (*ids, "")) for column in columns), *later))
    return replace(query, conditions=(*query.conditions, whose), decide=decide)


def _is_later_known(record: Record) -> bool:
    kind = fold(text_of(object_of(record.get("userIdentity")).get("type")) or "")
    return (
        kind == _OTHER
        or (kind == _SERVICE and is_caused(record))
        or fold(text_of(record.get("eventType")) or "") == _SERVICE_EVENT
    )


def counted(table: Table, copied: frozenset[int], limit: int | None) -> Table:
    """Return the rows of `table` counted by their origin; other accounts' copies of its calls, by place, are none."""
    groups = _groups(row for place, row in enumerate(table.rows) if place not in copied)
    count = len(copied)
    them = "1 copy of a call in another account's log is" if count == 1 else f"{count:,} other accounts' copies are"
    notes = (*table.notes, *((f"{them} not counted again",) if count else ()))
    return replace(table, columns=COLUMNS, rows=groups[:limit], matched=len(groups), notes=notes)


def _groups(rows: Iterable[tuple[Value, ...]]) -> list[tuple[Value, ...]]:
    """Count lookup rows, which are in order of time, by their origin: the most calls first, those without one last."""
    groups: dict[str | None, list[tuple[Value, ...]]] = {}
    for row in rows:
        groups.setdefault(text_of(row[ORIGIN]), []).append(row)
    order = sorted(groups.items(), key=lambda item: (item[0] is None, -len(item[1]), item[0] or ""))
    return [_group(origin, each) for origin, each in order]


def _group(origin: str | None, rows: Sequence[tuple[Value, ...]]) -> tuple[Value, ...]:
    times = [str(row[_AT["time"]]) for row in rows if row[_AT["time"]]]
    failed = sum(row[_AT["outcome"]] == "failed" for row in rows)
    first, last = (times[0], times[-1]) if times else (None, None)
    return (origin, len(rows), failed, first, last, _distinct(rows, "principal"), _distinct(rows, "source_ip"))


def _distinct(rows: Sequence[tuple[Value, ...]], column: str) -> str | None:
    return ", ".join(sorted({str(row[_AT[column]]) for row in rows if row[_AT[column]]})) or None
