"""Content of a packed file and its SHA-256, in bounded memory, with all that is odd about its packing.

Digests hash the content of the first gzip member alone, so whatever follows it is proven by nothing. The AWS CLI lets
a stream without its end pass, and did not see appended members before 2026: here both are told.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from isal import isal_zlib

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 31
"""zlib's window-bits code for a gzip member with its CRC checked."""
_DAMAGE = cast(type[Exception], isal_zlib.error)
_PIECE = 32 * 1024
"""Unpacked bytes hashed at once. They are still in the processor's cache then: whole files take half as long again."""


class Packing(enum.Enum):
    """How a file is packed; the value completes the sentence "the file …"."""

    GZIP = "is one whole gzip member"
    PLAIN = "is not packed"
    EMPTY = "is empty"
    CORRUPT = "is a damaged gzip stream"
    TRUNCATED = "is a gzip stream without its end"
    TRAILING = "goes on after its gzip stream"
    TOO_LARGE = "unpacks to more than the limit"


@dataclass(frozen=True, slots=True)
class Packed:
    packing: Packing
    sha256: str
    """Hex, of the first member's content as far as it could be unpacked; of the bytes themselves when not packed."""
    size: int
    """Bytes of that content."""
    content: bytes | None = None
    """The content itself when it was asked for."""


def inspect(chunks: Iterable[bytes], most: int, *, keep: bool = False) -> Packed:
    """Unpack and hash a file given in chunks; at most `most` bytes of content are looked at.

    `keep` returns the content, too. Raises only what `chunks` raises.
    """
    rest = iter(chunks)
    first = next(rest, b"")
    while len(first) < len(_GZIP_MAGIC) and (more := next(rest, b"")):
        first += more
    if not first:
        return Packed(Packing.EMPTY, hashlib.sha256().hexdigest(), 0, b"" if keep else None)
    if first.startswith(_GZIP_MAGIC):
        return _Inflation(most, keep).run(first, rest)
    return _plain(first, rest, most, keep)


def _plain(first: bytes, rest: Iterator[bytes], most: int, keep: bool) -> Packed:
    digest, size, kept = hashlib.sha256(first), len(first), [first]
    for chunk in rest:
        if size > most:
            break
        digest.update(chunk)
        size += len(chunk)
        if keep:
            kept.append(chunk)
    packing = Packing.TOO_LARGE if size > most else Packing.PLAIN
    return Packed(packing, digest.hexdigest(), size, b"".join(kept) if keep else None)


class _Inflation:
    def __init__(self, most: int, keep: bool) -> None:
        self._most = most
        self._kept: list[bytes] | None = [] if keep else None
        self._digest = hashlib.sha256()
        self._size = 0
        self._stream = isal_zlib.decompressobj(_GZIP)

    def run(self, first: bytes, rest: Iterator[bytes]) -> Packed:
        try:
            chunk: bytes | None = first
            while chunk is not None and not self._stream.eof and self._size <= self._most:
                self._feed(chunk)
                chunk = next(rest, None)
        except _DAMAGE:
            return self._packed(Packing.CORRUPT)
        if self._size > self._most:
            return self._packed(Packing.TOO_LARGE)
        if not self._stream.eof:
            return self._packed(Packing.TRUNCATED)
        return self._packed(Packing.TRAILING if self._stream.unused_data or chunk else Packing.GZIP)

    def _feed(self, chunk: bytes) -> None:
        full = False
        while (chunk or full) and not self._stream.eof and self._size <= self._most:
            piece = self._stream.decompress(chunk, _PIECE)
            self._digest.update(piece)
            self._size += len(piece)
            if self._kept is not None:
                self._kept.append(piece)
            chunk = self._stream.unconsumed_tail
            full = len(piece) == _PIECE  # then more may wait in the decoder though all is consumed

    def _packed(self, packing: Packing) -> Packed:
        content = None if self._kept is None else b"".join(self._kept)
        return Packed(packing, self._digest.hexdigest(), self._size, content)
