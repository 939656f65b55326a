"""Batches: rows in the store's fixed schema, the same row whichever way its record came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ctaudit.records.arrow import SCHEMA
from ctaudit.records.careful import careful_event
from ctaudit.records.columns import EVENT, Field, Shape
from ctaudit.records.gate import gated
from tests.records.json_values import records, spell
from tests.records.synthetic import record
from tests.records.taken import Taken, file_ids, log, numbered, packed, stored, take


def table_of(*values: Any) -> pa.Table:
    sink = Taken()
    for index, value in enumerate(values):
        event, account, extra = careful_event(packed(value))
        sink.careful(event, account, 7, index, extra)
    return sink.rows.table()


def test_no_rows_and_empty_rows_have_the_whole_schema() -> None:
    assert Taken().rows.table().schema == SCHEMA
    table = table_of({}, {})
    assert table.schema == SCHEMA
    assert table.to_pylist()[1] == dict.fromkeys(SCHEMA.names) | {"file_id": 7, "record": 1}


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
    table = table_of({}, full, {field.key: None for field in EVENT}, full)
    table.validate(full=True)
    first, second, third, fourth = table.to_pylist()
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
    shared = taken.rows.table()
    assert shared.equals(table_of(*values))
    shared.validate(full=True)


def test_prefixes_instead_of_arns_are_kept_beside() -> None:
    taken, _ = take(log([record("s3", "DeleteObjects", eventID="1", resources=[{"ARNPrefix": "p"}, {"ARN": "a"}])]))
    assert taken.fast_records == [0]
    (row,) = taken.rows.table().to_pylist()
    assert json.loads(row["extra"]) == {"resources": [{"ARNPrefix": "p"}, {"ARN": "a"}]}


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


@given(st.lists(records(violations=False) | records(violations=True), min_size=1, max_size=8))
def test_the_fast_and_the_careful_way_give_the_same_row(values: list[Any]) -> None:
    fast, careful = Taken(), Taken()
    texts = [spell(value).encode() for value in values]
    found = gated(texts, fast.pieces)
    indices = [index for index in range(len(texts)) if index not in found.care]
    fast.fast(found, file_ids(indices), indices)
    for index in indices:
        event, account, extra = careful_event(texts[index])
        careful.careful(event, account, 7, index, extra)
    for one, other in zip(fast.rows.table().to_pylist(), careful.rows.table().to_pylist(), strict=True):
        one_extra, other_extra = (without_nulls(json.loads(row.pop("extra") or "{}")) for row in (one, other))
        assert one == other
        assert one_extra == other_extra


def test_many_rows_of_both_ways_come_in_the_order_in_which_they_were_added() -> None:
    """More than fit into a batch, with accounts and patches of their own in between."""
    sink = Taken()
    odd = {"eventId": "agg", "accountId": "9", "unheardOf": 1}
    for start in range(0, 3000, 300):
        found = gated([packed(each) for each in numbered(300, start)], sink.pieces)
        sink.fast(found, file_ids(range(start, start + 300)), range(start, start + 300))
        event, account, extra = careful_event(packed(odd))
        sink.careful(event, account, 7, 10_000 + start, extra)
    table = sink.rows.table()
    table.validate(full=True)
    ids = table["eventid"].to_pylist()
    assert [each for each in ids if each != "agg"] == [f"event-{n}" for n in range(3000)]
    assert [at for at, each in enumerate(ids) if each == "agg"] == list(range(300, 3010, 301))
    for row in table.select(["eventid", "account", "extra", "record"]).to_pylist():
        assert (row["eventid"] == "agg") == (row["account"] == "9") == (row["extra"] is not None)
        assert row["record"] == (row["record"] if row["eventid"] == "agg" else int(row["eventid"][6:]))


def test_a_table_goes_through_a_file_and_back(tmp_path: Path) -> None:
    taken, _ = take(log(numbered(3)))
    assert [row["eventid"] for row in stored(taken.rows, tmp_path)] == ["event-0", "event-1", "event-2"]
