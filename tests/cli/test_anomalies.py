"""`anomalies` on the command line: rows, cards, exit codes, what is remembered and what is kept quiet."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from ctaudit import anomaly_report
from ctaudit.anomaly_table import COLUMNS
from ctaudit.ingest import ingest
from tests.cli import odd_family
from tests.cli.evidence import HOSTILE
from tests.cli.odd_store import add, calls
from tests.cli.processes import Done, in_shell, on_terminal
from tests.conftest import Ask, Case

CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]")


@pytest.fixture(autouse=True)
def _odd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anomaly_report, "FAMILIES", (odd_family,))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose store holds a low, a medium and a high anomaly, and three calls that are none."""
    folder = tmp_path_factory.mktemp("three")
    return add(
        folder,
        calls(12),
        calls(22, "GetObject", 10, readOnly=True),
        calls(31, "StopLogging", 20, awsRegion="us-east-1"),
        calls(3, "ListUsers", 30),
    )


@pytest.fixture(scope="module")
def low(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose store holds a single, low anomaly."""
    return add(tmp_path_factory.mktemp("low"), calls(12))


@pytest.fixture(scope="module")
def hostile_calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose store holds an anomaly for each kind of hostile text."""
    groups = [calls(12, f"Do{text}", place * 5, awsRegion=text) for place, text in enumerate(HOSTILE)]
    return add(tmp_path_factory.mktemp("hostile"), *groups)


def rows(done: Done) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def test_each_anomaly_is_a_row_and_the_worst_is_first(ask: Ask, three: Path) -> None:
    done = ask("anomalies", "--format", "json", folder=three)
    found = rows(done)
    assert done.code == 1
    assert [(row["severity"], row["kind"]) for row in found] == [
        ("high", "odd.very_many"), ("medium", "odd.many"), ("low", "odd.many"),
    ]  # fmt: skip
    assert [*found[0]] == [column.name for column in COLUMNS]
    worst = found[0]
    assert (worst["start"], worst["end"]) == ("2026-02-03T12:20:00Z", "2026-02-03T12:25:00Z")
    assert (worst["observed"], worst["expected"], worst["low"], worst["high"]) == (31, 1.5, 0, 4)
    assert worst["account"] == "111122223333"
    assert worst["region"] == "us-east-1"
    assert worst["subject"] == ["s3.amazonaws.com", "StopLogging"]
    assert worst["benign"] == ["a flood"]
    assert worst["principals"] == ["arn:aws:iam::111122223333:user/mia"]
    assert len(worst["event_ids"]) == 5
    assert 300 < worst["score"] < 310  # 10**-31 of 4 tests


def test_fewer_calls_are_none(ask: Ask, tmp_path: Path) -> None:
    done = ask("anomalies", "--format", "json", folder=add(tmp_path, calls(9)))
    assert (done.code, rows(done)) == (0, [])


def test_the_command_of_a_row_shows_its_events(ask: Ask, three: Path) -> None:
    for row in rows(ask("anomalies", "--format", "json", folder=three)):
        words = shlex.split(row["more"])
        shown = rows(ask(*words[1:], "--format", "json", folder=three))
        assert len(shown) == row["observed"]
        assert {each["event_name"] for each in shown} == {row["subject"][1]}


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("--min-severity", "medium"), 2),
        (("--min-severity", "high"), 1),
        (("--kind", "odd"), 3),
        (("--kind", "odd.many"), 2),
        (("--kind", "odd.many", "--kind", "odd.very_many"), 3),
        (("--region", "us-east-1"), 1),
        (("--since", "2026-02-03T12:10:00Z"), 2),
        (("--limit", "1"), 1),
    ],
)
def test_what_is_asked_for_is_reported_alone(options: tuple[str, ...], count: int, ask: Ask, three: Path) -> None:
    done = ask("anomalies", "--format", "json", *options, folder=three)
    assert (done.code, len(rows(done))) == (1, count)


def test_a_kind_that_is_none_is_refused(ask: Ask, three: Path) -> None:
    done = ask("anomalies", "--kind", "odd.man", folder=three)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "ctaudit: there is no kind of anomaly 'odd.man'", "  there are odd.many, odd.very_many"
    ]  # fmt: skip


def test_explain_tells_what_the_numbers_were_computed_with(ask: Ask, three: Path) -> None:
    plain, told = (ask("anomalies", "--format", "json", *more, folder=three) for more in ((), ("--explain",)))
    assert "parameters" not in rows(plain)[0]
    assert rows(told)[0]["parameters"] == {"share": 0.25}
    assert "odd_family: least 10, share 0.25" in told.err.splitlines()
    assert "4 tests were made; of all that is found, 5% may be chance" in told.err
    assert "history of 111122223333 eu-west-1: 0.0 of 28 days" in told.err


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "tsv", "markdown"])
def test_hostile_text_stays_harmless_in_every_format(form: str, ask: Ask, hostile_calls: Path) -> None:
    done = ask("anomalies", "--explain", "--format", form, folder=hostile_calls)
    assert done.code == 1
    assert "Traceback" not in done.err
    tabs = done.out.replace("\t", "") if form == "tsv" else done.out
    assert not CONTROLS.search(tabs)


