"""`who-deleted --undo`: every case told rightly, out of one store that holds all of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit.records.targets import targets
from ctaudit.undo.rules import RULES, judge
from ctaudit.undo.verdict import Known, event_of, lost_of
from tests.conftest import Ask
from tests.store.stores import put
from tests.trail.ids import Ids
from tests.trail.principals import Record
from tests.undo import other_cases, stored_cases
from tests.undo.making import NOW, Expected, Log, cases_of

pytestmark = pytest.mark.slow

CASES = cases_of(stored_cases) | cases_of(other_cases)
PREFIXES = (
    *("undo*", "/undo*", "11111111-*", "snap-0aaa*", "vol-0aaa*", "i-0aaa*", "ami-0aaa*", "fs-0aaa*"),
    *("192.0.2.77", "AKIAUNDO*", "00000000-*", "qt-0*"),
)
COLUMNS = ("undo", "undo_until", "undo_because", "undo_event", "undo_command")


@dataclass(frozen=True, slots=True)
class Place:
    folder: Path
    expected: dict[str, Expected]
    records: dict[str, list[Record]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("undo")
    expected, records = {}, {}
    for name, made in CASES.items():
        log = Log(Ids(f"undo/{name}"))
        expected[name], records[name] = made(log), log.records
    everything = Ids("undo").shuffled([record for each in records.values() for record in each])
    for number in range(2):
        put(folder / f"{number}.json.gz", everything[number::2])
        ctaudit.ingest(folder / "ctaudit-store", [str(folder / f"{number}.json.gz")], jobs=1)
    return Place(folder, expected, records)


def asked(place: Place, thing: str, at: str = NOW) -> list[dict[str, Any]]:
    return ctaudit.open(place.folder / "ctaudit-store").who_deleted(thing, undo_at=at).records()


@pytest.fixture(scope="module")
def rows(place: Place) -> dict[str, dict[str, Any]]:
    """What all deletions are told, by event id; the names of things begin with few words, to ask for many at once."""
    found = [row for prefix in PREFIXES for row in asked(place, prefix)]
    return {str(row["event_id"]): row for row in found}


@pytest.mark.parametrize("name", CASES)
def test_each_deletion_is_told_what_the_log_shows(name: str, place: Place, rows: dict[str, dict[str, Any]]) -> None:
    expected = place.expected[name]
    row = next(row for record in place.records[name] if (row := rows.get(record["eventID"])) is not None)
    assert (row["undo"], row["undo_until"]) == (expected.state, expected.until)
    if expected.state is None:
        assert [row[column] for column in COLUMNS] == [None] * len(COLUMNS)
        return
    assert expected.words in str(row["undo_because"])
    assert expected.command in (row["undo_command"] or "")
    if expected.told_by is not None:
        assert row["undo_event"] == place.records[name][expected.told_by]["eventID"]


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("object_in_a_bucket_that_was_deleted", False),
        ("object_in_a_bucket_that_was_deleted_in_that_second", False),
        ("object_that_was_restored_before_its_bucket_was_deleted", False),
        ("object_in_a_bucket_that_could_not_be_deleted", True),
    ],
)
def test_no_command_is_offered_for_what_was_in_a_bucket_that_is_gone(name: str, offered: bool, place: Place) -> None:
    rows = asked(place, place.expected[name].thing)
    assert [row["undo_command"] is not None for row in rows] == [offered] * len(rows)


def test_an_object_of_a_bucket_that_was_made_again_is_judged_by_the_new_one() -> None:
    log, name = Log(Ids("undo/again")), "undo-again-1"
    log.call("s3:DeleteBucket", {"bucketName": name}).call("s3:CreateBucket", {"bucketName": name})
    log.call("s3:PutBucketVersioning", {"bucketName": name, "VersioningConfiguration": {"Status": "Enabled"}})
    log.call("s3:DeleteObject", {"bucketName": name, "key": "a.csv"}, eventCategory="Data")
    (target,) = [each for each in targets(log.records[-1]) if not each.container]
    found = judge(lost_of(log.records[-1], target), Known(map(event_of, log.records)), NOW)
    assert (found.state, found.command is not None) == ("restorable", True)


@pytest.mark.parametrize("name", ["object_of_a_bucket_with_versions", "key_that_waits", "snapshot_in_the_bin"])
def test_one_thing_is_told_what_it_is_told_among_many(name: str, place: Place, rows: dict[str, dict[str, Any]]) -> None:
    (row,) = asked(place, place.expected[name].thing)
    assert row == rows[str(row["event_id"])]


def test_there_is_a_case_of_every_state() -> None:
    assert len(CASES) > 60
    states = {made(Log(Ids(name))).state for name, made in CASES.items()}
    assert states == {"restorable", "restored", "gone", "not known", None}


def test_time_decides_what_can_be_restored(place: Place) -> None:
    """The clock is given: the same key is told otherwise before and after its day."""
    key = place.expected["key_that_waits"].thing
    assert [asked(place, key, at)[0]["undo"] for at in ("2026-04-08T08:59:59Z", "2026-04-08T09:00:00Z")] == [
        "restorable",
        "not known",
    ]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("undo-x/plain_1.2", True),
        ("undo-x;reboot", False),
        ("undo-x$(reboot)", False),
        ("undo x", False),
        ("undo-x\u202e", False),
        ("--endpoint-url=example.com", False),
        ("-v", False),
        ("file:///etc/passwd", False),
    ],
)
def test_a_name_that_would_be_more_than_a_name_is_put_into_no_command(name: str, typed: bool) -> None:
    """Names are chosen by whoever made the thing; commands are there to be pasted."""
    log = Log(Ids("undo/typed"))
    log.call("secretsmanager:DeleteSecret", {"secretId": name})
    (target,) = targets(log.records[0])
    found = judge(lost_of(log.records[0], target), Known([]), NOW)
    assert found.state == "restorable"
    assert (found.command is not None) == typed


def test_a_row_of_several_things_has_the_worst_and_says_each(place: Place) -> None:
    log = Log(Ids("undo/several"), "eu-west-3")
    log.call("ec2:CreateImage", {"instanceId": "i-0ccc0000000000001"}, {"imageId": "ami-0ccc000000000001"})
    both = [{"instanceId": f"i-0ccc000000000000{number}"} for number in (1, 2)]
    log.call("ec2:TerminateInstances", {"instancesSet": {"items": both}})
    put(place.folder / "several.json", log.records)
    ctaudit.ingest(place.folder / "several", [str(place.folder / "several.json")], jobs=1)
    (row,) = ctaudit.open(place.folder / "several").who_deleted("i-0ccc*", undo_at=NOW)
    assert row["undo"] == "gone"
    assert "i-0ccc0000000000001: restorable" in str(row["undo_because"])
    assert "i-0ccc0000000000002: gone" in str(row["undo_because"])


def test_the_command_adds_columns_at_the_end_and_only_when_asked(place: Place, ask: Ask) -> None:
    plain = json.loads(ask("who-deleted", "undo-bucket-1", "--format", "json", folder=place.folder).out)
    done = ask("who-deleted", "undo-bucket-1", "--undo", "--format", "json", folder=place.folder)
    undone = json.loads(done.out)
    assert tuple(undone[0])[-len(COLUMNS) :] == COLUMNS
    assert [{key: row[key] for key in row if key not in COLUMNS} for row in undone] == plain
    assert "undo is what the logs in the store show" in done.err
    assert done.code == 0


def test_rules_are_for_what_is_called_a_deletion() -> None:
    """A rule for a call that no row of `who-deleted` shows could never be asked."""
    from ctaudit.records.verbs import Verb, possible_verbs

    assert [key for key in RULES if Verb.DESTROY not in possible_verbs(f"{key[0]}.amazonaws.com", key[1], False)] == []
