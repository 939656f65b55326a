"""Dates are forgotten when somebody says yes: whole, for good, and every answer about them says so."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit.errors import StoreError
from ctaudit.upkeep import compact, forget, plan_forgetting
from tests.cli.evidence import event
from tests.cli.processes import COMMAND, Done, environment, piped
from tests.store.processes import until as comes_true
from tests.store.proving import scene, tiny
from tests.store.stores import left_overs, put, put_lines, select, status, told

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
THIRD = datetime(2026, 2, 3, tzinfo=UTC)


def on(day: int, number: int, **fields: Any) -> dict[str, Any]:
    """Return an event of a day of February 2026."""
    event_id = f"00000000-0000-4000-{day:04}-{number:012}"
    return event(number, **({"eventTime": f"2026-02-{day:02}T12:{number:02}:00Z", "eventID": event_id} | fields))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days with three events each, a copy of an event, one with another body, one without a time."""
    folder = tmp_path_factory.mktemp("made")
    for day in range(1, 5):
        put(folder / "logs" / f"{day}.json", [on(day, number) for number in range(3)])
    put(folder / "logs" / "more.json", [on(1, 0), on(3, 0), on(1, 1, userAgent="x"), on(3, 1, userAgent="x")])
    put(folder / "logs" / "odd.json", [on(1, 9, eventTime="?")])
    ctaudit.ingest(folder / "store", [str(folder / "logs")], jobs=1)
    return folder


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    """A copy of the store, to be changed; the evidence still lies where it was."""
    return Path(shutil.copytree(made / "store", tmp_path / "store"))


@pytest.fixture(scope="module")
def dropped(made: Path) -> Path:
    """A store without the first two days, to be asked only."""
    store = Path(shutil.copytree(made / "store", made / "dropped" / "store"))
    drop(store)
    return store


def run(*words: str | Path, store: Path) -> Done:
    return piped(*words, "--store", store, folder=store.parent)


def days(store: Path) -> list[str]:
    return [day for (day,) in select(store, "SELECT DISTINCT date FROM cloudtrail_logs ORDER BY date")]


def drop(store: Path, until: datetime = THIRD) -> None:
    forget(store, plan_forgetting(store, until), now=NOW)


SENTENCE = "2 days (2026-02-01 to 2026-02-02) of what was asked for were forgotten, with 7 events"


def test_the_days_before_are_gone_and_all_others_are_as_they_were(store: Path) -> None:
    before = {row["event_id"]: row for row in ctaudit.open(store).timeline()}
    old = select(store, "SELECT date, name FROM segments WHERE date < '2026-02-03'")
    drop(store)
    assert days(store) == ["2026-02-03", "2026-02-04", "unknown"]
    after = ctaudit.open(store).timeline()
    assert len(after) == 3 + 1 + 3 + 1
    assert all(before[row["event_id"]] == row for row in after if row["event_id"] != on(3, 1)["eventID"])
    assert select(store, "SELECT date, name FROM retired ORDER BY ALL") == sorted(old)
    assert select(store, "SELECT DISTINCT date FROM duplicates") == [("2026-02-03",)]
    assert select(store, "SELECT DISTINCT date FROM conflicts") == [("2026-02-03",)]
    assert status(store)["events"] == 8
    assert left_overs(store) == set()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("timeline",), True),
        (("timeline", "--since", "2026-02-02T23:00Z"), True),
        (("timeline", "--since", "2026-02-03"), False),
        (("timeline", "--until", "2026-02-01"), False),
        (("who-deleted", "bucket-1", "--until", "2026-02-02"), True),
        (("what-did", "mia", "--since", "2026-02-04", "--account", "111122223333"), False),
        (("query", "SELECT count(*) FROM cloudtrail_logs"), True),
        (("query", "SELECT count(*) FROM cloudtrail_logs", "--since", "2026-02-03"), False),
        (("partitions",), True),
        (("partitions", "--since", "2026-02-03"), False),
        (("show", on(1, 1)["eventID"]), True),
        (("faults",), True),
        (("status",), True),
    ],
)
def test_an_answer_about_a_forgotten_day_says_so(words: tuple[str, ...], says: bool, dropped: Path) -> None:
    done = run(*words, store=dropped)
    assert ("forgotten" in done.err) == says, done.err
    if says:
        assert done.code == 3
        assert "incomplete: " in done.err


def test_the_sentence_names_the_days_of_the_span(dropped: Path) -> None:
    assert SENTENCE in run("timeline", store=dropped).err
    one = run("timeline", "--until", "2026-02-02", store=dropped).err
    assert "1 day (2026-02-01) of what was asked for was forgotten, with 4 events" in one


