"""From the bytes of a file to its contents: gzip members inflated within limits, damage said and what is whole kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from isal import isal_zlib

from ctaudit import limits
from ctaudit.fault import Fault

_DAMAGE = cast(type[Exception], isal_zlib.error)
GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 31
"""zlib's window-bits code for a gzip member with its CRC checked."""
_STEP = 64 * 1024


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

    Every member after the first is a content of its own: CloudTrail's digests hash the first member alone, so whatever
    was appended to a log file must not borrow its proof.
    """
    if not data.startswith(GZIP_MAGIC):
        if len(data) <= limits.MAX_UNPACKED_BYTES:
            return [Content(path, data)], []
        text = data[: limits.MAX_UNPACKED_BYTES]
        return [Content(path, text, whole=False)], [_too_large(path, len(text))]
    return _unpack_members(path, data)


def _unpack_members(path: str, data: bytes) -> tuple[list[Content], list[Fault]]:
    contents: list[Content] = []
    faults: list[Fault] = []
    rest, offset = data, 0
    while rest:
        if contents and (trouble := _after_member(path, rest, offset, len(contents))):
            faults.append(trouble)
            if trouble.kind != "gzip.extra_member":
                break
        name = path if not contents else f"{path}#member{len(contents) + 1}"
        content, left, fault = _inflate(name, rest, offset)
        contents.append(content)
        if fault is not None:
            faults.append(fault)
            break
        offset += len(rest) - len(left)
        rest = left
    return contents, faults


def _after_member(path: str, rest: bytes, offset: int, members: int) -> Fault | None:
    if members > limits.MAX_GZIP_MEMBERS:
        return Fault(
            path, offset, "gzip.members", f"more than {limits.MAX_GZIP_MEMBERS} gzip members; the rest is unread"
        )
    if not rest.strip(b"\0"):
        return None if members > 1 else Fault(path, offset, "gzip.trailing_data", "zero padding after the gzip stream")
    if not rest.startswith(GZIP_MAGIC):
        return Fault(path, offset, "gzip.trailing_data", f"{len(rest)} bytes after the gzip stream are no gzip: unread")
    if members > 1:
        return None
    return Fault(
        path,
        offset,
        "gzip.extra_member",
        "a second gzip member follows; CloudTrail writes one a file. What follows is read as files of their own",
    )


def _inflate(path: str, data: bytes, offset: int) -> tuple[Content, bytes, Fault | None]:
    """Inflate the first member of `data`: its content, the bytes behind it, and what was wrong."""
    most = _most_bytes(len(data))
    stream = isal_zlib.decompressobj(_GZIP)
    try:
        text = stream.decompress(data, most + 1)
    except _DAMAGE as error:
        text = _salvage(data, most)
        reason = (
            f"gzip stream is corrupt ({str(error).split(' ', 2)[-1].lower()}); {len(text)} bytes before it are kept"
        )
        return Content(path, text, whole=False), b"", Fault(path, offset, "gzip.corrupt", reason)
    if len(text) > most:
        return Content(path, text[:most], whole=False), b"", _too_large(path, most)
    if not stream.eof:
        reason = f"gzip stream ends too early; the {len(text)} bytes before the cut are kept"
        return Content(path, text, whole=False), b"", Fault(path, offset + len(data), "gzip.truncated", reason)
    return Content(path, text), stream.unused_data, None


def _most_bytes(packed: int) -> int:
    return min(limits.MAX_UNPACKED_BYTES, max(limits.RATIO_FREE_BYTES, packed * limits.MAX_UNPACK_RATIO))


def _too_large(path: str, most: int) -> Fault:
    reason = f"unpacks to more than {most} bytes, the limit for a file of this size; the rest is unread"
    return Fault(path, most, "file.too_large", reason)


def _salvage(data: bytes, most: int) -> bytes:
    """Inflate in small steps and return all that came out before the error."""
    stream = isal_zlib.decompressobj(_GZIP)
    pieces: list[bytes] = []
    size = 0
    try:
        piece = stream.decompress(data, _STEP)
        while piece and size < most:
            pieces.append(piece)
            size += len(piece)
            if stream.eof:
                break
            piece = stream.decompress(stream.unconsumed_tail, _STEP)
    except _DAMAGE:
        pass  # the caller has this error already; here only what came before it counts
    return b"".join(pieces)[:most]
