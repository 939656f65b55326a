"""Investigate AWS CloudTrail: ingest logs, ask who did what, prove the evidence.

import ctaudit
store = ctaudit.open("ctaudit-store")
for row in store.who_deleted("my-bucket"):
    print(row["time"], row["principal"], row["outcome"])
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctaudit.errors import CtauditError, StoreError, UsageError
    from ctaudit.ingest import Summary, ingest
    from ctaudit.investigate import Store
    from ctaudit.investigate import open_store as open  # noqa: A004
    from ctaudit.listing import FromS3
    from ctaudit.queries.filters import Filters
    from ctaudit.table import Document, Table

__all__ = [
    "CtauditError",
    "Document",
    "Filters",
    "FromS3",
    "Store",
    "StoreError",
    "Summary",
    "Table",
    "UsageError",
    "ingest",
    "open",
]

_HOMES = {
    "CtauditError": "errors:CtauditError",
    "Document": "table:Document",
    "Filters": "queries.filters:Filters",
    "FromS3": "listing:FromS3",
    "Store": "investigate:Store",
    "StoreError": "errors:StoreError",
    "Summary": "ingest:Summary",
    "Table": "table:Table",
    "UsageError": "errors:UsageError",
    "ingest": "ingest:ingest",
    "open": "investigate:open_store",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `ctaudit --help` must not wait for DuckDB and Arrow."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'ctaudit' has no attribute '{name}'")
    module, _, attribute = home.partition(":")
    value = getattr(import_module(f"ctaudit.{module}"), attribute)
    globals()[name] = value
    return value


class _Face(ModuleType):
    """Keeps `ctaudit.ingest` the function: whoever imports the file of that name would put the module in its place."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


import_module(__name__).__class__ = _Face
