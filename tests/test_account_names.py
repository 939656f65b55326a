"""What accounts are called: learned from a file, shown in every answer, taken for the account; and hostile names."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

import ctaudit
from ctaudit.errors import StoreBusy
from ctaudit.learned_names import from_csv
from ctaudit.store import lock
from ctaudit.store.layout import Layout
from tests.cli.evidence import HOSTILE, event, write
from tests.cli.processes import Done, in_shell, on_terminal, piped
from tests.conftest import Ask

pytestmark = pytest.mark.slow

PROD, DEV, STRAY = "111122223333", "444455556666", "777788889999"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = f"account,name\n{PROD},prod-payments\n{DEV},Dev\n222233334444,idle\n"


def made(folder: Path, *events: dict[str, Any]) -> Path:
    """Put a store of some events into a folder, and return the folder."""
    write(folder / "logs.json", list(events))
    assert ctaudit.ingest(folder / "ctaudit-store", [str(folder / "logs.json")], jobs=1).events == len(events)
    return folder


def four_events(folder: Path) -> Path:
    """Put a store of four events in three accounts into a folder."""
    return made(
        folder,
        event(0),
        event(1, recipientAccountId=DEV, requestParameters={"bucketName": "bucket-0"}),
        event(2, recipientAccountId=STRAY),
        event(3, eventName="StopLogging", eventSource="cloudtrail.amazonaws.com"),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return four_events(tmp_path)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that was told names; tests must not write to it."""
    folder = four_events(tmp_path_factory.mktemp("named"))
    learn(folder)
    return folder


def learn(folder: Path, text: str = NAMES, now: datetime = NOW) -> ctaudit.Table:
    (folder / "names.csv").write_text(text, encoding="utf-8")
    return from_csv(folder / "ctaudit-store", folder / "names.csv", now=now)


def names(folder: Path) -> dict[Any, Any]:
    return {row["account"]: row["name"] for row in ctaudit.open(folder / "ctaudit-store").accounts()}


# Learning


def test_the_table_tells_names_where_and_when_they_were_learned_and_events(folder: Path) -> None:
    path = str(folder / "names.csv")
    assert learn(folder).rows == [
        (PROD, "prod-payments", path, "2026-03-01T00:00:00Z", 2),
        ("222233334444", "idle", path, "2026-03-01T00:00:00Z", 0),
        (DEV, "Dev", path, "2026-03-01T00:00:00Z", 1),
        (STRAY, None, None, None, 1),
    ]


def test_a_later_file_replaces_what_it_names_and_leaves_the_rest(folder: Path) -> None:
    learn(folder)
    table = learn(
        folder, f"account,name\n{DEV},dev\n{STRAY},stray\n222233334444,idle\n", datetime(2026, 4, 1, tzinfo=UTC)
    )
    assert table.notes == (f"{folder / 'names.csv'}: 1 new name, 1 changed, 1 as before",)
    assert {row["account"]: (row["name"], str(row["learned"])[:10]) for row in table} == {
        PROD: ("prod-payments", "2026-03-01"),
        DEV: ("dev", "2026-04-01"),
        "222233334444": ("idle", "2026-04-01"),
        STRAY: ("stray", "2026-04-01"),
    }


def test_one_bad_line_keeps_none_of_the_names(folder: Path) -> None:
    learn(folder)
    before = names(folder)
    with pytest.raises(ctaudit.UsageError, match=r"names\.csv, line 3: '42'"):
        learn(folder, f"account,name\n{STRAY},stray\n42,dev\n")
    assert names(folder) == before


def test_names_are_not_learned_beside_an_ingest(folder: Path) -> None:
    with lock.held(Layout(folder / "ctaudit-store")), pytest.raises(StoreBusy):
        learn(folder)
    assert set(names(folder).values()) == {None}


