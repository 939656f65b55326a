"""Investigate AWS CloudTrail: ingest logs, ask who did what, prove the evidence.

import ctaudit
store = ctaudit.open("ctaudit-store")
for row in store.who_deleted("my-bucket"):
    print(row["time"], row["principal"], row["outcome"])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctaudit.errors import CtauditError, StoreError, UsageError
    from ctaudit.ingest import Summary, ingest
    from ctaudit.investigate import Store
    from ctaudit.investigate import open_store as open  # noqa: A004
    from ctaudit.queries.actors import Filters
    from ctaudit.table import Document, Table

__all__ = [
    "CtauditError",
    "Document",
    "Filters",
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
    "Filters": "queries.actors:Filters",
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
    module = home.partition(":")[0]
    loaded = import_module(f"ctaudit.{module}")
    for each, place in _HOMES.items():  # all at once: importing the file `ingest` has put itself under that name here
        if place.startswith(f"{module}:"):
            globals()[each] = getattr(loaded, place.partition(":")[2])
    return globals()[name]
