"""Template parameters in published SQL: `${x}`, `{{x}}`, `{x}`, `<X>`, `$X` and `?`, filled or asked for (P3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ctaudit.dialect.pieces import Kind, Piece, place
from ctaudit.errors import QueryError

_IN_TEXT = re.compile(r"\$\{([^{}]{1,100})\}|\{\{([^{}]{1,100})\}\}")
_WHOLE_TEXT = re.compile(r"<([A-Za-z][\w .\-]{0,98})>|\{([A-Za-z_][\w.\-]{0,98})\}")
_VALUE_BEFORE = frozenset("=<>(,+-*/|") | {
    "LIKE", "IN", "AND", "OR", "WHERE", "BETWEEN", "NOT", "SELECT", "LIMIT", "BY", "ON", "THEN", "ELSE", "WHEN",
    "TIMESTAMP", "DATE", "INTERVAL", "HAVING", "OFFSET",
}  # fmt: skip


def name_of(piece: Piece) -> str:
    """Return the name of a placeholder, without what stands around it; "" for other pieces."""
    if piece.kind in (Kind.BRACES, Kind.ANGLES, Kind.DOLLAR):
        return piece.text.strip("${}<>").strip()
    return ""


def fill(given: str, pieces: Iterator[Piece], params: Mapping[str, str]) -> Iterator[Piece]:
    """Return the pieces with every placeholder filled; raises QueryError that names those without a value."""
    if unused := [name for name in params if not _is_named(name, given)]:
        advice = "parameters are written ${x}, {{x}}, {x}, <X>, $X or ?, and letter case counts"
        raise QueryError(f"the SQL has no parameter {', '.join(unused)}", advice)
    missing: dict[str, str] = {}
    filled = list(_fill(given, list(pieces), params, missing))
    if missing:
        names = ", ".join(f"{name} ({where})" for name, where in missing.items())
        hint = " ".join(f"--param '{name}=VALUE'" for name in missing)
        raise QueryError(f"the SQL has parameters without a value: {names}", f"give them: {hint}")
    return iter(filled)


def _is_named(name: str, given: str) -> bool:
    """Tell whether a placeholder in the text can be this one."""
    if name.isdecimal() and int(name) <= given.count("?"):
        return True
    return re.search(rf"[${{<']\s*{re.escape(name)}(?!\w)", given) is not None


def _fill(given: str, pieces: Sequence[Piece], params: Mapping[str, str], missing: dict[str, str]) -> Iterator[Piece]:
    before, marks = "", 0
    for piece in pieces:
        name = name_of(piece)
        if piece.text == "?":
            marks += 1
            name = str(marks)
        if piece.kind is Kind.ANGLES and before not in _VALUE_BEFORE:
            name = ""
        if name:
            if name not in params:
                missing.setdefault(name, place(given, piece.at))
            yield replace(piece, text=params.get(name, "NULL"))
        elif piece.kind is Kind.TEXT:
            yield replace(piece, text=_in_text(given, piece, params, missing))
        else:
            yield piece
        if piece.kind not in (Kind.SPACE, Kind.COMMENT):
            before = piece.upper


def _in_text(given: str, piece: Piece, params: Mapping[str, str], missing: dict[str, str]) -> str:
    """Return quoted text with its placeholders filled; `'<X>'` is one, too: as text it would find nothing, unsaid."""
    inside = piece.text[1:-1]
    whole = _WHOLE_TEXT.fullmatch(inside)
    if whole:
        name = next(filter(None, whole.groups()))
        if name in params:
            return _quoted(params[name])
        missing.setdefault(name, place(given, piece.at))
        return piece.text
    if inside in params and inside.isupper():
        return _quoted(params[inside])  # 'START_TIME'

    def filled(found: re.Match[str]) -> str:
        name = next(filter(None, found.groups())).strip()
        if name not in params:
            missing.setdefault(name, place(given, piece.at))
        return params.get(name, "").replace("'", "''")

    return f"'{_IN_TEXT.sub(filled, inside)}'"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