def test_a_store_from_before_there_were_names_answers_and_can_be_told_some(folder: Path) -> None:
    with duckdb.connect(str(folder / "ctaudit-store" / "ctaudit.duckdb")) as connection:
        connection.execute("DROP TABLE account_names")
    store = ctaudit.open(folder / "ctaudit-store")
    assert [row["account_name"] for row in store.timeline()] == [None] * 4
    assert [row["account_name"] for row in store.partitions()] == [None] * 3
    assert store.status().content["account_names"] == {}
    assert store.coverage().spans.records()[0]["account_name"] is None
    assert names(folder) == {PROD: None, DEV: None, STRAY: None}
    assert "no account has a name" in store.accounts().notes[0]
    learn(folder)
    assert [row["account_name"] for row in store.who_deleted("bucket-0")] == ["prod-payments", "Dev"]


def test_names_outlive_further_ingests_and_upkeep(folder: Path, ask: Ask) -> None:
    learn(folder)
    write(folder / "more.json", [event(4)])
    for words in (("ingest", "more.json"), ("compact",), ("forget", "--until", "2026-02-03", "--yes")):
        assert ask(*words, folder=folder).code == 0
    assert [row["account_name"] for row in ctaudit.open(folder / "ctaudit-store").who_deleted("bucket-4")] == [
        "prod-payments"
    ]


# Answers


@pytest.mark.parametrize(
    "words",
    [
        ("who-deleted", "bucket-0"),
        ("timeline", "--account", PROD, "--account", DEV),
        ("what-did", "mia"),
        ("partitions",),
    ],
)
@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "tsv"])
def test_machines_get_the_digits_and_the_name_under_a_key_of_its_own(
    words: tuple[str, ...], form: str, named: Path, ask: Ask
) -> None:
    done = ask(*words, "--format", form, folder=named)
    rows = read(done.out, form)
    assert rows
    assert all("account_name" in row for row in rows)
    assert {row["account"]: row["account_name"] or None for row in rows} == {
        account: name for account, name in names(named).items() if account in {row["account"] for row in rows}
    }


def read(text: str, form: str) -> list[dict[str, Any]]:
    if form == "json":
        return list(json.loads(text))
    if form == "jsonl":
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(io.StringIO(text), delimiter="\t" if form == "tsv" else ","))


@pytest.mark.parametrize("words", [("who-touched", "bucket-*"), ("timeline",), ("partitions",), ("coverage",)])
@pytest.mark.parametrize("form", ["table", "markdown"])
def test_people_read_the_name_before_the_digits_in_one_column(
    words: tuple[str, ...], form: str, named: Path, ask: Ask
) -> None:
    done = ask(*words, "--format", form, folder=named)
    assert f"prod-payments ({PROD})" in done.out
    assert f"Dev ({DEV})" in done.out
    assert f"({STRAY})" not in done.out
    assert STRAY in done.out
    assert "account_name" not in done.out + done.err


def test_changes_of_logging_and_status_tell_names_too(named: Path, ask: Ask) -> None:
    told = json.loads(ask("coverage", "--format", "json", folder=named).out)
    changes = {(change["account"], change["account_name"]) for change in told["logging_changes"]}
    assert changes == {(PROD, "prod-payments"), (DEV, "Dev"), (STRAY, None)}
    assert {span["account_name"] for span in told["spans"]} == {"prod-payments", "Dev", None}
    status = json.loads(ask("status", "--format", "json", folder=named).out)
    assert status["account_names"] == {PROD: "prod-payments", DEV: "Dev"}


def test_one_event_is_shown_with_the_name_of_its_account(named: Path) -> None:
    store = ctaudit.open(named / "ctaudit-store")
    shown = {row["account"]: store.show(str(row["event_id"])).content["account_name"] for row in store.timeline()}
    assert shown == {PROD: "prod-payments", DEV: "Dev", STRAY: None}


def test_holes_and_silent_regions_are_told_with_names(named: Path) -> None:
    store = ctaudit.open(named / "ctaudit-store")
    said = store.timeline(account=[PROD, DEV], since="2026-02-03T11:00Z", until="2026-02-03T13:00Z", who="nobody")
    assert "none has files 2026-02-03 11:00" in said.partial[0]
    notes = store.coverage(since="2026-03-01", until="2026-03-02").spans.notes
    assert f"prod-payments ({PROD}) eu-west-1 (last heard of 2026-02-03T12:00Z)" in notes[-1]


