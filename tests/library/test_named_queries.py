"""The library as a whole: what is shipped, what users add, how it is asked for, and that README tells it all."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from ctaudit.dialect.translate import translate
from ctaudit.errors import QueryError, UsageError
from ctaudit.library.kinds import Kind
from ctaudit.named_queries import Library, is_name
from tests.cli.processes import in_shell
from tests.conftest import Ask, Case

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LIBRARY = Library()
OWN = """-- title: Mine
-- answers: How many?
-- param who text: a name
-- returns: n

SELECT count(*) AS n FROM cloudtrail_logs WHERE useridentity.username = '{{who}}'
"""
_STORY = {
    Kind.DATE: "2026-03-11",
    Kind.KEY: "AKIAUIKVJION6EXAMPLE",
    Kind.ADDRESS: "198.51.100.77",
    Kind.TEXT: "hotfix-4412",
}


def _given(name: str) -> dict[str, str]:
    return {each.name: _STORY[each.kind] for each in LIBRARY.find(name).parameters if each.default is None}


def test_there_are_queries_for_a_whole_investigation() -> None:
    assert len(LIBRARY.names) >= 45


@pytest.mark.parametrize("name", LIBRARY.names)
def test_each_query_is_what_its_header_says_whichever_way_it_is_filled(name: str) -> None:
    query = LIBRARY.find(name)
    assert query.answers.endswith(("?", "."))
    asked = LIBRARY.asked(name, _given(name))
    by_translator, by_text = translate(asked.sql, params=asked.params), translate(asked.filled)
    assert by_translator.sql == by_text.sql
    assert by_translator.names == query.returns
    assert by_translator.notes == ()  # nothing that Athena would reject or do otherwise
    assert "{{" not in asked.filled


def test_no_query_asks_for_columns_that_only_ctaudit_has() -> None:
    ours = re.compile(r"(?<!AS )\b(account|region|date|integrity|source_file|record|extra|eventjson)\b(?!\()")
    for name in LIBRARY.names:
        body = re.sub(r"--[^\n]*|'[^']*'", "", LIBRARY.find(name).sql)
        rest = body.partition("FROM")[2].partition("GROUP BY")[0]
        assert ours.findall(re.sub(r"AS (account|region)", "", rest)) == [], name


def test_the_readme_lists_every_query_once() -> None:
    section = (ROOT / "README.md").read_text("utf-8").partition("### Named queries")[2].partition("## Prove")[0]
    listed = [name for row in re.findall(r"^\| .*\? \| (.*) \|$", section, re.MULTILINE) for name in row.split(", ")]
    assert sorted(name.strip("`") for name in listed) == list(LIBRARY.names)
    assert f"one of these {len(LIBRARY.names)} questions" in section


def test_the_example_in_the_readme_is_a_query(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```sql\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / "fetched.sql").write_text(example, "utf-8")
    asked = Library([tmp_path]).asked("fetched", {"bucket": "payroll"})
    assert translate(asked.sql, params=asked.params).names == ("principal", "objects")


def test_the_queries_are_in_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    buildapi = pytest.importorskip("flit_core.buildapi")
    monkeypatch.chdir(ROOT)
    wheel = buildapi.build_wheel(str(tmp_path))
    packed = {Path(name).stem for name in zipfile.ZipFile(tmp_path / wheel).namelist() if name.endswith(".sql")}
    assert packed == set(LIBRARY.names)


def test_a_users_query_is_found_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "mine.sql").write_text(OWN, "utf-8")
    (tmp_path / ".hidden.sql").write_text("no header", "utf-8")
    (tmp_path / "notes.txt").write_text("no query", "utf-8")
    library = Library([tmp_path, str(tmp_path)])
    assert library.find("mine").source == str(tmp_path / "mine.sql")
    assert set(library.names) == {*LIBRARY.names, "mine"}


def test_a_name_there_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "role-chains.sql").write_text(OWN, "utf-8")
    with pytest.raises(QueryError, match=r"two queries 'role-chains': role-chains\.sql of ctaudit and .*/role-chains"):
        Library([tmp_path])


@pytest.mark.parametrize("name", ["Mine.sql", "my query.sql", "my_query.sql", "-x.sql", "x--y.sql", "é.sql"])
def test_a_name_that_could_be_mistaken_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(OWN, "utf-8")
    with pytest.raises(QueryError, match="is no name of a query"):
        Library([tmp_path])


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the queries in .*/no: No such file or directory"):
        Library([tmp_path / "no"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff", "is not UTF-8 text: byte 0 is 0xff"),
        (b" " * 300_000, "is longer than"),
        (b"", "line 1: the header has no"),
    ],
)
def test_a_file_that_is_wrong_hinders_no_other(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.sql").write_bytes(content)
    library = Library([tmp_path])
    assert library.find("role-chains").title
    with pytest.raises(QueryError, match=said):
        library.find("wrong")
    with pytest.raises(QueryError, match=r"/wrong\.sql"):
        library.listing()


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wrong.sql").mkdir()
    with pytest.raises(QueryError, match=r"/wrong\.sql is no plain file"):
        Library([tmp_path]).find("wrong")


@pytest.mark.parametrize("text", ["role-chains", "SELECT", "first_look"])
def test_a_word_is_a_name(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize("text", ["-", "SELECT 1", "VALUES(1)", "a;b", "", "a--b"])
def test_what_is_no_word_is_sql(text: str) -> None:
    assert not is_name(text)


def test_the_list_is_short_for_people_and_whole_for_scripts(ask: Ask, tmp_path: Path) -> None:
    shown = ask("query", "--list", folder=tmp_path)
    assert (shown.code, len(shown.plain)) == (0, len(LIBRARY.names) + 2)
    assert shown.plain[0].split() == ["name", "title", "parameters", "technique"]
    whole = {row["name"]: row for row in json.loads(ask("query", "--list", "--format", "json", folder=tmp_path).out)}
    assert whole["mass-deletions"]["parameters"] == [
        {"name": "at_least", "kind": "number", "meaning": "deletions within an hour", "default": "10"}
    ]
    assert whole["mass-deletions"]["needs"] == "data events for objects and items"
    assert whole["trail-tampering"]["technique"] == ["T1562.008"]
    assert ask("query", "--list", "--format", "csv", folder=tmp_path).code == 0


def test_a_query_is_asked_by_name(ask: Ask, case: Case) -> None:
    done = ask("query", "trail-tampering", "--since", "2026-03-11", "--until", "2026-03-11T03:00Z", "--format", "json",
               folder=case.folder)  # fmt: skip
    rows = [(row["eventtime"], row["eventname"], row["errorcode"]) for row in json.loads(done.out)]
    assert rows == [
        ("2026-03-11T02:16:22Z", "StopLogging", "AccessDeniedException"),
        ("2026-03-11T02:17:05Z", "DeleteTrail", "AccessDeniedException"),
        ("2026-03-11T02:20:48Z", "PutEventSelectors", None),
    ]
    assert done.code == 3  # one of the sample's files is damaged


def test_what_a_query_needs_is_said_with_its_answer(ask: Ask, case: Case) -> None:
    done = ask("query", "s3-reads", "--limit", "1", folder=case.folder)
    assert "s3-reads needs data events of S3; without it no row proves nothing" in done.err
    assert "data events" not in ask("query", "s3-reads", "--quiet", folder=case.folder).err


def test_the_story_of_the_sample_is_found_by_questions(ask: Ask, case: Case) -> None:
    def column(name: str, column: str, *words: str) -> list[str]:
        done = ask("query", name, "--format", "json", *words, folder=case.folder)
        return [row[column] for row in json.loads(done.out)]

    day = ("--param", "day=2026-03-11")
    assert column("keys-from-new-networks", "network", *day) == ["198.51.100", "2001:db8:66", "198.51.100"]
    assert column("admin-granted", "target") == ["svc-backup-agent"]
    assert column("trust-policy-changes", "accounts_named") == ["444455556666, 123456789012"]
    assert column("attack-tool-agents", "tool") == ["kali"]
    assert column("backups-deleted", "what") == ["snap-0132d9ebe59e28bd8"]
    assert column("kms-keys-endangered", "eventname") == ["ScheduleKeyDeletion", "CancelKeyDeletion"]
    assert column("new-identities", "name") == ["svc-backup-agent"]
    assert column("credentials-created", "credential") == ["AKIAV4US2CCCIEXAMPLE"]


def test_the_text_is_shown_as_it_is_or_filled(ask: Ask, tmp_path: Path) -> None:
    assert ask("query", "key-timeline", "--show", folder=tmp_path).out == LIBRARY.find("key-timeline").sql
    shown = ask("query", "key-timeline", "--show", "--param", "key=AKIAIOSFODNN7EXAMPLE", folder=tmp_path)
    assert "useridentity.accesskeyid = 'AKIAIOSFODNN7EXAMPLE'" in shown.out
    assert "{{" not in shown.out


@pytest.mark.parametrize(
    ("words", "said", "advice"),
    [
        (["role-chain"], "there is no query 'role-chain'", "did you mean 'role-chains'? see: ctaudit query --list"),
        (["SELECT"], "there is no query 'SELECT'", "see: ctaudit query --list"),
        (["key-timeline"], "key-timeline has parameters without a value: key", "give them: --param key=VALUE"),
        (["role-chains", "--param", "x=1"], "role-chains has no parameter 'x'", "it has none"),
        (["role-chains", "--dialect", "lake"], "named queries are Athena's SQL", "leave --dialect out"),
        (["--show"], "--show prints a named query", "see: ctaudit query --list"),
        (["SELECT 1", "--show"], "--show prints a named query", "see: ctaudit query --list"),
        (["x", "--queries", "nowhere"], "cannot read the queries in", ""),
    ],
)
def test_a_slip_is_one_sentence(words: list[str], said: str, advice: str, ask: Ask, tmp_path: Path) -> None:
    done = ask("query", *words, folder=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert said in done.err.splitlines()[0]
    assert done.err.splitlines()[1:] == ([f"  {advice}"] if advice else [])


def test_users_queries_come_from_the_environment_too(
    ask: Ask, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.sql").write_text(OWN, "utf-8")
    words = ("query", "mine", "--param", "who=ci-deploy' OR '1'='1", "--format", "csv")
    assert ask(*words, "--queries", str(tmp_path), folder=case.folder).out.split() == ["n", "0"]
    assert ask(*words, folder=case.folder).code == 2
    monkeypatch.setenv("CTAUDIT_QUERIES", str(tmp_path))
    assert ask(*words, folder=case.folder).out.split() == ["n", "0"]


def test_shells_complete_names_and_parameters(tmp_path: Path) -> None:
    (tmp_path / "role-mine.sql").write_text(OWN, "utf-8")
    (tmp_path / "role-wrong.sql").write_text("SELECT 1", "utf-8")
    line = "COMP_WORDS='{}' COMP_CWORD={} _CTAUDIT_COMPLETE=bash_complete ctaudit"
    names = in_shell(line.format("ctaudit query role", 2), folder=tmp_path, CTAUDIT_QUERIES=str(tmp_path))
    assert names.out.split() == [
        f"plain,{name}" for name in ("role-chains", "role-mine", "role-wrong", "roles-assumed")
    ]
    params = in_shell(line.format("ctaudit query key-timeline --param ", 4), folder=tmp_path)
    assert params.out.split() == ["plain,key="]
    broken = in_shell(line.format("ctaudit query role", 2), folder=tmp_path, CTAUDIT_QUERIES="/nowhere")
    assert (broken.code, broken.out.strip(), broken.err) == (0, "", "")
