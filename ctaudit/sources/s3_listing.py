"""The log objects below a prefix in S3: folders of CloudTrail's layout are chosen by name, and listed side by side.

A bucket is never listed from a last key on: log files come late, and under names that sort before earlier ones. What a
run has read before is known by the ledger, object by object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from ctaudit.fault import Fault
from ctaudit.sources.left_out import LeftOut
from ctaudit.sources.objects import Unavailable

OVERWRITTEN, DELETED = "log.overwritten", "log.deleted"
"""What was done to a log file: findings about evidence that is read."""
DIGEST_OVERWRITTEN, DIGEST_DELETED = "digest.overwritten", "digest.deleted"
ALTERED = (OVERWRITTEN, DELETED, DIGEST_OVERWRITTEN, DIGEST_DELETED)
LISTERS = 32
"""Listings at once: each waits for S3 nearly all its time."""
LOGS = re.compile(r"CloudTrail(?:-Insight|-NetworkActivity|-Aggregated)?")
"""Folders of log files, beside those of digests and of other services."""
LOGS_AND_DIGESTS = re.compile(r"CloudTrail(?:-Insight|-NetworkActivity|-Aggregated|-Digest)?")
_DIGESTS = "CloudTrail-Digest"
_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_NUMBER = re.compile(r"\d{2,4}")
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-\d+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is listed; all else that lies in CloudTrail's layout is passed over. Other layouts are listed whole."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    since: date | None = None
    """The first day of delivery."""
    until: date | None = None
    """The last one."""
    kinds: re.Pattern[str] = LOGS
    versions: bool = False
    """Whether to look for what lay there before: earlier versions of log files, and such as were deleted."""
    markers: bool = False
    """Whether delete markers are told as well, as entries without `Size` and `ETag`."""
    whole_chains: bool = False
    """Whether digests of all days are listed: a chain is walked back beyond the span, and its end may lie before it."""

    @property
    def narrow(self) -> bool:
        """Whether anything of CloudTrail's layout is passed over."""
        return bool(self.accounts or self.regions or self.since or self.until)


@dataclass(frozen=True, slots=True)
class Passed:
    """A folder that was not looked into, because it belongs to another service."""

    folder: str


class Pages(Protocol):
    """Asks S3 for the pages of a listing; raises Unavailable."""

    def pages(self, operation: str, **asked: Any) -> Iterator[dict[str, Any]]: ...


Entry = dict[str, Any]
"""An object as ListObjectsV2 has it: `Key`, `Size`, `ETag`, `LastModified`, `StorageClass`; an earlier version has a
`VersionId`, too, and `IsLatest` false."""
_LOG = re.compile(r"_CloudTrail(?:-(?!Digest_)[A-Za-z]+)?_[^/]*\.json(?:\.gz)?$")
"""A log file by its name: CloudTrail writes each once, and nobody ever changes one."""
_DIGEST = re.compile(r"_CloudTrail-Digest_[^/]*\.json(?:\.gz)?$")
"""A digest by its name; its versions are told where digests are wanted."""


def find(
    s3: Pages, bucket: str, prefix: str, wanted: Wanted, stopped: Callable[[], bool] = bool
) -> Iterator[Entry | Passed | LeftOut | Fault]:
    """Yield the objects below a prefix in no order, as S3 gives them; a fault for each folder that cannot be listed.

    `prefix` is that of a folder, or the key of one object. Stops early when `stopped` says so.
    """
    with ThreadPoolExecutor(LISTERS, "ctaudit-list") as pool:
        running: set[Future[_Listed]] = {pool.submit(_list, s3, bucket, prefix, wanted, top=True)}
        try:
            while running and not stopped():
                done, running = wait(running, _LOOK_SECONDS, FIRST_COMPLETED)
                for future in done:
                    listed = future.result()
                    running |= {pool.submit(_list, s3, bucket, folder, wanted) for folder in listed.folders}
                    yield from listed.found
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_LOOK_SECONDS = 0.2


