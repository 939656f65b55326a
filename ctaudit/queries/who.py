"""Who deleted, created, changed or touched a thing: narrow by verb and name, decide by the targets of each call."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

from ctaudit.lineage.origins import Origins
from ctaudit.queries.batches import MOST_KEYS, Batches
from ctaudit.queries.rows import lookup_row
from ctaudit.query import AnyOf, Condition, Contains, Hit, OneOf, Query, Record, Span
from ctaudit.records.outcome import outcome
from ctaudit.records.targets import Target, done_to, targets
from ctaudit.records.thing import Thing, parse_thing
from ctaudit.records.verbs import Verb, possible_verbs, verb
from ctaudit.table import Value

SEARCHED = (
    "requestparameters",
    "responseelements",
    "resources",
    "additionaleventdata",
    "serviceeventdetails",
    "errormessage",
    "useridentity.arn",
    "useridentity.username",
    "extra",
)
"""Columns in which a call can name what it acted on."""


class Deed(enum.Enum):
    """What was done to the thing; the value is the verbs that count."""

    DELETED = frozenset({Verb.DESTROY})
    CREATED = frozenset({Verb.CREATE})
    CHANGED = frozenset({Verb.MODIFY, Verb.DETACH, Verb.IMPAIR, Verb.UNDO})
    TOUCHED = frozenset(Verb)


_CHANGES_AN_OWNER = frozenset({Verb.DESTROY, Verb.CREATE})
"""Who deletes or creates a part of a thing changes the thing."""
NOTHING = {
    Deed.DELETED: "no deletion found",
    Deed.CREATED: "no creation found",
    Deed.CHANGED: "no change found",
    Deed.TOUCHED: "no event found",
}
_RULES = ("PutBucketLifecycle", "PutBucketLifecycleConfiguration")
_MIXED = "ChangeResourceRecordSets"
"""One such call may create some DNS records and delete others."""


@dataclass(slots=True)
class Tally:
    """Events near the question that its rows leave out, counted while it is answered."""

    inside: int = 0
    """Calls on things inside the one asked for, such as the objects of a bucket."""
    parts: int = 0
    """Calls on a part of it, such as a user's access key: they changed it."""
    batches: Batches = field(default_factory=Batches)
    """DeleteObjects calls on the bucket asked for, or on that of the object asked for."""
    in_bucket: bool = False
    """Whether the bucket of these is the thing itself."""
    expiring: tuple[str, str] | None = None
    """Time and event id of the last call that let the bucket of the object asked for delete objects by itself."""


def who(deed: Deed, text: str, span: Span) -> tuple[Query, Thing, Tally]:
    """Return the question who did `deed` to the thing that `text` names.

    Raises ValueError when `text` names nothing.
    """
    thing = parse_thing(text)
    tally = Tally()

    def possible(service: str | None, name: str | None, read_only: bool | None) -> bool:
        if name == _MIXED or (deed is Deed.DELETED and "/" in thing.folded and _lets_expire(name)):
            return True
        wanted = deed.value | _CHANGES_AN_OWNER if deed is Deed.CHANGED else deed.value
        return not wanted.isdisjoint(possible_verbs(service, name, read_only))

    def decide(record: Record) -> bool:
        call, found = verb(record), targets(record)
        if _lets_expire(record.get("eventName")):
            _count_rule(record, call, found, thing, tally)
        if call is Verb.DESTROY and deed in (Deed.DELETED, Deed.TOUCHED):
            _count_batch(record, found, thing, tally)
        if _matching(found, call, thing, deed):
            return True
        if call in deed.value:
            _count(record, found, thing, tally)
        return False

    conditions = (_searched(thing, deed),) if thing.needles else ()
    names = None if deed is Deed.TOUCHED else possible
    return Query(span, names, conditions, decide), thing, tally


def rows(deed: Deed, thing: Thing, hits: Sequence[Hit], origins: Origins) -> list[tuple[Value, ...]]:
    """Return the lookup rows of the hits, which are in time order, with tickets for `origins`."""
    found: list[tuple[Value, ...]] = []
    for hit in hits:
        record = hit.parse()
        shown = shown_of(record, thing, deed)
        found.append(lookup_row(hit, record, shown, origins.ticket(record), judged=True))
    return found


