"""One worker's share of an ingest: read files, decode their records, write segments, report what came of each file."""

from __future__ import annotations

import contextlib
import gc
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ctaudit.errors import Interrupted
from ctaudit.fault import Fault
from ctaudit.records import read as reader
from ctaudit.records.unpack import Content, unpack
from ctaudit.sources import files
from ctaudit.store.layout import Layout
from ctaudit.store.segment import Segment, SegmentWriter


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

    Raises Interrupted between two files when `stopped` says so.
    """
    writer = SegmentWriter(Layout(root))
    seen = set(known)
    reports: list[FileReport] = []
    with _no_search_for_cycles():
        for file in chosen:
            if stopped():
                raise Interrupted("interrupted")
            reports.append(_take_file(file, writer, seen))
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


def _take_file(file: files.SourceFile, writer: SegmentWriter, seen: set[int]) -> FileReport:
    data, trouble = files.read(file)
    if trouble is not None and not data:
        return FileReport(file, (), (trouble,))
    contents, faults = unpack(file.shown, data)
    if trouble is not None:
        faults.append(trouble)
    reports: list[ContentReport] = []
    for content in contents:
        unpacking = sum(fault.path == content.path for fault in faults)
        report, content_faults = _take_content(content, writer, seen, file.hinted)
        report = replace(report, faults=unpacking + len(content_faults))
        if not report.faults and not report.refused:
            seen.add(report.file_id)  # a copy of a damaged file is read again: its faults are told for its own path
        reports.append(report)
        faults.extend(content_faults)
    return FileReport(file, tuple(reports), tuple(faults))


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
