"""From one content to events and faults: every layout is read, damage costs what it hit, and its place is told."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from ctaudit import limits
from ctaudit.fault import Fault
from tests.records.taken import log, names, numbered, packed, take

R = numbered(6)
LINES = b"\n".join(map(packed, R))
ALL = names(*range(6))


def lookup(records: list[Any]) -> dict[str, Any]:
    return {"Events": [{"EventId": each["eventID"], "CloudTrailEvent": json.dumps(each)} for each in records]}


def subscription(records: list[Any]) -> dict[str, Any]:
    events = [{"id": "3" * 56, "timestamp": 1, "message": json.dumps(each)} for each in records]
    return {"messageType": "DATA_MESSAGE", "owner": "1", "subscriptionFilters": ["all"], "logEvents": events}


LAYOUTS: dict[str, bytes] = {
    "log file": log(R),
    "pretty": json.dumps({"Records": R}, indent=4).encode() + b"\n",
    "CRLF": json.dumps({"Records": R}, indent=4).replace("\n", "\r\n").encode(),
    "UTF-8 mark": b"\xef\xbb\xbf" + log(R),
    "UTF-16 little": b"\xff\xfe" + log(R).decode().encode("utf-16-le"),
    "UTF-16 big": b"\xfe\xff" + log(R).decode().encode("utf-16-be"),
    "UTF-32": json.dumps({"Records": R}).encode("utf-32"),
    "list": packed(R),
    "lines": LINES + b"\n",
    "lines with CRLF": LINES.replace(b"\n", b"\r\n"),
    "lines with blank ones": b"\n\n  " + LINES.replace(b"\n", b"\n \n\t"),
    "lines of files": log(R[:3]) + b"\n" + log(R[3:]),
    "lines of mixed kinds": packed(R[0]) + b"\n" + log(R[1:3]) + b"\n" + packed(R[3:]),
    "jq": b"\n".join(json.dumps(each, indent=2).encode() for each in R),
    "lookup": packed(lookup(R)),
    "lookup lines": b"\n".join(map(packed, lookup(R)["Events"])),
    "subscription": packed(subscription(R)),
    "wrapped": packed([{"data": {"Records": R[:4]}}, {"data": {"detail": R[4]}}, {"x": [[R[5]]]}]),
    "strings": packed(list(map(json.dumps, R))),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read_without_a_fault(layout: str) -> None:
    taken, reading = take(LAYOUTS[layout])
    assert taken.ids == ALL
    assert (reading.events, reading.records, reading.faults, reading.refused) == (6, 6, [], {})
    assert (reading.kind, taken.records) == ("events", list(range(6)))


@pytest.mark.parametrize("text", [b"[]", b'{"Records":[]}', b" [ ]\n", b"\xef\xbb\xbf[]", b'{"Events":[]}'])
def test_zero_events_are_no_error(text: bytes) -> None:
    _, reading = take(text)
    assert (reading.kind, reading.events, reading.faults) == ("empty", 0, [])


@pytest.mark.parametrize("text", [b"", b" \r\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_nothing_is_a_fault_of_a_log_and_a_refusal_of_anything_else(text: bytes) -> None:
    _, reading = take(text)
    assert [(fault.kind, fault.offset, fault.path) for fault in reading.faults] == [("file.empty", 0, "a.json")] or (
        reading.faults[0].kind == "file.empty"
    )
    _, reading = take(text, hinted=False)
    assert (reading.faults, reading.refused) == ([], {"empty-file": 1})


@pytest.mark.parametrize(
    "text", [b"# Logs\n", b"5ab0  a.json.gz\n", b"\0" * 5000, b"[INFO] started", bytes(range(256))]
)
def test_what_is_no_json_is_a_fault_of_a_log_and_a_refusal_of_anything_else(text: bytes) -> None:
    _, reading = take(text)
    assert reading.faults
    assert reading.kind == "damaged"
    _, reading = take(text, hinted=False)
    assert (reading.faults, reading.refused, reading.records) == ([], {"not-json": 1}, 0)


def test_records_in_a_file_of_any_name_are_kept_and_its_damage_told() -> None:
    taken, reading = take(log(R)[:-30], hinted=False)
    assert taken.ids == ALL[:5]
    assert [fault.kind for fault in reading.faults] == ["json.cut"]


def place(text: bytes, number: int) -> int:
    """The offset of one record in a text."""
    return text.index(packed(R[number]))


@pytest.mark.parametrize("number", [0, 2, 5])
@pytest.mark.parametrize("layout", ["log file", "list", "lines"])
@pytest.mark.parametrize(
    ("damage", "kinds"),
    [
        ((b'"eventTime":', b'"eventTime"'), {"json.bad_record"}),
        ((b'"readOnly":false', b"readOnly:false"), {"json.bad_record"}),
        ((b'"eu-west-1"', b'"eu-west-1'), {"json.cut", "json.bad_record"}),
        ((b'"eu-west-1"', b'eu-west-1"'), {"json.cut", "json.bad_record"}),
        ((b'"userIdentity":{', b'"userIdentity":'), {"json.cut", "json.bad_record", "json.malformed"}),
        ((b'"bucketName":"b",', b'"bucketName":NaN,'), {"json.bad_record"}),
        ((b'"bucketName":"b",', b'"bucketName":"\n",'), {"json.bad_record", "json.cut", "json.not_json"}),
        ((b'"bucketName":"b",', b'"bucketName":"\\x",'), {"json.bad_record"}),
        ((b'"bucketName":"b",', b'"bucketName":"\0",'), {"json.bad_record"}),
    ],
)
def test_damage_in_one_record_costs_that_record_alone(
    layout: str, number: int, damage: tuple[bytes, bytes], kinds: set[str]
) -> None:
    text = LAYOUTS[layout]
    at = place(text, number)
    text = text[:at] + text[at:].replace(*damage, 1)
    taken, reading = take(text)
    assert taken.ids == ALL[:number] + ALL[number + 1 :]
    assert {fault.kind for fault in reading.faults} <= kinds
    assert [fault.offset for fault in reading.faults][:1] == [at]
    assert (reading.faults[0].record, reading.faults[0].path) == (number, "a.json")


@pytest.mark.parametrize("layout", ["log file", "list", "lines", "jq", "pretty", "lookup", "subscription", "strings"])
def test_a_cut_anywhere_keeps_every_record_before_it_and_is_told(layout: str) -> None:
    text = LAYOUTS[layout]
    ends = [text.index(f"event-{n}".encode()) for n in range(6)]
    for cut in [*range(0, len(text), 37), *range(len(text) - 30, len(text))]:
        taken, reading = take(text[:cut])
        ids = [each for each in taken.ids if each is not None]
        assert ids == ALL[: len(ids)], cut
        following = ends[len(ids)] if len(ids) < 6 else len(text)
        assert cut <= following + 2000, (cut, ids)  # a record is 600 bytes long, and thrice escaped 800
        whole = layout in ("lines", "jq") and len(ids) * 1.0 == len(ids) and not reading.faults
        assert reading.faults or whole or text[cut:].strip() == b"", cut


@pytest.mark.parametrize("layout", ["log file", "list"])
def test_a_cut_between_two_records_does_not_look_whole(layout: str) -> None:
    text = LAYOUTS[layout]
    at = place(text, 3)
    for cut in (at, at - 1):
        taken, reading = take(text[:cut])
        assert taken.ids == ALL[:3]
        assert [(fault.kind, fault.offset) for fault in reading.faults] == [("json.malformed", cut)]


def test_a_missing_comma_is_told_and_costs_nothing() -> None:
    text = log(R).replace(b"},{", b"} {", 1)
    taken, reading = take(text)
    assert taken.ids == ALL
    assert [fault.kind for fault in reading.faults] == ["json.malformed"]
    assert text[(reading.faults[0].offset or 0) - 2 :].startswith(b"} {")


@pytest.mark.parametrize("between", [b"", b" "])
def test_files_strung_together_are_told_and_read_once(between: bytes) -> None:
    taken, reading = take(log(R[:2]) + between + log(R[2:4]) + between + log(R[4:]))
    assert taken.ids == ALL
    assert [fault.kind for fault in reading.faults] == ["json.malformed"]


def test_a_cut_behind_a_whole_file_is_read_once() -> None:
    taken, reading = take(log(R[:2]) + log(R[2:])[:-40])
    assert taken.ids == ALL[:5]
    assert [fault.kind for fault in reading.faults] == ["json.cut"]


def test_text_before_the_log_is_told_and_skipped() -> None:
    taken, reading = take(b"HTTP/1.1 200 OK\r\n\r\n" + log(R))
    assert taken.ids == ALL
    assert [(fault.kind, fault.offset) for fault in reading.faults] == [("json.not_json", 0)]


def test_lines_with_a_prefix_are_read() -> None:
    taken, reading = take(b"\n".join(b"2026-01-31T00:00:00Z host " + packed(each) for each in R))
    assert taken.ids == ALL
    assert {fault.kind for fault in reading.faults} == {"json.not_json"}


def test_a_script_that_holds_a_log_is_read() -> None:
    taken, reading = take(b"var log = " + log(R) + b";\n")
    assert taken.ids == ALL
    assert [(fault.kind, fault.offset) for fault in reading.faults] == [
        ("json.not_json", 0),
        ("json.not_json", len(log(R)) + 10),
    ]


def nested(depth: int, opener: str = '{"a":', closer: str = "}") -> str:
    return opener * depth + "1" + closer * depth


@pytest.mark.parametrize("layout", ["log file", "list", "lines", "lookup"])
@pytest.mark.parametrize(("opener", "closer"), [('{"a":', "}"), ("[", "]")])
@pytest.mark.parametrize("depth", [limits.MAX_DEPTH, 300, 990, 5_000, 200_000])
def test_a_record_that_nests_too_deeply_costs_itself_alone(layout: str, opener: str, closer: str, depth: int) -> None:
    deep = nested(depth, opener, closer)
    if layout == "lookup":
        text = LAYOUTS[layout].replace(
            b'{\\"bucketName\\": \\"b\\", \\"key\\": \\"k2\\"}', json.dumps(deep)[1:-1].encode()
        )
    else:
        text = LAYOUTS[layout].replace(b'{"bucketName":"b","key":"k2"}', deep.encode())
    assert len(text) > len(LAYOUTS[layout])
    taken, reading = take(text)
    assert taken.ids == ALL[:2] + ALL[3:]
    assert {fault.kind for fault in reading.faults} <= {"json.too_deep", "json.bad_record"}
    assert [fault.record for fault in reading.faults] == [2]
    if layout != "lookup":
        assert reading.faults[0].offset == place(text.replace(deep.encode(), b'{"bucketName":"b","key":"k2"}'), 2)


def test_nesting_within_the_limit_is_kept() -> None:
    text = LAYOUTS["log file"].replace(b'{"bucketName":"b","key":"k2"}', nested(limits.MAX_DEPTH - 1).encode())
    taken, reading = take(text)
    assert (taken.ids, reading.faults) == (ALL, [])


@pytest.mark.parametrize("text", [b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000])
def test_nothing_but_nesting_is_a_fault(text: bytes) -> None:
    _, reading = take(text)
    assert (reading.events, len(reading.faults)) == (0, 1)


def test_bytes_that_are_no_utf8_are_replaced_and_the_record_kept() -> None:
    text = log(R).replace(b'"key":"k2"', b'"key":"caf\xe9 \xff"')
    taken, reading = take(text)
    assert taken.ids == ALL
    assert [(fault.kind, fault.offset) for fault in reading.faults] == [("text.invalid_utf8", text.index(b"\xe9"))]
    assert taken.column("requestparameters")[2] == '{"bucketName":"b","key":"caf\ufffd \ufffd"}'


def test_bytes_that_are_no_utf8_are_told_behind_a_mark_too() -> None:
    text = b"\xef\xbb\xbf" + log(R).replace(b"k2", b"k\xe9")
    taken, reading = take(text)
    assert taken.ids == ALL
    assert [(fault.kind, fault.offset) for fault in reading.faults] == [("text.invalid_utf8", text.index(b"\xe9"))]


@pytest.mark.parametrize(
    ("encode", "unit"),
    [
        (lambda text: b"\xef\xbb\xbf" + text, 1),
        (lambda text: b"\xff\xfe" + text.decode().encode("utf-16-le"), 2),
        (lambda text: b"\xfe\xff" + text.decode().encode("utf-16-be"), 2),
        (lambda text: text.decode().encode("utf-32"), 4),
    ],
)
def test_offsets_are_those_of_the_file_in_any_encoding(encode: Any, unit: int) -> None:
    text = log([R[0] | {"userAgent": "\u00e9\u20ac\U0001f600"}, *R[1:]]).replace(
        b'"eventVersion":"1.11"', b'"eventVersion":', 4
    )
    text = text.replace(b'"eventVersion":', b'"eventVersion":"1.11"', 3)
    given = encode(text)
    _, reading = take(given)
    assert [fault.kind for fault in reading.faults] == ["json.bad_record"]
    record = encode(text[place(text.replace(b'n":,', b'n":"1.11",'), 3) :])
    assert given[reading.faults[0].offset :] == record[-(len(given) - (reading.faults[0].offset or 0)) :]
    assert (
        len(given) - (reading.faults[0].offset or 0)
        == len(text[place(text.replace(b'n":,', b'n":"1.11",'), 3) :].decode()) * unit
    )


def test_offsets_behind_replaced_bytes_are_those_of_the_file() -> None:
    """Each é of Latin-1 is one byte in the file, and three as U+FFFD in the text that is read."""
    text = log(R).replace(b"k1", b"\xe9\xe9")
    for number in (2, 3, 5):
        text = text.replace(f'k{number}"'.encode(), b'k\xe9""')
    _, reading = take(text)
    assert [fault.kind for fault in reading.faults] == ["text.invalid_utf8", "json.cut", "json.cut", "json.cut"]
    begins = [place(log(R), number) for number in (2, 3, 5)]
    assert [fault.offset for fault in reading.faults[1:]] == [begins[0], begins[1] + 1, begins[2] + 2]


def test_a_stub_in_damaged_records_is_a_record_as_in_whole_ones() -> None:
    whole = packed({"Records": [R[0], {"eventName": "stub"}, R[1]]})
    for text in (whole, whole[:-2], whole[:-9]):
        taken, _ = take(text)
        assert taken.ids[:2] == ["event-0", None]


def test_damage_in_every_third_record_of_a_large_file_costs_these_alone() -> None:
    records = list(map(packed, numbered(6000)))
    for number in range(0, 6000, 3):
        records[number] = records[number].replace(b'"eu-west-1"', b'"eu-west-1')
    started = time.process_time()
    taken, reading = take(b'{"Records":[' + b",".join(records) + b"]}")
    assert taken.ids == names(*(number for number in range(6000) if number % 3))
    assert len(reading.faults) == limits.MAX_FAULTS_PER_FILE + 1
    assert time.process_time() - started < 3


def test_wide_text_that_is_cut_in_a_character_is_told() -> None:
    _, reading = take(b"\xff\xfe" + log(R).decode().encode("utf-16-le") + b"x")
    assert reading.faults[0].kind == "text.invalid_utf16"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (b"\\ud800", b"\\ufffd"),
        (b"\\uDC00", b"\\ufffd"),
        (b"\\ud83d\\u0041", b"\\ufffd\\u0041"),
        (b"\\\\\\ud83d", b"\\\\\\ufffd"),
        (b"\\ud800\\ud83d\\ude00", b"\\ufffd\\ud83d\\ude00"),
        (b"\\\\ud83d\\ude00", b"\\\\ud83d\\ufffd"),  # an escaped backslash, `ud83d`, and then a low half alone
        (b"\\ude00\\ud83d", b"\\ufffd\\ufffd"),
    ],
)
def test_half_a_surrogate_pair_is_replaced_and_the_record_kept(written: bytes, kept: bytes) -> None:
    text = log(R).replace(b"k2", written)
    taken, reading = take(text)
    assert taken.ids == ALL
    assert [fault.kind for fault in reading.faults] == ["text.lone_surrogate"]
    assert taken.column("requestparameters")[2] == '{"bucketName":"b","key":"' + kept.decode() + '"}'


@pytest.mark.parametrize("written", [b"\\ud83d\\ude00", b"\\\\ud83d", b"\\\\\\\\udc00", b"\\u00e9", b"\\u0000"])
def test_whole_pairs_escaped_text_and_nul_are_no_trouble(written: bytes) -> None:
    taken, reading = take(log(R).replace(b"k2", written))
    assert (taken.ids, reading.faults) == (ALL, [])
    assert written.decode() in (taken.column("requestparameters")[2] or "")


@pytest.mark.parametrize("layout", ["log file", "list", "lines", "lookup"])
def test_a_record_beyond_the_limit_costs_itself_alone(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RECORD_BYTES", 5000)
    text = LAYOUTS[layout].replace(b"k2", b"k" * 5000)
    taken, reading = take(text)
    assert taken.ids == ALL[:2] + ALL[3:]
    assert [(fault.kind, fault.record) for fault in reading.faults] == [("record.too_large", 2)]
    if layout != "lookup":
        assert reading.faults[0].offset == place(LAYOUTS[layout], 2)


@pytest.mark.slow
def test_a_line_of_fifty_megabytes_is_a_fault_in_little_time() -> None:
    text = log([R[0], R[1] | {"requestParameters": {"key": "k" * 50_000_000}}, R[2]])
    started = time.process_time()
    taken, reading = take(text)
    assert taken.ids == names(0, 2)
    assert [(fault.kind, fault.record, fault.offset) for fault in reading.faults] == [
        ("record.too_large", 1, len(packed(R[0])) + 13)
    ]
    taken, reading = take(text[:-10])
    assert taken.ids == names(0)
    assert {fault.kind for fault in reading.faults} == {"json.cut"}
    assert time.process_time() - started < 5


def test_a_file_of_large_size_but_usual_records_stays_on_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RECORD_BYTES", 1000)
    taken, _ = take(log(R))
    assert taken.fast_records == list(range(6))


def test_one_unusual_record_leaves_the_others_on_the_fast_path() -> None:
    taken, reading = take(log([*R[:2], R[2] | {"eventName": 1}, *R[3:]]))
    assert (taken.ids, reading.faults) == (ALL, [])
    assert taken.fast_records == [0, 1, 3, 4, 5]
    assert taken.column("extra")[2] == '{"eventName":1}'


def test_members_that_are_unknown_leave_a_record_on_the_fast_path() -> None:
    taken, reading = take(log([*R[:2], R[2] | {"unheardOf": 1}, *R[3:]]))
    assert (taken.ids, reading.faults) == (ALL, [])
    assert taken.fast_records == list(range(6))
    assert taken.column("extra") == [None, None, '{"unheardOf":1}', None, None, None]


def test_entries_that_are_no_records_are_counted_and_keep_their_index() -> None:
    s3 = {"eventVersion": "2.1", "eventSource": "aws:s3", "s3": {}}
    taken, reading = take(packed({"Records": [R[0], s3, 5, R[1], {}, R[2]]}))
    assert taken.ids == names(0, 1, 2)
    assert taken.records == [0, 3, 5]
    assert reading.refused == {"s3-notification": 1, "no-object": 1, "other-json": 1}
    assert (reading.records, reading.events) == (6, 3)


def test_faults_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FAULTS_PER_FILE", 10)
    taken, reading = take(packed(R[0]) + b"\n" + b'{"eventVersion":}\n' * 25 + packed(R[1]))
    assert taken.ids == names(0, 1)
    assert [fault.kind for fault in reading.faults] == ["json.bad_record"] * 10 + ["file.faults"]
    assert "15 more" in reading.faults[-1].reason


def test_broken_text_of_a_record_inside_a_string_is_a_fault() -> None:
    whole = lookup(R[:3])
    whole["Events"][1]["CloudTrailEvent"] = whole["Events"][1]["CloudTrailEvent"][:-1]
    taken, reading = take(packed(whole))
    assert taken.ids == names(0, 2)
    assert [(fault.kind, fault.record) for fault in reading.faults] == [("json.bad_record", 1)]
    taken, reading = take(packed([{"data": [packed(R[0]).decode(), packed(R[1]).decode()[:-1]]}]))
    assert taken.ids == names(0)
    assert [fault.kind for fault in reading.faults] == ["json.bad_record"]


HOSTILE = {
    "open braces": b"{" * limits.MIB,
    "containers in containers": b'{"Records":[' * (limits.MIB // 12),
    "lists": b"[" * limits.MIB,
    "bad lines": b'{"eventVersion":1}\n' + b"{x\n" * (limits.MIB // 12),
    "bad records": b'{"Records":[' + b'{"eventVersion":x},' * (limits.MIB // 19),
    "surrogates": b'{"Records":["' + b"\\ud800" * (limits.MIB // 6),
    "backslashes": b'{"Records":["' + b"\\" * limits.MIB,
    "bad bytes": b'{"Records":[' + b'\xff{"eventVersion":\xff},' * (limits.MIB // 20),
    "commas": b'{"eventVersion"' + b"," * limits.MIB,
    "deep records": b'{"Records":[' + b",".join([b'{"eventVersion":' + b"[" * 200 + b"]" * 200 + b"}"] * 2000) + b"]}",
    "strings in strings": json.dumps(json.dumps(json.dumps(json.dumps('"' * 50_000)))).encode(),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read_in_bounded_time(name: str) -> None:
    started = time.process_time()
    for whole in (True, False):
        _, reading = take(HOSTILE[name], whole=whole)
        assert reading.events <= 1
        assert len(reading.faults) <= limits.MAX_FAULTS_PER_FILE + 1
    assert time.process_time() - started < 6


def test_faults_are_values_with_file_place_and_reason() -> None:
    _, reading = take(log(R)[:-100])
    (fault,) = reading.faults
    assert isinstance(fault, Fault)
    assert (fault.path, fault.kind, fault.record) == ("a.json", "json.cut", 5)
    assert fault.reason.startswith("record 5 never ends")


@pytest.mark.parametrize("key", ["Records", "userIdentity", "eventVersion"])
def test_what_looks_like_a_record_inside_a_record_costs_it_nothing_in_a_cut_file(key: str) -> None:
    odd = R[1] | {"requestParameters": {"document": {key: [{"x": 1}]}}}
    taken, reading = take(log([R[0], odd, *R[2:]])[:-30])
    assert taken.ids == ALL[:5]
    assert [fault.kind for fault in reading.faults] == ["json.cut"]


def test_damage_that_puts_all_later_records_into_one_costs_that_one_alone() -> None:
    """Eight bytes twice over: a list of resources that then goes on to the end of the file."""
    text = log([R[0], R[1] | {"resources": [{"ARN": "a"}]}, *R[2:]]).replace(b'"resources":[', b'"resources":[{"ces":[')
    taken, reading = take(text)
    assert [each for each in taken.ids if each in ALL] == [*ALL[:1], *ALL[2:]]
    assert reading.faults


def test_a_record_with_a_list_named_like_a_container_is_kept_in_a_cut_file() -> None:
    taken, _ = take(log([{"eventVersion": "1.11", "Records": [1]} | R[0], *R[1:]])[:-30])
    assert taken.ids == ALL[:5]


def test_a_gzip_member_with_a_wrong_checksum_is_read_through_all_its_wrappers() -> None:
    wrapped = packed({"Events": [{"Records": R[:2], "x": {"a": []}}, {"body": json.dumps(R[2])}]})
    taken, _ = take(wrapped, whole=False)
    assert taken.ids == ALL[:3]


def test_what_follows_a_container_in_a_list_is_read_in_a_cut_file() -> None:
    parts = [{"Events": R[:2], "NextToken": "t"}, {"body": json.dumps(R[2])}, *R[3:]]
    taken, reading = take(packed({"Records": parts})[:-30])
    assert taken.ids == ALL[:5]
    assert [fault.kind for fault in reading.faults] == ["json.cut"]


def test_a_whole_container_in_a_damaged_list_is_read_whatever_its_records_begin_with() -> None:
    """The first record begins as no record of AWS does, so the second one looks as if it were the next to begin."""
    first = {"vpcEndpointId": "vpce-1"} | R[0]
    text = packed([{"Records": [first, *R[1:3]]}, {"a": 1}])[:-1] + b",1]U"
    taken, _ = take(text.replace(b"[{", b"[{},{", 1))
    assert taken.ids == ALL[:3]


def test_records_behind_too_many_wrappers_are_told_and_other_deep_json_is_not() -> None:
    deep: Any = R[0]
    for _ in range(limits.MAX_WRAPPERS + 1):
        deep = {"in": deep}
    taken, reading = take(packed(deep))
    assert taken.ids == []
    assert [fault.kind for fault in reading.faults] == ["json.wrapped_too_deep"]
    _, reading = take(packed(deep).replace(b"event", b"incident"))
    assert not reading.faults
    assert reading.refused == {"wrapped-too-deep": 1}


def test_what_lies_beside_a_whole_container_is_read_when_junk_follows() -> None:
    text = packed({"Records": R[:1], "beside": {"of": R[1]}}) + b",{"
    taken, reading = take(text)
    assert taken.ids == ALL[:2]
    assert reading.faults


def test_json_in_a_string_is_read_behind_junk_and_before_it() -> None:
    inside = json.dumps(json.dumps({"Records": R[:2]})).encode()
    for text in (b"null[" + inside + b',"{', inside + b":\\"):
        taken, reading = take(text)
        assert taken.ids == ALL[:2]
        assert reading.faults


def test_a_fault_has_a_place_within_the_text_though_half_a_character_ended_it() -> None:
    text = b"\xfe\xff" + (log(R[:1])[:-1].decode() + ',"NextToken":"t').encode("utf-16-be") + b"\0"
    _, reading = take(text)
    assert reading.faults
    assert all(fault.offset is not None and fault.offset <= len(text) for fault in reading.faults)
