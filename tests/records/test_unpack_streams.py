"""zstd and bzip2 logs as they come: in one frame or many, cut, corrupt, padded, or a bomb."""

from __future__ import annotations

import bz2
import gzip
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from ctaudit import limits
from ctaudit.fault import Fault
from ctaudit.records.inflate import BZ2, DEFLATE, GZIP, ZSTD, Format, Inflating, InMemory
from ctaudit.records.unpack import Content, unpack
from tests.trail.packing import gzipped

pytestmark = pytest.mark.slow

TEXT = b"".join(b'{"n":%d,"of":"%x"},' % (n, n * n * 7919) for n in range(60_000))
PATH = "folder/log.json.zst"
Pack = Callable[[bytes], bytes]


def checked(data: bytes) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


PACKS: dict[str, Pack] = {"zstd": checked, "bz2": lambda data: bz2.compress(data, 1)}
each_format = pytest.mark.parametrize("name", PACKS)


def one(data: bytes) -> tuple[Content, list[Fault]]:
    contents, faults = unpack(PATH, data)
    assert len(contents) == 1
    return contents[0], faults


@each_format
@pytest.mark.parametrize("text", [TEXT, b"", b"x"])
def test_one_frame_is_unpacked(name: str, text: bytes) -> None:
    assert one(PACKS[name](text)) == (Content(PATH, text), [])


@each_format
def test_many_frames_are_one_content(name: str) -> None:
    half = len(TEXT) // 2
    data = b"".join(map(PACKS[name], (TEXT[:half], b"", TEXT[half:])))
    assert one(data) == (Content(PATH, TEXT), [])


