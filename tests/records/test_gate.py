"""The gate of the fast path: what it lets in is held whole by the columns, everything else is sent the careful way."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ctaudit import limits
from ctaudit.records.careful import careful_event
from ctaudit.records.columns import EVENT
from ctaudit.records.event_types import SHARED
from ctaudit.records.gate import Gated, gated
from ctaudit.records.shared import Pieces, Shared
from tests.records.synthetic import record
from tests.records.taken import Taken, file_ids, log, names, numbered, packed, take


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


USUAL = record("s3", "DeleteObject", {"bucketName": "b"}, eventID="event-0")


def passed(*texts: bytes) -> Gated:
    return gated(texts, Pieces())


def passes(value: Any) -> bool:
    """Tell whether a record passes, alone and among others."""
    alone, among = passed(packed(value)), passed(packed(USUAL), packed(value), packed(USUAL))
    assert (alone.care == [0]) == (among.care == [1])
    assert len(among.columns[0]) == 3 - len(among.care)
    return not alone.care


def rows(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The row of a record by the gate, and by the careful path."""
    fast, careful = Taken(), Taken()
    found = gated([packed(value)], fast.pieces)
    assert found.care == []
    fast.fast(found, file_ids([0]), [0])
    event, account, extra = careful_event(packed(value))
    careful.careful(event, account, 7, 0, extra)
    (one,), (other,) = fast.rows.table().to_pylist(), careful.rows.table().to_pylist()
    for row in (one, other):
        row["extra"] = json.loads(row["extra"] or "{}")
    return one, other


def test_a_usual_record_passes() -> None:
    row, _ = rows(USUAL)
    assert (row["eventid"], row["eventname"], row["readonly"], row["extra"]) == ("event-0", "DeleteObject", "false", {})
    assert row["useridentity"]["arn"] == USUAL["userIdentity"]["arn"]
    assert row["requestparameters"] == '{"bucketName":"b"}'


@pytest.mark.parametrize(
    "change",
    [
        {"eventName": ["DeleteObject"]},
        {"readOnly": "false"},
        {"eventTime": "2026-01-31T04:05:06.000Z"},
        {"eventTime": "2026-02-30T04:05:06Z"},
        {"eventTime": "2026-01-31T04:05:0\u0666Z"},
        {"eventTime": None},
        {"eventID": None},
        {"eventVersion": None},
        {"eventType": None},
        {"recipientAccountId": None, "accountId": "1"},
    ],
)
def test_what_the_columns_do_not_hold_does_not_pass(change: dict[str, Any]) -> None:
    assert passes(USUAL)
    assert not passes(USUAL | change)


@pytest.mark.parametrize(
    ("change", "extra"),
    [
        ({"unheardOf": 1}, ...),
        ({"unheardOf": None, "other": [{"a": "1.10"}]}, ...),
        ({"eventname": "x"}, ...),
        ({"userIdentity": []}, ...),
        ({"userIdentity": "root"}, ...),
        ({"userIdentity": {"type": "Root", "unheardOf": 1}}, {"userIdentity": {"unheardOf": 1}}),
        ({"userIdentity": {"sessionContext": {"attributes": {"mfaAuthenticated": True}}}}, ...),
        ({"userIdentity": {"sessionContext": {"webIdFederationData": {"attributes": {"aud": 1}}}}}, ...),
        ({"tlsDetails": {"tlsVersion": 1.3}}, ...),
        ({"resources": {}}, ...),
        ({"resources": [None]}, ...),
        ({"resources": [{"ARN": "a", "unheardOf": "x"}]}, ...),
        ({"resources": [{"ARN": 1}]}, ...),
        ({"userIdentity": {"x": 1}, "tlsDetails": {"y": 2}, "resources": [{"ARNPrefix": "p"}], "unheardOf": 3}, ...),
    ],
)
def test_what_the_columns_do_not_hold_passes_beside_them(change: dict[str, Any], extra: Any) -> None:
    row, careful = rows(USUAL | change)
    assert row == careful
    assert row["extra"] == (change if extra is ... else extra)


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
    assert passes(USUAL | change)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"null", b"{}", b'{"Records":[]}', packed(USUAL)[:-1], packed(USUAL) + b"x"]
)
def test_what_is_no_record_does_not_pass(text: bytes) -> None:
    assert passed(text).care == [0]


