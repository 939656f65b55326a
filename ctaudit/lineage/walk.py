"""Walk back from a call to who stands behind it, one hand-out of credentials at a time; events come from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ctaudit import times
from ctaudit.lineage import ends
from ctaudit.lineage.credential import Credential, credential
from ctaudit.lineage.ends import End
from ctaudit.lineage.issued import Event, Issue, event_of, issued
from ctaudit.lineage.links import SWITCH, Link, later, link
from ctaudit.query import Record
from ctaudit.records.anyjson import text_of

MOST_HOPS = 100
"""Calls in one chain. Real ones have a handful; but AWS ends chained sessions after an hour, so that whoever keeps
access by taking a role with itself, again and again, makes one of some dozens a day."""
_LONGEST_SESSION = 36 * 3600 + 300
"""Seconds for which temporary credentials live at most: GetSessionToken's 36 hours."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A call in the chain, and with what it was made."""

    event: Event
    caller: Credential
    link: Link | None = None
    """How its credentials lead to the next call; None at the end of the chain."""
    handed: Issue | None = None
    """What it handed out to the call before it; None for the call that was asked about."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a walk needs to see before it can go on: those that may have handed out a credential."""

    seconds: tuple[str, ...] = ()
    """Times that such an event may have."""
    key: str | None = None
    """Where the time is not known: the access key that it handed out, between `since` and `until`."""
    since: str | None = None
    until: str | None = None
    shared: str | None = None
    """The `sharedEventID` by which another account's copy of a call is known; it has the same time."""


@dataclass(frozen=True, slots=True)
class Walk:
    hops: tuple[Hop, ...]
    """From the call that was asked about, back."""
    wanted: Wanted | None = None
    """None when the walk has come to its end."""
    end: End | None = None
    proofs_suffice: bool = field(default=False)
    """Whether to stop as soon as a record itself proves who stands behind it: for the origin alone."""

    @property
    def held(self) -> Credential:
        return self.hops[-1].caller

    @property
    def origin(self) -> str | None:
        """The human or workload; None when it is not known, or rests on no more than an address."""
        sure = all(hop.link is None or hop.link.confidence in ("exact", "strong") for hop in self.hops)
        return self.end.origin if self.end is not None and sure else None


class Found:
    """Calls that hand out credentials, by key and by second; and copies that other accounts have of a call."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._by_key: dict[str, list[Issue]] = defaultdict(list)
        self._by_second: dict[str, list[Issue]] = defaultdict(list)
        self._by_shared: dict[str, list[Hop]] = defaultdict(list)
        for record in records:
            if shared := text_of(record.get("sharedEventID")):
                self._by_shared[shared].append(_first(record))
            if (issue := issued(record)) is not None:
                for key in issue.keys:
                    self._by_key[key].append(issue)
                if issue.event.time is not None:
                    self._by_second[issue.event.time].append(issue)

    def of(self, wanted: Wanted) -> list[Issue]:
        found = list(self._by_key.get(wanted.key or "", ()))
        found += [issue for second in wanted.seconds for issue in self._by_second.get(second, ())]
        return sorted(set(found), key=lambda issue: (issue.event.time or "", issue.event.event_id or "", repr(issue)))

    def copy(self, shared: str, of: Hop) -> Hop | None:
        """Return the caller's own copy of a call, which names the caller."""
        copies = [
            hop
            for hop in self._by_shared.get(shared, ())
            if hop.caller.kind not in ("AWSAccount", None) and hop.caller.principal_id == of.caller.principal_id
        ]
        return min(copies, key=lambda hop: hop.event.event_id or "", default=None)


def start(record: Record, *, proofs_suffice: bool = False) -> Walk:
    """Begin at a call. With `proofs_suffice` the walk ends where the record itself tells who stands behind it."""
    shared = text_of(record.get("sharedEventID"))
    walk = Walk((_first(record),), proofs_suffice=proofs_suffice)
    if walk.held.kind == "AWSAccount" and shared and walk.hops[0].event.time:
        return replace(walk, wanted=Wanted((walk.hops[0].event.time,), shared=shared))
    return _onward(walk)


def begin(event: Event, caller: Credential, *, before: tuple[Hop, ...] = (), proofs_suffice: bool = False) -> Walk:
    """Begin at a call that handed out nothing; `before` it is what it caused."""
    return _onward(Walk((*before, Hop(event, caller)), proofs_suffice=proofs_suffice))


