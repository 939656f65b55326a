"""A member that is named more than once: the records in each of them are read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.records.taken import log, numbered, take

A, B = (json.dumps(each).encode() for each in numbered(2))


def text(record: bytes) -> bytes:
    return json.dumps(record.decode()).encode()


REPEATED = {
    "lists of records": b'{"Records":[%s],"Records":[%s]}' % (A, B),
    "one spelled with an escape": b'{"Records":[%s],"\\u0052ecords":[%s]}' % (A, B),
    "with spaces": b'{ "Records" : [ %s ] ,\n"Records":[ %s ] }' % (A, B),
    "the last one empty": b'{"Records":[%s,%s],"Records":[]}' % (A, B),
    "the first one empty": b'{"Records":[],"Records":[%s,%s]}' % (A, B),
    "another between": b'{"Records":[%s],"x":"}",  "Records":[%s]}' % (A, B),
    "unknown wrappers": b'{"x":%s,"x":%s}' % (A, B),
    "an unknown wrapper in a list": b'{"Records":[{"x":[%s],"x":[%s]}]}' % (A, B),
    "results of a lookup": b'{"CloudTrailEvent":%s,"CloudTrailEvent":%s}' % (text(A), text(B)),
    "messages of a log": b'{"logEvents":[{"message":%s,"message":%s}]}' % (text(A), text(B)),
    "details": b'{"detail-type":"AWS API Call via CloudTrail","detail":%s,"detail":%s}' % (A, B),
    "on a line of its own": b'{"x":{"Records":[%s]},"x":{"Records":[%s]}}\n{"a":1}' % (A, B),
}


@pytest.mark.parametrize("what", REPEATED)
def test_each_is_read(what: str) -> None:
    taken, reading = take(REPEATED[what])
    assert sorted(map(str, taken.ids)) == ["event-0", "event-1"]
    assert reading.faults == []


def test_a_record_that_names_a_member_twice_stays_one_record() -> None:
    taken, _ = take(b'{"Records":[%s]}' % A.replace(b'"eventVersion"', b'"eventName":"First","eventVersion"', 1))
    assert taken.ids == ["event-0"]


@pytest.mark.parametrize("spelled", [json.dumps, lambda value: json.dumps(value, indent=1)])
def test_usual_files_stay_on_the_fast_path(spelled: Callable[[object], str]) -> None:
    value = json.loads(log(numbered(3)))
    taken, _ = take(spelled(value).encode())
    assert taken.fast_records == [0, 1, 2]


def test_one_key_a_hundred_thousand_times_is_read_in_bounded_time() -> None:
    started = time.process_time()
    taken, reading = take(b'{%s"x":%s}' % (b'"x":1,' * 100_000, A))
    assert (taken.ids, reading.faults) == (["event-0"], [])
    assert time.process_time() - started < 10
