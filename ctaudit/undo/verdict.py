"""What was lost, what the log shows of it otherwise, and the verdict: restorable, restored, gone, or not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from ctaudit import times
from ctaudit.query import Record
from ctaudit.records.anyjson import account_of, fold, get_folded, object_of, source_of, text_of
from ctaudit.records.arns import names_of, parse_arn
from ctaudit.records.target_rule import unwrap
from ctaudit.records.targets import Target, targets, unwrap_response
from ctaudit.records.verbs import bare_name

State = Literal["restorable", "restored", "gone", "not known"]

_MOST_TEXTS, _LONGEST_TEXT = 500, 2048
_DOUBTED = frozenset({"failed", "unlisted"})
_NEVER_TYPED = frozenset(";&|<>$`\\\"'\n\r\t !*?[]{}()~#")
"""Characters that a shell reads as its own: a name with one of them is not put into a command."""


@dataclass(frozen=True, slots=True)
class Undo:
    state: State
    because: str
    """One sentence: what the log shows, or why nothing is known."""
    until: str | None = None
    """Canonical time after which it cannot be restored; None when the log tells none."""
    event_id: str | None = None
    """The event that tells, other than the deletion itself."""
    command: str | None = None
    """With the AWS CLI: what restores it, else what tells whether it is there."""


@dataclass(frozen=True, slots=True)
class Event:
    """A successful call, as the rules read it."""

    time: str
    """Canonical; empty when the record has no usable one."""
    event_id: str | None
    source: str
    """Folded, without the domain."""
    name: str
    """Without the API's date."""
    account: str | None
    region: str | None
    request: Mapping[str, Any]
    response: Mapping[str, Any]
    texts: frozenset[str] = field(repr=False)
    """Folded: every text of request and response, and the names of what it acted on."""
    integrity: str = "unknown"
    """What the file is worth that it was read from."""

    def asked(self, key: str) -> Any:
        """Return a parameter by its folded name."""
        return get_folded(self.request, key)

    def answered(self, key: str) -> Any:
        return get_folded(self.response, key)


@dataclass(frozen=True, slots=True)
class Lost:
    """One thing that one call deleted."""

    event: Event
    target: Target
    additional: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.target.name


class Wish(NamedTuple):
    """Events that may tell about a deletion: calls of these names in which one of the texts stands."""

    names: str
    texts: tuple[str, ...]
    """As they are written; empty: any call of these names."""
    source: str = ""
    """The only `eventSource` that counts; empty for any."""


