"""Batches: rows in the store's fixed schema, the same row whichever way its record came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ctaudit.records.arrow import SCHEMA
from ctaudit.records.batch import Rows
from ctaudit.records.careful import careful_event
from ctaudit.records.columns import EVENT, Field, Shape
from ctaudit.records.gate import fast_event
from tests.records.json_values import records, spell
from tests.records.synthetic import record
from tests.records.taken import log, numbered, packed, stored, take


def batch_of(*values: Any) -> pa.RecordBatch:
    rows = Rows()
    for index, value in enumerate(values):
        event, account, extra = careful_event(packed(value))
        rows.add(event, account, 7, index, extra)
    return rows.batch()


def test_no_rows_and_empty_rows_have_the_whole_schema() -> None:
    assert Rows().batch().schema == SCHEMA
    batch = batch_of({}, {})
    assert batch.schema == SCHEMA
    assert batch.to_pylist()[1] == dict.fromkeys(SCHEMA.names) | {"file_id": 7, "record": 1}


def test_every_column_takes_its_value_and_null_beside_it() -> None:
    def example(field: Field) -> Any:
        inner = {child.key: example(child) for child in field.fields}
        values: dict[Shape, Any] = {
            Shape.TIME: "2026-01-31T04:05:06Z",
            Shape.FLAG: True,
            Shape.JSON: {"a": [1, None]},
            Shape.STRUCT: inner,
            Shape.MAP: {"aud": "x", "sub": ""},
            Shape.RESOURCES: [inner, {}],
        }
        return values.get(field.shape, f"{field.key}!")

    full = {field.key: example(field) for field in EVENT}
    batch = batch_of({}, full, {field.key: None for field in EVENT}, full)
    batch.validate(full=True)
    first, second, third, fourth = batch.to_pylist()
    assert second | {"record": 0} == fourth | {"record": 0}
    assert first | {"record": 0} == third | {"record": 0}
    assert [name for name, value in second.items() if value is None] == ["extra"]
    assert second["useridentity"]["sessioncontext"]["webidfederationdata"]["attributes"] == [("aud", "x"), ("sub", "")]
    assert second["readonly"] == "true"
    assert json.loads(second["requestparameters"]) == {"a": [1, None]}
    assert second["resources"][1] == {"arn": None, "accountid": None, "type": None}


def test_shared_objects_and_single_ones_give_the_same_columns() -> None:
    values = numbered(40)
    for index, value in enumerate(values):
        value["userIdentity"] = [None, {}, {"type": "Root"}, {"type": f"T{index}"}][index % 4]
    taken, _ = take(log(values))
    assert taken.fast_records == list(range(40))
    shared = taken.rows.batch()
    assert shared.equals(batch_of(*values))
    shared.validate(full=True)


def test_prefixes_instead_of_arns_are_kept_beside() -> None:
    taken, _ = take(log([record("s3", "DeleteObjects", eventID="1", resources=[{"ARNPrefix": "p"}, {"ARN": "a"}])]))
    assert taken.fast_records == [0]
    (row,) = taken.rows.batch().to_pylist()
    assert json.loads(row["extra"]) == {"resources": [{"ARNPrefix": "p"}, {"ARN": "a"}]}


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


@given(st.lists(records(violations=False), min_size=1, max_size=8))
def test_the_fast_and_the_careful_way_give_the_same_row(values: list[Any]) -> None:
    fast, careful = Rows(), Rows()
    for value in values:
        text = spell(value).encode()
        event = fast_event(text)
        if event is None:
            continue
        index = len(fast)
        fast.add_fast([event], 7, [index])
        event, account, extra = careful_event(text)
        careful.add(event, account, 7, index, extra)
    for one, other in zip(fast.batch().to_pylist(), careful.batch().to_pylist(), strict=True):
        one_extra, other_extra = (without_nulls(json.loads(row.pop("extra") or "{}")) for row in (one, other))
        assert one == other
        assert one_extra == other_extra


def test_a_batch_goes_through_a_file_and_back(tmp_path: Path) -> None:
    taken, _ = take(log(numbered(3)))
    assert [row["eventid"] for row in stored(taken.rows, tmp_path)] == ["event-0", "event-1", "event-2"]
