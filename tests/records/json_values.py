"""Strategies: JSON as odd as it gets, and records built from the event dictionary with anything in any place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from ctaudit.records.columns import EVENT, Field, Shape

TEXTS = st.text(max_size=8) | st.sampled_from(
    ["", "\0", "\u2028", "\U0001f600", '"\\', "null", "\x7f\x1f", "e\u0301", "\ufeff"]
)
NUMBERS: st.SearchStrategy[Any] = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([2**63, 2**64, -(2**63) - 1, 10**40, -0.0, 1e300, 5e-324])
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
_TIMES = st.sampled_from(
    ["2026-01-31T04:05:06Z", "2026-01-31T04:05:06.5Z", "2026-02-30T00:00:00Z", "...", "", "2026-01-31 04:05:06+01:00"]
)
_UNKNOWN = st.sampled_from(
    ["unheardOf", "eventname", "EventID", "", "extra", "account", "eventId", "@timestamp", "\u00e9\0"]
)


@dataclass(frozen=True, slots=True)
class Spelled:
    """A number in a spelling that `json.dumps` would not choose."""

    text: str


def spell(value: Any) -> str:
    """Write JSON, with `Spelled` numbers as they are."""
    if isinstance(value, Spelled):
        return value.text
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(key)}:{spell(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(spell, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


SPELLINGS = st.sampled_from(
    ["1.10", "1E5", "0.1000000000000000055511151231257827", "1e400", "-0", "-0.0", "9" * 60]
).map(Spelled)


def records(*, violations: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Records with any of the known fields, null ones and odd ones; `violations` adds unknown keys and wrong types."""
    return _object(EVENT, violations, always=("eventVersion", "eventTime", "eventID", "eventType"))


def _object(
    fields: tuple[Field, ...], violations: bool, always: tuple[str, ...] = ()
) -> st.SearchStrategy[dict[str, Any]]:
    required = {} if violations else {field.key: _value(field, False) for field in fields if field.key in always}
    optional = {field.key: _value(field, violations) for field in fields if field.key not in required}
    known = st.fixed_dictionaries(required, optional=optional)
    if not violations:
        return known
    return st.builds(lambda one, other: one | other, known, st.dictionaries(_UNKNOWN, VALUES, max_size=2))


def _value(field: Field, violations: bool) -> st.SearchStrategy[Any]:
    kinds: dict[Shape, st.SearchStrategy[Any]] = {
        Shape.TIME: _TIMES if violations else st.just("2026-01-31T04:05:06Z"),
        Shape.FLAG: st.booleans(),
        Shape.JSON: VALUES | st.dictionaries(TEXTS, SPELLINGS, max_size=2),
        Shape.MAP: st.dictionaries(TEXTS, TEXTS, max_size=3),
    }
    if field.shape is Shape.STRUCT:
        right: st.SearchStrategy[Any] = _object(field.fields, violations)
    elif field.shape is Shape.RESOURCES:
        entry = _object((*field.fields, Field("ARNPrefix", Shape.TEXT, "")), violations)
        right = st.lists(entry | VALUES if violations else entry, max_size=3)
    else:
        right = kinds.get(field.shape, TEXTS)
    nullable = field.key not in ("eventVersion", "eventTime", "eventID", "eventType") or violations
    choices = [right, right, right] + ([st.none()] if nullable else []) + ([VALUES] if violations else [])
    return st.one_of(choices)
