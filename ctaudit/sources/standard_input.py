"""Evidence on standard input: copied to a file first, since archives and damaged logs are read at many places."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from pathlib import Path

from ctaudit.errors import Interrupted, UsageError
from ctaudit.sources.files import SourceFile

NAME = "-"
"""What it is called, as a source and in all that is told of it."""
_STEP = 1024 * 1024
_LOOK_SECONDS = 0.2
"""How often to look whether Ctrl-C was pressed, while nothing comes."""


def spool(descriptor: int, path: Path, stopped: Callable[[], bool]) -> SourceFile:
    """Copy all that comes from `descriptor` to the new file at `path`, which only its owner can read.

    Raises Interrupted when `stopped` says so, UsageError when the input is closed, OSError when it cannot be copied.
    """
    out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        while piece := _next(descriptor, stopped):
            while piece:
                piece = piece[os.write(out, piece) :]
        status = os.fstat(out)
    finally:
        os.close(out)
    return SourceFile(str(path), status.st_size, max(status.st_mtime_ns, status.st_ctime_ns), NAME)


def _next(descriptor: int, stopped: Callable[[], bool]) -> bytes:
    try:
        while True:
            if stopped():
                raise Interrupted("interrupted")
            if select.select([descriptor], [], [], _LOOK_SECONDS)[0]:
                return os.read(descriptor, _STEP)
    except OSError as error:
        reason = f"standard input cannot be read: {error.strerror}"
        raise UsageError(reason, "name a file or folder, or pipe the evidence in: … | ctaudit ingest -") from error
