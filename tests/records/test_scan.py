"""Where JSON values end, and how a walk through damaged text finds the next whole one, in bounded time."""

from __future__ import annotations

import json
import resource
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctaudit import limits
from ctaudit.records import scan
from tests.records.taken import log, numbered, packed

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=6), ANY, max_size=4)


@given(OBJECTS | st.lists(ANY) | st.text(), st.text(max_size=5), st.booleans())
def test_a_value_ends_where_a_parser_says(value: object, behind: str, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert scan.value_end(text + behind.encode(), 0) == len(text)


@given(OBJECTS | st.lists(ANY) | st.text(), st.data())
def test_a_cut_value_never_ends(value: object, data: st.DataObject) -> None:
    text = json.dumps(value).encode()
    assert scan.value_end(text[: data.draw(st.integers(1, len(text) - 1))], 0) is None


def test_a_value_counts_as_endless_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    text = packed({"a": "x" * 100})
    monkeypatch.setattr(limits, "MAX_RECORD_BYTES", len(text))
    assert scan.value_end(text, 0) == len(text)
    monkeypatch.setattr(limits, "MAX_RECORD_BYTES", len(text) - 1)
    assert scan.value_end(text, 0) is None


@given(ANY, st.integers(0, 8))
def test_depth_is_that_of_the_parsed_value(value: object, most: int) -> None:
    def depth(part: object) -> int:
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    assert scan.nests_deeper(packed(value), most) == (depth(value) > most)


def walked(text: bytes) -> list[tuple[bytes, str]]:
    """Walk, judging values by the parser of Python."""
    walk, found = scan.Walk(text), []
    while (piece := walk.next()) is not None:
        inside = text[piece.begin : piece.end]
        if piece.unread or piece.garbage:
            found.append((inside, "unread" if piece.unread else "garbage"))
            continue
        try:
            json.loads(inside)
            found.append((inside, "entry" if piece.entry else "value"))
        except ValueError:
            found.append((inside[:8], "endless" if piece.end is None else "bad"))
            if piece.end is not None:
                walk.skip_damage(piece)
    return found


A, B, C = (packed({"eventVersion": "1.08", "eventID": name}) for name in "abc")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b" ,\n]}[ ", []),
        (A + B, [(A, "value"), (B, "value")]),
        (b'{"Records":[' + A + b" " + B + b"]}", [(A, "entry"), (B, "entry")]),
        (b'{"Records":[' + A + b"]}" + b'{"Records":[' + B, [(b'{"Records":[' + A + b"]}", "value"), (B, "entry")]),
        (b'{ "NextToken" : "t", "Events" : [' + A, [(A, "value")]),
        (b'{"owner":"1","subscriptionFilters":["f"],"logEvents":[' + A, [(A, "value")]),
        (b'[{"data":{"Records":[' + A + b"," + B[:-4], [(b'{"data":', "endless"), (A, "entry"), (B[:8], "endless")]),
        (A + b"," + B[:9] + b"," + C, [(A, "value"), (B[:8], "endless"), (C, "value")]),
        (A + b"," + B.replace(b":", b"", 1) + b"," + C, [(A, "value"), (B[:8], "bad"), (C, "value")]),
        (A + b',"eventName":"x"},' + C, [(A, "value"), (C, "value")]),
        (A + b" nonsense " + C, [(A, "value"), (b"nonsense ", "garbage"), (C, "value")]),
        (A + b" nonsense", [(A, "value"), (b"nonsense", "garbage")]),
        (b'nonsense\n{"a":1}', [(b"nonsense\n", "garbage"), (b'{"a":1}', "value")]),
        (b'"text","never ends', [(b'"text"', "value"), (b'"never e', "endless")]),
        (
            b'{"d":[' + A + b",{x}," + B + b"]}," + C,
            [(b'{"d":[{"', "bad"), (A, "value"), (b"{x}", "bad"), (B, "value"), (C, "value")],
        ),
        (b'{"x":' * 3 + A, [(b'{"x":{"x', "endless"), (A, "value")]),
    ],
)
def test_the_walk_finds_what_is_whole(text: bytes, expected: list[tuple[bytes, str]]) -> None:
    assert walked(text) == expected


def test_a_missing_quote_costs_one_record_even_among_sorted_keys() -> None:
    records = [json.dumps(each, sort_keys=True).encode() for each in numbered(6)]
    records[2] = records[2].replace(b'"eu-west-1"', b'"eu-west-1', 1)
    found = walked(b'{"Records":[' + b",".join(records) + b"]}")
    assert [text for text, kind in found if kind == "entry"] == records[:2] + records[3:]
    assert [kind for _, kind in found].count("endless") + [kind for _, kind in found].count("bad") == 1


@given(st.lists(OBJECTS, max_size=6), st.sampled_from([b"\n", b"\r\n", b" \n\n "]))
def test_values_on_lines_of_their_own_are_a_sequence(values: list[object], between: bytes) -> None:
    texts = [json.dumps(value, indent=1).encode() for value in values]
    found = scan.sequence(between.join(texts))
    assert found is not None
    assert [between.join(texts)[begin:end] for begin, end in found] == texts


@pytest.mark.parametrize("text", [A + B, A + b" " + B, A + b",\n" + B, A + b"\n" + B[:-1], b"x\n" + A])
def test_anything_else_is_no_sequence(text: bytes) -> None:
    assert scan.sequence(text) is None


MEGA = limits.MIB
HOSTILE = {
    "open braces": b"{" * MEGA,
    "open brackets": b"[" * MEGA,
    "quotes": b'"' * (MEGA + 1),
    "backslashes in a string": b'{"' + b"\\" * MEGA,
    "escaped quotes in a string": b'{"' + b'\\"' * (MEGA // 2),
    "objects that never close": b'{"a":' * (MEGA // 5),
    "records that never close": b'{"eventVersion":' * (MEGA // 16),
    "containers in containers": b'{"Records":[' * (MEGA // 12),
    "unclosed wrappers around whole records": (b'{"a":{"b":[' + A) * (MEGA // (len(A) + 11)),
    "bad objects": b"{x}," * (MEGA // 4),
    "bad objects with long beginnings": (b"{" + b"x" * 4000) * (MEGA // 4001),
    "white space": (b"{" + b" " * 1000) * (MEGA // 1001),
    "lone letters": b"a b " * (MEGA // 4),
    "keys": b'"a":' * (MEGA // 4),
    "lines": b'\n"x' * (MEGA // 3),
    "zeros": b"\0" * MEGA,
    "almost containers": b'{"Records"' * (MEGA // 10),
    "bad records in a row": b'{"eventVersion":x}' * (MEGA // 18),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_walked_in_bounded_time(name: str) -> None:
    text = HOSTILE[name]
    started = time.process_time()
    walk = scan.Walk(text)
    while (piece := walk.next()) is not None:
        walk.skip_damage(piece)
    assert time.process_time() - started < 4


def test_a_long_string_takes_no_more_memory_than_its_text() -> None:
    text = b'{"' + b'\\"' * (4 * limits.MIB)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert scan.value_end(text, 0) is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.slow
def test_a_walk_that_gives_up_says_so() -> None:
    pieces = walked(HOSTILE["unclosed wrappers around whole records"])
    assert pieces[-1][1] == "unread"
    assert [kind for _, kind in pieces].count("value") >= limits.MAX_RESCANS


def test_a_whole_log_is_walked_without_damage() -> None:
    records = numbered(50)
    assert walked(log(records)) == [(log(records), "value")]
    assert walked(log(records)[:-2]) == [(packed(each), "entry") for each in records]
