"""Files of a copy: where the object of a key lies, written whole or not at all, and never over what is there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

_LONGEST_NAME = 200
"""Bytes of a file's name; file systems take 255, and a sidecar's suffix has to fit, too."""
VERSIONS = "%versions"
"""Folder of earlier versions, in that of the bucket."""
_PART = ".part"
"""Suffix of a file that is still being written."""


def path_of(key: str) -> str:
    """Return the relative path of a key: the key itself, but for names that no file can have or that lead elsewhere.

    Those are written as `%` and what they were in hexadecimal, or cut and given a hash.
    """
    return "/".join(map(_name, key.split("/")))


def _name(part: str) -> str:
    raw = part.encode()
    if part in ("", ".", "..") or "\0" in part:
        return "%" + raw.hex()
    if len(raw) <= _LONGEST_NAME:
        return part
    return f"{raw[:100].decode(errors='ignore')}%{hashlib.sha256(raw).hexdigest()[:32]}"


def path_beside(key: str) -> str:
    """Return the relative path of a key whose own one is also that of a folder, or lies below a file."""
    return f"%clash/{hashlib.sha256(key.encode()).hexdigest()}"


def path_of_version(key: str, version: str) -> str:
    """Return the relative path of an earlier version: by no name that a log file or digest has in the bucket."""
    name = "\0".join((key, version))
    return f"{VERSIONS}/{hashlib.sha256(name.encode()).hexdigest()}"


def clashes(path: Path) -> bool:
    """Tell whether a file cannot have this path, as it is a folder, or lies below a file."""
    return path.is_dir() or any(parent.is_file() for parent in path.parents)


def write_new(path: Path, chunks: Iterable[bytes]) -> str:
    """Write a new file, read-only, on the disk when this returns; return its SHA-256.

    Raises FileExistsError when there is another one, NotADirectoryError or FileExistsError when a name on the way is a
    file, other OSErrors, and what `chunks` raises. Nothing half written stays under the name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    descriptor, part = tempfile.mkstemp(_PART, dir=path.parent)
    try:
        with open(descriptor, "wb") as out:
            for chunk in chunks:
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fchmod(descriptor, 0o444)
            os.fsync(descriptor)
        _link(part, path, digest.hexdigest())
    finally:
        os.unlink(part)
    return digest.hexdigest()


def _link(part: str, path: Path, sha256: str) -> None:
    """Give a file its name. Unlike a rename, this never takes the place of another file; one with the same bytes, which
    a run that was killed has left, will do."""
    try:
        os.link(part, path)
    except FileExistsError:
        if path.is_dir() or sha256_of(path) != sha256:
            raise


def sha256_of(path: Path) -> str | None:
    """Return the SHA-256 of a file; None when there is none. Raises OSError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None


def sweep(folder: Path) -> None:
    """Delete what an interrupted run left half written."""
    for part in folder.rglob(f"tmp*{_PART}"):
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def strangers(folder: Path, own: Collection[str]) -> Iterator[str]:
    """Yield the relative path of each file in a copy that is not among its `own`, in order."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        below = place[len(str(folder)) :].lstrip("/")
        links = [name for name in folders if os.path.islink(f"{place}/{name}")]
        for name in sorted((*names, *links)):
            path = f"{below}/{name}" if below else name
            if path not in own:
                yield path
