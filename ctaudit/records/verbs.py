"""What kind of act a call is, from its name, its readOnly flag and, for a few calls, its parameters.

Classes are asked in the order of `Verb`; the first that matches wins, so `ResetX` impairs although it also modifies.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ctaudit.records.anyjson import flag_of, fold, get_folded, object_of
from ctaudit.records.verb_words import EXACT, PATTERNS, PREFIXES, READ_PREFIXES, SWITCHES, Switch


class Verb(enum.StrEnum):
    """The class of an act, in the order in which the classes are asked."""

    DESTROY = "destroy"
    """A thing is gone, or will be once a waiting period ends."""
    DETACH = "detach"
    """A part or a relation of a thing is gone."""
    IMPAIR = "impair"
    """A thing or a protection stopped working."""
    UNDO = "undo"
    """A destruction was called off or reversed."""
    CREATE = "create"
    MODIFY = "modify"
    READ = "read"
    OTHER = "other"


class _Class(NamedTuple):
    usual: Verb
    switched: Verb
    switches: tuple[Switch, ...]


# `DeleteFunction20150331`, `UpdateFunctionCode20150331v2`, `DeleteDistribution2020_05_31`
_API_DATE = re.compile(r"\d{4}_?\d{2}_?\d{2}(?:v\d+)?\Z", re.ASCII)
# Admin and Batch only say who may call or how many at once: `AdminDeleteUser`, `BatchDisableStandards`.
_PREFIX_OF_PREFIX = re.compile(r"(?:Admin|Batch|Bulk)(?=[A-Z])")
_WORD = re.compile(r"[A-Z][a-z]*")
_PATTERNS = tuple((re.compile(pattern), Verb(verb)) for pattern, verb in PATTERNS)
_PREFIX_CLASS = {word: Verb(verb) for verb, words in reversed(PREFIXES.items()) for word in words.split()}
_READ_WORDS = frozenset(READ_PREFIXES.split())
_EXACT = {name: Verb(verb) for verb, names in EXACT.items() for name in names.split()}


@lru_cache(maxsize=8192)
def bare_name(event_name: str) -> str:
    """Return the API name without the API version that Lambda and CloudFront append."""
    return _API_DATE.sub("", event_name) or event_name


@lru_cache(maxsize=8192)
def noun_of(bare: str) -> str:
    """Return what the name acts on, folded: `dbinstance` for `DeleteDBInstance`; empty for a name that is a verb."""
    name = _PREFIX_OF_PREFIX.sub("", bare)
    first = _WORD.match(name)
    return fold(name[first.end() :]) if first else fold(name)


def verb(record: Mapping[str, Any]) -> Verb:
    """Classify a record. `readOnly` true is authoritative: AssumeRole and KMS Decrypt read, whatever they enable."""
    source, name = record.get("eventSource"), record.get("eventName")
    read_only = flag_of(record.get("readOnly"))
    if read_only is True:
        return Verb.READ
    found = _class_of(source if isinstance(source, str) else "", name if isinstance(name, str) else "", read_only)
    if found.switches and any(_is_on(switch, record) for switch in found.switches):
        return found.switched
    return found.usual


def possible_verbs(event_source: str | None, event_name: str | None, read_only: bool | None) -> frozenset[Verb]:
    """Return every verb a record with this source, name and readOnly can have, whatever its parameters.

    `read_only` None stands for a record without a usable flag, not for "either".
    """
    if read_only is True:
        return frozenset((Verb.READ,))
    found = _class_of(event_source or "", event_name or "", read_only)
    return frozenset((found.usual, found.switched)) if found.switches else frozenset((found.usual,))


@lru_cache(maxsize=8192)
def _class_of(event_source: str, event_name: str, read_only: bool | None) -> _Class:
    name = bare_name(event_name)
    usual = _verb_by_name(name)
    if usual is Verb.READ and read_only is False:
        usual = Verb.OTHER
    switched, switches = SWITCHES.get((fold(event_source.partition(".")[0]), name), ("other", ()))
    return _Class(usual, Verb(switched), switches)


def _verb_by_name(name: str) -> Verb:
    exact = _EXACT.get(name)
    if exact is not None:
        return exact
    for pattern, found in _PATTERNS:
        if pattern.fullmatch(name):
            return found
    first = _WORD.match(_PREFIX_OF_PREFIX.sub("", name))
    if first is None:
        return Verb.OTHER
    by_prefix = _PREFIX_CLASS.get(first[0])
    if by_prefix is not None:
        return by_prefix
    return Verb.READ if first[0] in _READ_WORDS else Verb.OTHER


def _is_on(switch: Switch, record: Mapping[str, Any]) -> bool:
    if switch.given is not None and not _is_on(Switch(*switch.given), record):
        return False
    field, *path = switch.path.split(".")
    return any(switch.matches(value) for value in _values(object_of(record.get(field)), path))


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    """Walk `path`, folded keys, through objects in any letter case, and through lists."""
    if isinstance(value, list):
        for item in value:
            if not isinstance(item, list):
                yield from _values(item, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping):
        yield from _values(get_folded(value, path[0]), path[1:])
