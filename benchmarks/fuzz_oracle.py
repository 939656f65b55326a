"""What a plain JSON parser finds in a file's bytes: the claims that a fuzz run holds ctaudit's reader to.

The standard library alone. What counts as a record, and what is wrapped around records, is told by the tests' second
opinion (`tests/plain_reader.py`).
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ctaudit import limits
from tests.plain_reader import from_pairs, search

GZIP_MAGIC = b"\x1f\x8b"
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"),
)  # fmt: skip
_SPACE = re.compile(r"[ \t\n\r\x0b\x0c]*")
_NEXT = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
_OPENED = re.compile(r'(?:\{[ \t\n\r]*"(Records|Events)"[ \t\n\r]*:[ \t\n\r]*)?\[[ \t\n\r]*')
_CONTAINERS = ("Records", "Events", "logEvents")
"""A record with a list of such a name is taken for a container in damaged text: nothing is claimed of it there."""
_HALF = re.compile("[\ud800-\udfff]")
_LONGEST_INTEGER = 4000
"""Digits; Python refuses to read more than 4300, and ctaudit gives such a number as its text."""
_LONGEST_BITS = (10**_LONGEST_INTEGER).bit_length() - 1


@dataclass(frozen=True, slots=True)
class Claim:
    """What must come of one text.

    When the first line is a value, a text is read line by line: a value on several lines is then damage.
    """

    records: list[dict[str, Any]]
    exact: bool
    """Whether these records and no others must come; else these at least, for the text is damaged behind them."""
    told: bool
    """Whether there must be a fault."""
    quiet: bool
    """Whether the text is one value or one a line, and nothing is wrong with it: no fault may speak of damage."""


def unpacked(data: bytes) -> tuple[list[bytes], bool]:
    """Return the texts of a file, one for each gzip member as far as it goes, and whether it is one whole member."""
    if not data.startswith(GZIP_MAGIC):
        return [data], True
    found: list[bytes] = []
    while data.startswith(GZIP_MAGIC):
        stream = zlib.decompressobj(31)
        try:
            found.append(stream.decompress(data))
        except zlib.error:
            return [*found, _salvaged(data)], False
        if not stream.eof:
            return found, False
        data = stream.unused_data
    return found, len(found) == 1 and not data


def is_proven(text: bytes, data: bytes) -> bool:
    """Tell whether the checksum of a text stands in the file.

    The reader's decoder takes members that zlib refuses, for flags or code tables that nobody should write.
    """
    return struct.pack("<II", zlib.crc32(text), len(text)) in data


def _salvaged(data: bytes) -> bytes:
    stream, text = zlib.decompressobj(31), b""
    try:
        for at in range(len(data)):
            text += stream.decompress(data[at : at + 1])
    except zlib.error:
        pass  # what came before is what there is
    return text


def claim(text: bytes, *, exactly: bool) -> Claim:
    """Parse one text; `exactly` reads fractions so that they can be compared, and takes longer."""
    characters, sound = _decoded(text)
    decoder = EXACT if exactly else _QUICK
    values, whole, at = _sequence(characters, decoder)
    lines = _lines(characters, decoder) if len(values) > 1 or not whole else []
    by_line = len(values) == 1 or len(values) == len(lines)
    exact = whole and (by_line or not lines)
    if not exact:
        values = lines or [*values, *_entries(characters, at, decoder)]
    found = [record for value in values for record in search(value, decoder)]
    if not exact:
        found = [record for record in found if not any(isinstance(record.get(key), list) for key in _CONTAINERS)]
    return Claim(found, exact=exact, told=not sound or not whole, quiet=sound and exact and by_line)


def _decoded(text: bytes) -> tuple[str, bool]:
    mark, encoding = next((each for each in _MARKS if text.startswith(each[0])), (b"", "utf-8"))
    body = text[len(mark) :]
    try:
        return body.decode(encoding), True
    except UnicodeDecodeError:
        if encoding == "utf-8":
            return re.sub("[\udc80-\udcff]", "\ufffd", body.decode(encoding, "surrogateescape")), False
        return body.decode(encoding, "replace"), False


def _sequence(characters: str, decoder: json.JSONDecoder) -> tuple[list[Any], bool, int]:
    """Return values that stand one after another, each on new lines; whether they are all; and where they end."""
    found: list[Any] = []
    at = 0
    while True:
        start = _end(_SPACE, characters, at)
        if start == len(characters):
            return found, bool(found), at
        if found and "\n" not in characters[at:start]:
            return found, False, start
        try:
            value, at = decoder.raw_decode(characters, start)
        except (ValueError, RecursionError):
            return found, False, start
        found.append(value)


def _lines(characters: str, decoder: json.JSONDecoder) -> list[Any]:
    """Return what stands on lines of its own, when the first line is a value; none of another text."""
    found: list[Any] = []
    for line in characters.split("\n"):
        stripped = line.strip(" \t\r\x0b\x0c")
        if not stripped:
            continue
        try:
            found.append(decoder.decode(stripped))
        except (ValueError, RecursionError):
            if not found:
                return []
    return found


def _entries(characters: str, at: int, decoder: json.JSONDecoder) -> Iterator[Any]:
    """Yield the entries that are whole of a list that is not."""
    opened = _OPENED.match(characters, at)
    if opened is None:
        return
    at = opened.end()
    while True:
        try:
            value, at = decoder.raw_decode(characters, at)
        except (ValueError, RecursionError):
            return
        yield {"Records": [value]} if opened[1] == "Records" else value
        comma = _NEXT.match(characters, at)
        if comma is None:
            return
        at = comma.end()


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def depth(value: Any) -> int:
    """Count how many objects and lists stand in one another."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        each, level = waiting.pop()
        if isinstance(each, dict | list):
            deepest = max(deepest, level)
            waiting += [(inner, level + 1) for inner in (each.values() if isinstance(each, dict) else each)]
    return deepest


def readable(records: list[dict[str, Any]], text: bytes) -> list[dict[str, Any]]:
    """Leave out records that nest deeper than the reader's limit."""
    if text.count(b"{") + text.count(b"[") <= limits.MAX_DEPTH:
        return records
    return [record for record in records if depth(record) <= limits.MAX_DEPTH]


def mended(value: Any) -> Any:
    """Return a value as the reader may give it: no halves of surrogate pairs, very long integers as their text."""
    if isinstance(value, dict):
        return {mended(key): mended(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [mended(inner) for inner in value]
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    return str(value) if isinstance(value, int) and value.bit_length() > _LONGEST_BITS else value


class Numeral(str):
    """A number that is kept as its text."""


def _fraction(text: str) -> Any:
    return float(text) if abs(float(text)) != float("inf") else Numeral(text)


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_INTEGER else Numeral(text)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


EXACT = json.JSONDecoder(
    object_pairs_hook=from_pairs, parse_float=_fraction, parse_int=_integer, parse_constant=_refuse
)
_QUICK = json.JSONDecoder(object_pairs_hook=from_pairs, parse_int=_integer, parse_constant=_refuse)
