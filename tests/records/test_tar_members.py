"""Tar archives: as many writers make them, and as an attacker would; what is whole is kept, what is wrong is said."""

from __future__ import annotations

import bz2
import gzip
import io
import random
import struct
import subprocess
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from ctaudit import limits
from ctaudit.records.inflate import InMemory
from ctaudit.records.members import form_of, members
from tests.records.archives import info, kept, patched, read, tarred, troubles, zipped
from tests.trail.packing import minified

FILES = {
    f"AWSLogs/{name}.json": b"".join(b'{"of":"%x"},' % (n * n * seed) for n in range(900))
    for seed, name in enumerate("abc", 7)
}
A, B, C = FILES
FORMATS = (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT)


def checked(data: bytes) -> bytes:
    """Pack by zstd as its own command does: with a checksum, without which damage may go unseen."""
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "zstd": checked,
}
BLOCK = 512


def header(data: bytes, name: str) -> int:
    """Find the header of a member."""
    return data.index(name.encode())


def resummed(data: bytes, at: int) -> bytes:
    """Make the checksum of the header at `at` right again."""
    block = data[at : at + 148] + b" " * 8 + data[at + 156 : at + BLOCK]
    return data[: at + 148] + b"%06o\0 " % sum(block) + data[at + 156 :]


def v7(files: dict[str, bytes]) -> bytes:
    """Make an archive as tar did before there was a magic number."""
    data = tarred(files, tarfile.USTAR_FORMAT)
    for name in files:
        at = header(data, name)
        data = resummed(data[: at + 257] + bytes(BLOCK - 257) + data[at + BLOCK :], at)
    return data


@pytest.mark.parametrize("pack", PACKINGS.values(), ids=PACKINGS)
@pytest.mark.parametrize("form", FORMATS)
def test_members_come_whole_and_in_order(form: int, pack: Callable[[bytes], bytes]) -> None:
    found = read(pack(tarred(FILES, form)))
    assert [(member.name, member.data) for member in found] == list(FILES.items())
    assert troubles(found) == []


def test_an_archive_of_1979_is_known_by_its_checksum() -> None:
    assert b"ustar" not in v7(FILES)
    assert (kept(read(v7(FILES))), troubles(read(v7(FILES)))) == (FILES, [])
    assert (kept(read(gzip.compress(v7(FILES)))), troubles(read(v7(FILES)))) == (FILES, [])


@pytest.mark.parametrize(
    "options", [[], ["--format=v7"], ["--format=oldgnu"], ["--format=posix"], ["-z"], ["-j"], ["--zstd"]]
)
def test_what_gnu_tar_writes_is_read(options: list[str], tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(["tar", "-c", *options, "AWSLogs"], cwd=tmp_path, capture_output=True, check=True)
    found = read(done.stdout)
    assert (kept(found), troubles(found)) == (FILES, [])


def test_frames_and_members_of_parallel_packers_are_one_archive(tmp_path: Path) -> None:
    data = tarred({name: body * 50 for name, body in FILES.items()})
    (tmp_path / "a.tar").write_bytes(data)
    done = subprocess.run(["pzstd", "-q", "-p", "4", "-c", "a.tar"], cwd=tmp_path, capture_output=True, check=True)
    half = len(data) // 2
    halves = [data[:half], data[half:]]
    for packed in (done.stdout, b"".join(map(bz2.compress, halves)), b"".join(map(gzip.compress, halves))):
        found = read(packed)
        assert list(kept(found).values()) == [body * 50 for body in FILES.values()]
        assert troubles(found) == []


def test_a_log_is_no_archive_whatever_it_holds() -> None:
    """Its bytes from 257 on may be an attacker's; NUL is none that JSON has."""
    for magic in ("ustar\\u0000", "ustar  ", "ustar00"):
        text = minified({"Records": [{"userAgent": "x" * 230 + magic, "p": "y" * 500}]})
        at = 257 - text.index(b"ustar")
        text = minified({"Records": [{"userAgent": "x" * (230 + at) + magic, "p": "y" * 500}]})
        assert text[257:262] == b"ustar"
        assert form_of(InMemory(text)) is None
        assert form_of(InMemory(gzip.compress(text))) is None


def test_a_packed_log_is_none_whatever_its_packed_bytes_say() -> None:
    text = minified({"Records": [{"userAgent": "x" * 900}]})
    out = io.BytesIO()
    with gzip.GzipFile("x" * 247 + "ustar", "wb", fileobj=out) as packed:
        packed.write(text)
    assert out.getvalue()[257:263] == b"ustar\0"
    assert form_of(InMemory(out.getvalue())) is None


def test_zeros_are_no_archive() -> None:
    assert form_of(InMemory(bytes(10240))) is None


def test_folders_are_passed_over() -> None:
    found = read(tarred(FILES, others=[info("dir", tarfile.DIRTYPE), info("x", b"V")]))
    assert (kept(found), troubles(found)) == (FILES, [])


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (tarfile.SYMTYPE, "archive.link"),
        (tarfile.LNKTYPE, "archive.link"),
        (tarfile.FIFOTYPE, "archive.special"),
        (tarfile.CHRTYPE, "archive.special"),
        (tarfile.BLKTYPE, "archive.special"),
    ],
)
def test_links_and_devices_are_not_followed(kind: bytes, fault: str) -> None:
    found = read(tarred(FILES, others=[info("l.json", kind, linkname="/etc/passwd")]))
    assert (kept(found), troubles(found)) == (FILES, [("l.json", fault)])


