"""Patterns of time and of regular expressions, respelled: MySQL's and Joda's for DuckDB, Java's for RE2."""

from __future__ import annotations

import re

MYSQL = {
    "%a": "%a", "%b": "%b", "%c": "%-m", "%d": "%d", "%e": "%-d", "%f": "%f", "%H": "%H", "%h": "%I", "%I": "%I",
    "%i": "%M", "%j": "%j", "%k": "%-H", "%l": "%-I", "%M": "%B", "%m": "%m", "%p": "%p", "%r": "%I:%M:%S %p",
    "%S": "%S", "%s": "%S", "%T": "%H:%M:%S", "%v": "%V", "%W": "%A", "%x": "%G", "%Y": "%Y", "%y": "%y", "%%": "%%",
}  # fmt: skip
_UNSUPPORTED = frozenset("DUuVwX")
"""Letters of MySQL that Trino refuses, too."""
_JODA = {
    "yyyy": "%Y", "y": "%Y", "YYYY": "%Y", "yy": "%y", "xxxx": "%G", "ww": "%V", "MMMM": "%B", "MMM": "%b", "MM": "%m",
    "M": "%-m", "dd": "%d", "d": "%-d", "DDD": "%j", "EEEE": "%A", "EEE": "%a", "E": "%a", "HH": "%H", "H": "%-H",
    "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S", "SSS": "%g", "a": "%p", "Z": "%z",
    "ZZ": "%z",
}  # fmt: skip


def mysql(pattern: str) -> str | None:
    """Return a format of `date_format` and `date_parse` for `strftime`; None for what Trino has not either."""
    found: list[str] = []
    for part in re.findall(r"%.|%$|[^%]+", pattern, re.DOTALL):
        if part == "%" or (part[0] == "%" and part[1] in _UNSUPPORTED):
            return None
        found.append(MYSQL.get(part, part[1:]) if part[0] == "%" else part)
    return "".join(found)


def joda(pattern: str) -> str | None:
    """Return a format of `format_datetime` and `parse_datetime` for `strftime`; None where it has a letter we lack.

    A quote that does not end makes text of the rest, as in AWS's own examples: `yyyy-MM-dd'T'HH:mm:ss'Z`.
    """
    found: list[str] = []
    for match in re.finditer(r"''|'(?:[^']|'')*(?:'|$)|([A-Za-z])\1*|[^A-Za-z']+", pattern):
        part = match[0]
        if part == "''":
            found.append("'")
        elif part[0] == "'":
            found.append(part[1:].removesuffix("'").replace("''", "'").replace("%", "%%"))
        elif match[1]:
            if part not in _JODA:
                return None
            found.append(_JODA[part])
        else:
            found.append(part.replace("%", "%%"))
    return "".join(found)


_JAVA_ONLY = re.compile(
    r"\(\?(?P<around><?[=!])|\(\?(?P<atomic>>)|(?P<possessive>[*+?}]\+)|\\(?P<reference>[1-9k])|\\(?P<escape>[GZhHRXNe])"
    r"|\[[^\]]*(?P<inter>&&)"
)
_CALLED = {
    "around": "look-around", "atomic": "an atomic group", "possessive": "a possessive quantifier",
    "reference": "a back-reference", "escape": "an escape", "inter": "an intersection of classes",
}  # fmt: skip


def java_only(pattern: str) -> str | None:
    """Return what of a regular expression RE2 does not have, in words; None when it has all."""
    bare = re.sub(r"\\\\", "", pattern)
    found = _JAVA_ONLY.search(bare)
    if found is None or found.lastgroup is None:
        return None
    if found.lastgroup == "possessive" and bare[max(0, found.start() - 1) : found.start()] == "\\":
        return None
    return _CALLED[found.lastgroup]


def re2(pattern: str) -> str:
    """Return a pattern as RE2 spells it: its groups with names have a P."""
    return re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", pattern)


def may_be_missing(pattern: str, group: int) -> bool:
    """Tell whether a match can leave a group out, which is NULL in Trino and '' in RE2: `(a)|(b)`, `(a)?`."""
    stack: list[int] = []
    opened: dict[int, int] = {}
    closed: dict[int, int] = {}
    bars: list[tuple[int, tuple[int, ...]]] = []
    count = index = 0
    bare = re.sub(r"\\.|\[\^?\]?[^\]]*\]", lambda m: "x" * len(m[0]), pattern)
    while index < len(bare):
        if bare[index] == "(":
            plain = bare[index + 1 : index + 2] != "?" or bare[index + 1 : index + 4] in ("?<", "?P<")
            count += plain
            number = count if plain else -index - 1
            stack.append(number)
            opened[number] = index
        elif bare[index] == ")" and stack:
            closed[stack.pop()] = index
        elif bare[index] == "|":
            bars.append((index, tuple(stack)))
        index += 1
    start, end = opened.get(group, -1), closed.get(group, len(bare))
    around = {number for number in opened if opened[number] <= start and closed.get(number, len(bare)) >= end}
    if any(re.match(r"[?*]|\{0", bare[closed.get(number, len(bare)) + 1 :]) for number in around):
        return True
    return any(not (start < at < end) and set(levels) <= around for at, levels in bars)


def replacement(text: str) -> str | None:
    """Return the replacement of `regexp_replace` for RE2; None where it names a group."""
    found: list[str] = []
    for part in re.findall(r"\\.|\$\d|\$|\\|[^\\$]+", text, re.DOTALL):
        if part in ("$", "\\"):
            return None
        if part[0] == "\\":
            found.append("\\\\" if part[1] == "\\" else part[1:])
        else:
            found.append("\\" + part[1] if part[0] == "$" else part)
    return "".join(found)