def find_each(
    s3: Pages, named: Sequence[tuple[str, str]], stopped: Callable[[], bool] = bool
) -> Iterator[tuple[str, Entry] | Fault]:
    """Yield each of these objects, (bucket, key), with its bucket; a fault for one that is not there.

    A listing is asked, and not the object: only there its storage class and the state of its restore stand together,
    and who may not read an object is told apart from there being none.
    """
    with ThreadPoolExecutor(LISTERS, "ctaudit-list") as pool:
        looks = [pool.submit(_look_up, s3, bucket, key) for bucket, key in named]
        try:
            for (bucket, _), look in zip(named, looks, strict=True):
                found = look.result()
                yield found if isinstance(found, Fault) else (bucket, found)
                if stopped():
                    return
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _look_up(s3: Pages, bucket: str, key: str) -> Entry | Fault:
    place = f"s3://{bucket}/{key}"
    try:
        # A key sorts before all that only begin with it.
        for page in s3.pages("list_objects_v2", Bucket=bucket, Prefix=key, MaxKeys=1, **_ALSO):
            for entry in page.get("Contents", ())[:1]:
                if entry["Key"] == key:
                    return dict(entry)
            break
    except Unavailable as trouble:
        kind = trouble.fault_kind()
        return Fault(place, None, kind, f"cannot be read: {trouble.reason}")
    return Fault(place, None, "s3.missing", "cannot be read: there is no such object any more")


def is_wanted(key: str, wanted: Wanted) -> bool:
    """Tell whether a listing finds this key: in CloudTrail's layout its folders decide, any other one is listed."""
    return bool(_is_wanted(_below(key.rpartition("/")[0]), wanted))


def may_be_log(key: str) -> bool:
    """Tell whether a key may be a log's: in CloudTrail's layout it is none of a digest or of another service."""
    return is_wanted(key, Wanted())


@dataclass(slots=True)
class _Listed:
    found: list[Entry | Passed | LeftOut | Fault]
    folders: list[str]
    """Still to be listed."""


_OPERATIONS = {False: ("list_objects_v2", ("Contents",)), True: ("list_object_versions", ("Versions", "DeleteMarkers"))}
"""How to list, and where the objects stand in the answer."""
_ALSO: dict[str, Any] = {"OptionalObjectAttributes": ["RestoreStatus"]}


def _list(s3: Pages, bucket: str, folder: str, wanted: Wanted, *, top: bool = False) -> _Listed:
    """List one folder: its objects, and which of its folders are wanted; a month or day with all that is below."""
    listed = _Listed([], [])
    how = {} if folder.endswith("/") and _is_leaf(folder, wanted) else {"Delimiter": "/"}
    try:
        operation, kinds = _OPERATIONS[wanted.versions]
        for page in s3.pages(operation, Bucket=bucket, Prefix=folder, **_ALSO, **how):
            entries = [entry for kind in kinds for entry in page.get(kind, ()) if not _is_folder(entry)]
            if top and folder and not folder.endswith("/"):
                entries = [entry for entry in entries if entry["Key"] == folder]
            listed.found += entries
            for each in page.get("CommonPrefixes", ()):
                _choose(each["Prefix"], folder, wanted, listed, top=top)
    except Unavailable as trouble:
        reason = f"cannot be listed: {trouble.reason}; what lies there is not looked at"
        listed.found.append(Fault(f"s3://{bucket}/{folder}", None, trouble.fault_kind(), reason))
    return _with_history(listed, bucket, wanted) if wanted.versions else listed


def _is_folder(entry: Entry) -> bool:
    """Tell whether an object only stands for a folder, as consoles make them: one that has bytes is evidence."""
    return str(entry["Key"]).endswith("/") and not entry.get("Size")


def _with_history(listed: _Listed, bucket: str, wanted: Wanted) -> _Listed:
    """Keep of what lay there before the versions of evidence alone, and tell of each that was changed or deleted."""
    digests = wanted.kinds.fullmatch(_DIGESTS) is not None
    kept: list[Entry | Passed | LeftOut | Fault] = []
    versions: dict[str, list[Entry]] = {}
    for entry in listed.found:
        if not isinstance(entry, dict):
            kept.append(entry)
        elif _LOG.search(entry["Key"]) or (digests and _DIGEST.search(entry["Key"])):
            versions.setdefault(entry["Key"], []).append(entry)
        elif entry["IsLatest"] and "ETag" in entry:
            kept.append(entry)
    for key, each in versions.items():
        each.sort(key=lambda entry: entry["LastModified"])
        bodies = [entry for entry in each if "ETag" in entry]
        kept += each if wanted.markers else bodies
        kept += _history(f"s3://{bucket}/{key}", each, bodies)
    return _Listed(kept, listed.folders)


