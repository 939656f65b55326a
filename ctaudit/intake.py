"""One worker's share of an ingest: read files, decode their records, write segments, report what came of each file.

Of an archive one member is in memory at a time; what came of each is kept until the archive is done.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from ctaudit import limits
from ctaudit.errors import Interrupted
from ctaudit.fault import Fault
from ctaudit.records.inflate import InMemory, Source
from ctaudit.records.member import Member
from ctaudit.records.members import Form, form_of, members
from ctaudit.records.readings import Readings
from ctaudit.records.unpack import Content, unpack
from ctaudit.sources import files
from ctaudit.sources.bodies import AT_ONCE_BYTES, Body
from ctaudit.sources.files import Opened
from ctaudit.store.layout import Layout
from ctaudit.store.segment import Segment, SegmentWriter

UNWRITTEN_BYTES = 128 * 1024 * 1024
"""Text of an archive's members after which their events are written: it may hold all days of a year, and the events of
each would wait for more of theirs."""
_JUNK = re.compile(r"(?:^|/)(?:__MACOSX/|\._[^/]*$)")
"""What macOS adds to archives beside the files, under names that end as theirs do."""


class ContentReport(msgspec.Struct, frozen=True):
    """What one content (a plain file or a gzip member) held."""

    path: str
    file_id: int
    sha256: str
    kind: str
    """`events`, `digest`, `empty`, `damaged`, `known` (read before), or the kind of look-alike."""
    bytes: int
    records: int = 0
    events: int = 0
    refused: dict[str, int] = {}
    faults: int = 0
    """How many faults it has, those of its packing included."""


class FileReport(msgspec.Struct, frozen=True):
    file: files.SourceFile
    contents: tuple[ContentReport, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """What a worker made of its files: the segments are written, but not yet part of the store."""

    files: tuple[FileReport, ...]
    segments: tuple[Segment, ...]


def file_id(sha256: bytes) -> int:
    """Return the id of a content: the first 8 bytes of its SHA-256 as a signed integer, whoever reads it and when."""
    return int.from_bytes(sha256[:8], "big", signed=True)


def take_in(root: Path, found: Iterable[Body], known: array[int], stopped: Callable[[], bool] = bool) -> Share:
    """Read files into new segments below the store at `root`; contents whose id is in `known`, which is sorted,
    are passed over.

    Raises Interrupted between two files, or two members of an archive, when `stopped` says so.
    """
    intake = _Intake(SegmentWriter(Layout(root)), known, stopped)
    with _no_search_for_cycles():
        for body in found:
            intake.take(body)
        return intake.finish()


@contextlib.contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Keep Python from searching for cycles among millions of values that have none: a tenth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(slots=True)
class _Taken:
    """What came of a file up to now."""

    file: files.SourceFile
    reports: list[ContentReport] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unsaid: int = 0
    """Faults beyond the limit of an archive."""

    def limit_faults(self) -> None:
        self.unsaid += len(self.faults[limits.MAX_ARCHIVE_FAULTS :])
        del self.faults[limits.MAX_ARCHIVE_FAULTS :]

    def report(self) -> FileReport:
        if self.unsaid:
            said = f"{self.unsaid} more faults in this archive"
            self.faults.append(Fault(self.file.shown, None, "archive.faults", said))
        return FileReport(self.file, tuple(self.reports), tuple(self.faults))


@dataclass(frozen=True, slots=True)
class _Data:
    """The bytes of a file, or of an archive's member, and the troubles there were in getting at them."""

    path: str
    bytes: bytes
    troubles: list[Fault]
    hinted: bool
    whole: bool = True


