"""Exactly once: the same evidence gives the same rows, however often, in whatever order and from whatever copy."""

from __future__ import annotations

import hashlib
import itertools
import random
import shutil
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit.intake import file_id
from tests.cli.evidence import event
from tests.conftest import Case
from tests.store.stores import Told, left_overs, put, put_lines, put_lookup, select, status, told, view_rows
from tests.trail.company import PRODUCTION
from tests.trail.evidence import SAMPLE, whole_records
from tests.trail.packing import gzipped

pytestmark = pytest.mark.slow

Run = Sequence[str]
"""The sources of one ingest."""


def records(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Make events of two days, two accounts and two regions, some with fields that no column holds."""
    return [
        event(
            number,
            eventTime=f"2026-02-0{3 + number // 9}T12:{number:02}:00Z",
            recipientAccountId=("111122223333", "444455556666")[number % 3 == 0],
            awsRegion=("eu-west-1", "us-east-1")[number % 5 == 0],
            requestParameters={"bucketName": f"bucket-{number}", "tags": [{"b": 1, "a": None}], "size": 2.50},
            **({"unheardOf": {"z": [1, {"y": 2}], "a": "ü"}} if number % 4 == 0 else {}),
        )
        for number in range(first, first + count)
    ]


def other_body(number: int) -> dict[str, Any]:
    return records(1, number)[0] | {"sourceIPAddress": "198.51.100.66"}


def without_id(number: int) -> dict[str, Any]:
    return {key: value for key, value in records(1, number)[0].items() if key != "eventID"}


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve events, most of them several times over: two trails, the API, copies, another body, no id, no time."""
    folder = tmp_path_factory.mktemp("evidence")
    put(folder / "trail/a.json.gz", records(6))
    put(folder / "trail/b.json", records(4, 6))
    put(folder / "other-trail/c.json.gz", [*reversed(records(5, 3)), *records(2, 10)])
    put_lookup(folder / "lookup.json", records(12))
    put(folder / "copy/of-a.json", records(6))
    put(folder / "altered.json", [other_body(1), other_body(8), *records(2, 8)])
    put(folder / "copy/of-altered.json.gz", [*records(2, 8), other_body(8), other_body(1)])
    put(folder / "no-id.json", [without_id(1), without_id(1), without_id(2) | {"eventID": ""}])
    put(folder / "no-time.json", [event(50, eventTime="yesterday"), event(51, eventTime=None)])
    return folder


FILES = (
    "trail/a.json.gz",
    "trail/b.json",
    "other-trail/c.json.gz",
    "lookup.json",
    "copy/of-a.json",
    "altered.json",
    "copy/of-altered.json.gz",
    "no-id.json",
    "no-time.json",
)
EVENTS = 12 + 2 + 3 + 2
"""Twelve, the other bodies of two of them, three without an id, two without a time."""


def take(evidence: Path, store: Path, *runs: Run, jobs: int = 1) -> Told:
    for run in runs:
        ctaudit.ingest(store, [str(evidence / name) for name in run], jobs=jobs)
    assert left_overs(store) == set()
    return told(store)


@pytest.fixture(scope="module")
def whole(evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What a store tells that got everything at once."""
    return take(evidence, tmp_path_factory.mktemp("whole") / "store", FILES)


def test_everything_at_once_keeps_each_event_once(whole: Told) -> None:
    assert whole.events == len(whole.view) == len(whole.timeline) == EVENTS


def test_the_same_evidence_again_adds_nothing(evidence: Path, whole: Told, tmp_path: Path) -> None:
    assert take(evidence, tmp_path / "store", FILES, FILES) == whole
    again = ctaudit.ingest(tmp_path / "store", [str(evidence)], jobs=1)
    assert (again.events, again.files_known, again.files_read) == (0, len(FILES), 0)
    assert left_overs(tmp_path / "store") == set()


WAYS: dict[str, Sequence[Run]] = {
    "backwards": [FILES[::-1]],
    "one by one backwards": [[name] for name in FILES[::-1]],
    "in halves that overlap": [FILES[3:], FILES[:6]],
    "by folder, then all": [["trail"], ["other-trail", "copy"], ["."]],
    "overlapping folders": [[".", "trail", "copy", "*.json", "trail/a.json.gz"]],
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_the_way_of_ingest_does_not_matter(way: str, evidence: Path, whole: Told, tmp_path: Path) -> None:
    assert take(evidence, tmp_path / "store", *WAYS[way]) == whole


def shuffles(count: int, seed: int) -> list[tuple[str, ...]]:
    chance = random.Random(seed)
    return [tuple(chance.sample(FILES, len(FILES))) for _ in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("order", shuffles(1, seed=1))
def test_the_order_of_ingests_does_not_matter(order: Run, evidence: Path, whole: Told, tmp_path: Path) -> None:
    assert take(evidence, tmp_path / "store", *([name] for name in order)) == whole


@pytest.mark.slow
def test_no_order_of_ingests_matters(evidence: Path, whole: Told, tmp_path: Path) -> None:
    for number, order in enumerate([FILES, *shuffles(15, seed=2)]):
        store = tmp_path / str(number)
        assert take(evidence, store, *([name] for name in order)) == whole, order
        shutil.rmtree(store)


@pytest.fixture
def many_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let evidence as small as ours be shared among worker processes, one file a share."""
    module = import_module("ctaudit.ingest")
    monkeypatch.setattr(module, "INLINE_BYTES", 0)
    monkeypatch.setattr(module, "SHARE_FILES", 1)


@pytest.mark.usefixtures("many_workers")
def test_workers_make_no_difference(evidence: Path, whole: Told, tmp_path: Path) -> None:
    assert take(evidence, tmp_path / "store", FILES, jobs=4) == whole


@pytest.mark.usefixtures("many_workers")
def test_copies_that_workers_read_at_the_same_time_are_one(tmp_path: Path) -> None:
    for number in range(8):
        put(tmp_path / f"logs/{number}.json{'.gz' * (number % 2)}", records(6))
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "logs")], jobs=4)
    assert status(tmp_path / "store")["events"] == 6
    assert len(places(tmp_path / "store", records(1)[0])) == 8


