"""The public keys that a validation proves with: from files, or asked of CloudTrail in each region."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ctaudit import limits
from ctaudit.errors import UsageError
from ctaudit.integrity.signature import BadKeys, KeyRing, key_entries, key_ring
from ctaudit.integrity.verdict import Finding, finding
from ctaudit.sources.objects import Unavailable

ListKeys = Callable[[str, datetime, datetime], Sequence[Mapping[str, Any]]]
"""Asks CloudTrail: region, from, until -> entries of a PublicKeyList."""

BEFORE, AFTER = timedelta(days=1), timedelta(hours=2)
"""A digest may be signed with a key that became valid after its window ended, by up to two hours."""


def from_files(named: Iterable[str]) -> tuple[list[Mapping[str, Any]], list[Finding]]:
    """Read files, or all `.json` files of folders, of what `list-public-keys` prints.

    Raises UsageError when a named file is not there or is something else: without its keys nothing would be proven.
    What is odd in a folder, which may be part of the evidence, stops nothing.
    """
    entries: list[Mapping[str, Any]] = []
    findings: list[Finding] = []
    for path in named:
        for file in _files(path):
            try:
                entries += key_entries(_read(file))
            except (BadKeys, OSError) as error:
                if file == path:
                    raise _refused(path, error) from None
                findings.append(finding("key.invalid", f"{file} {_reason(error)}", key=file))
    return entries, findings


def key_texts(named: Iterable[str]) -> list[bytes]:
    """Return the contents of the named files, and of all `.json` files of named folders; raises UsageError."""
    texts: list[bytes] = []
    for path in named:
        for file in _files(path):
            try:
                texts.append(_read(file))
            except (BadKeys, OSError) as error:
                raise _refused(file, error) from None
    return texts


def _refused(path: str, error: BadKeys | OSError) -> UsageError:
    if isinstance(error, OSError):
        return UsageError(f"cannot read the public keys in {path}: {error.strerror}", "check the path")
    return UsageError(f"{path} {error}", "give a file that `list-public-keys` wrote")


def _reason(error: BadKeys | OSError) -> str:
    return f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    try:
        return sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith(".json"))
    except OSError as error:
        raise _refused(path, error) from None


def _read(path: str) -> bytes:
    """Read a file, which must be a regular one: a pipe in the evidence would keep us for ever.

    Raises BadKeys, OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadKeys("is no regular file")
        text = file.read(limits.MAX_KEY_FILE_BYTES + 1)
    if len(text) > limits.MAX_KEY_FILE_BYTES:
        raise BadKeys("is too large to be a file of public keys")
    return text


def from_cloudtrail(
    regions: Iterable[tuple[str, datetime, datetime]], list_keys: ListKeys, now: datetime
) -> tuple[list[Mapping[str, Any]], list[Finding]]:
    """Ask for the keys of each (region, end of the first digest, end of the last digest), up to `now`.

    Backfill digests are signed later than their window, nobody knows how much later.
    """
    entries: list[Mapping[str, Any]] = []
    findings: list[Finding] = []
    for region, first, last in regions:
        try:
            entries += list_keys(region, first - BEFORE, max(now, last + AFTER))
        except Unavailable as error:
            findings.append(finding("key.unreadable", f"region {region}: {error.reason}"))
    return entries, findings


def ring(entries: Iterable[Mapping[str, Any]]) -> tuple[KeyRing, list[Finding]]:
    """Make one ring of all the entries, and tell what is odd about them."""
    made = key_ring(entries)
    return made, list(_oddities(made))


def _oddities(made: KeyRing) -> Iterator[Finding]:
    for fingerprint in sorted(made.conflicts):
        yield finding("key.conflict", f"the fingerprint {fingerprint}", found=fingerprint)
    for sentence in made.unreadable:
        yield finding("key.invalid", sentence)
    for key in made.keys.values():
        if not key.genuine:
            yield finding("key.fingerprint_mismatch", f"the fingerprint {key.fingerprint}", found=key.fingerprint)
