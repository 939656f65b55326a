"""The life of a thing: which events belong to it, what each was to it, and what it changed of what was known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ctaudit import limits
from ctaudit.lineage.links import SKEW, later
from ctaudit.queries.aliases import connections, renames
from ctaudit.queries.configuration import Configuration
from ctaudit.queries.following import Alias
from ctaudit.queries.life_kinds import QUIET, begins_another, kind_of, makes_anew, when_created
from ctaudit.queries.settings import ATTACHMENTS, Step, given, learned, steps, turned
from ctaudit.queries.subjects import OtherNames, Subject, Subjects, region_of, subject_of
from ctaudit.query import Hit, Record
from ctaudit.records.anyjson import text_of
from ctaudit.records.difference import Line
from ctaudit.records.outcome import outcome, outcome_for
from ctaudit.records.targets import Target, targets


@dataclass(frozen=True, slots=True)
class Moment:
    """One event in a life."""

    hit: Hit
    record: Record
    target: Target
    """The thing itself, or what belonged to it then."""
    kind: str
    subject: Subject
    """The thing whose life it is."""
    life: int
    """From 1; a thing that was deleted and made again under its name has several."""
    lines: tuple[Line, ...] = ()
    more: int = 0
    """Lines that were left out."""
    said: str = ""
    """What must be said of it beside the difference."""
    through: Alias | None = None


@dataclass(slots=True)
class Tally:
    """Calls that changed nothing, counted while the question is answered."""

    quiet: Counter[str] = field(default_factory=Counter)
    """Names of calls that read or used the thing."""
    refused: int = 0
    """How many of them failed."""
    inside: int = 0
    """Calls on things inside it, such as the objects of a bucket."""

    def count(self, record: Record, target: Target) -> None:
        self.quiet[text_of(record.get("eventName")) or "no name"] += 1
        self.refused += _result(record, target) == "failed"


def named_in(record: Record) -> Iterator[Target]:
    """Yield what a call acted on, and what it joined or parted; a bucket is not what is done to its objects."""
    found = [target for target in targets(record) if not target.container]
    yield from found
    names = {(target.name, target.type) for target in found}
    for link in connections(record):
        for end in (link.one, link.other):
            if end is not None and (end.name, end.type) not in names:
                names.add((end.name, end.type))
                yield end


def births_first(records: Sequence[Record], is_thing: Callable[[Target], bool]) -> list[int]:
    """Return the places of records in order of time, in each second the creation of the thing before what followed it.

    CloudTrail knows no parts of a second. Where it was also deleted in that second the order is left as it is.
    """
    seconds: dict[str | None, list[int]] = {}
    for place, record in enumerate(records):
        seconds.setdefault(text_of(record.get("eventTime")), []).append(place)
    found: list[int] = []
    for places in seconds.values():
        kinds = {place: _own_kinds(records[place], is_thing) for place in places} if len(places) > 1 else {}
        if not any("deleted" in each for each in kinds.values()):
            places = sorted(places, key=lambda place: "created" not in kinds.get(place, ()))
        found += places
    return found


def _own_kinds(record: Record, is_thing: Callable[[Target], bool]) -> set[str]:
    return {kind_of(record, each, _result(record, each)) for each in named_in(record) if is_thing(each)}


def is_quiet(record: Record, target: Target) -> bool:
    return kind_of(record, target, _result(record, target)) in QUIET


def _result(record: Record, target: Target) -> str:
    return outcome_for(outcome(record), [target.name, target.arn or target.name]).result


@dataclass(slots=True)
class _Life:
    number: int
    known: Configuration
    since: str = ""
    """When its first event was."""
    account: str | None = None
    """In whose log it was created."""
    begun: bool = False
    """Whether anything has been seen of it that changed it."""
    born: bool = False
    """Whether its creation has been seen."""
    ended: bool = False
    renamed: bool = False
    """Whether it goes on under another name."""


class Lives:
    """Tells the lives of things from their events, which come in order of time."""

    def __init__(self, subjects: Subjects, aliases: Sequence[Alias], is_thing: Callable[[Target], bool]) -> None:
        self._subjects, self._is_thing, self._names = subjects, is_thing, OtherNames(aliases)
        self._lives: dict[Subject, _Life] = {}
        self._told: dict[tuple[Subject, str | None], _Life] = {}
        """The life in which an event was told."""
        self._beside: dict[tuple[Subject, Subject], Configuration] = {}

    def moments(self, hit: Hit, record: Record) -> Iterator[Moment]:
        """Yield what one event is in the lives that it belongs to: once in each."""
        told: set[Subject] = set()
        found, region = list(named_in(record)), region_of(record)
        for target in found:
            if self._is_thing(target) and (subject := self._subjects.of(target, region)) not in told:
                told.add(subject)
                yield self._own(hit, record, target, subject, None)
        time = text_of(record.get("eventTime")) or ""
        for alias, target in self._names.among(found):
            subject = self._subjects.of(alias.root, alias.region)
            if subject not in told and alias.holds(time):
                told.add(subject)
                make = self._own if alias.same else self._other
                yield make(hit, record, target, subject, alias)
            elif not alias.same and (subject in told or time < alias.since):
                self._take_in(record, target, subject)

    def _own(self, hit: Hit, record: Record, target: Target, subject: Subject, through: Alias | None) -> Moment:
        kind = kind_of(record, target, _result(record, target))
        life = self._life_of(subject, target, through)
        said = ""
        if kind == "created":
            kind, life, said = self._creation(hit, subject, target, life)
        elif life.ended and kind not in (*QUIET, "failed", "dry-run", "deleted", "restored"):
            said = "after its end: it was made again without a record, or was not gone yet"
        first = kind == "created"
        lines, more, same = _lines(record, target, kind, life.known, first=first, anew=first and makes_anew(target))
        if kind not in QUIET and kind not in ("failed", "dry-run"):
            life.since = life.since if life.begun else hit.time or ""
            life.begun, life.ended = True, kind == "deleted" or (life.ended and kind != "restored")
            life.renamed = life.renamed or renames(record, target)
        self._told[subject, text_of(record.get("eventID"))] = life
        return Moment(hit, record, target, kind, subject, life.number, lines, more, said or same, through)

    def _creation(self, hit: Hit, subject: Subject, target: Target, life: _Life) -> tuple[str, _Life, str]:
        """Return what a creation is: of a first life, of another one, or no creation, since the thing was there."""
        said = when_created(target, again=False)
        late = life.begun and not life.born and life.since >= later(hit.time or "", -SKEW)
        if life.begun and not life.ended and not late:
            if not begins_another(target, life.account in (None, hit.account)):
                return "changed", life, when_created(target, again=True)
            said = "" if life.renamed else "made again, and what ended the life before is not in the logs"
        if life.begun and not late:
            life = self._lives[subject] = _Life(life.number + 1, Configuration(target.type))
            said = said if makes_anew(target) else ""
        life.born, life.account = True, hit.account
        return "created", life, said

    def _other(self, hit: Hit, record: Record, target: Target, subject: Subject, through: Alias) -> Moment:
        """Tell an event of what belonged to the thing; it has a configuration of its own."""
        kind, lines, more, same = self._take_in(record, target, subject)
        life = self._life_of(subject, target, through)
        if kind == "detached" and through.joined:
            lines, same = tuple(life.known.take(Step(ATTACHMENTS, "remove", [through.joined]))), ""
        self._told.setdefault((subject, text_of(record.get("eventID"))), life)
        return Moment(hit, record, target, kind, subject, life.number, lines, more, same, through)

    def _take_in(self, record: Record, target: Target, subject: Subject) -> tuple[str, tuple[Line, ...], int, str]:
        kind = kind_of(record, target, _result(record, target))
        known = self._beside.setdefault((subject, subject_of(target)), Configuration(target.type))
        first = kind == "created"
        return kind, *_lines(record, target, kind, known, first=first, anew=first and makes_anew(target))

    def _life_of(self, subject: Subject, target: Target, through: Alias | None) -> _Life:
        """Return the life that goes on; of another name the life in which it became one."""
        named = self._told.get((subject, through.event_id)) if through is not None else None
        life = named or self._lives.get(subject)
        if life is None:
            life = self._lives[subject] = _Life(1, Configuration(target.type))
        return life


def _lines(
    record: Record, target: Target, kind: str, known: Configuration, *, first: bool, anew: bool
) -> tuple[tuple[Line, ...], int, str]:
    """Return how a call differs from what is known, lines left out, and, in words, that it does not; take it in.

    What failed or only read changes nothing. `first`: it is the creation; `anew`: before which there was nothing.
    """
    if kind in QUIET or kind in ("failed", "dry-run"):
        return (), 0, ""
    most = limits.MAX_DIFFERENCE_LINES
    if kind == "deleted":
        told = [Line(name, "first", None, value) for name, value in given(record, target)]
        waits = "gone when the waiting period ends" if str(record.get("eventName")).startswith("Schedule") else ""
        return tuple(told[:most]), max(0, len(told) - most), waits
    if anew:
        known.born()
    said = steps(record, target)
    for setting, old, new in turned(record, target):
        known.take(Step(setting, "put", old))
        said.append(Step(setting, "put", new))
    found = [line for step in said for line in known.take(step, first=first)]
    known.learn(learned(record, target))
    return tuple(found[:most]), max(0, len(found) - most), "" if found else _unchanged(record, kind, said)


def _unchanged(record: Record, kind: str, said: Sequence[Step]) -> str:
    """Say of a call without a difference whether there was none, or the log does not hold what was asked for."""
    if said:
        return "no difference to what was known"
    lacks = kind in ("changed", "policy", "tags") and not record.get("requestParameters")
    return "what was asked for is not in the log" if lacks else ""
