"""Which files an ingest has to read: what lies below its sources, on disk and in S3, without what the store knows."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from ctaudit.errors import Interrupted
from ctaudit.fault import Fault
from ctaudit.sources import files, s3_objects
from ctaudit.sources.aws_login import Login
from ctaudit.sources.files import SourceFile
from ctaudit.sources.left_out import LeftOut, Others
from ctaudit.sources.s3 import S3
from ctaudit.sources.s3_listing import ALTERED, Passed, Wanted
from ctaudit.sources.s3_objects import Archived
from ctaudit.sources.s3_urls import SCHEME
from ctaudit.store import ledger
from ctaudit.store.layout import Layout, is_store

__all__ = ["FromS3", "Listed", "Login", "lying_in", "named", "split_sources", "unread", "why_nothing"]

LISTED_FILES = 200_000
"""Listed files that are looked up in the ledger at once."""
_TOLD = 500
"""Files between two words on how many were found."""
_SKEW = timedelta(days=1)
"""Clocks differ: an event may seem to be delivered before it happened."""
CAPTURED = ("history:", "logs:")
"""What sources begin with that lie in no file."""
_SLIPS = ("file.missing", "s3.no_bucket")
"""A slip of the pen is no evidence that could not be read."""


@dataclass(frozen=True, slots=True)
class FromS3:
    """How AWS is asked, S3 above all, and for what: all that there is, or what may hold the events of some span."""

    login: Login = field(default_factory=Login)
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    late: timedelta = timedelta(days=1)
    """How long after an event its log file may be delivered and still be looked for."""
    versions: bool = False
    """Whether to read earlier versions of log files, too, and those that were deleted."""
    exact: bool = False
    """Whether each URL names one object by its whole key, so that there being none is a fault."""

    @property
    def narrow(self) -> bool:
        return self.wanted.narrow

    @property
    def wanted(self) -> Wanted:
        since = None if self.since is None else (self.since - _SKEW).date()
        until = None if self.until is None else (self.until + self.late).date()
        return Wanted(self.accounts, self.regions, since, until, versions=self.versions)


@dataclass(slots=True)
class Listed:
    """What a listing found besides the files to be read."""

    known: int = 0
    """Files that the store knows and that have not changed."""
    faults: list[Fault] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    archived: list[Archived] = field(default_factory=list)
    left_out: Others = field(default_factory=Others)
    history: list[Fault] = field(default_factory=list)
    """Log files that were overwritten or deleted: all there is of them is read."""

    def evidence(self) -> Iterator[Fault]:
        """Yield the faults that concern evidence."""
        return (each for each in self.faults if each.kind not in _SLIPS or os.path.lexists(each.path))


Found = Iterable[SourceFile | Archived | Passed | LeftOut | Fault]
"""What lies in S3."""


def unread(
    layout: Layout,
    sources: Sequence[str],
    in_s3: Found,
    stopped: Callable[[], bool],
    told: Callable[[int], None] = lambda _: None,
) -> tuple[list[SourceFile], Listed]:
    """Return the files that must be read, and what else was found; `told` hears now and then how many files there are.

    Raises Interrupted when `stopped` says so.
    """
    listed = Listed()
    chosen: list[SourceFile] = []
    waiting: list[SourceFile] = []
    for number, entry in enumerate(_all(sources, in_s3, listed)):
        if number % _TOLD == 0:
            told(number)
        if stopped():
            raise Interrupted("interrupted")
        waiting.append(entry)
        if len(waiting) >= LISTED_FILES:
            chosen += _unknown(layout, waiting, listed)
            waiting = []
    return chosen + _unknown(layout, waiting, listed), listed


def _all(sources: Sequence[str], in_s3: Found, listed: Listed) -> Iterator[SourceFile]:
    def pass_over(folder: str) -> bool:
        """Pass over stores below the evidence, and count them: nothing is left out in silence."""
        listed.refused["ctaudit-store"] += (is_one := is_store(folder))
        return is_one

    for entry in chain(files.find(sources, pass_over), in_s3):
        if isinstance(entry, Fault):
            (listed.history if entry.kind in ALTERED else listed.faults).append(entry)
        elif isinstance(entry, Passed):
            listed.refused["folder-of-another-service"] += 1
        elif isinstance(entry, LeftOut):
            listed.left_out.add(entry)
        elif isinstance(entry, Archived):
            listed.archived.append(entry)
        else:
            yield entry


def lying_in(s3: Sequence[S3], urls: Sequence[str], from_s3: FromS3, stopped: Callable[[], bool]) -> Found:
    """Find what lies below each of `s3`; or, when they are exact, what `urls` name."""
    if from_s3.exact:
        return s3_objects.find_named(s3[0], urls, stopped) if urls else ()
    return chain.from_iterable(s3_objects.find(each, from_s3.wanted, stopped) for each in s3)


def why_nothing(s3: Sequence[S3], left_out: Others) -> str:
    """Say why no log file was found: all were left out, or there is none."""
    if left_out:
        return f"there is nothing of what was asked for; left out were {left_out}"
    return "; ".join(each.why_nothing() for each in s3)


def _unknown(layout: Layout, found: Sequence[SourceFile], listed: Listed) -> list[SourceFile]:
    known = ledger.known_files(layout, [(file.shown, file.size, file.changed_ns) for file in found])
    listed.known += len(known)
    return [file for position, file in enumerate(found) if position not in known]


def split_sources(sources: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Return the sources on disk, those in S3, and those that must be captured first."""
    in_s3 = [source for source in sources if source.startswith(SCHEME)]
    captured = [source for source in sources if source.startswith(CAPTURED)]
    return [source for source in sources if not source.startswith((SCHEME, *CAPTURED))], in_s3, captured


def named(source: str) -> str:
    """Return the absolute path of a source on disk, as faults name it."""
    return os.fsencode(Path(source).absolute()).decode(errors="backslashreplace")
