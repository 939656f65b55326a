"""The sample's README, followed by hand: each command runs, and what is told beside it is what the command shows."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest

from tests.conftest import SAMPLE, Ask, Case, made
from tests.trail import company
from tests.trail.plot import Step
from tests.trail.story import ANSWERS

README = (SAMPLE / "README.md").read_text("utf-8")
COMMANDS = tuple(
    line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines() if line
)
STEPS = ANSWERS.steps
SHOWN = [line.split()[2] for line in COMMANDS if line.startswith("ctaudit show ")]
INTRUDER = ANSWERS.addresses[0]

Row = dict[str, Any]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A case of its own: the story's `validate` writes into the store."""
    return made(tmp_path_factory.mktemp("story"))


@pytest.fixture
def told(ask: Ask, case: Case) -> Any:
    """Run a command that stands in the README, the only one that begins so and holds `part`, and return its rows."""

    def rows(begin: str, part: str = "") -> list[Row]:
        (command,) = (line for line in COMMANDS if line.startswith(f"ctaudit {begin}") and part in line)
        done = ask(*shlex.split(command)[1:], "--format", "json", folder=case.folder)
        assert done.code == 3, "one file is damaged, and every answer says so"
        found: list[Row] = json.loads(done.out)
        return found

    return rows


def _is(row: Row, step: Step) -> bool:
    """Tell whether a lookup row is the event of that step; if so, the row says in every field what the story says."""
    if row["event_id"] != step.event_id:
        return False
    named = row["principal"] if str(row["principal"]).startswith("arn:") else None  # else a service, by its name
    assert (row["time"], row["event_name"], row["event_source"]) == (step.time, step.event_name, step.event_source)
    assert (named, row["access_key_id"], row["source_ip"]) == (step.principal, step.access_key_id, step.source_ip)
    assert (row["account"], row["region"], row["error_code"]) == (step.account, step.region, step.error_code)
    return True


def _the(rows: list[Row], name: str) -> Row:
    """Return the row of a step of the story."""
    (row,) = (row for row in rows if _is(row, STEPS[name]))
    return row


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs_and_has_something_to_show(command: str, ask: Ask, case: Case) -> None:
    words = shlex.split(command)
    assert words[0] == "ctaudit"
    done = ask(*words[1:], folder=case.folder)
    assert done.code in ((1,) if words[1] == "validate" else (0, 3)), done.err
    assert not done.err.startswith("0 rows")
    assert len(done.out.splitlines()) > 2 or words[1] == "ingest"


@pytest.mark.parametrize("event_id", SHOWN)
def test_every_event_shown_is_a_step_of_the_story(event_id: str, ask: Ask, case: Case) -> None:
    (step,) = (step for step in STEPS.values() if step.event_id == event_id)
    event = json.loads(ask("show", event_id, "--format", "json", folder=case.folder).out)["event"]
    assert (event["eventTime"], event["eventName"]) == (step.time, step.event_name)
    assert event["userIdentity"].get("arn") == step.principal
    assert (event["sourceIPAddress"], event.get("errorCode")) == (step.source_ip, step.error_code)


def test_who_deleted_the_bucket(told: Any) -> None:
    first, last = told("who-deleted example-payroll-archive")
    assert (first["outcome"], last["outcome"]) == ("failed", "succeeded")
    assert _is(first, STEPS["bucket_not_empty"])
    assert _is(last, STEPS["delete_bucket"])
    assert last["principal"].endswith("/platform-admin/hotfix-4412")
    (objects,) = told("query", "AS objects FROM")
    assert objects == {"objects": len(ANSWERS.payroll_objects)}
    assert f"then {objects['objects']} objects were deleted" in README


def test_how_the_intruder_came_in(told: Any) -> None:
    uses = {row["sourceipaddress"]: row for row in told("query", "useridentity.accesskeyid =")}
    assert uses.keys() == {"192.0.2.44", INTRUDER}
    assert uses[INTRUDER]["first"] == STEPS["first_use"].time
    night = told("what-did AKIA")
    assert {"192.0.2.44", INTRUDER} == {row["source_ip"] for row in night}
    assert "2026-03-11T02:05:03Z" in {row["time"] for row in night if row["source_ip"] == "192.0.2.44"}
    assert _the(night, "first_use")["outcome"] == "succeeded"


def test_one_hop_has_two_copies(told: Any) -> None:
    (pair,) = told("query", "sharedeventid")
    assert (pair["copies"], pair["accounts"].split()) == (2, [company.PRODUCTION, company.CI])


def test_the_look_around_was_refused(told: Any) -> None:
    rows = told("timeline", "--outcome failed --principal deploy-production")
    assert {row["outcome"] for row in rows} == {"failed"}
    assert _the(rows, "enumeration_starts")
    assert {row["source_ip"] for row in rows if row["time"] < "2026-03-11T01:43:30Z"} == {INTRUDER}
    assert {row["source_ip"] for row in rows if row["time"] >= "2026-03-11T01:43:30Z"} == {ANSWERS.addresses[1]}


