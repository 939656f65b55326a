"""Names in SQL as DuckDB compares them."""

from __future__ import annotations


def fold_ascii(name: str) -> str:
    """Return a name in lower case as DuckDB has it: of ASCII alone, so that the Kelvin sign is no `k`."""
    return name.encode().lower().decode()
