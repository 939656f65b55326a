"""Which call made a service do something: by what both name, else by who called and when; never a guess."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ctaudit import limits
from ctaudit.lineage.calls import Call
from ctaudit.lineage.cascades import SHORT, called_by, seconds_after
from ctaudit.lineage.credential import same_role
from ctaudit.lineage.links import SKEW, later
from ctaudit.records.anyjson import fold
from ctaudit.records.verbs import Verb

Confidence = Literal["exact", "likely", "ambiguous"]

_MOST_PIECES, _SHORTEST_STACK = 50, 3
_FORWARDED = 60
"""Seconds between a call and the credentials with which a service goes on with it: 239 of 240 real ones."""
_UNIQUE = re.compile(
    r"arn:aws.{20,}|.*[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}.*|"
    r"(?:i|vol|snap|ami|eni|sg|vpc|subnet|nat|fs|eipalloc|lt|sir|fl)-[0-9a-f]{8,}|j-[0-9a-z]{10,}",
    re.DOTALL,
)
"""What AWS gives to one thing only: an ARN, a UUID, an id such as `i-0abc1234` or `j-3h6eatewwrws`; folded."""
_GLOBAL = frozenset({"iam", "route53", "cloudfront", "organizations", "globalaccelerator", "waf"})
"""Services whose calls are logged in us-east-1, whatever region the stack is in."""
_NO_ROLES = frozenset({"IAMUser", "Root", "FederatedUser"})
"""Types of callers with whose own rights a service goes on; a role may have been given to the service."""
_SERVICES_SESSIONS = frozenset({"AWSCloudFormation", "CCSSession"})
"""Names that CloudFormation and EMR give to sessions of the roles that customers make for them."""


@dataclass(frozen=True, slots=True)
class Cause:
    confidence: Confidence
    call: Call | None
    """None when it is ambiguous."""
    count: int = 1
    """How many calls come into question."""
    candidates: frozenset[str | None] = frozenset()
    """Their event ids, when it is ambiguous; empty where they are too many to be compared."""


class Calls:
    """Successful calls by where and when they were made, so that each deed is compared with few."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self._calls: dict[str | None, list[Call]] = {}
        for call in sorted(calls, key=_when):
            self._calls.setdefault(_place(call), []).append(call)
        self._times = {place: [call.event.time or "" for call in each] for place, each in self._calls.items()}

    def __len__(self) -> int:
        return sum(map(len, self._calls.values()))

    def before(self, deed: Call) -> list[Call]:
        """Return the calls after which the deed may have come: in its account, those of a batch on its bucket."""
        at = deed.event.time
        place = deed.batch[0] if deed.is_child and deed.batch else deed.event.account
        if at is None or place not in self._calls:
            return []
        seconds = SKEW if deed.is_child else max(seconds_after(deed.service or "", deletes=deed.destroys), SKEW)
        times = self._times[place]
        found = self._calls[place][bisect_left(times, later(at, -seconds)) : bisect_right(times, later(at, SKEW))]
        return [call for call in found if call.event.event_id != deed.event.event_id and call.event.time]


def _place(call: Call) -> str | None:
    return call.batch[0] if call.batch else call.event.account


def cause(deed: Call, calls: Calls, wholes: frozenset[str] = frozenset()) -> Cause | None:
    """Find among `calls` the one that made a service act; None when none comes into question.

    `wholes` are folded names of what the thing acted on was a part of, where the call that made it tells.
    """
    candidates, parts = calls.before(deed), frozenset(_made_for(deed.names))
    wholes = deed.part_of or wholes
    if len(candidates) > limits.MAX_CAUSES_COMPARED:
        return Cause("ambiguous", None, len(candidates))
    graded: dict[int, list[Call]] = {}
    for call in candidates:
        grade = _of_batch(deed, call) if deed.is_child else _grade(deed, call, wholes, parts)
        if grade:
            graded.setdefault(grade, []).append(call)
    if not graded:
        return None
    best = max(graded)
    if best == _NAMED:
        return Cause("exact", max(graded[best], key=lambda call: (_is_here(call, deed), *_when(call))))
    found = _latest_of_each(graded[best], deed.event.time or "")
    if len(found) > 1:
        found = [call for call in found if _near(deed, call)] or found
    if len(found) == 1:
        return Cause("likely", found[0])
    return Cause("ambiguous", None, len(found), frozenset(call.event.event_id for call in found))


def _is_here(call: Call, deed: Call) -> bool:
    """Prefer the copy of a call that the same account has."""
    return call.event.account == deed.event.account


