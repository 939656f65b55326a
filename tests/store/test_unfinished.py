"""An ingest that did not come to its end is told of by every answer, until it has."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

import ctaudit
from ctaudit.errors import Interrupted
from ctaudit.store import ledger
from ctaudit.store.layout import Layout
from tests.cli.evidence import event
from tests.cli.processes import Done
from tests.conftest import Ask
from tests.store.processes import command
from tests.store.stores import put

pytestmark = pytest.mark.slow

ingesting = import_module("ctaudit.ingest")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for number in range(4):
        put(tmp_path / "logs" / f"{number}.json", [event(number)])
    return tmp_path / "logs"


@pytest.fixture
def interrupted(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with the rows of some of the logs: Ctrl-C came after the first commit."""
    store = tmp_path / "store"
    commit = ingesting.commit

    def commit_and_press(*given: object) -> object:
        done = commit(*given)
        os.kill(os.getpid(), signal.SIGINT)
        return done

    with monkeypatch.context() as patched:
        patched.setattr(ingesting, "SHARE_FILES", 1)
        patched.setattr(ingesting, "COMMIT_SECONDS", -1.0)
        patched.setattr(ingesting, "commit", commit_and_press)
        with pytest.raises(Interrupted):
            ctaudit.ingest(store, [str(logs)], jobs=1)
    assert ctaudit.open(store).status().content["events"] == 1
    return store


QUESTIONS = [
    *(["timeline"], ["who-deleted", "nothing"], ["query", "FROM cloudtrail_logs"], ["status"], ["partitions"]),
    *(["faults"], ["coverage"], ["show", "x"], ["what-did", "nobody"]),
]


@pytest.mark.parametrize("words", QUESTIONS, ids=lambda words: words[0])
def test_every_answer_says_that_an_ingest_was_interrupted(
    words: list[str], interrupted: Path, logs: Path, ask: Ask
) -> None:
    done: Done = ask(*words, "--store", str(interrupted), folder=logs)
    assert done.code == 3
    assert f"incomplete: an ingest of {logs} that began at 20" in done.err
    assert "has not come to its end, so rows may be missing; unless it is under way, ingest it again" in done.err


@pytest.mark.parametrize("again", ["the same", "the folder above"])
def test_nothing_is_said_once_it_has_come_to_its_end(again: str, interrupted: Path, logs: Path) -> None:
    ctaudit.ingest(interrupted, [str(logs if again == "the same" else logs.parent)], jobs=1)
    status = ctaudit.open(interrupted).status()
    assert (status.content["events"], status.content["unfinished"], status.partial) == (4, [], ())


def test_an_ingest_of_a_part_or_of_something_else_does_not_end_it(interrupted: Path, logs: Path) -> None:
    put(logs.parent / "logs2" / "9.json", [event(9)])
    ctaudit.ingest(interrupted, [str(logs / "3.json"), str(logs.parent / "logs2")], jobs=1)
    (left,) = ctaudit.open(interrupted).status().content["unfinished"]
    assert left["source"] == str(logs)


def test_an_ingest_without_news_notes_nothing(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    ctaudit.ingest(store, [str(logs)], jobs=1)
    monkeypatch.setattr(ingesting.ledger, "begin", pytest.fail)
    ctaudit.ingest(store, [str(logs)], jobs=1)
    assert ctaudit.open(store).status().content["unfinished"] == []


def test_standard_input_that_was_broken_off_is_ended_by_other_standard_input(logs: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    ctaudit.ingest(store, [str(logs)], jobs=1)
    ledger.begin(Layout(store), ["-"], datetime.now(UTC))
    ctaudit.ingest(store, [str(logs)], jobs=1)
    assert [each["source"] for each in ctaudit.open(store).status().content["unfinished"]] == ["-"]
    data = (logs / "0.json").read_bytes()
    subprocess.run(command("ingest", "-", "--store", store), input=data, check=True, capture_output=True)
    assert ctaudit.open(store).status().content["unfinished"] == []


def test_what_can_be_opened_again_is_named_before_standard_input(logs: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    data = (logs / "0.json").read_bytes()
    subprocess.run(command("ingest", "-", "--store", store), input=data, check=True, capture_output=True)
    ctaudit.ingest(store, [str(logs)], jobs=1)
    opened = ctaudit.open(store)
    (event_id,) = opened.query("SELECT eventid FROM cloudtrail_logs WHERE source_file LIKE '%0.json'").rows[0]
    assert [each["source"] for each in opened.show(str(event_id)).content["places"]] == [str(logs / "0.json"), "-"]
