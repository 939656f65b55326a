"""The types of records and their parts as msgspec decodes them, derived from the event dictionary."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from ctaudit.records.columns import EVENT, Field, Shape

ABSENT = msgspec.Raw(b"null")
"""Value of a member that is kept as JSON text and is not there."""

SHARED = tuple(field for field in EVENT if field.shape in (Shape.STRUCT, Shape.RESOURCES))
"""Fields whose values repeat word for word from record to record: at the gate they are text, each decoded once."""

_REQUIRED = frozenset({"eventVersion", "eventTime", "eventID", "eventType"})
"""Without these a record is unusual enough to be looked at carefully."""


def type_of(field: Field) -> Any:
    """Return the type of a field's values, as strict as the column: any other value must not pass."""
    if field.shape is Shape.JSON:
        return msgspec.Raw
    if field.shape is Shape.FLAG:
        return bool | None
    if field.shape is Shape.MAP:
        return dict[str, str] | None
    if field.shape is Shape.STRUCT:
        return struct_of(field) | None
    if field.shape is Shape.RESOURCES:
        return list[Resource] | None
    return str | None


def _members(fields: Iterable[Field]) -> list[Any]:
    return [(field.name, type_of(field), ABSENT if field.shape is Shape.JSON else None) for field in fields]


def _gated_members() -> list[Any]:
    found: list[Any] = []
    for field, (name, kind, default) in zip(EVENT, _members(EVENT), strict=True):
        if field.key in _REQUIRED:
            found.append((name, str))
        else:
            found.append((name, msgspec.Raw, ABSENT) if field in SHARED else (name, kind, default))
    return found


def _struct(name: str, members: list[Any], fields: Iterable[Field], *, strict: bool) -> Any:
    keys = {field.name: field.key for field in fields}
    return msgspec.defstruct(name, members, rename=keys, forbid_unknown_fields=strict, kw_only=True, gc=False)


class Resource(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One entry of `resources`."""

    arn: str | None = msgspec.field(name="ARN", default=None)
    accountid: str | None = msgspec.field(name="accountId", default=None)
    type: str | None = None


@cache
def struct_of(field: Field) -> Any:
    """Return the type of the values of a nested field."""
    return _struct(field.key, _members(field.fields), field.fields, strict=True)


Event: Any = _struct("Event", _members(EVENT), EVENT, strict=True)
"""One record as the careful path makes it: attributes named like the columns; text, bool, Raw JSON, nested, or None."""
GatedEvent: Any = _struct("GatedEvent", _gated_members(), EVENT, strict=True)
"""One record as the gate takes it: members in the order of `EVENT`, shared fields as Raw JSON."""
WiderEvent: Any = _struct("WiderEvent", _gated_members(), EVENT, strict=False)
"""The same with any members more, which it loses: whoever decodes it must keep them."""
