"""The dialects of SQL that a question may be written in."""

from __future__ import annotations

from enum import StrEnum


class Dialect(StrEnum):
    ATHENA = "athena"
    """Athena (engine 3, Trino) on a table that has AWS's columns for CloudTrail."""
    LAKE = "lake"
    """CloudTrail Lake: an event data store as the table, times and truth values typed, parameters as maps."""
    DUCKDB = "duckdb"
    """DuckDB's own SQL over the view `cloudtrail_logs`; it is not translated."""
