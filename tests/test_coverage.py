"""Which hours the logs speak for, on trails that are whole, withheld in part, stopped, late, validated or not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit.errors import UsageError
from tests.cli.evidence import event
from tests.conftest import Case
from tests.store.proving import Scene, add_hours, codes, flat_copy, scene, tiny
from tests.store.stores import put, select
from tests.trail import company
from tests.trail.delivery import Batch
from tests.trail.events import event as call
from tests.trail.ids import Ids
from tests.trail.packing import gzipped, minified
from tests.trail.small import CHAIN, NOON, go_on, small_batch, stop_batch
from tests.trail.trail import HOUR, Trail

HOURS = 6


def drawn(store: Path, place: tuple[str, str] = CHAIN, **span: Any) -> str:
    """Draw the hours of an account and region: proven, covered, gap, `.` for silent."""
    rows = ctaudit.open(store).coverage(by="hour", **span).spans.records()
    letters = {"proven": "p", "covered": "c", "gap": "g", "silent": "."}
    return "".join(letters[row["state"]] for row in rows if (row["account"], row["region"]) == place)  # type: ignore[index]


def notes(store: Path, **span: Any) -> list[str]:
    return [str(row["note"]) for row in ctaudit.open(store).coverage(**span).spans if row["note"]]


@pytest.fixture
def made(tmp_path: Path) -> Scene:
    """Six hours of one log file and one digest each, on disk and not yet in a store."""
    return scene(tmp_path, tiny(HOURS))


def log_of(made: Scene, hour: int) -> Path:
    return made.mirror / made.trail.log_keys()[hour]


# ---- what lies there, and what does not


def test_files_cover_and_digests_prove_once_they_are_validated(made: Scene) -> None:
    made.ingest()
    assert drawn(made.store) == "cccccc"
    assert codes(made.prove(made.mirror)) == []
    assert drawn(made.store) == "pppppc", "of the last quarter of an hour the next digest would speak"


def test_an_hour_without_its_file_is_silent_until_a_digest_tells_of_it(made: Scene) -> None:
    log_of(made, 2).unlink()
    made.ingest()
    assert drawn(made.store) == "cc.ccc"
    made.prove(made.mirror)
    assert drawn(made.store) == "pggppc", "what it held happened up to a quarter of an hour before ten past"
    assert notes(made.store)[0].startswith("a log file that a proven digest lists is not in the store")


@pytest.mark.slow
def test_a_store_of_a_part_lacks_what_was_validated_elsewhere(made: Scene) -> None:
    """The bucket is whole, and the copy that was ingested is not."""
    made.ingest(log_of(made, 1), log_of(made, 2))
    assert codes(made.prove(made.mirror)) == []
    assert drawn(made.store) == "gpgggg"
    made.ingest()
    assert drawn(made.store) == "pppppc"


@pytest.mark.slow
def test_hours_whose_digests_and_files_are_gone_are_gaps(made: Scene) -> None:
    for hour in (2, 3):
        log_of(made, hour).unlink()
        (made.mirror / made.trail.digests(*CHAIN)[hour]).unlink()
    made.ingest()
    assert drawn(made.store) == "cc..cc"
    assert "digest.missing" in codes(made.prove(made.mirror))
    assert drawn(made.store) == "pcggpc", "what happened at the end of an hour is delivered in the next one"
    assert notes(made.store) == ["validation found files or digests gone, or no proven digest"]


@pytest.mark.slow
def test_a_damaged_file_is_a_gap_though_its_events_are_there(made: Scene) -> None:
    path = log_of(made, 3)
    path.write_bytes(path.read_bytes()[:-20])
    made.ingest()
    assert drawn(made.store) == "ccggcc"
    assert "a log file could not be read whole" in notes(made.store)


@pytest.mark.slow
def test_a_file_that_could_not_be_opened_is_a_gap(made: Scene) -> None:
    log_of(made, 3).write_bytes(b"")
    log_of(made, 4).unlink()
    log_of(made, 4).symlink_to(made.folder / "nowhere")
    made.ingest()
    assert drawn(made.store)[4] == "g"


@pytest.mark.slow
def test_an_altered_file_does_not_stand_for_what_aws_delivered(made: Scene) -> None:
    made.trail.edit_log(made.trail.log_keys()[1], lambda records: records[:-1])
    log_of(made, 1).write_bytes(made.trail.bucket.bodies[made.trail.log_keys()[1]])
    made.ingest()
    assert drawn(made.store) == "cccccc"
    assert "log.hash_mismatch" in codes(made.prove(made.mirror))
    assert drawn(made.store) == "ggpppc"


@pytest.mark.slow
def test_a_file_without_events_covers_the_hour_of_its_delivery(made: Scene) -> None:
    name = log_of(made, 0).name.replace("T1210Z", "T1910Z")
    made.ingest()
    (made.folder / name).write_bytes(gzipped(minified({"Records": []})))
    made.ingest(made.folder / name)
    assert drawn(made.store, until=NOON + 9 * HOUR) == "cccccc.c."


@pytest.mark.slow
def test_files_under_other_names_speak_by_their_events(made: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "renamed"
    folder.mkdir()
    for number, key in enumerate(made.trail.log_keys()):
        (folder / f"{number}.json.gz").write_bytes(made.trail.bucket.bodies[key])
    made.ingest(folder)
    assert select(made.store, "SELECT count(*) FROM deliveries") == [(0,)]
    assert drawn(made.store) == "cccccc"


@pytest.mark.slow
def test_the_name_counts_wherever_the_file_lies(made: Scene, tmp_path: Path) -> None:
    """Flat copies, unpacked ones, and such as an archive would name."""
    made.ingest(flat_copy(made, tmp_path / "flat"))
    deep = tmp_path / "case.zip!" / "AWSLogs"
    deep.mkdir(parents=True)
    names = [log_of(made, hour).name for hour in range(HOURS)]
    found = select(made.store, "SELECT account, region, delivered::VARCHAR FROM deliveries ORDER BY 3")
    assert found == [(*CHAIN, f"2026-03-09 {12 + hour}:10:00") for hour in range(HOURS)]
    (deep / names[0]).write_bytes(gzipped(minified({"Records": []})))
    made.ingest(deep)
    assert len(select(made.store, "FROM deliveries")) == HOURS + 1


@pytest.mark.slow
def test_what_is_read_again_or_from_a_copy_counts_once(made: Scene, tmp_path: Path) -> None:
    made.ingest()
    made.ingest(flat_copy(made, tmp_path / "flat"))
    made.ingest()
    assert [row["files"] for row in ctaudit.open(made.store).coverage(by="hour").spans] == [1] * HOURS


@pytest.mark.slow
def test_insight_events_do_not_say_that_an_hours_calls_were_logged(tmp_path: Path) -> None:
    records = [event(0), event(1, eventTime="2026-02-03T13:00:00Z", eventCategory="Insight"), event(2)]
    records[2]["eventTime"] = "2026-02-03T14:00:00Z"
    put(tmp_path / "log.json", records)
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "log.json")], jobs=1)
    assert drawn(tmp_path / "store", ("111122223333", "eu-west-1")) == "c.c"


# ---- stopped trails


def call_batch(trail: Trail, name: str, delivered: datetime, **more: Any) -> Batch:
    ids = Ids(f"{name}/{delivered}")
    who = company.CI_DEPLOY.calling(company.RUNNER)
    at = delivered - timedelta(minutes=7)
    record = call(ids, at, f"cloudtrail:{name}", who, company.HOME, {"name": trail.arn(CHAIN[0])}, **more)
    return Batch(*CHAIN, "CloudTrail", delivered, ids.alnum(), (record,))


def stopped(folder: Path, *, started: bool, name: str = "StopLogging") -> Scene:
    """Stop a trail at 13:23, start it again at 16:23 or not, and go on until 18:00; one event in another region."""
    trail = Trail(name="small-trail")
    add_hours(trail, 2)
    trail.put_log(call_batch(trail, name, NOON + timedelta(hours=1, minutes=30)))
    if started:
        trail.put_log(call_batch(trail, "StartLogging", NOON + timedelta(hours=4, minutes=30)))
        trail.put_log(small_batch(NOON + timedelta(hours=5, minutes=10)))
    return scene(folder, trail)


@pytest.mark.parametrize("name", ["StopLogging", "DeleteTrail"])
def test_a_stopped_trail_leaves_a_gap_until_it_is_started(name: str, tmp_path: Path) -> None:
    made = stopped(tmp_path, started=True, name=name)
    made.ingest()
    assert drawn(made.store) == "cggggc"
    assert set(notes(made.store)) == {"logging was stopped"}
    names = [row["event_name"] for row in ctaudit.open(made.store).coverage().changes]
    assert names == [name, "StartLogging"]


@pytest.mark.slow
def test_a_stop_that_was_never_undone_lasts(tmp_path: Path) -> None:
    made = stopped(tmp_path, started=False)
    made.ingest()
    assert drawn(made.store, until=NOON + 5 * HOUR) == "cgggg"


@pytest.mark.slow
def test_a_stop_before_the_span_is_still_in_force_in_it(tmp_path: Path) -> None:
    made = stopped(tmp_path, started=False)
    made.ingest()
    assert drawn(made.store, since=NOON + 3 * HOUR, until=NOON + 5 * HOUR) == "gg"


@pytest.mark.slow
def test_a_stop_counts_for_every_region_of_the_account_and_no_other_account(tmp_path: Path) -> None:
    made = stopped(tmp_path, started=True)
    put(tmp_path / "other.json", [event(0, eventTime="2026-03-09T13:05:00Z", recipientAccountId=CHAIN[0])])
    put(tmp_path / "more.json", [event(1, eventTime="2026-03-09T13:05:00Z", recipientAccountId="444455556666")])
    made.ingest(made.mirror, tmp_path / "other.json", tmp_path / "more.json")
    assert drawn(made.store, (CHAIN[0], "eu-west-1")) == ".gggg."
    assert drawn(made.store, ("444455556666", "eu-west-1")) == ".c...."


@pytest.mark.slow
def test_a_refused_stop_stops_nothing_and_is_shown(tmp_path: Path) -> None:
    trail = tiny(3)
    refused = call_batch(trail, "StopLogging", NOON + timedelta(minutes=40), error=("AccessDenied", "no"))
    trail.put_log(refused)
    made = scene(tmp_path, trail)
    made.ingest()
    assert drawn(made.store) == "ccc"
    (row,) = ctaudit.open(made.store).coverage().changes
    assert (row["event_name"], row["outcome"], row["subject"]) == ("StopLogging", "failed", "small-trail")
    assert row["effect"] == "none: it was refused"


@pytest.mark.slow
def test_another_trail_that_goes_on_is_heard(tmp_path: Path) -> None:
    trail = tiny(6)
    trail.put_log(stop_batch(NOON + timedelta(hours=1, minutes=30), "arn:aws:cloudtrail:us-east-1:1:trail/other"))
    made = scene(tmp_path, trail)
    made.ingest()
    assert drawn(made.store) == "cgcccc"


@pytest.mark.slow
def test_digests_prove_what_a_stop_of_another_trail_leaves_in_doubt(tmp_path: Path) -> None:
    trail = Trail(name="small-trail")
    trail.put_log(stop_batch(NOON + timedelta(hours=1, minutes=30), "arn:aws:cloudtrail:us-east-1:1:trail/other"))
    add_hours(trail, 4)
    made = scene(tmp_path, trail)
    made.ingest()
    assert drawn(made.store) == "cgcc"
    assert codes(made.prove(made.mirror)) == []
    assert drawn(made.store) == "pppc"


@pytest.mark.slow
def test_a_restart_leaves_the_hours_between_unproven(tmp_path: Path) -> None:
    trail = tiny(3)
    go_on(trail, NOON + 6 * HOUR, 3, 1, restart=True)
    made = scene(tmp_path, trail)
    made.ingest()
    assert "coverage.restart_gap" in codes(made.prove(made.mirror))
    assert drawn(made.store) == "ppcgggppc"


# ---- late deliveries, silent regions, changes of buckets


@pytest.mark.slow
def test_late_deliveries_are_counted_where_they_came(made: Scene) -> None:
    late = small_batch(NOON + timedelta(hours=2, minutes=40))
    made.ingest()
    moved = Batch(*CHAIN, "CloudTrail", NOON + timedelta(hours=5, minutes=20), late.token, late.records)
    path = made.folder / moved.key("").rpartition("/")[2]
    put(path, moved.records)
    made.ingest(path)
    report = ctaudit.open(made.store).coverage(by="hour")
    assert [row["late"] for row in report.spans] == [0, 0, 0, 0, 0, 1]
    assert any(note.startswith("1 log file was delivered an hour or more after") for note in report.spans.notes)


@pytest.mark.slow
def test_a_region_without_files_in_the_span_is_named(made: Scene) -> None:
    put(made.folder / "ireland.json", [event(0, eventTime="2026-03-01T10:00:00Z", recipientAccountId=CHAIN[0])])
    made.ingest(made.mirror, made.folder / "ireland.json")
    report = ctaudit.open(made.store).coverage(since=NOON, until=NOON + HOUR)
    rows = {row["region"]: (row["state"], row["note"]) for row in report.spans}
    assert rows["us-east-1"] == ("covered", None)
    assert rows["eu-west-1"] == ("silent", "no file; the last one heard of is of 2026-03-01T10:00Z")
    assert f"silent regions: {CHAIN[0]} eu-west-1 (last heard of 2026-03-01T10:00Z)" in report.spans.notes


@pytest.mark.slow
def test_a_hole_in_a_busy_region_is_told_from_the_quiet_of_an_idle_one(tmp_path: Path) -> None:
    busy = [
        event(hour, eventTime=f"2026-03-0{1 + hour // 24}T{hour % 24:02}:30:00Z") for hour in range(72) if hour != 40
    ]
    idle = [
        event(100 + hour, eventTime=f"2026-03-01T{hour:02}:30:00Z", awsRegion="us-east-1") for hour in range(0, 24, 6)
    ]
    put(tmp_path / "log.json", busy + idle)
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "log.json")], jobs=1)
    told = {(row["region"], row["note"]) for row in ctaudit.open(tmp_path / "store").coverage().spans if row["note"]}
    assert ("eu-west-1", "a hole: there are events in 98.6 % of its hours") in told
    assert ("us-east-1", "quiet, or a hole: there are events in 21 % of its hours") in told


@pytest.mark.slow
def test_changes_of_log_buckets_are_told_from_those_of_others(made: Scene) -> None:
    def policy(number: int, bucket: str, name: str = "PutBucketPolicy") -> dict[str, Any]:
        at = f"2026-03-09T12:{number:02}:00Z"
        return event(number, eventTime=at, eventName=name, requestParameters={"bucketName": bucket})

    calls = [policy(1, "photos"), policy(2, "example-org-cloudtrail-logs"), policy(3, "photos", "PutBucketLifecycle")]
    put(made.folder / "s3.json", calls)
    made.ingest(made.folder / "s3.json")

    def shown() -> list[tuple[Any, Any]]:
        report = ctaudit.open(made.store).coverage()
        return [(row["subject"], str(row["effect"]).startswith("if logs lie there: ")) for row in report.changes]

    assert shown() == [("photos", True), ("example-org-cloudtrail-logs", True), ("photos", True)]
    made.prove(made.mirror)
    assert shown() == [("example-org-cloudtrail-logs", False)]
    assert any(
        note.startswith("2 changes of buckets are not shown")
        for note in ctaudit.open(made.store).coverage().spans.notes
    )


@pytest.mark.slow
def test_a_call_on_a_trail_tells_its_bucket(tmp_path: Path) -> None:
    trail = {"eventSource": "cloudtrail.amazonaws.com", "eventName": "UpdateTrail"}
    records = [
        event(1, **trail, requestParameters={"name": "t", "s3BucketName": "logs-a"}),
        event(2, eventName="DeleteBucketPolicy", requestParameters={"bucketName": "logs-a"}),
        event(3, eventName="DeleteBucketPolicy", requestParameters={"bucketName": "photos"}),
    ]
    put(tmp_path / "log.json", records)
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "log.json")], jobs=1)
    assert [row["subject"] for row in ctaudit.open(tmp_path / "store").coverage().changes] == ["t", "logs-a"]


# ---- validations one after the other


@pytest.mark.slow
def test_a_validation_of_a_part_leaves_the_rest_as_it_was(made: Scene) -> None:
    made.ingest()
    made.prove(made.mirror)
    made.prove(made.mirror, since=NOON + 2 * HOUR, until=NOON + 4 * HOUR)
    assert drawn(made.store) == "pppppc"


@pytest.mark.slow
def test_a_validation_without_keys_takes_nothing_back(made: Scene) -> None:
    made.ingest()
    made.prove(made.mirror)
    made.prove(made.mirror, keys=False)
    assert drawn(made.store) == "pppppc"


@pytest.mark.slow
def test_a_validation_that_proves_nothing_makes_no_gaps_of_what_is_there(made: Scene) -> None:
    log_of(made, 2).unlink()
    made.ingest()
    assert "coverage.missing" in codes(made.prove(made.mirror, keys=False))
    assert drawn(made.store) == "cggccc", "the file is gone that a digest names, be that digest proven or not"


@pytest.mark.slow
def test_a_validation_of_logs_alone_takes_nothing_back(made: Scene, tmp_path: Path) -> None:
    made.ingest()
    made.prove(made.mirror)
    logs = tmp_path / "logs"
    for key in made.trail.log_keys():
        (logs / key).parent.mkdir(parents=True, exist_ok=True)
        (logs / key).write_bytes(made.trail.bucket.bodies[key])
    made.prove(logs)
    assert drawn(made.store) == "pppppc"


@pytest.mark.slow
def test_the_latest_word_on_digests_counts(made: Scene) -> None:
    made.ingest()
    made.prove(made.mirror)
    (made.mirror / made.trail.digests(*CHAIN)[2]).unlink()
    made.prove(made.mirror)
    assert drawn(made.store) == "pggppc", "the events are there, and nothing tells any more that they are all"
    gone = made.trail.digests(*CHAIN)[2]
    (made.mirror / gone).write_bytes(made.trail.bucket.bodies[gone])
    made.prove(made.mirror)
    assert drawn(made.store) == "pppppc"


@pytest.mark.slow
def test_it_does_not_matter_what_came_first(made: Scene) -> None:
    made.ingest(log_of(made, 0))
    made.prove(made.mirror)
    made.ingest()
    assert drawn(made.store) == "pppppc"


# ---- lookups that find nothing


QUESTIONS: dict[str, tuple[str, Callable[..., ctaudit.Table]]] = {
    "who-deleted": ("no deletion found", lambda store, **span: store.who_deleted("nothing-like-it", **span)),
    "who-created": ("no creation found", lambda store, **span: store.who_created("nothing-like-it", **span)),
    "who-changed": ("no change found", lambda store, **span: store.who_changed("nothing-like-it", **span)),
    "who-touched": ("no event found", lambda store, **span: store.who_touched("nothing-like-it", **span)),
    "what-did": ("no event found", lambda store, **span: store.what_did("nobody-at-all", **span)),
    "timeline": ("no event found", lambda store, **span: store.timeline(who="nobody-at-all", **span)),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.slow
def test_an_answer_without_rows_says_what_part_is_covered(question: str, made: Scene) -> None:
    log_of(made, 2).unlink()
    made.ingest()
    nothing, ask = QUESTIONS[question]
    (said,) = ask(ctaudit.open(made.store)).partial
    assert said == (
        f"{nothing}; 83.3 % of the hours asked for are covered (2026-03-09T12:00:00Z to 2026-03-09T18:00:00Z); "
        "us-east-1 has no files 2026-03-09 14:00–15:00; see: ctaudit coverage"
    )


@pytest.mark.slow
def test_where_all_is_covered_that_is_a_remark(made: Scene) -> None:
    made.ingest()
    made.prove(made.mirror)
    table = ctaudit.open(made.store).who_deleted("nothing-like-it", until=NOON + 5 * HOUR)
    assert table.partial == ()
    assert table.notes == (
        "no deletion found; all of the 5 hours asked for are covered (2026-03-09T12:00:00Z to 2026-03-09T17:00:00Z), "
        "100 % proven",
    )


@pytest.mark.slow
def test_an_answer_with_rows_says_nothing_of_it(made: Scene) -> None:
    log_of(made, 2).unlink()
    made.ingest()
    table = ctaudit.open(made.store).timeline()
    assert len(table) > 0
    assert (table.notes, table.partial) == ((), ())


@pytest.mark.slow
def test_a_span_beyond_the_store_is_not_covered(made: Scene) -> None:
    made.ingest()
    store = ctaudit.open(made.store)
    (said,) = store.timeline(since="2027-01-01", until="2027-01-02").partial
    assert said.startswith("no event found; 0 % of the hours asked for are covered (2027-01-01T00:00:00Z to ")
    assert "the store's events are of 2026-03-09T12:03:00Z to 2026-03-09T17:04:20Z" in said
    (said,) = store.timeline(since="2027-01-01").partial
    assert said.startswith("no event found; no hour of what was asked for can be covered; the store's events are of ")


@pytest.mark.slow
def test_an_account_that_the_store_does_not_know_is_not_covered(made: Scene) -> None:
    made.ingest()
    (said,) = ctaudit.open(made.store).timeline(account="999988887777").partial
    assert "0 % of the hours" in said
    assert "account 999988887777 has no files at all" in said


@pytest.mark.parametrize(
    "span", [{}, {"region": "eu-west-1"}, {"since": "2026-03-10T02:00:00Z"}, {"account": company.CI}]
)
def test_lookups_and_coverage_say_the_same(span: dict[str, Any], case: Case) -> None:
    store = ctaudit.open(case.store)
    said = store.who_deleted("nothing-like-it", **span).partial[-1]
    note = store.coverage(**span).spans.notes[0]
    assert said == f"no deletion found; {note}; see: ctaudit coverage"


@pytest.mark.slow
def test_an_event_that_claims_the_year_1_does_not_make_a_lookup_endless(tmp_path: Path) -> None:
    records = [
        event(1, eventTime="0001-01-01T00:00:00Z"),
        event(2, eventTime="9998-12-31T23:00:00Z"),
        event(3, awsRegion="us-east-1"),
    ]
    put(tmp_path / "log.json", records)
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "log.json")], jobs=1)
    store = ctaudit.open(tmp_path / "store")
    (said,) = store.who_deleted("nothing-like-it").partial
    assert said.startswith("no deletion found; how much of what was asked for is covered was not looked at: ")
    with pytest.raises(UsageError, match="are more than can be told at once"):
        store.coverage()
    assert drawn(tmp_path / "store", ("111122223333", "us-east-1"), since="2026-02-03", until="2026-02-03T14:00") == (
        "............c."
    )


@pytest.mark.slow
def test_a_store_without_events_says_so(tmp_path: Path) -> None:
    put(tmp_path / "log.json", [])
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "log.json")], jobs=1)
    store = ctaudit.open(tmp_path / "store")
    assert store.timeline().partial == ("no event found; the store holds no dated events",)
    report = store.coverage()
    assert (report.spans.rows, report.spans.partial) == ([], ("the store holds no dated events",))
