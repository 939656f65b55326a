"""Gzip as it comes: whole, cut, corrupt, doubled, padded, or a bomb; what is whole is kept, what is wrong is said."""

from __future__ import annotations

import gzip
import random
import struct
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctaudit import limits
from ctaudit.fault import Fault
from ctaudit.records.unpack import Content, unpack
from tests.trail.packing import gzipped

TEXT = b"".join(b'{"n":%d,"of":"%x"},' % (n, n * n * 7919) for n in range(4000))
PACKED = gzipped(TEXT)
PATH = "folder/log.json.gz"


def one(data: bytes) -> tuple[Content, list[Fault]]:
    contents, faults = unpack(PATH, data)
    assert len(contents) == 1
    return contents[0], faults


def test_a_plain_file_is_its_own_content() -> None:
    assert unpack(PATH, TEXT) == ([Content(PATH, TEXT)], [])


def test_one_member_is_unpacked_without_a_fault() -> None:
    assert unpack(PATH, PACKED) == ([Content(PATH, TEXT)], [])


def test_no_bytes_are_one_empty_content() -> None:
    assert unpack(PATH, b"") == ([Content(PATH, b"")], [])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("method", PACKED[:2] + b"\x07" + PACKED[3:]),
        ("a header checksum that is wrong", PACKED[:3] + b"\x02" + PACKED[4:10] + b"\xab\xcd" + PACKED[10:]),
        ("first block", PACKED[:10] + b"\xff" * 20 + PACKED[30:]),
    ],
)
def test_a_corrupt_beginning_leaves_nothing_and_says_where(name: str, data: bytes) -> None:
    content, faults = one(data)
    assert (content.text, content.whole) == (b"", False)
    assert [(fault.path, fault.kind) for fault in faults] == [(PATH, "gzip.corrupt")]
    assert faults[0].offset is not None
    assert faults[0].offset < 40


@pytest.mark.parametrize("magic", [b"\x1f\x8a", b"PK", b"\0\0"])
def test_without_the_magic_number_the_bytes_are_taken_as_they_are(magic: bytes) -> None:
    data = magic + PACKED[2:]
    assert unpack(PATH, data) == ([Content(PATH, data)], [])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("checksum", PACKED[:-8] + b"\x01\x02\x03\x04" + PACKED[-4:]),
        ("length", PACKED[:-4] + struct.pack("<I", len(TEXT) + 1)),
    ],
)
def test_a_wrong_trailer_keeps_all_of_the_text_but_not_as_whole(name: str, data: bytes) -> None:
    content, faults = one(data)
    assert (content.text, content.whole) == (TEXT, False)
    assert [fault.kind for fault in faults] == ["gzip.corrupt"]
    assert len(data) - 8 <= (faults[0].offset or 0) <= len(data)
    assert str(len(TEXT)) in faults[0].reason


def test_damage_in_the_middle_keeps_what_was_packed_before_it() -> None:
    at = len(PACKED) * 2 // 3
    data = PACKED[:at] + bytes(byte ^ 0xFF for byte in PACKED[at : at + 400]) + PACKED[at + 400 :]
    content, faults = one(data)
    before = zlib.decompressobj(31).decompress(PACKED[:at])
    assert content.text.startswith(before)
    assert not content.whole
    assert [fault.kind for fault in faults] == ["gzip.corrupt"]
    assert at <= (faults[0].offset or 0) <= len(data)


def test_a_cut_stream_gives_every_byte_that_can_be_known() -> None:
    for cut in [*range(1, 40), *range(40, len(PACKED), 61), *range(len(PACKED) - 12, len(PACKED))]:
        content, faults = one(PACKED[:cut])
        if cut == 1:
            assert content.text == b"\x1f"  # too short to be known as gzip
            continue
        assert content.text == zlib.decompressobj(31).decompress(PACKED[:cut]), cut
        assert not content.whole
        assert [(fault.kind, fault.offset) for fault in faults] == [("gzip.truncated", cut)]


def test_a_second_member_is_a_content_of_its_own_and_a_fault() -> None:
    contents, faults = unpack(PATH, PACKED + gzipped(b"two") + gzipped(b"three"))
    assert contents == [Content(PATH, TEXT), Content(f"{PATH}#member2", b"two"), Content(f"{PATH}#member3", b"three")]
    assert [(fault.kind, fault.offset) for fault in faults] == [("gzip.extra_member", len(PACKED))]