@pytest.mark.slow
def test_the_sample_in_two_orders_and_with_workers(tmp_path: Path) -> None:
    accounts = sorted(str(path) for path in (SAMPLE / "AWSLogs/o-exampleorg1").iterdir())
    ctaudit.ingest(tmp_path / "parts", accounts[::-1][:1], jobs=1)
    ctaudit.ingest(tmp_path / "parts", accounts, jobs=1)
    ctaudit.ingest(tmp_path / "whole", accounts, jobs=2)
    assert told(tmp_path / "parts") == told(tmp_path / "whole")
    assert {row[0] for row in select(tmp_path / "whole", "SELECT eventid FROM cloudtrail_logs")} >= set(whole_records())


def places(store: Path, record: dict[str, Any]) -> list[tuple[str, int]]:
    document = ctaudit.open(store).show(record["eventID"]).content
    return [(place["source"], place["record"]) for place in document["places"]]


def test_every_place_of_an_event_is_kept(evidence: Path, tmp_path: Path) -> None:
    take(evidence, tmp_path / "store", FILES[2:4], FILES[:2], FILES[4:5])
    expected = {("trail/a.json.gz", 3), ("copy/of-a.json", 3), ("other-trail/c.json.gz", 4), ("lookup.json", 3)}
    found = places(tmp_path / "store", records(1, 3)[0])
    assert {(str(Path(path).relative_to(evidence)), record) for path, record in found} == expected
    assert len(found) == len(expected)
    (row,) = [row for row in ctaudit.open(tmp_path / "store").timeline() if row["event_id"] == event(3)["eventID"]]
    assert (row["source"], row["record"]) == found[0]


def test_duplicates_are_counted(tmp_path: Path) -> None:
    first, second = put(tmp_path / "1.json", records(5)), put(tmp_path / "2.json", records(7, 2))
    copy = put(tmp_path / "copy.json.gz", records(5))
    store = tmp_path / "store"
    assert counted(store, first) == (5, 0, 0)
    assert counted(store, second) == (4, 3, 0)
    assert counted(store, copy) == (0, 0, 0)
    assert status(store)["duplicates"] == 3
    assert counted(tmp_path / "at-once", first, second, copy) == (9, 3, 0)


def test_duplicates_are_told_by_cause(tmp_path: Path) -> None:
    trail, other = tmp_path / "bucket/AWSLogs/1/CloudTrail/r", tmp_path / "second-bucket/AWSLogs/1/CloudTrail/r"
    put(trail / "a.json.gz", records(6))
    put(trail / "b.json.gz", [*records(2, 4), *records(1, 20), *records(1, 20)])
    put(other / "c.json.gz", records(3))
    grown = put(tmp_path / "live/log.json", records(4, 10))
    store = tmp_path / "store"
    ctaudit.ingest(store, [str(tmp_path)], jobs=1)
    put(grown, records(5, 10))
    ctaudit.ingest(store, [str(tmp_path)], jobs=1)
    assert status(store)["duplicates_by_cause"] == {
        "file_of_same_name": 4,
        "other_file": 2,
        "other_trail_or_copy": 3,
        "same_file": 1,
    }


