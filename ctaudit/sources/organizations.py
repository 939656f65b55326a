"""Names of accounts as AWS Organizations has them, which tells its management account and delegated administrators.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from ctaudit import limits
from ctaudit.errors import CtauditError
from ctaudit.sources.aws_login import Login
from ctaudit.sources.objects import Unavailable
from ctaudit.sources.own_account import Clients
from ctaudit.sources.turns import Ask, Turns, code_of

NAME = "organizations"
"""What it is called, as the place that a name is from."""
PAUSE = 0.05
"""Seconds from one request to the next; a page has 20 accounts."""
_ADVICE = (
    "ask as the organization's management account or a delegated administrator (--profile, --role-arn), "
    "or give the names by --from FILE.csv"
)
_NOT_IN_USE = "AWSOrganizationsNotInUseException"
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


def account_names(login: Login) -> tuple[dict[str, str], int]:
    """Return account -> name of all accounts of the organization, and how many AWS gives no name.

    Raises CtauditError when AWS does not tell all of them: a part would pass for the whole.
    """
    names: dict[str, str] = {}
    nameless = 0
    try:
        clients = Clients(login)
        ask = Turns(clients.client(NAME, clients.home).list_accounts, PAUSE, threading.Event())
        for account, name in _accounts(ask):
            if name:
                names[account] = name
            nameless += not name
    except Unavailable as trouble:
        raise _refused(trouble) from trouble
    if not names and not nameless:  # the management account at least is in it
        raise _strange("no account at all")
    return names, nameless


def _accounts(ask: Ask) -> Iterator[tuple[str, str]]:
    """Yield account and name, page by page; a page may be empty and not be the last one."""
    tokens: set[str] = set()
    said = ask()
    count = 0
    while True:
        for entry in said.get("Accounts") or ():
            yield _checked(entry)
            count += 1
        token = said.get("NextToken") or None
        if token is None:
            return
        if token in tokens:
            raise _strange("the same page again and again")
        if count > limits.MAX_ACCOUNTS or len(tokens) > limits.MAX_ACCOUNTS:
            raise _strange(f"more than {limits.MAX_ACCOUNTS:,} accounts or pages")
        tokens.add(token)
        said = ask(NextToken=token)


def _checked(entry: Mapping[str, Any]) -> tuple[str, str]:
    account, name = str(entry.get("Id")), str(entry.get("Name") or "").strip()
    name = name.encode(errors="backslashreplace").decode()  # half of a surrogate pair is JSON, and no text
    if not _ACCOUNT.fullmatch(account):
        raise _strange("an account without an id of 12 digits")
    if len(name) > limits.MAX_ACCOUNT_NAME:
        raise _strange(f"a name of {len(name):,} characters for account {account}")
    return account, name


def _refused(trouble: Unavailable) -> CtauditError:
    if code_of(trouble.__cause__) == _NOT_IN_USE:
        return CtauditError(f"the account of these credentials is in no organization ({_NOT_IN_USE})", _ADVICE)
    return CtauditError(f"AWS Organizations does not tell its accounts (ListAccounts): {trouble.reason}", _ADVICE)


def _strange(what: str) -> CtauditError:
    return CtauditError(f"AWS Organizations (ListAccounts) answers with {what}, so no name was kept", _ADVICE)
