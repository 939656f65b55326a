"""The files in a tar archive, read as a stream; headers are hostile, and one that is damaged costs its member alone.

`tarfile` reads each block's fields, but not the archive: it takes extended headers of any size into memory, keeps every
member it has seen, and at a damaged header it ends, or with `ignore_zeros` goes on without a word.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ctaudit import limits
from ctaudit.records.inflate import Inflating, Source, Trouble, too_large
from ctaudit.records.member import Member

BLOCK = tarfile.BLOCKSIZE
_MAGIC = ((257, b"ustar\0"), (257, b"ustar  \0"))
_UNUSED = ((257, 329), (345, BLOCK))
"""What is zero in a header without a magic number; between the two GNU tar writes the numbers of a device."""
_ZEROS = bytes(BLOCK)
_FILES = frozenset((tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE))
_PASSED = frozenset((tarfile.DIRTYPE, b"V", b"D"))
"""Folders, and the label and listings of GNU's incremental archives: nothing of theirs is a file."""
_LINKS = frozenset((tarfile.LNKTYPE, tarfile.SYMTYPE))
_SPECIAL = frozenset((tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE))
_MOST_TROUBLES = 5
"""Of the headers of one member; nothing bounds how many there are."""


class Reader(Protocol):
    """The archive, unpacked, from its beginning to its end."""

    offset: int

    @property
    def trouble(self) -> Trouble | None:
        """What was wrong with its packing, once the end is reached."""
        ...

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes; fewer only at the end."""
        ...

    def skip(self, size: int) -> int:
        """Pass over bytes; return how many there were."""
        ...


class Plain:
    """An archive that is not packed: what is passed over is not read."""

    trouble: Trouble | None = None

    def __init__(self, source: Source) -> None:
        self._source = source
        self.offset = 0

    def read(self, size: int) -> bytes:
        data = self._source.read(self.offset, size)
        self.offset += len(data)
        return data

    def skip(self, size: int) -> int:
        done = max(0, min(size, self._source.size - self.offset))
        self.offset += done
        return done


class Packed:
    def __init__(self, stream: Inflating) -> None:
        self._stream = stream
        self._pieces = stream.pieces()
        self._left = b""
        self.offset = 0

    @property
    def trouble(self) -> Trouble | None:
        return self._stream.trouble

    def read(self, size: int) -> bytes:
        pieces = list(self._take(size))
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def skip(self, size: int) -> int:
        return sum(map(len, self._take(size)))

    def _take(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self._left or next(self._pieces, None)
            if piece is None:
                return
            taken, self._left = piece[:size], piece[size:]
            size -= len(taken)
            self.offset += len(taken)
            yield taken


def may_begin_tar(begin: bytes) -> bool:
    """Tell whether a first header may begin so: up to the end of its magic number it has a NUL, and no log has any."""
    return len(begin) < 265 or b"\0" in begin


def begins_tar(head: bytes) -> bool:
    """Tell whether an archive begins so: by its magic number, with a NUL that no log has, or as tar did in 1979."""
    if len(head) < BLOCK:
        return False
    if any(head.startswith(magic, at) for at, magic in _MAGIC):
        return True
    return not any(any(head[begin:end]) for begin, end in _UNUSED) and _header(head) is not None


def _header(block: bytes) -> tarfile.TarInfo | None:
    try:
        found = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError, OverflowError):
        return None
    return None if found.size < 0 else found


@dataclass(slots=True)
class _Extended:
    """What headers before a member's own say of it."""

    name: str | None = None
    size: int | None = None
    sparse: bool = False
    troubles: list[Trouble] = field(default_factory=list)


def tar_members(reader: Reader) -> Iterator[Member]:
    """Yield the files of an archive, and of others that follow it; what is no file is a trouble with its name."""
    walk = _Walk(reader)
    yield from walk.members()
    if reader.trouble is not None:
        yield Member(None, None, (reader.trouble,))
    elif not walk.ended:
        yield Member(None, None, (Trouble("tar.truncated", reader.offset, "ends without its end mark: it is cut"),))


