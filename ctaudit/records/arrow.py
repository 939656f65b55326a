"""The Arrow and Parquet schema of the store, derived from the event dictionary."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ctaudit.records import lake
from ctaudit.records.columns import ACCOUNT, EVENT, EXTRA, FILE_ID, RECORD, SCHEMA_VERSION, Field, Shape


def arrow_type(field: Field) -> pa.DataType:
    """Return the Arrow type of a column or nested field: text, struct, map or list; never a JSON logical type."""
    if field.shape is Shape.STRUCT:
        return pa.struct([pa.field(child.name, arrow_type(child)) for child in field.fields])
    if field.shape is Shape.MAP:
        return pa.map_(pa.string(), pa.string())
    if field.shape is Shape.RESOURCES:
        return pa.list_(pa.struct([pa.field(child.name, pa.string()) for child in field.fields]))
    return pa.string()


SCHEMA = pa.schema(
    [pa.field(field.name, arrow_type(field)) for field in EVENT]
    + [
        pa.field(ACCOUNT, pa.string()),
        pa.field(FILE_ID, pa.int64(), nullable=False),
        pa.field(RECORD, pa.int32(), nullable=False),
        pa.field(EXTRA, pa.string()),
    ],
    metadata={b"ctaudit.schema": str(SCHEMA_VERSION).encode()},
)
"""Every segment has exactly this schema, all-null structs included: engines merge differing structs wrongly."""


def lake_schema(partition_by: Sequence[str]) -> pa.Schema:
    """Return the schema of every file of a lake with these folders."""
    kinds = {RECORD: pa.int64()}
    own = [pa.field(name, kinds.get(name, pa.string())) for name in lake.columns(partition_by)]
    return pa.schema([pa.field(field.name, arrow_type(field)) for field in EVENT] + own, metadata=SCHEMA.metadata)
