"""Who deleted, created, changed or touched a thing: narrow by verb and name, decide by the targets of each call."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from ctaudit.queries.cause import Causes
from ctaudit.queries.rows import lookup_row
from ctaudit.query import Contains, Hit, Query, Record, Span
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
_MIXED = "ChangeResourceRecordSets"
"""One such call may create some DNS records and delete others."""


@dataclass(slots=True)
class Tally:
    """Events near the question that its rows leave out, counted while it is answered."""

    inside: int = 0
    """Calls on things inside the one asked for, such as the objects of a bucket."""
    parts: int = 0
    """Calls on a part of it, such as a user's access key: they changed it."""
    unlisted: int = 0
    """DeleteObjects calls on the bucket of the object asked for: AWS does not log which keys they named."""


def who(deed: Deed, text: str, span: Span) -> tuple[Query, Thing, Tally]:
    """Return the question who did `deed` to the thing that `text` names.

    Raises ValueError when `text` names nothing.
    """
    thing = parse_thing(text)
    tally = Tally()

    def possible(service: str | None, name: str | None, read_only: bool | None) -> bool:
        if name == _MIXED:
            return True
        wanted = deed.value | _CHANGES_AN_OWNER if deed is Deed.CHANGED else deed.value
        return not wanted.isdisjoint(possible_verbs(service, name, read_only))

    def decide(record: Record) -> bool:
        call, found = verb(record), targets(record)
        if _matching(found, call, thing, deed):
            return True
        if call in deed.value:
            _count(record, found, thing, tally)
        return False

    conditions = (Contains(SEARCHED, thing.needles),) if thing.needles else ()
    names = None if deed is Deed.TOUCHED else possible
    return Query(span, names, conditions, decide), thing, tally


def rows(deed: Deed, thing: Thing, hits: Sequence[Hit]) -> list[tuple[Value, ...]]:
    """Return the lookup rows of the hits, which are in time order."""
    causes = Causes()
    found: list[tuple[Value, ...]] = []
    for hit in hits:
        record = hit.parse()
        shown = _matching(targets(record), verb(record), thing, deed)
        found.append(lookup_row(hit, record, shown, causes.origin(record, shown), judged=True))
    return found


def notes(tally: Tally, text: str) -> tuple[str, ...]:
    """Say what lies near the question but not in its rows."""
    sentences: list[str] = []
    if tally.inside:
        them = "one name followed by '/*'" if text.endswith("*") else f"'{text}/*'"
        sentences.append(f"{_calls(tally.inside)} on things inside it, not on it; to see them ask for {them}")
    if tally.parts:
        sentences.append(
            f"{_calls(tally.parts)} on a part of it, not on it as a whole; see: ctaudit who-changed {text}"
        )
    if tally.unlisted:
        bucket = text.removeprefix("s3://").partition("/")[0]
        count = f"{_calls(tally.unlisted)} DeleteObjects on the bucket; AWS does not log the keys, it may be among them"
        sentences.append(f"{count}; see: ctaudit who-touched {bucket}")
    return tuple(sentences)


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


def _count(record: Record, found: Sequence[Target], thing: Thing, tally: Tally) -> None:
    matching = [target for target in found if thing.matches(target)]
    if any(target.container for target in matching):
        tally.inside += 1
    elif any(target.owner for target in matching):
        tally.parts += 1
    elif record.get("eventName") == "DeleteObjects" and any(target.container for target in found):
        tally.unlisted += any(thing.folded.startswith(f"{target.name.lower()}/") for target in found)
