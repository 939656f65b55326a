"""What calls left behind that outlives them, and which later call took it away: what still stands of it.

A later call took it away when it succeeded in the same account and names the thing and its owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ctaudit.lineage.credential import Credential, credential
from ctaudit.lineage.issued import Event, event_of
from ctaudit.lineage.left_behind import RULES
from ctaudit.query import Record
from ctaudit.records.anyjson import account_of, fold, object_of, source_of, text_of
from ctaudit.records.outcome import outcome
from ctaudit.records.verbs import bare_name

State = Literal["standing", "removed", "replaced", "inactive", "unknown"]
_DEPTH = 6
_KEY, _END = "access key", "deleteuser"
_UNIQUE = ("access key", "service credential", "signing certificate", "key grant")
"""Kinds whose names are never given to another one, so that a call need not name the owner."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a call made or changed, and that outlives the call."""

    kind: str
    name: str
    owner: str | None
    account: str | None
    event: Event
    caller: Credential
    undone: frozenset[str]
    arn: str | None = None
    unique_id: str | None = None
    role: str | None = None

    @property
    def acts(self) -> bool:
        """Whether calls can be made with its own credentials."""
        return self.kind in ("user", "role", "function", "function code", "instance")

    def shows(self) -> Iterator[tuple[str, str]]:
        """Yield what the calls show that it makes itself: a column and its value."""
        if self.kind == "user":
            made = f"arn:aws:iam::{self.account}:user/{self.name}"
            yield ("principal", self.unique_id) if self.unique_id else ("arn", self.arn or made)
        elif self.kind == "role":
            made = f"arn:aws:iam::{self.account}:role/{self.name}"
            yield ("issuer_id", self.unique_id) if self.unique_id else ("issuer", self.arn or made)
        elif self.acts:
            yield "session", self.name
            if self.arn:
                yield "workload", self.arn

    @property
    def names(self) -> tuple[str, ...]:
        """Every text by which a later call may name it, or the user whose end is its end."""
        owner = self.owner if self.kind == _KEY and _END in self.undone else None
        return tuple(dict.fromkeys(one for one in (self.name, self.arn, owner) if one))


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a thing."""

    state: State
    by: Event | None = None
    """The call that took it away."""

    @property
    def gone(self) -> bool:
        return self.state in ("removed", "replaced")


_PARTS = {"q": "requestParameters", "r": "responseElements"}


def may_make(source: str | None, name: str | None, read_only: bool | None) -> bool:
    """Tell whether a call of this name may leave something behind."""
    return name is not None and (fold((source or "").partition(".")[0]), fold(bare_name(name))) in RULES


def may_undo(wanted: frozenset[str], name: str | None) -> bool:
    return name is not None and fold(bare_name(name)) in wanted


def things(record: Record) -> list[Thing]:
    """Return what a call left behind; nothing for a call that failed."""
    rule = RULES.get((source_of(record), fold(bare_name(text_of(record.get("eventName")) or ""))))
    if rule is None or outcome(record).result != "succeeded":
        return []
    if rule.only and not any(True for _ in _at(record, rule.only)):
        return []
    caller, event = credential(record), event_of(record)
    names = _texts(record, rule.name)
    if not names and rule.kind in ("access key", "password") and caller.user:
        names = [caller.user]
    return [
        Thing(
            *(rule.kind, name, _text(record, rule.owner), account_of(record), event, caller),
            frozenset(rule.undone.split()),
            _text(record, rule.arn),
            _text(record, rule.unique_id),
            _text(record, rule.role),
        )
        for name in (names if rule.every else names[:1])
    ]


def standing(thing: Thing, later: Iterable[Record]) -> Standing:
    """Return what became of a thing, given calls that may have taken it away, in any order.

    Of a call in its very second nobody knows which came first.
    """
    found = Standing("standing")
    own = (thing.event.time or "", thing.event.event_id or "")
    for record in sorted(later, key=lambda one: (str(one.get("eventTime")), str(one.get("eventID")))):
        if record.get("eventID") == own[1] or str(record.get("eventTime")) < own[0] or not undoes(thing, record):
            continue
        event = event_of(record)
        state = _state(thing, record)
        if state == "standing" and found.state == "standing":
            continue
        if event.time == own[0] and thing.kind not in ("user", "role", "access key", "instance"):
            state = "unknown"
        found = Standing(state, event if state != "standing" else None)
        if found.gone:
            return found
    return found


def undoes(thing: Thing, record: Record) -> bool:
    """Tell whether a call takes a thing away, or makes it active again."""
    name = fold(bare_name(text_of(record.get("eventName")) or ""))
    if name not in thing.undone or account_of(record) != thing.account or outcome(record).result != "succeeded":
        return False
    if name.startswith("modify") and not _withdraws(record):
        return False
    texts = {fold(text) for text in _leaves(record.get("requestParameters"), _DEPTH)}
    last = {text.rpartition("/")[2].rpartition(":")[2] for text in texts}
    if name == _END and thing.kind == _KEY:
        # IAM deletes no user that has keys: the call that deleted them may be in a log that is not there.
        return thing.owner is not None and fold(thing.owner) in texts
    owned = thing.owner is None or thing.kind in _UNIQUE or fold(thing.owner) in texts | last
    own = (one for one in (thing.name, thing.arn) if one)
    return owned and any(fold(one) in texts or fold(one) in last for one in own)


def _withdraws(record: Record) -> bool:
    request = object_of(record.get("requestParameters"))
    for part in ("createVolumePermission", "launchPermission"):
        if object_of(request.get(part)).get("remove"):
            return True
    return bool(request.get("valuesToRemove"))


def _state(thing: Thing, record: Record) -> State:
    if text_of(record.get("eventName")) == thing.event.name:
        return "replaced"
    status = text_of(object_of(record.get("requestParameters")).get("status"))
    if status is None:
        return "removed"
    return "inactive" if fold(status) == "inactive" else "standing"


def _text(record: Record, paths: str) -> str | None:
    return next(iter(_texts(record, paths)), None)


def _texts(record: Record, paths: str) -> list[str]:
    """Return the texts at the first of some paths that has any."""
    for path in paths.split("|"):
        if path and (found := [one for one in _at(record, path) if isinstance(one, str) and one]):
            return found
    return []


def _at(record: Record, path: str) -> Iterator[Any]:
    part, *keys = path.split(".")
    return _walk(record.get(_PARTS[part]), keys)


def _walk(value: Any, keys: Sequence[str]) -> Iterator[Any]:
    """Yield what stands at a path of folded keys, through lists."""
    if isinstance(value, list):
        for entry in value:
            if not isinstance(entry, list):
                yield from _walk(entry, keys)
    elif not keys:
        if value is not None:
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if fold(key) == keys[0]:
                yield from _walk(inner, keys[1:])


def _leaves(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner, depth - 1)
    elif depth and isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, depth - 1)