@pytest.mark.parametrize(
    ("command", "steps"),
    [
        ("who-created svc-backup-agent", ["create_user"]),
        ("who-changed platform-admin", ["trust_outside_account", "sessions_revoked"]),
        ("who-created metrics-relay", ["backdoor_function"]),
        ("who-touched svc-backup-agent", ["create_user", "create_access_key", "attach_admin_policy"]),
        ("what-did svc-backup-agent", ["delete_snapshot", "delete_table", "last_use"]),
        ("what-did hotfix-4412 --since", ["hop_admin_again", "delete_bucket", "schedule_key_deletion"]),
        (f"what-did {INTRUDER}", ["first_use", "hop_production", "delete_bucket"]),
        ("what-did ana.lima", ["stolen_key_disabled", "backdoor_key_disabled", "sessions_revoked"]),
    ],
)
def test_a_lookup_shows_the_steps_told_beside_it(command: str, steps: list[str], told: Any) -> None:
    rows = told(command)
    for name in steps:
        assert _the(rows, name)["outcome"] == "succeeded"


@pytest.mark.parametrize(
    ("command", "step"),
    [("--event StopLogging", "stop_logging"), ("--event DeleteTrail", "delete_trail")],
)
def test_what_was_tried_on_the_trail_was_denied(command: str, step: str, told: Any) -> None:
    (row,) = told("timeline", command)
    assert _is(row, STEPS[step])
    assert row["outcome"] == "failed"


def test_no_reading_of_tables_is_logged_while_the_selectors_are_off(told: Any) -> None:
    hours = {row["hour"][-2:]: row["item_events"] for row in told("query", "item_events")}
    assert hours.keys() & {"03", "04", "05", "06", "07"} == set()
    assert {"01", "09"} <= hours.keys()


def test_the_overwritten_log_file_is_named_by_event_and_fault(told: Any, case: Case) -> None:
    written = [row for row in told("query", "'PutObject'") if row["eventname"] == "PutObject"]
    assert [(row["eventtime"], row["object"]) for row in written] == [
        (STEPS["overwrite_log"].time, ANSWERS.damaged_key)
    ]
    assert {row["path"] for row in told("faults")} == {str(case.evidence / ANSWERS.damaged_key)}


@pytest.mark.parametrize(("thing", "step"), ANSWERS.destroyed.items())
def test_who_deleted_names_the_one_who_destroyed_it(thing: str, step: str, told: Any) -> None:
    rows = told(f"who-deleted {thing}")
    assert _the(rows, step)["outcome"] == "succeeded"
    people = {row["principal"] for row in rows if row["principal_type"] != "AWSService"}
    assert people == {STEPS[step].principal}


def test_an_event_without_a_person_is_traced_to_the_one_who_caused_it(told: Any) -> None:
    rows = told("who-deleted arn:aws:secretsmanager")
    assert _the(rows, "secret_version_delete_ends")["origin"] == company.CI_DEPLOY.arn


def test_the_intruders_last_call_came_from_a_third_address(told: Any) -> None:
    rows = told("what-did svc-backup-agent")
    assert {row["source_ip"] for row in rows} == set(ANSWERS.addresses[1:])
    assert _is(rows[-1], STEPS["last_use"])


def test_what_only_looks_like_the_intruder(told: Any) -> None:
    logins = told("timeline", "--event ConsoleLogin")
    assert "198.51.100.203" in {row["source_ip"] for row in logins if row["outcome"] == "failed"}
    refused = told("timeline", "--event AssumeRole --outcome failed")
    assert [row["time"] for row in refused] == ["2026-03-10T16:11:09Z"]
    assert "tom.becker" in refused[0]["principal"].lower()
    sessions = [row["session"].rpartition("/")[2] for row in told("query", "deploy-production/%")]
    assert "hotfix-4412" in sessions
    assert all(name.startswith(("deploy-", "nightly-assets", "hotfix-4412")) for name in sessions)
    (flow_logs,) = told("query", "DeleteFlowLogs")
    assert flow_logs["errorcode"] is None
    assert "unsuccessful" in flow_logs["responseelements"]


def test_the_counts_told_are_those_of_the_store(ask: Ask, case: Case) -> None:
    status = json.loads(ask("status", "--format", "json", folder=case.folder).out)
    assert status["contents"]["digest"] == int(re.search(r"with (\d+) signed digests", README)[1])  # type: ignore[index]
    assert status["accounts"] == sorted([company.MANAGEMENT, company.PRODUCTION, company.CI])
    assert (status["days"], len(status["regions"])) == (3, 2)
    told = int(re.search(r"(\d+) events of the organization", README)[1])  # type: ignore[index]
    assert status["events"] == told - len(_lost(ask, case))


def _lost(ask: Ask, case: Case) -> set[str]:
    """Return the events of the damaged file that are in no answer."""
    listed = ", ".join(f"'{event_id}'" for event_id in ANSWERS.damaged_events)
    sql = f"SELECT eventid FROM cloudtrail_logs WHERE eventid IN ({listed})"
    there = json.loads(ask("query", sql, "--format", "json", folder=case.folder).out)
    return set(ANSWERS.damaged_events) - {row["eventid"] for row in there}
