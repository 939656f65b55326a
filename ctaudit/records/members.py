"""The files in an archive, one at a time: what kind of archive it is, what each member holds or why it is unread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ctaudit import limits
from ctaudit.records.inflate import Format, Inflating, InMemory, Source, Trouble, glimpse, packing_of
from ctaudit.records.member import Member
from ctaudit.records.tar_members import BLOCK, Packed, Plain, begins_tar, may_begin_tar, tar_members
from ctaudit.records.zip_members import zip_members

Form = tuple[str, Format | None]
"""Kind of an archive, and how it is packed as a whole."""
TAR, ZIP = "tar", "zip"
_ZIP_MAGIC = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")
_UNSUPPORTED = {
    "7z": b"7z\xbc\xaf\x27\x1c",
    "rar": b"Rar!\x1a\x07",
    "xz": b"\xfd7zXZ\0",
    "lz4": b"\x04\x22\x4d\x18",
}
"""Packing that logs may lie in and that is not read, by how it begins."""
_HEAD = 512


def form_of(source: Source) -> Form | None:
    """Tell what kind of archive it is, by content, and how that is packed; None when it is none.

    Kinds that are not read are named, too.
    """
    head = source.read(0, _HEAD)
    if head.startswith(_ZIP_MAGIC):
        return ZIP, None
    for name, magic in _UNSUPPORTED.items():
        if head.startswith(magic):
            return name, None
    packing = packing_of(head)
    if packing is not None:
        if not may_begin_tar(glimpse(packing, head)):
            return None
        head = Inflating(source, packing, limits.MAX_UNPACKED_BYTES).head(BLOCK)
    return (TAR, packing) if begins_tar(head) else None


def members(source: Source, form: Form) -> Iterator[Member]:
    """Yield what an archive holds, in its order; folders are passed over. Never raises on any bytes."""
    kind, packing = form
    if kind == ZIP:
        yield from _limited(zip_members(source), source.size)
    elif kind == TAR:
        reader = Plain(source) if packing is None else Packed(Inflating(source, packing, _most(source.size)))
        yield from _limited(tar_members(reader), source.size)
    else:
        yield Member(None, None, (_unsupported(kind),))


def _most(packed: int) -> int:
    """Return how much an archive of so many bytes may hold."""
    return max(limits.ARCHIVE_FREE_BYTES, packed * limits.MAX_UNPACK_RATIO)


def _unsupported(kind: str) -> Trouble:
    return Trouble("archive.unsupported", None, f"is packed as {kind}, which is not read: unpack it first")


def _limited(found: Iterator[Member], packed: int) -> Iterator[Member]:
    """Pass members on until there are too many of them, or too much in them."""
    left, count = _most(packed), 0
    for member in found:
        count += member.name is not None
        left -= len(member.data or b"")
        if count > limits.MAX_ARCHIVE_MEMBERS:
            reason = f"holds more than {limits.MAX_ARCHIVE_MEMBERS:,} files; the rest is unread: unpack it first"
            yield Member(None, None, (Trouble("archive.members", None, reason),))
            return
        if left < 0:
            reason = f"unpacks to more than {_most(packed)} bytes, the limit for one of this size; unread from here"
            yield Member(member.name, None, (Trouble("archive.too_large", None, reason),))
            return
        yield _no_archive(member)


def _no_archive(member: Member) -> Member:
    """Refuse a member that is itself an archive: bombs are made of those."""
    form = None if member.data is None else form_of(InMemory(member.data))
    if form is None:
        return member
    trouble = Trouble("archive.nested", None, "is an archive inside an archive: unread; unpack the outer one first")
    trouble = trouble if form[0] in (TAR, ZIP) else _unsupported(form[0])
    return replace(member, data=None, troubles=(*member.troubles, trouble))