def test_status_lists_what_was_forgotten_and_when(store: Path) -> None:
    assert status(store)["forgotten"] == []
    drop(store, datetime(2026, 2, 2, tzinfo=UTC))
    forget(store, plan_forgetting(store, THIRD), now=NOW.replace(hour=13))
    first, second = status(store)["forgotten"]
    assert first["at"] == "2026-03-01T12:00:00Z"
    assert (first["first_date"], first["last_date"], first["days"], first["events"]) == ("2026-02-01",) * 2 + (1, 4)
    assert (second["first_date"], second["events"]) == ("2026-02-02", 3)


def test_the_same_evidence_is_not_read_again(store: Path, made: Path) -> None:
    drop(store)
    before = told(store)
    summary = ctaudit.ingest(store, [str(made / "logs")], jobs=1)
    assert (summary.files_read, summary.events) == (0, 0)
    assert summary.forgotten is not None
    assert summary.forgotten.days == 2
    assert "for the 2 days that the store was told to forget" in run("ingest", made / "logs", store=store).err
    copy = store.parent / "copies"
    copy.mkdir()
    (copy / "1-again.json").write_bytes((made / "logs" / "1.json").read_bytes())
    assert ctaudit.ingest(store, [str(copy)], jobs=1).events == 0
    assert told(store).timeline == before.timeline


def test_a_damaged_file_that_is_read_at_every_ingest_brings_nothing_back(tmp_path: Path) -> None:
    store, damaged = tmp_path / "store", tmp_path / "damaged.json"
    whole = put(tmp_path / "whole.json", [on(1, 0), on(1, 1), on(3, 0), on(1, 2)]).read_bytes()
    damaged.write_bytes(whole[:-40])
    ctaudit.ingest(store, [str(damaged)], jobs=1)
    drop(store)
    assert days(store) == ["2026-02-03"]
    for _ in range(2):
        summary = ctaudit.ingest(store, [str(damaged)], jobs=1)
        assert (summary.files_faulty, summary.events) == (1, 0)
        assert days(store) == ["2026-02-03"]
        assert left_overs(store) == set()


def test_new_evidence_of_a_forgotten_day_is_taken_in_and_the_note_stays(store: Path) -> None:
    """Even a damaged file of it: what it brings stays, however often it is read."""
    drop(store)
    new, damaged = store.parent / "new.json", store.parent / "damaged.json"
    put_lines(new, [on(1, 0), on(1, 5)])
    damaged.write_bytes(put(store.parent / "whole.json", [on(2, 6), on(2, 7), on(2, 8)]).read_bytes()[:-40])
    assert ctaudit.ingest(store, [str(new), str(damaged)], jobs=1).events == 4
    for _ in range(2):
        assert ctaudit.ingest(store, [str(new), str(damaged)], jobs=1).events == 0
        assert days(store) == ["2026-02-01", "2026-02-02", "2026-02-03", "2026-02-04", "unknown"]
        assert len(ctaudit.open(store).timeline(until=THIRD)) == 4
        assert left_overs(store) == set()
    assert SENTENCE in run("timeline", store=store).err
    drop(store)
    assert status(store)["forgotten"][0]["events"] == 11
    assert days(store) == ["2026-02-03", "2026-02-04", "unknown"]


def test_compaction_brings_nothing_back(store: Path) -> None:
    drop(store)
    put(store.parent / "4.json", [on(4, 30)])
    ctaudit.ingest(store, [str(store.parent / "4.json")], jobs=1)
    compact(store, now=NOW)
    assert days(store) == ["2026-02-03", "2026-02-04", "unknown"]


def test_a_validation_still_judges_what_was_read(tmp_path: Path) -> None:
    place = scene(tmp_path, tiny())
    place.ingest()
    forget(place.store, plan_forgetting(place.store, datetime(2100, 1, 1, tzinfo=UTC)), now=NOW)
    assert status(place.store)["events"] == 0
    report = place.prove(None)
    assert report.recorded
    integrity = select(place.store, "SELECT DISTINCT integrity FROM contents WHERE events > 0 ORDER BY ALL")
    assert ("proven",) in integrity
    assert (None,) not in integrity
    place.prove(place.mirror)
    assert status(place.store)["records_by_integrity"]["proven"] > 0


