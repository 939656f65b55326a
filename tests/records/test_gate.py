"""The gate of the fast path: what it lets in is held whole by the columns, everything else is sent the careful way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ctaudit import limits
from ctaudit.records.gate import _shared, fast_event, fast_file
from tests.records.synthetic import record
from tests.records.taken import log, numbered, packed


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


USUAL = record("s3", "DeleteObject", {"bucketName": "b"}, eventID="event-0")


def test_a_usual_record_passes() -> None:
    event: Any = fast_event(packed(USUAL))
    assert (event.eventid, event.eventname, event.readonly) == ("event-0", "DeleteObject", False)
    assert event.useridentity.arn == USUAL["userIdentity"]["arn"]
    assert bytes(event.requestparameters) == b'{"bucketName":"b"}'


@pytest.mark.parametrize(
    "change",
    [
        {"unheardOf": 1},
        {"unheardOf": None},
        {"eventName": ["DeleteObject"]},
        {"readOnly": "false"},
        {"eventTime": "2026-01-31T04:05:06.000Z"},
        {"eventTime": "2026-02-30T04:05:06Z"},
        {"eventTime": "2026-01-31T04:05:0\u0666Z"},
        {"eventTime": None},
        {"eventID": None},
        {"eventVersion": None},
        {"eventType": None},
        {"userIdentity": []},
        {"userIdentity": "root"},
        {"userIdentity": {"unheardOf": 1}},
        {"userIdentity": {"sessionContext": {"attributes": {"mfaAuthenticated": True}}}},
        {"userIdentity": {"sessionContext": {"webIdFederationData": {"attributes": {"aud": 1}}}}},
        {"tlsDetails": {"tlsVersion": 1.3}},
        {"resources": {}},
        {"resources": [None]},
        {"resources": [{"ARN": "a", "unheardOf": "x"}]},
        {"resources": [{"ARN": 1}]},
    ],
)
def test_what_the_columns_do_not_hold_does_not_pass(change: dict[str, Any]) -> None:
    assert fast_event(packed(USUAL)) is not None
    assert fast_event(packed(USUAL | change)) is None
    assert fast_file(log([USUAL, USUAL | change])) is None


@pytest.mark.parametrize(
    "change",
    [
        {"requestParameters": None},
        {"userIdentity": None},
        {"userIdentity": {}},
        {"userIdentity": {"sessionContext": {"sessionIssuer": {}, "webIdFederationData": {}}}},
        {"resources": []},
        {"resources": [{}]},
        {"resources": [{"ARNPrefix": "arn:aws:s3:::b/p", "type": None}]},
        {"readOnly": None},
        {"requestParameters": "text"},
        {"responseElements": [1, {"a": None}]},
        {"eventID": ""},
    ],
)
def test_what_they_do_hold_passes(change: dict[str, Any]) -> None:
    assert fast_event(packed(USUAL | change)) is not None


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"null", b"{}", b'{"Records":[]}', packed(USUAL)[:-1], packed(USUAL) + b"x"]
)
def test_what_is_no_record_does_not_pass(text: bytes) -> None:
    assert fast_event(text) is None


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"Records":null}', b'{"Records":[],"more":1}', packed(USUAL)])
def test_what_is_no_log_file_does_not_pass(text: bytes) -> None:
    assert fast_file(text) is None


def test_an_empty_log_file_passes() -> None:
    assert fast_file(b'{"Records":[]}') == []


def test_a_file_of_usual_records_passes_in_order() -> None:
    events = fast_file(json.dumps({"Records": numbered(5)}, indent=1).encode())
    assert [event.eventid for event in events or ()] == [f"event-{n}" for n in range(5)]


def test_bytes_that_are_no_utf8_do_not_pass_even_where_the_decoder_does_not_look() -> None:
    text = log([USUAL | {"requestParameters": {"name": "caf\u00e9"}}])
    assert fast_file(text) is not None
    assert fast_file(text.replace("\u00e9".encode(), b"\xe9")) is None


@pytest.mark.parametrize("half", [b"\\ud800", b"\\udc00", b"\\uDFFF x", b"\\ud83d\\u0041"])
@pytest.mark.parametrize("place", [b"DeleteObject", b"bucketName"])
def test_half_a_surrogate_pair_does_not_pass_anywhere(half: bytes, place: bytes) -> None:
    assert fast_event(packed(USUAL).replace(place, half)) is None


@pytest.mark.parametrize("field", ["requestParameters", "responseElements", "additionalEventData", "insightDetails"])
def test_nesting_is_judged_where_any_value_may_stand(field: str) -> None:
    assert fast_event(packed(USUAL | {field: nested(limits.MAX_DEPTH - 1)})) is not None
    assert fast_event(packed(USUAL | {field: nested(limits.MAX_DEPTH)})) is None
    assert fast_file(log([USUAL, USUAL | {field: nested(limits.MAX_DEPTH)}])) is None


def test_brackets_in_text_are_no_nesting() -> None:
    assert fast_event(packed(USUAL | {"requestParameters": {"text": '{["' * 1000}})) is not None


def test_a_record_beyond_the_limit_does_not_pass_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RECORD_BYTES", 2000)
    records = numbered(9)
    assert fast_file(log(records)) is not None
    records[4]["requestParameters"]["key"] = "k" * 2000
    assert fast_file(log(records)) is None


def test_equal_objects_are_decoded_once_and_shared() -> None:
    events: Any = fast_file(log(numbered(2)))
    first, second = events
    assert first.useridentity is second.useridentity


def test_long_objects_are_not_remembered() -> None:
    """Fifty thousand identities of a megabyte each would fill the memory."""
    long = USUAL | {"userIdentity": {"userName": "u" * 100_000}}
    events: Any = fast_file(log([long, long]))
    first, second = events
    assert first.useridentity == second.useridentity
    remembered = _shared["useridentity"].__self__._known  # type: ignore[attr-defined]
    assert max(map(len, remembered)) <= 4096