def counted(store: Path, *sources: Path) -> tuple[int, int, int]:
    summary = ctaudit.ingest(store, [str(source) for source in sources], jobs=1)
    return summary.events, summary.duplicates, summary.conflicts


def test_a_copy_of_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    put(tmp_path / "a/log.json.gz", records(5))
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "a")], jobs=1)
    put(tmp_path / "b/renamed.txt", records(5))
    summary = ctaudit.ingest(tmp_path / "store", [str(tmp_path / "b")], jobs=1)
    assert (summary.events, summary.files_known, summary.files_read) == (0, 1, 0)


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(order, marks=[pytest.mark.slow] * (number not in (0, 3)))
        for number, order in enumerate(itertools.permutations(("s3.json", "api.json", "again.json")))
    ],
)
def test_other_spellings_of_a_record_are_the_same_record(order: Run, tmp_path: Path) -> None:
    """`lookup-events` gives other white space and another order of keys; which text is kept must not depend on luck."""
    put(tmp_path / "s3.json", records(3))
    put_lookup(tmp_path / "api.json", records(3))
    put(tmp_path / "again.json", [records(3)[2], records(3)[0]])
    at_once = take(tmp_path, tmp_path / "at-once", order)
    assert take(tmp_path, tmp_path / "store", *([name] for name in order)) == at_once
    assert at_once.events == 3
    assert at_once.faults == []
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "s3.json")], jobs=1)
    assert left_overs(tmp_path / "store") == set()


def with_id(path: Path, low: int, high: int) -> Path:
    """Append white space to a file until its id lies between two numbers: places are in the order of these."""
    while not low <= file_id(hashlib.sha256(path.read_bytes()).digest()) < high:
        path.write_bytes(path.read_bytes() + b" ")
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spellings", "order"),
    [
        # The row of place 2 stays when place 0 comes, and from then on stands for place 0.
        ((put, put_lookup, put), "201"),
        # The row of place 2, which stands for place 1 too, makes way for place 0; place 1 must follow.
        ((put_lookup, put, put), "210"),
    ],
)
def test_the_spelling_that_is_kept_is_that_of_the_least_place(
    spellings: Sequence[Callable[..., Path]], order: str, tmp_path: Path
) -> None:
    bounds = (-(2**63), -(2**62), 2**62, 2**63)
    for number, spelled in enumerate(spellings):
        with_id(spelled(tmp_path / f"{number}.json", records(1)), *bounds[number : number + 2])
    at_once = take(tmp_path, tmp_path / "at-once", ["0.json", "1.json", "2.json"])
    assert take(tmp_path, tmp_path / "store", *([f"{number}.json"] for number in order)) == at_once
    found = places(tmp_path / "store", event(0))
    assert found == [(str(tmp_path / f"{number}.json"), 0) for number in range(3)]
    kept = ctaudit.open(tmp_path / "store").query("SELECT requestparameters FROM cloudtrail_logs").rows[0][0]
    assert str(kept).endswith('"size":2.5}') == (spellings[0] is put)


@pytest.mark.slow
def test_bodies_of_one_event_are_told_in_the_same_order_whichever_came_first(tmp_path: Path) -> None:
    bounds = (-(2**63), -(2**62), 2**62, 2**63)
    for number, record in enumerate((event(1), other_body(1) | {"eventTime": event(1)["eventTime"]}, event(1))):
        with_id(put(tmp_path / f"{number}.json", [record]), *bounds[number : number + 2])
    at_once = take(tmp_path, tmp_path / "at-once", ["0.json", "1.json", "2.json"])
    assert take(tmp_path, tmp_path / "store", ["2.json"], ["1.json"], ["0.json"]) == at_once


def test_both_ways_to_ask_name_the_same_place(case: Case) -> None:
    view = select(case.store, "SELECT eventid, source_file, record FROM cloudtrail_logs ORDER BY ALL")
    rows = ctaudit.open(case.store).timeline()
    assert sorted((row["event_id"], row["source"], row["record"]) for row in rows) == view


def test_a_growing_file_gives_the_rows_of_the_grown_one(tmp_path: Path) -> None:
    log = tmp_path / "growing.ndjson"
    for length in (3, 7, 10):
        put_lines(log, records(length))
        ctaudit.ingest(tmp_path / "store", [str(log)], jobs=1)
        assert status(tmp_path / "store")["events"] == length
    ctaudit.ingest(tmp_path / "at-once", [str(log)], jobs=1)
    assert view_rows(tmp_path / "store") == view_rows(tmp_path / "at-once")
    assert ctaudit.open(tmp_path / "store").timeline() == ctaudit.open(tmp_path / "at-once").timeline()


