"""JSON and gzip as CloudTrail writes them: one line, one gzip member, and the same bytes every time."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

# Written by hand: Python versions differ in the "operating system" byte that `gzip.compress` puts here.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def minified(content: Any) -> bytes:
    """Write JSON on one line without spaces."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def gzipped(content: bytes, level: int = 6) -> bytes:
    """Pack into one gzip member, without a time or a name in its header."""
    deflate = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(content) + deflate.flush()
    return _GZIP_HEADER + body + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def unpacked(body: bytes) -> bytes:
    """Unpack one whole gzip member; raises `zlib.error` or EOFError when it is damaged or cut."""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    content = inflate.decompress(body)
    if not inflate.eof:
        raise EOFError
    return content
