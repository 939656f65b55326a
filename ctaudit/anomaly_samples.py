"""Show what anomalies are made of: ids of some of their events, who called, and who stands behind that."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ctaudit.anomalies.anomaly import Anomaly, Selection
from ctaudit.engines import duck
from ctaudit.lineage.origins import Origins, redeemed
from ctaudit.query import AnySet, Condition, Contains, OneOf, Query, Record, Span
from ctaudit.records.anyjson import object_of, text_of
from ctaudit.store.layout import Layout
from ctaudit.times import format_epoch
from ctaudit.tracing import of_store, untraced, walked

_READ = 200
"""Events that are read of each anomaly, its first ones."""
_SHOWN = 5
"""Ids, principals and origins that are told of each."""
_ROLE = re.compile(r"(arn:[^:]*:sts::[^:]*:assumed-role/[^/]+)/.*", re.DOTALL)
_IDENTITY = ("useridentity.arn", "useridentity.principalid", "useridentity.invokedby")


@dataclass(frozen=True, slots=True)
class Sample:
    """Some of the events of an anomaly, and whose they are; each list has the most frequent first."""

    events: tuple[str, ...]
    """Ids, in order of time."""
    principals: tuple[str, ...]
    origins: tuple[str, ...]


def samples(layout: Layout, anomalies: Sequence[Anomaly]) -> tuple[list[Sample], tuple[str, ...]]:
    """Return a sample of each anomaly, and what must be said of them."""
    found = [_records(layout, each.select) for each in anomalies]
    origins = Origins()
    tickets = [[origins.ticket(record) for record in records] for records in found]
    walks = walked(of_store(layout), origins.walks)
    told = [
        Sample(
            tuple(filter(None, (text_of(record.get("eventID")) for record in records[:_SHOWN]))),
            _most(map(principal, records)),
            _most(redeemed(ticket, walks) for ticket in own),
        )
        for records, own in zip(found, tickets, strict=True)
    ]
    return told, untraced(origins)


def principal(record: Record) -> str | None:
    """Return the caller as the dimension `principal` of the counts spells it: a session by its role."""
    identity = object_of(record.get("userIdentity"))
    arn = text_of(identity.get("arn"))
    if arn is not None:
        role = _ROLE.fullmatch(arn)
        return role[1] if role else arn
    return text_of(identity.get("principalId")) or text_of(identity.get("invokedBy"))


def _records(layout: Layout, select: Selection) -> list[Record]:
    answer = duck.answer(layout, _query(select), _READ)
    return [hit.parse() for hit in answer.hits]


def _query(select: Selection) -> Query:
    conditions: list[Condition] = [
        OneOf(column, tuple(value.lower() for value in values))
        for column, values in (
            ("eventsource", select.sources),
            ("useridentity.accesskeyid", select.keys),
            ("sourceipaddress", select.addresses),
            ("errorcode", () if "*" in select.errors else select.errors),
        )
        if values
    ]
    if "*" in select.errors:
        conditions.append(AnySet(("errorcode",)))
    if select.principals:
        conditions.append(Contains(_IDENTITY, tuple(who.lower() for who in select.principals)))
    names = frozenset(select.names)
    wanted = frozenset(select.principals)
    return Query(
        Span(
            format_epoch(select.since),
            format_epoch(select.until),
            (select.account,) if select.account else (),
            (select.region,) if select.region else (),
        ),
        (lambda source, name, read_only: name in names) if names else None,
        tuple(conditions),
        (lambda record: principal(record) in wanted) if wanted else None,
    )


def _most(values: Iterable[str | None]) -> tuple[str, ...]:
    counts = Counter(value for value in values if value is not None)
    return tuple(value for value, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:_SHOWN])
