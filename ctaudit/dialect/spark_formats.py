"""Patterns of time and of regular expressions, from DuckDB's spelling to Java's, which Spark reads."""

from __future__ import annotations

import re

_LETTERS = {
    "%Y": "yyyy", "%y": "yy", "%m": "MM", "%-m": "M", "%d": "dd", "%-d": "d", "%H": "HH", "%-H": "H", "%I": "hh",
    "%-I": "h", "%M": "mm", "%-M": "m", "%S": "ss", "%-S": "s", "%f": "SSSSSS", "%g": "SSS", "%j": "DDD", "%p": "a",
    "%a": "EEE", "%A": "EEEE", "%b": "MMM", "%B": "MMMM",
}  # fmt: skip


def java_time(pattern: str) -> str | None:
    """Return a pattern of `strftime` for Spark's `date_format`; None where it has what that does not write."""
    found: list[str] = []
    for part in re.findall(r"%-?[A-Za-z]|(?:[^%]|%%)+|%", pattern, re.DOTALL):
        if part[0] == "%" and part[1:2] != "%":
            if part not in _LETTERS:
                return None
            found.append(_LETTERS[part])
        else:
            found.append("'" + part.replace("%%", "%").replace("'", "''") + "'")
    return "".join(found)


def java_regex(pattern: str) -> str:
    """Return a pattern of RE2 for Java: names of groups without P, lines that end with a line feed alone."""
    return "(?d)" + re.sub(r"\(\?P<", "(?<", pattern)


def java_replacement(text: str) -> str:
    """Return a replacement of RE2 for Java: `$1` for `\\1`, a dollar with a backslash before it."""
    found: list[str] = []
    for part in re.findall(r"\\.|.", text, re.DOTALL):
        if part[0] == "\\" and part[1:].isdigit():
            found.append("$" + part[1])
        else:
            found.append("\\$" if part == "$" else part)
    return "".join(found)


def json_path(written: str) -> str | None:
    """Return a path of quoted members, `$."a"[0]`, in brackets; None where Spark reads no such name."""
    found: list[str] = []
    rest = written.removeprefix("$")
    for member, index in re.findall(r'\."((?:[^"\\]|\\.)*)"|\[(\d+)\]', rest):
        name = re.sub(r"\\(.)", r"\1", member)
        if not index and (not name or name == "*" or re.search(r"['?]", name)):
            return None
        found.append(f"[{index}]" if index else f"['{name}']")
    return "$" + "".join(found)
