"""The files in a zip archive, by its directory, without one by the headers before each member; both may lie."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from ctaudit.records.inflate import BZ2, DEFLATE, ZSTD, Inflating, Source, Trouble, most_bytes, too_large
from ctaudit.records.member import Member
from ctaudit.records.zip_directory import (
    DESCRIPTOR_FLAG,
    ENCRYPTED_FLAGS,
    LOCAL,
    LOCAL_SIZE,
    Directory,
    Entry,
    Window,
    entries,
    find_directory,
    local,
)

_STORED = 0
_PACKINGS = {8: DEFLATE, 12: BZ2, 20: ZSTD, 93: ZSTD}
_METHODS = {9: "Deflate64", 14: "LZMA", 95: "xz", 98: "PPMd", 99: "AES"}
_FIRST_STEP, _STEP = 4 * 1024, 1024 * 1024


def zip_members(source: Source) -> Iterator[Member]:
    """Yield the files of an archive in the order of its directory, then those that only their headers tell of."""
    directory = find_directory(source)
    offsets = array("Q")
    why = "has no directory at its end: it is cut" if directory is None else None
    if directory is not None:
        for entry in entries(source, directory):
            if entry is None:
                why = f"its directory is damaged after {len(offsets)} entries"
                break
            offsets.append(entry.at)
        if why is None and directory.count not in (len(offsets), len(offsets) & 0xFFFF):
            why = f"its directory has {len(offsets)} entries and says that there are {directory.count}"
    offsets = array("Q", sorted(offsets))
    if why is None and directory is not None and _hides(source, 0, offsets[0] if offsets else directory.begin):
        why = "its directory leaves out files that stand before those it lists"
    if directory is not None:
        yield from _listed(source, directory, offsets, alone=why is None)
    if why is not None:
        reason = f"{why}; files that are not in it are read by the headers before them"
        yield Member(None, None, (Trouble("zip.directory", None, reason),))
        yield from _unlisted(source, offsets)


def _listed(source: Source, directory: Directory, offsets: array[int], *, alone: bool) -> Iterator[Member]:
    """Yield the members that the directory lists; `alone` says that no others will be looked for."""
    window = Window(source)
    for entry in entries(source, directory):
        if entry is None:
            return
        if entry.folder:
            continue
        after = bisect_right(offsets, entry.at)
        limit = offsets[after] if after < len(offsets) else directory.begin
        twice = after >= 2 and offsets[after - 2] == entry.at
        member = _member(source, window, entry, limit, twice)
        # Entries that share a place would search the same gap again and again; they are told as overlapping.
        yield _and_hidden(source, window, entry, limit, member) if alone and not twice else member


def _member(source: Source, window: Window, entry: Entry, limit: int, twice: bool) -> Member:
    """Read one member, whose data ought to end before `limit`: where the next one, or the directory, begins.

    One that overlaps with another is read all the same: else an entry that lies would cost the member it points into.
    What they all unpack to has its own limit.
    """
    if trouble := _why_unread(entry):
        return Member(entry.name, None, (trouble,))
    header = local(window, entry.at)
    if header is None:
        return _refused(entry, "zip.corrupt", "has no header at its place: unread")
    if header.at + entry.packed > source.size:
        return _refused(entry, "zip.corrupt", "is said to reach beyond the end of the archive: unread")
    member = _content(source, entry, header.at, header.at + entry.packed)
    troubles = list(member.troubles)
    if header.name != entry.name:
        reason = "has another name in the header before it than in the directory"
        troubles.append(Trouble("zip.mismatch", entry.at, reason))
    if twice or header.at + entry.packed > limit:
        troubles.append(Trouble("zip.overlap", entry.at, "overlaps with another member, as in a zip bomb; it is kept"))
    return replace(member, troubles=tuple(troubles))


def _and_hidden(source: Source, window: Window, entry: Entry, limit: int, member: Member) -> Member:
    """Tell of what stands behind a member, where the directory lists none."""
    header = local(window, entry.at)
    if header is None or not _hides(source, header.at + entry.packed, limit):
        return member
    reason = "is followed by a file that the directory does not list: that one is unread"
    hidden = Trouble("zip.unlisted", header.at + entry.packed, reason)
    return replace(member, troubles=(*member.troubles, hidden))


def _hides(source: Source, begin: int, end: int) -> bool:
    """Tell whether a member may stand where the directory lists none."""
    if end - begin < LOCAL_SIZE:
        return False
    found = _search(source, Window(source), begin)
    return found is not None and found < end


def _why_unread(entry: Entry) -> Trouble | None:
    if entry.link:
        return Trouble("archive.link", entry.at, "is a link: not followed")
    if entry.special:
        return Trouble("archive.special", entry.at, "is a pipe or device, no regular file: not read")
    if entry.flags & ENCRYPTED_FLAGS:
        return Trouble("zip.encrypted", entry.at, "is encrypted: unread; unpack it with its password first")
    if entry.method != _STORED and entry.method not in _PACKINGS:
        method = _METHODS.get(entry.method, "which is unknown here")
        reason = f"is packed by method {entry.method} ({method}): unread; unpack it first"
        return Trouble("zip.method", entry.at, reason)
    return None


def _refused(entry: Entry, kind: str, reason: str) -> Member:
    return Member(entry.name, None, (Trouble(kind, entry.at, reason),))


def _content(source: Source, entry: Entry, begin: int, end: int) -> Member:
    """Unpack a member's data between `begin` and `end`, and hold it against what its header claims."""
    most = most_bytes(end - begin)
    if entry.method == _STORED:
        data = source.read(begin, min(end - begin, most))
        trouble = too_large(most) if end - begin > most else None
    else:
        stream = Inflating(source, _PACKINGS[entry.method], most, begin=begin, end=end)
        data = b"".join(stream.pieces(one_frame=entry.method == 8))
        trouble = _renamed(stream.trouble) if stream.trouble else None
        if trouble is None and stream.at != end:
            reason = f"{end - stream.at} bytes after its data belong to nothing: unread"
            trouble = Trouble("zip.trailing_data", stream.at, reason)
    if trouble is None or trouble.kind == "zip.trailing_data":
        trouble = _why_other(entry, data) or trouble
    whole = trouble is None or trouble.kind == "zip.trailing_data"
    return Member(entry.name, data, () if trouble is None else (trouble,), whole)