def test_odd_records_are_no_reason_to_fail(ask: Ask, tmp_path: Path) -> None:
    odd = [*calls(1, userIdentity=None), *calls(1, eventSource=None), *calls(1, awsRegion=None, sourceIPAddress=None)]
    odd += [*calls(1, eventTime="not a time"), *calls(1, eventName=None), *calls(11, "x" * 70_000)]
    done = ask("anomalies", "--format", "json", folder=add(tmp_path, odd))
    assert done.code == 1
    assert len(rows(done)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("time", ["0001-01-01T00:00:01Z", "9999-12-31T23:58:00Z"])
def test_a_time_at_the_end_of_the_calendar_is_no_reason_to_fail(time: str, ask: Ask, tmp_path: Path) -> None:
    add(tmp_path, calls(12, eventTime=time))
    for more in ((), ("--since", time[:10]), ("--plot", "p.png")):
        done = ask("anomalies", "--format", "json", "--explain", *more, folder=tmp_path)
        assert (done.code, len(rows(done))) == (1, 1), done.err
    if time.startswith("9"):
        assert ask("anomalies", "--since", "0001-01-01", folder=tmp_path).code == 2  # too many hours


def test_no_store_and_no_events_are_told_in_a_sentence(ask: Ask, tmp_path: Path) -> None:
    done = ask("anomalies", folder=tmp_path)
    assert done.code == 4
    assert "there is no store at" in done.err
    (tmp_path / "empty.json").write_text('{"Records": []}')
    ingest(tmp_path / "ctaudit-store", [str(tmp_path / "empty.json")], jobs=1)
    done = ask("anomalies", folder=tmp_path)
    assert done.code == 3
    assert done.err == "0 rows\nincomplete: nothing unusual was found; the store holds no dated events\n"


def test_a_time_without_logs_is_not_called_quiet(ask: Ask, three: Path) -> None:
    done = ask("anomalies", "--since", "2026-02-10", "--until", "2026-02-11", folder=three)
    assert done.code == 3
    assert "incomplete: the logs speak for no hour of the time that was to be judged" in done.err.splitlines()


@pytest.mark.slow
def test_a_later_run_tells_only_what_is_new(ask: Ask, tmp_path: Path) -> None:
    def told(*more: str) -> list[str]:
        done = ask("anomalies", "--since-last-run", "--format", "json", *more, folder=tmp_path)
        assert done.code == (1 if rows(done) else 0), done.err
        return [row["subject"][1] for row in rows(done)]

    add(tmp_path, calls(12), calls(21, "GetObject", 10))
    assert told("--limit", "1") == ["GetObject"]
    assert told() == ["DeleteBucket"]  # which the limit had left for this one
    assert told() == []
    add(tmp_path, calls(15, "StopLogging", 20))
    assert told() == ["StopLogging"]
    assert told("--since", "2026-02-03T12:01:00Z") == []
    add(tmp_path, calls(8, "StopLogging", 21))  # the same five minutes: it has become worse
    assert told() == ["StopLogging"]
    assert told() == []


def test_a_run_without_the_option_remembers_nothing(ask: Ask, three: Path) -> None:
    ask("anomalies", folder=three)
    assert not (three / "ctaudit-store" / "anomalies-reported.json").exists()


_ENDLESS = (
    '{"form": "ctaudit anomalies reported", "version": 1, "until": null, "reported": [["a", ["b"], 1e999, 2, 3]]}'
)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"form": "x", "version": 1}', "\x00", '{"form": 1, "version": 2}', _ENDLESS]
)
def test_a_damaged_memory_is_refused_and_kept(text: str, ask: Ask, low: Path) -> None:
    state = low / "ctaudit-store" / "anomalies-reported.json"
    state.write_text(text)
    done = ask("anomalies", "--since-last-run", folder=low)
    assert (done.code, done.out) == (4, "")
    assert "is no list of reported anomalies" in done.err
    assert state.read_text() == text


SUPPRESS = '[[suppress]]\nkind = "odd.many"\nsubject = "Delete*"\nreason = "nightly clean-up"\nuntil = {until}\n'


