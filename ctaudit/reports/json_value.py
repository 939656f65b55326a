"""One value as JSON text that any parser reads back equal and any terminal prints harmlessly."""

from __future__ import annotations

import re
from typing import Any

import orjson

from ctaudit.reports.escapes import harmless_json

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def compact(value: Any) -> str:
    """Write `value` on one line, without spaces."""
    return harmless_json(_dump(value, 0))


def indented(value: Any) -> str:
    """Write `value` over several lines, indented by two."""
    return harmless_json(_dump(value, orjson.OPT_INDENT_2))


def _dump(value: Any, option: int) -> str:
    try:
        return orjson.dumps(value, option=option).decode()
    except TypeError:
        return orjson.dumps(_acceptable(value), option=option).decode()


def _acceptable(value: Any) -> Any:
    """Return `value` with what orjson refuses put in another form.

    Lone surrogates, which UTF-8 cannot carry and strict parsers reject even as escapes, become U+FFFD; integers beyond
    64 bits are written digit by digit.
    """
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return orjson.Fragment(str(value).encode())
    if isinstance(value, dict):
        return _acceptable_object(value)
    if isinstance(value, list | tuple):
        return [_acceptable(item) for item in value]
    return value


def _acceptable_object(value: dict[str, Any]) -> dict[str, Any]:
    """Keep both of two keys that differ only in a lone surrogate: nothing is dropped silently."""
    kept: dict[str, Any] = {}
    for key, item in value.items():
        name = _acceptable(key)
        while name in kept:
            name += "\ufffd"
        kept[name] = _acceptable(item)
    return kept
