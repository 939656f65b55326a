"""What files hold, wherever they lie: on disk they are read when their turn comes, from S3 many are fetched ahead."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ctaudit.fault import Fault
from ctaudit.sources import files
from ctaudit.sources.files import Opened, SourceFile
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_objects import has_tag
from ctaudit.sources.s3_urls import SCHEME

AT_ONCE_BYTES = 4 * 1024 * 1024
"""Files up to this size are read once, before anything is known of them: nearly all logs, and small archives."""
FLIGHT = 32
"""Objects that one process fetches at once. Nothing but waiting for S3 is saved by more."""
_AHEAD_BYTES = 32 * 1024 * 1024
"""Bytes of objects that are fetched and not yet read, in one process."""


class Body(Protocol):
    @property
    def file(self) -> SourceFile: ...

    def whole(self) -> tuple[bytes, Fault | None]:
        """Return the bytes of a small file, and a fault when they could not be read whole."""
        ...

    def opened(self) -> contextlib.AbstractContextManager[Opened]:
        """Open a large one, to be read at any place."""
        ...


@dataclass(frozen=True, slots=True)
class _Lying:
    """A file on disk."""

    file: SourceFile

    def whole(self) -> tuple[bytes, Fault | None]:
        return files.read(self.file)

    def opened(self) -> contextlib.AbstractContextManager[Opened]:
        return contextlib.closing(Opened(self.file))


_Fetched = tuple[bytes, Fault | None]


@dataclass(frozen=True, slots=True)
class _Coming:
    """An object of S3, under way."""

    file: SourceFile
    s3: S3
    spool: Path
    fetching: Future[_Fetched] | None
    """None for a large one, which is fetched to disk when its turn comes."""

    def whole(self) -> _Fetched:
        assert self.fetching is not None  # only what is small is asked for whole
        return self.fetching.result()

    @contextlib.contextmanager
    def opened(self) -> Iterator[Opened]:
        descriptor, path = tempfile.mkstemp(".spool", dir=self.spool)
        try:
            trouble = _spool(self.s3, self.file, descriptor)
            opened = Opened(SourceFile(path, self.file.size, self.file.changed_ns, self.file.shown), trouble)
            with contextlib.closing(opened):
                yield opened
        finally:
            os.unlink(path)


def bodies(chosen: Iterable[SourceFile], s3: S3 | None, spool: Path) -> Iterator[Body]:
    """Yield the bodies of files, in their order; `spool` is the folder where large objects may lie for a while."""
    if s3 is None:
        yield from map(_Lying, chosen)
        return
    with ThreadPoolExecutor(FLIGHT, "ctaudit-fetch") as pool:
        ahead: deque[Body] = deque()
        held = 0
        try:
            for file in chosen:
                ahead.append(_begun(file, s3, spool, pool))
                held += min(file.size, AT_ONCE_BYTES)
                while len(ahead) > 2 * FLIGHT or held > _AHEAD_BYTES:
                    held -= min(ahead[0].file.size, AT_ONCE_BYTES)
                    yield ahead.popleft()
            while ahead:
                yield ahead.popleft()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _begun(file: SourceFile, s3: S3, spool: Path, pool: ThreadPoolExecutor) -> Body:
    if not file.path.startswith(SCHEME):
        return _Lying(file)
    small = file.size <= AT_ONCE_BYTES
    return _Coming(file, s3, spool, pool.submit(_fetch, s3, file) if small else None)


def _fetch(s3: S3, file: SourceFile) -> _Fetched:
    pieces: list[bytes] = []
    try:
        with s3.pace.turn():
            fetched = s3.fetch(file.path, version=file.version)
            pieces.extend(fetched.chunks)
    except Unavailable as trouble:
        return b"".join(pieces), _unread(file, trouble)
    data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    return data, _changed(file, fetched.tag, len(data))


def _spool(s3: S3, file: SourceFile, descriptor: int) -> tuple[str, str] | None:
    """Fetch a large object to disk; return kind and reason of what went wrong. Raises OSError when the disk is full."""
    fault: Fault | None
    with open(descriptor, "wb") as out:
        try:
            with s3.pace.turn():
                fetched = s3.fetch(file.path, version=file.version)
                for chunk in fetched.chunks:
                    out.write(chunk)
            fault = _changed(file, fetched.tag, out.tell())
        except Unavailable as trouble:
            fault = _unread(file, trouble)
    return None if fault is None else (fault.kind, fault.reason)


def _unread(file: SourceFile, trouble: Unavailable) -> Fault:
    kind = trouble.fault_kind()
    return Fault(file.shown, None, kind, f"cannot be read: {trouble.reason}")


def _changed(file: SourceFile, tag: str, size: int) -> Fault | None:
    """Tell when the object is another one than was listed: the ledger must not take it for that."""
    if has_tag(file, tag) and size == file.size:
        return None
    return Fault(file.shown, None, "s3.changed", "changed between listing and reading; ingest it again when it rests")
