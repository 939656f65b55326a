"""A lake in a folder: what lies in it, and files that take the place of others."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from ctaudit.errors import CtauditError, StoreBusy, UsageError

OWN = "_ctaudit"
"""Where the lake keeps what is no table; engines pass over names that begin so."""
MANIFEST = f"{OWN}/lake.json"
MAX_MANIFEST_BYTES = 1024 * 1024


class Lake(Protocol):
    """Where a lake lies. A partition's files are exchanged by adding the new ones, then deleting the old ones."""

    name: str
    """As the user gave it."""

    def opened(self, *, change: bool) -> contextlib.AbstractContextManager[Path]:
        """Hold the lake, to change it or to look; gives a folder on this machine for files that are not whole yet."""
        ...

    def files(self) -> Iterator[tuple[str, int]]:
        """Yield the path and size of every file, the lake's own ones left out."""
        ...

    def manifest(self) -> bytes | None: ...

    def write_manifest(self, content: bytes) -> None: ...

    def exchange(self, folder: str, new: Sequence[tuple[Path, str]], old: Sequence[str]) -> None:
        """Put whole files in place, and delete others; perhaps later, at `settle` at the latest.

        The new ones lie in a folder of their own, which goes as well.
        """
        ...

    def settle(self) -> None:
        """Return when all that was asked for has been done; raises what went wrong."""
        ...


class LakeFolder:
    def __init__(self, root: Path) -> None:
        self.name = str(root)
        self._root = root

    @contextlib.contextmanager
    def opened(self, *, change: bool) -> Iterator[Path]:
        own = self._root / OWN
        staging = own / f"new-{os.getpid()}"
        if not change:
            with tempfile.TemporaryDirectory() as elsewhere:
                yield Path(elsewhere)
            return
        with self._told():
            staging.mkdir(parents=True, exist_ok=True)
            with (own / "lock").open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    shutil.rmtree(staging)
                    raise StoreBusy(
                        f"another export writes into {self.name}", "wait until it has finished, then try again"
                    ) from None
                for left_over in own.glob("new-*"):  # of runs that were killed
                    if left_over != staging:
                        shutil.rmtree(left_over)
                try:
                    yield staging
                finally:
                    shutil.rmtree(staging, ignore_errors=True)

    def files(self) -> Iterator[tuple[str, int]]:
        if self._root.is_file():
            raise UsageError(f"{self.name} is a file, not a folder", "name a new folder")
        with self._told():
            yield from self._below(str(self._root), "")

    def _below(self, place: str, path: str) -> Iterator[tuple[str, int]]:
        """Yield the files of a folder and all below it; links are told as what they are, and not followed."""
        with os.scandir(place) if os.path.isdir(place) else contextlib.nullcontext(()) as entries:
            for entry in entries:
                inner = f"{path}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if inner != OWN:
                        yield from self._below(entry.path, f"{inner}/")
                else:
                    yield os.fsencode(inner).decode(errors="replace"), entry.stat(follow_symlinks=False).st_size

    def manifest(self) -> bytes | None:
        with self._told():
            try:
                with (self._root / MANIFEST).open("rb") as file:
                    return file.read(MAX_MANIFEST_BYTES + 1)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write_manifest(self, content: bytes) -> None:
        path = self._root / MANIFEST
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_name(f"{path.name}.new")
            new.write_bytes(content)
            _sync(new)
            new.replace(path)
            _sync(path.parent)

    def exchange(self, folder: str, new: Sequence[tuple[Path, str]], old: Sequence[str]) -> None:
        place = self._root / folder
        with self._told():
            place.mkdir(parents=True, exist_ok=True)
            for made, _ in new:
                _sync(made)
            for made, name in new:
                made.replace(place / name)
            if new:
                new[0][0].parent.rmdir()
            if old:
                _sync(place)  # else a power cut could bring the old ones' end and not the new ones' names
            for name in old:
                (place / name).unlink(missing_ok=True)
            while old and place != self._root and not any(place.iterdir()):
                place.rmdir()
                place = place.parent

    def settle(self) -> None:
        pass

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CtauditError(
                f"cannot write the lake {self.name}: {error.strerror}: {error.filename}",
                "check the owner, the mode and the room of its folder; the next export goes on from here",
            ) from error


def _sync(path: Path) -> None:
    """Have the system put a file or a folder's names on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