@pytest.mark.parametrize("form", FORMATS[:2])
@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../../x.json", "a\\b.json", "\x1b[31m\n.json", "a/" * 5000 + "b", "ü", "\udcff.json"]
)
def test_names_are_kept_as_they_are(name: str, form: int) -> None:
    found = read(tarred([(name, b"1"), ("z", b"2"), ("z", b"3")], form))
    assert [(member.name, member.data) for member in found] == [(name, b"1"), ("z", b"2"), ("z", b"3")]
    assert troubles(found) == []


def test_archives_one_after_the_other_are_read() -> None:
    found = read(tarred({A: b"1"}) + tarred({B: b"2"}))
    assert (kept(found), troubles(found)) == ({A: b"1", B: b"2"}, [])


def test_members_with_holes_are_named(tmp_path: Path) -> None:
    with (tmp_path / "holes").open("wb") as file:
        for at in range(0, 2**20 * 40, 2**20):  # more holes than one header has room for
            file.seek(at)
            file.write(b"x" * 4096)
    (tmp_path / "z.json").write_bytes(b"1")
    for form in ("gnu", "posix"):
        done = subprocess.run(
            ["tar", "-cS", f"--format={form}", "holes", "z.json"], cwd=tmp_path, capture_output=True, check=True
        )
        assert len(done.stdout) < 2**20
        found = read(done.stdout)
        assert (kept(found), troubles(found)) == ({"z.json": b"1"}, [("holes", "tar.sparse")])


# ---- damage


def test_a_damaged_header_costs_its_member_alone() -> None:
    data = tarred(FILES, tarfile.USTAR_FORMAT)
    at = header(data, B)
    found = read(data[:at] + b"\xff" * 20 + data[at + 20 :])
    assert kept(found) == {A: FILES[A], C: FILES[C]}
    assert troubles(found) == [(None, "tar.corrupt")]
    (told,) = (trouble for member in found for trouble in member.troubles)
    assert told.offset == at


@pytest.mark.parametrize("form", FORMATS)
def test_a_cut_archive_keeps_what_is_whole_and_the_beginning_of_the_rest(form: int) -> None:
    data = tarred(FILES, form)
    found = read(data[: header(data, C) + BLOCK + 3000])
    assert kept(found) == {A: FILES[A], B: FILES[B], C: FILES[C][:3000]}
    assert troubles(found) == [(C, "tar.truncated")]
    assert [member.whole for member in found] == [True, True, False]


def test_a_cut_between_two_members_is_told() -> None:
    data = tarred(FILES, tarfile.USTAR_FORMAT)
    found = read(data[: header(data, C)])
    assert (list(kept(found)), troubles(found)) == ([A, B], [(None, "tar.truncated")])


def test_garbage_after_the_end_is_told() -> None:
    found = read(tarred(FILES) + b"x" * 2000)
    assert (kept(found), troubles(found)) == (FILES, [(None, "tar.trailing_data")])


