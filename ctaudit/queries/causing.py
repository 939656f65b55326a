"""Which call caused what a service did for somebody: CreateStack behind CloudFormation's, a group behind its instances.

A service that goes on with a caller's credentials is his principal (`invokedBy`); one with a role of its own was given
that role by the call, or names in tags what it works for. Where several things come into question none is chosen.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctaudit.lineage.credential import credential
from ctaudit.lineage.links import SWITCH, later
from ctaudit.query import AnyOf, Condition, Contains, OneOf, Query, Record, Span
from ctaudit.records.anyjson import account_of, fold, object_of, text_of
from ctaudit.records.arns import names_of, parse_arn
from ctaudit.records.outcome import outcome
from ctaudit.records.plain_values import tags_of
from ctaudit.records.targets import Target, targets
from ctaudit.records.thing import parse_thing
from ctaudit.records.verbs import Verb, possible_verbs, verb

WINDOW = 24 * 3600
"""Seconds in which a service may still work on what it was asked for; a stack of databases takes hours."""
_SKEW = 2
_PARENT_TAGS = frozenset(
    {
        *("aws:cloudformation:stack-name", "aws:cloudformation:stack-id", "aws:autoscaling:groupname"),
        *("aws:ec2:fleet-id", "aws:elasticmapreduce:job-flow-id", "eks:cluster-name", "aws:servicecatalog:productarn"),
    }
)
"""Tags by which a service says what a thing is part of; names that begin with `aws:` nobody else may give."""
_TAG_KEYS = ("tags", "tagset", "taglist", "tagging", "tagspecificationset", "tagspecifications")


@dataclass(frozen=True, slots=True)
class Made:
    """A service-made call, as far as it tells for whom it was made."""

    service: str
    """Folded, such as `cloudformation.amazonaws.com`."""
    time: str
    principal_id: str | None
    role: str | None
    """Folded ARN of the role whose session the service used."""
    began: str | None
    """When the credentials of a lasting key were handed on: the second of the call."""
    parents: frozenset[str]
    """Folded names and ids of what the service says that it works for."""
    text: str
    """Folded names of what was acted on: CloudFormation's begin with the stack's."""
    place: tuple[str | None, str]
    """Account and folded region."""
    event_id: str | None


@dataclass(frozen=True, slots=True)
class Cause:
    record: Record
    """The call that made the service do it."""

    @property
    def event_id(self) -> str | None:
        return text_of(self.record.get("eventID"))

    @property
    def name(self) -> str:
        """Return the call with what it acted on: `CreateStack shop`."""
        found = targets(self.record)
        return " ".join([str(self.record.get("eventName")), *(each.name for each in found[:1])])


def made(record: Record) -> Made | None:
    """Return for whom a service made a call; None when no service did, or it is not known which."""
    identity, time = object_of(record.get("userIdentity")), text_of(record.get("eventTime"))
    service = fold(text_of(identity.get("invokedBy")) or "")
    if not service.endswith(".amazonaws.com") or time is None:
        return None
    who = credential(record)
    began = who.created if who.kind == "IAMUser" else None
    return Made(
        service,
        time,
        who.principal_id,
        fold(who.role_arn) if who.role_arn else None,
        began,
        frozenset(_parents(object_of(record.get("requestParameters")))),
        " ".join(fold(target.name) for target in targets(record)),
        _place(record),
        text_of(record.get("eventID")),
    )


def _place(record: Record) -> tuple[str | None, str]:
    return account_of(record), fold(text_of(record.get("awsRegion")) or "")


def _parents(parameters: Mapping[str, Any], left: int = 4) -> Iterator[str]:
    """Yield what the tags in a request, or in a part of it, say that the thing belongs to."""
    for key, value in parameters.items():
        if fold(key) in _TAG_KEYS:
            for name, worth in tags_of(value).items():
                if fold(str(name)) in _PARENT_TAGS and isinstance(worth, str) and worth:
                    arn = parse_arn(worth)
                    yield from map(fold, (worth, *names_of(arn)) if arn is not None else (worth,))
        elif left:
            inner = value if isinstance(value, list) else [value]
            for item in inner:
                if isinstance(item, Mapping):
                    yield from _parents(item, left - 1)


def question(wanted: Sequence[Made], span: Span) -> Query | None:
    """Return the question for all calls that may have caused some others: one for all of them."""
    if not wanted:
        return None
    since = later(min(each.time for each in wanted), -WINDOW)
    until = later(max(each.time for each in wanted), _SKEW + 1)
    ids = sorted({fold(each.principal_id) for each in wanted if each.principal_id})
    roles = {names_of(arn)[0] for each in wanted if each.role and (arn := parse_arn(each.role)) is not None}
    names = {name for each in wanted for name in each.parents} | roles
    needles = tuple(sorted({needle for name in names for needle in parse_thing(name).needles}))
    whose: list[Condition] = [OneOf("useridentity.principalid", tuple(ids))] if ids else []
    whose += [Contains(("requestparameters", "extra"), needles)] if needles else []
    sources = OneOf("eventsource", tuple(sorted({each.service for each in wanted})))
    within = Span(since, until, span.accounts)
    return Query(within, _may_cause, (sources, AnyOf(tuple(whose))), _is_cause) if whose else None


def _may_cause(source: str | None, name: str | None, read_only: bool | None) -> bool:
    return possible_verbs(source, name, read_only) != {Verb.READ}


def _is_cause(record: Record) -> bool:
    return verb(record) is not Verb.READ and outcome(record).result == "succeeded"


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that may be a cause, as far as that is asked of it."""

    cause: Cause
    time: str
    names: frozenset[str]
    """Folded names and ARNs of what it acted on."""
    thing: tuple[str, str]
    """Bare name of that, and the region: some calls name a stack, others its ARN."""
    account: str | None
    principal_id: str | None
    role: str | None
    """Folded ARN of the role that it gave the service."""


