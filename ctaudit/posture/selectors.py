"""What a trail's event selectors leave out: halves of the management events, services, principals, objects.

As in https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html: an event is recorded
when one selector takes it, and a selector takes what all its fields take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

READS, WRITES = "reads", "writes"
S3_OBJECT = "AWS::S3::Object"
_OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
_CHOICES = {"eventCategory", "readOnly"}
"""Fields that choose events and are judged by themselves; each other one leaves something out."""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    operator: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} {self.operator} {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector, of either kind, as what it takes."""

    category: str
    """`Management`, `Data`, `NetworkActivity` or what else AWS has; empty where it does not say."""
    halves: frozenset[str]
    """`READS`, `WRITES`."""
    fields: tuple[Field, ...] = ()
    """What it asks besides."""

    def values(self, name: str, operator: str) -> tuple[str, ...] | None:
        """Return the values of a field; None when it does not ask for that."""
        found = [each.values for each in self.fields if (each.name, each.operator) == (name, operator)]
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What of the management events is recorded by no selector."""

    halves: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    """Services (`kms.amazonaws.com`) left out of a half, or of both."""
    hidden: tuple[str, ...] = ()
    """Other fields that leave something out, as `userIdentity.arn NotEquals …`."""
    unclear: tuple[str, ...] = ()
    """Fields of several selectors that may make up for each other; what they leave out together is not worked out."""


def selectors(answer: Mapping[str, Any]) -> tuple[Selector, ...]:
    """Read the answer of GetEventSelectors, which has selectors of the one kind or the other."""
    advanced = answer.get("AdvancedEventSelectors") or ()
    if advanced:
        return tuple(_advanced(each.get("FieldSelectors") or ()) for each in advanced)
    return tuple(found for each in answer.get("EventSelectors") or () for found in _basic(each))


def _basic(entry: Mapping[str, Any]) -> Iterator[Selector]:
    kind = entry.get("ReadWriteType", "All")
    halves = frozenset({"ReadOnly": (READS,), "WriteOnly": (WRITES,)}.get(kind, (READS, WRITES)))
    if entry.get("IncludeManagementEvents", True):
        excluded = tuple(entry.get("ExcludeManagementEventSources") or ())
        yield Selector("Management", halves, (Field("eventSource", "NotEquals", excluded),) if excluded else ())
    for each in entry.get("DataResources") or ():
        starts = Field("resources.ARN", "StartsWith", tuple(each.get("Values") or ()))
        yield Selector("Data", halves, (Field("resources.type", "Equals", (str(each.get("Type")),)), starts))


def _advanced(given: Sequence[Mapping[str, Any]]) -> Selector:
    fields = [
        Field(str(each.get("Field")), operator, tuple(map(str, each[operator])))
        for each in given
        for operator in _OPERATORS
        if each.get(operator)
    ]
    category = next(
        (each.values[0] for each in fields if (each.name, each.operator) == ("eventCategory", "Equals")), ""
    )
    halves = {READS, WRITES}
    for each in fields:
        if each.name == "readOnly":
            halves &= _halves(each)
    return Selector(category, frozenset(halves), tuple(each for each in fields if each.name not in _CHOICES))


def _halves(field: Field) -> set[str]:
    named = {READS if value.lower() == "true" else WRITES for value in field.values}
    return named if field.operator == "Equals" else {READS, WRITES} - named


def left_out(given: Sequence[Selector]) -> LeftOut:
    """Tell what of the management events the selectors leave out together."""
    chosen = [each for each in given if each.category == "Management"]
    lacking, sources, hidden, unclear = set(), set[str](), set[str](), set[str]()
    for half in (READS, WRITES):
        taking = [each for each in chosen if half in each.halves]
        if not taking:
            lacking.add(half)
        elif all(_only_leaves_out_sources(each) for each in taking):
            sources |= set.intersection(*(_excluded(each) for each in taking))
        elif len(taking) == 1:
            sources |= _excluded(taking[0])
            hidden |= {str(each) for each in taking[0].fields if not _is_exclusion(each)}
        elif all(each.fields for each in taking):
            unclear |= {str(field) for each in taking for field in each.fields}
    return LeftOut(frozenset(lacking), frozenset(sources), tuple(sorted(hidden)), tuple(sorted(unclear)))


def _is_exclusion(field: Field) -> bool:
    return (field.name, field.operator) == ("eventSource", "NotEquals")


def _only_leaves_out_sources(selector: Selector) -> bool:
    return all(map(_is_exclusion, selector.fields))


def _excluded(selector: Selector) -> set[str]:
    return {value for each in selector.fields if _is_exclusion(each) for value in each.values}


def resource_types(given: Sequence[Selector]) -> set[str]:
    """Return the types of resources of which data events are recorded, some at least."""
    data = [each for each in given if each.category == "Data"]
    return {value for each in data for value in each.values("resources.type", "Equals") or ()}


def objects_lacking(given: Sequence[Selector], bucket: str | None) -> tuple[str, ...]:
    """Say which events of S3 objects are not recorded for certain; empty when none, the log bucket's own set aside.

    Where `bucket` is None each bucket that is left out may be the log bucket.
    """
    chosen = [each for each in given if S3_OBJECT in (each.values("resources.type", "Equals") or ())]
    if not chosen:
        return ("events of S3 objects",)
    whole = [each for each in chosen if all(_takes_every_bucket(field, bucket) for field in each.fields)]
    lacking = {READS, WRITES} - {half for each in whole for half in each.halves}
    partly = sorted({half for half in lacking if any(half in each.halves for each in chosen)})
    none = sorted(lacking - set(partly))
    return tuple([f"{half} of S3 objects" for half in none] + [f"{half} of some S3 objects" for half in partly])


def _takes_every_bucket(field: Field, bucket: str | None) -> bool:
    if field.name == "resources.type":
        return True
    if (field.name, field.operator) == ("resources.ARN", "StartsWith"):
        # `arn:aws:s3` and `arn:aws:s3:::` are all buckets.
        return any(value.split(":")[0] == "arn" and value.rstrip(":").endswith(":s3") for value in field.values)
    own = f":s3:::{bucket}/" if bucket else ":s3:::"
    return (
        field.name == "resources.ARN"
        and field.operator in ("NotStartsWith", "NotEquals")
        and all(own in value for value in field.values)
    )