def shown_of(record: Record, thing: Thing, deed: Deed) -> list[Target]:
    """Return the targets that a row of the record shows."""
    return _matching(targets(record), verb(record), thing, deed)


def notes(tally: Tally, text: str) -> tuple[str, ...]:
    """Say what lies near the question but not in its rows."""
    sentences: list[str] = []
    unlisted = tally.batches.unlisted
    inside = tally.inside + (unlisted if tally.in_bucket else 0)
    if inside:
        them = "one name followed by '/*'" if text.endswith("*") else f"'{text}/*'"
        sentences.append(f"{_calls(inside)} on things inside it, not on it; to see them ask for {them}")
    if tally.parts:
        sentences.append(
            f"{_calls(tally.parts)} on a part of it, not on it as a whole; see: ctaudit who-changed {text}"
        )
    if unlisted:
        bucket = text.removeprefix("s3://").partition("/")[0]
        keys = f"has not logged the keys, {MOST_KEYS:,} at most for each" + ("" if tally.in_bucket else _AMONG)
        sentences.append(
            f"{_calls(unlisted)} DeleteObjects on the bucket; AWS {keys}; see: ctaudit who-touched {bucket}"
        )
    if tally.expiring:
        rule = f"PutBucketLifecycle at {tally.expiring[0]}, event {tally.expiring[1]}"
        sentences.append(f"the bucket has a rule that deletes objects, which is never logged ({rule})")
    return tuple(sentences)


_AMONG = ", and it may be among them"


def _calls(count: int) -> str:
    return "1 such call was" if count == 1 else f"{count} such calls were"


def _matching(found: Sequence[Target], call: Verb, thing: Thing, deed: Deed) -> list[Target]:
    return [target for target in found if _counts(target, call, deed) and thing.matches(target)]


def _counts(target: Target, call: Verb, deed: Deed) -> bool:
    """Tell whether the call did this deed to the target."""
    if deed is Deed.TOUCHED:
        return True
    if target.container:
        return False
    # An upload may have replaced an object that was there: the log does not say.
    replaced = deed is Deed.CHANGED and call is Verb.CREATE and target.type == "AWS::S3::Object"
    return replaced or done_to(target, call) in deed.value


def _searched(thing: Thing, deed: Deed) -> Condition:
    """Narrow to what names the thing; for an object also to the calls that may have deleted it without naming it."""
    named = Contains(SEARCHED, thing.needles)
    if deed in (Deed.DELETED, Deed.TOUCHED) and "/" in thing.folded:
        return AnyOf((named, OneOf("eventname", ("deleteobjects", *map(str.lower, _RULES)))))
    return named


def _lets_expire(name: object) -> bool:
    return name in _RULES


def _count_rule(record: Record, call: Verb, found: Sequence[Target], thing: Thing, tally: Tally) -> None:
    """Note a lifecycle rule of the bucket that the object asked for is in: it deletes without any event."""
    theirs = any(thing.folded.startswith(f"{target.name.lower()}/") for target in found)
    if theirs and call is Verb.IMPAIR and outcome(record).result == "succeeded":
        tally.expiring = max(tally.expiring or ("", ""), (str(record.get("eventTime")), str(record.get("eventID"))))


def _count(record: Record, found: Sequence[Target], thing: Thing, tally: Tally) -> None:
    if record.get("eventName") == "DeleteObjects" and outcome(record).result == "succeeded":
        return
    matching = [target for target in found if thing.matches(target)]
    if any(target.container for target in matching):
        tally.inside += 1
    elif any(target.owner for target in matching):
        tally.parts += 1


def _count_batch(record: Record, found: Sequence[Target], thing: Thing, tally: Tally) -> None:
    """Note a DeleteObjects call, or one of its objects, when it is of the bucket asked about."""
    if record.get("eventSource") != "s3.amazonaws.com" or outcome(record).result != "succeeded":
        return
    buckets = [target for target in found if target.container]
    itself = any(thing.matches(bucket) for bucket in buckets)
    if itself or any(thing.folded.startswith(f"{bucket.name.lower()}/") for bucket in buckets):
        tally.in_bucket = tally.in_bucket or itself
        tally.batches.see(record)
