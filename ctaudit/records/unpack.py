"""From the bytes of a file to its contents: packed ones inflated within limits, damage said and what is whole kept."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import cast

from isal import isal_zlib

from ctaudit import limits
from ctaudit.fault import Fault
from ctaudit.records.inflate import GZIP, Format, Inflating, InMemory, most_bytes, packing_of, too_large

_DAMAGE = cast(type[Exception], isal_zlib.error)
GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 31
"""zlib's window-bits code for a gzip member with its CRC checked."""
_CHUNK = 1024 * 1024
"""Packed bytes fed at once: whatever lies behind a member is copied by the decoder, so it must not be all the rest."""
_STEP = 4096
_ZEROS = re.compile(rb"\0*")


@dataclass(frozen=True, slots=True)
class Content:
    """One unpacked text: a plain file, or one gzip member. CloudTrail writes exactly one member a file."""

    path: str
    """The file's path; `path#member2` for the second member."""
    text: bytes
    whole: bool = True
    """False when the text was cut: by a damaged stream or by a limit."""


def unpack(path: str, data: bytes) -> tuple[list[Content], list[Fault]]:
    """Return the contents of a file and what was wrong with it; never raises on any bytes.

    Every gzip member after the first is a content of its own: CloudTrail's digests hash the first member alone, so
    whatever was appended to a log file must not borrow its proof. Frames of zstd and streams of bzip2 are together one
    content: their packers write many, and AWS delivers none.
    """
    packing = packing_of(data)
    if packing is GZIP:
        return _unpack_members(path, data, most_bytes(len(data)))
    if packing is not None:
        return _unpack_stream(path, data, packing)
    if len(data) <= limits.MAX_UNPACKED_BYTES:
        return [Content(path, data)], []
    text = data[: limits.MAX_UNPACKED_BYTES]
    return [Content(path, text, whole=False)], [_too_large(path, len(text))]


def _unpack_stream(path: str, data: bytes, packing: Format) -> tuple[list[Content], list[Fault]]:
    """Unpack zstd or bzip2, and the gzip in it: who packs a folder of logs anew packs `x.json.gz` once more."""
    most = most_bytes(len(data))
    stream = Inflating(InMemory(data), packing, most)
    text = b"".join(stream.pieces())
    trouble = stream.trouble
    whole = trouble is None or trouble.kind.endswith(".trailing_data")
    faults = [] if trouble is None else [Fault(path, trouble.offset, trouble.kind, trouble.reason)]
    if packing_of(text) is not GZIP:
        return [Content(path, text, whole)], faults
    contents, more = _unpack_members(path, text, most)
    return contents, faults + more


def _unpack_members(path: str, data: bytes, most: int) -> tuple[list[Content], list[Fault]]:
    contents: list[Content] = []
    faults: list[Fault] = []
    offset = 0
    while offset < len(data):
        if contents and (trouble := _after_member(path, data, offset, len(contents))):
            faults.append(trouble)
            if trouble.kind != "gzip.extra_member":
                break
        name = path if not contents else f"{path}#member{len(contents) + 1}"
        content, offset, fault = _inflate(name, data, offset, most)
        contents.append(content)
        most -= len(content.text)  # the limits hold for all members together
        if fault is not None:
            faults.append(fault)
            break
    return contents, faults


def _after_member(path: str, data: bytes, offset: int, members: int) -> Fault | None:
    if members > limits.MAX_GZIP_MEMBERS:
        return Fault(
            path, offset, "gzip.members", f"more than {limits.MAX_GZIP_MEMBERS} gzip members; the rest is unread"
        )
    if not data.startswith(GZIP_MAGIC, offset):
        zeros = _ZEROS.match(data, offset)
        if zeros is not None and zeros.end() == len(data):
            return Fault(path, offset, "gzip.trailing_data", "zero padding after the gzip stream")
        reason = f"{len(data) - offset} bytes after the gzip stream are no gzip: unread"
        return Fault(path, offset, "gzip.trailing_data", reason)
    if members > 1:
        return None
    return Fault(
        path,
        offset,
        "gzip.extra_member",
        "a second gzip member follows; CloudTrail writes one a file. What follows is read as files of their own",
    )


def _inflate(path: str, data: bytes, offset: int, most: int) -> tuple[Content, int, Fault | None]:
    """Inflate the member of `data` at `offset`: its content, where it ends, and what was wrong."""
    stream = isal_zlib.decompressobj(_GZIP)
    view = memoryview(data)
    pieces: list[bytes] = []
    size, at = 0, offset
    try:
        while at < len(data) and not stream.eof and size <= most:
            chunk = view[at : at + _CHUNK]
            piece = stream.decompress(chunk, most + 1 - size)
            at += len(chunk)
            size += len(piece)
            pieces.append(piece)
    except _DAMAGE as error:
        text, at = _salvage(data, offset, most)
        said = str(error).split(" ", 2)[-1].lower()
        reason = f"gzip stream is corrupt ({said}); {len(text)} bytes before it are kept"
        return Content(path, text, whole=False), at, Fault(path, at, "gzip.corrupt", reason)
    if size > most:
        return Content(path, b"".join(pieces)[:most], whole=False), at, _too_large(path, most)
    if not stream.eof:
        text, at = _salvage(data, offset, most)
        reason = f"gzip stream ends too early; the {len(text)} bytes before the cut are kept"
        return Content(path, text, whole=False), at, Fault(path, len(data), "gzip.truncated", reason)
    text = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    return Content(path, text), at - len(stream.unused_data), None


def _too_large(path: str, most: int) -> Fault:
    trouble = too_large(most)
    return Fault(path, trouble.offset, trouble.kind, trouble.reason)


def _salvage(data: bytes, offset: int, most: int) -> tuple[bytes, int]:
    """Inflate a damaged member as far as it goes: its text, and the place in the file where it stopped.

    A decoder keeps what it has already inflated of a chunk to itself when it meets an error, so the last chunk is fed
    again byte by byte. isal also holds the last byte of a cut stream back, so zlib does this.
    """
    stream = zlib.decompressobj(_GZIP)
    view = memoryview(data)
    pieces: list[bytes] = []
    size, at = 0, offset
    while at < len(data) and not stream.eof and size < most:
        before = stream.copy()
        chunk = view[at : at + _STEP]
        try:
            piece = stream.decompress(chunk)
        except zlib.error:
            last, at = _last_bytes(before, view, at)
            return b"".join([*pieces, last])[:most], at
        at += len(chunk)
        size += len(piece)
        pieces.append(piece)
    return b"".join(pieces)[:most], at


def _last_bytes(stream: zlib._Decompress, view: memoryview, at: int) -> tuple[bytes, int]:
    pieces: list[bytes] = []
    try:
        while True:
            pieces.append(stream.decompress(view[at : at + 1]))
            at += 1
    except zlib.error:
        return b"".join(pieces), at
