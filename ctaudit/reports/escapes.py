"""Text from logs made harmless to print: whatever is invisible or steers a terminal is written visibly.

Everything in an event can be chosen by an attacker: terminal escapes that rewrite earlier lines, bidi overrides that
turn `exe.txt` around, zero-width and tag characters that make two names look the same. The rule is the one `repr` made
known: what Python calls not printable (controls, format characters, surrogates, private and unassigned characters, line
separators, every space but U+0020) is escaped; here also the characters Unicode lists as ignorable in display though
they are letters or marks. Only U+3000 is let through: an ordinary, visibly wide space in Chinese and Japanese text.
"""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Unicode's Default_Ignorable_Code_Point as far as `isprintable` lets it pass, and the blank Braille cell."""

_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_IDEOGRAPHIC_SPACE = "\u3000"


def visible(text: str) -> str:
    r"""Return `text` with every unprintable character as `\t`, `\n`, `\r`, `\xNN`, `\uNNNN` or `\UNNNNNNNN`.

    A literal backslash stays as it is, so the result is for eyes, not for decoding.
    """
    if text.isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return text
    return text.translate(_VISIBLE)


def harmless_json(text: str) -> str:
    r"""Return JSON text with every unprintable character as `\uNNNN`: the same value when parsed.

    Line feeds stay: a JSON encoder writes them between values only, never inside a string.
    """
    if text.isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return text
    return text.translate(_JSON)


def _is_plain(character: str) -> bool:
    if character == _IDEOGRAPHIC_SPACE:
        return True
    return character.isprintable() and not _UNSEEN.match(character)


class _Visible:
    """A table for `str.translate` that decides character by character."""

    def __getitem__(self, code: int) -> int | str:
        character = chr(code)
        if _is_plain(character):
            return code
        if character in _SHORT:
            return _SHORT[character]
        if code <= 0xFF:
            return f"\\x{code:02x}"
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


class _Json:
    """The same for JSON text, which knows only `\\uNNNN` and spells higher characters as a surrogate pair."""

    def __getitem__(self, code: int) -> int | str:
        character = chr(code)
        if code == 0x0A or _is_plain(character):
            return code
        if code <= 0xFFFF:
            return f"\\u{code:04x}"
        high, low = divmod(code - 0x10000, 0x400)
        return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


_VISIBLE = _Visible()
_JSON = _Json()
