"""Vectors of others: what AWS's documentation prints of its keys and signatures, and the hashes of the reference."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ctaudit.integrity.digest import Digest, Location, LogEntry, Previous
from ctaudit.integrity.loaded import Judged, Loaded, Status
from ctaudit.integrity.logs import compare
from ctaudit.integrity.names import digest_name
from ctaudit.integrity.packed import inspect
from ctaudit.integrity.signature import BadKeys, KeyRing, key_entries, key_ring, string_to_sign, verifies
from tests.integrity.spoiled import GENUINE, STRANGER
from tests.plain_reader import shared_data
from tests.trail.packing import gzipped
from tests.trail.signing import public_key_list
from tests.trail.small import CHAIN, NOON, small_trail

SPKI = GENUINE.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def printed() -> dict[str, Any]:
    """Public keys and signatures that the CloudTrail User Guide prints (CC BY-SA 4.0), kept outside of the project."""
    folder = shared_data()
    path = folder / "aws-doc-vectors" / "vectors.json" if folder else None
    if path is None or not path.is_file():
        pytest.skip("the vectors of AWS's documentation are not here (CTAUDIT_SHARED_DATA)")
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def printed_ring(printed: dict[str, Any]) -> KeyRing:
    keys = printed["keys_fingerprint_is_md5_of_DER"]
    return key_ring({"Value": value, "Fingerprint": fingerprint} for fingerprint, value in keys.items())


def test_fingerprints_of_genuine_keys_are_the_md5_of_their_bytes(printed: dict[str, Any]) -> None:
    ring = printed_ring(printed)
    assert (len(ring), ring.conflicts, ring.unreadable) == (3, frozenset(), ())
    assert all(key.genuine and key.key.key_size == 2048 for key in ring.keys.values())
    forms = {value[:7] for value in printed["keys_fingerprint_is_md5_of_DER"].values()}
    assert forms == {"MIIBCgK", "MIIBIjA"}, "PKCS#1, and SubjectPublicKeyInfo"


def test_genuine_signatures_hold(printed: dict[str, Any]) -> None:
    """What was signed is not printed, only its hash can be had from the signature."""
    ring = printed_ring(printed)
    assert len(printed["signatures"]) == 2
    for vector in printed["signatures"]:
        key = ring.get(vector["key"])
        assert key is not None
        signature, hashed = bytes.fromhex(vector["signature"]), bytes.fromhex(vector["sha256_of_string_to_sign"])
        key.key.verify(signature, hashed, PKCS1v15(), Prehashed(SHA256()))
        for other in ring.keys.values():
            if other is not key:
                with pytest.raises(InvalidSignature):
                    other.key.verify(signature, hashed, PKCS1v15(), Prehashed(SHA256()))
        with pytest.raises(InvalidSignature):
            key.key.verify(signature, hashed[::-1], PKCS1v15(), Prehashed(SHA256()))


def digest(previous: Previous | None = None, content: bytes = b"abc") -> Digest:
    start, end = datetime(2026, 3, 9, 12, tzinfo=UTC), datetime(2026, 3, 9, 13, tzinfo=UTC)
    sha256 = hashlib.sha256(content).hexdigest()
    return Digest("1", start, end, "a", Location("b", "c"), "f" * 32, "SHA256withRSA", previous, (), sha256)


ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_text_that_is_signed() -> None:
    """The vector of the AWS CLI: `test_properly_signs_when_no_previous_signature`."""
    assert string_to_sign(digest()) == f"a\nb/c\n{ABC}\nnull"
    previous = Previous(Location("x", "y"), "0" * 64, "SHA-256", "0A1b")
    assert string_to_sign(digest(previous)) == f"a\nb/c\n{ABC}\n0A1b"


def test_who_signs_that_text_is_believed() -> None:
    ring = key_ring(public_key_list(GENUINE, STRANGER)["PublicKeyList"])
    genuine, stranger = (ring.get(key.fingerprint) for key in (GENUINE, STRANGER))
    assert genuine is not None
    assert stranger is not None
    signature = GENUINE.sign(f"a\nb/c\n{ABC}\nnull")
    assert verifies(digest(), signature, genuine)
    assert verifies(digest(), signature.upper(), genuine)
    assert not verifies(digest(), signature, stranger)
    for text in (
        f"a\nb/c\n{ABC}\nnull\n",
        f"a\r\nb/c\r\n{ABC}\r\nnull",
        f"a\nb/c\n{ABC}\n",
        f"a\nb/c\n{ABC.upper()}\nnull",
    ):
        assert not verifies(digest(), GENUINE.sign(text), genuine)


def listed(name: str = "PublicKeyList", **changed: object) -> bytes:
    content = public_key_list(GENUINE)
    return json.dumps({name: [each | changed for each in content["PublicKeyList"]], "NextToken": None}).encode()


@pytest.mark.parametrize("name", ["PublicKeyList", "publicKeyList"])
@pytest.mark.parametrize(
    "start", [1453076702.0, 1453076702, "1453076702.0", "2016-01-18T00:25:02+00:00", None, [], "soon"]
)
def test_what_either_aws_cli_prints(name: str, start: object) -> None:
    """Version 1 prints times as numbers, version 2 as ISO 8601, the manual's sample as numbers in quotes."""
    ring = key_ring(key_entries(listed(name, ValidityStartTime=start, ValidityEndTime=start)))
    assert list(ring.keys) == [GENUINE.fingerprint]
    assert ring.keys[GENUINE.fingerprint].genuine


