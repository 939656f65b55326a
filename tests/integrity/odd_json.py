"""JSON that nobody writes in good faith: any value in any field, and content that is odd in its size or spelling."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.trail.packing import minified
from tests.trail.small import CHAIN, small_trail

TRAIL = small_trail(hours=2, logs_an_hour=1)
KEY = TRAIL.digests(*CHAIN)[1]
DOCUMENT = TRAIL.document(KEY)

Path = tuple[str | int, ...]
"""Names and numbers that lead into a JSON value."""

TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(
    [
        "",
        "\0",
        "\ud800",
        "../../etc/passwd",
        "/etc/passwd",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "٣" * 64,
        KEY,
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.integers(10**4000, 10**4400) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def written(content: object) -> bytes:
    """Write JSON, and what is none: NaN, infinities, numbers of any length, halves of characters."""
    return json.dumps(_spelled(content)).replace('"\\u0001', "").replace('\\u0001"', "").encode()


def _spelled(content: object) -> object:
    """Python refuses to print integers that are too long in decimals: they are put in as text between two marks."""
    if isinstance(content, dict):
        return {name: _spelled(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_spelled(value) for value in content]
    if isinstance(content, int) and abs(content) >= 10**4000:
        return "\x01" + "7" * 5000 + "\x01"
    return content


def replaced(path: Path, value: object, whole: object = DOCUMENT) -> Any:
    """Return a copy of a JSON value with another value at the path; an empty path replaces all of it."""
    if not path:
        return value
    copy: Any = dict(whole) if isinstance(whole, dict) else list(whole)  # type: ignore[call-overload]
    copy[path[0]] = replaced(path[1:], value, copy[path[0]])
    return copy


def many_keys() -> bytes:
    """Fifteen thousand names, the last of them twice."""
    return b"{" + b",".join(b'"%d":0' % number for number in (*range(15_000), 14_999)) + b"}"


ODD: dict[str, Callable[[], bytes]] = {
    "deep lists": lambda: b"[" * 1_000_000 + b"]" * 1_000_000,
    "deep objects": lambda: b'{"a":' * 1_000_000,
    "deep in a field": lambda: minified(DOCUMENT)[:-1] + b',"x":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
    "long integer": lambda: b'{"digestStartTime":' + b"9" * 5_000_000 + b"}",
    "long fraction": lambda: b'{"digestStartTime":0.' + b"9" * 5_000_000 + b"}",
    "long exponent": lambda: b'{"digestStartTime":1e' + b"9" * 5_000_000 + b"}",
    "name twice": lambda: minified(DOCUMENT)[:-1] + b',"logFiles":[]}',
    "many names, one twice": many_keys,
    "NaN": lambda: minified(DOCUMENT)[:-1] + b',"x":NaN}',
    "byte order mark": lambda: b"\xef\xbb\xbf" + minified(DOCUMENT),
    "UTF-16": lambda: minified(DOCUMENT).decode().encode("utf-16"),
    "UTF-32": lambda: minified(DOCUMENT).decode().encode("utf-32"),
    "half a character": lambda: minified(DOCUMENT).replace(b"SHA-256", b"\xed\xa0\x80"),
    "no UTF-8": lambda: minified(DOCUMENT).replace(b"SHA-256", b"\xff"),
    "zeros": lambda: bytes(1_000_000),
    "spaces": lambda: b" " * 5_000_000,
    "quotes": lambda: b'"' * 1_000_001,
    "backslashes": lambda: b'"' + b"\\" * 1_000_000,
    "two documents": lambda: minified(DOCUMENT) * 2,
    "empty list": lambda: b"[]",
    "null": lambda: b"null",
    "many logs that are none": lambda: minified(DOCUMENT | {"logFiles": [0] * 1_000_000}),
    "one log many times": lambda: minified(DOCUMENT | {"logFiles": DOCUMENT["logFiles"] * 20_000}),
    "long text": lambda: minified(DOCUMENT | {"digestEndTime": "2026-03-09T14:00:00Z" * 300_000}),
    "long key": lambda: minified(DOCUMENT | {"digestS3Object": "a/" * 1_000_000}),
    "long bucket": lambda: minified(DOCUMENT | {"digestS3Bucket": "b" * 1_000_000}),
}


def check_words(error: Exception) -> None:
    """Check that an error's text is short and harms no terminal."""
    assert str(error).isprintable()
    assert len(str(error)) < 300
