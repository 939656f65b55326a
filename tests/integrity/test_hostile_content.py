"""Never raised: whatever stands in a digest, a sidecar, a manifest, a key file or a state, it is a fault or nothing."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ctaudit.errors import UsageError
from ctaudit.integrity.authenticate import Trust, authenticate
from ctaudit.integrity.checkpoint import BadState, format_state, parse_state
from ctaudit.integrity.digest import BadDigest, parse_digest
from ctaudit.integrity.loaded import Metadata, Proof, load
from ctaudit.integrity.names import Chain, digest_name
from ctaudit.integrity.signature import BadKeys, key_entries, key_ring
from ctaudit.sources.sidecars import Sidecars, parse_metadata
from ctaudit.state_file import read_state
from tests.integrity.spoiled import GENUINE
from tests.trail.packing import gzipped, minified
from tests.trail.signing import public_key_list
from tests.trail.small import CHAIN, small_trail

PATIENCE = 5.0
"""Seconds for a thing of some megabytes on a busy machine; what is quadratic takes minutes."""
TRAIL = small_trail(hours=2, logs_an_hour=1)
KEY = TRAIL.digests(*CHAIN)[1]
DOCUMENT = TRAIL.document(KEY)
RING = key_ring(public_key_list(GENUINE)["PublicKeyList"])
KEYS = public_key_list(GENUINE)
STATE = {
    "version": 1,
    "chains": [
        {"account": "1", "region": "r", "trail": "t", "home": "h", "backfill": False}
        | {"key": "k", "sha256": "s", "signature": None, "end": "2026-03-09T12:00:00Z"}
    ],
}

TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(
    [
        "",
        "\0",
        "\ud800",
        "../../etc/passwd",
        "/etc/passwd",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "٣" * 64,
        KEY,
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.integers(10**4000, 10**4400) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def written(content: object) -> bytes:
    """Write JSON, and what is none: NaN, infinities, numbers of any length, halves of characters."""
    return json.dumps(_spelled(content)).replace('"\\u0001', "").replace('\\u0001"', "").encode()


def _spelled(content: object) -> object:
    """Python refuses to print integers that are too long in decimals: they are put in as text between two marks."""
    if isinstance(content, dict):
        return {name: _spelled(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_spelled(value) for value in content]
    if isinstance(content, int) and abs(content) >= 10**4000:
        return "\x01" + "7" * 5000 + "\x01"
    return content


def read_digest(content: bytes) -> None:
    """Read a digest as a validation does, and judge it: it may be anything but proven."""
    name = digest_name(KEY)
    assert name is not None
    try:
        parse_digest(content, "0" * 64)
    except BadDigest as error:
        assert str(error).isprintable()
        assert len(str(error)) < 300
    for data in (content, gzipped(content)):
        found = load(KEY, f"/{KEY}", name, None, [data], Metadata("00", "x"))
        assert (found.digest is None) is bool(found.trouble or not data)
        assert not authenticate(found, None, Trust(RING)).proven


def replaced(path: tuple[str | int, ...], value: object, whole: object = DOCUMENT) -> Any:
    """Return a copy of a JSON value with another value at the path; an empty path replaces all of it."""
    if not path:
        return value
    copy: Any = dict(whole) if isinstance(whole, dict) else list(whole)  # type: ignore[call-overload]
    copy[path[0]] = replaced(path[1:], value, copy[path[0]])
    return copy


FIELDS: list[tuple[str | int, ...]] = [
    (),
    *((name,) for name in DOCUMENT),
    ("logFiles", 0),
    *(("logFiles", 0, name) for name in DOCUMENT["logFiles"][0]),
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(FIELDS), VALUES)
@example(("digestStartTime",), "0001-01-01T00:00:00Z")
@example(("digestEndTime",), "9999-12-31T23:59:60Z")
@example(("logFiles", 0, "hashValue"), "٣" * 64)
@example(("digestPublicKeyFingerprint",), "\ud800" * 32)
def test_any_value_in_any_field_of_a_digest(path: tuple[str | int, ...], value: object) -> None:
    if replaced(path, value) != DOCUMENT:
        read_digest(written(replaced(path, value)))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
@example(b"")
@example(b"\x1f\x8b")
@example(b"\x1f")
def test_any_bytes_as_a_digest(content: bytes) -> None:
    read_digest(content)


def many_keys() -> bytes:
    """A hundred thousand names, the last of them twice."""
    return b"{" + b",".join(b'"%d":0' % number for number in (*range(100_000), 99_999)) + b"}"


ODD: dict[str, Callable[[], bytes]] = {
    "deep lists": lambda: b"[" * 1_000_000 + b"]" * 1_000_000,
    "deep objects": lambda: b'{"a":' * 1_000_000,
    "deep in a field": lambda: minified(DOCUMENT)[:-1] + b',"x":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
    "long integer": lambda: b'{"digestStartTime":' + b"9" * 5_000_000 + b"}",
    "long fraction": lambda: b'{"digestStartTime":0.' + b"9" * 5_000_000 + b"}",
    "long exponent": lambda: b'{"digestStartTime":1e' + b"9" * 5_000_000 + b"}",
    "name twice": lambda: minified(DOCUMENT)[:-1] + b',"logFiles":[]}',
    "many names, one twice": many_keys,
    "NaN": lambda: minified(DOCUMENT)[:-1] + b',"x":NaN}',
    "byte order mark": lambda: b"\xef\xbb\xbf" + minified(DOCUMENT),
    "UTF-16": lambda: minified(DOCUMENT).decode().encode("utf-16"),
    "UTF-32": lambda: minified(DOCUMENT).decode().encode("utf-32"),
    "half a character": lambda: minified(DOCUMENT).replace(b"SHA-256", b"\xed\xa0\x80"),
    "no UTF-8": lambda: minified(DOCUMENT).replace(b"SHA-256", b"\xff"),
    "zeros": lambda: bytes(1_000_000),
    "spaces": lambda: b" " * 5_000_000,
    "quotes": lambda: b'"' * 1_000_001,
    "backslashes": lambda: b'"' + b"\\" * 1_000_000,
    "two documents": lambda: minified(DOCUMENT) * 2,
    "empty list": lambda: b"[]",
    "null": lambda: b"null",
    "many logs that are none": lambda: minified(DOCUMENT | {"logFiles": [0] * 1_000_000}),
    "one log many times": lambda: minified(DOCUMENT | {"logFiles": DOCUMENT["logFiles"] * 20_000}),
    "long text": lambda: minified(DOCUMENT | {"digestEndTime": "2026-03-09T14:00:00Z" * 300_000}),
    "long key": lambda: minified(DOCUMENT | {"digestS3Object": "a/" * 1_000_000}),
    "long bucket": lambda: minified(DOCUMENT | {"digestS3Bucket": "b" * 1_000_000}),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_content_in_a_moment(name: str) -> None:
    content = ODD[name]()
    began = perf_counter()
    read_digest(content)
    assert perf_counter() - began < PATIENCE


@pytest.mark.parametrize("name", ODD)
def test_odd_content_elsewhere_in_a_moment(name: str, tmp_path: Path) -> None:
    """The same as a sidecar, a key file, a state and a line of a manifest."""
    path = tmp_path / "odd.json"
    path.write_bytes(ODD[name]())
    began = perf_counter()
    metadata_of(path.read_bytes())
    ring_of(path.read_bytes())
    state_of(path)
    manifest_of(path)
    assert perf_counter() - began < PATIENCE


def metadata_of(text: bytes) -> None:
    found = parse_metadata(text)
    assert found is None or all(isinstance(each, str) for pair in found.items() for each in pair)
    name = digest_name(KEY)
    assert name is not None
    data = TRAIL.bucket.bodies[KEY]
    judged = authenticate(load(KEY, KEY, name, None, [data], found and Metadata.of(found)), None, Trust(RING))
    genuine = TRAIL.bucket.metadata[KEY]["signature"]
    assert (judged.proof is Proof.SIGNATURE) is (found is not None and found.get("signature", "").lower() == genuine)


def ring_of(text: bytes) -> None:
    try:
        ring = key_ring(key_entries(text))
    except BadKeys as error:
        assert str(error).isprintable()
        return
    assert {key.sha256 for key in ring.keys.values()} <= {key.sha256 for key in RING.keys.values()}


def state_of(path: Path) -> None:
    try:
        state = read_state(str(path))
    except UsageError:
        return
    assert parse_state(format_state(state)) == state


def manifest_of(path: Path) -> None:
    try:
        sidecars = Sidecars(str(path))
    except UsageError:
        return
    for key in (KEY, "a", ""):
        found = sidecars.of(f"/nowhere/{key}", key)
        assert found is None or all(isinstance(value, str) for value in found.values())


HEAD = TRAIL.bucket.head(KEY)
MANIFEST = {"bucket": "b", "key": KEY, "metadata": HEAD["Metadata"]}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([(), ("Metadata",), *(("Metadata", name) for name in HEAD["Metadata"])]), VALUES)
@example(("Metadata",), {"signature": "\ud800", "SIGNATURE": "zz"})
def test_any_value_in_metadata(path: tuple[str | int, ...], value: object) -> None:
    metadata_of(written(replaced(path, value, HEAD)))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        [
            (),
            ("PublicKeyList",),
            ("PublicKeyList", 0),
            *(("PublicKeyList", 0, name) for name in KEYS["PublicKeyList"][0]),
        ]
    ),
    VALUES | st.binary(max_size=80).map(lambda der: base64.b64encode(der).decode()),
)
@example(("PublicKeyList", 0, "Fingerprint"), "\ud800")
@example(("PublicKeyList", 0, "Value"), "é")
def test_any_value_in_a_key_file(path: tuple[str | int, ...], value: object) -> None:
    ring_of(written(replaced(path, value, KEYS)))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_as_a_public_key(der: bytes) -> None:
    ring = key_ring([{"Value": der, "Fingerprint": "a"}, {"Value": GENUINE.der[:-5] + der[:5], "Fingerprint": "b"}])
    assert len(ring) + len(ring.unreadable) == 2


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(
        [(), ("version",), ("chains",), ("chains", 0), *(("chains", 0, name) for name in STATE["chains"][0])]
    ),  # type: ignore[index]
    VALUES,
)
@example(("chains", 0, "end"), 5)
@example(("chains", 0, "end"), "0001-01-01T00:00:00Z")
@example(("version",), math.nan)
def test_any_value_in_a_state(path: tuple[str | int, ...], value: object) -> None:
    try:
        state = parse_state(written(replaced(path, value, STATE)))
    except BadState as error:
        assert str(error).isprintable()
        return
    assert parse_state(format_state(state)) == state
    assert all(isinstance(chain, Chain) for chain in state)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([(), ("key",), ("metadata",), ("metadata", "signature")]), VALUES)
@example(("key",), "\ud800")
@example(("key",), "a\0b")
def test_any_value_in_a_line_of_a_manifest(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[str | int, ...], value: object
) -> None:
    """A line that cannot be used takes nothing from the next one."""
    file = tmp_path_factory.getbasetemp() / "manifest.jsonl"
    file.write_bytes(written(replaced(path, value, MANIFEST)) + b"\n" + minified({**MANIFEST, "key": "other"}) + b"\n")
    manifest_of(file)
    assert Sidecars(str(file)).of("/nowhere/other", "other") == MANIFEST["metadata"]


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b"\xff", b'{"version": 2, "chains": []}', b'{"version": 1}']
)
def test_a_state_that_is_none_is_no_empty_state(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(text)
    with pytest.raises(UsageError):
        read_state(str(path))
