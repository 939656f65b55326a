"""What accounts are called: the names that a store knows, and the account that somebody means by a name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from ctaudit.errors import UsageError
from ctaudit.store import account_names, catalog
from ctaudit.store.layout import Layout
from ctaudit.table import Column, Table

_COLUMNS = (
    Column("account", 0),
    Column("name", 0),
    Column("source", 1),
    Column("learned", 2),
    Column("events", 1, right=True),
)
_NUMBER = re.compile(r"[0-9]{12}", re.ASCII)
_NEAR = 3
"""Names like the one that was asked for that are told."""
_DIGITS = "give the 12 digits of the account"
_LEARN = "learn names by: ctaudit accounts --from-organizations, or --from FILE.csv"


def accounts(layout: Layout, notes: tuple[str, ...] = ()) -> Table:
    """Return every account that the store has a name or events of; raises StoreError."""
    with catalog.reading(layout) as connection:
        rows = account_names.each(connection)
    if not any(row[1] for row in rows):
        notes = (*notes, f"no account has a name; {_LEARN}")
    return Table(_COLUMNS, rows, len(rows), notes)


def called(layout: Layout) -> Mapping[str, str]:
    """Return account -> name, as far as the store knows; nothing where there is no store."""
    if not layout.catalog.is_file():
        return {}
    with catalog.reading(layout) as connection:
        return account_names.known(connection)


def numbers(layout: Layout | None, asked: Sequence[str]) -> tuple[str, ...]:
    """Return the account ids of accounts asked for by id or, in any letter case, by name.

    Raises UsageError when a name is that of no account, or of several; where there is no store, no name is known.
    """
    names = [text for text in asked if not _NUMBER.fullmatch(text)]
    if not names:
        return tuple(asked)
    if layout is None or not layout.catalog.is_file():
        raise UsageError(f"'{names[0]}' is no account id, and there is no store that knows names", _DIGITS)
    with catalog.reading(layout) as connection:
        rows = account_names.each(connection)
    known = {row[0]: row[1] for row in rows if row[0] is not None}
    return tuple(text if _NUMBER.fullmatch(text) else _number(text, known) for text in asked)


def _number(text: str, known: Mapping[str, str | None]) -> str:
    """Return the account that `text` names; evidence may hold accounts that are no 12 digits, which it names too."""
    wanted = text.strip().casefold()
    found = [account for account, name in known.items() if account == text or (name and name.casefold() == wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{len(found)} accounts are called '{text}': {', '.join(found[:_NEAR])}{', …' if found[_NEAR:] else ''}",
            _DIGITS,
        )
    near = _near(wanted, known)
    hint = f"did you mean {' or '.join(near)}?" if near else _LEARN
    raise UsageError(f"no account that the store knows is called '{text}'", f"{hint} (all: ctaudit accounts)")


def _near(wanted: str, known: Mapping[str, str | None]) -> list[str]:
    """Return the accounts whose name or id is like what is wanted, each with both, the nearest first."""
    spelled = {word.casefold(): account for account, name in known.items() for word in (account, name) if word}
    holding = sorted(word for word in spelled if wanted and wanted in word)
    alike = [*holding[:_NEAR], *difflib.get_close_matches(wanted, list(spelled), n=_NEAR)]
    return [_called(account, known) for account in list(dict.fromkeys(map(spelled.__getitem__, alike)))[:_NEAR]]


def _called(account: str, known: Mapping[str, str | None]) -> str:
    return f"{known[account]} ({account})" if known[account] else account
