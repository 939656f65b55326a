"""SQL text cut into pieces: words, quoted text, comments, placeholders; each knows where it stood."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ctaudit.errors import QueryError

_NAME = r"[A-Za-z_][A-Za-z0-9_.\- ]{0,98}[A-Za-z0-9_]|[A-Za-z_]"


class Kind(StrEnum):
    SPACE = "space"
    COMMENT = "comment"
    TEXT = "text"
    """Text in single quotes, quotes included."""
    NAME = "name"
    """A name in double quotes or backticks, in double quotes here."""
    WORD = "word"
    NUMBER = "number"
    BRACES = "braces"
    """`${x}`, `{{x}}` or `{x}`: a placeholder."""
    ANGLES = "angles"
    """`<SOME NAME>`: a placeholder where a value or a table stands, else two comparisons."""
    DOLLAR = "dollar"
    """`$NAME`."""
    OTHER = "other"


_PIECES = re.compile(
    r"(?P<space>[\s\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff]+)"
    r"|(?P<comment>--[^\n]*|\#[^\n]*|/\*(?s:.*?)\*/)"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<smart>\u2018(?P<smart_text>[^\u2018\u2019']*)[\u2019'])"
    r'|(?P<name>"(?:[^"]|"")*"|`[^`]*`)'
    r"|(?P<double>[\u201c\u201d](?P<double_text>[^\u201c\u201d\"]*)[\u201c\u201d\"])"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<number>\d[\w.]*|\.\d\w*)"
    rf"|(?P<braces>\$\{{[^{{}}\n]{{1,100}}\}}|\{{\{{[^{{}}\n]{{1,100}}\}}\}}|\{{(?:{_NAME})\}})"
    rf"|(?P<angles><(?:{_NAME})>)"
    r"|(?P<dollar>\$[A-Za-z_]\w*)"
    r"|(?P<other>.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Piece:
    kind: Kind
    text: str
    """As it is to be read: smart quotes made plain, a comment made one space."""
    at: int
    """Offset in the text as given."""
    odd: str = ""
    """What Athena would not read that way."""

    @property
    def upper(self) -> str:
        return self.text.upper()


def cut(text: str) -> Iterator[Piece]:
    """Yield the pieces of the text; raises QueryError where a quote or a comment has no end."""
    for found in _PIECES.finditer(text):
        kind, raw, at = found.lastgroup or "", found[0], found.start()
        if found["smart"] is not None:
            yield Piece(Kind.TEXT, f"'{found['smart_text']}'", at, "typographic quotes")
        elif found["double"] is not None:
            yield Piece(Kind.NAME, f'"{found["double_text"]}"', at, "typographic quotes")
        elif kind == "name" and raw[0] == "`":
            yield Piece(Kind.NAME, '"' + raw[1:-1].replace('"', '""') + '"', at, "backticks around a name")
        elif kind == "comment":
            yield Piece(Kind.COMMENT, " ", at, "comments that begin with #" if raw[0] == "#" else "")
        elif kind == "space":
            plain = "\n" if "\n" in raw else " "
            yield Piece(Kind.SPACE, plain, at, "" if raw.isascii() else "spaces that are no plain spaces")
        elif kind == "other" and (trouble := _trouble(text, raw, at)):
            raise QueryError(f"the SQL has {trouble} at {place(text, at)} that does not end")
        else:
            yield Piece(Kind(kind), raw, at)


def _trouble(text: str, raw: str, at: int) -> str:
    if raw == "/" and text.startswith("/*", at):
        return "a comment"
    return "a quote" if raw in "'\"`\u2018\u2019\u201c\u201d" else ""


def place(text: str, at: int) -> str:
    """Say where an offset is, as people count."""
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - (text.rfind(chr(10), 0, at) + 1) + 1}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """SQL that the parser can read, and where each part of it stood in the text as given."""

    given: str
    text: str
    starts: tuple[int, ...]
    """Offset in `text` at which each piece begins."""
    origins: tuple[int, ...]
    """Offset in `given` of each of these pieces."""
    notes: tuple[str, ...] = ()

    def place(self, at: int) -> str:
        """Say where an offset in `text` stood in what was given."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return place(self.given, 0)
        return place(self.given, min(self.origins[index] + at - self.starts[index], len(self.given)))


def joined(given: str, pieces: Sequence[Piece], notes: tuple[str, ...]) -> Prepared:
    """Put pieces together again."""
    starts, at = [], 0
    for piece in pieces:
        starts.append(at)
        at += len(piece.text)
    text = "".join(piece.text for piece in pieces)
    return Prepared(given, text, tuple(starts), tuple(piece.at for piece in pieces), notes)
