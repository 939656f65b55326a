"""Never proven: a digest, a signature or a log with any bit of it flipped, or edited in any other way."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ctaudit.integrity.authenticate import Trust, authenticate
from ctaudit.integrity.digest import LogEntry
from ctaudit.integrity.loaded import Judged, Loaded, Metadata, Proof, Status, load
from ctaudit.integrity.logs import compare
from ctaudit.integrity.names import digest_name
from ctaudit.integrity.packed import inspect
from ctaudit.integrity.signature import key_ring
from tests.integrity.spoiled import GENUINE, Spoiled
from tests.trail.packing import gzipped, unpacked
from tests.trail.signing import public_key_list
from tests.trail.small import CHAIN, small_trail

TRUST = Trust(key_ring(public_key_list(GENUINE)["PublicKeyList"]))
TWO_HOURS = small_trail(hours=2, logs_an_hour=1)
OLDER, NEWER = TWO_HOURS.digests(*CHAIN)
LOG = TWO_HOURS.log_keys()[0]
FREE = frozenset(range(4 * 8, 10 * 8)) | {3 * 8, 3 * 8 + 5, 3 * 8 + 6, 3 * 8 + 7}
"""Bits of a gzip header that say nothing of the content: time, extra flags, operating system, "it may be text", and
three flags without a meaning, which zlib refuses and ISA-L passes over."""
TRAILER = 8
"""Bytes after the packed stream: CRC and length."""


def loaded(key: str, data: bytes, signature: str | None) -> Loaded:
    name = digest_name(key)
    assert name is not None
    return load(key, f"/{key}", name, None, [data], Metadata(signature, "SHA256withRSA") if signature else None)


def body(key: str) -> bytes:
    return TWO_HOURS.bucket.bodies[key]


def signature(key: str) -> str:
    return TWO_HOURS.bucket.metadata[key]["signature"]


def judged(key: str, data: bytes, word: str | None, successor: Judged | None = None) -> Judged:
    return authenticate(loaded(key, data, word), successor, TRUST)


def flips(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the data with each of its bits flipped; bit 0 is the lowest of the first byte."""
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bit, bytes(changed)


def padding(packed: bytes) -> frozenset[int]:
    """Return the bits that fill up the last byte of the packed stream: they can be anything."""
    end = (len(packed) - TRAILER) * 8
    return frozenset(range(end - 7, end))


SUCCESSOR = judged(NEWER, body(NEWER), signature(NEWER))


def test_what_is_flipped_here_is_proven_as_it_is() -> None:
    assert SUCCESSOR.proof is Proof.SIGNATURE
    for data in (body(OLDER), unpacked(body(OLDER))):
        assert judged(OLDER, data, signature(OLDER)).proof is Proof.SIGNATURE
        assert judged(OLDER, data, None, SUCCESSOR).proof is Proof.SUCCESSOR
    assert judged(OLDER, body(OLDER), None).status is Status.UNPROVEN


@pytest.mark.slow
@pytest.mark.parametrize("key", [OLDER, NEWER])
def test_no_bit_of_a_digest_can_be_flipped(key: str) -> None:
    successor = SUCCESSOR if key == OLDER else None  # it must not help
    for bit, changed in flips(unpacked(body(key))):
        found = loaded(key, changed, signature(key))
        assert not authenticate(found, successor, TRUST).proven, bit


def test_no_bit_of_a_signature_can_be_flipped() -> None:
    for bit, changed in flips(bytes.fromhex(signature(OLDER))):
        assert judged(OLDER, body(OLDER), changed.hex()).status is Status.FAILED, bit


def test_no_bit_of_the_signature_that_a_successor_holds_can_be_flipped() -> None:
    assert SUCCESSOR.digest is not None
    previous = SUCCESSOR.digest.previous
    assert previous is not None
    for bit, changed in flips(bytes.fromhex(previous.signature)):
        held = replace(SUCCESSOR.digest, previous=replace(previous, signature=changed.hex()))
        unproven = Judged(replace(SUCCESSOR.loaded, digest=held), Status.UNPROVEN)
        assert judged(OLDER, body(OLDER), None, unproven).status is Status.FAILED, bit


@pytest.mark.parametrize(
    "change", [str.upper, lambda text: f"{text[:-2]}", lambda text: f"{text}00", lambda text: f"00{text}"]
)
def test_only_the_case_of_a_signature_is_free(change: Callable[[str], str]) -> None:
    changed = change(signature(OLDER))
    assert judged(OLDER, body(OLDER), changed).proven is (changed.lower() == signature(OLDER))


