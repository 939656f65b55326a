"""Name the members of records that the event dictionary does not know: AWS adds fields, and they must not go unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from ctaudit import limits
from ctaudit.records.columns import EVENT, Field, Shape

OTHERS = "(others)"
"""Stands for all names beyond the limit."""

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_nested = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[dict[str, msgspec.Raw]]).decode


def count(extras: Iterable[str]) -> Counter[str]:
    """Return path -> number of records, from the merge patches of records; `resources[].x` is in a list's entries."""
    found: Counter[str] = Counter()
    for extra in extras:
        for path in set(_unknown(_decode(extra), EVENT, "")):
            known = path in found or len(found) < limits.MAX_UNKNOWN_FIELDS
            found[path if known else OTHERS] += 1
    return found


def _unknown(patch: dict[str, msgspec.Raw], fields: Sequence[Field], prefix: str) -> Iterator[str]:
    by_key = {field.key: field for field in fields}
    for key, raw in patch.items():
        field = by_key.get(key)
        if field is None:
            yield prefix + key
        elif field.shape in (Shape.STRUCT, Shape.RESOURCES):
            yield from _inside(field, raw, prefix + key)


def _inside(field: Field, raw: msgspec.Raw, path: str) -> Iterator[str]:
    try:
        value: Any = _nested(raw)
    except msgspec.DecodeError:  # a value of another type, which is told apart from a field nobody knows
        return
    if isinstance(value, dict):
        yield from _unknown(value, field.fields, f"{path}.")
    else:
        for entry in value:
            yield from _unknown(entry, field.fields, f"{path}[].")
