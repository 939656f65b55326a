"""Lines gathered into chunks: few large writes, and never the whole answer a second time in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

LINES = 500
"""Lines of one chunk: some hundred KB of lookup rows."""


def batches(lines: Iterable[str]) -> Iterator[list[str]]:
    """Split `lines` into lists of at most `LINES`."""
    iterator = iter(lines)
    while batch := list(islice(iterator, LINES)):
        yield batch


def chunks(lines: Iterable[str]) -> Iterator[str]:
    """Join `lines`, which come without line ends, into chunks in which each ends with a line feed."""
    for batch in batches(lines):
        yield "\n".join(batch) + "\n"
