"""The story in sample_logs/: its known answers stand in the records, and its README tells nothing else."""

from __future__ import annotations

import re

import pytest

from tests.trail.evidence import named, of_session, stored, whole_records
from tests.trail.packing import gzipped, minified
from tests.trail.sample import sample_records
from tests.trail.story import ANSWERS

ALLOWED_COMMANDS = {
    "ingest", "status", "partitions", "faults", "who-deleted", "who-created", "who-changed", "who-touched", "what-did",
    "timeline", "show", "query", "validate",
}  # fmt: skip


def test_answers_stand_in_the_records() -> None:
    for name, step in ANSWERS.steps.items():
        if step.event_id in ANSWERS.damaged_events:
            assert name == "enumeration_lost"
            continue
        record = whole_records()[step.event_id]
        assert (record["eventTime"], record["eventName"]) == (step.time, step.event_name)
        assert (record["recipientAccountId"], record["awsRegion"]) == (step.account, step.region)
        assert record["userIdentity"].get("arn") == step.principal
        assert record["userIdentity"].get("accessKeyId") == step.access_key_id
        assert (record["sourceIPAddress"], record.get("errorCode")) == (step.source_ip, step.error_code)


def test_each_hop_hands_its_key_to_the_next() -> None:
    keys, steps = ANSWERS.session_keys, ANSWERS.steps
    assert steps["hop_production"].access_key_id == ANSWERS.stolen_key
    assert steps["hop_admin"].access_key_id == keys["hop_production"]
    assert steps["hop_log_archive"].access_key_id == keys["hop_admin"]
    assert steps["hop_admin_again"].access_key_id == keys["hop_production"]
    assert steps["overwrite_log"].access_key_id == keys["hop_log_archive"]
    assert steps["delete_bucket"].access_key_id == keys["hop_admin_again"]
    assert steps["delete_table"].access_key_id == ANSWERS.backdoor_key


@pytest.mark.parametrize("hop", ["hop_production", "hop_log_archive"])
def test_both_accounts_have_a_copy_of_a_hop_between_them(hop: str) -> None:
    caller = whole_records()[ANSWERS.steps[hop].event_id]
    owner = whole_records()[ANSWERS.steps[f"{hop}_owner_copy"].event_id]
    assert caller["sharedEventID"] == owner["sharedEventID"]
    assert caller["eventID"] != owner["eventID"]
    assert caller["recipientAccountId"] != owner["recipientAccountId"]
    assert owner["userIdentity"]["type"] == "AWSAccount"
    assert "arn" not in owner["userIdentity"]
    assert caller["responseElements"] == owner["responseElements"]


def test_dozens_of_refusals_name_their_target_in_the_message_alone() -> None:
    refused = [record for record in of_session("deploy-production/hotfix-4412") if "errorCode" in record]
    assert len(refused) > 35
    assert sum(record["requestParameters"] is None and "arn:aws:" in record["errorMessage"] for record in refused) > 35


def test_all_that_was_destroyed_is_told_outside_the_damaged_file() -> None:
    for thing, step in ANSWERS.destroyed.items():
        record = whole_records()[ANSWERS.steps[step].event_id]
        assert thing in minified(record["requestParameters"]).decode()
        assert "errorCode" not in record
    deleted = [r["requestParameters"]["key"] for r in named("DeleteObject")]
    assert sorted(deleted) == sorted(ANSWERS.payroll_objects)


def test_damaged_file_lies_in_the_middle_of_the_look_around() -> None:
    assert ANSWERS.damaged_events.count(ANSWERS.steps["enumeration_lost"].event_id) == 1
    assert not whole_records().keys() & set(ANSWERS.damaged_events)
    body = stored()[ANSWERS.damaged_key]
    lost = {r["eventID"]: r for r in sample_records() if r["eventID"] in ANSWERS.damaged_events}
    full = gzipped(minified({"Records": list(lost.values())}))
    assert len(body) == ANSWERS.damaged_length
    assert 0.2 < len(body) / len(full) < 0.8
    assert lost.keys() == set(ANSWERS.damaged_events)
    assert {record["userIdentity"]["arn"] for record in lost.values()} == {ANSWERS.steps["enumeration_lost"].principal}


def test_overwriting_the_log_is_itself_logged() -> None:
    record = whole_records()[ANSWERS.steps["overwrite_log"].event_id]
    assert record["requestParameters"]["key"] == ANSWERS.damaged_key
    assert record["additionalEventData"]["bytesTransferredIn"] == ANSWERS.damaged_length


def test_the_stolen_key_is_also_used_by_its_owner() -> None:
    uses = [r for r in whole_records().values() if r.get("userIdentity", {}).get("accessKeyId") == ANSWERS.stolen_key]
    before = {r["sourceIPAddress"] for r in uses if r["eventTime"] < ANSWERS.steps["first_use"].time}
    assert before == {"192.0.2.44"}
    assert {r["sourceIPAddress"] for r in uses} == {"192.0.2.44", "198.51.100.77"}


def test_no_item_event_is_logged_while_the_selectors_are_off() -> None:
    items = [r["eventTime"] for r in named("GetItem", "PutItem") if r["eventSource"] == "dynamodb.amazonaws.com"]
    off, on = ANSWERS.steps["put_event_selectors"].time, ANSWERS.steps["selectors_restored"].time
    assert [at for at in items if off <= at < on] == []
    assert min(items) < off < on < max(items)


def test_readme_names_only_known_commands_and_events() -> None:
    text = stored()["README.md"].decode()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) > 40
    assert {line.split()[0] for line in commands} == {"ctaudit"}
    assert {line.split()[1] for line in commands} == ALLOWED_COMMANDS
    shown = {line.split()[2] for line in commands if line.split()[1] == "show"}
    assert shown <= {step.event_id for step in ANSWERS.steps.values()} - set(ANSWERS.damaged_events)
