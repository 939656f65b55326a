"""The question for what a service may have made because of calls on a stack or a group."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.lineage.calls import Call, call_of, may_be_caused
from ctaudit.lineage.cascades import seconds_after
from ctaudit.lineage.credential import same_role
from ctaudit.lineage.links import later
from ctaudit.query import OneOf, Query, Record, Span
from ctaudit.records.targets import Target, targets
from ctaudit.records.verbs import Verb, possible_verbs, verb

MAKERS = {
    "AWS::CloudFormation::Stack": "cloudformation",
    "AWS::AutoScaling::AutoScalingGroup": "autoscaling",
}
"""Type of a thing whose calls have children -> the service that makes them."""


def is_maker(target: Target, kind: str) -> bool:
    """Tell whether a call may have made a service make other things: stacks and groups do."""
    return target.type in MAKERS and kind not in ("failed", "dry-run", "read", "used")


def children(service: str, calls: Sequence[Call], span: Span) -> Query | None:
    """Return the question for what a service may have done because of some calls, in the hours after them."""
    own = [(call, call.event.time) for call in calls if call.event.time]
    if not own:
        return None
    ids = {call.by.principal_id for call, _ in own} - {None}
    roles = {call.role for call, _ in own} - {None}
    wholes = frozenset(whole for call, _ in own for whole in call.wholes)

    def decide(record: Record) -> bool:
        if not may_be_caused(record) or verb(record) is Verb.OTHER or not targets(record):
            return False
        deed = call_of(record)
        given = any(same_role(role, deed.by.role_arn) for role in roles)
        return bool(deed.part_of & wholes) or deed.by.principal_id in ids or given

    until = later(max(time for _, time in own), seconds_after(service))
    within = Span(min(time for _, time in own), min(until, span.until) if span.until else until, span.accounts)
    invoked = OneOf("useridentity.invokedby", (f"{service}.amazonaws.com",))
    return Query(within, _may_be_one, (invoked,), decide)


def _may_be_one(source: str | None, name: str | None, read_only: bool | None) -> bool:
    return possible_verbs(source, name, read_only) != {Verb.READ}
