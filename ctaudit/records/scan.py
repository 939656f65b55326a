"""Find JSON values in damaged text: where each one ends, so that what is whole can be kept and the rest located."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ctaudit import limits
from ctaudit.records.envelope import KNOWN_KEYS

_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]"]', re.DOTALL)
"""A whole string, or a bracket; a lone quote is a string that never ends.

The repeats are possessive: 16 MB of escapes in one string would else take a gigabyte of the matcher's memory.
"""
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SPACE = re.compile(rb"\s*")
_BETWEEN = re.compile(rb"[\s,\[\]}]*")
"""What may stand between two values of damaged text: its lists are looked into, whether they close or not."""
_CONTAINER = re.compile(rb'\{[^{}]{0,4096}?"(Records|Events|logEvents)"\s*:\s*\[')
"""What holds records: `logEvents` comes after other keys, and a lookup may begin with `NextToken`."""
_RECORD = re.compile(rb'\{\s*"(?:eventVersion|userIdentity|CloudTrailEvent|Records)"')
"""How records begin as AWS writes them: none stands inside another, save in an unknown wrapper."""
_RESTART = re.compile(
    rb'\{\s*"(?:eventVersion|userIdentity|CloudTrailEvent|Records|Events|EventId'
    rb"|eventTime|eventID|eventCategory|awsRegion|errorCode|apiVersion|addendum|additionalEventData"  # sorted keys
    rb'|(?:version"\s*:\s*"0|id"\s*:\s*"\d{20,}))"|(?<=\n)\{'
)
"""Where reading may go on after damage: at what looks like a record or its envelope, or at the start of a line."""
_OBJECT = re.compile(rb'\{\s*"|\[\s*["{\[]')
"""Where a value may begin behind text that begins none."""
_FOLLOWED = re.compile(rb"\s*(?:,\s*)?(?:[{\[\]]|\Z)")
_IS_KEY = re.compile(rb"\s*:")
_JSON_INSIDE = re.compile(rb'"\s*[\[{]')
"""A string that holds JSON: damage may have put a colon behind it, but it is no key."""


def value_end(text: bytes, start: int, stop: int | None = None) -> int | None:
    """Return the position behind the object, list or string that starts at `start`, or None when it never ends.

    It counts as never ending when it does not end before `stop`, or is longer than a record may be.
    """
    last = min(len(text) if stop is None else stop, start + limits.MAX_RECORD_BYTES)
    if text.startswith(b'"', start):
        string = _STRING.match(text, start, last)
        return string.end() if string else None
    if not text.startswith((b"{", b"["), start):
        return None
    depth = 0
    for token in _TOKEN.finditer(text, start, last):
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


def nests_deeper(text: bytes, most: int) -> bool:
    """Tell whether objects and lists of valid JSON stand in one another more than `most` deep."""
    if text.count(b"{") + text.count(b"[") <= most:
        return False
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in b"{[":
            depth += 1
            if depth > most:
                return True
        elif token[0] in b"}]":
            depth -= 1
    return False


@dataclass(frozen=True, slots=True)
class Piece:
    begin: int
    end: int | None
    """None for a value that never ends."""
    entry: bool = False
    """Whether it stands in a list of `Records`."""
    garbage: bool = False
    """Whether it is text that begins no value."""
    unread: bool = False
    """Whether the walk gave up here, because the damage would cost too much time."""


class Walk:
    """Walks damaged text from value to value, through lists and containers that may never close.

    The caller says when a value that ends is not valid; then the walk goes on at the next thing that looks like
    a record, be it inside, so that one missing quote does not swallow what follows.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._at = 0
        self._entry = False
        self._restart: tuple[int, int | None] | None = None
        self._budget = min(limits.MAX_RESCANS * len(text), len(text) + limits.MAX_RESCANNED_BYTES) + limits.MIB
        self._spare = min(2 * len(text) + limits.LONGEST_LOOK_BYTES, limits.MAX_LOOKED_THROUGH_BYTES)

    def next(self) -> Piece | None:
        """Return the next piece, None at the end of the text."""
        text = self._text
        while (at := _skip(_BETWEEN, text, self._at)) < len(text):
            if self._budget < 0:
                self._at = len(text)
                return Piece(at, len(text), unread=True)
            if found := _CONTAINER.match(text, at):
                if (end := self._entry_end(at, found[0])) is not None:
                    self._at = end
                    return Piece(at, end, self._entry)
                self._at, self._entry = found.end(), found[1] == b"Records"
                continue
            if text[at : at + 1] not in b'{"':
                found = _OBJECT.search(text, at)
                self._at = found.start() if found else len(text)
                return Piece(at, self._at, garbage=True)
            piece = self._value(at)
            if piece is not None:
                return piece
        return None

    def _entry_end(self, at: int, beginning: bytes) -> int | None:
        """Return where what begins like a container ends, if it is whole, and a record, an entry of a list or the first
        thing in the text: a value like any. Of another one, None: its list is walked through."""
        before = self._text[max(0, at - 64) : at].rstrip()[-1:]
        return self._whole_end(at) if before in (b",", b"[", b"") or b'"event' in beginning else None

    def _whole_end(self, at: int) -> int | None:
        """Return where a valid value ends although it looks as if a container or another record began inside it.

        This costs from a budget of its own: when that is used up, such values are lost and told, and no others.
        """
        if self._spare < 0:
            return None
        last = min(len(self._text), at + limits.LONGEST_LOOK_BYTES)
        end = value_end(self._text, at, last)
        self._spare -= (end or last) - at
        return end if end is not None and why_no_json(self._text[at:end]) is None else None

    def _is_record(self, at: int) -> bool:
        """Tell whether what begins like a record is one: damage may have put the next record into this one."""
        if self._spare < 0:
            return True
        last = min(len(self._text), at + limits.LONGEST_LOOK_BYTES)
        end = value_end(self._text, at, last)
        self._spare -= (end or last) - at
        return end is None or _has_known_keys(self._text[at:end])

    def _value(self, at: int) -> Piece | None:
        text = self._text
        stop = self._next_record(at)
        end = value_end(text, at, stop)
        self._budget -= (end or min(stop or len(text), at + limits.MAX_RECORD_BYTES)) - at
        if end is None and stop is not None and not self._is_record(stop):
            end = self._whole_end(at)
        is_string = text.startswith(b'"', at) and not _JSON_INSIDE.match(text, at)
        if end is not None and is_string and _IS_KEY.match(text, end):
            self._at = self._restart_after(at)  # a key: of an opened container, or of a record that lost its beginning
            return None
        piece = Piece(at, end, self._entry)
        if end is None:
            self.skip_damage(piece)
        else:
            self._at = end
        return piece

    def skip_damage(self, piece: Piece) -> None:
        """Go on behind a value that is not valid, or inside it."""
        restart = self._restart_after(piece.begin)
        end = piece.end
        self._at = end if end is not None and restart >= end and _FOLLOWED.match(self._text, end) else restart

    def _restart_after(self, position: int) -> int:
        """Return the next place after `position` where reading may go on; searched for once, however often asked."""
        known = self._restart
        if known is None or position < known[0] or (known[1] is not None and known[1] <= position):
            found = _RESTART.search(self._text, position + 1)
            known = self._restart = (position, found.start() if found else None)
        return len(self._text) if known[1] is None else known[1]

    def _next_record(self, at: int) -> int | None:
        """Return where the next record begins, if one begins at `at`: it must end before that."""
        if not _RECORD.match(self._text, at):
            return None
        found = _RECORD.search(self._text, at + 1)
        return found.start() if found else None