def test_a_terminal_does_not_tell_of_a_hidden_column_of_names(named: Path) -> None:
    done = on_terminal("timeline", width=80, folder=named)
    assert "columns that do not fit:" in done.err
    assert "account_name" not in done.out + done.err
    strips = on_terminal("coverage", width=160, folder=named)
    assert f"{PROD} eu-west-1 prod-payments" in strips.out


# --account


@pytest.mark.parametrize("name", ["prod-payments", "PROD-Payments", " prod-payments ", PROD])
def test_an_account_is_asked_for_by_its_name(name: str, named: Path) -> None:
    store = ctaudit.open(named / "ctaudit-store")
    assert len(store.timeline(account=name)) == 2
    assert len(store.timeline(account=[name, DEV])) == 3
    assert len(store.partitions(account=name)) == 1
    assert {row["account"] for row in store.coverage(account=name).spans} == {PROD}
    assert store.query("SELECT count(*) FROM cloudtrail_logs", account=name).rows == [(2,)]


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("prod-paymnets", f"did you mean prod-payments ({PROD})?"),
        ("payments", f"did you mean prod-payments ({PROD})?"),
        ("11112222333", f"did you mean prod-payments ({PROD}) or "),
        ("77778888999", f"did you mean {STRAY}?"),
        ("something else", "learn names by: ctaudit accounts --from-organizations"),
        ("", "learn names by"),
    ],
)
def test_a_name_of_no_account_is_refused_with_those_like_it(asked: str, near: str, named: Path, ask: Ask) -> None:
    done = ask("timeline", "--account", asked, folder=named)
    assert (done.code, done.out) == (2, "")
    said, advice = done.err.splitlines()
    assert said == f"ctaudit: no account that the store knows is called '{asked}'"
    assert near in advice


@pytest.mark.parametrize("command", ["who-deleted x", "partitions", "coverage", "query 'SELECT 1'", "validate"])
def test_every_command_refuses_it(command: str, named: Path, ask: Ask) -> None:
    done = ask(*shlex.split(command), "--account", "nobody", folder=named)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("ctaudit: no account that the store knows is called 'nobody'\n")


def test_a_name_of_several_accounts_is_refused_with_each(folder: Path, ask: Ask) -> None:
    learn(folder, f"account,name\n{PROD},sandbox\n{DEV},Sandbox\n")
    done = ask("timeline", "--account", "sandbox", folder=folder)
    assert done.code == 2
    assert done.err.startswith(f"ctaudit: 2 accounts are called 'sandbox': {PROD}, {DEV}\n")


def test_twelve_digits_are_always_the_account_itself(folder: Path) -> None:
    learn(folder, f"account,name\n{PROD},{DEV}\n")
    assert [row["account"] for row in ctaudit.open(folder / "ctaudit-store").timeline(account=DEV)] == [DEV]


def test_evidence_with_accounts_of_another_form_can_be_asked_for_as_it_is(tmp_path: Path) -> None:
    store = ctaudit.open(made(tmp_path, event(0, recipientAccountId="anonymous")) / "ctaudit-store")
    assert len(store.timeline(account="anonymous")) == 1
    learn(tmp_path, f"account,name\n{PROD},anonymous\n")
    with pytest.raises(ctaudit.UsageError, match="2 accounts are called 'anonymous'"):
        store.timeline(account="anonymous")


def test_without_a_store_no_name_is_known(tmp_path: Path, ask: Ask) -> None:
    done = ask("collect", "s3://bucket", "copy", "--account", "prod", folder=tmp_path)
    assert done.code == 2
    assert "'prod' is no account id, and there is no store that knows names" in done.err
    done = ask("ingest", "s3://bucket", "--account", "prod", folder=tmp_path)
    assert done.code == 2
    assert "'prod' is no account id" in done.err
    assert not (tmp_path / "ctaudit-store").exists()


