"""Packed streams in small pieces: gzip, zstd, bzip2 and raw deflate, within limits, damage told and salvaged."""

from __future__ import annotations

import bz2
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from isal import igzip_lib

from ctaudit import limits

try:
    from compression import zstd  # type: ignore[import-not-found]  # from Python 3.14 on
except ImportError:
    from backports import zstd

_DAMAGE = (cast(type[Exception], igzip_lib.IsalError), zlib.error, zstd.ZstdError, OSError, EOFError, ValueError)
"""What the decoders raise on damaged bytes; bzip2's raises a plain OSError."""
_SAID = re.compile(r"^(?:Error -?\d+ (?:while decompressing data: )?|Unable to decompress Zstandard data: )")
"""What stands before the reason in a decoder's words."""
_CHUNK = 64 * 1024
_STEP = 64 * 1024
"""Unpacked bytes of one piece: 4 KiB of bzip2 can hold 90 MB, so a decoder is never asked for all it has."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with something packed; a fault as soon as somebody says with which file."""

    kind: str
    offset: int | None
    reason: str


class Source(Protocol):
    """Bytes that can be read at any place: a file's, or those in memory."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes; fewer only where the source ends."""
        ...


@dataclass(frozen=True, slots=True)
class InMemory:
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, size: int) -> bytes:
        return self.data[offset : offset + size]


