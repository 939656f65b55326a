"""An answer in a file: the form by its ending, written beside it and renamed when it is whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ctaudit.errors import CtauditError, UsageError
from ctaudit.reports.formats import Format

COLUMNAR = ("parquet", "arrow")
"""Forms for programs, which no terminal is given."""
_ENDINGS = {
    **{f".{form.value}": form.value for form in (Format.CSV, Format.TSV, Format.JSON, Format.JSONL)},
    ".md": Format.MARKDOWN.value,
    ".txt": Format.TABLE.value,
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}


def form_of(path: Path, chosen: str | None) -> str:
    """Return the form that was chosen, else the one that the ending tells; raises UsageError when neither does."""
    form = chosen or _ENDINGS.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"the ending of {path} tells no format", f"end it in {', '.join(_ENDINGS)}, or give --format")
    return form


@contextlib.contextmanager
def whole_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Give a file to write into, which becomes `path` when the block ends and is gone when it raises.

    Raises UsageError when `path` is there and may not be replaced, CtauditError when it cannot be written.
    """
    _check(path, force)
    part = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _check(path, force)  # somebody may have put one there meanwhile
        part.replace(path)
    except OSError as error:
        raise CtauditError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _check(path: Path, force: bool) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a file in it")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no regular file", "leave out --output to write to stdout")
    if not force and os.path.lexists(path):
        raise UsageError(f"{path} is there already", "choose another name, or replace it with --force")
