"""Names of accounts learned from AWS Organizations or a CSV file: all that are told, or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ctaudit import times
from ctaudit.account_names import accounts
from ctaudit.ingest import not_written
from ctaudit.interrupts import noted_interrupts
from ctaudit.listing import Login, named
from ctaudit.sources import account_csv, organizations
from ctaudit.store import account_names, catalog, lock
from ctaudit.store.layout import Layout
from ctaudit.table import Table

_STDIN = "standard input"


def from_organizations(store: str | os.PathLike[str], login: Login, *, now: datetime) -> Table:
    """Ask AWS Organizations for the names of its accounts, keep them, and return all accounts.

    Raises CtauditError when AWS does not tell them all, StoreError when the store cannot be written; then none is kept.
    """
    layout = _opened(store)
    names, nameless = organizations.account_names(login)
    return _learned(layout, names, nameless, organizations.NAME, now)


def from_csv(store: str | os.PathLike[str], path: Path | None, content: bytes | None = None, *, now: datetime) -> Table:
    """Keep the names that a CSV file gives accounts, and return all accounts; without a path `content` is read.

    Raises UsageError when anything in it is not plainly an account and its name, StoreError when the store cannot be
    written; then none is kept.
    """
    layout = _opened(store)
    called = _STDIN if path is None else named(str(path))
    names, nameless = account_csv.parse(account_csv.read(path) if path is not None else content or b"", called)
    return _learned(layout, names, nameless, called, now)


def _learned(layout: Layout, names: Mapping[str, str], nameless: int, source: str, now: datetime) -> Table:
    try:
        with noted_interrupts(), lock.held(layout, "is naming accounts of"), catalog.writing(layout) as connection:
            kept = account_names.keep(connection, names, source, times.format_utc(now))
    except OSError as error:
        raise not_written(layout, error) from error
    return accounts(layout, (f"{source}: {_told(kept)}{_without(nameless)}",))


def _told(kept: account_names.Kept) -> str:
    new = "1 new name" if kept.new == 1 else f"{kept.new:,} new names"
    return f"{new}, {kept.changed:,} changed, {kept.as_before:,} as before"


def _without(nameless: int) -> str:
    if not nameless:
        return ""
    return f"; {'1 account has' if nameless == 1 else f'{nameless:,} accounts have'} none there"


def _opened(store: str | os.PathLike[str]) -> Layout:
    layout = Layout(Path(store).absolute())
    layout.require()
    return layout
