"""Names of accounts from a CSV file: AWS's own export of an organization, a spreadsheet, `ctaudit accounts` itself.

What is not plainly an account and its name is refused, with its line, and nothing is guessed: a wrong name in an answer
is worse than none.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ctaudit import limits
from ctaudit.errors import UsageError

_ACCOUNTS = ("accountid", "accountnumber", "id", "account")
_NAMES = ("accountname", "name")
"""Headings in lower case, without spaces and the like; the first that is there counts: `Account` may head names."""
_DELIMITERS = ",;\t"
_ACCOUNT = re.compile(r"(\d{4})-?(\d{4})-?(\d{4})", re.ASCII)
"""The console of AWS writes 1111-2222-3333."""
_COLUMNS = "one column has to be headed account, account_id or id, another one name or account_name"


def read(path: Path) -> bytes:
    """Return the file's content; raises UsageError when it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            content = file.read(limits.MAX_NAMES_FILE_BYTES + 1)
    except OSError as error:
        advice = "name a CSV file, or - for standard input"
        raise UsageError(f"{path} cannot be read: {error.strerror}", advice) from error
    return content


def parse(content: bytes, called: str) -> tuple[dict[str, str], int]:
    """Return account -> name, and how many accounts the file gives no name.

    Args:
        content: the file, UTF-8, or UTF-16 with a byte order mark.
        called: what it is called in errors.

    Raises UsageError, which names the line, when anything in it is not plainly an account and its name.
    """
    lines = io.StringIO(_text(content, called), newline="")
    reader = csv.reader(lines, delimiter=_delimiter(lines), strict=True)
    names: dict[str, str] = {}
    nameless = 0
    for line, account, name in _rows(reader, called):
        if not name:
            nameless += 1
        elif names.setdefault(account, name) != name:
            raise UsageError(f"{called}, line {line}: account {account} has two names, {names[account]!r} and {name!r}")
        if len(names) > limits.MAX_ACCOUNTS:
            raise UsageError(f"{called} has more than {limits.MAX_ACCOUNTS:,} accounts", "split it")
    if not names and not nameless:
        raise UsageError(f"{called} has no account in it", _COLUMNS)
    return names, nameless


def _text(content: bytes, called: str) -> str:
    if len(content) > limits.MAX_NAMES_FILE_BYTES:
        raise UsageError(f"{called} is larger than {limits.MAX_NAMES_FILE_BYTES:,} bytes", "split it")
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{called} is not UTF-8 text, at byte {error.start}", "save it as CSV UTF-8") from error


def _delimiter(lines: io.StringIO) -> str:
    """Return what separates the headings: which of the three there are most of."""
    heading = lines.readline()
    lines.seek(0)
    return max(_DELIMITERS, key=heading.count)


def _rows(reader: Iterator[list[str]], called: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, account and name of each row; rows in which both are empty are none."""
    line = 1
    try:
        headings = next(reader, [])
        account_at, name_at = _column(headings, _ACCOUNTS, called), _column(headings, _NAMES, called)
        for row in reader:
            line = getattr(reader, "line_num", line)
            account, name = (row[at].strip() if at < len(row) else "" for at in (account_at, name_at))
            if account or name:
                yield line, _account(account, called, line), _name(name, called, line)
    except csv.Error as error:
        raise UsageError(f"{called}, line {line + 1} or below is no CSV: {error}", _COLUMNS) from error


def _column(headings: Sequence[str], wanted: Sequence[str], called: str) -> int:
    """Return the place of the column that is headed by the first of `wanted` that is there."""
    keys = [re.sub(r"[\s_-]", "", heading).lower() for heading in headings]
    found = next((key for key in wanted if key in keys), None)
    if found is None:
        kind = "account ids" if wanted is _ACCOUNTS else "names"
        raise UsageError(f"{called}, line 1 names no column of {kind}", _COLUMNS)
    if keys.count(found) > 1:
        raise UsageError(f"{called}, line 1 names two columns {headings[keys.index(found)]!r}", _COLUMNS)
    return keys.index(found)


def _account(text: str, called: str, line: int) -> str:
    digits = _ACCOUNT.fullmatch(text)
    if digits is not None:
        return "".join(digits.groups())
    shown = text if len(text) <= limits.MAX_ACCOUNT_NAME else f"{text[: limits.MAX_ACCOUNT_NAME]}…"
    lost = bool(re.fullmatch(r"\d{1,11}|\d([.,]\d+)?E\+\d+", text, re.ASCII | re.IGNORECASE))
    why = ": a spreadsheet has taken it for a number and dropped digits" if lost else ""
    advice = "store the column as text, with all 12 digits" if lost else "an account id has 12 digits"
    raise UsageError(f"{called}, line {line}: {shown!r} is no account id{why}", advice)


def _name(text: str, called: str, line: int) -> str:
    if len(text) > limits.MAX_ACCOUNT_NAME:
        raise UsageError(f"{called}, line {line}: a name of {len(text):,} characters is none that AWS gives an account")
    return text
