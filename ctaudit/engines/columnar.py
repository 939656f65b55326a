"""Rows as a Parquet or Arrow file, in DuckDB's types: for what reads them next, since nobody looks at these by eye."""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa
from pyarrow import parquet

from ctaudit.engines import plain, sql
from ctaudit.engines.sql import BATCH, Bounds, Question, Result
from ctaudit.errors import QueryError
from ctaudit.query import Span
from ctaudit.store.layout import Layout

_GROUP_ROWS = 100_000
_GROUP_BYTES = 64 * 1024 * 1024
"""What is gathered, whichever comes first, before it is written: the memory that writing takes, and a row group."""


def save(
    layout: Layout, question: Question, span: Span, bounds: Bounds, file: BinaryIO, form: str
) -> Result[pa.RecordBatch]:
    """Run one SELECT like `sql.ask` and write its rows into `file`, as `parquet` or `arrow`.

    Types that such a file cannot hold become text, and nested ones that hold such JSON text.
    """
    with sql.prepared(layout, question, span, bounds) as (work, connection, ready):
        names, types = work.do(lambda: sql.described(connection, ready.statement))
        names = question.called(names)
        wrapped = plain.in_file_types(ready.statement, names, types)
        opened = work.do(lambda: connection.sql(wrapped).to_arrow_reader(BATCH))
        result = Result[pa.RecordBatch](names, types, ready.snapshot)
        result.parts = sql.parts(result, work, lambda _: next(opened, None), lambda part, most: part.slice(0, most))
        _write(result, opened.schema, file, form)
        opened.close()  # not after trouble: then a thread may still be reading, and it goes with that
        return result


def _write(result: Result[pa.RecordBatch], schema: pa.Schema, file: BinaryIO, form: str) -> None:
    gathered, size = list[pa.RecordBatch](), 0
    try:
        with _writer(file, schema, form) as writer:
            for batch in result.parts:
                gathered.append(batch)
                size += batch.nbytes
                if size >= _GROUP_BYTES or sum(map(len, gathered)) >= _GROUP_ROWS:
                    writer.write_table(pa.Table.from_batches(gathered, schema))
                    gathered, size = [], 0
            if gathered:
                writer.write_table(pa.Table.from_batches(gathered, schema))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise QueryError(f"a column's type does not fit into such a file: {error}", "cast it, to VARCHAR") from error


def _writer(file: BinaryIO, schema: pa.Schema, form: str) -> parquet.ParquetWriter | pa.ipc.RecordBatchFileWriter:
    if form == "parquet":
        return parquet.ParquetWriter(file, schema, compression="zstd")
    return pa.ipc.new_file(file, schema, options=pa.ipc.IpcWriteOptions(compression="zstd"))
