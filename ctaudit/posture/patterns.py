"""Wildcards as IAM has them: whether one covers a text, and whether two have a text in common."""

from __future__ import annotations

import re

ANY_SEGMENT = "\0"
"""In a family of keys: any characters but a slash."""
ANY_PATH = "\1"
"""In a family of keys: any characters."""
_ANY = re.compile(f"[{ANY_SEGMENT}{ANY_PATH}]")
_VARIABLE = re.compile(r"\$\{[^{}]*\}")


def covers(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Tell whether the pattern, with `*` and `?`, certainly matches the whole text: a policy variable is no wildcard.

    Takes time in proportion to the product of their lengths.
    """
    if ignore_case:
        pattern, text = pattern.lower(), text.lower()
    return _matches(pattern, text)


def meets(pattern: str, family: str) -> bool:
    """Tell whether an IAM pattern matches a text of `family`, which `ANY_SEGMENT` and `ANY_PATH` make one.

    A policy variable such as `${aws:username}` may be anything.
    """
    return _matches(_VARIABLE.sub("*", pattern), family)


def _matches(pattern: str, family: str) -> bool:
    pattern = re.sub(r"\*+", "*", pattern)
    row = _without_more(pattern, {0})
    for letter in family:
        row = _without_more(pattern, _step(pattern, row, letter))
        if not row:
            return False
    return len(pattern) in row


def takes_all(pattern: str, family: str) -> bool:
    """Tell whether a pattern certainly matches all texts of a family: when all it says is how they begin."""
    start = pattern.rstrip("*")
    if set("*?$") & set(start):
        return False
    return family == pattern or (start != pattern and _ANY.split(family)[0].startswith(start))


def _step(pattern: str, row: set[int], letter: str) -> set[int]:
    """Return the places in the pattern that are reached by one more letter of the family."""
    if letter in (ANY_SEGMENT, ANY_PATH):
        return _through(pattern, row, stop="/" if letter == ANY_SEGMENT else "")
    following = set()
    for place in row:
        if place < len(pattern):
            if pattern[place] == "*":
                following.add(place)
            elif pattern[place] in ("?", letter):
                following.add(place + 1)
    return following


def _through(pattern: str, row: set[int], stop: str) -> set[int]:
    """Return the places reached by any number of characters that are not `stop`."""
    reached, waiting = set(row), list(row)
    while waiting:
        place = waiting.pop()
        if place < len(pattern) and pattern[place] != stop and place + 1 not in reached:
            reached.add(place + 1)
            waiting.append(place + 1)
    return reached


def _without_more(pattern: str, row: set[int]) -> set[int]:
    """Add the places behind an asterisk that stands for nothing."""
    return row | {place + 1 for place in row if place < len(pattern) and pattern[place] == "*"}