class Known:
    """All events that were looked up, by what they name."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._by_name: dict[str, list[Event]] = {}
        self._by_text: dict[tuple[str, str], list[Event]] = {}
        for event in sorted(events, key=lambda event: (event.time, event.event_id or "", event.region or "")):
            self._by_name.setdefault(event.name, []).append(event)
            for text in event.texts:
                self._by_text.setdefault((event.name, text), []).append(event)

    def of(self, lost: Lost, names: str, *texts: str | None, anywhere: bool = False) -> list[Event]:
        """Return the calls of these names that have one of the texts, in order of time.

        They are of the account and region of the deletion unless `anywhere`; without a text any call of that name.
        """
        found: dict[int, Event] = {}
        for name in names.split():
            lists = (
                [self._by_text.get((name, fold(text)), []) for text in texts if text]
                if texts
                else [self._by_name.get(name, [])]
            )
            found |= {id(event): event for each in lists for event in each}
        here = [event for event in found.values() if anywhere or _same_place(event, lost.event)]
        return sorted(here, key=lambda event: (event.time, event.event_id or ""))

    def before(self, lost: Lost, names: str, *texts: str | None, anywhere: bool = False) -> list[Event]:
        return [e for e in self.of(lost, names, *texts, anywhere=anywhere) if e.time <= lost.event.time]

    def after(self, lost: Lost, names: str, *texts: str | None, anywhere: bool = False) -> list[Event]:
        found = self.of(lost, names, *texts, anywhere=anywhere)
        return [e for e in found if e.time >= lost.event.time and e.event_id != lost.event.event_id]


Judge = Callable[[Lost, Known, str], Undo]
"""Judges a deletion by what is known, at a canonical time."""


class Rule(NamedTuple):
    judge: Judge
    wishes: Callable[[Lost], Sequence[Wish]]


def nothing(lost: Lost) -> Sequence[Wish]:
    """Wish for no other event: the deletion itself tells all there is to know."""
    return ()


def by_name(names: str) -> Callable[[Lost], Sequence[Wish]]:
    """Return the wish for calls of these names that name the same thing."""
    return lambda lost: (Wish(names, (lost.name,)),)


def event_of(record: Record, integrity: str = "unknown") -> Event:
    time = text_of(record.get("eventTime"))
    request = unwrap(object_of(record.get("requestParameters")))
    # What a service did by itself it tells in its details.
    answer = object_of(record.get("responseElements")) or object_of(record.get("serviceEventDetails"))
    response = object_of(unwrap_response(answer))
    named = (text for target in targets(record) for text in (target.name, target.arn) if text)
    return Event(
        (times.canonical(time) if time else None) or "",
        text_of(record.get("eventID")),
        source_of(record),
        bare_name(str(record.get("eventName"))),
        account_of(record),
        text_of(record.get("awsRegion")),
        request,
        response,
        frozenset(fold(text) for text in (*named, *_texts((request, response)))),
        integrity,
    )


def lost_of(record: Record, target: Target) -> Lost:
    return Lost(event_of(record), target, object_of(record.get("additionalEventData")))


def days_after(time: str, days: float) -> str | None:
    """Return the canonical time so many days later; None when there is no such time."""
    moment = times.parse_canonical(time)
    try:
        return None if moment is None else times.format_utc(moment + timedelta(days=days))
    except OverflowError:
        return None


def number(value: Any) -> int | None:
    """Read a number that some services write as text; None for what is none, or absurd."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 100_000 else None


def is_on(value: Any) -> bool:
    return value is True or (isinstance(value, str) and fold(value) == "true")


def inside(value: Any, *path: str) -> Any:
    """Walk folded keys down through objects."""
    for key in path:
        value = get_folded(object_of(value), key)
    return value


def command(lost: Lost, *words: str | None) -> str | None:
    """Write a command of the AWS CLI; None when a word of it is not known, or must not be typed into a shell.

    Names are chosen by whoever made the thing: none may pass for an option, or for a file to be read.
    """
    before = ""
    for word in words:
        if not word or not _can_be_typed(word) or (before.startswith("-") and word.startswith("-")):
            return None
        before = word
    region = lost.event.region
    where = f" --region {region}" if region and _can_be_typed(region) and not region.startswith("-") else ""
    return f"aws {' '.join(word for word in words if word)}{where}"


def _can_be_typed(word: str) -> bool:
    return word.isascii() and word.isprintable() and _NEVER_TYPED.isdisjoint(word) and "://" not in word


def told(event: Event) -> str:
    """Name an event in a sentence, and say when it stands in a file that is not what AWS delivered."""
    doubt = f", in a file that AWS did not deliver so: {event.integrity}" if event.integrity in _DOUBTED else ""
    return f"{event.name} at {event.time} (event {event.event_id}{doubt})"


def _same_place(one: Event, other: Event) -> bool:
    """Compare account and region; names of buckets are unique in the world."""
    return one.source == other.source == "s3" or (one.account, one.region) == (other.account, other.region)


def _texts(values: Sequence[Any]) -> Iterator[str]:
    left, count = list(values), 0
    while left and count < _MOST_TEXTS:
        value = left.pop()
        if isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT:
            count += 1
            yield value
            arn = parse_arn(value)
            yield from names_of(arn) if arn is not None else ()
        elif isinstance(value, list):
            left += value[:_MOST_TEXTS]
        elif isinstance(value, Mapping):
            left += list(value.values())[:_MOST_TEXTS]
