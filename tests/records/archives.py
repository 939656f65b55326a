"""Archives in memory: zip and tar as their usual writers make them, and the places in them that a test breaks."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ctaudit.records.inflate import InMemory
from ctaudit.records.member import Member
from ctaudit.records.members import form_of, members

Files = Mapping[str, bytes] | Sequence[tuple[str, bytes]]


def pairs(files: Files) -> Iterable[tuple[str, bytes]]:
    return files.items() if isinstance(files, Mapping) else files


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack files into a zip archive; of two with one name both are there."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in pairs(files):
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


class _Pipe(io.RawIOBase):
    """What cannot be sought in: the writer then puts sizes behind the data, in a descriptor."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self.data += bytes(piece)
        return len(piece)


def zipped_to_pipe(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive:
        for name, data in pairs(files):
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return pipe.data


def tarred(files: Files, form: int = tarfile.PAX_FORMAT, others: Iterable[tarfile.TarInfo] = ()) -> bytes:
    """Pack files into a tar archive, then members without data."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="utf-8", errors="surrogateescape") as archive:
        for name, data in pairs(files):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for other in others:
            archive.addfile(other)
    return out.getvalue()


def info(name: str, kind: bytes, **fields: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def read(data: bytes) -> list[Member]:
    """Read an archive as an ingest does."""
    form = form_of(InMemory(data))
    assert form is not None
    return list(members(InMemory(data), form))


def kept(found: Iterable[Member]) -> dict[str | None, bytes | None]:
    return {member.name: member.data for member in found if member.data is not None}


def troubles(found: Iterable[Member]) -> list[tuple[str | None, str]]:
    """Name of the member, or None for the archive itself, and kind of each trouble."""
    return [(member.name, trouble.kind) for member in found for trouble in member.troubles]


def local_header(data: bytes, name: str) -> int:
    """Find where the header before a zip member stands."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.getinfo(name).header_offset


def content(data: bytes, name: str) -> tuple[int, int]:
    """Find where the packed data of a zip member begins and ends."""
    at = local_header(data, name)
    name_size, extra_size = struct.unpack_from("<HH", data, at + 26)
    begin = at + 30 + name_size + extra_size
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return begin, begin + archive.getinfo(name).compress_size


def entry(data: bytes, name: str) -> int:
    """Find where a zip member stands in the directory."""
    at = data.index(b"PK\1\2")
    while data[at + 46 : at + 46 + struct.unpack_from("<H", data, at + 28)[0]] != name.encode():
        at = data.index(b"PK\1\2", at + 46)
    return at


def patched(data: bytes, at: int, form: str, *values: int) -> bytes:
    """Return the bytes with some at `at` replaced by numbers."""
    changed = bytearray(data)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)