# Hostile names


ODD = (*HOSTILE, "| `x` | @here", "nul\x00nul")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of accounts of which each has a hostile name."""
    numbers = [f"{number:012}" for number, _ in enumerate(ODD)]
    events = [event(minute, recipientAccountId=number) for minute, number in enumerate(numbers)]
    folder, out = made(tmp_path_factory.mktemp("hostile"), *events), io.StringIO()
    csv.writer(out).writerows([("account", "name"), *zip(numbers, ODD, strict=True)])
    (folder / "names.csv").write_bytes(out.getvalue().encode())
    from_csv(folder / "ctaudit-store", folder / "names.csv", now=NOW)
    assert names(folder) == dict(zip(numbers, ODD, strict=True))
    return folder


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "tsv", "markdown"])
@pytest.mark.parametrize("command", ["who-deleted bucket-*", "partitions", "coverage", "status", "accounts"])
def test_hostile_names_are_harmless_in_every_format(command: str, form: str, hostile: Path, ask: Ask) -> None:
    done = ask(*command.split(), "--format", form, folder=hostile)
    assert "evil.example" in done.out
    assert re.sub(r"[\n\t]", "", done.out + done.err).isprintable()
    assert done.out.count("\t") == (0 if form != "tsv" else done.out.splitlines()[0].count("\t") * done.out.count("\n"))
    if form == "csv":
        cells = [cell for row in csv.reader(io.StringIO(done.out)) for cell in row]
        assert [cell for cell in cells if "HYPERLINK" in cell and cell.startswith("'=")]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


@pytest.mark.parametrize("name", ODD)
def test_hostile_names_can_be_asked_for_and_missed(name: str, hostile: Path, ask: Ask) -> None:
    assert len(ctaudit.open(hostile / "ctaudit-store").timeline(account=name)) == 1
    done = ask("timeline", "--account", f"{name}!".replace("\0", ""), folder=hostile)
    assert done.code == 2
    assert len(done.err.splitlines()) == 2
    assert done.err.replace("\n", "").isprintable()


def test_a_name_cannot_pass_for_the_digits(folder: Path, ask: Ask) -> None:
    learn(folder, f"account,name\n{PROD},me ({DEV})\n")
    assert f"me ({DEV}) ({PROD})" in ask("partitions", folder=folder).out


# The command


def accounts(folder: Path, *words: str, stdin: bytes = b"") -> Done:
    return piped("accounts", *words, folder=folder, stdin=stdin)


def test_the_command_reads_standard_input_and_its_own_output(folder: Path) -> None:
    learn(folder)
    told = accounts(folder, "--format", "csv")
    assert told.code == 0
    assert told.out.splitlines()[0] == "account,name,source,learned,events"
    done = accounts(folder, "--from", "-", "--format", "jsonl", stdin=told.out.encode())
    assert done.code == 0
    assert "standard input: 0 new names, 0 changed, 3 as before; 1 account has none there" in done.err
    assert {json.loads(line)["source"] for line in done.out.splitlines()} == {"standard input", None}


def test_a_closed_standard_input_is_one_sentence(folder: Path) -> None:
    done = in_shell("ctaudit accounts --from - <&-", folder=folder)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("ctaudit: standard input cannot be read: Bad file descriptor\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--from", "absent.csv"), 2, "absent.csv cannot be read: No such file or directory"),
        (("--from", "-"), 2, "standard input, line 1 names no column of account ids"),
        (("--from", "names.csv", "--from-organizations"), 2, "choose one"),
        (("--external-id", "x"), 2, "name it with --role-arn"),
        (("--store", "elsewhere"), 4, "there is no store at"),
        (("--store", "elsewhere", "--from", "names.csv"), 4, "there is no store at"),
        (("--store", "elsewhere", "--from-organizations"), 4, "there is no store at"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    words: tuple[str, ...], code: int, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    done = ask("accounts", *words, folder=folder)
    assert (done.code, done.out) == (code, "")
    assert said in done.err.splitlines()[0]
    assert not (folder / "elsewhere").exists()