def test_a_second_member_that_is_cut_costs_nothing_of_the_first() -> None:
    contents, faults = unpack(PATH, PACKED + PACKED[:300])
    assert contents[0] == Content(PATH, TEXT)
    assert (contents[1].path, contents[1].whole) == (f"{PATH}#member2", False)
    assert [(fault.path, fault.kind) for fault in faults] == [
        (PATH, "gzip.extra_member"),
        (f"{PATH}#member2", "gzip.truncated"),
    ]


@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("tail", [b"\n", b"\0" * 512, b'{"Records":[]}', b"\x1f"])
def test_data_after_the_stream_is_a_fault_and_unread(members: int, tail: bytes) -> None:
    data = PACKED * members + tail
    contents, faults = unpack(PATH, data)
    assert [content.text for content in contents] == [TEXT] * members
    assert (faults[-1].kind, faults[-1].offset) == ("gzip.trailing_data", members * len(PACKED))


def test_a_real_bomb_is_stopped_long_before_it_fills_memory() -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = b"\0" * limits.MIB
    bomb = b"".join(deflate.compress(zeros) for _ in range(64)) + deflate.flush()
    assert len(bomb) * 1000 < 64 * limits.MIB
    content, faults = one(bomb)
    most = len(bomb) * limits.MAX_UNPACK_RATIO
    assert (len(content.text), content.whole) == (max(most, limits.RATIO_FREE_BYTES), False)
    assert [(fault.kind, fault.offset) for fault in faults] == [("file.too_large", len(content.text))]


def test_small_repetitive_files_are_no_bombs() -> None:
    text = b" " * limits.MIB
    assert unpack(PATH, gzip.compress(text)) == ([Content(PATH, text)], [])


def test_the_limit_is_met_by_one_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", len(TEXT))
    assert unpack(PATH, PACKED) == ([Content(PATH, TEXT)], [])
    assert unpack(PATH, TEXT) == ([Content(PATH, TEXT)], [])
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", len(TEXT) - 1)
    for data in (PACKED, TEXT):
        content, faults = one(data)
        assert (content.text, content.whole) == (TEXT[:-1], False)
        assert [(fault.kind, fault.offset) for fault in faults] == [("file.too_large", len(TEXT) - 1)]


def test_many_members_together_stay_within_the_limit_of_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 3 * len(TEXT) + 10)
    contents, faults = unpack(PATH, PACKED * 9)
    assert [len(content.text) for content in contents] == [len(TEXT)] * 3 + [10]
    assert [fault.kind for fault in faults] == ["gzip.extra_member", "file.too_large"]


def test_the_ratio_counts_for_all_members_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RATIO_FREE_BYTES", 0)
    member = gzip.compress(b"\0" * limits.MIB)
    data = member * 8
    contents, faults = unpack(PATH, data)
    assert sum(len(content.text) for content in contents) == len(data) * limits.MAX_UNPACK_RATIO
    assert faults[-1].kind == "file.too_large"


def test_more_members_than_the_limit_are_left_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_GZIP_MEMBERS", 3)
    member = gzipped(b"x")
    contents, faults = unpack(PATH, member * 5)
    assert len(contents) == 4
    assert [(fault.kind, fault.offset) for fault in faults][1:] == [("gzip.members", 4 * len(member))]


def test_a_file_of_a_million_members_takes_no_time() -> None:
    data = gzipped(b"") * 1_000_000
    started = time.process_time()
    contents, faults = unpack(PATH, data)
    assert len(contents) == limits.MAX_GZIP_MEMBERS + 1
    assert faults[-1].kind == "gzip.members"
    assert time.process_time() - started < 3


def test_a_large_damaged_file_takes_time_in_proportion() -> None:
    noise = random.Random(1).randbytes(12 * limits.MIB)
    data = gzip.compress(noise, 1)
    started = time.process_time()
    content, faults = one(data[:-8] + b"\0" * 8)
    assert content.text == noise
    assert [fault.kind for fault in faults] == ["gzip.corrupt"]
    assert time.process_time() - started < 3


@given(st.binary(max_size=200))
def test_any_bytes_behind_the_magic_number_are_unpacked_without_raising(data: bytes) -> None:
    contents, faults = unpack(PATH, b"\x1f\x8b\x08" + data)
    assert contents
    assert all(fault.reason for fault in faults)
