"""Log objects of a bucket as evidence: what is listed becomes files to be read, or the reason why it is not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ctaudit.fault import Fault
from ctaudit.sources import s3_listing
from ctaudit.sources.files import SourceFile
from ctaudit.sources.left_out import LeftOut
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_listing import Entry, Passed, Wanted
from ctaudit.sources.s3_urls import SCHEME

_ARCHIVES = {"GLACIER": "Glacier Flexible Retrieval", "DEEP_ARCHIVE": "Glacier Deep Archive"}
"""Storage classes that have to be restored before they can be read; Glacier Instant Retrieval is not one."""
_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Archived:
    """An object that cannot be read before it is restored."""

    file: SourceFile
    storage_class: str
    restoring: bool
    """Whether that was asked for already."""

    @property
    def fault(self) -> Fault:
        where = f"is archived ({_ARCHIVES[self.storage_class]})"
        what = "a restore is under way; ingest again when it is done" if self.restoring else "restore it first"
        return Fault(self.file.shown, None, "s3.archived", f"{where}: unread; {what}")


def find(
    s3: S3, wanted: Wanted, stopped: Callable[[], bool] = bool
) -> Iterator[SourceFile | Archived | Passed | LeftOut | Fault]:
    """Yield what lies below the prefix of `s3`, in no order. Raises CtauditError when there are no credentials."""
    for entry in s3_listing.find(s3, s3.bucket, s3.prefix, wanted, stopped):
        yield _found(s3.bucket, entry) if isinstance(entry, dict) else entry


def find_named(
    s3: S3, urls: Sequence[str], stopped: Callable[[], bool] = bool
) -> Iterator[SourceFile | Archived | Fault]:
    """Yield the objects that these URLs name by their whole keys, a fault for each that is not there.

    Of `s3` nothing but its way there matters. Raises CtauditError when there are no credentials.
    """
    named = [url.removeprefix(SCHEME).partition("/") for url in urls]
    for found in s3_listing.find_each(s3, [(bucket, key) for bucket, _, key in named], stopped):
        yield found if isinstance(found, Fault) else _found(*found)


def _found(bucket: str, entry: Entry) -> SourceFile | Archived:
    version = None if entry.get("IsLatest", True) else entry["VersionId"]
    changed = state(entry["LastModified"], entry["ETag"])
    file = SourceFile(f"{SCHEME}{bucket}/{entry['Key']}", entry["Size"], changed, version=version)
    if entry.get("StorageClass") not in _ARCHIVES:
        return file
    restore: dict[str, Any] = entry.get("RestoreStatus") or {}
    if restore.get("RestoreExpiryDate") and not restore.get("IsRestoreInProgress"):
        return file
    return Archived(file, entry["StorageClass"], bool(restore.get("IsRestoreInProgress")))


def archived_by_class(found: Iterable[Archived]) -> dict[str, tuple[int, int]]:
    """Count archived objects and their bytes by storage class."""
    counts: dict[str, tuple[int, int]] = {}
    for each in found:
        objects, size = counts.get(each.storage_class, (0, 0))
        counts[each.storage_class] = objects + 1, size + each.file.size
    return counts


def state(modified: datetime, tag: str) -> int:
    """Return what changes when the object does, as `SourceFile.changed_ns`: later versions have greater ones.

    S3 tells whole seconds; the places behind them hold the entity tag, hashed.
    """
    return int(modified.timestamp()) * _SECOND + _hashed(tag)


def has_tag(file: SourceFile, tag: str) -> bool:
    """Tell whether an object was listed with this entity tag."""
    return file.changed_ns % _SECOND == _hashed(tag)


def _hashed(tag: str) -> int:
    return int.from_bytes(hashlib.sha256(tag.encode()).digest()[:8], "big") % _SECOND
