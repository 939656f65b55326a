"""Who may write: one ingest at a time, and one writer of the catalog; both locks die with their process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

from ctaudit.errors import StoreBusy, StoreError
from ctaudit.store.layout import Layout

_WAIT_SECONDS = 20.0
"""How long to wait for a turn; a commit takes milliseconds."""


@contextlib.contextmanager
def held(layout: Layout, doing: str = "is ingesting into") -> Iterator[None]:
    """Hold the store for writing, or raise StoreBusy that names the process that does, and what it is `doing`.

    Makes the folder when there is none; raises StoreError when it holds something that is no store.
    """
    layout.require_store_or_empty()
    with _told(layout):
        layout.root.mkdir(parents=True, exist_ok=True)
    with _opened(layout, layout.lock) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process holds"
            raise StoreBusy(f"{holder} {layout.root}", "wait until it has finished, then try again") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} {doing}".encode(), 0)
        yield


@contextlib.contextmanager
def turn(layout: Layout) -> Iterator[None]:
    """Hold the catalog while it is written anew: of two copies that are changed the second would undo the first.

    Waits for who has it; raises StoreBusy when that takes too long.
    """
    deadline = time.monotonic() + _WAIT_SECONDS
    with _opened(layout, layout.turn) as descriptor:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > deadline or not isinstance(error, BlockingIOError):
                    advice = "a process that was stopped perhaps: end it, then try again"
                    raise StoreBusy(f"another process is writing the catalog of {layout.root}", advice) from error
            pause()
        yield


@contextlib.contextmanager
def sending(layout: Layout) -> Iterator[None]:
    """Hold what could not be delivered yet; raises StoreBusy when another process is sending it."""
    with _opened(layout, layout.outbox_lock) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = f"another process is sending anomalies of {layout.root}"
            raise StoreBusy(message, "wait until it has finished, then try again") from error
        yield


def pause() -> None:
    """Wait for a moment, not the same one for all who wait."""
    time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - spreads waiting processes, protects nothing


@contextlib.contextmanager
def _opened(layout: Layout, path: Path) -> Iterator[int]:
    with _told(layout):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told(layout: Layout) -> Iterator[None]:
    """Turn the system's refusal to make something in the store's folder into a StoreError."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot write to the store {layout.root}: {error.strerror}", "choose another --store DIR"
        ) from error
