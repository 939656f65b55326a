"""Objects that name a member more than once: decoders keep the last one, and records in the others must not be lost."""

from __future__ import annotations

import re
from collections import Counter

import msgspec

Members = dict[str, msgspec.Raw]

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]]', re.DOTALL)
_COLON = re.compile(rb"\s*:\s*")
_RECORDS = re.compile(
    rb'"(?:R|\\u0052)(?:e|\\u0065)(?:c|\\u0063)(?:o|\\u006[fF])(?:r|\\u0072)(?:d|\\u0064)(?:s|\\u0073)"\s*:'
)
"""The key, however it is spelled."""
_ENVELOPE = len(b'{"Records":[]}')


def may_repeat_records(text: bytes, entries: list[msgspec.Raw]) -> bool:
    """Tell whether a log file may hold more lists of records than the one with these entries.

    Not when there is no byte more than these take, as in all that AWS writes: that costs no look at the text.
    """
    if len(text) == _ENVELOPE + sum(map(len, entries)) + max(0, len(entries) - 1):
        return False
    found = _RECORDS.finditer(text)
    return next(found, None) is not None and next(found, None) is not None


def split_repeated(text: bytes, members: Members) -> list[Members]:
    """Return the members as several objects of which none names one twice; `members` are those that were decoded."""
    if not members or len(text) == 1 + sum(len(key) + len(raw) + len('"":,') for key, raw in members.items()):
        return [members]
    apart: list[Members] = [{}]
    named = Counter[str]()
    for key, value in _pairs(text):
        if named[key] == len(apart):
            apart.append({})
        apart[named[key]][key] = value
        named[key] += 1
    return apart if len(apart) > 1 else [members]


def _pairs(text: bytes) -> list[tuple[str, msgspec.Raw]]:
    """Return key and value of each member of a valid JSON object, in their order."""
    keys: list[tuple[int, int, str]] = []
    depth = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in b"{[":
            depth += 1
        elif mark in b"}]":
            depth -= 1
        elif depth == 1 and (colon := _COLON.match(text, token.end())):
            keys.append((token.start(), colon.end(), msgspec.json.decode(mark, type=str)))
    ends = [start for start, _, _ in keys[1:]] + [text.rindex(b"}")]
    return [
        (key, msgspec.Raw(text[begin:end].rstrip().removesuffix(b",").rstrip()))
        for (_, begin, key), end in zip(keys, ends, strict=True)
    ]
