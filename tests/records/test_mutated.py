"""Real files with bytes flipped, cut out and put in: reading never raises, and a cut keeps all that stands before."""

from __future__ import annotations

import json
import random
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctaudit.fault import Fault
from ctaudit.records import unpack as unpacking
from tests.conftest import SAMPLE
from tests.plain_reader import records, texts
from tests.records.taken import Taken, read
from tests.trail.packing import gzipped


def _texts() -> list[bytes]:
    """Sample logs of every kind, the middling ones, and one of them as other tools would write it."""
    found = []
    for folder in ("CloudTrail", "CloudTrail-Digest", "CloudTrail-Insight"):
        paths = sorted(SAMPLE.glob(f"**/{folder}/**/*.json.gz"), key=lambda path: (path.stat().st_size, path.name))
        found += [texts(path.read_bytes())[0] for path in paths[len(paths) // 3 :: max(1, len(paths) // 3)]]
    events = json.loads(max(found, key=lambda text: len(text) if text.startswith(b'{"Rec') else 0))["Records"]
    lines = "\n".join(map(json.dumps, events))
    lookup = {"NextToken": "t", "Events": [{"EventId": "x", "CloudTrailEvent": json.dumps(event)} for event in events]}
    return [*found, lines.encode(), json.dumps(lookup).encode(), json.dumps({"Records": events}, indent=2).encode()]


TEXTS = _texts()
PACKED = [gzipped(text) for text in TEXTS]

Mutation = Callable[[bytes], bytes]


def _mutation(kind: str, where: float, what: bytes, length: int) -> Mutation:
    def mutate(data: bytes) -> bytes:
        at = int(where * len(data))
        if kind == "cut":
            return data[:at]
        if kind == "insert":
            return data[:at] + what + data[at:]
        if kind == "delete":
            return data[:at] + data[at + length :]
        if kind == "double":
            return data[:at] + data[at : at + length] * 2 + data[at + length :]
        return (
            data[:at] + bytes(byte ^ (what[0] if what else 1) for byte in data[at : at + length]) + data[at + length :]
        )

    return mutate


MUTATIONS = st.builds(
    _mutation,
    st.sampled_from(["cut", "insert", "delete", "double", "flip"]),
    st.floats(0, 1, exclude_max=True),
    st.binary(max_size=6)
    | st.sampled_from([b'"', b"\\", b"{", b"}", b"]", b",", b"\n", b"\0", b"\xff", b"\\ud800", b'{"Records":[']),
    st.sampled_from([1, 1, 2, 40, 3000]),
)


def mutated(data: bytes, mutations: list[Mutation]) -> bytes:
    for mutation in mutations:
        data = mutation(data)
    return data


def read_all(data: bytes) -> tuple[list[Any], list[Fault]]:
    """Everything that ctaudit finds in a file, and its faults."""
    contents, faults = unpacking.unpack("a.json.gz", data)
    rows: list[Any] = []
    for content in contents:
        sink = Taken()
        reading = read(content, sink, hinted=True)
        assert reading.events == len(sink.rows) <= reading.records
        assert len(set(sink.records)) == len(sink.rows)
        table = sink.rows.table()
        table.validate(full=True)
        rows += table.to_pylist()
        faults += reading.faults
    for fault in faults:
        assert fault.reason
        assert fault.offset is not None
        assert 0 <= fault.offset <= max([len(data), *(len(content.text) for content in contents)])
    return rows, faults


def identities(found: list[dict[str, Any]]) -> Counter[str]:
    return Counter(str(record.get("eventID")) for record in found)


@settings(deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\x1f\x8b\x08\0", b'{"Records":[', b"\xef\xbb\xbf{", b"\xff\xfe{\0", b'{"eventVersion":"']),
)
def test_any_bytes_are_read_without_raising(data: bytes, beginning: bytes) -> None:
    read_all(beginning + data)


@pytest.mark.slow
@settings(deadline=None, max_examples=400)
@given(st.sampled_from(TEXTS), st.lists(MUTATIONS, min_size=1, max_size=4))
def test_a_damaged_text_is_read_without_raising_and_told(text: bytes, mutations: list[Mutation]) -> None:
    damaged = mutated(text, mutations)
    rows, faults = read_all(damaged)
    if not faults:  # then nobody could have seen the damage, and all that is there was read
        assert _is_good(damaged)
        assert Counter(str(row["eventid"]) for row in rows) == identities(records(damaged))


def _is_good(text: bytes) -> bool:
    """Whether the text is JSON, or JSON values each on lines of its own, for the parser of Python."""
    decoder, characters, at = json.JSONDecoder(), text.decode(), 0
    while characters[at:].strip():
        at += len(characters[at:]) - len(characters[at:].lstrip())
        if at and "\n" not in characters[:at][len(characters[:at].rstrip()) :]:
            return False
        try:
            _, at = decoder.raw_decode(characters, at)
        except ValueError:
            return False
    return True


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(st.sampled_from(PACKED), st.lists(MUTATIONS, min_size=1, max_size=3))
def test_a_damaged_gzip_file_is_read_without_raising_and_told(data: bytes, mutations: list[Mutation]) -> None:
    damaged = mutated(data, mutations)
    _, faults = read_all(damaged)
    assert faults or texts(damaged) == texts(data)


@pytest.mark.slow
@settings(deadline=None, max_examples=400)
@given(st.sampled_from(TEXTS), st.floats(0, 1))
def test_a_cut_text_keeps_every_record_before_the_cut(text: bytes, where: float) -> None:
    cut = text[: int(where * len(text))]
    rows, _ = read_all(cut)
    assert Counter(str(row["eventid"]) for row in rows) == identities(records(cut))


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(PACKED) - 1), st.floats(0, 1))
def test_a_cut_gzip_file_keeps_every_record_before_the_cut(number: int, where: float) -> None:
    data = PACKED[number][: max(2, int(where * len(PACKED[number])))]
    rows, faults = read_all(data)
    text = zlib.decompressobj(31).decompress(data)
    assert Counter(str(row["eventid"]) for row in rows) == identities(records(text))
    assert [fault.kind for fault in faults][:1] == ["gzip.truncated"] or data == PACKED[number]


def test_the_samples_themselves_are_read_whole() -> None:
    for text, data in zip(TEXTS, PACKED, strict=True):
        for each in (text, data):
            rows, faults = read_all(each)
            assert (len(rows), faults) == (len(records(text)), [])


@pytest.mark.slow
@settings(deadline=None, max_examples=3000, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([*TEXTS, *PACKED]), st.lists(MUTATIONS, min_size=1, max_size=8))
def test_files_damaged_in_many_places_are_read_without_raising(data: bytes, mutations: list[Mutation]) -> None:
    read_all(mutated(data, mutations))


@pytest.mark.slow
def test_every_cut_of_a_log_keeps_what_stands_before_it(tmp_path: Path) -> None:
    chosen = random.Random(7).sample([text for text in TEXTS if text.startswith(b'{"Records')], 2)
    for text in chosen:
        ends = [text.index(f'"eventID":"{each["eventID"]}"'.encode()) for each in records(text)]
        for cut in range(0, len(text), 11):
            rows, faults = read_all(text[:cut])
            assert sum(end + 1500 < cut for end in ends) <= len(rows) <= sum(end < cut for end in ends)
            assert faults


LOGS = [text for text in TEXTS if text.startswith(b'{"Records":[{')]


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(LOGS),
    st.sampled_from(["insert", "delete", "flip", "double"]),
    st.floats(0, 1, exclude_max=True),
    st.binary(min_size=1, max_size=6) | st.sampled_from([b'"', b"\\", b"{", b"}", b"]", b",", b"\n", b'{"x":', b"]}"]),
    st.integers(1, 40),
)
def test_damage_in_one_place_costs_no_record_elsewhere(
    text: bytes, kind: str, where: float, what: bytes, length: int
) -> None:
    at = int(where * len(text))
    untouched = [each for each in _spans(text) if each[1] <= at or each[0] >= at + length]
    rows, _ = read_all(_mutation(kind, where, what, length)(text))
    missing = {event_id for _, _, event_id in untouched} - {row["eventid"] for row in rows}
    assert not missing or at < len('{"Records":[{')


def _spans(text: bytes) -> list[tuple[int, int, str]]:
    """Where each record of a log file begins and ends, and its id."""
    decoder, characters, at, found = json.JSONDecoder(), text.decode(), len('{"Records":['), []
    while at < len(characters) and characters[at] == "{":
        record, end = decoder.raw_decode(characters, at)
        found.append((len(characters[:at].encode()), len(characters[:end].encode()), record["eventID"]))
        at = end + 1
    assert len(found) == len(records(text))
    return found
