"""Never raised: whatever stands in a sidecar, a manifest, a file of public keys or a state, it proves nothing."""

from __future__ import annotations

import base64
import math
import pathlib
from time import perf_counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ctaudit.errors import UsageError
from ctaudit.integrity.authenticate import Trust, authenticate
from ctaudit.integrity.checkpoint import BadState, format_state, parse_state
from ctaudit.integrity.loaded import Metadata, Proof, load
from ctaudit.integrity.names import Chain, digest_name
from ctaudit.integrity.signature import BadKeys, key_entries, key_ring
from ctaudit.sources.sidecars import Sidecars, parse_metadata
from ctaudit.state_file import read_state
from tests.integrity.odd_json import KEY, ODD, TRAIL, VALUES, Path, check_words, replaced, written
from tests.integrity.spoiled import GENUINE
from tests.trail.packing import minified
from tests.trail.signing import public_key_list

pytestmark = pytest.mark.slow

PATIENCE = 5.0
"""Seconds for a thing of some megabytes on a busy machine; what is quadratic takes minutes."""
KEYS = public_key_list(GENUINE)
RING = key_ring(KEYS["PublicKeyList"])
STATE: dict[str, Any] = {
    "version": 1,
    "chains": [
        {"account": "1", "region": "r", "trail": "t", "home": "h", "backfill": False}
        | {"key": "k", "sha256": "s", "signature": None, "end": "2026-03-09T12:00:00Z"}
    ],
}


@pytest.mark.parametrize("name", ODD)
def test_odd_content_elsewhere_in_a_moment(name: str, tmp_path: pathlib.Path) -> None:
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
    judged = authenticate(
        load(KEY, KEY, name, None, [data], None if found is None else Metadata.of(found)), None, Trust(RING)
    )
    genuine = TRAIL.bucket.metadata[KEY]["signature"]
    assert (judged.proof is Proof.SIGNATURE) is (found is not None and found.get("signature", "").lower() == genuine)


def ring_of(text: bytes) -> None:
    try:
        ring = key_ring(key_entries(text))
    except BadKeys as error:
        check_words(error)
        return
    assert {key.sha256 for key in ring.keys.values()} <= {key.sha256 for key in RING.keys.values()}


def state_of(path: pathlib.Path) -> None:
    try:
        state = read_state(str(path))
    except UsageError:
        return
    assert parse_state(format_state(state)) == state


def manifest_of(path: pathlib.Path) -> None:
    try:
        sidecars = Sidecars(str(path))
    except UsageError:
        return
    for key in (KEY, "a", ""):
        found = sidecars.of(f"/nowhere/{key}", key)
        assert found is None or all(isinstance(value, str) for value in found.values())


HEAD = TRAIL.bucket.head(KEY)
MANIFEST = {"bucket": "b", "key": KEY, "metadata": HEAD["Metadata"]}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([(), ("Metadata",), *(("Metadata", name) for name in HEAD["Metadata"])]), VALUES)
@example(("Metadata",), {"signature": "\ud800", "SIGNATURE": "zz"})
def test_any_value_in_metadata(path: Path, value: object) -> None:
    metadata_of(written(replaced(path, value, HEAD)))


@settings(max_examples=150, deadline=None)
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
def test_any_value_in_a_key_file(path: Path, value: object) -> None:
    ring_of(written(replaced(path, value, KEYS)))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_as_a_public_key(der: bytes) -> None:
    ring = key_ring([{"Value": der, "Fingerprint": "a"}, {"Value": GENUINE.der[:-5] + der[:5], "Fingerprint": "b"}])
    assert len(ring) + len(ring.unreadable) == 2


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [(), ("version",), ("chains",), ("chains", 0), *(("chains", 0, name) for name in STATE["chains"][0])]
    ),
    VALUES,
)
@example(("chains", 0, "end"), 5)
@example(("chains", 0, "end"), "0001-01-01T00:00:00Z")
@example(("version",), math.nan)
@example(("version",), "x" * 1000)
@example(("version",), 10**4000)
def test_any_value_in_a_state(path: Path, value: object) -> None:
    try:
        state = parse_state(written(replaced(path, value, STATE)))
    except BadState as error:
        check_words(error)
        return
    assert parse_state(format_state(state)) == state
    assert all(isinstance(chain, Chain) for chain in state)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([(), ("key",), ("metadata",), ("metadata", "signature")]), VALUES)
@example(("key",), "\ud800")
@example(("key",), "a\0b")
def test_any_value_in_a_line_of_a_manifest(tmp_path_factory: pytest.TempPathFactory, path: Path, value: object) -> None:
    """A line that cannot be used takes nothing from the next one."""
    file = tmp_path_factory.getbasetemp() / "manifest.jsonl"
    file.write_bytes(written(replaced(path, value, MANIFEST)) + b"\n" + minified({**MANIFEST, "key": "other"}) + b"\n")
    manifest_of(file)
    assert Sidecars(str(file)).of("/nowhere/other", "other") == MANIFEST["metadata"]


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b"\xff", b'{"version": 2, "chains": []}', b'{"version": 1}']
)
def test_a_state_that_is_none_is_no_empty_state(text: bytes, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(text)
    with pytest.raises(UsageError):
        read_state(str(path))
