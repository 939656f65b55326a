"""A call as causes are judged by it: who made it, what it names, of what larger thing, with what role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ctaudit.lineage.cascades import WHOLES
from ctaudit.lineage.credential import Credential, credential
from ctaudit.lineage.issued import Event, event_of
from ctaudit.query import Record
from ctaudit.records.anyjson import fold, object_of, source_of, text_of
from ctaudit.records.identity import is_service_made
from ctaudit.records.outcome import outcome
from ctaudit.records.target_rule import texts_at
from ctaudit.records.targets import targets
from ctaudit.records.verbs import Verb, bare_name, verb

_MOST_TEXTS, _LONGEST_TEXT = 500, 2048
_WHOLE_KEYS = ("stackname", "autoscalinggroupname", "clustername", "nodegroupname", "environmentname", "jobflowid")
"""Folded parameters that name the larger thing where a call acts on a part of it, such as a stack's change set."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call, as far as causes are concerned: one that may have made a service act, or what the service did."""

    event: Event
    by: Credential
    names: frozenset[str]
    """Folded names and ARNs of what it acted on."""
    texts: frozenset[str]
    """Folded texts of its parameters, response and details."""
    service: str | None = None
    """The service that made it, without the domain, if one did."""
    role: str | None = None
    """ARN of the role that it gave the service to work with."""
    verb: Verb = Verb.DESTROY
    wholes: frozenset[str] = frozenset()
    """Folded names of the larger thing that it may be about: a stack, a group, a cluster."""
    part_of: frozenset[str] = frozenset()
    """Folded names of the larger thing that its own tags say it is a part of."""
    on: str | None = None
    """What it acted on first, as it is written."""
    thing: tuple[str, str | None] | None = None
    """Bare name and region of the stack or group that it is about: some calls name it, others give its ARN as well."""
    batch: tuple[str, str] | None = None
    """Of `DeleteObjects` and its children: bucket and request id."""
    integrity: str = "unknown"
    """What the file is worth that it was read from."""

    @property
    def destroys(self) -> bool:
        return self.verb is Verb.DESTROY

    @property
    def is_nobodys(self) -> bool:
        """Whether nobody called: a service acted in its own name."""
        return self.by.arn is None or self.by.kind == "AWSService"

    @property
    def is_child(self) -> bool:
        """Whether it is one of the objects that a `DeleteObjects` call deleted."""
        return self.batch is not None and self.event.name == "DeleteObject"


def call_of(record: Record, integrity: str = "unknown") -> Call:
    source, name = source_of(record), bare_name(str(record.get("eventName")))
    made_by = is_service_made(record)
    child = _is_child(record)
    request = object_of(record.get("requestParameters"))
    named = [target for target in targets(record) if not target.container]
    names = {fold(text) for target in named for text in (target.name, target.arn) if text}
    names |= {fold(text) for key in _WHOLE_KEYS for text in texts_at(request, (key,))}
    event = event_of(record)
    about = next((fold(text) for key in _WHOLE_KEYS[:2] for text in texts_at(request, (key,))), None)
    return Call(
        event,
        credential(record),
        frozenset(names),
        frozenset(_texts(record)),
        "s3" if child else fold(made_by.partition(".")[0]) if made_by else None,
        next(texts_at(request, ("rolearn",)), None),
        verb(record),
        frozenset(bare for name in names for bare in _bare(name)),
        whole_names(record),
        next((target.name for target in targets(record)), None),
        None if about is None else (list(_bare(about))[-1], event.region),
        _batch(record, request) if child or (source, name) == ("s3", "DeleteObjects") else None,
        integrity,
    )


def is_caused(record: Record) -> bool:
    """Tell whether a service deleted here, so that a call may have made it do so."""
    return verb(record) is Verb.DESTROY and (is_service_made(record) is not None or _is_child(record))


def may_be_caused(record: Record) -> bool:
    """Tell whether a service did something here, of whatever kind, that a call may have made it do."""
    return verb(record) is not Verb.READ and (is_service_made(record) is not None or _is_child(record))


def may_have_begun(record: Record) -> bool:
    return (
        verb(record) is not Verb.READ
        and outcome(record).result == "succeeded"
        and record.get("eventType") != "AwsServiceEvent"
    )


def _is_child(record: Record) -> bool:
    """Tell whether this is one of the objects that a `DeleteObjects` call deleted."""
    return (
        source_of(record) == "s3"
        and record.get("eventName") == "DeleteObject"
        and record.get("eventType") == "AwsServiceEvent"
    )


def _batch(record: Record, request: Mapping[str, Any]) -> tuple[str, str]:
    return fold(text_of(request.get("bucketName")) or ""), text_of(record.get("requestID")) or ""


def _bare(name: str) -> Iterator[str]:
    """Yield a name, and of `arn:…:stack/NAME/UUID` the NAME."""
    yield name
    if ":stack/" in name:
        yield name.partition(":stack/")[2].partition("/")[0]


def whole_names(record: Record) -> frozenset[str]:
    """Return the folded names of what a new thing is a part of, by the tags with which a service made it."""
    return frozenset(_tags([record.get("requestParameters"), record.get("responseElements")], 12))


def _tags(value: Any, depth: int) -> Iterator[str]:
    """Yield the values of such tags: `{"key": K, "value": V}` in any letter case, or `{K: V}`."""
    if not depth or not isinstance(value, dict | list):
        return
    if isinstance(value, list):
        for entry in value:
            yield from _tags(entry, depth - 1)
        return
    folded = {fold(key): inner for key, inner in value.items() if isinstance(key, str)}
    key = folded.get("key", folded.get("tagkey"))
    if isinstance(key, str) and fold(key) in WHOLES:
        shown = folded.get("value", folded.get("tagvalue"))
        yield from (fold(shown),) if isinstance(shown, str) else ()
    yield from (fold(inner) for name, inner in folded.items() if name in WHOLES and isinstance(inner, str))
    for inner in value.values():
        yield from _tags(inner, depth - 1)


def _texts(record: Record) -> Iterator[str]:
    fields = ("requestParameters", "responseElements", "serviceEventDetails", "additionalEventData")
    left = [record.get(field) for field in fields]
    count = 0
    while left and count < _MOST_TEXTS:
        value = left.pop()
        if isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT:
            count += 1
            yield fold(value)
        elif isinstance(value, list):
            left += value[:_MOST_TEXTS]
        elif isinstance(value, dict):
            left += list(value.values())[:_MOST_TEXTS]
