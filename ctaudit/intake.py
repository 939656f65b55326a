"""One worker's share of an ingest: read files, decode their records, write segments, report what came of each file.

Of an archive one member is in memory at a time; what came of each is kept until the archive is done.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ctaudit import limits
from ctaudit.errors import Interrupted
from ctaudit.fault import Fault
from ctaudit.records import read as reader
from ctaudit.records.inflate import InMemory, Source
from ctaudit.records.member import Member
from ctaudit.records.members import Form, form_of, members
from ctaudit.records.unpack import Content, unpack
from ctaudit.sources import files
from ctaudit.store.layout import Layout
from ctaudit.store.segment import Segment, SegmentWriter

UNWRITTEN_BYTES = 128 * 1024 * 1024
"""Text of an archive's members after which their events are written: it may hold all days of a year, and the events of
each would wait for more of theirs."""
AT_ONCE_BYTES = 4 * 1024 * 1024
"""Files up to this size are read once, before anything is known of them: nearly all logs, and small archives."""
_JUNK = re.compile(r"(?:^|/)(?:__MACOSX/|\._[^/]*$)")
"""What macOS adds to archives beside the files, under names that end as theirs do."""


@dataclass(frozen=True, slots=True)
class ContentReport:
    """What one content (a plain file or a gzip member) held."""

    path: str
    file_id: int
    sha256: str
    kind: str
    """`events`, `digest`, `empty`, `damaged`, `known` (read before), or the kind of look-alike."""
    bytes: int
    records: int = 0
    events: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    faults: int = 0
    """How many faults it has, those of its packing included."""


@dataclass(frozen=True, slots=True)
class FileReport:
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


def take_in(
    root: Path, chosen: Sequence[files.SourceFile], known: frozenset[int], stopped: Callable[[], bool] = bool
) -> Share:
    """Read `chosen` into new segments below the store at `root`; contents whose id is in `known` are passed over.

    Raises Interrupted between two files, or two members of an archive, when `stopped` says so.
    """
    writer = SegmentWriter(Layout(root))
    seen = set(known)
    reports: list[FileReport] = []
    with _no_search_for_cycles():
        for file in chosen:
            _stop_if(stopped)
            reports.append(_take_file(file, writer, seen, stopped))
        writer.finish()
    return Share(tuple(reports), tuple(writer.segments))


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


def _stop_if(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise Interrupted("interrupted")


@dataclass(slots=True)
class _Taken:
    """What came of a file up to now."""

    reports: list[ContentReport] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def report(self, file: files.SourceFile) -> FileReport:
        return FileReport(file, tuple(self.reports), tuple(self.faults))


def _take_file(
    file: files.SourceFile, writer: SegmentWriter, seen: set[int], stopped: Callable[[], bool]
) -> FileReport:
    taken = _Taken()
    if file.size > AT_ONCE_BYTES:
        with contextlib.closing(files.Opened(file)) as opened:
            if form := form_of(opened):
                _take_archive(_members(file, opened, form, taken), writer, seen, taken, stopped)
                if opened.trouble is not None:
                    taken.faults.append(Fault(file.shown, None, *opened.trouble))
                return taken.report(file)
    data, trouble = files.read(file)
    if trouble is not None and not data:
        return FileReport(file, (), (trouble,))
    troubles = [] if trouble is None else [trouble]
    if form := form_of(InMemory(data)):
        _take_archive(_members(file, InMemory(data), form, taken), writer, seen, taken, stopped)
        taken.faults += troubles
    else:
        _take_data(_Data(file.shown, data, troubles, file.hinted), writer, seen, taken)
    return taken.report(file)


def _take_archive(
    found: Iterator[_Data], writer: SegmentWriter, seen: set[int], taken: _Taken, stopped: Callable[[], bool]
) -> None:
    unwritten = 0
    for data in found:
        _stop_if(stopped)
        unwritten += _take_data(data, writer, seen, taken)
        if unwritten > UNWRITTEN_BYTES:
            writer.finish()
            unwritten = 0


@dataclass(frozen=True, slots=True)
class _Data:
    """The bytes of a file, or of an archive's member, and the troubles there were in getting at them."""

    path: str
    bytes: bytes
    troubles: list[Fault]
    hinted: bool
    whole: bool = True


def _take_data(data: _Data, writer: SegmentWriter, seen: set[int], taken: _Taken) -> int:
    """Take the contents; return how many bytes of text there were."""
    contents, faults = unpack(data.path, data.bytes)
    faults += data.troubles
    for content in contents:
        unpacking = sum(fault.path == content.path for fault in faults)
        content = content if data.whole else replace(content, whole=False)
        report, content_faults = _take_content(content, writer, seen, data.hinted)
        report = replace(report, faults=unpacking + len(content_faults))
        if not report.faults and not report.refused:
            seen.add(report.file_id)  # a copy of a damaged file is read again: its faults are told for its own path
        taken.reports.append(report)
        faults.extend(content_faults)
    taken.faults += faults
    return sum(len(content.text) for content in contents)


def _members(file: files.SourceFile, source: Source, form: Form, taken: _Taken) -> Iterator[_Data]:
    """Yield what an archive's members hold, as it comes; all else that is to be told of them goes to `taken`."""
    more = 0
    for member in members(source, form):
        path, troubles = _place(file.shown, member)
        if member.data is None:
            taken.faults += troubles
        elif _JUNK.search(member.name or ""):
            taken.reports.append(_refused(path, member.data, "macos-junk"))
        else:
            yield _Data(path, member.data, troubles, files.hinted(member.name or ""), member.whole)
        more += len(taken.faults[limits.MAX_ARCHIVE_FAULTS :])
        del taken.faults[limits.MAX_ARCHIVE_FAULTS :]
    if more:
        taken.faults.append(Fault(file.shown, None, "archive.faults", f"{more} more faults in this archive"))
    if not taken.reports and not taken.faults:
        taken.reports.append(_refused(file.shown, b"", "empty-archive"))


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


def _take_content(
    content: Content, writer: SegmentWriter, seen: set[int], hinted: bool
) -> tuple[ContentReport, list[Fault]]:
    digest = hashlib.sha256(content.text).digest()
    identity = file_id(digest)
    size = len(content.text)
    if identity in seen:
        return ContentReport(content.path, identity, digest.hex(), "known", size), []
    writer.begin_file(identity)
    reading = reader.read(content, writer, hinted or not content.whole)
    report = ContentReport(
        content.path,
        identity,
        digest.hex(),
        reading.kind,
        size,
        reading.records,
        reading.events,
        dict(reading.refused),
    )
    return report, reading.faults
