"""A folder that mirrors a bucket, or files that do: what a digest names is found below it, never beside it.

The folder may be the bucket, lie above several buckets, or lie below the prefix: where a digest's path and the key that
it states for itself agree tells which, digest by digest. A hostile mirror is the normal case, so paths that digests
name are taken as text: nothing with `..` in it, and no link that leads out.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from ctaudit.fault import Fault
from ctaudit.sources import files
from ctaudit.sources.objects import Fetched, Locator, Object, Unavailable
from ctaudit.sources.sidecars import SUFFIX, Sidecars

_ODD = re.compile(r"\0|(?:^|/)\.{0,2}(?:/|\Z)")
"""A NUL, an empty part, `.` or `..` in a key."""
_PACKED = ".json.gz"
_TAIL = re.compile(r"/(AWSLogs/.*|CloudTrail(?:-Digest)?/[^/]+/\d{4}/\d\d/\d\d/[^/]*\Z)", re.DOTALL)
KEYS = "public-keys"
"""A folder of this name, at the top of a mirror, has the public keys."""
_CHUNK = 4 * 1024 * 1024


class Mirror:
    """Objects in a folder."""

    online = False

    def __init__(
        self, root: str, sidecars: Sidecars, bucket_map: Mapping[str, str], paths: Iterable[str] | None = None
    ) -> None:
        """Mirror the folder `root`; `paths` names its files, absolute, when only some of them are evidence."""
        self._root = os.path.realpath(root).rstrip("/")
        self._sidecars = sidecars
        self._bucket_map = {old: os.path.realpath(os.path.join(root, new)) for old, new in bucket_map.items()}
        self._paths = paths
        self._listed: set[str] = set()
        self._inside = lru_cache(4096)(self._leads_inside)

    bytes_read = 0

    def find(self) -> Iterator[Object | Fault]:
        """Yield every file below the folder; links out of it, and what cannot be listed, are faults."""
        if self._paths is not None:
            yield from (Object(_tail(path), path, 0) for path in self._paths)
        else:
            yield from self._walk(self._root or "/")

    def _walk(self, top: str) -> Iterator[Object | Fault]:
        below = len(top.rstrip("/")) + 1
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(folder) as listed:
                    entries = {entry.name: entry for entry in listed}
                    for _, entry in sorted(entries.items()):
                        if entry.is_symlink() and not self._inside(entry.path):
                            reason = "is a link out of the folder"
                            yield Fault(files.shown(entry.path), None, "file.outside", reason)
                        elif entry.is_dir(follow_symlinks=False):
                            if entry.name != KEYS or folder != top:
                                waiting.append(entry.path)
                        elif not _is_folder(entry) and not _is_sidecar(entry.name, entries):
                            path = entry.path if f"{entry.name}.gz" in entries else _packed(entry.path)
                            yield Object(path[below:], path, 0)
            except OSError as error:
                yield Fault(
                    files.shown(folder), None, "file.unreadable", f"cannot be listed: {error.strerror or error}"
                )

    def locator(self, near: Object, own: tuple[str, str]) -> Locator:
        """Return what tells the paths of what one digest names; see `Objects.locator`."""
        own_bucket, own_key = own
        base = near.place.removesuffix(own_key)
        above = base != near.place and base.endswith("/")  # the path holds the whole key, or else only its end
        cut = "" if above else own_key.removesuffix(near.key)
        below = base if above else near.place.removesuffix(near.key)

        def locate(bucket: str, key: str) -> str:
            if _ODD.search(key):
                raise Unavailable("outside", "the key is no plain path")
            if bucket != own_bucket:
                return self._below(self._folder_of(bucket, base if above else "", own_bucket), key)
            if above or (cut != own_key and key.startswith(cut)):
                return self._below(below, key[len(cut) :])
            return self._below(f"{os.path.dirname(near.place)}/", key.rpartition("/")[2])  # a copy without folders

        return locate

    def _folder_of(self, bucket: str, base: str, own_bucket: str) -> str:
        """Return the folder of another bucket: one that was named for it, or one beside `base`, the digest's own."""
        if bucket in self._bucket_map:
            return f"{self._bucket_map[bucket]}/"
        above = base.removesuffix(f"{own_bucket}/")
        folder = f"{above}{bucket}/"
        if above == base or "/" in bucket or bucket in ("", ".", "..") or not os.path.isdir(folder):
            raise Unavailable(
                "elsewhere", f"it lies in the bucket {bucket}; say where that is with --bucket-map {bucket}=FOLDER"
            )
        return folder

    def _below(self, folder: str, key: str) -> str:
        path = f"{folder}{key}"
        if not self._inside(path.rpartition("/")[0]):
            raise Unavailable("outside", "it lies outside of the folder that was named: name one further up")
        return path

    def _leads_inside(self, path: str) -> bool:
        real = os.path.realpath(path)
        return any(real == root or real.startswith(f"{root}/") for root in (self._root, *self._bucket_map.values()))

    def why_nothing(self) -> str:
        return "0 log files and 0 digests lie there"

    def around(self, account: str, since: datetime, until: datetime) -> Iterator[Object | Fault]:
        """Yield nothing: a mirror is walked whole."""
        return iter(())

    def beyond(self, wanted: tuple[str, str]) -> Iterator[Object | Fault] | None:
        """List a bucket's folder that was named with the bucket map and lies outside of the mirror."""
        folder = self._bucket_map.get(wanted[0])
        if folder is None or folder in self._listed or f"{folder}/".startswith(f"{self._root}/"):
            return None
        self._listed.add(folder)
        return self._walk(folder)

    def fetch(self, place: str, *, metadata: bool = False) -> Fetched:
        """Open a file and, when asked, its sidecar; see `Objects.fetch`."""
        fetched = fetch(place)
        return Fetched(fetched.chunks, self._sidecars.of(place, self._key(place))) if metadata else fetched

    def _key(self, place: str) -> str:
        return place[len(self._root) + 1 :]