def _call(record: Record, time: str) -> _Call:
    found, (account, region) = targets(record), _place(record)
    names = frozenset(fold(name) for target in found for name in (target.name, target.arn) if name)
    role = text_of(object_of(record.get("requestParameters")).get("roleARN"))
    thing = (fold(next((target.name for target in found), "")), region)
    return _Call(
        Cause(record), time, names, thing, account, credential(record).principal_id, fold(role) if role else None
    )


def causes(wanted: Sequence[Made | None], candidates: Sequence[Record]) -> list[tuple[Cause, ...]]:
    """Return for each what may have caused it; several mean that it is not known which did."""
    by_service: dict[str, list[_Call]] = {}
    for record in candidates:
        if (time := text_of(record.get("eventTime"))) is not None:
            by_service.setdefault(fold(str(record.get("eventSource"))), []).append(_call(record, time))
    for each in by_service.values():
        each.sort(key=lambda call: (call.time, call.cause.event_id or ""))
    return [_fitting(one, by_service.get(one.service, ())) if one is not None else () for one in wanted]


def _fitting(one: Made, calls: Sequence[_Call]) -> tuple[Cause, ...]:
    """Return of each thing that comes into question the last call before."""
    first = bisect_left(calls, later(one.time, -WINDOW), key=lambda call: call.time)
    last = bisect_right(calls, later(one.time, _SKEW), key=lambda call: call.time)
    near = [each for each in calls[first:last] if each.account == one.place[0]]
    near = [each for each in near if each.cause.event_id is None or each.cause.event_id != one.event_id]
    if one.parents:
        theirs = [each for each in near if one.parents & each.names]
    else:
        theirs = [each for each in near if _is_theirs(one, each)]
        if one.began is not None:
            bounds = later(one.began, -SWITCH), later(one.began, SWITCH)
            theirs = [each for each in theirs if bounds[0] <= each.time <= bounds[1]] or theirs
        theirs = [each for each in theirs if any(_begins(one.text, name) for name in each.names)] or theirs
    if len({each.thing for each in theirs}) > 1:
        # IAM's and S3's calls may be of another region than the stack that they are for.
        theirs = [each for each in theirs if each.thing[1] == one.place[1]] or theirs
    return _latest(theirs, one.time)


def _is_theirs(one: Made, call: _Call) -> bool:
    """Tell whether the service acted as this call's caller, or in the role that this call gave it."""
    own = call.principal_id is not None and call.principal_id == one.principal_id
    return own or (call.role is not None and call.role == one.role)


def _latest(calls: Sequence[_Call], time: str) -> tuple[Cause, ...]:
    """Return of each thing the last call before a time; only if there is none, one that another clock puts after it."""
    after = {each.thing: each.cause for each in reversed(calls) if each.time > time}
    before = {each.thing: each.cause for each in calls if each.time <= time}
    return tuple((after | before).values())


def _begins(text: str, name: str) -> bool:
    """Tell whether a name in the text is made of a stack's: `shop-Assets-1ABC2DEF3GHI` of `shop`."""
    return any(word.startswith(f"{name}-") for word in text.split(" "))


def is_maker(record: Record, target: Target, kind: str) -> bool:
    """Tell whether a call may have made a service make other things: stacks and groups do."""
    return target.type in MAKERS and kind not in ("failed", "dry-run", "read", "used")


MAKERS = {
    "AWS::CloudFormation::Stack": "cloudformation.amazonaws.com",
    "AWS::AutoScaling::AutoScalingGroup": "autoscaling.amazonaws.com",
}
"""Type of a thing whose calls have children -> who makes them."""


def children(service: str, calls: Sequence[Record], span: Span) -> Query | None:
    """Return the question for what a service may have done because of some calls, in the hours after them."""
    own = [_call(record, time) for record in calls if (time := text_of(record.get("eventTime")))]
    if not own:
        return None
    ids, roles = {each.principal_id for each in own} - {None}, {each.role for each in own} - {None}
    names = frozenset(name for each in own for name in each.names)

    def decide(record: Record) -> bool:
        one = made(record)
        if one is None or verb(record) in (Verb.READ, Verb.OTHER) or not targets(record):
            return False
        return bool(one.parents & names) or one.principal_id in ids or one.role in roles

    until = later(max(each.time for each in own), WINDOW)
    within = Span(min(each.time for each in own), min(until, span.until) if span.until else until, span.accounts)
    return Query(within, _may_cause, (OneOf("useridentity.invokedby", (service,)),), decide)
