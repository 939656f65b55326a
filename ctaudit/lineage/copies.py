"""Which records are other accounts' copies of one call, so that it is counted once.

One `sharedEventID` alone does not prove it: copies have one time, name and caller, and each is of another account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ctaudit.query import Record
from ctaudit.records.anyjson import account_of, object_of, source_of, text_of


@dataclass(slots=True)
class _Group:
    first: int
    accounts: set[str | None] = field(default_factory=set)
    callers: set[str] = field(default_factory=set)
    places: list[int] = field(default_factory=list)


def copies(records: Sequence[Record]) -> dict[int, int]:
    """Return the places of copies -> the place of the record to keep, which names the caller where one does."""
    groups: dict[object, list[_Group]] = {}
    for place, record in enumerate(records):
        shared, name = text_of(record.get("sharedEventID")), text_of(record.get("eventName"))
        if shared and name:
            key = (shared, name, source_of(record), text_of(record.get("eventTime")))
            _join(groups.setdefault(key, []), place, record)
    found: dict[int, int] = {}
    for each in (group for some in groups.values() for group in some if len(group.places) > 1):
        kept = next((place for place in each.places if _names_caller(records[place])), each.first)
        found |= {place: kept for place in each.places if place != kept}
    return found


def once(records: Sequence[Record]) -> list[int]:
    """Return the places of records, of several copies of one call only that which names its caller."""
    left_out = copies(records)
    return [place for place in range(len(records)) if place not in left_out]


def _join(groups: list[_Group], place: int, record: Record) -> None:
    account, caller = account_of(record), _caller(record)
    for group in groups:
        if account not in group.accounts and (caller is None or not group.callers or caller in group.callers):
            break
    else:
        groups.append(group := _Group(place))
    group.accounts.add(account)
    group.callers |= {caller} if caller is not None else set()
    group.places.append(place)


def _caller(record: Record) -> str | None:
    """Return the unique id of the caller; None where a copy tells but the account."""
    found = text_of(object_of(record.get("userIdentity")).get("principalId"))
    return None if found is None or found.isdecimal() else found


def _names_caller(record: Record) -> bool:
    return bool(object_of(record.get("userIdentity")).get("arn"))
