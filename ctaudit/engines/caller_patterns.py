"""Regular expressions by which the SQL of several engines takes apart who called, in the dialect of DuckDB."""

from __future__ import annotations

ROLE = r"^(arn:[^:]*:sts::[^:]*:assumed-role/[^/]+)/.*$"
"""A session's ARN; the first group is its role's part."""
ADDRESS = r"[0-9a-fA-F]*[.:][0-9a-fA-F.:]+"
"""An address, where the name of a service may stand."""
AGENT = r"^\[?\s*([A-Za-z][A-Za-z0-9._+-]*)"
"""A user agent; the first group is the program's name, without its version."""
