"""The careful path: whatever a record holds, the columns get what fits them and the patch keeps the rest."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ctaudit.records.careful import careful_event
from tests.records.synthetic import ACCOUNT, record
from tests.records.taken import packed


def careful(value: Any) -> tuple[Any, str | None, Any]:
    event, account, extra = careful_event(packed(value))
    return event, account, None if extra is None else json.loads(extra)


USUAL = record("s3", "DeleteObject", {"bucketName": "b"}, eventID="event-0")


def test_a_usual_record_needs_no_patch() -> None:
    event, account, extra = careful(USUAL)
    assert (event.eventid, account, extra) == ("event-0", ACCOUNT, None)


def test_an_empty_object_is_an_event_of_nothing() -> None:
    event, account, extra = careful({})
    assert (account, extra) == (None, None)
    assert (event.eventtime, event.eventid, event.useridentity, event.resources) == (None, None, None, None)


@pytest.mark.parametrize(
    ("change", "column", "value", "extra"),
    [
        ({"unheardOf": {"a": [1]}}, "unheardof", ..., {"unheardOf": {"a": [1]}}),
        ({"eventname": "x"}, "eventname", "DeleteObject", {"eventname": "x"}),
        ({"eventName": ["a", "b"]}, "eventname", None, {"eventName": ["a", "b"]}),
        ({"eventName": 5}, "eventname", "5", {"eventName": 5}),
        ({"eventName": True}, "eventname", "true", {"eventName": True}),
        ({"readOnly": "True"}, "readonly", True, {"readOnly": "True"}),
        ({"readOnly": "maybe"}, "readonly", None, {"readOnly": "maybe"}),
        ({"readOnly": 1}, "readonly", None, {"readOnly": 1}),
        (
            {"sessionCredentialFromConsole": True},
            "sessioncredentialfromconsole",
            "true",
            {"sessionCredentialFromConsole": True},
        ),
        (
            {"eventTime": "2026-01-31 05:05:06+01:00"},
            "eventtime",
            "2026-01-31T04:05:06Z",
            {"eventTime": "2026-01-31 05:05:06+01:00"},
        ),
        ({"eventTime": "..."}, "eventtime", None, {"eventTime": "..."}),
        ({"eventTime": 1769832306}, "eventtime", None, {"eventTime": 1769832306}),
        ({"userIdentity": "root"}, "useridentity", None, {"userIdentity": "root"}),
        ({"resources": "..."}, "resources", None, {"resources": "..."}),
        ({"requestParameters": "text"}, "requestparameters", b'"text"', None),
        ({"requestParameters": None}, "requestparameters", b"null", None),
    ],
)
def test_what_a_column_does_not_hold_stands_in_the_patch(change: Any, column: str, value: Any, extra: Any) -> None:
    event, _, patch = careful(USUAL | change)
    assert patch == extra
    if value is not ...:
        found = getattr(event, column)
        assert (bytes(found) if isinstance(found, msgspec.Raw) else found) == value


def test_a_patch_names_only_the_nested_field_that_differs() -> None:
    identity = {
        "type": "AssumedRole",
        "x": 1,
        "sessionContext": {"sessionIssuer": {"arn": 5}, "y": [], "attributes": {}},
    }
    event, _, patch = careful(USUAL | {"userIdentity": identity})
    assert event.useridentity.type == "AssumedRole"
    assert event.useridentity.sessioncontext.sessionissuer.arn == "5"
    assert patch == {"userIdentity": {"x": 1, "sessionContext": {"sessionIssuer": {"arn": 5}, "y": []}}}


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" * 5000, "123456789012345678901234567890", "1.10", "-0"])
@pytest.mark.parametrize(
    "template", ['{"userAgent":%s}', '{"userAgent":[%s]}', '{"readOnly":%s}', '{"userIdentity":{"arn":%s}}']
)
def test_numbers_keep_their_spelling_however_odd(number: str, template: str) -> None:
    text = template % number
    _, _, extra = careful_event(text.encode())
    assert extra == text


@pytest.mark.parametrize(
    ("value", "event_id", "event_time"),
    [
        ({"eventId": "agg", "timeWindow": {"windowStart": "2026-01-31T04:05:00Z"}}, "agg", "2026-01-31T04:05:00Z"),
        (
            {"eventID": None, "eventId": "agg", "eventTime": None, "@timestamp": "2026-01-31T04:05:00.000Z"},
            "agg",
            "2026-01-31T04:05:00Z",
        ),
        (
            {
                "eventID": "own",
                "eventId": "other",
                "eventTime": "2026-01-31T04:05:06Z",
                "@timestamp": "2020-01-01T00:00:00Z",
            },
            "own",
            "2026-01-31T04:05:06Z",
        ),
        ({"@timestamp": 5, "timeWindow": []}, None, None),
        ({"timeWindow": {"windowStart": "soon"}}, None, None),
    ],
)
def test_time_and_id_are_found_where_aggregates_and_shippers_put_them(
    value: Any, event_id: str | None, event_time: str | None
) -> None:
    event, _, _ = careful(value)
    assert (event.eventid, event.eventtime) == (event_id, event_time)


@pytest.mark.parametrize(
    ("value", "account"),
    [
        ({"recipientAccountId": "1", "accountId": "2"}, "1"),
        ({"accountId": "2"}, "2"),
        ({"recipientAccountId": None, "accountId": "2"}, "2"),
        ({"recipientAccountId": 111122223333}, "111122223333"),
        ({"recipientAccountId": ""}, ""),
        ({"accountId": 2}, None),
        ({}, None),
    ],
)
def test_the_account_is_the_recipient_or_else_that_of_an_aggregate(value: Any, account: str | None) -> None:
    assert careful(value)[1] == account


def test_resources_that_are_more_than_their_column_are_kept_as_written() -> None:
    listed = [
        {"ARN": "a", "type": "T"},
        None,
        {"ARNPrefix": "p"},
        {"ARN": 7, "more": {}},
        "x",
        {"type": None, "y": None},
    ]
    event, _, patch = careful(USUAL | {"resources": listed})
    assert [(each.arn, each.type) for each in event.resources] == [("a", "T"), (None, None), (None, None), (None, None)]
    assert patch == {"resources": listed}


@pytest.mark.parametrize("text", [b"", b"[]", b"1", b'"x"', b"null", b'{"a":}', b'{"a":1', b'{"userAgent":"\\ud800"}'])
def test_what_is_no_object_raises_and_nothing_else(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        careful_event(text)
