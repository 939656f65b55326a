"""Zip archives: as many writers make them, and as an attacker would; what is whole is kept, what is wrong is said."""

from __future__ import annotations

import io
import random
import stat
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctaudit import limits
from ctaudit.records.inflate import InMemory
from ctaudit.records.members import form_of, members
from tests.records.archives import (
    content,
    entry,
    kept,
    local_header,
    patched,
    read,
    tarred,
    troubles,
    zipped,
    zipped_to_pipe,
)

FILES = {
    f"AWSLogs/{name}.json": b"".join(b'{"of":"%x"},' % (n * n * seed) for n in range(900))
    for seed, name in enumerate("abc", 7)
}
A, B, C = FILES
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pack", [zipped, zipped_to_pipe])
def test_members_come_whole_and_in_order(pack: Callable[..., bytes], method: int) -> None:
    found = read(pack(FILES, method))
    assert [(member.name, member.data) for member in found] == list(FILES.items())
    assert troubles(found) == []


def test_what_info_zip_writes_is_read(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    for to in ("-", "whole.zip"):
        done = subprocess.run(["zip", "-qr", to, "AWSLogs"], cwd=tmp_path, capture_output=True, check=True)
        found = read(done.stdout or (tmp_path / to).read_bytes())
        assert (kept(found), troubles(found)) == (FILES, [])


def test_zip64_is_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(data)
    found = read(out.getvalue())
    assert (kept(found), troubles(found)) == (FILES, [])


@pytest.mark.slow
def test_more_members_than_sixteen_bits_can_count() -> None:
    data = zipped([(f"{n}.json", b"") for n in range(66_000)], zipfile.ZIP_STORED)
    found = read(data)
    assert (len(found), troubles(found)) == (66_000, [])


def test_something_before_the_archive_is_a_fault_of_nobody() -> None:
    """Such as a program that unpacks it: then it does not begin as a zip archive does, and is taken for none."""
    assert form_of(InMemory(b"#!/bin/sh\n" + zipped(FILES))) is None
    ahead = b"PK\7\x08"  # of archives that were once split
    found = read(ahead + zipped(FILES))
    assert (kept(found), troubles(found)) == (FILES, [])


def test_two_archives_strung_together_are_both_read_and_it_is_told() -> None:
    found = read(zipped({"one.json": b"1"}) + zipped({"two.json": b"2"}))
    assert kept(found) == {"one.json": b"1", "two.json": b"2"}
    assert troubles(found) == [(None, "zip.directory")]


def test_a_member_that_the_directory_leaves_out_is_told() -> None:
    """The directory is made anew without it, the bytes stay where they are."""
    whole = zipped({"1.json": b"1", "2.json": b"2", "3.json": b"3"}, zipfile.ZIP_STORED)
    begin = whole.index(b"PK\1\2")
    entries = [b"PK\1\2" + rest for rest in whole[begin : whole.rindex(b"PK\5\6")].split(b"PK\1\2")[1:]]
    for hidden, told in ((0, ["zip.directory"]), (1, ["zip.unlisted"]), (2, ["zip.unlisted"])):
        listed = b"".join(entry for number, entry in enumerate(entries) if number != hidden)
        end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2, 2, len(listed), begin, 0)
        found = read(whole[:begin] + listed + end)
        assert [kind for _, kind in troubles(found)] == told, hidden
        assert set(kept(found)) >= {f"{number + 1}.json" for number in range(3) if number != hidden}


def test_a_comment_that_looks_like_the_end_is_no_end() -> None:
    out = io.BytesIO(zipped(FILES))
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"PK\5\6 and so on"
    found = read(out.getvalue())
    assert (kept(found), troubles(found)) == (FILES, [])


def test_folders_are_passed_over_and_no_members_are_none() -> None:
    assert read(zipped({"a/": b"", "a\\b\\": b"", "a/c.json": b"1"})) == read(zipped({"a/c.json": b"1"}))
    assert read(zipped({})) == []


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../../x.json", "C:\\x.json", "a\\b.json", "\x1b[31m.json", "x" * 60_000, "a/" * 5000 + "b", "ü"],
)
def test_names_are_kept_as_they_are(name: str) -> None:
    assert list(kept(read(zipped({name: b"1", "z": b"2"})))) == [name, "z"]


def test_a_name_that_is_no_utf_8_costs_nothing() -> None:
    data = zipped({"u\u0308berall.json": b"1", "z": b"2"}).replace("u\u0308b".encode(), b"u\xff\xfeb")
    assert list(kept(read(data))) == ["u\udcff\udcfeberall.json", "z"]


def test_two_members_with_one_name_are_both_kept() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped([("a", b"1"), ("a", b"2")])
    assert [(member.name, member.data) for member in read(data)] == [("a", b"1"), ("a", b"2")]


