"""A thing as the user asks for it (name, id, ARN, `bucket/key`, `prefix*`) and whether a target is that thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from ctaudit.records.anyjson import fold
from ctaudit.records.arn_forms import FORMS
from ctaudit.records.arns import Arn, names_of, parse_arn, same_resource, type_of_arn
from ctaudit.records.targets import QUEUE_URL, Target

MIN_NEEDLE = 3
"""Shorter pieces of a name narrow nothing down."""

# What a JSON writer never escapes and URL encoding leaves alone.
_SAFE = re.compile(r"[a-z0-9_.-]+")
_ARN_START = re.compile(r"arn:[^:]*:([^:]*):[^:]*:[^:]*:(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Thing:
    text: str
    """As asked, without `s3://` and the `*` at the end."""
    is_prefix: bool
    """The user ended it with `*`."""
    arn: Arn | None = None
    """Set when the text is a whole ARN."""
    names: frozenset[str] = frozenset()
    """Folded names, any of which an ARN-less target may bear."""
    folded: str = field(default="", repr=False)

    def matches(self, target: Target) -> bool:
        """Tell whether the target is this thing, in any letter case; what either leaves unknown does not contradict."""
        if self.is_prefix:
            return any(name.startswith(self.folded) for name in _names(target)) or self._matches_arn_prefix(target)
        if self.arn is None:
            return self.folded in _names(target)
        if target.arn is not None and (found := parse_arn(target.arn)) is not None:
            return same_resource(self.arn, found)
        return not _contradicts(self.arn, target) and not self.names.isdisjoint(_names(target))

    def _matches_arn_prefix(self, target: Target) -> bool:
        """Compare `arn:...:secret:prod*` with a target whose ARN is not known, by name, type and account."""
        if target.arn is not None or (arn := parse_arn(self.text)) is None:
            return False
        # The type is known only once the prefix reaches into the name: `arn:...:secret:prod*`, not `arn:...:sec*`.
        if type_of_arn(arn) is None or _contradicts(arn, target):
            return False
        start = fold(names_of(arn)[-1])
        return any(name.startswith(start) for name in _names(target))

    @property
    def needles(self) -> tuple[str, ...]:
        """Return folded substrings, one of which stands in the raw JSON of every record that has this thing as target.

        Empty when nothing in the text is sure to be written as it is asked: then a search cannot be narrowed.
        """
        if self.is_prefix:
            return _needles(_certain_part(self.folded))
        return _needles(*(self.names if self.arn is not None else (self.folded,)))


def parse_thing(text: str) -> Thing:
    """Read what the user asks for: a name, an id, an ARN, a queue URL, `bucket/key`, `s3://bucket/key`, `prefix*`."""
    stripped = text.strip()
    is_prefix = stripped.endswith("*")
    # `log-group:NAME:*` is how AWS writes a log group's ARN, not a prefix.
    if is_prefix and fold(stripped).startswith("arn:") and ":log-group:" in stripped and stripped.endswith(":*"):
        is_prefix = False
    if is_prefix:
        stripped = stripped[:-1]
    if stripped[:5].lower() == "s3://":
        stripped = stripped[5:]
        stripped = stripped if is_prefix or stripped.count("/") > 1 else stripped.removesuffix("/")
    if is_prefix:
        return Thing(stripped, True, folded=fold(stripped))
    if url := QUEUE_URL.fullmatch(stripped):
        stripped = url[3]
    arn = parse_arn(stripped)
    names = frozenset(_arn_names(arn)) if arn is not None else frozenset({fold(stripped)})
    return Thing(stripped, False, arn, names, fold(stripped))


def _arn_names(arn: Arn) -> Iterator[str]:
    for name in names_of(arn):
        yield fold(name)


@lru_cache(maxsize=4096)
def _names(target: Target) -> frozenset[str]:
    """Return every folded name of a target."""
    names = [target.name, target.arn or ""]
    arn = parse_arn(target.arn) if target.arn is not None else None
    if arn is not None:
        names += names_of(arn)
        names.append(":".join(("arn", *arn)))
    if target.type == "AWS::KMS::Alias":
        names.append(target.name.removeprefix("alias/"))
    elif target.type == "AWS::S3::Object":
        names.append(target.name.partition("/")[2])
    elif target.type == "AWS::Route53::RecordSet":
        names.append(target.name.removesuffix("."))
    return frozenset(fold(name) for name in names if name)


def _contradicts(arn: Arn, target: Target) -> bool:
    """Tell whether a target without an ARN is surely another thing: of another account or another type."""
    if arn.account and target.account and fold(arn.account) != fold(target.account):
        return True
    kind = type_of_arn(arn)
    return kind is not None and target.type is not None and kind != target.type


def _certain_part(folded: str) -> str:
    """Return the part of a prefix that a matching record surely writes; of an ARN that is the name.

    ARNs are built where a record has only the name, so what comes before it need not stand in the record.
    """
    if "arn:".startswith(folded[:4]) or folded.startswith("arn:"):
        start = _ARN_START.fullmatch(folded)
        if start is None:
            return ""
        service, resource = start.groups()
        prefixes = [fold(form.prefix) for form in FORMS.values() if form.service == service]
        if any(prefix.startswith(resource) for prefix in prefixes):
            return ""
        known = max((prefix for prefix in prefixes if resource.startswith(prefix)), key=len, default="")
        rest = resource[len(known) :]
        # Of an ARN that is not ours to build, the last part is the name in every form.
        return rest if known or service == "s3" else re.split("[:/]", resource)[-1]
    return folded


def _needles(*texts: str) -> tuple[str, ...]:
    """Return the longest safe piece of each text that contains no other one; empty if one has none.

    `a/b/ROLE` is only written where `ROLE` is, so it need not be searched for.
    """
    found = set()
    for text in texts:
        if any(other != text and other in text for other in texts):
            continue
        piece = max(reversed(_SAFE.findall(text)), key=len, default="")
        if len(piece) < MIN_NEEDLE:
            return ()
        found.add(piece)
    return tuple(sorted(one for one in found if not any(other != one and other in one for other in found)))
