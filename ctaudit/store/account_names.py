"""What accounts are called: names that the store was told, beside the accounts that its events are of.

The table came after stores without it were made. They are read as ones without names, and given it with the first name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from ctaudit.store.schema import ACCOUNT_NAMES

_NO_NAMES = "(SELECT '' AS account, '' AS name, '' AS source, '' AS learned WHERE false)"
_EACH = """
  WITH held AS (SELECT account, sum(rows)::BIGINT AS events FROM segment_partitions GROUP BY ALL)
  SELECT coalesce(h.account, n.account) AS account, n.name, n.source, n.learned, coalesce(h.events, 0)::BIGINT
  FROM held h FULL JOIN {names} n ON n.account = h.account
  ORDER BY 1 NULLS LAST
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of names that the store was told."""

    new: int
    changed: int
    as_before: int


def known(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return account -> name."""
    return dict(_fetched(connection, "SELECT account, name FROM {names}"))


def each(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Return (account, name, source, time, events) of each account with a name or events; null for events of none."""
    return _fetched(connection, _EACH)


def keep(connection: duckdb.DuckDBPyConnection, names: Mapping[str, str], source: str, now: str) -> Kept:
    """Keep names, by account, in the place of those that the same accounts had; others stay."""
    connection.execute(ACCOUNT_NAMES)
    before = known(connection)
    connection.execute(
        "INSERT OR REPLACE INTO account_names SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), ?, ?",
        [list(names), list(names.values()), source, now],
    )
    same = sum(before.get(account) == name for account, name in names.items())
    new = sum(account not in before for account in names)
    return Kept(new, len(names) - new - same, same)


def _fetched(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """Select from the table of names; from none in an older store, which shows sooner than by asking for its tables."""
    try:
        return connection.execute(sql.format(names="account_names")).fetchall()
    except duckdb.CatalogException:
        return connection.execute(sql.format(names=_NO_NAMES)).fetchall()
