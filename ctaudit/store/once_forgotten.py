"""Keep out what was forgotten when the evidence it came from is read again, as damaged files are at every ingest.

A content that the ledger knows brings nothing new: its rows of a forgotten date are in the store, if they came after
the date was forgotten, or they were forgotten. New contents of such a date are new evidence and are taken in.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ctaudit.records.columns import FILE_ID
from ctaudit.store import catalog
from ctaudit.store.duplicates import without
from ctaudit.store.layout import Layout
from ctaudit.store.retire import Name
from ctaudit.store.segment import Segment


def keep_out(layout: Layout, segments: Sequence[Segment], kept: Container[Name]) -> list[Segment]:
    """Write new segments of a forgotten date anew, without the rows of contents that the ledger knows.

    `kept` names segments whose files somebody may still read.
    """
    return [each for segment in segments for each in _news_in(layout, segment, kept)]


def _news_in(layout: Layout, segment: Segment, kept: Container[Name]) -> list[Segment]:
    path = layout.segment(segment.date, segment.name)
    files = pq.read_table(path, columns=[FILE_ID], partitioning=None)[FILE_ID]
    with catalog.reading(layout) as connection:
        known = connection.execute(
            "SELECT file_id FROM contents WHERE file_id IN (SELECT unnest(?::BIGINT[]))", [pc.unique(files).to_pylist()]
        ).fetchall()
    if not known:
        return [segment]
    old = pc.is_in(files, pa.array([row[0] for row in known], pa.int64()))
    news = without(layout, segment.date, segment.name, pc.indices_nonzero(old).to_pylist())
    if (segment.date, segment.name) not in kept:
        path.unlink()
    return news
