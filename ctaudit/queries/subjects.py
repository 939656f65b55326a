"""Which thing a target is: things of one name told apart, and the aliases that a target may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ctaudit.queries.following import Alias, names_for
from ctaudit.query import Record
from ctaudit.records.anyjson import fold, text_of
from ctaudit.records.arns import parse_arn, unsuffixed_secret
from ctaudit.records.targets import Target

Subject = tuple[str, str, str, str]
"""(service or type, account, region, name), folded; empty where a record does not tell."""


def subject_of(target: Target, region: str = "") -> Subject:
    """Return what tells a thing from all others of its name; `region` is the call's, for one without an ARN."""
    arn = parse_arn(target.arn or "")
    if arn is None:
        return (fold(target.type or ""), target.account or "", region, fold(target.name))
    service, resource = fold(arn.service), fold(arn.resource)
    if service == "iam":
        word, _, rest = resource.partition("/")
        resource = f"{word}/{rest.rpartition('/')[2]}"
    elif service == "lambda" and resource.startswith("function:"):
        resource = ":".join(resource.split(":")[:2])
    elif service == "secretsmanager":
        resource = unsuffixed_secret(arn.resource).lower()
    return (service, arn.account, fold(arn.region), resource)


class Subjects:
    """Tells apart the things of one name; a record that tells less than others is of the only one that it fits."""

    def __init__(self, found: Iterable[tuple[Target, str]]) -> None:
        """Take all targets, each with the region of its call."""
        self._named: dict[str, dict[Subject, Target]] = {}
        for target, region in found:
            self._named.setdefault(fold(target.name), {}).setdefault(subject_of(target, region), target)

    def of(self, target: Target, region: str) -> Subject:
        own = subject_of(target, region)
        if target.arn is not None:
            return own
        named = self._named.get(fold(target.name), {})
        fitting = [subject for subject, known in named.items() if _fits(target, region, subject, known)]
        whole = [subject for subject in fitting if named[subject].arn is not None] or fitting
        return whole[0] if len(whole) == 1 else own


def _fits(target: Target, region: str, subject: Subject, known: Target) -> bool:
    """Tell whether a target without an ARN may be a known one that more is told of."""
    if known.arn is None and (known.type is None or target.type is not None):
        return False
    same_type = target.type is None or known.type is None or target.type == known.type
    same_account = not target.account or not subject[1] or target.account == subject[1]
    same_region = not region or not subject[2] or region == subject[2]
    return same_type and same_account and same_region


def region_of(record: Record) -> str:
    return fold(text_of(record.get("awsRegion")) or "")


class OtherNames:
    """Aliases, to be found by the targets that they are."""

    def __init__(self, aliases: Sequence[Alias]) -> None:
        self._tests: dict[str, list[tuple[Alias, Callable[[Target], bool]]]] = {}
        for alias in aliases:
            for name in names_for(alias.target):
                self._tests.setdefault(name, []).append((alias, same_thing(alias.target)))

    def among(self, found: Sequence[Target]) -> list[tuple[Alias, Target]]:
        """Return which aliases some targets are, each once, in the order of the aliases."""
        near = {
            id(alias): (alias, target)
            for target in reversed(found)
            for name in names_for(target)
            for alias, is_it in self._tests.get(name, ())
            if is_it(target)
        }
        return sorted(near.values(), key=_alias_order)


def _alias_order(pair: tuple[Alias, Target]) -> tuple[str, ...]:
    alias = pair[0]
    return (alias.since, alias.target.name, alias.target.arn or "", alias.event_id or "", alias.until or "")


def same_thing(wanted: Target) -> Callable[[Target], bool]:
    """Return a test for other targets that name the same thing; what either leaves unknown does not contradict."""
    subject = subject_of(wanted)

    def is_it(target: Target) -> bool:
        found = subject_of(target)
        if found == subject:
            return True
        if wanted.arn is not None and target.arn is not None:
            return False
        same_type = target.type is None or wanted.type is None or target.type == wanted.type
        same_account = target.account is None or wanted.account is None or target.account == wanted.account
        return fold(target.name) == fold(wanted.name) and same_type and same_account

    return is_it
