"""The directory of a zip archive, entry by entry, and the headers before the members themselves.

`zipfile` refuses a whole archive for one name that is not UTF-8, one odd extra field or a directory that is cut, and it
holds the directory in memory, however large; here each entry stands for itself.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ctaudit.records.inflate import Source

LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
LOCAL_SIZE, CENTRAL_SIZE, END_SIZE = 30, 46, 22
_END64_LOCATOR, _END64 = b"PK\6\7", b"PK\6\6"
_MAX32 = 0xFFFFFFFF
_MOST_COMMENT = 65535
_UNIX = 3
_WINDOW = 64 * 1024
_FAR = 1 << 62
"""No file reaches there, and all that is added to it can still be asked for."""
DESCRIPTOR_FLAG, ENCRYPTED_FLAGS = 1 << 3, 1 | 1 << 6 | 1 << 13


@dataclass(frozen=True, slots=True)
class Entry:
    """A member as a header claims it to be; every number may be a lie."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    at: int
    """Where in the file its local header stands, in the directory; where its data begins, in a local header."""
    mode: int = 0
    """Unix file mode, or 0."""

    @property
    def folder(self) -> bool:
        return self.size == 0 and self.name.endswith(("/", "\\"))

    @property
    def link(self) -> bool:
        return stat.S_ISLNK(self.mode)

    @property
    def special(self) -> bool:
        return stat.S_IFMT(self.mode) not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)


@dataclass(frozen=True, slots=True)
class Directory:
    begin: int
    end: int
    shift: int
    """What was put before the archive, such as a program that unpacks it: added to every offset."""
    count: int
    """How many entries there are said to be; a writer that knows 16 bits alone says the rest of a larger number."""


class Window:
    """A source read in windows: headers are small, and each read is a call to the system."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._begin, self._held = 0, b""

    def read(self, offset: int, size: int) -> bytes:
        start = offset - self._begin
        if start < 0 or start + size > len(self._held):
            self._begin, self._held = offset, self._source.read(offset, max(size, _WINDOW))
            start = 0
        return self._held[start : start + size]


def find_directory(source: Source) -> Directory | None:
    """Find the directory by the record at the archive's end; None when that is missing or cannot be."""
    begin = max(0, source.size - END_SIZE - _MOST_COMMENT)
    tail = source.read(begin, END_SIZE + _MOST_COMMENT)
    at = tail.rfind(END)
    while at >= 0:
        if len(tail) - at >= END_SIZE:
            count, size, offset, comment = struct.unpack_from("<HIIH", tail, at + 10)
            if at + END_SIZE + comment <= len(tail):
                return _directory(source, begin + at, count, size, offset)
        at = tail.rfind(END, 0, at)
    return None


def _directory(source: Source, end: int, count: int, size: int, offset: int) -> Directory | None:
    locator = source.read(max(0, end - 20), 20)
    if locator.startswith(_END64_LOCATOR) and len(locator) == 20:
        (at,) = struct.unpack_from("<Q", locator, 8)
        for place in (at, end - 76):  # the second holds when something was put before the archive
            record = source.read(place, 56) if 0 <= place < end else b""
            if record.startswith(_END64) and len(record) == 56:
                count, size, offset = struct.unpack_from("<QQQ", record, 32)
                end = place
                break
    begin = end - size
    if begin < 0 or offset > begin:
        return None
    return Directory(begin, end, begin - offset, count)


def entries(source: Source, directory: Directory) -> Iterator[Entry | None]:
    """Yield the directory's entries; at the first that is none, None, and that is the end."""
    window, at = Window(source), directory.begin
    while at < directory.end:
        fixed = window.read(at, CENTRAL_SIZE)
        if len(fixed) < CENTRAL_SIZE or not fixed.startswith(CENTRAL):
            yield None
            return
        flags, method = struct.unpack_from("<HH", fixed, 8)
        crc, packed, size, name_size, extra_size, comment_size = struct.unpack_from("<IIIHHH", fixed, 16)
        attributes, offset = struct.unpack_from("<II", fixed, 38)
        rest = window.read(at + CENTRAL_SIZE, name_size + extra_size)
        size, packed, offset = _zip64(rest[name_size:], (size, packed, offset))
        mode = attributes >> 16 if fixed[5] == _UNIX else 0
        place = min(offset + directory.shift, _FAR)
        yield Entry(_text(rest[:name_size]), flags, method, crc, packed, size, place, mode)
        at += CENTRAL_SIZE + name_size + extra_size + comment_size


def local(window: Window, at: int) -> Entry | None:
    """Read the header before a member; None when there is none."""
    fixed = window.read(at, LOCAL_SIZE)
    if len(fixed) < LOCAL_SIZE or not fixed.startswith(LOCAL):
        return None
    flags, method = struct.unpack_from("<HH", fixed, 6)
    crc, packed, size, name_size, extra_size = struct.unpack_from("<IIIHH", fixed, 14)
    rest = window.read(at + LOCAL_SIZE, name_size + extra_size)
    size, packed = _zip64(rest[name_size:], (size, packed))
    return Entry(_text(rest[:name_size]), flags, method, crc, packed, size, at + LOCAL_SIZE + name_size + extra_size)


def _zip64(extra: bytes, numbers: tuple[int, ...]) -> Iterator[int]:
    """Yield numbers, those of 32 bits that were too small replaced by what the extra field of zip64 says."""
    wide = _field(extra, 1)
    for number in numbers:
        if number == _MAX32 and len(wide) >= 8:
            yield int.from_bytes(wide[:8], "little")
            wide = wide[8:]
        else:
            yield number


def _field(extra: bytes, wanted: int) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        number, size = struct.unpack_from("<HH", extra, at)
        if number == wanted:
            return extra[at + 4 : at + 4 + size]
        at += 4 + size
    return b""


def _text(name: bytes) -> str:
    """Return a name as it is: which code page it is in is not known, whatever the header's flag says."""
    return name.decode("utf-8", "surrogateescape")