def advance(walk: Walk, found: Found) -> Walk:
    """Go one call further back, given all events that are wanted."""
    assert walk.wanted is not None
    last = walk.hops[-1]
    if walk.wanted.shared is not None:
        return _named(walk, found.copy(walk.wanted.shared, last))
    held = _signing_in(last)
    result = link(held, last.event, found.of(walk.wanted))
    if result is None:
        return replace(walk, wanted=None, end=ends.unfound(last.caller, last.event))
    hops = (*walk.hops[:-1], replace(last, link=result))
    if result.issue is None:
        return replace(walk, hops=hops, wanted=None, end=ends.ambiguous(len(result.candidates), held))
    if any(hop.event.event_id == result.issue.event.event_id for hop in hops):
        return replace(walk, hops=hops, wanted=None, end=ends.cyclic(result.issue.event))
    hops = (*hops, Hop(result.issue.event, result.issue.caller, handed=result.issue))
    if (end := ends.handed_out(result.issue, held)) is not None:
        return replace(walk, hops=hops, wanted=None, end=end)
    return _onward(replace(walk, hops=hops, wanted=None))


def crowded(walk: Walk, most: int) -> Walk:
    """End a walk for which more calls come into question than can be looked at."""
    return replace(walk, wanted=None, end=ends.crowded(walk.held, most))


def _first(record: Record) -> Hop:
    issue = issued(record)
    begins = issue is not None and issue.how in ("login", "switch")
    return Hop(event_of(record), credential(record), handed=issue if begins else None)


def _named(walk: Walk, copy: Hop | None) -> Walk:
    """Go on with the caller's own copy of the call."""
    last = walk.hops[-1]
    if copy is None:
        return replace(walk, wanted=None, end=ends.unfound(last.caller, last.event))
    hops = (*walk.hops[:-1], replace(last, link=Link("exact", "shared event")), copy)
    return _onward(replace(walk, hops=hops, wanted=None))


def _onward(walk: Walk) -> Walk:
    """Say what the walk wants to see next, or end it."""
    last = walk.hops[-1]
    held = last.caller
    end = ends.recorded(held) if walk.proofs_suffice else ends.final(held)
    if end is None and last.handed is not None and last.handed.how in ("login", "switch"):
        end = _signed_in(last.handed)
    if end is None and len(walk.hops) > MOST_HOPS:
        end = ends.endless(MOST_HOPS)
    if end is not None:
        return replace(walk, wanted=None, end=end)
    wanted = _wanted(_signing_in(last), last.event)
    if wanted is None:
        return replace(walk, wanted=None, end=ends.unfound(held, last.event))
    return replace(walk, wanted=wanted)


def _signed_in(by: Issue) -> End | None:
    """Return the end at a sign-in with a password, or a switch of role by a user; None when a session signed in."""
    if by.how == "switch" and by.switch_from:
        parts = by.switch_from.split(":", 5)
        if len(parts) == 6 and parts[5].startswith("user/"):
            return End("user", by.switch_from)
        if len(parts) == 6 and parts[5] == "root":
            return End("root", by.switch_from)
        return End("gap", None, f"{by.switch_from} switched the role; which of its sessions did, the log does not tell")
    if by.how == "login" and by.caller.kind in ("IAMUser", "Root"):
        return End("user" if by.caller.kind == "IAMUser" else "root", by.caller.arn)
    return None


def _signing_in(hop: Hop) -> Credential:
    """Return the credential of a call; one that signs in does not tell when its session began, for it begins it."""
    signs_in = hop.handed is not None and hop.handed.how in ("login", "switch")
    return replace(hop.caller, created=hop.event.time) if signs_in and not hop.caller.created else hop.caller


def _wanted(held: Credential, used: Event) -> Wanted | None:
    if held.kind == "AWSAccount":  # the caller's copy has the same key and second, and would have been chosen
        return None
    if held.created:
        return Wanted(_around(held.created), held.key)
    if held.key and used.time:
        return Wanted((), held.key, later(used.time, -_LONGEST_SESSION), later(used.time, SWITCH))
    return None


def _around(time: str) -> tuple[str, ...]:
    if times.parse_canonical(time) is None:
        return ()
    return tuple(dict.fromkeys(later(time, seconds) for seconds in range(-SWITCH, SWITCH + 1)))
