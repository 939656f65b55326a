"""The library: what it answers is what the command prints, and it finds what there is to find in the sample."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from tests.cli.evidence import event
from tests.cli.processes import piped
from tests.conftest import Case
from tests.store.stores import put
from tests.trail.company import CI_DEPLOY, EUROPE, ORDERS, PAYROLL_BUCKET, PAYROLL_SECRET, PLATFORM_ADMIN, PRODUCTION
from tests.trail.evidence import of_session
from tests.trail.intrusion import BACKDOOR
from tests.trail.story import ANSWERS

STEPS = ANSWERS.steps
NIGHT: dict[str, Any] = {"since": "2026-03-11T00:00:00Z", "until": "2026-03-11T04:00:00Z"}


@pytest.fixture(scope="module")
def store(case: Case) -> ctaudit.Store:
    return ctaudit.open(case.store)


def rows_by_id(table: ctaudit.Table) -> dict[str, dict[str, Any]]:
    found = {str(row["event_id"]): row for row in table}
    assert len(found) == len(table)
    return found


# The command prints what the library answers


LOOKUPS: dict[str, tuple[list[str], Callable[[ctaudit.Store], ctaudit.Table]]] = {
    "who-deleted": (["who-deleted", PAYROLL_BUCKET], lambda store: store.who_deleted(PAYROLL_BUCKET)),
    "who-created": (["who-created", BACKDOOR], lambda store: store.who_created(BACKDOOR)),
    "who-changed": (["who-changed", PLATFORM_ADMIN.arn], lambda store: store.who_changed(PLATFORM_ADMIN.arn)),
    "who-touched": (
        ["who-touched", f"{PAYROLL_BUCKET}/*", "--limit", "5"],
        lambda store: store.who_touched(f"{PAYROLL_BUCKET}/*", limit=5),
    ),
    "what-did": (
        ["what-did", ANSWERS.stolen_key, "--since", "2026-03-11", "--until", "2026-03-12", "--region", "us-east-1"],
        lambda store: store.what_did(ANSWERS.stolen_key, since="2026-03-11", until="2026-03-12", region="us-east-1"),
    ),
    "timeline": (
        ["timeline", "--account", PRODUCTION, "--service", "iam", "--writes", "--outcome", "succeeded"],
        lambda store: store.timeline(
            account=PRODUCTION, filters=ctaudit.Filters(services=("iam",), writes=True, outcomes=("succeeded",))
        ),
    ),
    "timeline of one": (
        ["timeline", "--principal", "hotfix-4412", "--event", "AssumeRole", "--event", "deletebucket"],
        lambda store: store.timeline(who="hotfix-4412", filters=ctaudit.Filters(events=("AssumeRole", "deletebucket"))),
    ),
    "query": (
        ["query", "SELECT eventname, count(*) AS n FROM cloudtrail_logs GROUP BY eventname ORDER BY n DESC, eventname"],
        lambda store: store.query(
            "SELECT eventname, count(*) AS n FROM cloudtrail_logs GROUP BY eventname ORDER BY n DESC, eventname"
        ),
    ),
    "partitions": (["partitions", "--region", EUROPE], lambda store: store.partitions(region=EUROPE)),
    "faults": (["faults"], lambda store: store.faults()),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_the_command_prints_what_the_library_answers(name: str, case: Case, store: ctaudit.Store) -> None:
    words, ask = LOOKUPS[name]
    done = piped(*words, "--format", "json", folder=case.folder)
    table = ask(store)
    assert len(table) > 0
    assert json.loads(done.out) == table.records()
    assert done.code == 3
    assert all(f"incomplete: {sentence}" in done.err.splitlines() for sentence in table.partial)


@pytest.mark.parametrize("words", [["status"], ["show", STEPS["delete_bucket"].event_id]])
def test_the_command_prints_the_documents_of_the_library(words: list[str], case: Case, store: ctaudit.Store) -> None:
    document = store.status() if words == ["status"] else store.show(words[1])
    assert json.loads(piped(*words, "--format", "json", folder=case.folder).out) == document.content


# What there is to find


@pytest.mark.parametrize("thing", ANSWERS.destroyed)
def test_who_destroyed_each_thing_is_found(thing: str, store: ctaudit.Store) -> None:
    step = STEPS[ANSWERS.destroyed[thing]]
    row = rows_by_id(store.who_deleted(thing))[step.event_id]
    assert (row["time"], row["event_name"], row["outcome"]) == (step.time, step.event_name, "succeeded")
    assert (row["principal"], row["access_key_id"]) == (step.principal, step.access_key_id)
    assert (row["source_ip"], row["account"], row["region"]) == (step.source_ip, step.account, step.region)
    assert row["resource"]


@pytest.mark.parametrize(
    "spelling",
    [
        PAYROLL_BUCKET,
        PAYROLL_BUCKET.upper(),
        f"arn:aws:s3:::{PAYROLL_BUCKET}",
        f"s3://{PAYROLL_BUCKET}",
        f" {PAYROLL_BUCKET}/ ".strip().rstrip("/"),
        f"{PAYROLL_BUCKET[:-3]}*",
    ],
)
def test_a_thing_is_found_however_it_is_spelled(spelling: str, store: ctaudit.Store) -> None:
    assert STEPS["delete_bucket"].event_id in rows_by_id(store.who_deleted(spelling))


def test_the_first_attempt_that_failed_is_shown_as_such(store: ctaudit.Store) -> None:
    first, second = store.who_deleted(PAYROLL_BUCKET)
    assert (first["event_id"], first["outcome"]) == (STEPS["bucket_not_empty"].event_id, "failed")
    assert first["error_code"] == "BucketNotEmpty"
    assert (second["event_id"], second["outcome"], second["error_code"]) == (
        STEPS["delete_bucket"].event_id,
        "succeeded",
        None,
    )


def test_every_object_that_was_deleted_is_found(store: ctaudit.Store) -> None:
    table = store.who_deleted(f"{PAYROLL_BUCKET}/*")
    gone = {f"{PAYROLL_BUCKET}/{key}" for key in ANSWERS.payroll_objects}
    assert {row["resource"] for row in table} >= gone
    (one,) = store.who_deleted(f"{PAYROLL_BUCKET}/README.txt")
    assert one["event_id"] == STEPS["last_object"].event_id


def test_the_bucket_alone_says_that_more_was_deleted_inside(store: ctaudit.Store) -> None:
    (note,) = store.who_deleted(PAYROLL_BUCKET).notes
    assert f"'{PAYROLL_BUCKET}/*'" in note


def test_who_created_the_backdoor_is_found(store: ctaudit.Store) -> None:
    for asked in (BACKDOOR, ANSWERS.backdoor_user):
        row = rows_by_id(store.who_created(asked))[STEPS["create_user"].event_id]
        assert row["principal"] == STEPS["create_user"].principal
    assert STEPS["create_access_key"].event_id in rows_by_id(store.who_created(ANSWERS.backdoor_key))


def test_everything_that_the_stolen_key_did_is_found(store: ctaudit.Store) -> None:
    did = rows_by_id(store.what_did(ANSWERS.stolen_key))
    assert {STEPS[name].event_id for name in ("first_use", "first_refusal", "hop_production")} <= did.keys()
    assert {row["access_key_id"] for row in did.values()} <= {ANSWERS.stolen_key, None}
    night = rows_by_id(store.what_did(ANSWERS.stolen_key, **NIGHT))
    assert {row["source_ip"] for row in night.values()} == {"198.51.100.77", "192.0.2.44"}
    assert rows_by_id(store.what_did(CI_DEPLOY.name)).keys() >= did.keys()


def test_everything_that_a_session_did_is_found(store: ctaudit.Store) -> None:
    expected = {record["eventID"] for record in of_session("deploy-production/hotfix-4412")}
    did = rows_by_id(store.what_did("deploy-production/hotfix-4412"))
    assert expected <= did.keys()


@pytest.mark.parametrize("address", ANSWERS.addresses)
def test_everything_from_an_address_is_found(address: str, store: ctaudit.Store) -> None:
    did = store.what_did(address)
    assert len(did) > 0
    assert {row["source_ip"] for row in did} == {address}


def test_the_keys_of_each_hop_lead_on(store: ctaudit.Store) -> None:
    did = rows_by_id(store.what_did(ANSWERS.session_keys["hop_admin_again"]))
    assert STEPS["delete_bucket"].event_id in did
    assert STEPS["delete_table"].event_id in rows_by_id(store.what_did(ANSWERS.backdoor_key))


def test_a_refused_call_is_found_by_the_arn_in_its_message(store: ctaudit.Store) -> None:
    """Refused calls have no parameters: the secret stands in `errorMessage` alone."""
    touched = store.who_touched(PAYROLL_SECRET)
    refused = [row for row in touched if row["event_name"] == "GetSecretValue" and row["outcome"] == "failed"]
    assert refused
    for row in refused:
        record = store.show(str(row["event_id"])).content["event"]
        assert record.get("requestParameters") is None
        assert PAYROLL_SECRET in record["errorMessage"]


def test_a_service_event_names_whose_call_began_it(store: ctaudit.Store) -> None:
    rows = rows_by_id(store.who_deleted(PAYROLL_SECRET))
    asked, done = rows[STEPS["delete_secret"].event_id], rows[STEPS["secret_version_delete_ends"].event_id]
    assert asked["origin"] == done["origin"] == CI_DEPLOY.arn
    assert (done["principal_type"], done["principal"]) != (asked["principal_type"], asked["principal"])


def made(folder: Path, *records: dict[str, Any]) -> ctaudit.Store:
    put(folder / "logs.json", records)
    ctaudit.ingest(folder / "store", [str(folder / "logs.json")], jobs=1)
    return ctaudit.open(folder / "store")


def test_a_dry_run_is_shown_as_such(tmp_path: Path) -> None:
    terminate = event(
        1,
        eventSource="ec2.amazonaws.com",
        eventName="TerminateInstances",
        errorCode="Client.DryRunOperation",
        errorMessage="Request would have succeeded, but DryRun flag is set.",
        requestParameters={"instancesSet": {"items": [{"instanceId": "i-0abc1234def567890"}]}},
    )
    (row,) = made(tmp_path, terminate).who_deleted("i-0abc1234def567890")
    assert (row["outcome"], row["error_code"]) == ("dry-run", "Client.DryRunOperation")


def test_a_partial_failure_is_judged_thing_by_thing(tmp_path: Path) -> None:
    """A batch may fail for some of its targets without an `errorCode` of its own."""
    batch = event(
        1,
        eventSource="ecr.amazonaws.com",
        eventName="BatchDeleteImage",
        requestParameters={"repositoryName": "shop", "imageIds": [{"imageTag": "v1-old"}, {"imageTag": "v2-old"}]},
        responseElements={
            "imageIds": [{"imageTag": "v1-old"}],
            "failures": [{"imageId": {"imageTag": "v2-old"}, "failureCode": "ImageNotFound"}],
        },
    )
    two = event(
        2,
        eventSource="ec2.amazonaws.com",
        eventName="DeleteFlowLogs",
        requestParameters={"DeleteFlowLogsRequest": {"FlowLogId": [{"content": "fl-0aaaaaaaaaaaaaaaa", "tag": 1},
                                                                    {"content": "fl-0bbbbbbbbbbbbbbbb", "tag": 2}]}},
        responseElements={
            "DeleteFlowLogsResponse": {
                "unsuccessful": {
                    "item": {
                        "error": {"code": "InvalidFlowLogId.NotFound", "message": "gone"},
                        "resourceId": "fl-0bbbbbbbbbbbbbbbb",
                    }
                }
            }
        },
    )  # fmt: skip
    store = made(tmp_path, batch, two)
    (good,), (bad,) = store.who_deleted("fl-0aaaaaaaaaaaaaaaa"), store.who_deleted("fl-0bbbbbbbbbbbbbbbb")
    assert (good["outcome"], bad["outcome"], bad["error_code"]) == ("succeeded", "failed", "InvalidFlowLogId.NotFound")
    assert [row["outcome"] for row in store.timeline()] == ["succeeded", "succeeded"]


# Filters and options


@pytest.fixture(scope="module")
def everything(store: ctaudit.Store) -> list[dict[str, Any]]:
    return store.timeline().records()


FILTERS: dict[str, tuple[ctaudit.Filters, Callable[[dict[str, Any]], bool]]] = {
    "failed": (ctaudit.Filters(outcomes=("failed",)), lambda row: row["outcome"] == "failed"),
    "dry run": (ctaudit.Filters(outcomes=("dry-run",)), lambda row: row["outcome"] == "dry-run"),
    "two outcomes": (
        ctaudit.Filters(outcomes=("succeeded", "dry-run")), lambda row: row["outcome"] in ("succeeded", "dry-run"),
    ),
    "event": (ctaudit.Filters(events=("consolelogin",)), lambda row: row["event_name"] == "ConsoleLogin"),
    "event without its date": (
        ctaudit.Filters(events=("ListFunctions",)), lambda row: row["event_name"] == "ListFunctions20150331",
    ),
    "service": (
        ctaudit.Filters(services=("S3", "kms.amazonaws.com")),
        lambda row: row["event_source"] in ("s3.amazonaws.com", "kms.amazonaws.com"),
    ),
    "failed logins": (
        ctaudit.Filters(events=("ConsoleLogin",), outcomes=("failed",)),
        lambda row: row["event_name"] == "ConsoleLogin" and row["outcome"] == "failed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_gives_the_rows_of_the_timeline_that_pass_it(
    name: str, store: ctaudit.Store, everything: list[dict[str, Any]]
) -> None:
    filters, test = FILTERS[name]
    rows = store.timeline(filters=filters).records()
    assert without_origin(rows) == without_origin([row for row in everything if test(row)])
    assert rows or name == "dry run"


def without_origin(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The origin is told from the rows of the answer itself; other rows may tell more."""
    return [{key: value for key, value in row.items() if key != "origin"} for row in rows]