def test_a_download_that_is_finished_later_leaves_no_fault(tmp_path: Path) -> None:
    log = put(tmp_path / "log.json.gz", records(10))
    content = log.read_bytes()
    log.write_bytes(content[: len(content) * 2 // 3])
    assert ctaudit.ingest(tmp_path / "store", [str(log)], jobs=1).files_faulty == 1
    log.write_bytes(content)
    assert ctaudit.ingest(tmp_path / "store", [str(log)], jobs=1).faults == []
    ctaudit.ingest(tmp_path / "at-once", [str(log)], jobs=1)
    assert told(tmp_path / "store") == told(tmp_path / "at-once")


def test_a_damaged_copy_of_known_content_is_told_of_each_time(tmp_path: Path) -> None:
    whole_log = put(tmp_path / "log.json", records(4))
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_bytes(whole_log.read_bytes()[:-99])
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "one.json")], jobs=1)
    (tmp_path / "one.json").write_bytes(whole_log.read_bytes())
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "one.json")], jobs=1)
    told_of = ctaudit.ingest(tmp_path / "store", [str(tmp_path / "two.json")], jobs=1).faults
    assert {Path(fault.path).name for fault in told_of} == {"two.json"}


def test_records_without_an_id_are_all_kept(tmp_path: Path) -> None:
    twice = put(tmp_path / "1.json", [without_id(1), without_id(1)])
    nameless = without_id(1) | {"eventID": ""}
    empty = put(tmp_path / "2.json", [nameless, nameless, nameless | {"x": 1}])
    assert counted(tmp_path / "store", twice, empty) == (5, 0, 0)
    put(tmp_path / "copy.json.gz", [without_id(1), without_id(1)])
    assert counted(tmp_path / "store", tmp_path / "copy.json.gz", twice) == (0, 0, 0)


def test_another_body_of_an_event_is_kept_and_reported(tmp_path: Path) -> None:
    genuine, altered = put(tmp_path / "1.json", records(2)), put(tmp_path / "2.json", [other_body(1)])
    assert counted(tmp_path / "store", genuine) == (2, 0, 0)
    assert counted(tmp_path / "store", altered) == (1, 0, 1)
    store = ctaudit.open(tmp_path / "store")
    faults = [(row["path"], row["record"], row["kind"]) for row in store.faults()]
    kind = "ingest.conflicting_event"
    assert faults == [(str(genuine), 1, kind), (str(altered), 0, kind)]
    document = store.show(event(1)["eventID"]).content
    addresses = {each["event"]["sourceIPAddress"] for each in (document, *document["conflicting"])}
    assert addresses == {"192.0.2.7", "198.51.100.66"}


def _sized(folder: Path, *values: str) -> list[Path]:
    """Write a file for each value, spelled as it is, all with the same event but for that."""
    paths = [folder / f"{number}.json" for number in range(len(values))]
    for path, value in zip(paths, values, strict=True):
        text = put(path, [event(1, requestParameters={"size": "VALUE"})]).read_text()
        path.write_text(text.replace('"VALUE"', value))
    return paths


@pytest.mark.parametrize(
    ("one", "other"),
    [("1e999", '"1e999"'), ("1e-400", "2e-400"), ("9007199254740993.0", "9007199254740992.0"), ("1", "true")],
)
def test_numbers_are_compared_as_they_are_written(one: str, other: str, tmp_path: Path) -> None:
    assert counted(tmp_path / "store", *_sized(tmp_path, one, other)) == (2, 0, 1)


@pytest.mark.parametrize(("one", "other"), [("1.50", "1.5"), ("2.0", "2"), ("1E-7", "0.0000001")])
def test_a_number_may_be_spelled_otherwise(one: str, other: str, tmp_path: Path) -> None:
    assert counted(tmp_path / "store", *_sized(tmp_path, one, other)) == (1, 1, 0)


def test_every_copy_of_a_conflicting_event_is_reported(evidence: Path, whole: Told) -> None:
    clashes = {(str(Path(row[0]).relative_to(evidence)), row[2]) for row in whole.faults}
    assert {name for name, _ in clashes} == {*FILES} - {"other-trail/c.json.gz", "no-id.json", "no-time.json"}
    assert ("lookup.json", 1) in clashes
    assert ("lookup.json", 2) not in clashes