# ---- lies


def test_a_wrong_checksum_keeps_the_data_but_not_as_whole() -> None:
    data = zipped(FILES)
    found = read(patched(data, entry(data, B) + 16, "<I", 12345))
    assert (kept(found), troubles(found)) == (FILES, [(B, "zip.corrupt")])
    assert [member.whole for member in found] == [True, False, True]


@pytest.mark.parametrize("claim", [0, 1, 10**6, 0xFFFFFFFE])
def test_the_size_in_a_header_is_a_claim(claim: int) -> None:
    data = zipped(FILES)
    found = read(patched(data, entry(data, B) + 24, "<I", claim))
    assert (kept(found), troubles(found)) == (FILES, [(B, "zip.corrupt")])


def test_damage_in_a_member_costs_only_what_comes_after_it_there() -> None:
    data = zipped(FILES)
    begin, end = content(data, B)
    middle = (begin + end) // 2
    found = read(data[:middle] + b"\xff" * 60 + data[middle + 60 :])
    assert troubles(found) == [(B, "zip.corrupt")]
    whole = kept(found)
    assert (whole[A], whole[C]) == (FILES[A], FILES[C])
    assert len(whole[B] or b"") > len(FILES[B]) // 3
    assert not found[1].whole


@pytest.mark.parametrize(
    ("at", "form", "value", "kind"),
    [
        (8, "<H", 1, "zip.encrypted"),
        (8, "<H", 0x41, "zip.encrypted"),
        (10, "<H", 14, "zip.method"),
        (10, "<H", 9, "zip.method"),
        (10, "<H", 99, "zip.method"),
        (42, "<I", 0xFFFFFFF0, "zip.corrupt"),
        (20, "<I", 0xFFFFFFF0, "zip.corrupt"),
    ],
)
def test_what_cannot_be_read_is_named_and_costs_the_others_nothing(at: int, form: str, value: int, kind: str) -> None:
    data = zipped(FILES)
    found = read(patched(data, entry(data, B) + at, form, value))
    astray = [(A, "zip.unlisted")] if at == 42 else []  # what the entry should point to
    assert troubles(found) == [*astray, (B, kind)]
    assert kept(found) == {A: FILES[A], C: FILES[C]}


