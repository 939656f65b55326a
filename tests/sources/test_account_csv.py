"""Names of accounts from CSV files: every spelling that is plain, and no guess at any that is not."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from ctaudit import limits
from ctaudit.errors import UsageError
from ctaudit.sources.account_csv import parse, read

ACCOUNT, OTHER = "111122223333", "000000000042"
BOTH = {ACCOUNT: "prod", OTHER: "dev, old"}
AWS_EXPORT = (
    "Account ID,ARN,Email,Name,Status,Joined method,Joined timestamp\n"
    f"{ACCOUNT},arn:aws:organizations::{ACCOUNT}:account/o-exampleorg1/{ACCOUNT},root@example.com,prod,ACTIVE,CREATED,"
    "2024-01-31T10:11:12Z\n"
    f"{OTHER},arn:aws:organizations::{ACCOUNT}:account/o-exampleorg1/{OTHER},d@example.com,"
    '"dev, old",SUSPENDED,INVITED,\n'
)


@pytest.mark.parametrize(
    "text",
    [
        AWS_EXPORT,
        AWS_EXPORT.replace("\n", "\r\n"),
        f'account,name\n{ACCOUNT},prod\n{OTHER},"dev, old"',
        f"name;ACCOUNT_ID\nprod;{ACCOUNT}\ndev, old;{OTHER}\n",
        f"Id\tAccount Name\tnote\n{ACCOUNT}\tprod\t\n\n{OTHER}\t dev, old \t;;;;;,,,,,\n",
        'account-id,name\n"1111-2222-3333",prod\n0000-0000-0042,"dev, old"\n,,\n',
        f'Account,Account ID,Account Name\nx,{ACCOUNT},prod\nx,{OTHER},"dev, old"\n',
        f'account,name\n{ACCOUNT},prod\n{OTHER},"dev, old"\n{ACCOUNT},prod\n',
    ],
    ids=["AWS", "CRLF", "short", "semicolons", "tabs", "hyphens", "account means a name", "the same twice"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_plain_file_is_read(text: str, encoding: str) -> None:
    assert parse(text.encode(encoding), "names.csv") == (BOTH, 0)


def test_names_are_kept_as_they_are_and_accounts_without_are_counted() -> None:
    text = f"account,name\n{ACCOUNT},\"=cmd|'x'!A1\n\x1b[31m\"\n{OTHER},\n000000000043\n"
    assert parse(text.encode(), "names.csv") == ({ACCOUNT: "=cmd|'x'!A1\n\x1b[31m"}, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1 names no column of account ids"),
        (f"{ACCOUNT},prod\n", "line 1 names no column of account ids"),
        (f"account,email\n{ACCOUNT},x\n", "line 1 names no column of names"),
        (f"name,owner\nprod,{ACCOUNT}\n", "line 1 names no column of account ids"),
        (f"id,Name,name\n{ACCOUNT},a,b\n", "line 1 names two columns 'Name'"),
        ("account,name\n", "has no account in it"),
        (f"account,name\n{ACCOUNT},prod\n42,dev\n", "line 3: '42' is no account id: a spreadsheet"),
        ("account,name\n1.11122E+11,prod\n", "line 2: '1.11122E+11' is no account id: a spreadsheet"),
        ("account;name\n1,11122E+11;prod\n", "line 2: '1,11122E+11' is no account id: a spreadsheet"),
        (f"account,name\n{ACCOUNT}0,prod\n", f"line 2: '{ACCOUNT}0' is no account id"),
        ("account,name\n١١١١٢٢٢٢٣٣٣٣,prod\n", "line 2: '١١١١٢٢٢٢٣٣٣٣' is no account id"),
        ("account,name\n,prod\n", "line 2: '' is no account id"),
        ("account,name\nprod,prod\n", "line 2: 'prod' is no account id"),
        (f'account,name\n"{"9" * 999}",prod\n', "9…' is no account id"),
        (
            f"account,name\n{ACCOUNT},a\n{OTHER},b\n{ACCOUNT},c\n",
            f"line 4: account {ACCOUNT} has two names, 'a' and 'c'",
        ),
        (f"account,name\n1111-2222-3333,a\n{ACCOUNT},c\n", f"line 3: account {ACCOUNT} has two names, 'a' and 'c'"),
        (f"account,name\n{ACCOUNT},{'n' * 201}\n", "line 2: a name of 201 characters"),
        (f'account,name\n{ACCOUNT},"prod\n', "is no CSV"),
        (f'account,name\n{ACCOUNT},"a"b\n', "line 2 or below is no CSV"),
        (f"account,name\n{ACCOUNT},{'n' * 140_000}\n", "is no CSV: field larger"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(text.encode(), "names.csv")
    assert refused.value.message.startswith("names.csv")
    assert said in refused.value.message
    assert len(refused.value.message) < 500
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    "content", [b"account,name\n111122223333,prod\xe9\n", codecs.BOM_UTF16_LE + b"a", b"\x1f\x8b\x08"]
)
def test_other_encodings_are_refused(content: bytes) -> None:
    with pytest.raises(UsageError, match="not UTF-8 text, at byte"):
        parse(content, "names.csv")


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "names.csv"
    path.write_text("account,name\n" + "".join(f"{number:012},a\n" for number in range(4)))
    monkeypatch.setattr(limits, "MAX_ACCOUNTS", 3)
    with pytest.raises(UsageError, match="more than 3 accounts"):
        parse(read(path), "names.csv")
    monkeypatch.setattr(limits, "MAX_NAMES_FILE_BYTES", 20)
    assert len(read(path)) == 21
    with pytest.raises(UsageError, match="larger than 20 bytes"):
        parse(read(path), "names.csv")


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / name)