def test_nothing_passes_as_nothing() -> None:
    assert passed().care == []
    assert set(map(len, passed().columns)) == {0}


def test_a_file_of_usual_records_passes_in_order() -> None:
    taken, _ = take(json.dumps({"Records": numbered(5)}, indent=1).encode())
    assert (taken.fast_records, taken.ids) == (list(range(5)), [f"event-{n}" for n in range(5)])


@pytest.mark.parametrize("half", [b"\\ud800", b"\\udc00", b"\\uDFFF x", b"\\ud83d\\u0041"])
@pytest.mark.parametrize("place", [b"DeleteObject", b"bucketName"])
def test_half_a_surrogate_pair_does_not_pass_anywhere(half: bytes, place: bytes) -> None:
    assert passed(packed(USUAL).replace(place, half)).care == [0]


@pytest.mark.parametrize("field", ["requestParameters", "responseElements", "additionalEventData", "insightDetails"])
def test_nesting_is_judged_where_any_value_may_stand(field: str) -> None:
    assert passes(USUAL | {field: nested(limits.MAX_DEPTH - 1)})
    assert not passes(USUAL | {field: nested(limits.MAX_DEPTH)})


@pytest.mark.parametrize("field", [b"resources", b"tlsDetails", b"insightDetails", b"unheardOf"])
def test_bare_brackets_are_counted_to_the_last(field: bytes) -> None:
    """They are the shortest text that nests so deep: no look at its length may let it pass."""
    for depth, care in ((limits.MAX_DEPTH - 1, []), (limits.MAX_DEPTH, [0])):
        text = packed(USUAL)[:-1] + b',"%s":%s%s}' % (field, b"[" * depth, b"]" * depth)
        assert passed(text).care == care


def test_brackets_in_text_are_no_nesting() -> None:
    assert passes(USUAL | {"requestParameters": {"text": '{["' * 1000}})


def test_a_record_beyond_the_limit_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RECORD_BYTES", 2000)
    records = numbered(9)
    assert passed(*map(packed, records)).care == []
    records[4]["requestParameters"]["key"] = "k" * 2000
    assert passed(*map(packed, records)).care == [4]


def test_rows_of_every_kind_stay_in_their_places() -> None:
    """Misfits, unfit values, unknown members and usual records, in any mixture."""
    kinds = [{}, {"unheardOf": 1}, {"eventName": 5}, {"requestParameters": nested(limits.MAX_DEPTH)}]
    for seed in range(30):
        chance = random.Random(seed)
        values = [each | chance.choice(kinds) for each in numbered(12)]
        found = passed(*map(packed, values))
        fit = [index for index, value in enumerate(values) if passes(value)]
        assert found.care == [index for index in range(12) if index not in fit]
        assert list(found.columns[_ID]) == [f"event-{index}" for index in fit]
        assert sorted(found.extras) == [row for row, index in enumerate(fit) if "unheardOf" in values[index]]


_ID = [field.key for field in EVENT].index("eventID")


def test_equal_objects_are_decoded_once_and_shared() -> None:
    pieces = Pieces()
    found = gated([packed(each) for each in numbered(2)], pieces)
    for field in SHARED:
        first, second = found.columns[EVENT.index(field)]
        assert first == second
        assert len(pieces[field].kept) == 1


def test_long_objects_are_not_remembered() -> None:
    """Fifty thousand identities of a megabyte each would fill the memory."""
    long = packed(USUAL | {"userIdentity": {"userName": "u" * 100_000}})
    pieces = Pieces()
    gated([long, long], pieces)
    identities = pieces[SHARED[0]]
    assert identities.kept[0] == identities.kept[1]
    assert max(map(len, identities), default=0) <= Shared.LONGEST
    assert pieces.bytes > 200_000


def test_another_services_event_is_refused_however_well_it_fits() -> None:
    fits = numbered(1)[0] | {"eventSource": "aws:s3"}
    taken, reading = take(log([fits, *numbered(1, 1)]))
    assert taken.ids == names(1)
    assert reading.refused == {"s3-notification": 1}
