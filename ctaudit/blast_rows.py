"""The rows of each section of a blast radius."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ctaudit.engines.holders import Calls, Read
from ctaudit.held import Held, Spread
from ctaudit.lineage.credential import Credential
from ctaudit.lineage.issued import Issue
from ctaudit.lineage.persistence import Standing, Thing
from ctaudit.lineage.spread import Cause, worse
from ctaudit.queries.blast import Row, what_is_read
from ctaudit.records.outcome import DENIED

MOST_EACH = 200
"""Rows of one kind in a section that are told one by one; more are counted in one row."""
Label = tuple[str, str, str | None, str | None]
"""Via, confidence, method and origin of some calls."""
Fate = tuple[Thing, Held, Standing]
_HOW = {
    "role": "role session",
    "root": "root session",
    "session": "session token",
    "federation": "federated session",
    "key": "access key",
    "login": "console session",
    "switch": "switched role",
    "other": "credentials",
}


def call_rows(counted: Iterable[Calls], labels: Sequence[Label]) -> list[Row]:
    """Return calls by name, those that were denied in a section of their own."""
    rows = []
    for each in counted:
        via, confidence, method, origin = labels[each.label]
        denied = each.error is not None and re.search(DENIED, each.error) is not None
        service = (each.source or "").removesuffix(".amazonaws.com")
        rows.append(
            Row(
                *("denied" if denied else "calls", "read" if each.read else "write", f"{service} {each.name}"),
                *(each.calls, each.first, each.last),
                confidence=confidence,
                method=method,
                via=via,
                origin=origin,
                error_code=each.error,
                event_id=each.event_id,
            )
        )
    return sorted(rows, key=lambda row: (row.via != "direct", str(row.via), row.first or "", row.name or "", repr(row)))


def session_rows(found: Spread) -> list[Row]:
    """Return the credentials that were handed out, each with the calls that were made with it."""
    used: dict[int, list[Held]] = defaultdict(list)
    for held in found.held:
        used[held.cause.number].append(held)
    keys = keys_of(found)
    rows = [_session(cause, used.get(cause.number, ()), keys) for cause in found.causes if _is_told(cause, used)]
    return list(_few(sorted(rows, key=lambda row: (row.first or "", row.event_id or "", row.name or ""))))


def keys_of(found: Spread) -> frozenset[str]:
    """Return the access keys whose calls are counted."""
    return frozenset(held.who.key for held in found.held if held.who.key)


def unused(cause: Cause, keys: frozenset[str]) -> str:
    """Say why no call is told with what a cause handed out: it was asked about itself, or there is none."""
    if cause.issue is not None and not keys.isdisjoint(cause.issue.keys):
        return "its calls are counted as direct ones"
    return "no call with it is in the store"


def _is_told(cause: Cause, used: Mapping[int, Sequence[Held]]) -> bool:
    """Tell whether a cause handed out credentials; sign-ins count when no other call is known to have begun theirs."""
    return cause.issue is not None and (cause.issue.how not in ("login", "switch") or bool(used.get(cause.number)))


def _session(cause: Cause, used: Sequence[Held], keys: frozenset[str]) -> Row:
    issue = cause.issue
    assert issue is not None
    confidence = cause.confidence
    for held in used:
        confidence = worse(confidence, held.confidence)
    return Row(
        *("sessions", _HOW.get(issue.how, issue.how), handed(issue, used)),
        *(sum(held.holder.calls for held in used), issue.event.time),
        max((held.holder.last for held in used), default=None),
        until=cause.until,
        confidence=confidence,
        method=used[0].method if used else None,
        via=cause.via,
        principal=called(issue.caller),
        origin=cause.origin,
        account=issue.event.account,
        event_id=issue.event.event_id,
        note=None if used else unused(cause, keys),
    )


def handed(issue: Issue, used: Sequence[Held]) -> str | None:
    """Name what was handed out: as its own calls do, else as the call does."""
    if issue.how == "key":
        return ", ".join(issue.keys)
    arn = min((held.who.arn for held in used if held.who.arn), default=None)
    role = f"{issue.role_arn} session {issue.session}" if issue.role_arn else None
    return arn or role or issue.principal_id or ", ".join(issue.keys) or None


def called(who: Credential | None) -> str | None:
    return None if who is None else who.arn or who.principal_id or who.invoked_by or who.account


def thing_rows(section: str, fates: Iterable[Fate]) -> list[Row]:
    rows = [
        Row(
            *(section, thing.kind, f"{thing.name} of {thing.owner}" if thing.owner else thing.name, 1),
            *(thing.event.time, None, found.state),
            confidence=held.confidence,
            via=held.cause.via,
            principal=called(thing.caller),
            origin=held.origin,
            account=thing.account,
            event_id=thing.event.event_id,
            undone_by=found.by.event_id if found.by else None,
        )
        for thing, held, found in fates
    ]
    return list(_few(sorted(rows, key=lambda row: (row.first or "", row.event_id or "", row.name or ""))))


def read_rows(reads: Iterable[Read], labels: Sequence[Label], fates: Iterable[Fate]) -> list[Row]:
    """Return what data was read, bucket by bucket and thing by thing, and snapshots that were shared."""
    rows = []
    for each in reads:
        via, confidence, method, origin = labels[each.label]
        kind = what_is_read(each.name)
        rows.append(
            Row(
                *("read", kind, each.target, each.calls, each.first, each.last),
                confidence=confidence,
                method=method,
                via=via,
                origin=origin,
                event_id=each.event_id,
                note=each.name,
            )
        )
    shared = thing_rows("read", [each for each in fates if each[0].kind in ("shared snapshot", "shared image")])
    rows.sort(key=lambda row: (row.kind, row.first or "", row.name or "", repr(row)))
    return [*_few(rows), *shared]


def possible_rows(found: Spread) -> list[Row]:
    rows = [
        Row(
            *("possible", "session" if held.who.session else "credential", called(held.who)),
            *(held.holder.calls, held.holder.first, held.holder.last),
            confidence=held.confidence,
            method=held.method,
            via=held.cause.via,
            principal=called(held.cause.caller),
            account=held.who.account,
            event_id=held.cause.event.event_id if held.cause.event else None,
            note=held.why,
        )
        for held in found.possible
    ]
    return list(_few(sorted(rows, key=lambda row: (row.first or "", row.name or "", repr(row)))))


def _few(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the rows, those of a kind that has too many in one that counts them."""
    kinds: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        kinds[row.kind, row.state].append(row)
    for row in rows:
        alike = kinds[row.kind, row.state]
        if len(alike) <= MOST_EACH:
            yield row
        elif row is alike[0]:
            yield _counted(alike)


def _counted(alike: Sequence[Row]) -> Row:
    first, last = alike[0], max((row.last or row.first or "") for row in alike)
    confidence = max((row.confidence for row in alike if row.confidence), key=_RANK.index, default=None)
    origins = {row.origin for row in alike}
    count = len(alike) if first.section != "read" else sum(row.count or 0 for row in alike)
    return Row(
        *(first.section, first.kind, f"{len(alike):,} of this kind", count, first.first, last, first.state),
        confidence=confidence,
        origin=origins.pop() if len(origins) == 1 else None,
        event_id=first.event_id,
        note="too many to be told one by one; the event is the first",
    )


_RANK = ("exact", "strong", "weak", "ambiguous", "gap")