def test_only_writes_are_no_reads(store: ctaudit.Store, everything: list[dict[str, Any]]) -> None:
    writes = rows_by_id(store.timeline(filters=ctaudit.Filters(writes=True)))
    assert {STEPS[name].event_id for name in ("create_user", "delete_bucket", "put_event_selectors")} <= writes.keys()
    assert not any(row["read_only"] and str(row["event_name"]).startswith("List") for row in writes.values())
    assert {row["event_id"] for row in everything if row["read_only"] is False} <= writes.keys()


def test_options_narrow_every_lookup(store: ctaudit.Store) -> None:
    asks: tuple[Callable[..., ctaudit.Table], ...] = (
        partial(store.who_touched, PLATFORM_ADMIN.arn),
        partial(store.what_did, "hotfix-4412"),
        store.timeline,
    )
    for ask in asks:
        whole = ask(**NIGHT).records()
        assert [row for row in whole if row["region"] == EUROPE] == ask(region=EUROPE, **NIGHT).records()
        assert [row for row in whole if row["account"] == PRODUCTION] == ask(account=[PRODUCTION], **NIGHT).records()
        cut = ask(limit=2, **NIGHT)
        assert (cut.records(), cut.matched) == (whole[:2], len(whole))


def test_times_may_be_given_in_any_zone(store: ctaudit.Store) -> None:
    since, until = datetime(2026, 3, 11, 3, tzinfo=UTC), datetime(2026, 3, 11, 3, 5, tzinfo=UTC)
    india = timezone(timedelta(hours=5, minutes=30))
    expected = store.timeline(since="2026-03-11T03:00:00Z", until="2026-03-11T03:05:00Z").records()
    assert len(expected) > 30
    assert store.timeline(since=since, until=until).records() == expected
    assert store.timeline(since=since.astimezone(india), until="2026-03-11T08:35:00+05:30").records() == expected


