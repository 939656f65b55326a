"""Evidence that came without a file of its own, such as events in messages: kept as it came, in the store's folder."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ctaudit.store.layout import Layout, sync


def keep(layout: Layout, bodies: Sequence[bytes], now: datetime) -> Path:
    """Write bodies into one archive, each as a file of its own, and return its path once it is on the disk.

    So each is a content of its own, known again by its hash whatever it came together with. Raises OSError, and
    StoreError when the folder holds something that is no store.
    """
    layout.require_store_or_empty()
    folder = layout.evidence / "queue" / now.strftime("%Y-%m-%d")
    folder.mkdir(parents=True, exist_ok=True)
    data = _archive(bodies)
    path = folder / f"{_name(data)}.tar.gz"
    unborn = path.with_name(f"{path.name}.part")
    try:
        with unborn.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        unborn.rename(path)
    finally:
        unborn.unlink(missing_ok=True)
    for each in (folder, folder.parent, layout.evidence, layout.root):
        sync(each)
    return path


def _archive(bodies: Sequence[bytes]) -> bytes:
    """Return a tar archive, the same for the same bodies."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for body in bodies:
            member = tarfile.TarInfo(f"{_name(body)}.json")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return gzip.compress(packed.getvalue(), 6, mtime=0)


def _name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