def fetch(place: str) -> Fetched:
    """Open a file of a mirror, or the one that it was unpacked to; raises Unavailable."""
    try:
        return Fetched(_read(place), None)
    except Unavailable as error:
        if error.kind != "missing" or not place.endswith(_PACKED):
            raise
    return Fetched(_read(place.removesuffix(".gz")), None)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether a name leads to a folder, by a link or not; a link that leads in circles leads nowhere."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_sidecar(name: str, beside: Container[str]) -> bool:
    return name.endswith(SUFFIX) and name.removesuffix(SUFFIX) in beside


def _packed(path: str) -> str:
    """Return the path that a file would have if it had not been unpacked: `X.json` stands for `X.json.gz`."""
    return f"{path}.gz" if path.endswith(".json") else path


def _tail(path: str) -> str:
    """Return what of an absolute path can be the end of a key, when nobody says where the mirror begins."""
    packed = _packed(path)
    found = _TAIL.search(packed)
    return packed[found.start(1) :] if found else packed.rpartition("/")[2]


def _read(path: str) -> Iterable[bytes]:
    """Return the bytes of a regular file that is no link; nearly always they are one chunk."""
    descriptor, size = _open(path)
    try:
        if size < _CHUNK and len(data := os.read(descriptor, size + 1)) <= size:
            return (data,)
    except OSError as error:
        raise _unavailable(error) from error
    finally:
        os.close(descriptor)
    return _chunks(path)


def _chunks(path: str) -> Iterator[bytes]:
    descriptor, _ = _open(path)
    try:
        while chunk := os.read(descriptor, _CHUNK):
            yield chunk
    except OSError as error:
        raise _unavailable(error) from error
    finally:
        os.close(descriptor)


def _open(path: str) -> tuple[int, int]:
    """Open a regular file; returns its descriptor and its size."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (OSError, ValueError) as error:
        raise _unavailable(error) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Unavailable("unreadable", "it is no regular file")
    return descriptor, status.st_size


def _unavailable(error: OSError | ValueError) -> Unavailable:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Unavailable("missing", "there is no such file")
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return Unavailable("outside", "it is a link")
    kind = "denied" if isinstance(error, PermissionError) else "unreadable"
    return Unavailable(kind, str(error.strerror if isinstance(error, OSError) else error))
