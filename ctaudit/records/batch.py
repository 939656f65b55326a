"""From columns of records to one Arrow table: small batches at first, and shared fields built once for each value."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from ctaudit.records.arrow import SCHEMA, arrow_type
from ctaudit.records.columns import ACCOUNT, EVENT, EXTRA, FILE_ID, RECORD, Field, Shape
from ctaudit.records.event_types import ABSENT
from ctaudit.records.gate import Gated
from ctaudit.records.shared import Pieces

BATCH_ROWS = 1000
"""Measured: 30,000 rows a batch cost 3.7 times the CPU, because the values fall out of the cache."""

_RECIPIENT = "recipientaccountid"
_RECIPIENT_INDEX = [field.name for field in EVENT].index(_RECIPIENT)
_PLACE = pa.int32()
_NULL = bytes(ABSENT)


class Rows:
    """Rows on their way into one segment."""

    def __init__(self, pieces: Pieces) -> None:
        """`pieces` holds the values of the shared fields; it must not be cleared before the table is made."""
        self._pieces = pieces
        self._batches: list[pa.RecordBatch] = []
        self._start()
        self.bytes = 0
        """Arrow bytes of the rows that are in batches."""

    def _start(self) -> None:
        self._columns: list[list[Any]] = [[] for _ in EVENT]
        self._accounts: dict[int, str | None] = {}
        self._extras: dict[int, str] = {}
        self._file_ids = array("q")
        self._records = array("i")

    def __len__(self) -> int:
        return sum(map(len, self._batches)) + len(self._records)

    def add_fast(self, gated: Gated, file_ids: array[int], records: Sequence[int]) -> None:
        """Add records that passed the gate, with the ids of their files and their indices there."""
        first = len(self._records)
        for own, more in zip(self._columns, gated.columns, strict=True):
            own.extend(more)
        self._extras.update((first + row, extra) for row, extra in gated.extras.items())
        self._file_ids.extend(file_ids)
        self._records.extend(records)
        self._flush_full()

    def add(self, event: Any, account: str | None, file_id: int, record: int, extra: str | None) -> None:
        """Add one event of the careful path."""
        row = len(self._records)
        for own, field in zip(self._columns, EVENT, strict=True):
            value = getattr(event, field.name)
            if field in self._pieces:
                value = self._pieces[field].add(value)
            own.append(bytes(value) if field.shape is Shape.JSON else value)
        if account != event.recipientaccountid:
            self._accounts[row] = account
        if extra is not None:
            self._extras[row] = extra
        self._file_ids.append(file_id)
        self._records.append(record)
        self._flush_full()

    def _flush_full(self) -> None:
        if len(self._records) >= BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        arrays = {
            field.name: self._own_column(field, values) for field, values in zip(EVENT, self._columns, strict=True)
        }
        accounts = arrays[_RECIPIENT]
        if self._accounts:
            given = self._columns[_RECIPIENT_INDEX]
            accounts = pa.array([self._accounts.get(row, account) for row, account in enumerate(given)], pa.string())
        extras = list(map(self._extras.get, range(len(self._records)))) if self._extras else None
        arrays |= {
            ACCOUNT: accounts,
            FILE_ID: _numbers(self._file_ids, pa.int64()),
            RECORD: _numbers(self._records, pa.int32()),
            EXTRA: pa.nulls(len(self._records), pa.string()) if extras is None else pa.array(extras, pa.string()),
        }
        batch = pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))
        self._batches.append(batch)
        self.bytes += batch.nbytes
        self._start()

    def _own_column(self, field: Field, values: list[Any]) -> pa.Array:
        if field in self._pieces:
            return _numbers(array("i", values), _PLACE)
        return _json(values) if field.shape is Shape.JSON else _column(field, values)

    def table(self) -> pa.Table:
        """Return all rows as one table of the store's schema."""
        if len(self._records):
            self._flush()
        if not self._batches:
            return SCHEMA.empty_table()
        own = pa.Table.from_batches(self._batches).combine_chunks()
        arrays = {name: own[name].chunk(0) for name in own.column_names}
        for field, shared in self._pieces.items():
            coded = arrays[field.name].dictionary_encode()
            places = coded.dictionary.to_pylist()
            values = [shared.kept[place] for place in places]
            arrays[field.name] = _column(field, values).take(coded.indices)
            if shared.extras:
                more = pa.array([shared.extras.get(place) for place in places], pa.string())
                arrays[EXTRA] = _both(arrays[EXTRA], more.take(coded.indices))
        return pa.Table.from_arrays([arrays[name] for name in SCHEMA.names], schema=SCHEMA)


def _both(patches: pa.Array, more: pa.Array) -> pa.Array:
    """Join merge patches, JSON objects, of the same rows; they have no key in common."""
    if not pc.any(pc.and_(patches.is_valid(), more.is_valid())).as_py():
        return pc.coalesce(patches, more)
    pairs = zip(patches.to_pylist(), more.to_pylist(), strict=True)
    return pa.array([f"{one[:-1]},{two[1:]}" if one and two else one or two for one, two in pairs], pa.string())


def _numbers(values: array[int], kind: pa.DataType) -> pa.Array:
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def _column(field: Field, values: list[Any]) -> pa.Array:
    """Build one column from values that may be None; `values` holds structs for nested fields."""
    if field.shape in (Shape.TEXT, Shape.TIME):
        return pa.array(values, pa.string())
    if field.shape is Shape.FLAG:
        return pa.array(values, pa.bool_()).cast(pa.string())
    if values.count(None) == len(values):
        return pa.nulls(len(values), _arrow_type(field))
    if field.shape is Shape.STRUCT:
        return _struct(field, values)
    if field.shape is Shape.MAP:
        return pa.array([None if value is None else list(value.items()) for value in values], arrow_type(field))
    return _resources(field, values)


def _json(texts: list[bytes]) -> pa.Array:
    """Build a free-form column; the texts are valid UTF-8 already: a check would cost as much again."""
    if texts.count(_NULL) == len(texts):
        return pa.nulls(len(texts), pa.string())
    found = pa.array(texts, pa.binary())
    return pc.if_else(pc.equal(found, _NULL), pa.scalar(None, pa.binary()), found).view(pa.string())


def _struct(field: Field, values: list[Any]) -> pa.Array:
    absent = [value is None for value in values]
    any_absent = any(absent)
    if any_absent:
        blank = _blank(_kind(values))
        values = [blank if value is None else value for value in values]
    children = [_column(child, list(map(attrgetter(child.name), values))) for child in field.fields]
    mask = pa.array(absent, pa.bool_()) if any_absent else None
    return pa.StructArray.from_arrays(children, fields=list(_arrow_type(field)), mask=mask)


def _kind(values: list[Any]) -> Hashable:
    return cast(Hashable, type(next(value for value in values if value is not None)))


def _resources(field: Field, values: list[Any]) -> pa.Array:
    offsets = [0]
    flat: list[Any] = []
    for value in values:
        if value:
            flat.extend(value)
        offsets.append(len(flat))
    children = [pa.array(list(map(attrgetter(child.name), flat)), pa.string()) for child in field.fields]
    entries = pa.StructArray.from_arrays(children, fields=list(_arrow_type(field).value_type))
    mask = pa.array([value is None for value in values], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), entries, type=_arrow_type(field), mask=mask)


@cache
def _arrow_type(field: Field) -> pa.DataType:
    return arrow_type(field)


@cache
def _blank(kind: Hashable) -> Any:
    """Return a struct of that type without values."""
    assert callable(kind)
    return kind()
