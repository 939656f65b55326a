"""Who deleted, created, changed or touched a thing: narrow by verb and name, decide by the targets of each call."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from ctaudit.queries.cause import Causes
from ctaudit.queries.rows import lookup_row
from ctaudit.query import Contains, Hit, Query, Record, Span
from ctaudit.records.targets import Target, targets
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


@dataclass(slots=True)
class Tally:
    """Events near the question that its rows leave out, counted while it is answered."""

    inside: int = 0
    """Calls on things inside the one asked for, such as the objects of a bucket."""
    unlisted: int = 0
    """DeleteObjects calls on the bucket of the object asked for: AWS does not log which keys they named."""


def who(deed: Deed, text: str, span: Span) -> tuple[Query, Thing, Tally]:
    """Return the question who did `deed` to the thing that `text` names.

    Raises ValueError when `text` names nothing.
    """
    thing = parse_thing(text)
    tally = Tally()

    def possible(service: str | None, name: str | None, read_only: bool | None) -> bool:
        return not deed.value.isdisjoint(possible_verbs(service, name, read_only))

    def decide(record: Record) -> bool:
        if verb(record) not in deed.value:
            return False
        found = targets(record)
        if _matching(found, thing, deed):
            return True
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
        shown = _matching(targets(record), thing, deed)
        found.append(lookup_row(hit, record, shown, causes.origin(record, shown), judged=True))
    return found


def notes(tally: Tally, text: str) -> tuple[str, ...]:
    """Say what lies near the question but not in its rows."""
    sentences: list[str] = []
    if tally.inside:
        sentences.append(f"{tally.inside} more such calls were on things inside it; to see them ask for '{text}/*'")
    if tally.unlisted:
        bucket = text.removeprefix("s3://").partition("/")[0]
        calls = f"{tally.unlisted} DeleteObjects calls on the bucket name no keys and may have hit it"
        sentences.append(f"{calls}; see: ctaudit who-touched {bucket}")
    return tuple(sentences)


def _matching(found: Sequence[Target], thing: Thing, deed: Deed) -> list[Target]:
    with_containers = deed is Deed.TOUCHED
    return [target for target in found if (with_containers or not target.container) and thing.matches(target)]


def _count(record: Record, found: Sequence[Target], thing: Thing, tally: Tally) -> None:
    if any(target.container and thing.matches(target) for target in found):
        tally.inside += 1
    elif record.get("eventName") == "DeleteObjects" and any(target.container for target in found):
        tally.unlisted += any(thing.folded.startswith(f"{target.name.lower()}/") for target in found)