def _why_other(entry: Entry, data: bytes) -> Trouble | None:
    if len(data) != entry.size:
        reason = f"holds {len(data)} bytes where its header claims {entry.size}; they are kept"
        return Trouble("zip.corrupt", entry.at, reason)
    if zlib.crc32(data) != entry.crc:
        return Trouble("zip.corrupt", entry.at, "has another checksum than its header claims; what it holds is kept")
    return None


def _renamed(trouble: Trouble) -> Trouble:
    if trouble.kind.startswith("file."):
        return trouble
    return replace(trouble, kind=f"zip.{trouble.kind.partition('.')[2]}")


def _unlisted(source: Source, known: array[int]) -> Iterator[Member]:
    """Yield members by the headers before them, those at the `known` places left out: they were read."""
    window = Window(source)
    at = _search(source, window, 0)
    while at is not None:
        header = local(window, at)
        if header is None:
            at = _search(source, window, at + 1)
            continue
        place = bisect_right(known, at)
        end = header.at + header.packed
        if not header.folder and not (place and known[place - 1] == at):
            member, end = _found(source, header)
            yield member
        at = _search(source, window, max(end, at + 1))


def _found(source: Source, header: Entry) -> tuple[Member, int]:
    """Read a member that only its own header tells of, and tell where to look for the next one."""
    if trouble := _why_unread(header):
        return Member(header.name, None, (trouble,)), header.at
    claimed = header.at + header.packed
    if claimed > source.size and header.method == _STORED:
        data = source.read(header.at, most_bytes(source.size))
        reason = f"the archive ends inside of it; the first {len(data)} of its {header.packed} bytes are kept"
        trouble = Trouble("zip.truncated", source.size, reason)
        return Member(header.name, data, (trouble,), whole=False), header.at
    if header.packed or not header.flags & DESCRIPTOR_FLAG:
        member = _content(source, header, header.at, min(claimed, source.size))
        return member, claimed if member.whole else header.at
    if header.method == _STORED:
        return _refused(header, "zip.truncated", "does not say where it ends, and no directory does: unread"), header.at
    stream = Inflating(source, _PACKINGS[header.method], most_bytes(source.size - header.at), begin=header.at)
    data = b"".join(stream.pieces(one_frame=True))
    troubles = () if stream.trouble is None else (_renamed(stream.trouble),)
    return Member(header.name, data, troubles, not troubles), header.at if troubles else stream.at


def _search(source: Source, window: Window, at: int) -> int | None:
    """Find the next header of a member, most often at hand; it may stand astride two reads."""
    if window.read(at, len(LOCAL)) == LOCAL:
        return at
    step = _FIRST_STEP
    while at < source.size:
        found = source.read(at, step)
        place = found.find(LOCAL)
        if place >= 0:
            return at + place
        at += max(1, len(found) - len(LOCAL) + 1)
        step = min(step * 2, _STEP)
    return None