def test_names_in_small_letters() -> None:
    lower = {"publicKeyList": [{"value": base64.b64encode(GENUINE.der).decode(), "fingerprint": GENUINE.fingerprint}]}
    assert list(key_ring(key_entries(json.dumps(lower).encode())).keys) == [GENUINE.fingerprint]


def wrapped(der: bytes) -> str:
    return base64.encodebytes(der).decode()


@pytest.mark.parametrize("spelled", [bytes, lambda der: base64.b64encode(der).decode(), wrapped])
@pytest.mark.parametrize("der", [GENUINE.der, SPKI], ids=["PKCS#1", "SPKI"])
def test_both_forms_of_a_key_in_bytes_and_base64(der: bytes, spelled: Callable[[bytes], object]) -> None:
    fingerprint = hashlib.md5(der).hexdigest()
    key = key_ring([{"Value": spelled(der), "Fingerprint": fingerprint.upper()}]).get(fingerprint)
    assert key is not None
    assert (key.genuine, key.sha256) == (True, hashlib.sha256(der).hexdigest())
    assert verifies(digest(), GENUINE.sign(string_to_sign(digest())), key)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b'"PublicKeyList"', b'{"PublicKeyList": {}}', b'{"Keys": []}', b"\xff", b"[" * 10**6],
)
def test_what_is_no_list_of_keys_is_refused(text: bytes) -> None:
    with pytest.raises(BadKeys):
        key_entries(text)


@pytest.mark.parametrize("bits", [512, 768])
def test_a_key_that_can_be_broken_is_none(bits: int) -> None:
    """Known moduli of the RSA factoring challenge would do as well: what counts is the length."""
    modulus = (1 << bits) - 1
    body = b"\x02" + _length(bits // 8 + 1) + b"\x00" + modulus.to_bytes(bits // 8, "big") + b"\x02\x03\x01\x00\x01"
    ring = key_ring([{"Value": b"\x30" + _length(len(body)) + body, "Fingerprint": "f"}])
    assert (len(ring), len(ring.unreadable)) == (0, 1)


def _length(count: int) -> bytes:
    return bytes([count]) if count < 128 else bytes([0x81, count])


LOGS = {
    b"{}": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    b'{"foo":"bar"}': "7a38bf81f383f69433ad6e900d35b3e2385593f76a7b7ab5d4355b8ba41ee24b",
    b'{"baz":"qux"}': "5b1070294963f40cb5b3c7a05d3fbaf7ffe4e5d226632026e39cfeb32d349c0c",
}
"""Contents and hashes that the AWS CLI tests its log validation with."""


@pytest.mark.parametrize("content", LOGS)
@pytest.mark.parametrize("level", [0, 1, 9])
def test_hashes_of_logs_are_those_of_the_reference(content: bytes, level: int) -> None:
    key = small_trail(hours=1).digests(*CHAIN)[0]
    name = digest_name(key)
    assert name is not None
    judged = Judged(Loaded(key, key, name, digest=digest()), Status.PROVEN)
    packed = inspect([gzipped(content, level)], 1000)
    assert packed.sha256 == LOGS[content]
    for listed_content, sha256 in LOGS.items():
        entry = LogEntry(Location("b", "log"), sha256, "SHA-256")
        proven = compare(entry, packed, judged, online=True).status is Status.PROVEN
        assert proven is (listed_content == content)
    assert NOON.tzinfo is not None
