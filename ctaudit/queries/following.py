"""Other names of a thing: which call joined each to it, how long that held, and what names those have in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ctaudit import limits
from ctaudit.queries.aliases import ATTACHMENT, Link, Seen
from ctaudit.records.anyjson import fold
from ctaudit.records.arns import names_of, parse_arn, same_resource
from ctaudit.records.targets import Target


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name, found by a call that joined it to one that was known, and the time for which that held."""

    target: Target
    same: bool
    """Whether it is the thing itself by another name; else it is another thing that belongs to it."""
    root: Target
    """The thing that it leads back to."""
    since: str
    """Empty: from the beginning."""
    event_id: str | None
    """The call that shows it."""
    until: str | None = None
    region: str = ""
    """Folded, of that call."""
    joined: str = ""
    """The name of what it is a connection with, when it is one itself."""

    @property
    def word(self) -> str:
        """Return what the name is, for people: `volume vol-1`."""
        kind = "another name of it," if self.same else _word(self.target)
        return f"{kind} {self.target.name}"

    def as_json(self) -> dict[str, Any]:
        """Return what a script may want to know of it; the event that shows it can be looked up."""
        return {
            "name": self.target.name,
            "arn": self.target.arn,
            "same": self.same,
            "since": self.since or None,
            "until": self.until,
            "event_id": self.event_id,
        }

    def holds(self, time: str | None) -> bool:
        """Tell whether an event of this time is of both; the calls that join and part them are."""
        return time is not None and self.since <= time and (self.until is None or time <= self.until)


_WORDS = {
    "EIP": "address",
    "EIPAssociation": "association",
    "NetworkInterface": "network interface",
    ATTACHMENT: "attachment",
}


def _word(target: Target) -> str:
    word = (target.type or "").rpartition("::")[2]
    return _WORDS.get(word, word.lower() or "resource")


def names_for(target: Target) -> set[str]:
    """Return what a target may be looked up by: two that are the same have one of these in common."""
    arn = parse_arn(target.arn or "")
    return {fold(name) for name in (target.name, *(names_of(arn) if arn is not None else ()))}


class _Links:
    """All links, to be found by the names in them."""

    def __init__(self, known: Sequence[Seen]) -> None:
        self._joins: dict[str, list[Seen]] = {}
        self._parts: dict[str, list[Seen]] = {}
        for each in known:
            parts, link = each.link.how == "parts", each.link
            ends = (link.one,) if parts or link.other is None else (link.one, link.other)
            places = self._parts if parts else self._joins
            for name in {name for end in ends for name in names_for(end)}:
                places.setdefault(name, []).append(each)

    def of(self, target: Target) -> list[Seen]:
        """Return what joined a target with another, in order of time."""
        return _in_order(self._joins, names_for(target))

    def after(self, joined: Seen, near: Target, far: Target) -> Iterator[Seen]:
        """Yield what may have parted two targets."""
        token = {fold(joined.link.token)} if joined.link.token else set()
        later = _in_order(self._parts, names_for(near) | names_for(far) | token)
        alias = joined.link.other
        if alias is not None and alias.type == "AWS::KMS::Alias":
            later = sorted([*later, *self.of(alias)], key=lambda each: each.time)
        return (each for each in later if each.time >= joined.time and each is not joined)


def _in_order(places: dict[str, list[Seen]], names: Iterable[str]) -> list[Seen]:
    found = {id(each): each for name in sorted(names) for each in places.get(name, ())}
    return sorted(found.values(), key=lambda each: (each.time, each.event_id or "", each.link.one.name))


def followed(is_thing: Callable[[Target], bool], known: Sequence[Seen]) -> list[Alias]:
    """Return what the thing is otherwise known by and what belonged to it, the earliest first.

    Names are followed over several calls; of what only belongs to it, other names alone are, not what else that was
    joined with.
    """
    links = _Links(known)
    found: dict[tuple[str, str], Alias] = {}
    waiting = [alias for each in known for alias in _next(None, is_thing, each, links)]
    for _ in range(limits.MAX_ALIAS_HOPS):
        new = []
        for alias in waiting:
            key = (alias.target.arn or alias.target.name, alias.since)
            if key not in found and not is_thing(alias.target) and len(found) < limits.MAX_ALIASES:
                found[key] = alias
                new.append(alias)
        tests = [(alias, partial(_is, alias.target)) for alias in new]
        waiting = [
            one for alias, test in tests for each in links.of(alias.target) for one in _next(alias, test, each, links)
        ]
    return sorted(found.values(), key=lambda alias: (alias.since, alias.target.name, alias.target.arn or ""))


def _next(before: Alias | None, test: Callable[[Target], bool], each: Seen, links: _Links) -> Iterator[Alias]:
    """Yield what one link leads to, given the name it is followed from."""
    link = each.link
    if link.other is None or link.how == "parts":
        return
    if before is not None and ((not before.same and link.how == "joins") or not before.holds(each.time)):
        return
    for near, far, forth in ((link.one, link.other, True), (link.other, link.one, False)):
        if not test(near):
            continue
        same, renamed_from = link.how != "joins", link.how == "renames" and not forth
        root, region = (near, each.region) if before is None else (before.root, before.region)
        since, until = ("", each.time) if renamed_from else (each.time, _parting(each, near, far, links))
        if before is not None:
            since, until = max(since, before.since), min((t for t in (until, before.until) if t), default=None)
        same = same and (before is None or before.same)
        yield Alias(far, same, root, since, each.event_id, until, region)
        if link.token is not None:
            yield Alias(_connection(link.token), False, root, since, each.event_id, until, region, far.name)


def _connection(token: str) -> Target:
    return Target(token, type=f"AWS::EC2::{'EIPAssociation' if token.startswith('eip') else ATTACHMENT}")


def _parting(joined: Seen, near: Target, far: Target, links: _Links) -> str | None:
    """Return when two names were parted: by a call, by the end of either, or since an alias was given to another."""
    for each in links.after(joined, near, far):
        link = each.link
        if link.how == "parts":
            by_token = link.token is not None and link.token == joined.link.token
            of_both = link.other is None or any(_is(end, link.other) for end in (near, far))
            if by_token or (of_both and any(_is(end, link.one) for end in (near, far))):
                return each.time
        elif _is_alias_moved(joined.link, link):
            return each.time
    return None


def _is_alias_moved(old: Link, new: Link) -> bool:
    """Tell whether an alias of a key was given to another key."""
    if old.other is None or new.other is None or new.other.type != "AWS::KMS::Alias":
        return False
    return _is(old.other, new.other) and not _is(old.one, new.one)


def _is(one: Target, other: Target) -> bool:
    """Tell whether two targets of links are the same: by ARN where both have one, else by type, name and account."""
    first, second = parse_arn(one.arn or ""), parse_arn(other.arn or "")
    if first is not None and second is not None:
        return same_resource(first, second) or same_resource(second, first)
    same_account = one.account == other.account or None in (one.account, other.account)
    same_type = one.type == other.type or None in (one.type, other.type)
    return fold(one.name) == fold(other.name) and same_account and same_type