@pytest.mark.parametrize("word", ["", "0", "zz", "٠٠", "00 00", "0x00", "\ud800\udc00", "\0", "null", "00" * 100_000])
def test_what_is_no_signature_proves_nothing(word: str) -> None:
    assert not judged(OLDER, body(OLDER), word).proven


def test_no_bit_of_a_packed_digest_can_be_flipped() -> None:
    packed = body(NEWER)
    proven = {bit for bit, changed in flips(packed) if judged(NEWER, changed, signature(NEWER)).proven}
    assert frozenset(range(32, 64)) <= proven <= FREE | padding(packed)


def entry() -> LogEntry:
    (found,) = (each for key in (OLDER, NEWER) for each in _digest(key) if each.location.key == LOG)
    return found


def _digest(key: str) -> tuple[LogEntry, ...]:
    digest = loaded(key, body(key), None).digest
    assert digest is not None
    return digest.logs


def test_no_bit_of_a_log_can_be_flipped() -> None:
    listed = entry()
    for bit, changed in flips(unpacked(body(LOG))):
        packed = inspect([gzipped(changed, level=0) if bit % 8 == 0 else changed], 1 << 20)
        assert compare(listed, packed, SUCCESSOR, online=False).status is Status.FAILED, bit


def test_no_bit_of_a_packed_log_can_be_flipped() -> None:
    listed, proven = entry(), set()
    for bit, changed in flips(body(LOG)):
        packed = inspect([changed], 1 << 20, keep=True)
        if compare(listed, packed, SUCCESSOR, online=False).status is Status.PROVEN:
            assert packed.content == unpacked(body(LOG))
            proven.add(bit)
    assert frozenset(range(32, 64)) <= proven <= FREE | padding(body(LOG))


def test_a_log_is_worth_what_its_digest_is_worth() -> None:
    packed = inspect([body(LOG)], 1 << 20)
    for status in Status:
        proven = compare(entry(), packed, replace(SUCCESSOR, status=status), online=False).status is Status.PROVEN
        assert proven is (status is Status.PROVEN)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Spoiled:
    return Spoiled(tmp_path_factory.mktemp("edited"))


@st.composite
def edits(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Make an edit: cut, insert, overwrite, swap or duplicate bytes, of the file as it lies or of its content."""
    at, to = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    more = draw(st.binary(max_size=20))
    kind = draw(st.sampled_from(["cut", "insert", "overwrite", "swap", "duplicate", "reverse"]))
    inside = draw(st.booleans())

    def change(data: bytes) -> bytes:
        low, high = int(at * len(data)), int(to * len(data))
        middle = data[low:high]
        new = {
            "cut": b"",
            "insert": more + middle,
            "overwrite": (more + middle)[: len(middle)],
            "swap": middle[len(middle) // 2 :] + middle[: len(middle) // 2],
            "duplicate": middle + middle,
            "reverse": middle[::-1],
        }[kind]
        return data[:low] + new + data[high:]

    return lambda data: gzipped(change(unpacked(data))) if inside else change(data)


def content(data: bytes) -> bytes | None:
    """Unpack what is one whole gzip member and nothing else; a copy may also hold the content as it is."""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        text = inflate.decompress(data)
    except zlib.error:
        return data
    return text if inflate.eof and not inflate.unused_data else None


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 8), edits())
@example(0, lambda data: data)
@example(8, lambda data: data + data)
def test_no_edit_of_any_object_goes_unseen(place: Spoiled, number: int, edit: Callable[[bytes], bytes]) -> None:
    path = [place.digest(hour) for hour in range(3)][number] if number < 3 else place.log(number - 3)
    before = path.read_bytes()
    changed = edit(before)
    try:
        path.write_bytes(changed)
        outcome = place.validate()
    finally:
        path.write_bytes(before)
    same = content(changed) == content(before)
    assert (outcome.verdict == "proven") is same
    assert (outcome.status(place.key(path)) == "proven") is (same or _appended(before, changed, number))


def _appended(before: bytes, changed: bytes, number: int) -> bool:
    """Tell whether bytes were only appended to a digest: the run has failed then, and its content stands."""
    return number < 3 and unpacked_first(changed) == unpacked(before)


def unpacked_first(data: bytes) -> bytes | None:
    try:
        return unpacked(data)
    except (zlib.error, EOFError):
        return None
