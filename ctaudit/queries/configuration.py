"""The last known configuration of one thing, and how each call differs from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ctaudit import limits
from ctaudit.queries.settings import ATTACHMENTS, INLINE, PERMISSIONS, POLICIES, TAGS, Step
from ctaudit.records.anyjson import fold
from ctaudit.records.difference import Line, canonical, difference, joined

_SHARES = ("createVolumePermission", "launchPermission", "restore")
_EMPTY = (TAGS, POLICIES, INLINE, PERMISSIONS, ATTACHMENTS, "attachedTo", "ingress", *_SHARES)
_BORN_WITHOUT = {fold(name) for name in _EMPTY}
"""Settings that a thing has only if its creation or a later call gives it them; others have defaults."""
_OBJECTS = {fold(name) for name in (TAGS, INLINE, PERMISSIONS)}
_BORN_WITHOUT_HERE = {"AWS::S3::Bucket": {"policy", "lifecycleconfiguration", "corsconfiguration"}}


@dataclass(slots=True)
class _Known:
    value: Any
    whole: bool
    """Whether the value is all of the setting, not only those keys or elements that calls have named."""


class Configuration:
    """What the logs have told of one thing up to now; calls are taken in order of time."""

    def __init__(self, kind: str | None) -> None:
        self._without = _BORN_WITHOUT | _BORN_WITHOUT_HERE.get(kind or "", set())
        self._settings: dict[str, _Known] = {}
        self._gone: set[str] = set()
        """What calls named of settings that they deleted."""
        self._held: dict[str, dict[str, Any]] = {}
        """The elements of lists that calls add to or take from, by what is equal for equal ones."""
        self._called: dict[str, str] = {}
        """What an element is called otherwise."""
        self._born = False

    def born(self) -> None:
        """Note that the thing's creation has been seen: before it there was nothing."""
        self._born = True

    def learn(self, told: Mapping[str, Any]) -> None:
        """Take in what a response tells of settings of which nothing is known yet."""
        for name, value in told.items():
            known = self._settings.get(fold(name))
            if known is None or not known.whole:
                self._put(fold(name), _Known(value, True))

    def take(self, step: Step, *, first: bool = False) -> list[Line]:
        """Take in what a call says and return the difference; `first`: it is the call that made the thing."""
        if (first or step.first) and step.how in ("put", "merge"):
            self._put(fold(step.setting), _Known(step.value, True))
            return [Line(step.setting, "first", None, step.value)]
        match step.how:
            case "put":
                return list(self._replace(step))
            case "merge":
                return list(self._merge(step.setting, step.value))
            case "take":
                return list(self._take(step.setting, step.value))
            case "know":
                self._called |= step.value
                return []
            case "drop":
                return list(self._drop(step.setting))
        return list(self._elements(step))

    def _replace(self, step: Step) -> Iterator[Line]:
        old = self._known(step.setting)
        self._put(fold(step.setting), _Known(step.value, True))
        if old is None:
            yield Line(step.setting, "set", None, step.value)
        elif old.whole and old.value is None:
            yield Line(step.setting, "added", None, step.value)
        elif old.whole:
            yield from _difference(old.value, step.value, step.setting)
        elif isinstance(old.value, dict) and isinstance(step.value, dict):
            named = {key: value for key, value in step.value.items() if key in old.value}
            yield from difference(old.value, named, step.setting)
            yield from (
                Line(joined(step.setting, key), "set", None, value)
                for key, value in step.value.items()
                if key not in old.value
            )
        else:
            yield Line(step.setting, "set", None, step.value)

    def _merge(self, setting: str, given: Mapping[str, Any]) -> Iterator[Line]:
        old = self._of_kind(setting, dict)
        for key, value in given.items():
            path = joined(setting, key)
            if key in old.value:
                yield from _difference(old.value[key], value, path)
            else:
                yield Line(path, "added" if old.whole else "set", None, value)
        merged = {**old.value, **given}
        self._put(fold(setting), _Known(_bounded(merged), old.whole and len(merged) <= limits.MAX_SETTINGS))

    def _take(self, setting: str, names: list[str]) -> Iterator[Line]:
        old = self._of_kind(setting, dict)
        # Who takes away a tag that is not there is told nothing; of all else that it succeeded shows that it was there.
        for name in names:
            if name in old.value:
                yield Line(joined(setting, name), "removed", old.value[name])
            elif not old.whole or setting != TAGS:
                yield Line(joined(setting, name), "unset")
        kept = {key: value for key, value in old.value.items() if key not in names}
        self._put(fold(setting), _Known(kept, old.whole))

    def _elements(self, step: Step) -> Iterator[Line]:
        """Add elements to a list or remove them; what a list has twice is one element."""
        old = self._of_kind(step.setting, list)
        held = self._held.pop(fold(step.setting), None) or {canonical(element): element for element in old.value}
        for given in step.value:
            element = self._called.get(given, given) if isinstance(given, str) else given
            key, path = canonical(element), f"{step.setting}[]"
            if step.how == "add":
                if key not in held:
                    yield Line(path, "added" if old.whole else "set", None, element)
                held[key] = element
            elif key in held:
                yield Line(path, "removed", held.pop(key))
            else:
                yield Line(path, "unset", element)
        full = len(held) <= limits.MAX_SETTINGS
        for key in list(held)[: len(held) - limits.MAX_SETTINGS] if not full else ():
            del held[key]
        self._put(fold(step.setting), _Known(list(held.values()), old.whole and full))
        self._held[fold(step.setting)] = held

    def _drop(self, setting: str) -> Iterator[Line]:
        start = fold(setting)
        gone = [name for name, known in self._settings.items() if known.value is not None and _is_of(name, start)]
        if gone and start.endswith("]"):
            yield Line(setting, "removed", {name[len(start) + 1 :]: self._settings[name].value for name in gone})
        for name in gone:
            if not start.endswith("]"):
                yield Line(name, "removed", self._settings[name].value)
            self._settings[name] = _Known(None, True)
        if not gone and not self._is_gone(start):
            yield Line(setting, "unset")
        self._gone.add(start)

    def _of_kind(self, setting: str, kind: type[dict[Any, Any]] | type[list[Any]]) -> _Known:
        known = self._known(setting)
        if known is None or not isinstance(known.value, kind):
            return _Known(kind(), known is not None and known.whole and not known.value)
        return known

    def _known(self, setting: str) -> _Known | None:
        name = fold(setting)
        known = self._settings.get(name)
        if known is None and (self._is_gone(name) or (self._born and name in self._without)):
            return _Known({} if name in _OBJECTS else None, True)
        return known

    def _is_gone(self, name: str) -> bool:
        return any(_is_of(name, start) for start in self._gone)

    def _put(self, name: str, known: _Known) -> None:
        self._held.pop(name, None)
        if name in self._settings or len(self._settings) < limits.MAX_SETTINGS:
            self._settings[name] = known


# `HIDDEN_DUE_TO_SECURITY_REASONS`, `<sensitiveDataRemoved>`, `***`
_HIDDEN = re.compile(r'"(?:HIDDEN_\w+|<\w+>|\*{2,})"')


def _difference(before: Any, after: Any, path: str) -> Iterator[Line]:
    """Yield the difference; of values that AWS hides it is not known whether they differ."""
    lines = list(difference(before, after, path))
    if not lines and _HIDDEN.search(canonical(after)):
        yield Line(path, "set", None, after)
    yield from lines


def _is_of(name: str, start: str) -> bool:
    """Tell whether a setting is what a call deletes: `DeleteBucketEncryption` a `ServerSideEncryptionConfiguration`."""
    return name.startswith(start) or name.endswith(f"{start}configuration")


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    """Keep the latest keys of an object that has too many."""
    over = len(value) - limits.MAX_SETTINGS
    return value if over <= 0 else dict(list(value.items())[over:])
