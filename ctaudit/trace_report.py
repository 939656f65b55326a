"""Answer `trace`: an event, an access key or a session, followed back to who stands behind it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ctaudit.causing import caused_start
from ctaudit.engines import duck
from ctaudit.engines.moments import of_event, of_sessions
from ctaudit.lineage import telling
from ctaudit.lineage.issued import KEY, may_issue
from ctaudit.lineage.links import later
from ctaudit.lineage.walk import Walk
from ctaudit.queries.sessions import session_key
from ctaudit.query import Answer, Contains, OneOf, Query, Record, Span
from ctaudit.records.arns import parse_arn
from ctaudit.store.layout import Layout
from ctaudit.table import Document
from ctaudit.tracing import branches, evidence, of_store, walked
from ctaudit.tree import Node

MOST_SESSIONS = 50
"""Sessions of one ARN, the latest, that are traced; a role of an instance has four a day."""
_EVENT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NAMED = re.compile(r"(?:role|user)/.+|assumed-role/[^/]+/?")
_SESSION_ARN = re.compile(r"arn:aws[a-z-]*:(?:sts|iam)::", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Trace:
    document: Document
    trees: tuple[Node, ...]
    """One for each event or session that was followed."""
    answer: Answer
    """What was asked of the store first: it tells what the store lacks."""

    @property
    def empty(self) -> bool:
        return not self.trees

    def beside(self, notes: tuple[str, ...], partial: tuple[str, ...]) -> Trace:
        """Return the same with more that must be said beside it."""
        mine = self.document
        document = replace(mine, notes=(*mine.notes, *notes), partial=(*mine.partial, *partial))
        return replace(self, document=document)


def trace(layout: Layout, what: str) -> Trace:
    """Follow the event, access key or session `what` back; when it has several sessions, each, the latest first."""
    answer, records, notes = _records(layout, what)
    notes = notes if records else (*notes, *_pointer(what))
    ask = of_store(layout)
    walks = walked(ask, [caused_start(ask, record) for record in records])
    beside = branches(layout, walks)
    shown = [hop.event for walk in walks for hop in walk.hops] + [branch.event for each in beside for branch in each]
    files = evidence(layout, shown)
    told = [telling.values(walk, each, files) for walk, each in zip(walks, beside, strict=True)]
    trees = tuple(telling.tree(walk, each, files) for walk, each in zip(walks, beside, strict=True))
    return Trace(Document({"asked": what, "traces": told}, notes, _gaps(walks)), trees, answer)


def _pointer(what: str) -> tuple[str, ...]:
    """Say where sessions are listed, when a role or a user was asked about: it has many, and `trace` follows one."""
    arn = parse_arn(what)
    if arn is None:
        named = not _EVENT_ID.fullmatch(what) and not KEY.fullmatch(what.upper())
    else:
        named = bool(_NAMED.fullmatch(arn.resource))
    them = "lists the sessions of a role or user, of which trace follows one by its ARN or key"
    return (f"ctaudit sessions {shlex.quote(what)} {them}",) if named else ()


def _records(layout: Layout, what: str) -> tuple[Answer, list[Record], tuple[str, ...]]:
    """Return the records to begin at: the event, or for a key or an ARN the first call of each session."""
    if KEY.fullmatch(what.upper()):
        return _of_key(layout, what)
    if _SESSION_ARN.match(what):
        return _of_sessions(layout, "useridentity.arn", what)
    return _of_event(layout, what)


def _of_event(layout: Layout, event_id: str) -> tuple[Answer, list[Record], tuple[str, ...]]:
    """Return the event, in each of its bodies; where it is not, all ids are compared in any letter case."""
    times = of_event(layout, event_id)
    known = [time for time in times if time is not None]
    span = Span(known[0], later(known[-1], 1)) if known and len(known) == len(times) else Span()
    query = Query(span, conditions=(OneOf("eventid", (event_id.lower(),)),), decide=lambda record: True)
    answer = duck.answer(layout, query, None)
    return answer, [hit.parse() for hit in answer.hits], ()


def _of_key(layout: Layout, key: str) -> tuple[Answer, list[Record], tuple[str, ...]]:
    """Return the first call of each session that used the key; else the call that handed it out."""
    used = _of_sessions(layout, "useridentity.accesskeyid", key.upper())
    if used[1]:
        return used
    handed = Query(names=may_issue, conditions=(Contains(("responseelements", "extra"), (key.lower(),)),))
    answer = duck.answer(layout, handed, None)
    records = [hit.parse() for hit in answer.hits]
    notes = (f"no call was made with {key}; this is the call that handed it out",) if records else ()
    return answer, records, notes


def _of_sessions(layout: Layout, column: str, value: str) -> tuple[Answer, list[Record], tuple[str, ...]]:
    """Return the first call of each session, those of the latest sessions first; two of one second are both found."""
    arn = parse_arn(value)
    accounts = (arn.account,) if arn is not None and arn.account else ()
    found = of_sessions(layout, column, value, accounts)
    if not found and accounts:  # other accounts' copies of its calls
        accounts, found = (), of_sessions(layout, column, value)
    latest = found[-MOST_SESSIONS:]
    where = (OneOf(column, (value.lower(),)), OneOf("eventtime", tuple(time.lower() for time in latest)))
    span = Span(latest[0], later(latest[-1], 1), accounts) if latest else Span()
    answer = duck.answer(layout, Query(span, conditions=where, decide=lambda record: True), None)
    firsts: dict[object, Record] = {}
    for hit in answer.hits:
        record = hit.parse()
        firsts.setdefault(session_key(record), record)
    cut = f"the latest {len(latest)} of {len(found)} sessions are shown; ctaudit sessions lists all"
    return answer, list(firsts.values())[::-1], (cut,) if len(latest) < len(found) else ()


def _gaps(walks: Sequence[Walk]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(walk.end.gap for walk in walks if walk.end is not None and walk.end.gap))