class Decoder(Protocol):
    """What the standard library's incremental decoders have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Zlib:
    """zlib in the shape of the others. Slower than isal, but it holds nothing back when a stream is cut."""

    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        piece = self._stream.decompress(self._stream.unconsumed_tail + data, max(max_length, 0))
        self.needs_input = not self._stream.unconsumed_tail and (max_length < 0 or len(piece) < max_length)
        return piece


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    """Also begins the kinds of its faults."""
    magic: re.Pattern[bytes]
    start: Callable[[], Decoder]
    careful: Callable[[], Decoder]
    """For what is damaged: gives every byte that can be known."""


GZIP = Format(
    "gzip",
    re.compile(rb"\x1f\x8b"),
    lambda: cast(Decoder, igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_GZIP)),
    lambda: _Zlib(31),
)
BZ2 = Format(
    "bz2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", re.DOTALL), bz2.BZ2Decompressor, bz2.BZ2Decompressor
)
ZSTD = Format(
    # pzstd begins with a skippable frame
    *("zstd", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)),
    *(zstd.ZstdDecompressor, zstd.ZstdDecompressor),
)
DEFLATE = Format(
    "deflate",
    re.compile(rb""),
    lambda: cast(Decoder, igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_DEFLATE)),
    lambda: _Zlib(-15),
)
_BY_MAGIC = (GZIP, ZSTD, BZ2)
_LONGEST_MAGIC = 10


def packing_of(data: bytes) -> Format | None:
    """Tell how bytes are packed, by how they begin; None when they are not."""
    return next((each for each in _BY_MAGIC if each.magic.match(data)), None)


def glimpse(packing: Format, begin: bytes) -> bytes:
    """Return what of the content can be known from how a packed stream begins, quickly: every file is asked for that.

    isal takes four times as long as zlib to begin with.
    """
    try:
        return packing.careful().decompress(begin, len(begin))
    except _DAMAGE:
        return b""


def most_bytes(packed: int) -> int:
    """Return how much so many packed bytes of one file may hold."""
    return min(limits.MAX_UNPACKED_BYTES, max(limits.RATIO_FREE_BYTES, packed * limits.MAX_UNPACK_RATIO))


def too_large(most: int) -> Trouble:
    reason = f"unpacks to more than {most} bytes, the limit for a file of this size; the rest is unread"
    return Trouble("file.too_large", most, reason)


class Inflating:
    """One packed stream, unpacked as it is asked for."""

    def __init__(self, source: Source, packing: Format, most: int, *, begin: int = 0, end: int | None = None) -> None:
        """Unpack the bytes of `source` from `begin` to `end`, to `most` bytes at most."""
        self._source = source
        self._format = packing
        self._most = most
        self._end = source.size if end is None else end
        self._step = _STEP
        self.at = begin
        """Where in the source it stands: behind the last frame when all is unpacked."""
        self.trouble: Trouble | None = None
        """What was wrong, once `pieces` has ended."""

    def head(self, size: int) -> bytes:
        """Return how the content begins; nothing else can be asked for after it."""
        self._step = size
        found = b""
        for piece in self.pieces():
            found += piece
            if len(found) >= size:
                break
        return found[:size]

    def pieces(self, *, one_frame: bool = False) -> Iterator[bytes]:
        """Yield the content; several frames or members are one content.

        `one_frame` ends after the first one, whatever follows. Raises nothing on any bytes.
        """
        left = self._most
        for piece in self._frames(one_frame):
            if len(piece) > left:
                self.trouble = too_large(self._most)
                yield piece[:left]
                return
            left -= len(piece)
            yield piece

    def _frames(self, one_frame: bool) -> Iterator[bytes]:
        yield from self._frame()
        while not one_frame and self.trouble is None and self.at < self._end:
            if not self._format.magic.match(self._source.read(self.at, _LONGEST_MAGIC)):
                name, rest = self._format.name, self._end - self.at
                reason = f"{rest} bytes after the {name} stream are no {name}: unread"
                self.trouble = Trouble(f"{name}.trailing_data", self.at, reason)
                return
            yield from self._frame()

    def _frame(self) -> Iterator[bytes]:
        decoder, begun, made = self._format.start(), self.at, 0
        last = begun
        while not decoder.eof:
            chunk = self._source.read(self.at, min(_CHUNK, self._end - self.at))
            if not chunk:
                yield from self._cut(begun, last, made)
                return
            last = self.at
            self.at += len(chunk)
            try:
                for piece in _drain(decoder, chunk, self._step):
                    made += len(piece)
                    yield piece
            except _DAMAGE as error:
                yield from self._salvage(begun, last, made)
                said = _SAID.sub("", str(error)).lower() or "unknown damage"
                reason = f"{self._format.name} stream is corrupt ({said}); what comes before it is kept"
                self.trouble = Trouble(f"{self._format.name}.corrupt", self.at, reason)
                return
        self.at -= len(decoder.unused_data)

    def _cut(self, begun: int, last: int, made: int) -> Iterator[bytes]:
        if self._format.careful is not self._format.start:
            yield from self._salvage(begun, last, made)
        reason = f"{self._format.name} stream ends too early; what comes before the cut is kept"
        self.trouble = Trouble(f"{self._format.name}.truncated", self._end, reason)

    def _salvage(self, begun: int, last: int, made: int) -> Iterator[bytes]:
        """Yield what else of a damaged frame can be known, beyond the `made` bytes that were.

        A decoder keeps what it has already unpacked of a chunk to itself when it meets an error, so the frame is
        unpacked once more, its last chunk byte by byte. `at` ends at the byte that is wrong.
        """
        decoder, self.at, skip = self._format.careful(), begun, made
        try:
            while self.at < self._end and not decoder.eof:
                ahead = min(_CHUNK, last - self.at) if self.at < last else 1
                chunk = self._source.read(self.at, ahead)
                if not chunk:
                    return
                for piece in _drain(decoder, chunk, _STEP):
                    yield piece[skip:]
                    skip = max(0, skip - len(piece))
                self.at += len(chunk)
        except _DAMAGE:
            return


def _drain(decoder: Decoder, data: bytes, step: int) -> Iterator[bytes]:
    """Yield all that a decoder makes of some bytes, never more than `step` at once."""
    piece = decoder.decompress(data, step)
    while piece:
        yield piece
        if decoder.eof or decoder.needs_input:
            return
        piece = decoder.decompress(b"", step)