@pytest.mark.parametrize(
    "command", [["zstd"], ["zstd", "--no-content-size"], ["pzstd", "-p", "3"], ["bzip2"], ["bzip2", "-1"]]
)
def test_what_the_usual_packers_write_is_read(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(TEXT)
    packed = subprocess.run([*command, "-q", "-c", "log"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert one(packed) == (Content(PATH, TEXT), [])


def test_frames_to_be_skipped_hold_nothing() -> None:
    skipped = b"\x5a\x2a\x4d\x18" + (7).to_bytes(4, "little") + b"comment"
    assert one(skipped + checked(TEXT) + skipped) == (Content(PATH, TEXT), [])


@each_format
def test_a_cut_stream_gives_what_can_be_known(name: str) -> None:
    packed = PACKS[name](TEXT)
    for cut in (*range(12, 60, 7), len(packed) // 2, len(packed) - 1):
        content, faults = one(packed[:cut])
        assert TEXT.startswith(content.text)
        assert len(content.text) >= (cut > 100) * len(TEXT) // 3
        assert not content.whole
        assert [(fault.kind, fault.offset) for fault in faults] == [(f"{name}.truncated", cut)]


@each_format
def test_damage_in_the_middle_keeps_what_was_packed_before_it(name: str) -> None:
    packed = PACKS[name](TEXT)
    at = len(packed) * 2 // 3
    content, faults = one(packed[:at] + b"\xff" * 50 + packed[at + 50 :])
    assert [fault.kind for fault in faults] == [f"{name}.corrupt"]
    assert at <= (faults[0].offset or 0) <= len(packed)
    assert not content.whole
    assert content.text[: len(TEXT) // 2] == TEXT[: len(TEXT) // 2]


def test_every_block_before_the_damage_is_kept() -> None:
    """The decoder gives them in the same step in which it fails, and so keeps them to itself."""
    packed = bz2.compress(TEXT, 1)
    blocks = [at for at in range(len(packed)) if packed.startswith(b"1AY&SY", at)]
    last = blocks[-1]  # one that begins at a whole byte; the others are shifted
    content, _ = one(packed[: last + 300] + b"\xff" * 50 + packed[last + 350 :])
    sizes = len(bz2.BZ2Decompressor().decompress(packed[: last + 300]))
    assert len(content.text) == sizes


@each_format
def test_a_wrong_checksum_keeps_the_text_but_not_as_whole(name: str) -> None:
    packed = PACKS[name](TEXT)
    content, faults = one(packed[:-4] + bytes(byte ^ 1 for byte in packed[-4:]))
    assert [fault.kind for fault in faults] == [f"{name}.corrupt"]
    assert TEXT.startswith(content.text)
    assert len(content.text) > len(TEXT) * 9 // 10
    assert not content.whole


@each_format
@pytest.mark.parametrize("tail", [b"\n", b"\0" * 512, b'{"Records":[]}', b"\x1f"])
def test_data_after_the_stream_is_a_fault_and_unread(name: str, tail: bytes) -> None:
    packed = PACKS[name](TEXT)
    content, faults = one(packed + tail)
    assert content == Content(PATH, TEXT)
    assert [(fault.kind, fault.offset) for fault in faults] == [(f"{name}.trailing_data", len(packed))]


@each_format
def test_a_bomb_is_stopped_long_before_it_fills_memory(name: str) -> None:
    content, faults = one(PACKS[name](bytes(64 * limits.MIB)))
    assert (len(content.text), content.whole) == (limits.RATIO_FREE_BYTES, False)
    assert [(fault.kind, fault.offset) for fault in faults] == [("file.too_large", limits.RATIO_FREE_BYTES)]


def test_a_window_that_would_fill_memory_is_refused() -> None:
    """31 bits of window are two gigabytes, which a decoder must hold."""
    huge = b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + b"\x01\x00\x00"
    content, faults = one(huge)
    assert (content.text, [fault.kind for fault in faults]) == (b"", ["zstd.corrupt"])
    assert "memory" in faults[0].reason


@each_format
def test_the_limit_is_met_by_one_byte(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = PACKS[name](TEXT)
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", len(TEXT))
    assert one(packed) == (Content(PATH, TEXT), [])
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", len(TEXT) - 1)
    content, faults = one(packed)
    assert (content.text, content.whole) == (TEXT[:-1], False)
    assert [fault.kind for fault in faults] == ["file.too_large"]


@each_format
def test_a_gzip_log_packed_once_more_is_the_log(name: str) -> None:
    """`zstd -r AWSLogs` makes `x.json.gz.zst`; the content, and so its hash, is that of the log."""
    assert one(PACKS[name](gzipped(TEXT))) == (Content(PATH, TEXT), [])
    contents, faults = unpack(PATH, PACKS[name](gzipped(TEXT) + gzipped(b"two")))
    assert [content.text for content in contents] == [TEXT, b"two"]
    assert [fault.kind for fault in faults] == ["gzip.extra_member"]
    _, faults = unpack(PATH, PACKS[name](gzipped(TEXT)[:-20]))
    assert [fault.kind for fault in faults] == ["gzip.truncated"]


@each_format
def test_a_bomb_in_a_bomb_is_stopped(name: str) -> None:
    inner = gzip.compress(bytes(200 * limits.MIB))
    content, faults = one(PACKS[name](inner * 1))
    assert len(content.text) <= limits.RATIO_FREE_BYTES
    assert [fault.kind for fault in faults] == ["file.too_large"]


def test_text_that_begins_like_bzip2_is_text() -> None:
    assert one(b"BZh9 is how some texts begin") == (Content(PATH, b"BZh9 is how some texts begin"), [])


def deflated(text: bytes) -> bytes:
    return gzipped(text)[10:-8]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_damage_stops_the_reading(data: st.DataObject) -> None:
    packing: Format = data.draw(st.sampled_from((GZIP, ZSTD, BZ2, DEFLATE)))
    packs: dict[str, Pack] = {"gzip": gzipped, "zstd": checked, "bz2": bz2.compress, "deflate": deflated}
    damaged = bytearray(packs[packing.name](TEXT[:3000]))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    list(Inflating(InMemory(bytes(damaged)), packing, limits.MIB).pieces())