def _when(call: Call) -> tuple[str, str]:
    return call.event.time or "", call.event.event_id or ""


_NAMED, _PART, _CALLER, _TIME = 4, 3, 2, 1


def _of_batch(child: Call, call: Call) -> int:
    """Compare an object that was deleted with a `DeleteObjects`: AWS does not say that both have one request id."""
    if call.batch is None or child.batch is None or call.batch[0] != child.batch[0]:
        return 0
    if call.batch[1] and call.batch[1] == child.batch[1]:
        return _NAMED
    return _CALLER if call.by.principal_id == child.by.principal_id and call.by.arn == child.by.arn else 0


def _grade(deed: Call, call: Call, wholes: frozenset[str], parts: frozenset[str]) -> int:
    """Say how much speaks for this call: 0 when something speaks against it, or nothing for it.

    `parts` are names that a stack may have for what was deleted to be named after it.
    """
    if not _may_be(deed, call):
        return 0
    if _same_thing(deed, call):
        return _NAMED
    if wholes:
        return (_NAMED if call.destroys else _PART) if wholes & call.wholes else 0
    if parts & call.wholes:
        return _PART
    if _is_of_its_own(deed):
        return 0
    same_caller = call.by.principal_id is not None and deed.by.principal_id == call.by.principal_id
    if same_caller or same_role(call.role, deed.by.role_arn):
        return _CALLER
    return _TIME if deed.destroys and _is_own(deed) and _in_time(deed, call, SHORT) else 0


def _may_be(deed: Call, call: Call) -> bool:
    """Tell whether nothing speaks against it: place, service, and with whose rights the service acted."""
    who = deed.by
    if deed.verb is Verb.CREATE and call.destroys:
        return False
    if call.event.account != deed.event.account or _service_of(call) != called_by(deed.service or ""):
        return False
    if call.event.region != deed.event.region and _service_of(deed) not in _GLOBAL:
        return False
    if who.kind in _NO_ROLES:
        return who.principal_id == call.by.principal_id
    if call.role and who.kind == "AssumedRole":
        return who.principal_id == call.by.principal_id or same_role(call.role, who.role_arn)
    return True


def _same_thing(deed: Call, call: Call) -> bool:
    """Tell whether both name one thing by what only that one has; a service event needs but name what was asked."""
    shared = call.names & (deed.names | deed.texts)
    return bool(shared) if _is_of_its_own(deed) else any(_UNIQUE.fullmatch(text) for text in shared)


def _is_of_its_own(deed: Call) -> bool:
    """Tell whether a service ends what is of its own kind, as Secrets Manager a secret: then it names the thing."""
    return deed.by.arn is None and _service_of(deed) == called_by(deed.service or "")


def _is_own(deed: Call) -> bool:
    """Tell whether the service acted in its own name, or in a role that only it is given."""
    who = deed.by
    if who.arn is None or who.kind == "AWSService":
        return True
    role = who.role_arn or ""
    linked = "/aws-service-role/" in role or role.rpartition("/")[2].startswith("AWSServiceRole")
    return linked or (who.kind == "AssumedRole" and who.session in _SERVICES_SESSIONS)


def _service_of(call: Call) -> str:
    return fold(call.event.source or "").partition(".")[0]


def _made_for(names: Iterable[str]) -> Iterator[str]:
    """Yield the names that a stack may have to which CloudFormation gave these: `STACK-LOGICALID-RANDOM`."""
    for name in names:
        pieces = name.split("-")[:_MOST_PIECES]
        for count in range(1, len(pieces) - 1):
            stack = "-".join(pieces[:count])
            if len(stack) >= _SHORTEST_STACK:
                yield stack


def _in_time(deed: Call, call: Call, seconds: int) -> bool:
    at, then = deed.event.time, call.event.time
    return at is not None and then is not None and later(at, -max(seconds, SKEW)) <= then <= later(at, SKEW)


def _near(deed: Call, call: Call) -> bool:
    """Tell whether the service's credentials began with this call."""
    began, then = deed.by.created, call.event.time
    return (
        began is not None and then is not None and later(began, -_FORWARDED) <= then <= later(began, SKEW)
    ) and not _is_own(deed)


def _latest_of_each(calls: Iterable[Call], at: str) -> list[Call]:
    """Return the calls, of those on one and the same thing the latest: it was asked for again.

    One that another clock puts after the deed is taken where there is none before.
    """
    latest: dict[object, Call] = {}
    for call in sorted(calls, key=lambda call: ((call.event.time or "") <= at, *_when(call))):
        latest[call.batch or call.thing or call.wholes or call.event.event_id] = call
    return list(latest.values())
