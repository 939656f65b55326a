"""What lies in a bucket and was left out, because it is of another account, region or time than what was asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

_SHOWN = 4


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A folder that was not looked into."""

    account: str
    region: str = ""
    """Empty when the whole account is left out."""
    days: str = ""
    """A year, month or day, such as `2026-03`; empty when the whole region is left out."""


@dataclass(slots=True)
class Others:
    """All that was left out of a listing, each kind by itself: there are millions of pairs in a large bucket."""

    accounts: set[str] = field(default_factory=set)
    regions: set[str] = field(default_factory=set)
    """Of accounts that were asked for, or of any when none was named."""
    days: set[str] = field(default_factory=set)

    def add(self, found: LeftOut) -> None:
        if found.days:
            self.days.add(found.days)
        elif found.region:
            self.regions.add(found.region)
        else:
            self.accounts.add(found.account)

    def __bool__(self) -> bool:
        return bool(self.accounts or self.regions or self.days)

    def __str__(self) -> str:
        """Say what there is: `the account 111122223333; the regions eu-west-1 and us-east-1; days of 2026-03`."""
        said = [
            _several(kind, names) for kind, names in (("account", self.accounts), ("region", self.regions)) if names
        ]
        if self.days:
            first, last = min(self.days), max(self.days)
            said.append(f"days of {first}" if first == last else f"days of {first} to {last}")
        return "; ".join(said)


def _several(kind: str, names: Collection[str]) -> str:
    if len(names) == 1:
        return f"the {kind} {next(iter(names))}"
    shown, more = sorted(names)[:_SHOWN], len(names) - _SHOWN
    return f"the {kind}s {', '.join(shown)}" + (f" and {more:,} more" if more > 0 else "")