@pytest.mark.parametrize("name", ["gzip", "bz2", "zstd"])
def test_a_cut_packing_keeps_what_came_before(name: str) -> None:
    files = {f"{n}.json": random.Random(n).randbytes(100_000).hex().encode() for n in range(8)}
    packed = PACKINGS[name](tarred(files))
    found = read(packed[: len(packed) * 3 // 4])
    assert troubles(found)[-1] == (None, f"{name}.truncated")
    whole = {member.name: member.data for member in found if member.whole and member.name}
    assert whole.items() <= files.items()
    assert len(whole) >= (1 if name == "bz2" else 4)


@pytest.mark.parametrize("name", ["gzip", "bz2", "zstd"])
def test_a_corrupt_packing_keeps_what_came_before(name: str) -> None:
    files = {f"{n}.json": random.Random(n).randbytes(100_000).hex().encode() for n in range(8)}
    packed = PACKINGS[name](tarred(files))
    at = len(packed) * 3 // 4
    found = read(packed[:at] + bytes(byte ^ 0xFF for byte in packed[at : at + 200]) + packed[at + 200 :])
    assert troubles(found)[-1][1] in (f"{name}.corrupt", "tar.truncated")
    assert any(kind == f"{name}.corrupt" for _, kind in troubles(found))
    whole = [files[member.name] == member.data for member in found if member.whole and member.name]
    assert sum(whole) >= (1 if name == "bz2" else 4)


def test_the_size_in_a_header_is_a_claim() -> None:
    data = tarred(FILES, tarfile.USTAR_FORMAT)
    at = header(data, B)
    for size in (b"77777777777\0", b"\x80" + struct.pack(">QI", 2**62, 0)[:11]):
        found = read(resummed(data[: at + 124] + size + data[at + 136 :], at))
        assert list(kept(found)) == [A, B]
        assert troubles(found) == [(B, "tar.truncated")]


def test_a_negative_size_is_damage() -> None:
    data = tarred(FILES, tarfile.GNU_FORMAT)
    at = header(data, B)
    found = read(resummed(data[: at + 124] + b"\xff" * 12 + data[at + 136 :], at))
    assert (list(kept(found)), troubles(found)) == ([A, C], [(None, "tar.corrupt")])


# ---- extended headers


def extended(body: bytes, kind: bytes = tarfile.XHDTYPE, files: dict[str, bytes] = FILES) -> bytes:
    """Put an extended header before the first member."""
    ahead = info("extended", kind, size=len(body)).tobuf(tarfile.USTAR_FORMAT)
    return ahead + body + bytes(-len(body) % BLOCK) + tarred(files, tarfile.USTAR_FORMAT)


def test_an_extended_header_names_and_measures() -> None:
    body = b"17 path=new.json\n" + b"14 size=00005\n"
    found = read(extended(body, files={A: b"12345"}))
    assert (kept(found), troubles(found)) == ({"new.json": b"12345"}, [])


@pytest.mark.parametrize(
    "body",
    [
        *(b"nonsense", b"99 path=x", b"0 path=x\n", b"5 path=x\n", b"-9 path=x\n", b"9" * 30, b"\xff" * 40),
        *(b"12 size=-55\n", b"13 size=abcd\n"),
    ],
)
def test_a_malformed_extended_header_is_told_and_the_member_kept(body: bytes) -> None:
    found = read(extended(body))
    assert list(kept(found).values()) == list(FILES.values())
    assert [kind for _, kind in troubles(found)] in (["tar.header"], [])


def test_a_huge_extended_header_is_passed_over() -> None:
    """Eight gigabytes of it, packed a thousandfold, would be taken into memory by others."""
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        found = read(extended(b"x" * (limits.MAX_TAR_HEADER_BYTES + 1), kind))
        assert (kept(found), troubles(found)) == (FILES, [(A, "tar.header")])


def test_headers_without_end_keep_little() -> None:
    one = extended(b"nonsense")[: 2 * BLOCK]
    found = read(one * 20_000 + tarred(FILES, tarfile.USTAR_FORMAT))
    assert list(kept(found)) == list(FILES)
    assert len(troubles(found)) == 5


# ---- bombs


@pytest.mark.slow
def test_a_bomb_is_cut() -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    size = 2 * limits.ARCHIVE_FREE_BYTES
    head = tarred({"a.json": b"1"}, tarfile.USTAR_FORMAT)[: 2 * BLOCK]
    bomb = info("bomb.json", tarfile.REGTYPE, size=size).tobuf(tarfile.USTAR_FORMAT)
    zeros = bytes(limits.MIB)
    packed = deflate.compress(head + bomb)
    packed += b"".join(deflate.compress(zeros) for _ in range(size // limits.MIB)) + deflate.flush()
    found = read(packed)
    assert found[0].data == b"1"
    assert troubles(found) == [("bomb.json", "tar.truncated"), (None, "file.too_large")]
    assert len(found[1].data or b"") < limits.ARCHIVE_FREE_BYTES


def test_a_member_over_the_limit_is_cut_and_the_next_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 1000)
    for pack in (bytes, gzip.compress):
        found = read(pack(tarred({A: FILES[A], B: b"1" * 1000})))
        assert kept(found) == {A: FILES[A][:1000], B: b"1" * 1000}
        assert troubles(found) == [(A, "file.too_large")]


@pytest.mark.parametrize(
    "inner", [zipped(FILES), tarred(FILES), gzip.compress(tarred(FILES)), zstd.compress(v7(FILES))]
)
def test_an_archive_in_an_archive_is_refused(inner: bytes) -> None:
    found = read(tarred({"a": b"1", "inner": inner, "z": b"2"}))
    assert (kept(found), troubles(found)) == ({"a": b"1", "z": b"2"}, [("inner", "archive.nested")])


SMALL = [tarred({"a.json": b"abc" * 9, "c" * 120: b"d"}, form) for form in FORMATS[:2]]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_damage_stops_the_reading(data: st.DataObject) -> None:
    damaged = data.draw(st.sampled_from(SMALL))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(damaged) - 1, 4 * BLOCK)))
        damaged = patched(damaged, at, "B", data.draw(st.integers(0, 255)))
        damaged = resummed(damaged, at // BLOCK * BLOCK)
    cut = data.draw(st.integers(1, len(damaged)))
    list(members(InMemory(damaged[:cut]), ("tar", None)))


def test_the_reader_of_the_standard_library_agrees() -> None:
    """On what is whole; it is the yardstick."""
    data = tarred({**FILES, "x" * 300: b"long", "ü/" * 60 + "x": b""}, tarfile.PAX_FORMAT)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        expected = {each.name: archive.extractfile(each).read() for each in archive if each.isfile()}  # type: ignore[union-attr]
    assert kept(read(data)) == expected
