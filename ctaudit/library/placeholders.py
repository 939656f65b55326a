"""Where parameters stand in a named query's SQL, and the SQL with their values in place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ctaudit.dialect.pieces import Kind, cut
from ctaudit.errors import QueryError

_IN_TEXT = re.compile(r"\{\{([^{}]*)\}\}|\$\{[^{}]*\}")
_BARE = re.compile(r"\{\{([^{}]*)\}\}")


@dataclass(frozen=True, slots=True)
class Use:
    name: str
    """"" when it is written in a way that named queries do not use, such as `${x}`."""
    text: str
    line: int
    start: int
    """Offset of the first brace."""
    quoted: bool


def uses(sql: str, source: str) -> Iterator[Use]:
    """Yield every placeholder in the SQL, those in comments left out; raises QueryError where a quote has no end."""
    try:
        pieces = list(cut(sql))
    except QueryError as error:
        raise QueryError(f"{source}: {error.message}", error.advice) from error
    for piece in pieces:
        line = sql.count("\n", 0, piece.at) + 1
        if piece.kind in (Kind.TEXT, Kind.NAME):
            for found in _IN_TEXT.finditer(piece.text):
                inner = found[1] or ""
                yield Use(
                    inner.strip() if piece.kind is Kind.TEXT else "", found[0], line, piece.at + found.start(), True
                )
        elif piece.kind in (Kind.BRACES, Kind.DOLLAR) or piece.text == "?":
            bare = _BARE.fullmatch(piece.text)
            yield Use(bare[1].strip() if bare else "", piece.text, line, piece.at, False)


def filled(sql: str, values: Mapping[str, str], source: str) -> str:
    """Return the SQL with its parameters' values: checked ones, and quotes doubled, so that none ends its text."""
    parts, end = [], 0
    for use in uses(sql, source):
        parts += [sql[end : use.start], values[use.name].replace("'", "''")]
        end = use.start + len(use.text)
    return "".join([*parts, sql[end:]])
