"""The lake's table: which columns its files have, and how a value becomes the name of a folder.

A lake is what Athena, Trino and Spark read: Parquet files in folders `account=…/region=…/date=…`, as Hive lays them
out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ctaudit.records.columns import ACCOUNT, DATE, EXTRA, RECORD, REGION

LAKE_VERSION = 1
"""Raised when files of a lake would be written otherwise; then all of them are written anew."""

KEYS = (ACCOUNT, REGION, DATE)
"""What folders can be made of. A key that is not stays a column, the last of the file."""

OWN: tuple[tuple[str, str], ...] = (
    ("integrity", "What digests say of the file: proven, unproven, failed, unlisted or unknown"),
    ("source_file", "Where the file was read"),
    (RECORD, "Index of the record in that file, from 0"),
    (EXTRA, "JSON merge patch of all that no column holds"),
    ("eventjson", "The record as it was"),
)
"""Columns that follow AWS's; all text but `record`, which is a number."""

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""How Hive calls the folder of rows without a value."""
_LONGEST_NAME = 200
"""Bytes of a folder's name; file systems take 255, and S3 takes 1,024 for the whole key."""
# As in Hive's FileUtils and Spark's ExternalCatalogUtils; of the control characters they forget the first, NUL.
_ESCAPED = re.compile(r"""[\x00-\x1f"#%'*/:=?\\\x7f{}\[\]^]""")


def folder_name(key: str, value: str | None) -> str:
    """Return the name of the folder that holds the rows with this value: `region=us-east-1`.

    A log can hold any text as a region. What is too long for the name of a folder counts as no value.
    """
    spelled = _ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", value or "")
    return f"{key}={spelled}" if spelled and not is_too_long(key, value) else f"{key}={NO_VALUE}"


def is_too_long(key: str, value: str | None) -> bool:
    """Tell whether no folder can be named after a value."""
    return len(f"{key}={_ESCAPED.sub('%00', value or '')}".encode()) > _LONGEST_NAME


def columns(partition_by: Sequence[str]) -> list[str]:
    """Return the columns of a file behind AWS's own: `partition_by` names those that are folders instead."""
    return [name for name, _ in OWN] + [key for key in KEYS if key not in partition_by]
