"""From text in any encoding to clean UTF-8: marks taken off, what no JSON string may hold replaced and told."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
"""Byte order marks; UTF-32's little-endian one begins like UTF-16's, so it comes first."""
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})"  # a half
    rb"|.)",
    re.DOTALL,
)
HALF_REPLACED = "half of a surrogate pair was replaced by U+FFFD; the record is kept"
_BAD_BYTE = re.compile("[\udc80-\udcff]")
"""How `surrogateescape` writes a byte that is not UTF-8."""


@dataclass(frozen=True, slots=True)
class Trouble:
    offset: int
    """In the text as it was given."""
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Text:
    clean: bytes
    """Valid UTF-8 without a byte order mark and without halves of surrogate pairs."""
    troubles: tuple[Trouble, ...]
    original: Callable[[int], int]
    """Gives the offset in the text as it was given of an offset in `clean`."""


def clean(text: bytes) -> Text:
    """Return `text` as clean UTF-8; never raises.

    A byte order mark is no trouble: Windows tools write one. What is replaced becomes U+FFFD.
    """
    mark, encoding = next((each for each in _BOMS if text.startswith(each[0])), (b"", "utf-8"))
    body = text[len(mark) :] if mark else text
    decode = _utf8 if encoding == "utf-8" else _wide
    body, troubles, back = decode(body, encoding)
    troubles = [Trouble(each.offset + len(mark), each.kind, each.reason) for each in troubles]
    if (at := _lone_surrogate(body)) is not None:
        troubles.append(Trouble(back(at) + len(mark), "text.lone_surrogate", HALF_REPLACED))
        body = _replaced(body)
    return Text(body, tuple(troubles), lambda offset: back(offset) + len(mark))


def without_halves(text: str) -> str | None:
    """Return JSON text without the escapes of halves of surrogate pairs; None when it has none."""
    body = text.encode(errors="replace")
    return None if _lone_surrogate(body) is None else _replaced(body).decode()


def _replaced(body: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)  # of the same length


def is_utf8(text: bytes) -> bool:
    """Tell whether the bytes are UTF-8: a JSON decoder passes text that it does not look into on unread."""
    return _first_bad(text) is None


_Decoded = tuple[bytes, list[Trouble], Callable[[int], int]]


def _utf8(body: bytes, encoding: str) -> _Decoded:
    bad = _first_bad(body)
    if bad is None:
        return body, [], lambda offset: offset
    escaped = body.decode(encoding, "surrogateescape")
    replaced = _BAD_BYTE.sub("\ufffd", escaped).encode()
    reason = "bytes that are not UTF-8 were replaced by U+FFFD; the records are kept"
    way = _WayBack(replaced, escaped, encoding, "surrogateescape", len(body))
    return replaced, [Trouble(bad, "text.invalid_utf8", reason)], way


def _wide(body: bytes, encoding: str) -> _Decoded:
    troubles: list[Trouble] = []
    try:
        characters = body.decode(encoding)
    except UnicodeDecodeError as error:
        characters = body.decode(encoding, "replace")
        reason = f"bytes that are not {encoding[:6].upper()} were replaced by U+FFFD; the records are kept"
        troubles.append(Trouble(error.start, f"text.invalid_{encoding[:6].replace('-', '')}", reason))
    text = characters.encode()
    return text, troubles, _WayBack(text, characters, encoding, "strict", len(body))


class _WayBack:
    """From offsets in the clean text to those in the text as it was given, where one character is as one there.

    Offsets mostly grow, so each is found from the one before.
    """

    def __init__(self, clean: bytes, characters: str, encoding: str, errors: str, size: int) -> None:
        self._clean = clean
        self._characters = characters
        self._encoding = encoding
        self._errors = errors
        self._size = size
        self._known = (0, 0, 0)

    def __call__(self, offset: int) -> int:
        at, character, original = self._known if self._known[0] <= offset else (0, 0, 0)
        more = len(self._clean[at:offset].decode(errors="ignore"))
        original += len(self._characters[character : character + more].encode(self._encoding, self._errors))
        self._known = (offset, character + more, original)
        return min(original, self._size)  # half a character at the end was replaced by a whole one


def _first_bad(text: bytes) -> int | None:
    if text.isascii():
        return None
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _lone_surrogate(text: bytes) -> int | None:
    if b"\\ud" not in text and b"\\uD" not in text:  # the common case: the search below costs a hundred times this
        return None
    return next((found.start() for found in _ESCAPE.finditer(text) if found[1]), None)