@pytest.mark.parametrize(
    ("mode", "kind"),
    [(stat.S_IFLNK, "archive.link"), (stat.S_IFIFO, "archive.special"), (stat.S_IFCHR, "archive.special")],
)
def test_links_and_devices_are_not_followed(mode: int, kind: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("l.json")
        link.create_system, link.external_attr = 3, (mode | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("z.json", b"1")
    found = read(out.getvalue())
    assert (troubles(found), kept(found)) == ([("l.json", kind)], {"z.json": b"1"})


def test_a_header_with_another_name_is_told() -> None:
    data = zipped(FILES)
    at = local_header(data, B) + 30
    found = read(data[:at] + b"X" + data[at + 1 :])
    assert (kept(found), troubles(found)) == (FILES, [(B, "zip.mismatch")])


def overlapping(count: int) -> bytes:
    """Many entries that all stand for one member, as in the bombs that reach 4.5 petabytes."""
    data = zipped({"a": b"\0" * limits.MIB})
    at, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    directory = data[at:end] * count
    return data[:at] + directory + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(directory), at, 0)


def test_members_that_overlap_are_told_and_do_not_multiply() -> None:
    found = read(overlapping(300))
    kinds = [kind for _, kind in troubles(found)]
    assert kinds == ["zip.overlap"] * (len(kinds) - 1) + ["archive.too_large"]
    assert len(kinds) == limits.ARCHIVE_FREE_BYTES // limits.MIB + 1


def test_an_entry_that_lies_does_not_cost_the_member_it_points_into() -> None:
    data = zipped(FILES)
    found = read(patched(data, entry(data, B) + 42, "<I", local_header(data, A) + 9))
    assert kept(found) == {A: FILES[A], C: FILES[C]}
    assert troubles(found) == [(A, "zip.overlap"), (B, "zip.corrupt")]


def test_a_member_that_reaches_into_the_next_one_is_told() -> None:
    data = zipped(FILES, zipfile.ZIP_STORED)
    begin, end = content(data, A)
    found = read(patched(data, entry(data, A) + 20, "<II", end - begin + 40, end - begin + 40))
    assert troubles(found) == [(A, "zip.corrupt"), (A, "zip.overlap")]
    assert list(kept(found)) == [A, B, C]


def test_data_behind_a_packed_member_is_told() -> None:
    """Where something can be hidden: it belongs to the member, and its packing ends before it."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(b"hello") + packed.flush()
    data = zipped({"a": body + b"hidden"}, zipfile.ZIP_STORED)
    for at, method in ((local_header(data, "a") + 8, 8), (entry(data, "a") + 10, 8)):
        data = patched(data, at, "<H", method)
    data = patched(data, entry(data, "a") + 16, "<III", zlib.crc32(b"hello"), len(body) + 6, 5)
    found = read(data)
    assert (kept(found), troubles(found)) == ({"a": b"hello"}, [("a", "zip.trailing_data")])


def test_a_bomb_is_cut_and_the_others_are_kept() -> None:
    found = read(zipped({"a": b"1", "bomb": b"\0" * (64 * limits.MIB), "z": b"2"}))
    assert troubles(found) == [("bomb", "file.too_large")]
    assert [len(member.data or b"") for member in found] == [1, limits.RATIO_FREE_BYTES, 1]


@pytest.mark.slow
def test_many_bombs_together_end_the_reading() -> None:
    bomb = b"\0" * (limits.RATIO_FREE_BYTES - 1)
    data = zipped([(f"{n}", bomb) for n in range(17)])
    found = read(data)
    assert troubles(found)[-1][1] == "archive.too_large"
    most = max(limits.ARCHIVE_FREE_BYTES, len(data) * limits.MAX_UNPACK_RATIO)
    assert sum(len(member.data or b"") for member in found) <= most


def test_more_members_than_the_limit_are_left_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ARCHIVE_MEMBERS", 2)
    found = read(zipped(FILES))
    assert (list(kept(found)), troubles(found)) == ([A, B], [(None, "archive.members")])


@pytest.mark.parametrize("inner", [zipped(FILES), tarred(FILES), zlib.compress(tarred(FILES), wbits=31), zipped({})])
def test_an_archive_in_an_archive_is_refused(inner: bytes) -> None:
    found = read(zipped({"a": b"1", "inner": inner, "z": b"2"}))
    assert (kept(found), troubles(found)) == ({"a": b"1", "z": b"2"}, [("inner", "archive.nested")])


def test_packing_that_is_not_read_is_told_inside_and_outside() -> None:
    seven = b"7z\xbc\xaf\x27\x1c" + bytes(50)
    assert troubles(read(zipped({"inner": seven}))) == [("inner", "archive.unsupported")]
    assert troubles(read(seven)) == [(None, "archive.unsupported")]


# ---- without its directory


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pack", [zipped, zipped_to_pipe])
def test_a_cut_archive_gives_its_whole_members(pack: Callable[..., bytes], method: int) -> None:
    data: bytes = pack(FILES, method)
    begin, end = content(data, C)
    found = read(data[: (begin + end) // 2])
    kinds = dict.fromkeys(kind for _, kind in troubles(found))
    assert list(kinds) == ["zip.directory", "zip.truncated"]
    if pack is zipped or method != zipfile.ZIP_STORED:
        assert [(member.name, member.data) for member in found if member.whole and member.name] == [
            (A, FILES[A]),
            (B, FILES[B]),
        ]
        assert FILES[C].startswith(found[-1].data or b"")
        assert not found[-1].whole
    else:
        assert kept(found) == {}  # nothing says where they end


def test_a_directory_that_is_cut_costs_nothing() -> None:
    data = zipped(FILES)
    found = read(data[: data.index(b"PK\5\6")])
    assert (kept(found), troubles(found)) == (FILES, [(None, "zip.directory")])


def test_a_damaged_directory_costs_nothing() -> None:
    data = zipped(FILES)
    found = read(patched(data, entry(data, B), "<I", 0))
    assert (kept(found), troubles(found)) == (FILES, [(None, "zip.directory")])
    assert len(found) == 4


def test_a_wrong_number_of_entries_is_told() -> None:
    data = zipped(FILES)
    found = read(patched(data, data.index(b"PK\5\6") + 8, "<HH", 9, 9))
    assert (kept(found), troubles(found)) == (FILES, [(None, "zip.directory")])
    assert len(found) == 4


def test_a_cut_archive_of_many_members_is_read_in_linear_time() -> None:
    data = zipped([(f"{n}.json", random.Random(n).randbytes(2000)) for n in range(5000)])
    found = read(data[: data.index(b"PK\1\2")])
    assert len(kept(found)) == 5000


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_damage_stops_the_reading(data: st.DataObject) -> None:
    damaged = bytearray(data.draw(st.sampled_from((SMALL, SMALL_PIPED))))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(4, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(4, len(damaged)))
    list(members(InMemory(bytes(damaged[:cut])), ("zip", None)))


SMALL, SMALL_PIPED = (pack({"a.json": b"abc" * 9, "b/": b"", "c": b"d"}) for pack in (zipped, zipped_to_pipe))
