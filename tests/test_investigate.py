"""The library gives the rows that the command gives, and the known answers of the sample are found."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

import ctaudit
from ctaudit import Filters, UsageError
from tests.cli.processes import piped
from tests.conftest import Case
from tests.trail.story import ANSWERS

BUCKET = "example-payroll-archive"
QUESTIONS = {
    "who-deleted": (("who-deleted", BUCKET), lambda store: store.who_deleted(BUCKET)),
    "who-created": (("who-created", "metrics-relay"), lambda store: store.who_created("metrics-relay")),
    "who-changed": (("who-changed", "platform-admin"), lambda store: store.who_changed("platform-admin")),
    "who-touched": (("who-touched", BUCKET), lambda store: store.who_touched(BUCKET)),
    "what-did": (
        ("what-did", "hotfix-4412", "--writes"),
        lambda s: s.what_did("hotfix-4412", filters=Filters(writes=True)),
    ),
    "timeline": (
        ("timeline", "--outcome", "failed", "--region", "eu-west-1"),
        lambda store: store.timeline(filters=Filters(outcomes=("failed",)), region="eu-west-1"),
    ),
    "query": (
        ("query", "SELECT eventname, count(*) AS n FROM cloudtrail_logs GROUP BY ALL ORDER BY ALL"),
        lambda store: store.query("SELECT eventname, count(*) AS n FROM cloudtrail_logs GROUP BY ALL ORDER BY ALL"),
    ),
    "partitions": (("partitions",), lambda store: store.partitions()),
    "faults": (("faults",), lambda store: store.faults()),
}


@pytest.mark.parametrize(("words", "ask"), QUESTIONS.values(), ids=QUESTIONS)
def test_library_and_command_give_the_same_rows(words: tuple[str, ...], ask: Any, case: Case) -> None:
    done = piped(*words, "--format", "json", folder=case.folder)
    rows = list(ask(ctaudit.open(case.store)))
    assert json.loads(done.out) == rows
    assert rows


@pytest.mark.parametrize(("thing", "step"), ANSWERS.destroyed.items(), ids=list(ANSWERS.destroyed))
def test_whoever_destroyed_it_is_found(thing: str, step: str, case: Case) -> None:
    found = {row["event_id"]: row for row in ctaudit.open(case.store).who_deleted(thing)}
    answer = ANSWERS.steps[step]
    row = found[answer.event_id]
    assert (row["outcome"], row["principal"], row["time"]) == ("succeeded", answer.principal, answer.time)


def test_failed_attempts_are_told_apart(case: Case) -> None:
    rows = list(ctaudit.open(case.store).who_deleted(BUCKET))
    assert [(row["outcome"], row["error_code"]) for row in rows] == [("failed", "BucketNotEmpty"), ("succeeded", None)]


def test_a_call_refused_without_parameters_is_found_by_its_error_message(case: Case) -> None:
    refused = ctaudit.open(case.store).query(
        """SELECT eventid, regexp_extract(errormessage, 'on resource: (arn:[^ ]+)', 1) AS arn FROM cloudtrail_logs
           WHERE requestparameters IS NULL AND errormessage LIKE '%on resource: arn:%'
             AND errormessage NOT SIMILAR TO '.*on resource: [^ ]*[*/:] .*' ORDER BY ALL"""
    )
    assert len(refused) > 3
    for row in refused:
        touched = ctaudit.open(case.store).who_touched(str(row["arn"]))
        assert row["eventid"] in {hit["event_id"] for hit in touched}


def test_a_service_event_names_whose_call_caused_it(case: Case) -> None:
    secret = next(thing for thing in ANSWERS.destroyed if "payroll/db" in thing)
    rows = list(ctaudit.open(case.store).who_deleted(secret))
    caller = next(row["principal"] for row in rows if row["event_name"] == "DeleteSecret")
    ends = [row for row in rows if row["event_name"] == "EndSecretVersionDelete"]
    assert ends
    assert {row["origin"] for row in ends} == {caller}


def test_dry_runs_and_partial_failures_are_shown_as_such(case: Case) -> None:
    store = ctaudit.open(case.store)
    dry = store.timeline(filters=Filters(outcomes=("dry-run",)))
    assert {row["error_code"] for row in dry} == {"Client.DryRunOperation"}
    (flow,) = store.timeline(filters=Filters(events=("DeleteFlowLogs",)))
    assert (flow["outcome"], flow["error_code"]) == ("succeeded", "PartialFailure")
    judged = [next(iter(store.who_deleted(name))) for name in str(flow["resource"]).split(", ")]
    assert sorted(row["outcome"] for row in judged) == ["failed", "succeeded"]


def test_the_stolen_key_shows_the_owner_and_the_intruder(case: Case) -> None:
    addresses = {row["source_ip"] for row in ctaudit.open(case.store).what_did(ANSWERS.stolen_key)}
    assert addresses & set(ANSWERS.addresses)
    assert addresses - set(ANSWERS.addresses)


def test_everything_from_an_address_is_found(case: Case) -> None:
    store = ctaudit.open(case.store)
    for address in ANSWERS.addresses:
        counted = store.query(f"SELECT count(*) AS n FROM cloudtrail_logs WHERE sourceipaddress = '{address}'")
        assert len(store.what_did(address)) == next(iter(counted))["n"] > 0


def test_spans_are_inclusive_then_exclusive(case: Case) -> None:
    store = ctaudit.open(case.store)
    at = ANSWERS.steps[ANSWERS.destroyed[BUCKET]].time
    moment = datetime.fromisoformat(at)
    assert len(store.who_deleted(BUCKET, since=at)) == 1
    assert len(store.who_deleted(BUCKET, until=at)) == 1
    assert len(store.who_deleted(BUCKET, since=moment, until=datetime(2027, 1, 1, tzinfo=UTC))) == 1


def test_a_limit_cuts_the_rows_but_not_the_count(case: Case) -> None:
    store = ctaudit.open(case.store)
    whole = store.timeline()
    cut = store.timeline(limit=7)
    assert cut.rows == whole.rows[:7]
    assert cut.matched == whole.matched == len(whole)


@pytest.mark.parametrize("options", [{"since": datetime(2026, 3, 11)}, {"since": "yesterday"}, {"until": "2026-02-31"}])
def test_times_that_mean_nothing_certain_are_refused(options: dict[str, Any], case: Case) -> None:
    with pytest.raises(UsageError):
        ctaudit.open(case.store).timeline(**options)


def test_hostile_names_are_searched_for_as_they_are(case: Case) -> None:
    store = ctaudit.open(case.store)
    for thing in ("' OR 1=1 --", 'x"y', "%", "_", "\\", "a'; DROP VIEW cloudtrail_logs; --", "\u202e", "[red]", "(a|b"):
        assert len(store.who_touched(thing)) == 0, thing
        assert len(store.what_did(thing)) == 0, thing


def test_an_empty_span_is_told_as_one(case: Case) -> None:
    (told,) = [
        text for text in ctaudit.open(case.store).timeline(since="2027-01-01T00:00:00Z").partial if "no events" in text
    ]
    assert "2026-03-09" in told


def test_show_gives_the_record_and_its_places(case: Case) -> None:
    step = ANSWERS.steps[ANSWERS.destroyed[BUCKET]]
    document = ctaudit.open(case.store).show(step.event_id.upper())
    assert document.content["event"]["eventName"] == "DeleteBucket"
    (place,) = document.content["places"]
    assert place["source"].endswith(".json.gz")
    assert len(place["sha256"]) == 64