@pytest.mark.parametrize(("until", "left"), [("2999-01-01", 2), ("2026-02-04T00:00:00Z", 3)])
def test_what_is_suppressed_is_counted_until_it_expires(until: str, left: int, ask: Ask, three: Path) -> None:
    (three / "known.toml").write_text(SUPPRESS.format(until=until))
    done = ask("anomalies", "--suppress", "known.toml", "--format", "json", folder=three)
    assert (done.code, len(rows(done))) == (1, left)
    if left == 2:
        assert "1 anomaly is suppressed: nightly clean-up" in done.err.splitlines()
    else:
        assert "a suppression has expired (kind odd.many, subject Delete*; until 2026-02-04T00:00:00Z" in done.err


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ({"id": "*"}, True),
        ({"kind": "odd"}, True),
        ({"kind": "odd.very"}, False),
        ({"account": "111122223333", "region": "eu-*"}, True),
        ({"account": "999922223333", "region": "eu-*"}, False),
        ({"subject": "s3.amazonaws.com Delete*"}, True),
        ({"subject": "delete*"}, False),
    ],
)
def test_all_patterns_of_an_entry_must_fit(entry: dict[str, str], fits: bool, ask: Ask, low: Path) -> None:
    content = {"suppress": [{**entry, "reason": "known", "until": "2999-01-01"}]}
    (low / "known.json").write_text(json.dumps(content))
    done = ask("anomalies", "--suppress", "known.json", "--format", "json", folder=low)
    assert (done.code, rows(done) == []) == (0 if fits else 1, fits)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[suppress]]\nkin = "x"', "entry 1 has the unknown key 'kin'"),
        ('[[suppress]]\nkind = "x"\nuntil = 2999-01-01', "entry 1 has no reason"),
        ('[[suppress]]\nkind = "x"\nreason = "r"', "entry 1 has no date"),
        ('[[suppress]]\nkind = "x"\nreason = "r"\nuntil = "soon"', "entry 1 has no date"),
        ('[[suppress]]\nreason = "r"\nuntil = 2999-01-01', "entry 1 would suppress everything"),
        ('[[suppress]]\nkind = 1\nreason = "r"\nuntil = 2999-01-01', "entry 1: kind must be text"),
        ("[[supress]]\n", "has 'supress'"),
        ("suppress = 1", "no list"),
        ("]", "is no TOML"),
        ('[[suppress]]\nkind = "x"\nreason = "r"\nuntil = 9999-12-31T23:59:59-12:00', "entry 1 has no date"),
        (f"{'a.' * 50_000}a = 1", "line 1 has more than 200 dots"),
    ],
)
def test_a_suppression_that_is_not_understood_is_refused(text: str, told: str, ask: Ask, three: Path) -> None:
    (three / "wrong.toml").write_text(text)
    done = ask("anomalies", "--suppress", "wrong.toml", folder=three)
    assert (done.code, done.out) == (2, "")
    assert "wrong.toml" in done.err
    assert told in done.err


@pytest.mark.slow
@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_same_anomalies_make_the_same_picture(form: str, ask: Ask, three: Path) -> None:
    for name in ("one", "two"):
        assert ask("anomalies", "--plot", f"{name}.{form}", folder=three).code == 1
    one, two = ((three / f"{name}.{form}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert one.startswith(b"\x89PNG" if form == "png" else b"<?xml")
    ask("anomalies", "--limit", "1", "--plot", f"one.{form}", folder=three)
    assert (three / f"one.{form}").read_bytes() != one


@pytest.mark.slow
def test_a_picture_of_hostile_text_is_made_and_none_of_nothing_fails(ask: Ask, tmp_path: Path) -> None:
    add(tmp_path, *(calls(12, f"$\\frac{{{text}", place * 5) for place, text in enumerate(HOSTILE)))
    done = ask("anomalies", "--plot", "p.svg", folder=tmp_path)
    assert done.code == 1
    assert "5 of 5 anomalies drawn in p.svg" in done.err
    assert not re.search(rb"[\x00-\x09\x0b-\x1f]", (tmp_path / "p.svg").read_bytes())
    assert ask("anomalies", "--until", "2026-02-03T12:00:00Z", "--plot", "q.png", folder=tmp_path).code in (0, 3)


def test_a_picture_that_cannot_be_made_is_refused_at_once(
    ask: Ask, three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = ask("anomalies", "--plot", "p.jpeg", folder=three)
    assert (done.code, done.out) == (2, "")
    assert "end it in .svg or .png" in done.err
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = ask("anomalies", "--plot", "p.svg", folder=three)
    assert (done.code, done.out) == (2, "")
    assert "pip install 'ctaudit[plot]'" in done.err
    assert not (three / "p.svg").exists()


@pytest.mark.slow
def test_a_terminal_is_shown_cards(case: Case) -> None:
    done = on_terminal("anomalies", "--limit", "3", width=90, folder=case.folder)
    assert "Traceback" not in done.err
    assert done.code in (0, 1, 3)
    assert any(line.lstrip().startswith("$ ctaudit ") for line in done.plain) == (done.code == 1)
    assert all(len(line) <= 90 for line in done.plain if "$ ctaudit" not in line)


@pytest.mark.slow
def test_an_answer_that_nobody_read_is_not_remembered_as_told(case: Case, tmp_path: Path) -> None:
    shutil.copytree(case.store, tmp_path / "ctaudit-store")
    line = "ctaudit anomalies --since-last-run --format json"
    in_shell(f"{line} | true", folder=tmp_path)
    assert not (tmp_path / "ctaudit-store" / "anomalies-reported.json").exists()
    first, second = (in_shell(line, folder=tmp_path) for _ in range(2))
    assert (first.code, len(json.loads(first.out)) > 0) == (1, True)
    assert json.loads(second.out) == []
