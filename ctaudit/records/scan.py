"""Find JSON values in damaged text: where each one ends, so that what is whole can be kept and the rest located."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ctaudit import limits

_SKIP = re.compile(rb"[\s,]*")
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]"]', re.DOTALL)
"""A whole string, or a bracket; a lone quote is a string that never ends."""
_SCALAR = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[^\s,{}\[\]"]+', re.DOTALL)
_RECORD_START = re.compile(rb'\{\s*"(?:eventVersion|Records|CloudTrailEvent|userIdentity)"')
_CONTAINER = re.compile(rb'\s*\{\s*"(?:Records|Events|logEvents)"\s*:\s*\[')


def values(text: bytes, start: int = 0) -> Iterator[tuple[int, int | None]]:
    """Yield (start, end) of each JSON value one after another; end is None for one that never closes.

    Values may be parted by white space, commas or nothing. After a value that never closes the scan goes on at the
    next thing that looks like the start of a record, so one missing quote does not swallow the rest of a file; after
    `MAX_UNCLOSED` of them it stops.
    """
    at = _skip(text, start)
    unclosed = 0
    while at < len(text) and unclosed < limits.MAX_UNCLOSED:
        if text[at : at + 1] in b"]}":
            at = _skip(text, at + 1)
            continue
        end = value_end(text, at)
        yield at, end
        if end is None:
            unclosed += 1
            found = _RECORD_START.search(text, at + 1)
            at = found.start() if found else len(text)
        else:
            at = _skip(text, end)


def value_end(text: bytes, start: int) -> int | None:
    """Return the position behind the JSON value that starts at `start`, or None when it never ends.

    An object or list counts as never ending when it is longer than a record may be.
    """
    if text[start : start + 1] not in b"{[":
        scalar = _SCALAR.match(text, start)
        return scalar.end() if scalar else None
    depth = 0
    for token in _TOKEN.finditer(text, start, start + limits.MAX_RECORD_BYTES):
        mark = token[0]
        if mark in b"{[":
            depth += 1
        elif mark in b"}]":
            depth -= 1
            if depth == 0:
                return token.end()
        elif mark == b'"':
            return None
    return None


def first_record(text: bytes) -> int | None:
    """Return where the first thing that looks like a record or a container begins."""
    found = _RECORD_START.search(text)
    return found.start() if found else None


def inside_container(text: bytes, start: int = 0) -> int | None:
    """Return where the list of a `Records`, `Events` or `logEvents` object begins, or of a bare list; else None."""
    if found := _CONTAINER.match(text, start):
        return found.end()
    at = _skip(text, start)
    return at + 1 if text[at : at + 1] == b"[" else None


def _skip(text: bytes, at: int) -> int:
    found = _SKIP.match(text, at)
    return found.end() if found else at
