"""Files that tell a later run how far an earlier one came: read whole, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ctaudit.errors import CtauditError, UsageError
from ctaudit.integrity.checkpoint import BadState, Checkpoint, State, format_state, parse_state
from ctaudit.integrity.names import Chain


def read_state(path: str) -> dict[Chain, Checkpoint]:
    """Read the state; empty when there is no such file yet.

    Raises UsageError when the file is something else: an empty state in its place would hide what is gone.
    """
    try:
        return parse_state(Path(path).read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"cannot read the state {path}: {error.strerror}") from error
    except BadState as error:
        raise UsageError(f"{path} {error}", "restore it from a copy, or name a new file and begin anew") from error


def write_state(path: str, state: State) -> None:
    """Put the state in the place of the old one; a power cut leaves one of the two.

    Raises CtauditError when it cannot be written.
    """
    write_whole(Path(path).absolute(), format_state(state), "the state", path)


def write_whole(target: Path, body: bytes, what: str, called: str = "") -> None:
    """Put a file in the place of the old one; a power cut leaves one of the two.

    Raises CtauditError that says `what` cannot be written, and names the file as the user `called` it.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"cannot write {what} {called or target}: {error.strerror}"
        raise CtauditError(message, "name a file in a folder of yours" if called else "") from error