def _history(name: str, each: Sequence[Entry], bodies: Sequence[Entry]) -> Iterator[Fault]:
    """Tell what became of a log file; `each` has its versions and delete markers in order of time."""
    overwritten, deleted = (OVERWRITTEN, DELETED) if _LOG.search(name) else (DIGEST_OVERWRITTEN, DIGEST_DELETED)
    if len({entry["ETag"] for entry in bodies}) > 1:
        when = f"{bodies[1]['LastModified']:%Y-%m-%dT%H:%M:%SZ}"
        yield Fault(name, None, overwritten, f"was overwritten at {when}; all its versions are read")
    marker = next((entry for entry in each if entry["IsLatest"] and "ETag" not in entry), None)
    if marker is not None and bodies:
        when = f"{marker['LastModified']:%Y-%m-%dT%H:%M:%SZ}"
        yield Fault(name, None, deleted, f"was deleted at {when}; the version before is read")


def _choose(found: str, folder: str, wanted: Wanted, listed: _Listed, *, top: bool) -> None:
    if top and folder and not folder.endswith("/") and found != f"{folder}/":
        return  # `logs` was asked for, and this is `logs-of-another-trail`
    choice = _is_wanted(_below(found), wanted)
    if choice is None:
        listed.found.append(Passed(found))
    elif choice:
        listed.folders.append(found)
    elif _is_wanted(_below(found), Wanted(kinds=wanted.kinds)):
        listed.found.append(_left_out(found))


def _left_out(folder: str) -> LeftOut:
    account, _, *place = (*_below(folder), "", "")[:6]
    return LeftOut(account, place[0], "-".join(place[1:]).rstrip("-"))


def _below(folder: str) -> list[str]:
    """Return the names of the folders below the last `AWSLogs`, without an organization's; empty above one."""
    parts = folder.rstrip("/").split("/")
    if "AWSLogs" not in parts:
        return []
    below = parts[len(parts) - parts[::-1].index("AWSLogs") :]
    return below[1:] if below and _ORGANIZATION.fullmatch(below[0]) else below


def _is_wanted(below: list[str], wanted: Wanted) -> bool | None:
    """Tell whether a folder is to be listed; None when it is another service's."""
    if not below or not _ACCOUNT.fullmatch(below[0]):
        return True  # no layout that is known
    account, *rest = below
    if wanted.accounts and account not in wanted.accounts:
        return False
    if not rest:
        return True
    kind, *place = rest
    if not wanted.kinds.fullmatch(kind):
        return False if LOGS_AND_DIGESTS.fullmatch(kind) else None
    if place and wanted.regions and _REGION.fullmatch(place[0]) and place[0] not in wanted.regions:
        return False
    return _in_time(place[1:], wanted) or (wanted.whole_chains and kind == _DIGESTS)


def _in_time(parts: list[str], wanted: Wanted) -> bool:
    """Tell whether a folder of a year, month or day may hold a wanted day."""
    if not parts or not all(map(_NUMBER.fullmatch, parts[:3])):
        return True
    named = tuple(map(int, parts[:3]))
    late_enough = wanted.since is None or named >= wanted.since.timetuple()[: len(named)]
    return late_enough and (wanted.until is None or named <= wanted.until.timetuple()[: len(named)])


def _is_leaf(folder: str, wanted: Wanted) -> bool:
    """Tell whether all below a folder is listed in one go: the months, and days where only some are wanted."""
    below = _below(folder)
    depth = len(below) - 3 if len(below) >= 3 and _ACCOUNT.fullmatch(below[0]) else 0
    narrow = wanted.since is not None or wanted.until is not None
    narrow = narrow and not (wanted.whole_chains and depth > 0 and below[1] == _DIGESTS)
    return depth >= (3 if narrow else 2)