def why_no_json(text: bytes) -> tuple[str, int, str] | None:
    """Return kind, place and description of what makes the text no JSON value, or None when it is one."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except RecursionError:
        return "json.too_deep", 0, "nests too deeply to be read"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        said, _, at = str(error).removesuffix(")").partition(" (byte ")
        return "json.malformed", int(at) if at.isdecimal() else len(text), said
    return None


def sequence(text: bytes) -> list[tuple[int, int]] | None:
    """Return (begin, end) of objects and lists one after another, each on new lines; None when it is not that."""
    found: list[tuple[int, int]] = []
    at = _skip(_SPACE, text, 0)
    while at < len(text):
        end = value_end(text, at)
        if end is None:
            return None
        found.append((at, end))
        at = _skip(_SPACE, text, end)
        if at < len(text) and b"\n" not in text[end:at]:
            return None
    return found


def lines(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line) of every line that is not blank."""
    at = 0
    while at < len(text):
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].lstrip()
        if line:
            yield end - len(line), line.rstrip()
        at = end + 1


def _skip(pattern: re.Pattern[bytes], text: bytes, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _has_known_keys(text: bytes) -> bool:
    """Tell whether a text is an object with several keys of a record; False when it is no JSON."""
    try:
        return len(KNOWN_KEYS.intersection(_object(text))) >= 3
    except (msgspec.DecodeError, RecursionError):
        return False
