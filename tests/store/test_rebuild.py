"""A record given back from its row, by SQL and by Python: equal as JSON to what was read."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ctaudit.parse import parse
from ctaudit.records.batch import Rows
from ctaudit.records.careful import careful_event
from ctaudit.records.shared import Pieces
from ctaudit.store import rebuild
from tests.records.synthetic import record
from tests.records.taken import stored


def rows_of(*texts: str) -> Rows:
    rows = Rows(Pieces())
    for index, text in enumerate(texts):
        event, account, extra = careful_event(text.encode())
        rows.add(event, account, 7, index, extra)
    return rows


def exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"unheardOf":1}',
        '{"userIdentity":{}}',
        '{"userIdentity":{"sessionContext":{"sessionIssuer":{},"webIdFederationData":{"attributes":{}}}}}',
        '{"resources":[]}',
        '{"resources":[{}]}',
        '{"resources":[{},{"ARN":"a"},{"x":1}]}',
        '{"readOnly":true,"managementEvent":"false"}',
        '{"requestParameters":"}","responseElements":[],"additionalEventData":0}',
        '{"requestParameters":{"a":1.10,"b":[0.1000000000000000055511151231257827]},"unheardOf":1}',
        '{"requestParameters":{"a":123456789.123456789123456789},"userAgent":["x"]}',
        '{"unheardOf":123456789012345678901234567890}',
        '{"unheardOf":{"}":"{"},"eventName":"\\"}"}',
        '{"eventName":"\\u0000\\u001f\\u2028\\ud83d\\ude00e\\u0301"}',
        '{"eventName":"e\\u0301","unheardOf":"\\u0000"}',
        '{"eventTime":"2026-01-31 05:05:06+01:00"}',
        '{"eventId":"x","timeWindow":{"windowStart":"2026-01-31T04:05:00Z"}}',
        '{"":"","account":1,"extra":2,"EVENTNAME":3}',
        '{"userIdentity":{"type":1,"sessionContext":{"attributes":[1]}}}',
    ],
)
def test_the_record_comes_back_by_sql_and_by_python(text: str, tmp_path: Path) -> None:
    (row,) = stored(rows_of(text), tmp_path)
    assert exact(row["eventjson"]) == exact(text)
    assert rebuild.record(row) == json.loads(text)


def test_free_form_fields_come_back_letter_by_letter(tmp_path: Path) -> None:
    free = '{ "a" : 1.10 , "b":1E5,"c":[ ] ,"a":2 }'
    texts = [f'{{"requestParameters":{free}}}', f'{{"unheardOf":1,"requestParameters":{free}}}']
    for row in stored(rows_of(*texts), tmp_path):
        assert free in row["eventjson"]


def test_null_and_absent_fields_are_left_out(tmp_path: Path) -> None:
    text = '{"eventName":null,"requestParameters":null,"userIdentity":{"arn":null},"resources":null,"unheardOf":null}'
    (row,) = stored(rows_of(text), tmp_path)
    assert json.loads(row["eventjson"]) == rebuild.record(row) == {"userIdentity": {}}


def test_a_row_of_some_columns_gives_some_fields() -> None:
    assert rebuild.record({"eventname": "x", "useridentity": {"arn": "a"}}) == {
        "eventName": "x",
        "userIdentity": {"arn": "a"},
    }
    assert rebuild.record({}) == {}


def test_a_row_of_arrow_gives_the_same_record(tmp_path: Path) -> None:
    federation = {"webIdFederationData": {"federatedProvider": "p", "attributes": {"aud": "x", "sub": ""}}}
    text = json.dumps(record("s3", "x", userIdentity={"sessionContext": federation}))
    rows = rows_of(text)
    (row,) = stored(rows, tmp_path)
    assert rebuild.record(rows.table().to_pylist()[0]) == rebuild.record(row)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1e999}', {"a": "1e999"}),
        ("[-1e999,1.5,1e-999]", ["-1e999", 1.5, 0.0]),
        ("9" * 5000, "9" * 5000),
        ("9" * 60, int("9" * 60)),
        ("-" + "9" * 60, -int("9" * 60)),
        ('{"a":{"b":null}}', {"a": {"b": None}}),
    ],
)
def test_numbers_beyond_any_machine_are_given_as_text_not_refused(text: str, value: Any) -> None:
    assert parse(text) == value


@pytest.mark.parametrize("number", ["1e999", "9" * 5000])
@pytest.mark.parametrize("key", ["requestParameters", "unheardOf", "userAgent"])
def test_a_record_of_such_numbers_can_be_read(key: str, number: str, tmp_path: Path) -> None:
    (row,) = stored(rows_of(f'{{"{key}":{{"n":{number}}}}}'), tmp_path)
    assert rebuild.record(row)[key] == {"n": number}
    assert row["eventjson"] == f'{{"{key}":{{"n":{number}}}}}'


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [  # of RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_patches_merge_as_the_rfc_says(target: Any, patch: Any, merged: Any) -> None:
    assert rebuild._merge(target, patch) == merged