class _Walk:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._extended = _Extended()
        self._global = _Extended()
        self.ended = False
        """Whether the mark of the archive's end was seen, or it is told otherwise that it is cut."""

    def members(self) -> Iterator[Member]:
        damaged = False
        while block := self._reader.read(BLOCK):
            if block == _ZEROS:
                self.ended, damaged = True, False
            elif (header := _header(block)) is not None:
                self.ended, damaged = False, False
                yield from self._member(header, block)
            elif (len(block) == BLOCK or not self.ended) and not damaged:
                damaged = True
                yield self._damage(self._reader.offset - len(block))

    def _damage(self, at: int) -> Member:
        if self.ended:
            return Member(None, None, (Trouble("tar.trailing_data", at, "data after the archive's end: unread"),))
        reason = "a header is damaged; what is unread reaches up to the next whole header"
        return Member(None, None, (Trouble("tar.corrupt", at, reason),))

    def _member(self, header: tarfile.TarInfo, block: bytes) -> Iterator[Member]:
        kind = header.type
        if kind in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.XGLTYPE):
            self._pax(header)
        elif kind in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
            text = self._text(header)
            if kind == tarfile.GNUTYPE_LONGNAME:
                self._extended.name = text.rstrip(b"\0").decode("utf-8", "surrogateescape")
        else:
            said, self._extended = self._extended, _Extended()
            yield from self._file(header, block, said)

    def _file(self, header: tarfile.TarInfo, block: bytes, said: _Extended) -> Iterator[Member]:
        kind = header.type
        name = said.name or self._global.name or header.name
        size = next(each for each in (said.size, self._global.size, header.size) if each is not None)
        if kind in _LINKS:
            yield _unread(name, said, "archive.link", "is a link: not followed")
        elif kind in _SPECIAL:
            yield _unread(name, said, "archive.special", "is a pipe or device, no regular file: not read")
        elif kind in _PASSED:
            self._pass(size if kind == b"D" else 0)
            if said.troubles:
                yield Member(name, None, tuple(said.troubles))
        elif kind == tarfile.GNUTYPE_SPARSE or said.sparse:
            self._pass_sparse(block if kind == tarfile.GNUTYPE_SPARSE else b"", size)
            yield _unread(name, said, "tar.sparse", "is stored with holes (tar --sparse), which is not read")
        else:
            yield self._content(name, size, said)

    def _content(self, name: str, size: int, said: _Extended) -> Member:
        at = self._reader.offset
        most = limits.MAX_UNPACKED_BYTES
        wanted = min(size, most)
        data = self._reader.read(wanted)
        troubles = list(said.troubles)
        if len(data) < wanted:
            self.ended = True  # told here
            reason = f"the archive ends inside of it; the first {len(data)} of its {size} bytes are kept"
            troubles.append(Trouble("tar.truncated", at + len(data), reason))
        elif size > most:
            troubles.append(too_large(most))
        self._pass(size, len(data))
        return Member(name, data, tuple(troubles), len(data) == size)

    def _pass(self, size: int, done: int = 0) -> None:
        """Pass over what is left of a member's data, and what fills its last block."""
        self._reader.skip(-(-size // BLOCK) * BLOCK - done)

    def _pass_sparse(self, block: bytes, size: int) -> None:
        more = bool(block) and block[482] != 0
        while more and len(block := self._reader.read(BLOCK)) == BLOCK:
            more = block[504] != 0
        self._pass(size)

    def _text(self, header: tarfile.TarInfo) -> bytes:
        """Read an extended header, if it is no larger than it may be."""
        size = header.size
        if size > limits.MAX_TAR_HEADER_BYTES:
            reason = f"its extended header has {size} bytes, more than {limits.MAX_TAR_HEADER_BYTES}: passed over"
            self._trouble(self._reader.offset, reason)
            self._pass(size)
            return b""
        text = self._reader.read(size)
        self._pass(size, len(text))
        return text

    def _pax(self, header: tarfile.TarInfo) -> None:
        """Take from an extended header (POSIX pax) what matters here: `LENGTH KEY=VALUE` lines."""
        into = self._global if header.type == tarfile.XGLTYPE else self._extended
        at, text = self._reader.offset, self._text(header)
        while text:
            length = text[:20].partition(b" ")[0]
            size = int(length) if length.isdigit() else 0
            line, text = text[len(length) + 1 : size - 1], text[size:]
            key, equals, value = line.partition(b"=")
            if size <= len(length) + 1 or not equals or not _take(into, key, value):
                self._trouble(at, "its extended header is malformed: passed over")
                return

    def _trouble(self, at: int, reason: str) -> None:
        if len(self._extended.troubles) < _MOST_TROUBLES:
            self._extended.troubles.append(Trouble("tar.header", at, reason))


def _take(into: _Extended, key: bytes, value: bytes) -> bool:
    if key == b"path":
        into.name = value.decode("utf-8", "surrogateescape")
    elif key == b"size":
        if not value.isdigit() or len(value) > 20:
            return False
        into.size = int(value)
    elif key == b"GNU.sparse.name":
        into.name, into.sparse = value.decode("utf-8", "surrogateescape"), True
    elif key.startswith(b"GNU.sparse."):
        into.sparse = True
    return True


def _unread(name: str, said: _Extended, kind: str, reason: str) -> Member:
    return Member(name, None, (*said.troubles, Trouble(kind, None, reason)))
