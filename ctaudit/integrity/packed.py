"""Content of a packed file and its SHA-256, in bounded memory, with all that is odd about its packing.

Digests hash the content of the first gzip member alone, so whatever follows it is proven by nothing. The AWS CLI lets
a stream without its end pass, and did not see appended members before 2026: here both are told.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from isal import isal_zlib

from ctaudit import limits

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 31
"""zlib's window-bits code for a gzip member with its CRC checked."""
_DAMAGE = cast(type[Exception], isal_zlib.error)
_RESERVED = 0xE0
"""Flags in a gzip header that must be zero (RFC 1952, 2.3.1.2); isal does not mind them, zlib refuses them."""
_PIECE = 32 * 1024
"""Unpacked bytes hashed at once: they are still in the processor's cache then, which saves a third of the time."""


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
        return _inflate(first, rest, most, keep)
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


def _inflate(first: bytes, rest: Iterator[bytes], most: int, keep: bool) -> Packed:
    stream, digest, size, given = isal_zlib.decompressobj(_GZIP), hashlib.sha256(), 0, len(first)
    kept: list[bytes] | None = [] if keep else None
    chunk: bytes | None = first
    packing = Packing.CORRUPT if len(first) > 3 and first[3] & _RESERVED else Packing.GZIP
    limit = _limit(given, most)
    try:
        while chunk is not None and not stream.eof and size <= limit:
            piece = stream.decompress(chunk, _PIECE)
            digest.update(piece)
            size += len(piece)
            if kept is not None:
                kept.append(piece)
            chunk = stream.unconsumed_tail
            if not chunk and len(piece) < _PIECE:  # else more may wait in the decoder though all is consumed
                chunk = next(rest, None)
                given += len(chunk or b"")
                limit = _limit(given, most)
    except _DAMAGE:
        packing = Packing.CORRUPT
    if packing is Packing.GZIP:
        packing = _end(stream, chunk or next(rest, b""), size > limit)
    return Packed(packing, digest.hexdigest(), size, None if kept is None else b"".join(kept))


def _limit(packed: int, most: int) -> int:
    """Return how much so many packed bytes may hold: as much as an ingest lets them, and no more than `most`."""
    return min(most, max(limits.RATIO_FREE_BYTES, packed * limits.MAX_UNPACK_RATIO))


def _end(stream: Any, left: bytes, too_large: bool) -> Packing:
    """Tell how a stream ended, with some bytes `left` of the file that it was not given."""
    if too_large:
        return Packing.TOO_LARGE
    if not stream.eof:
        return Packing.TRUNCATED
    return Packing.TRAILING if stream.unused_data or left else Packing.GZIP