def test_a_row_that_is_left_behind_is_not_read(tmp_path: Path) -> None:
    """A crash between the last rename and the commit leaves whole segments that no catalog knows."""
    store, log = tmp_path / "store", put(tmp_path / "1.json", records(4))
    put(tmp_path / "2.json", records(4, 4))
    ctaudit.ingest(store, [str(tmp_path / "2.json"), str(log)], jobs=1)
    expected = told(store)
    segment = next(store.glob("events/date=2026-02-03/*.parquet"))
    shutil.copy(segment, segment.with_name("0123.parquet"))
    shutil.copy(segment, segment.with_name("4567.parquet.99.tmp"))
    assert told(store) == expected
    ctaudit.ingest(store, [str(log)], jobs=1)
    assert left_overs(store) == set()
    assert told(store) == expected


@pytest.mark.slow
@pytest.mark.parametrize("above", ["account=000000000000/region=mars", "date=1999-01-01", "a [1] {b,c} * it's ü"])
def test_the_folders_above_a_store_say_nothing_of_its_events(above: str, tmp_path: Path) -> None:
    """`hive_partitioning` would read `account=…` anywhere in a path, and a glob would read `*`."""
    log = put(tmp_path / "log.json", records(6))
    for store in (tmp_path / "plain", tmp_path / above / "store"):
        ctaudit.ingest(store, [str(log)], jobs=1)
    plain, odd = tmp_path / "plain", tmp_path / above / "store"
    assert told(odd) == told(plain)
    assert (
        ctaudit.open(odd).query("FROM cloudtrail_logs").rows == ctaudit.open(plain).query("FROM cloudtrail_logs").rows
    )


def test_a_folder_that_duckdb_cannot_open_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ctaudit.StoreError, match="DuckDB takes no"):
        ctaudit.ingest(tmp_path / "what?" / "store", [str(put(tmp_path / "log.json", records(1)))])
    assert not (tmp_path / "what?").exists()


def test_what_could_not_be_reached_is_void_once_it_can(tmp_path: Path) -> None:
    logs, store = tmp_path / "logs", tmp_path / "store"
    put(logs / "a.json", records(2))
    (logs / "gone").symlink_to(tmp_path / "later")
    assert [fault.kind for fault in ctaudit.ingest(store, [str(logs)], jobs=1).faults] == ["file.missing"]
    assert len(ctaudit.open(store).faults()) == 1
    ctaudit.ingest(store, [str(logs / "a.json")], jobs=1)
    assert len(ctaudit.open(store).faults()) == 1
    put(tmp_path / "later/b.json", records(2, 2))
    ctaudit.ingest(store, [str(logs)], jobs=1)
    assert len(ctaudit.open(store).faults()) == 0


def test_a_mistyped_source_is_told_but_not_held_against_the_store(tmp_path: Path) -> None:
    put(tmp_path / "logs/a.json", records(2))
    summary = ctaudit.ingest(tmp_path / "store", [str(tmp_path / "lgos"), str(tmp_path / "logs")], jobs=1)
    assert [fault.kind for fault in summary.faults] == ["file.missing"]
    assert ctaudit.open(tmp_path / "store").timeline().partial == ()


def test_two_members_alike_in_one_file_are_one_content(tmp_path: Path) -> None:
    member = gzipped(put(tmp_path / "log.json", records(3)).read_bytes())
    (tmp_path / "twice.json.gz").write_bytes(member + member)
    summary = ctaudit.ingest(tmp_path / "store", [str(tmp_path / "twice.json.gz")], jobs=1)
    assert (summary.events, [fault.kind for fault in summary.faults]) == (3, ["gzip.extra_member"])
    assert len(places(tmp_path / "store", records(1)[0])) == 2


def test_names_that_are_spelled_alike_do_not_stop_an_ingest(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for name in (b"a\xff.json", rb"a\xff.json"):
        (tmp_path / "logs" / name.decode(errors="surrogateescape")).write_bytes(b'{"Records":[],"x":1}')
    put(tmp_path / "logs/a.gz#member2", records(1, 5))
    (tmp_path / "logs/a.gz").write_bytes(gzipped(b'{"other":1}') * 2)
    (tmp_path / "logs/b").write_bytes(b'{"other":2}')
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "logs")], jobs=1)
    assert status(tmp_path / "store")["events"] == 1


def test_production_rows_are_those_of_the_files(case: Case) -> None:
    """The rows of one account are the records of its files, each once."""
    rows = select(case.store, f"SELECT eventid FROM cloudtrail_logs WHERE account = '{PRODUCTION}'")
    expected = {key for key, record in whole_records().items() if record["recipientAccountId"] == PRODUCTION}
    assert expected <= {row[0] for row in rows}
    assert len(rows) == len({row[0] for row in rows})
