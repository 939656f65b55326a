"""Text measured and shortened in terminal cells: two for a Chinese character, none for a combining accent."""

from __future__ import annotations

from rich.cells import cell_len

ELLIPSIS = "…"


def width_of(text: str) -> int:
    """Return how many terminal cells `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


def shorten(text: str, width: int) -> str:
    """Cut `text` to at most `width` (1 or more) cells and mark the cut with `…`.

    Prose loses its end. Names without spaces, and ARNs, lose their middle and keep three times as much of their end:
    `arn:a…role/Admin/alice` still says who, because what repeats stands in front.
    """
    if width_of(text) <= width:
        return text
    room = width - 1
    tail = 0 if _is_prose(text) else room - room // 4
    return _first(text, room - tail) + ELLIPSIS + _last(text, tail)


def _is_prose(text: str) -> bool:
    return not text.startswith("arn:") and (" " in text or text[0] in "{[")


def _first(text: str, width: int) -> str:
    """Return the longest beginning of `text` that takes at most `width` cells."""
    if text.isascii():
        return text[:width]
    used = 0
    for index, character in enumerate(text):
        used += cell_len(character)
        if used > width:
            return text[:index]
    return text


def _last(text: str, width: int) -> str:
    """Return the longest end of `text` that takes at most `width` cells and starts with no combining character."""
    if text.isascii():
        return text[len(text) - width :]
    start, used = len(text), 0
    for index in range(len(text) - 1, -1, -1):
        size = cell_len(text[index])
        used += size
        if used > width:
            break
        if size:
            start = index
    return text[start:]
