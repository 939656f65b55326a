"""Copy evidence out of S3, byte by byte, with all that is needed to prove it offline."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ctaudit import collection
from ctaudit.account_names import numbers
from ctaudit.collect_facts import gather
from ctaudit.collection import Collected, Known
from ctaudit.copying import CONNECTIONS, FACTS, Copying
from ctaudit.errors import UsageError
from ctaudit.fault import Fault
from ctaudit.interrupts import noted_interrupts
from ctaudit.listing import FromS3
from ctaudit.progress import Progress, Silent
from ctaudit.sources import copies
from ctaudit.sources.mirror import KEYS
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.public_keys import list_public_keys
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_listing import LOGS_AND_DIGESTS

__all__ = ["Collected", "collect"]


def collect(
    source: str, folder: str | Path, *, from_s3: FromS3 | None = None, progress: Progress | None = None
) -> Collected:
    """Copy the log files and digests below `s3://bucket/prefix` into a folder, as `folder/bucket/key`.

    A later run copies what is new and verifies what is there; nothing is ever overwritten. Raises UsageError when the
    folder is something else, CtauditError when there are no credentials, Interrupted on Ctrl-C; what was copied stays.
    """
    started = time.monotonic()
    root = Path(folder)
    from_s3 = from_s3 or FromS3()
    numbers(None, from_s3.accounts)  # a name would choose no folder, and nothing would be said
    s3 = S3(source, connections=CONNECTIONS, login=from_s3.login)
    known = _opened(root)
    with noted_interrupts() as stopped:
        run = Copying(root, s3, known, progress or Silent(), stopped)
        done = run.copy(replace(from_s3.wanted, kinds=LOGS_AND_DIGESTS, markers=True))
        done.faults += _add_keys(root, s3, run.regions)
        # What cannot be asked of the trails is told in the file itself; by its name it is no log, for `validate`.
        _replace(root / FACTS, gather(s3.login, s3.bucket, run.regions))
    done.faults.sort()
    done.seconds = time.monotonic() - started
    return done


def _opened(root: Path) -> Known:
    """Make the folder of a copy, or open one; return what lies in it."""
    if root.exists() and (not root.is_dir() or (any(root.iterdir()) and not (root / collection.NAME).is_file())):
        raise UsageError(f"{root} is no copy that ctaudit made", "name a new folder, or one of an earlier collection")
    root.mkdir(parents=True, exist_ok=True)
    copies.sweep(root)
    try:
        return collection.read(root)
    except msgspec.DecodeError as error:
        raise UsageError(f"{root / collection.NAME} is damaged: {error}", "collect into a new folder") from error


Regions = dict[str, tuple[datetime, datetime]]
"""Region -> ends of its first and last digest."""


def _add_keys(root: Path, s3: S3, regions: Regions) -> Iterator[Fault]:
    """Ask for the public keys of every region that has digests; yield a fault for each that cannot be had."""
    for region, (first, last) in sorted(regions.items()):
        try:
            found = list_public_keys(s3.login, region, *_around(first, last))
        except Unavailable as trouble:
            reason = f"the public keys of {region} cannot be had: {trouble.reason}; nothing is proven without them"
            yield Fault(f"{KEYS}/{region}.json", None, "keys.unavailable", reason)
        else:
            _replace(root / KEYS / f"{region}.json", {"PublicKeyList": found})


def _around(first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """Return the span in which keys for digests may have become valid: see `key_rings`."""
    from ctaudit.key_rings import AFTER, BEFORE

    return first - BEFORE, max(last + AFTER, datetime.now(UTC))


def _replace(path: Path, content: object) -> None:
    """Write a file anew: it tells the state of now, and is no evidence."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(msgspec.json.encode(content, enc_hook=str) + b"\n")
    new.replace(path)
