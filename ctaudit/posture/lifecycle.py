"""What a bucket's lifecycle rules delete of the logs, and when: against how long they have to be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctaudit.posture.patterns import ANY_PATH


@dataclass(frozen=True, slots=True)
class Expiry:
    """That a rule deletes logs."""

    rule: str
    days: int | None
    """After how many; None when it names a date."""
    noncurrent: bool
    """Whether it deletes versions that others replaced."""
    doubtful: bool
    """Whether the rule is for objects of some tag or size alone, so that logs may not be among them."""

    @property
    def words(self) -> str:
        when = "at a date" if self.days is None else f"after {self.days:,} days"
        return f"rule {self.rule} deletes {'old versions' if self.noncurrent else 'logs'} {when}"


def expiries(rules: Sequence[Mapping[str, Any]], logs: str) -> Iterator[Expiry]:
    """Yield what the rules in force delete below `logs`, such as `prefix/AWSLogs/`; the prefix may be `ANY_PATH`."""
    for place, rule in enumerate(rules, 1):
        if rule.get("Status") != "Enabled" or not _concerns(rule, logs):
            continue
        name, doubtful = str(rule.get("ID") or f"number {place}"), _is_narrow(rule)
        expiration = rule.get("Expiration") or {}
        if expiration.get("Days") or expiration.get("Date"):
            yield Expiry(name, expiration.get("Days"), False, doubtful)
        noncurrent = rule.get("NoncurrentVersionExpiration") or {}
        if noncurrent.get("NoncurrentDays"):
            yield Expiry(name, noncurrent["NoncurrentDays"], True, doubtful)


def _filter(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    given = rule.get("Filter") or {}
    return {**given, **(given.get("And") or {})}


def _concerns(rule: Mapping[str, Any], logs: str) -> bool:
    prefix = str(_filter(rule).get("Prefix") or rule.get("Prefix") or "")
    return logs.startswith((prefix, ANY_PATH)) or prefix.startswith(logs)


def _is_narrow(rule: Mapping[str, Any]) -> bool:
    given = _filter(rule)
    return bool({"Tag", "Tags", "ObjectSizeGreaterThan", "ObjectSizeLessThan"} & {key for key in given if given[key]})
