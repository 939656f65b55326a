"""What lies beside a chain: who made a key, which call a service went on with, who set a workload up or ran it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from ctaudit.lineage.credential import credential
from ctaudit.lineage.issued import event_of, issued
from ctaudit.lineage.links import SWITCH, later
from ctaudit.lineage.walk import Hop, Walk
from ctaudit.query import Record
from ctaudit.records.anyjson import fold, object_of, text_of
from ctaudit.records.outcome import outcome
from ctaudit.records.verbs import bare_name

_WORKLOAD = re.compile(r"(\S+) \((EC2|Lambda)\)")
_PARTS = {"requestparameters": "requestParameters", "responseelements": "responseElements"}
_SHIFT = 12 * 3600
"""Seconds before a workload's call in which somebody who was on the machine is told of."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Events beside one hop of a walk: which they are, and how many of them are told, the latest."""

    relation: str
    hop: int
    until: str
    since: str | None = None
    names: frozenset[str] = frozenset()
    """Folded names of calls, without the API's date; empty for any."""
    needle: str = ""
    """Text that stands in the request or the response."""
    part: str = "requestparameters"
    """The column, request or response, that it stands in."""
    account: str | None = None
    """Whose logs have such calls; None: any account's."""
    seconds: tuple[str, ...] = ()
    principal_id: str | None = None
    most: int = 1
    exactly_at: str | None = None
    """A second whose events, if any fit, are the only ones that count."""
    doubtful: str = ""
    """The relation when several fit and one alone can be meant."""
    fits: Callable[[Record], bool] = lambda record: True
    """The last word on a record that meets all this and succeeded."""


def wishes(walk: Walk) -> list[Wish]:
    """Return what is worth knowing beside the chain of a walk that has come to its end."""
    found: list[Wish] = []
    for number, hop in enumerate(walk.hops):
        if hop.event.time is None:
            continue
        if hop.caller.lasting and hop.caller.key:
            found.append(_made_key(number, hop, hop.caller.key, hop.event.time))
        elif hop.caller.kind == "IAMUser" and hop.caller.invoked_by and hop.caller.created and hop.link is None:
            found.append(_went_on_with(number, hop, hop.caller.invoked_by, hop.caller.created))
    workload = _WORKLOAD.fullmatch(walk.end.origin or "") if walk.end is not None else None
    if workload is not None and walk.hops[0].event.time is not None:
        what = _of_instance if workload[2] == "EC2" else _of_function
        held = walk.hops[0].caller
        mine = what(len(walk.hops) - 1, workload[1], walk.hops[0].event.time)
        found += [replace(wish, account=held.account) for wish in mine]
    return found


def stranger(walk: Walk) -> str | None:
    """Return the id of another account's caller at whom a walk has ended; other calls of that id may name it."""
    return walk.held.principal_id if walk.end is not None and walk.end.kind == "account" else None


def named_by(walk: Walk, principal_id: str, second: str) -> Wish:
    """Return the wish for a call in which such a caller is named: ids are never given to another one."""

    def fits(record: Record) -> bool:
        who = credential(record)
        return who.principal_id == principal_id and who.arn is not None

    last = len(walk.hops) - 1
    return Wish("named by another call", last, second, seconds=(second,), principal_id=principal_id, fits=fits)


def granted(wish: Wish, records: Iterable[Record]) -> list[tuple[str, Record]]:
    """Return the events that a wish is for, each with its relation, the latest first, no more than it wants."""
    fitting = {_order(record): record for record in records if _grants(wish, record)}
    exact = {key: record for key, record in fitting.items() if key[0] == wish.exactly_at}
    chosen = exact or fitting
    relation = wish.doubtful if wish.doubtful and len(chosen) > 1 else wish.relation
    return [(relation, chosen[key]) for key in sorted(chosen, reverse=True)[: wish.most]]


def _order(record: Record) -> tuple[str, str]:
    return str(record.get("eventTime")), str(record.get("eventID"))


def _grants(wish: Wish, record: Record) -> bool:
    time = event_of(record).time
    if time is None or time > wish.until or (wish.since is not None and time < wish.since):
        return False
    if wish.names and fold(bare_name(str(record.get("eventName")))) not in wish.names:
        return False
    if wish.needle and not _mentions(record.get(_PARTS[wish.part]), wish.needle):
        return False
    return outcome(record).result == "succeeded" and wish.fits(record)


def _mentions(value: Any, needle: str) -> bool:
    """Tell whether some text in a request or response has `needle` in it."""
    if isinstance(value, dict):
        return any(_mentions(inner, needle) for inner in value.values())
    if isinstance(value, list):
        return any(_mentions(inner, needle) for inner in value)
    return isinstance(value, str) and needle in value


def _made_key(number: int, hop: Hop, key: str, time: str) -> Wish:
    def fits(record: Record) -> bool:
        issue = issued(record)
        return issue is not None and issue.how == "key" and key in issue.keys

    return Wish(
        "key made by",
        number,
        later(time, 2),
        names=frozenset({"createaccesskey"}),
        needle=key,
        part="responseelements",
        account=hop.caller.account,
        fits=fits,
    )


def _went_on_with(number: int, hop: Hop, service: str, created: str) -> Wish:
    """Return the wish for the call that a service went on with: the same user's, to that service, in those seconds."""
    own = hop.event.event_id

    def fits(record: Record) -> bool:
        who = credential(record)
        source = fold(text_of(record.get("eventSource")) or "")
        called = who.principal_id == hop.caller.principal_id and who.invoked_by is None
        return called and source == fold(service) and record.get("eventID") != own

    seconds = tuple(later(created, second) for second in range(-SWITCH, SWITCH + 1))
    until = later(created, SWITCH)
    return Wish(
        *("went on with", number, until, seconds[0]),
        seconds=seconds,
        principal_id=hop.caller.principal_id,
        most=3,
        exactly_at=created,
        doubtful="may have gone on with",
        fits=fits,
    )


def _of_instance(number: int, instance: str, time: str) -> list[Wish]:
    needle = instance
    profiles = frozenset({"associateiaminstanceprofile", "replaceiaminstanceprofileassociation"})
    on_it = frozenset({"startsession", "sendcommand", "sendsshpublickey", "sendserialconsolesshpublickey"})
    return [
        Wish("launched by", number, time, names=frozenset({"runinstances"}), needle=needle, part="responseelements"),
        Wish("given its role by", number, time, names=profiles, needle=needle),
        Wish("operated by", number, time, later(time, -_SHIFT), names=on_it, needle=needle, most=3),
    ]


def _of_function(number: int, function: str, time: str) -> list[Wish]:
    def fits(record: Record) -> bool:
        name = text_of(object_of(record.get("requestParameters")).get("functionName")) or ""
        return function in name.rpartition(":function:")[2].split(":")[:1]

    changes = frozenset({"updatefunctioncode", "updatefunctionconfiguration"})
    made = frozenset({"createfunction"})
    return [
        Wish("made by", number, time, names=made, needle=function, fits=fits),
        Wish("last changed by", number, time, names=changes, needle=function, fits=fits),
    ]
