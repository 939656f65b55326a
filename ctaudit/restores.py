"""Ask S3 to restore archived objects, which costs money: how long that takes, and what came of asking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ctaudit.fault import Fault
from ctaudit.listing import FromS3
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_objects import Archived
from ctaudit.sources.s3_urls import SCHEME

TIERS = ("bulk", "standard", "expedited")
"""From the cheapest to the fastest."""
_TAKES: Mapping[str, Mapping[str, str]] = {
    "GLACIER": {"expedited": "1 to 5 minutes", "standard": "3 to 5 hours", "bulk": "5 to 12 hours"},
    "DEEP_ARCHIVE": {"standard": "12 hours", "bulk": "48 hours"},
}
"""Storage class and tier -> how long a restore takes; source: the S3 user guide, "Archive retrieval options"."""
_ASKED_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Restores:
    """What came of asking for restores."""

    requested: int
    under_way: int
    """Asked for before."""
    faults: tuple[Fault, ...]


def durations(storage_class: str) -> str:
    """Say how long a restore takes by each tier: `12 hours (standard), 48 hours (bulk)`."""
    return ", ".join(f"{how_long} ({tier})" for tier, how_long in _TAKES[storage_class].items())


def wanted(found: Iterable[Archived]) -> list[Archived]:
    """Return the objects of which no restore is under way."""
    return [each for each in found if not each.restoring]


def unfit(found: Iterable[Archived], tier: str) -> int:
    """Count the objects that cannot be restored by a tier."""
    return sum(tier not in _TAKES[each.storage_class] for each in found)


def request(found: Sequence[Archived], tier: str, days: int, from_s3: FromS3, asked: Callable[[int], None]) -> Restores:
    """Ask for a temporary copy of each object, for some days; `asked` is told how many were asked for.

    Raises CtauditError when there are no credentials.
    """
    if not found:
        return Restores(0, 0, ())
    s3 = S3(found[0].file.path, login=from_s3.login)
    new, faults = 0, []
    with ThreadPoolExecutor(_ASKED_AT_ONCE, "ctaudit-restore") as pool:
        for count, outcome in enumerate(pool.map(lambda each: _ask(s3, each, tier, days), found), 1):
            if isinstance(outcome, Fault):
                faults.append(outcome)
            else:
                new += outcome
            asked(count)
    return Restores(new, len(found) - new - len(faults), tuple(faults))


def _ask(s3: S3, archived: Archived, tier: str, days: int) -> bool | Fault:
    """Return whether a restore was begun now; False when it was under way."""
    bucket, _, key = archived.file.path.removeprefix(SCHEME).partition("/")
    try:
        return s3.restore(bucket, key, tier.capitalize(), days)
    except Unavailable as trouble:
        return Fault(archived.file.shown, None, "s3.not_restored", f"cannot be restored: {trouble.reason}")
