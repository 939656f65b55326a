"""Never raised: whatever stands in a digest, it is unproven or false, and that is known in a moment."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ctaudit.integrity.authenticate import Trust, authenticate
from ctaudit.integrity.digest import BadDigest, parse_digest
from ctaudit.integrity.loaded import Metadata, load
from ctaudit.integrity.names import digest_name
from ctaudit.integrity.signature import key_ring
from tests.integrity.odd_json import DOCUMENT, KEY, ODD, VALUES, Path, check_words, replaced, written
from tests.integrity.spoiled import GENUINE
from tests.trail.packing import gzipped
from tests.trail.signing import public_key_list

PATIENCE = 5.0
"""Seconds for a thing of some megabytes on a busy machine; what is quadratic takes minutes."""
RING = key_ring(public_key_list(GENUINE)["PublicKeyList"])


def read_digest(content: bytes) -> None:
    """Read a digest as a validation does, and judge it: it may be anything but proven."""
    name = digest_name(KEY)
    assert name is not None
    try:
        parse_digest(content, "0" * 64)
    except BadDigest as error:
        check_words(error)
    for data in (content, gzipped(content)):
        found = load(KEY, f"/{KEY}", name, None, [data], Metadata("00", "x"))
        assert found.digest is None or not found.trouble
        assert not authenticate(found, None, Trust(RING)).proven


FIELDS: list[Path] = [
    (),
    *((name,) for name in DOCUMENT),
    ("logFiles", 0),
    *(("logFiles", 0, name) for name in DOCUMENT["logFiles"][0]),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FIELDS), VALUES)
@example(("digestStartTime",), "0001-01-01T00:00:00Z")
@example(("digestEndTime",), "9999-12-31T23:59:60Z")
@example(("logFiles", 0, "hashValue"), "٣" * 64)
@example(("digestPublicKeyFingerprint",), "\ud800" * 32)
def test_any_value_in_any_field_of_a_digest(path: Path, value: object) -> None:
    if replaced(path, value) != DOCUMENT:
        read_digest(written(replaced(path, value)))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
@example(b"")
@example(b"\x1f\x8b")
@example(b"\x1f")
def test_any_bytes_as_a_digest(content: bytes) -> None:
    read_digest(content)


@pytest.mark.parametrize("name", ODD)
def test_odd_content_in_a_moment(name: str) -> None:
    content = ODD[name]()
    began = perf_counter()
    read_digest(content)
    assert perf_counter() - began < PATIENCE
