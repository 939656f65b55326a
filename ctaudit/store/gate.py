"""A gate before the catalog: while a writer waits no new reader goes in, so that many readers cannot starve it.

Whoever opens the catalog to write holds the gate until that succeeded; a reader only passes through. It is a lock on
the store's folder, so there is no file of its own, and a store that can only be read has a gate, too. Where a folder
cannot be locked (some network disks) all try their luck as they come.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path


def pass_through(folder: Path, deadline: float) -> None:
    """Wait until no writer holds the gate, at most until `deadline`, a time of `time.monotonic`."""
    with _locked(folder, fcntl.LOCK_SH, deadline):
        pass


@contextlib.contextmanager
def held(folder: Path, deadline: float) -> Iterator[None]:
    """Keep new readers out while the block runs; goes on without the gate when it is not to be had in time."""
    with _locked(folder, fcntl.LOCK_EX, deadline):
        yield


@contextlib.contextmanager
def _locked(folder: Path, kind: int, deadline: float) -> Iterator[None]:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # the folder may be entered, but not listed
        yield
        return
    try:
        _lock(descriptor, kind, deadline)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return
            pause()
        except OSError:  # this disk knows no such locks
            return
        else:
            return


def pause() -> None:
    """Wait for a moment, not the same one for all who wait."""
    time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - spreads waiting processes, protects nothing
