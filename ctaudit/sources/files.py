"""Evidence in files: found below folders and globs, and read without touching it."""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator

import msgspec

from ctaudit import limits
from ctaudit.fault import Fault

_LOG_NAME = re.compile(r"\.(?:json|gz|zst|bz2|jsonl|ndjson|log|cloudtrail|raw)$|_CloudTrail(?:-|_)", re.IGNORECASE)
_DAY = re.compile(r"_(\d{4})(\d\d)(\d\d)T\d{4}|/(\d{4})/(\d\d)/(\d\d)/")
_STEP = 1024 * 1024


class SourceFile(msgspec.Struct, frozen=True):
    """A file that may hold evidence, as it was when it was found."""

    path: str
    """Absolute path, fit to be opened."""
    size: int
    changed_ns: int
    name: str | None = None
    """What it is called when that is not its path: `-` for standard input."""
    version: str | None = None
    """Of an object of S3, when it is an earlier one."""

    @property
    def shown(self) -> str:
        """The path as text: bytes that are not UTF-8 are written as `\\xNN`."""
        of_version = "" if self.version is None else f"?versionId={self.version}"
        return self.name or f"{shown(self.path)}{of_version}"

    @property
    def hinted(self) -> bool:
        """Whether its name says that it is a log. Content decides; the name only tells what would be a fault.

        What has no name was given by hand.
        """
        return self.name is not None or hinted(self.path)

    @property
    def day(self) -> str:
        """The day its name or folder hints at, or empty: files of one day are read together."""
        found = _DAY.search(self.path)
        return "-".join(filter(None, found.groups())) if found else ""


def hinted(name: str) -> bool:
    """Tell whether a name says that this is a log."""
    return _LOG_NAME.search(name) is not None


def exists(pattern: str) -> bool:
    """Tell whether a file, a folder or a glob names anything at all."""
    return os.path.lexists(pattern) or next(glob.iglob(pattern, recursive=True), None) is not None


def find(patterns: Iterable[str], skip_folder: Callable[[str], bool]) -> Iterator[SourceFile | Fault]:
    """Yield every file below the given files, folders and globs, each once, and a fault for what cannot be listed.

    Folders for which `skip_folder` is true are passed over. Links are followed; one that leads back to a folder above
    itself is a fault, and a folder that several links lead to is entered through the first.
    """
    seen: set[str] = set()
    linked: set[_Identity] = set()
    for pattern in patterns:
        named = [pattern] if os.path.lexists(pattern) else sorted(glob.glob(pattern, recursive=True))
        if not named:
            yield Fault(shown(os.path.abspath(pattern)), None, "file.missing", "there is no such file or folder")
        for name in named:
            for entry in _walk(os.path.abspath(name), skip_folder, linked):
                if entry.path not in seen:
                    seen.add(entry.path)
                    yield entry


_Identity = tuple[int, int]


def _walk(top: str, skip_folder: Callable[[str], bool], linked: set[_Identity]) -> Iterator[SourceFile | Fault]:
    """Walk without recursion: a path may hold two thousand folders, more than Python's stack."""
    waiting: list[tuple[str, tuple[_Identity, ...]]] = [(top, ())]
    while waiting:
        path, above = waiting.pop()
        try:
            status = os.stat(path)
            if not stat.S_ISDIR(status.st_mode):
                yield _file(path, status)
                continue
            identity = (status.st_dev, status.st_ino)
            if identity in above:
                reason = "this link leads back to a folder above it; not followed"
                yield Fault(shown(path), None, "file.loop", reason)
                continue
            if above and os.path.islink(path):
                if identity in linked:
                    continue
                linked.add(identity)
            names = sorted(os.listdir(path), reverse=True)
            if not skip_folder(path):
                waiting.extend((os.path.join(path, name), (*above, identity)) for name in names)
        except OSError as error:
            yield _fault(path, error)


def _file(path: str, status: os.stat_result) -> SourceFile | Fault:
    if not stat.S_ISREG(status.st_mode):
        return _special(path)
    # Whoever replaces a file can set its modification time back, but not the time of that change.
    return SourceFile(path, status.st_size, max(status.st_mtime_ns, status.st_ctime_ns))


