"""Evidence in files: found below folders and globs, and read without touching it."""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ctaudit import limits
from ctaudit.fault import Fault

_LOG_NAME = re.compile(r"\.(?:json|gz|jsonl|ndjson|log|cloudtrail|raw)$|_CloudTrail(?:-|_)", re.IGNORECASE)
_DAY = re.compile(r"_(\d{4})(\d\d)(\d\d)T\d{4}|/(\d{4})/(\d\d)/(\d\d)/")
_STEP = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that may hold evidence, as it was when it was found."""

    path: str
    """Absolute path, fit to be opened."""
    size: int
    mtime_ns: int

    @property
    def shown(self) -> str:
        """The path as text: bytes that are not UTF-8 are written as `\\xNN`."""
        return _shown(self.path)

    @property
    def hinted(self) -> bool:
        """Whether its name says that it is a log. Content decides; the name only tells what would be a fault."""
        return _LOG_NAME.search(self.path) is not None

    @property
    def day(self) -> str:
        """The day its name or folder hints at, or empty: files of one day are read together."""
        found = _DAY.search(self.path)
        return "-".join(part for part in found.groups() if part) if found else ""


def find(patterns: Iterable[str], skip_folder: Callable[[str], bool]) -> Iterator[SourceFile | Fault]:
    """Yield every file below the given files, folders and globs, each once, and a fault for what cannot be listed.

    Folders for which `skip_folder` is true are passed over. Links are followed; one that leads back to a folder above
    itself is a fault.
    """
    seen: set[str] = set()
    for pattern in patterns:
        named = [pattern] if os.path.lexists(pattern) else sorted(glob.glob(pattern, recursive=True))
        if not named:
            yield Fault(os.path.abspath(pattern), None, "file.missing", "there is no such file or folder")
        for name in named:
            for entry in _walk(os.path.abspath(name), skip_folder, ()):
                if entry.path not in seen:
                    seen.add(entry.path)
                    yield entry


def _walk(
    path: str, skip_folder: Callable[[str], bool], above: tuple[tuple[int, int], ...]
) -> Iterator[SourceFile | Fault]:
    try:
        status = os.stat(path)
    except OSError as error:
        yield _fault(path, error)
        return
    if not stat.S_ISDIR(status.st_mode):
        yield SourceFile(path, status.st_size, status.st_mtime_ns)
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        yield Fault(_shown(path), None, "file.loop", "this link leads back to a folder above it; not followed")
        return
    if skip_folder(path):
        return
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        yield _fault(path, error)
        return
    for name in names:
        yield from _walk(os.path.join(path, name), skip_folder, (*above, identity))


def read(file: SourceFile) -> tuple[bytes, Fault | None]:
    """Return a file's bytes, and a fault when it could not be read whole or changed under the reading."""
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return b"", _fault(file.path, error)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return b"", Fault(file.shown, None, "file.special", "is no regular file: not read")
        data = _read_all(descriptor)
        after = os.fstat(descriptor)
    except OSError as error:
        return b"", _fault(file.path, error)
    finally:
        os.close(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        if len(data) > limits.MAX_UNPACKED_BYTES:
            reason = f"has more than {limits.MAX_UNPACKED_BYTES} bytes, the limit for one file; the rest is unread"
            return data, Fault(file.shown, limits.MAX_UNPACKED_BYTES, "file.too_large", reason)
        return data, Fault(
            file.shown, len(data), "file.changed", "changed while it was read; ingest it again when it rests"
        )
    return data, None


def _read_all(descriptor: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while size <= limits.MAX_UNPACKED_BYTES and (piece := os.read(descriptor, _STEP)):
        pieces.append(piece)
        size += len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _fault(path: str, error: OSError) -> Fault:
    kind = {errno.EACCES: "file.permission", errno.ENOENT: "file.missing", errno.ELOOP: "file.loop"}.get(
        error.errno or 0, "file.unreadable"
    )
    return Fault(_shown(path), None, kind, f"cannot be read: {error.strerror or error}")


def _shown(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