WRONG: dict[str, Callable[[ctaudit.Store], object]] = {
    "a datetime without a zone": lambda store: store.timeline(since=datetime(2026, 3, 11)),
    "no time": lambda store: store.timeline(until="yesterday"),
    "an end before the beginning": lambda store: store.timeline(since="2026-03-12", until="2026-03-11"),
    "an empty span": lambda store: store.timeline(since="2026-03-12", until="2026-03-12"),
    "a negative limit": lambda store: store.timeline(limit=-1),
    "a negative limit of SQL": lambda store: store.query("SELECT 1", limit=-1),
    "nothing": lambda store: store.who_deleted("  "),
    "everything": lambda store: store.who_deleted("*"),
    "everything in S3": lambda store: store.who_deleted("s3://*"),
    "nobody": lambda store: store.what_did(""),
    "nobody's timeline": lambda store: store.timeline(who=" "),
    "no event": lambda store: store.show(" "),
    "no text": lambda store: store.who_touched("a\udcffb"),
    "no text for an account": lambda store: store.timeline(account=["1", "\udcff"]),
    "no outcome": lambda store: store.timeline(filters=ctaudit.Filters(outcomes=("success",))),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_asked_is_refused(name: str, store: ctaudit.Store) -> None:
    with pytest.raises(ctaudit.UsageError) as refusal:
        WRONG[name](store)
    assert refusal.value.message


# The face of the package


def test_the_example_of_the_package_runs(case: Case) -> None:
    assert ctaudit.__doc__ is not None
    program = "\n".join(ctaudit.__doc__.splitlines()[2:]).replace("my-bucket", PAYROLL_BUCKET)
    done = subprocess.run([sys.executable, "-c", program], cwd=case.folder, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].endswith(" succeeded")


def test_every_public_name_is_there_and_no_other() -> None:
    assert len(ctaudit.__all__) <= 11
    for name in ctaudit.__all__:
        assert getattr(ctaudit, name) is not None
    with pytest.raises(AttributeError):
        _ = ctaudit.nosuch


@pytest.mark.parametrize(
    "program",
    [
        "import ctaudit.ingest, ctaudit; assert callable(ctaudit.ingest)",
        "import ctaudit; first = ctaudit.ingest; import ctaudit.workers; assert ctaudit.ingest is first",
        "import ctaudit; ctaudit.Summary; assert callable(ctaudit.ingest)",
        "from ctaudit.ingest import Summary, ingest; import ctaudit; assert ctaudit.ingest is ingest",
        "from ctaudit import ingest; assert callable(ingest)",
    ],
)
def test_ingest_is_the_function_whoever_imported_the_file_of_that_name(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.slow
def test_a_script_without_a_main_guard_may_ingest_with_workers(case: Case, tmp_path: Path) -> None:
    """Workers must not run the script again."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, ctaudit\n"
        "ingest = ctaudit.ingest\n"
        "sys.modules['ctaudit.ingest'].INLINE_BYTES = 0\n"
        f"print(ingest('store', [{str(case.evidence / 'AWSLogs')!r}], jobs=2).events)\n"
    )
    for words, given in (([str(script)], None), (["-"], script.read_text())):
        words = [sys.executable, *words]
        done = subprocess.run(words, input=given, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stderr == ""
    assert int(done.stdout) == 0


def test_lookups_load_no_arrow(case: Case) -> None:
    """Loading pyarrow takes longer than most answers; only an ingest needs it."""
    program = (
        "import sys, ctaudit; store = ctaudit.open(sys.argv[1])\n"
        "store.who_deleted('x'), store.what_did('x'), store.timeline(limit=1), store.show('x'), store.status()\n"
        "store.query('SELECT 1'), store.partitions(), store.faults()\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    words = [sys.executable, "-c", program, str(case.store)]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert "duckdb" in loaded
    assert {"pyarrow", "numpy", "pandas", "click", "rich", "isal", "multiprocessing"}.isdisjoint(loaded)


def test_answers_follow_later_ingests(tmp_path: Path) -> None:
    store = made(tmp_path, event(1))
    assert len(store.timeline()) == 1
    put(tmp_path / "more.json", [event(2)])
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "more.json")], jobs=1)
    assert len(store.timeline()) == 2


def test_orders_is_told_from_things_with_longer_names(store: ctaudit.Store) -> None:
    assert {row["resource"] for row in store.who_deleted(ORDERS)} == {ORDERS}
