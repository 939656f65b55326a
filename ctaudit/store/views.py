"""SQL of the views over the events: what `cloudtrail_logs` is, for ctaudit and for anyone with DuckDB."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.records.columns import ACCOUNT, DATE, EVENT, EXTRA, RECORD
from ctaudit.store import rebuild

VIEW = "cloudtrail_logs"

_MOVED = """(
  SELECT kept_file AS from_file, kept_record AS from_record, least.file_id, least.record
  FROM (
    SELECT kept_file, kept_record, min({'file_id': file_id, 'record': record}) AS least FROM duplicates GROUP BY ALL
  )
  WHERE (least.file_id, least.record) < (kept_file, kept_record)
)"""
"""Events whose row was read from one file and whose canonical place, the least, is another file ingested later."""
_PROVEN = """(
  SELECT d.kept_file AS from_file, d.kept_record AS from_record
  FROM duplicates d JOIN files p USING (file_id) WHERE p.integrity = 'proven'
  UNION SELECT d.kept_file, d.kept_record FROM duplicates d JOIN files p ON p.file_id = d.kept_file
  WHERE p.integrity = 'proven'
)"""
"""Events read from several files of which one is proven: what stands in that file is proven wherever else it stands."""


PLACE = frozenset(["integrity", "source_file", RECORD])
"""Columns of the view that tell where an event was read from, and what that file is worth."""
WHOLE = "eventjson"
"""The column of the whole record."""
LEFT_OUT = " was not read, though the SQL asks for it"
"""How the error ends that stands in place of a column that was left out."""
COSTLY = PLACE | {WHOLE}
"""Columns that are better left out where nobody asks for them."""


def quote(text: str) -> str:
    """Return `text` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def segments_sql(paths: Sequence[str]) -> str:
    """Return the relation of these segments' rows, each with its `filename` and `file_row_number`; `paths` never empty.

    The date is that of the segment's own folder. `hive_partitioning` would take columns from the folders above the
    store too: in `cases/account=x/store` every event would be one of account x.
    """
    listed = ", ".join(quote(path) for path in paths)
    date = f"regexp_extract(filename, '{DATE}=([^/]*)/[^/]*$', 1) AS {DATE}"
    options = "hive_partitioning = false, filename = true, file_row_number = true"
    return f"(SELECT *, {date} FROM read_parquet([{listed}], {options}))"


def select_sql(source: str, repeated: bool, also: Sequence[str] = (), unused: frozenset[str] = frozenset()) -> str:
    """Return the SELECT behind the view: AWS's columns in AWS's order, then ours.

    `source` is the relation of the stored rows; `files` and `duplicates` are the catalog's tables, and `repeated` says
    that the second holds anything. Where an event was read from several files, `source_file` and `record` name the
    least of its places, whatever the order of ingests, and it is proven when one of them is. `also` are further
    columns, of the stored rows `e`, behind the others. `unused` are some of `COSTLY`, in whose place stands an error
    for whoever asks for them after all; without all of `PLACE` the catalog's tables are not needed.
    """
    ours, joins = _places(repeated) if not unused >= PLACE else ({}, "")
    ours[WHOLE] = rebuild.sql("e")
    ours |= {name: _left_out(name) for name in unused}
    columns = [
        *(f"e.{field.name}" for field in EVENT),
        f"e.{ACCOUNT}",
        "e.awsregion AS region",
        f"e.{DATE}",
        *(f"{ours[name]} AS {name}" for name in ("integrity", "source_file", RECORD)),
        f"e.{EXTRA}",
        f"{ours[WHOLE]} AS {WHOLE}",
        *also,
    ]
    return f"SELECT {', '.join(columns)} FROM {source} e{joins}"


def _places(repeated: bool) -> tuple[dict[str, str], str]:
    """Return the expressions of the columns that tell of an event's place, and the joins that they need."""
    if not repeated:
        own = {"integrity": "coalesce(f.integrity, 'unknown')", "source_file": "f.path", RECORD: "e.record"}
        return own, " LEFT JOIN files f ON f.file_id = e.file_id"
    ours = {
        "integrity": "CASE WHEN p.from_file IS NOT NULL THEN 'proven' ELSE coalesce(f.integrity, 'unknown') END",
        "source_file": "f.path",
        RECORD: "coalesce(m.record, e.record)",
    }
    joins = f"{_join(_MOVED, 'm')}{_join(_PROVEN, 'p')}"
    return ours, f"{joins} LEFT JOIN files f ON f.file_id = coalesce(m.file_id, e.file_id)"


def _left_out(name: str) -> str:
    kind = "INTEGER" if name == RECORD else "VARCHAR"
    return f"CAST(error('{name} of event ' || e.eventid || '{LEFT_OUT}') AS {kind})"


def _join(relation: str, alias: str) -> str:
    return f" LEFT JOIN {relation} {alias} ON {alias}.from_file = e.file_id AND {alias}.from_record = e.record"
