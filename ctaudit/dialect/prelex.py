"""Make published SQL readable for a parser: one statement, plain quotes, placeholder tables as names (P1, P2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from ctaudit import limits
from ctaudit.dialect.parameters import fill
from ctaudit.dialect.pieces import Kind, Piece, Prepared, cut, joined, place
from ctaudit.errors import QueryError

_BLANK = (Kind.SPACE, Kind.COMMENT)
_INNER_FROM = frozenset(["EXTRACT", "SUBSTRING", "TRIM", "OVERLAY"])
"""Functions with a FROM of their own, which no table follows."""
_TABLE_END = re.compile(r"[\s(),;]")
_PLAIN = re.compile(r'(?:\w|"(?:[^"]|"")*")(?:[\w.]|"(?:[^"]|"")*")*')
_SPLIT_OPERATORS = frozenset(["<=", ">=", "<>", "!=", "||"])
EXAMPLE = 'try: ctaudit query "SELECT eventname, count(*) FROM cloudtrail_logs GROUP BY eventname"'


def prepare(text: str, params: Mapping[str, str]) -> Prepared:
    """Return the one statement of the text, ready to be parsed.

    Raises QueryError when it is too long, nested too deeply, not one statement, or has quotes that do not end or
    parameters that were not filled.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise QueryError("the SQL is not UTF-8 text") from error
    if size > limits.MAX_SQL_BYTES:
        raise QueryError(f"the SQL is longer than {limits.MAX_SQL_BYTES} bytes")
    if "\0" in text:
        raise QueryError(f"the SQL has a null character at {place(text, text.index(chr(0)))}")
    pieces = _one_statement(text, list(cut(text)))
    _bounded(text, pieces)
    odd = dict.fromkeys(piece.odd for piece in pieces if piece.odd)
    if any(first.text == second.text == ":" for first, second in pairwise(pieces)):
        odd.setdefault("x::type, there it is CAST(x AS type)")
    pieces = list(_close_operators(fill(text, _tables(text, pieces, params), params)))
    return joined(text, pieces, tuple(f"Athena does not read {what}" for what in odd))


def _one_statement(text: str, pieces: list[Piece]) -> list[Piece]:
    """Return the pieces before the first semicolon, when nothing but blanks follows."""
    solid = [index for index, piece in enumerate(pieces) if piece.kind not in _BLANK and piece.text != ";"]
    if not solid:
        raise QueryError("there is no SQL", EXAMPLE)
    ends = [index for index, piece in enumerate(pieces) if piece.text == ";"]
    if ends and ends[0] < solid[-1]:
        second = next(index for index in solid if index > ends[0])
        raise QueryError(
            f"there is more than one statement, a second begins at {place(text, pieces[second].at)}", "give one SELECT"
        )
    return pieces[: solid[-1] + 1]


def _bounded(text: str, pieces: Sequence[Piece]) -> None:
    """Refuse what would make the parser recurse without end, brackets and CASE within one another, or work for long."""
    if sum(piece.kind not in _BLANK for piece in pieces) > limits.MAX_SQL_WORDS:
        raise QueryError(f"the SQL has more than {limits.MAX_SQL_WORDS} words and signs")
    depth = chain = 0
    before = ""
    for piece in pieces:
        if piece.kind in _BLANK:
            continue
        if piece.text == "[":
            chain = chain + 1 if before == "]" else 0
        before = piece.text
        if piece.text in ("(", "[") or (piece.kind is Kind.WORD and piece.upper == "CASE"):
            depth += 1
        elif piece.text in (")", "]") or (piece.kind is Kind.WORD and piece.upper == "END"):
            depth -= 1
        if max(depth, chain) > limits.MAX_SQL_DEPTH:
            raise QueryError(
                f"the SQL is nested too deeply at {place(text, piece.at)}", f"{limits.MAX_SQL_DEPTH} levels are read"
            )


def _tables(text: str, pieces: Sequence[Piece], params: Mapping[str, str]) -> Iterator[Piece]:
    """Yield the pieces with tables that no parser can read, after FROM and JOIN, as names in double quotes."""
    words: list[str] = [""]
    opened: list[str] = []
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        yield piece
        index += 1
        if piece.text == "(":
            opened.append(words[-1])
        elif piece.text == ")" and opened:
            opened.pop()
        if piece.kind not in _BLANK:
            words.append(piece.upper)
        if piece.kind is not Kind.WORD or piece.upper not in ("FROM", "JOIN"):
            continue
        if words[-2] == "DISTINCT" or (opened and opened[-1] in _INNER_FROM):
            continue
        while index < len(pieces) and pieces[index].kind in _BLANK:
            yield pieces[index]
            index += 1
        end = _end_of_table(pieces, index)
        if index < end and pieces[index].kind is Kind.TEXT:
            raise QueryError(f"a file cannot stand in FROM, at {place(text, pieces[index].at)}", "FROM takes a table")
        if name := _placeholder(pieces[index:end], params):
            yield Piece(Kind.NAME, name, pieces[index].at)
            words.append("")
            index = end


def _end_of_table(pieces: Sequence[Piece], start: int) -> int:
    end = start
    while end < len(pieces) and (
        pieces[end].kind in (Kind.ANGLES, Kind.BRACES, Kind.NAME) or not _TABLE_END.search(pieces[end].text)
    ):
        if pieces[end].kind in _BLANK:
            break
        end += 1
    return end


def _placeholder(run: Sequence[Piece], params: Mapping[str, str]) -> str:
    """Return a table's text as one quoted name, or "" when a parser can read it as it is."""
    from ctaudit.dialect.parameters import name_of

    text = "".join(piece.text for piece in run)
    if not text or "/" in text or (_PLAIN.fullmatch(text) and not text[0].isdigit()):
        return ""
    filled = "".join(params.get(name_of(piece), piece.text).strip('"') for piece in run)
    return '"' + filled.replace('"', "") + '"'


def _close_operators(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Yield the pieces without blanks inside of operators: `< =` is `<=`."""
    waiting: list[Piece] = []
    for piece in pieces:
        if waiting and piece.kind in _BLANK:
            waiting.append(piece)
            continue
        if waiting and waiting[0].text + piece.text in _SPLIT_OPERATORS:
            del waiting[1:]
        yield from waiting
        waiting = [piece] if piece.text in ("<", ">", "!") else []
        if not waiting:
            yield piece
    yield from waiting
