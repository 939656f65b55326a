"""One ingest at a time: a lock on the store that dies with its process and says who holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from ctaudit.errors import StoreBusy, StoreError
from ctaudit.store.layout import Layout


@contextlib.contextmanager
def held(layout: Layout, doing: str = "is ingesting into") -> Iterator[None]:
    """Hold the store for writing, or raise StoreBusy that names the process that does, and what it is `doing`.

    Makes the folder when there is none; raises StoreError when it holds something that is no store.
    """
    layout.require_store_or_empty()
    try:
        layout.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(
            f"cannot write to the store {layout.root}: {error.strerror}", "choose another --store DIR"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process holds"
            raise StoreBusy(f"{holder} {layout.root}", "wait until it has finished, then try again") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} {doing}".encode(), 0)
        yield
    finally:
        os.close(descriptor)