def _special(path: str) -> Fault:
    """Opening a pipe or a device can block, or do something to it."""
    return Fault(shown(path), None, "file.special", "is a pipe, socket or device, no regular file: not read")


class Opened:
    """A file to be read at any place in it. What goes wrong is no exception but `trouble`, and then no bytes come."""

    def __init__(self, file: SourceFile, trouble: tuple[str, str] | None = None) -> None:
        """Open a file; `trouble` is what went wrong before it could lie here."""
        self._descriptor: int | None = None
        self._earlier = trouble
        self._error: OSError | None = None
        self._before = (0, 0)
        self.size = 0
        try:
            self._descriptor = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            status = os.fstat(self._descriptor)
            if stat.S_ISREG(status.st_mode):
                self.size = status.st_size
            self._before = (status.st_size, status.st_mtime_ns)
        except OSError as error:
            self._error = error

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes; fewer only where the file ends, or cannot be read on."""
        pieces: list[bytes] = []
        size = min(size, self.size - offset)
        try:
            while size > 0 and self._descriptor is not None and (piece := os.pread(self._descriptor, size, offset)):
                pieces.append(piece)
                size -= len(piece)
                offset += len(piece)
        except OSError as error:
            self._error = error
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def whole(self, name: str) -> tuple[bytes, Fault | None]:
        """Return all bytes, and a fault of the file `name` when that could not be."""
        data = self.read(0, limits.MAX_UNPACKED_BYTES + 1)
        if len(data) > limits.MAX_UNPACKED_BYTES:
            return data, _too_large(name)
        return data, None if self.trouble is None else Fault(name, len(data), *self.trouble)

    @property
    def trouble(self) -> tuple[str, str] | None:
        """Kind and reason of what went wrong up to now; that the file has changed since it was opened is one."""
        if self._earlier is not None:
            return self._earlier
        if self._error is not None or self._descriptor is None:
            return None if self._error is None else _trouble(self._error)
        status = os.fstat(self._descriptor)
        return None if self._before == (status.st_size, status.st_mtime_ns) else _CHANGED

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


_CHANGED = ("file.changed", "changed while it was read; ingest it again when it rests")


def read(file: SourceFile) -> tuple[bytes, Fault | None]:
    """Return a file's bytes, and a fault when it could not be read whole or changed under the reading."""
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return b"", _fault(file.path, error)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return b"", _special(file.path)
        data = _read_all(descriptor)
        after = os.fstat(descriptor)
    except OSError as error:
        return b"", _fault(file.path, error)
    finally:
        os.close(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        if len(data) > limits.MAX_UNPACKED_BYTES:
            return data, _too_large(file.shown)
        return data, Fault(file.shown, len(data), *_CHANGED)
    return data, None


def _too_large(name: str) -> Fault:
    reason = f"has more than {limits.MAX_UNPACKED_BYTES} bytes, the limit for one file; the rest is unread"
    return Fault(name, limits.MAX_UNPACKED_BYTES, "file.too_large", reason)


def _read_all(descriptor: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while size <= limits.MAX_UNPACKED_BYTES and (piece := os.read(descriptor, _STEP)):
        pieces.append(piece)
        size += len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _fault(path: str, error: OSError) -> Fault:
    return Fault(shown(path), None, *_trouble(error))


def _trouble(error: OSError) -> tuple[str, str]:
    kind = {errno.EACCES: "file.permission", errno.ENOENT: "file.missing", errno.ELOOP: "file.loop"}.get(
        error.errno or 0, "file.unreadable"
    )
    return kind, f"cannot be read: {error.strerror or error}"


_ESCAPED = re.compile(rb"\\(?:(\\)|x([0-9a-f]{2}))")


def path_of(text: str) -> str:
    """Return the path that `shown` wrote as `text`."""
    raw = _ESCAPED.sub(lambda found: found[1] or bytes.fromhex(found[2].decode()), text.encode())
    return os.fsdecode(raw)


def shown(path: str) -> str:
    # A backslash is doubled: else a name with the byte FF and one that says \\xff would read the same.
    if path.isascii() and "\\" not in path:
        return path
    return path.replace("\\", "\\\\").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