def test_hours_of_a_forgotten_day_are_not_covered_though_digests_prove_their_files(tmp_path: Path) -> None:
    place = scene(tmp_path, tiny())
    place.ingest()
    place.prove(place.mirror)
    day = select(place.store, "SELECT DISTINCT date FROM segments")[0][0]
    span: dict[str, Any] = {"since": f"{day}T12:00:00Z", "until": f"{day}T15:00:00Z"}
    assert "gap" not in {row["state"] for row in ctaudit.open(place.store).coverage(**span).spans}
    forget(place.store, plan_forgetting(place.store, datetime(2100, 1, 1, tzinfo=UTC)), now=NOW)
    told_now = list(ctaudit.open(place.store).coverage(**span).spans)
    assert {row["state"] for row in told_now} == {"gap"}
    assert all("the day was forgotten" in str(row) for row in told_now)
    nothing = piped(
        "who-deleted", "no-such-bucket", "--since", span["since"], "--until", span["until"], folder=tmp_path
    )
    assert nothing.code == 3
    assert "0 %" in nothing.err or "0.0 %" in nothing.err, nothing.err
    assert "forgotten" in nothing.err


def test_the_plan_must_still_hold_when_it_is_carried_out(store: Path) -> None:
    plan = plan_forgetting(store, THIRD)
    put(store.parent / "late.json", [on(2, 40)])
    ctaudit.ingest(store, [str(store.parent / "late.json")], jobs=1)
    with pytest.raises(StoreError, match="has changed since it was looked at"):
        forget(store, plan, now=NOW)
    assert days(store)[0] == "2026-02-01"
    assert forget(store, replace(plan_forgetting(store, THIRD)), now=NOW).content["events"] == 8


# The command


def test_without_a_terminal_it_must_be_told_yes(store: Path) -> None:
    before = told(store)
    refused = run("forget", "--until", "2026-02-03", store=store)
    assert (refused.code, refused.out) == (2, "")
    assert "2 days (2026-02-01 to 2026-02-02) with 7 events" in refused.err
    assert "--yes" in refused.err
    assert told(store) == before
    done = run("forget", "--until", "2026-02-03T23:59Z", "--yes", "--format", "json", store=store)
    assert done.code == 0, done.err
    content = json.loads(done.out)
    assert content["until"] == "2026-02-03"
    assert content["forgotten"] is True
    assert (content["days"], content["first_date"], content["last_date"]) == (2, "2026-02-01", "2026-02-02")
    assert (content["events"], content["segments"]) == (7, 2)
    assert "1 event without a usable time stays" in done.err
    assert days(store) == ["2026-02-03", "2026-02-04", "unknown"]


def test_nothing_to_forget_is_no_trouble(store: Path) -> None:
    done = run("forget", "--until", "2026-02-01", "--format", "json", store=store)
    assert done.code == 0
    assert json.loads(done.out)["forgotten"] is False
    assert "the store holds nothing of a date before 2026-02-01" in done.err
    assert status(store)["forgotten"] == []


def test_there_must_be_a_store_and_a_date(tmp_path: Path) -> None:
    assert run("forget", "--until", "2026-02-01", "--yes", store=tmp_path / "none").code == 4
    assert run("forget", "--yes", store=tmp_path / "none").code == 2
    assert run("forget", "--until", "yesterday", "--yes", store=tmp_path / "none").code == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "code", "left"),
    [(b"y\n", 0, 3), (b"n\n", 0, 5), (b"\n", 0, 5), (b"\x03", 130, 5), (b"\x04", 0, 5)],
)
def test_on_a_terminal_it_asks(typed: bytes, code: int, left: int, store: Path) -> None:
    master, slave = pty.openpty()
    words = [*COMMAND, "forget", "--until", "2026-02-03", "--store", str(store), "--format", "json"]
    with subprocess.Popen(
        words,
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        preexec_fn=_own_terminal,
        env=environment(),
    ) as process:
        os.close(slave)
        said = b""
        while b"[y/N]" not in said:
            said += os.read(master, 1000)
        os.write(master, typed)
        while typed == b"\x03" and not comes_true(lambda: process.poll() is not None, 2):
            os.write(master, typed)  # it may come a moment before Python waits for the key, which does not see it then
        assert process.stdout is not None
        out = process.stdout.read()
        assert process.wait(60) == code
    os.close(master)
    assert b"Drop 2 days (2026-02-01 to 2026-02-02) with 7 events" in said
    assert len(days(store)) == left
    if code == 0:
        assert json.loads(out)["forgotten"] == (left == 3)
    else:
        assert out == b""


def _own_terminal() -> None:
    """Make the terminal the one that Ctrl-C is pressed on."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