class _Intake:
    """A share under way. Small logs are read together, so what came of a content is known a little later."""

    def __init__(self, writer: SegmentWriter, known: array[int], stopped: Callable[[], bool]) -> None:
        self._writer = writer
        self._known = known
        self._stopped = stopped
        self._readings = Readings(writer)
        self._files: list[_Taken] = []
        self._seen: set[int] = set()
        """Contents of this share that were read without a fault."""
        self._open: list[tuple[_Taken, int, int]] = []
        """Of each content that is being read: its file, the place of its report there, the faults of its packing."""
        self._open_ids: set[int] = set()

    def take(self, body: Body) -> None:
        self._stop_if_asked()
        file = body.file
        taken = _Taken(file)
        self._files.append(taken)
        if file.size > AT_ONCE_BYTES:
            with body.opened() as opened:
                self._take_large(opened, taken)
        else:
            self._take_small(*body.whole(), taken)

    def _take_large(self, opened: Opened, taken: _Taken) -> None:
        if form := form_of(opened):
            self._take_archive(_members(opened, form, taken), taken)
            if opened.trouble is not None:
                taken.faults.append(Fault(taken.file.shown, None, *opened.trouble))
        else:
            self._take_small(*opened.whole(taken.file.shown), taken)

    def _take_small(self, data: bytes, trouble: Fault | None, taken: _Taken) -> None:
        """Take a file that is in memory."""
        file = taken.file
        troubles = [] if trouble is None else [trouble]
        if troubles and not data:
            taken.faults += troubles
        elif form := form_of(InMemory(data)):
            self._take_archive(_members(InMemory(data), form, taken), taken)
            taken.faults += troubles
        else:
            self._take_data(_Data(file.shown, data, troubles, file.hinted), taken)

    def finish(self) -> Share:
        """Write what is left; return what came of all."""
        self._settle()
        self._writer.finish()
        return Share(tuple(taken.report() for taken in self._files), tuple(self._writer.segments))

    def _stop_if_asked(self) -> None:
        if self._stopped():
            raise Interrupted("interrupted")

    def _take_archive(self, found: Iterator[_Data], taken: _Taken) -> None:
        unwritten = 0
        for data in found:
            self._stop_if_asked()
            unwritten += self._take_data(data, taken)
            if unwritten > UNWRITTEN_BYTES:
                self._settle()
                self._writer.finish()
                unwritten = 0
        self._settle()
        taken.limit_faults()
        if not taken.reports and not taken.faults:
            taken.reports.append(_refused(taken.file.shown, b"", "empty-archive"))

    def _take_data(self, data: _Data, taken: _Taken) -> int:
        """Take the contents; return how many bytes of text there were."""
        contents, faults = unpack(data.path, data.bytes)
        faults += data.troubles
        taken.faults += faults
        for content in contents:
            packing = sum(fault.path == content.path for fault in faults)
            self._take_content(content if data.whole else replace(content, whole=False), packing, data.hinted, taken)
        return sum(len(content.text) for content in contents)

    def _take_content(self, content: Content, packing: int, hinted: bool, taken: _Taken) -> None:
        digest = hashlib.sha256(content.text).digest()
        identity = file_id(digest)
        if identity in self._open_ids:
            self._settle()  # whether this copy need be read depends on what comes of the other one
        known = identity in self._seen or _is_in(self._known, identity)
        kind = "known" if known else ""
        report = ContentReport(content.path, identity, digest.hex(), kind, len(content.text), faults=packing)
        taken.reports.append(report)
        if not known:
            self._open.append((taken, len(taken.reports) - 1, packing))
            self._open_ids.add(identity)
            self._readings.read(content, identity, hinted or not content.whole)
            if self._readings.full:
                self._settle()

    def _settle(self) -> None:
        """Complete the reports of what is being read."""
        for (taken, place, packing), reading in zip(self._open, self._readings.settle(), strict=True):
            report = msgspec.structs.replace(
                taken.reports[place],
                kind=reading.kind,
                records=reading.records,
                events=reading.events,
                refused=dict(reading.refused),
                faults=packing + len(reading.faults),
            )
            taken.reports[place] = report
            taken.faults += reading.faults
            if not report.faults and not report.refused:
                self._seen.add(report.file_id)  # a copy of a damaged file is read again: its faults have another path
        self._open.clear()
        self._open_ids.clear()


def _is_in(known: array[int], identity: int) -> bool:
    """Look an id up in a sorted array: a set of ten million would take a gigabyte in every worker."""
    place = bisect_left(known, identity)
    return place < len(known) and known[place] == identity


def _members(source: Source, form: Form, taken: _Taken) -> Iterator[_Data]:
    """Yield what an archive's members hold, as it comes; all else that is to be told of them goes to `taken`."""
    for member in members(source, form):
        path, troubles = _place(taken.file.shown, member)
        if member.data is None:
            taken.faults += troubles
        elif _JUNK.search(member.name or ""):
            taken.reports.append(_refused(path, member.data, "macos-junk"))
        else:
            yield _Data(path, member.data, troubles, files.hinted(member.name or ""), member.whole)
        taken.limit_faults()


def _place(archive: str, member: Member) -> tuple[str, list[Fault]]:
    """Return the path of a member as it is told, and its troubles. A name is a name: nobody opens such a path."""
    if member.name is None:
        return archive, [Fault(archive, each.offset, each.kind, each.reason) for each in member.troubles]
    raw = member.name.removeprefix("./").encode("utf-8", "surrogateescape")
    end = raw[-limits.MAX_MEMBER_NAME_BYTES :].decode("utf-8", "surrogateescape")
    path = f"{archive}!/{files.shown(end)}".replace("\0", "\\x00")
    troubles = [Fault(path, each.offset, each.kind, each.reason) for each in member.troubles]
    if len(raw) > limits.MAX_MEMBER_NAME_BYTES:
        reason = f"the name has {len(raw)} bytes, more than {limits.MAX_MEMBER_NAME_BYTES}; its end is kept"
        troubles.append(Fault(path, None, "archive.name", reason))
    return path, troubles


def _refused(path: str, data: bytes, kind: str) -> ContentReport:
    digest = hashlib.sha256(data).digest()
    return ContentReport(path, file_id(digest), digest.hex(), kind, len(data), refused={kind: 1})
