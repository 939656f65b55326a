"""Write the files of one partition of a lake, in a folder apart, until they are whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ctaudit.records.columns import ACCOUNT, EXTRA, RECORD
from ctaudit.store.segment import leaves

GROUP_ROWS = 128 * 1024
GROUP_BYTES = 128 * 1024 * 1024
"""Rows and Arrow bytes of a row group, which is what is held of a partition that is being written."""
FILE_BYTES = 256 * 1024 * 1024
"""A file that has so many bytes gets no further row group; the next one goes on."""

_STATISTICS = ["eventtime", "eventsource", "eventname", "awsregion", "errorcode", "eventid", ACCOUNT]
_NO_DICTIONARY = (
    *("eventid", "requestid", "requestparameters", "responseelements", "additionaleventdata"),
    *(EXTRA, RECORD, "eventjson"),
)


class PartitionWriter:
    """Gathers the rows of one partition into files that are named by number in `staging`."""

    def __init__(self, staging: Path, schema: pa.Schema) -> None:
        self._staging = staging
        self._schema = schema
        self._dictionary = [path for path in leaves(schema) if path not in _NO_DICTIONARY]
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.Table] = []
        self._held_rows = 0
        self._held_bytes = 0
        self.rows = 0
        self.files: list[Path] = []

    def add(self, rows: pa.Table) -> None:
        self.rows += rows.num_rows
        self._held.append(rows.cast(self._schema))
        self._held_rows += rows.num_rows
        self._held_bytes += rows.nbytes
        if self._held_rows >= GROUP_ROWS or self._held_bytes >= GROUP_BYTES:
            self._write_group()

    def finish(self) -> Sequence[Path]:
        """Close the last file; return all, in order."""
        self._write_group()
        self._close()
        return self.files

    def abandon(self) -> None:
        """Close what is open; its file is nobody's."""
        self._close()

    def _write_group(self) -> None:
        if not self._held:
            return
        if self._writer is None:
            path = self._staging / f"{len(self.files)}.part"
            self._writer = pq.ParquetWriter(
                path,
                self._schema,
                compression="zstd",
                use_dictionary=self._dictionary,
                write_statistics=[name for name in _STATISTICS if name in self._schema.names],
            )
            self.files.append(path)
        self._writer.write_table(pa.concat_tables(self._held), row_group_size=GROUP_ROWS)
        self._held, self._held_rows, self._held_bytes = [], 0, 0
        if self.files[-1].stat().st_size >= FILE_BYTES:
            self._close()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
