"""Values of requests and answers without the wrappers of XML and EC2, and tags in all the forms they come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ctaudit.records.anyjson import fold, get_folded
from ctaudit.records.difference import document_of

_WRAPPERS = ("items", "item", "member", "entry")
_MAX_DEPTH = 12


def listed(value: Any) -> list[Any]:
    """Return the elements of a list that may be wrapped as EC2 does: `{"items": [...]}`."""
    found = plain(value)
    return found if isinstance(found, list) else [] if found in (None, "", {}) else [found]


def plain(value: Any, left: int = _MAX_DEPTH) -> Any:
    """Take the wrappers of XML out of a value: `{"items": [...]}`, `{"value": x}`; texts of policies become JSON."""
    if isinstance(value, Mapping) and left:
        keys = [key for key in value if not fold(key).startswith("xmlns")]
        if len(keys) == 1:
            if keys[0] in _WRAPPERS:
                inner = plain(value[keys[0]], left - 1)
                return inner if isinstance(inner, list) else [inner]
            if keys[0] == "value":
                return plain(value["value"], left - 1)
        return {key: plain(value[key], left - 1) for key in keys}
    if isinstance(value, list) and left:
        return [plain(item, left - 1) for item in value]
    return document_of(value)


def tags_of(value: Any, left: int = 6) -> dict[str, Any]:
    """Read tags in whatever form: `[{"key", "value"}]`, `{"TagSet": {"Tag": {"Key", "Value"}}}`, `{key: value}`."""
    found = plain(value)
    if isinstance(found, list):
        return {name: each for item in found if left for name, each in tags_of(item, left - 1).items()}
    if not isinstance(found, Mapping):
        return {found: None} if isinstance(found, str) and found else {}
    for key, worth in (("key", "value"), ("tagkey", "tagvalue")):
        if isinstance(named := get_folded(found, key), str):
            return {named: get_folded(found, worth)}
    for key in ("tagset", "tags", "tag", "tagging"):
        if (inner := get_folded(found, key)) is not None and isinstance(inner, list | Mapping) and left:
            return tags_of(inner, left - 1)
    return dict(found)
