"""Captured evidence: files that are written once, and a list beside them of the time that they speak for.

They lie below the store, for AWS deletes what is older than it keeps, and are then read as any other evidence.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from isal import igzip_lib

from ctaudit import limits, times
from ctaudit.store.layout import sync
from ctaudit.stretches import Stretch, joined, without

OVERLAP = timedelta(hours=3)
"""Events come late: of so long before it was asked, time is asked for once more."""
MANIFEST = "manifest.json"
_LONGEST = timedelta(days=1)
"""Time that several runs asked for and that is one entry of the list."""
_ENDING = ".json.gz"
_STAMP = "%Y%m%dT%H%M%SZ"


class _File(msgspec.Struct, frozen=True):
    name: str
    bytes: int
    """As it lies, packed."""
    events: int
    sha256: str
    """Of the unpacked text, by which the store knows it."""


class _Span(msgspec.Struct, frozen=True):
    since: str
    until: str
    asked: str
    """When AWS was first asked for it."""
    files: list[_File] = []
    """All that hold events of it; none when there were none."""


class _Manifest(msgspec.Struct, frozen=True):
    source: str
    spans: list[_Span] = []


@dataclass(frozen=True, slots=True)
class Form:
    """What is written around the events of a file."""

    head: bytes
    tail: bytes = b"]}\n"


class Captures:
    """One folder of captured files. Only who holds the store may write there."""

    def __init__(self, folder: Path, source: str, form: Form) -> None:
        self.folder = folder
        self._source = source
        self._form = form
        manifest = _read(folder / MANIFEST)
        self._spans = manifest.spans if manifest.source == source else []
        self._known: dict[bytes, _File] = {}
        """Events that an earlier run captured of the time that is asked for again, and the files they are in."""
        self._unclaimed: dict[str, _File] = {}
        """Files written, or found to hold the same, since the last span was noted."""
        for left_over in folder.glob(f".*{_ENDING}"):
            left_over.unlink(missing_ok=True)

    def lacking(self, asked: Stretch) -> list[Stretch]:
        """Return what of a stretch must be asked for, the latest first."""
        whole = [settled for span in self._spans if self._lies_there(span) and (settled := _settled(span))]
        left = without(asked, joined(whole))
        for stretch in left:
            self._know(stretch)
        return left[::-1]

    def files(self) -> list[str]:
        """Return all evidence in the folder, in order of the names."""
        return sorted(str(path) for path in self.folder.glob(f"[!.]*{_ENDING}"))

    def write(self, entries: Sequence[bytes], settled: Stretch | None, asked: datetime) -> int:
        """Keep events that were not kept before, and note which time is done with them; return how many there were.

        Raises OSError. Files are on the disk before the list names them, and none is ever written over.
        """
        fresh = [entry for entry in entries if not self._claimed(entry)]
        if fresh:
            self.folder.mkdir(parents=True, exist_ok=True)
            kept = self._write_file(fresh, settled or (asked, asked))
            self._unclaimed[kept.name] = kept
        if settled is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._note(settled, asked)
        return len(fresh)

    def _claimed(self, entry: bytes) -> bool:
        """Tell whether an event is known, and remember that its file counts for the span it was found in."""
        kept = self._known.get(_key(entry))
        if kept is not None:
            self._unclaimed[kept.name] = kept
        return kept is not None

    def _write_file(self, entries: Sequence[bytes], span: Stretch) -> _File:
        text = self._form.head + b",\n".join(entries) + self._form.tail
        sha256 = hashlib.sha256(text).hexdigest()
        packed = igzip_lib.compress(text, flag=igzip_lib.COMP_GZIP)
        stem = f"events_{span[0]:{_STAMP}}_{span[1]:{_STAMP}}_{sha256[:16]}"
        path, number = self.folder / f"{stem}{_ENDING}", 1
        while (there := os.path.lexists(path)) and not _holds(path, packed):  # it is evidence, and stays
            number += 1
            path = self.folder / f"{stem}-{number}{_ENDING}"
        if not there:  # otherwise an interrupted run wrote it
            _put(path, packed)
        return _File(path.name, len(packed), len(entries), sha256)

    def _note(self, settled: Stretch, asked: datetime) -> None:
        since, until = settled
        files = sorted(self._unclaimed.values(), key=lambda each: each.name)
        self._unclaimed = {}
        if not files:
            until = min(until, asked - OVERLAP)  # so that silence is one span, however often it is asked for
        if since < until:
            new = _Span(times.format_utc(since), times.format_utc(until), times.format_utc(asked), files)
            self._spans = _with(self._spans, new)
            _put(self.folder / MANIFEST, msgspec.json.format(msgspec.json.encode(_Manifest(self._source, self._spans))))

    def _lies_there(self, span: _Span) -> bool:
        """Tell whether all files of a span are still there; who deletes one has it captured again."""
        return all(_size(self.folder / each.name) == each.bytes for each in span.files)

    def _know(self, stretch: Stretch) -> None:
        for each in {
            each.name: each for span in self._spans if _touches(span, stretch) for each in span.files
        }.values():
            for entry in self._entries(each):
                self._known[_key(entry)] = each

    def _entries(self, kept: _File) -> Iterator[bytes]:
        with contextlib.suppress(OSError, EOFError, zlib.error), gzip.open(self.folder / kept.name) as text:
            for number, line in enumerate(text):
                whole = line.removeprefix(self._form.head) if number == 0 else line
                yield whole.removesuffix(self._form.tail).removesuffix(b",\n")


def _key(entry: bytes) -> bytes:
    return hashlib.sha256(entry).digest()[:16]


def _touches(span: _Span, stretch: Stretch) -> bool:
    since, until = times.parse_canonical(span.since), times.parse_canonical(span.until)
    return since is not None and until is not None and since <= stretch[1] and stretch[0] <= until


def _settled(span: _Span) -> Stretch | None:
    """Return the part of a span that need not be asked for again."""
    since, until, asked = (times.parse_canonical(text) for text in (span.since, span.until, span.asked))
    if since is None or until is None or asked is None or since >= (until := min(until, asked - OVERLAP)):
        return None
    return since, until


def _with(spans: Sequence[_Span], new: _Span) -> list[_Span]:
    """Add a span; what becomes one with it does, so that the list does not grow with every run."""
    for old in spans:
        earlier, later = sorted((old, new), key=_order)
        if (both := _both(earlier, later)) is not None:
            return _with([each for each in spans if each is not old], both)
    return sorted([*spans, new], key=_order)


def _both(earlier: _Span, later: _Span) -> _Span | None:
    """Return one span for two, or None.

    Nothing may be unsettled between them. Those of one run stay apart, as each of their files speaks for a time of its
    own; those of several become a day long, so that a file that is gone costs no more than that day.
    """
    settled = _settled(earlier)
    follows = earlier.since == later.since or (settled is not None and times.format_utc(settled[1]) >= later.since)
    if not follows or earlier.until > later.until:
        return None
    files = {each.name: each for each in (*earlier.files, *later.files)}
    both = _Span(earlier.since, later.until, later.asked, sorted(files.values(), key=lambda each: each.name))
    return both if not files or (earlier.asked != later.asked and _length(both) <= _LONGEST) else None


def _length(span: _Span) -> timedelta:
    since, until = times.parse_canonical(span.since), times.parse_canonical(span.until)
    return timedelta.max if since is None or until is None else until - since


def _order(span: _Span) -> tuple[str, str, str]:
    return span.since, span.until, span.asked


def _read(path: Path) -> _Manifest:
    """Read the list; one that is damaged says nothing, so that all is captured again."""
    with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
        if path.stat().st_size <= limits.MAX_MANIFEST_BYTES:
            return msgspec.json.decode(path.read_bytes(), type=_Manifest)
    return _Manifest("")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _holds(path: Path, data: bytes) -> bool:
    """Tell whether a file is this one, whole."""
    return _size(path) == len(data) and path.read_bytes() == data


def _put(path: Path, data: bytes) -> None:
    """Put a file in its place whole, for good."""
    unborn = path.with_name(f".{path.name}")
    with unborn.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unborn.replace(path)
    sync(path.parent)
