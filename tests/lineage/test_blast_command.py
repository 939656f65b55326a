"""`ctaudit blast-radius` on the sample: the intruder's night from the stolen key on, in every format, in any order."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from ctaudit.queries.blast import COLUMNS, SECTIONS
from tests.conftest import Ask, Case
from tests.lineage.conftest import Told
from tests.lineage.scenarios import ALICE
from tests.trail.intrusion import BACKDOOR
from tests.trail.story import ANSWERS

STEPS = ANSWERS.steps
ADDRESS = "198.51.100.77"


@pytest.fixture(scope="module")
def answer(case: Case) -> dict[str, Any]:
    import ctaudit

    return dict(ctaudit.open(case.store).blast_radius(ANSWERS.stolen_key, since="2026-03-11").document.content)


def test_the_intruders_sessions_and_key_come_from_the_stolen_key(answer: dict[str, Any]) -> None:
    made = {row["event_id"] for row in answer["sessions"]}
    hops = ("hop_production", "hop_admin_again", "create_access_key")
    assert {STEPS[step].event_id for step in hops} <= made
    assert {row["confidence"] for row in answer["sessions"]} == {"exact"}
    assert all(row["origin"].endswith("user/ci-deploy") for row in answer["sessions"])


def test_what_the_intruder_left_behind_still_stands(answer: dict[str, Any]) -> None:
    kinds = {row["kind"]: row for row in answer["persistence"]}
    assert {"user", "access key", "attached policy", "trust policy", "function"} <= kinds.keys()
    assert kinds["user"]["name"] == BACKDOOR
    assert (kinds["access key"]["state"], kinds["user"]["state"]) == ("inactive", "standing")


def test_the_stolen_key_is_not_to_be_deactivated_again(answer: dict[str, Any]) -> None:
    """The story's people have deactivated it; what remains is to revoke the sessions, and to delete it."""
    assert answer["steps"][0]["kind"] == "revoke sessions"
    (of_key,) = [step for step in answer["steps"] if ANSWERS.stolen_key in step["name"]]
    assert (of_key["kind"], of_key["name"]) == ("delete key", f"{ANSWERS.stolen_key} of ci-deploy")
    assert of_key["state"] == "inactive"


def test_the_picture_shows_what_was_destroyed_and_no_call_that_only_read(case: Case, ask: Ask) -> None:
    drawn = ask("blast-radius", ADDRESS, folder=case.folder).out
    section = drawn.partition("calls that change or destroy")[2].partition("created or changed")[0]
    assert STEPS["delete_bucket"].event_id in section
    assert "write s3 DeleteBucket" in section
    assert "read " not in section


def test_the_deletion_of_the_bucket_is_among_the_calls(answer: dict[str, Any]) -> None:
    (deleted,) = [row for row in answer["calls"] if row["name"] == "s3 DeleteBucket" and not row["error_code"]]
    assert (deleted["event_id"], deleted["via"]) == (STEPS["delete_bucket"].event_id, "session")


def test_an_address_leads_to_the_same_sessions(answer: dict[str, Any], ask: Ask, case: Case) -> None:
    found = json.loads(ask("blast-radius", ADDRESS, "--format", "json", folder=case.folder).out)
    mine = {row["event_id"] for row in found["sessions"]}
    assert STEPS["hop_production"].event_id in mine
    assert mine < {row["event_id"] for row in answer["sessions"]}  # the owner's own nightly job is not of it


def test_json_is_one_document_and_rows_are_its_sections(answer: dict[str, Any], ask: Ask, case: Case) -> None:
    words = ("blast-radius", ANSWERS.stolen_key, "--since", "2026-03-11")
    done = ask(*words, "--format", "json", folder=case.folder)
    assert json.loads(done.out) == answer
    assert list(answer) == ["asked", "kind", *SECTIONS, "not_known"]
    rows = list(csv.DictReader(io.StringIO(ask(*words, "--format", "csv", folder=case.folder).out)))
    assert list(rows[0]) == [column.name for column in COLUMNS]
    assert len(rows) == sum(len(answer[section]) for section in SECTIONS)
    assert done.code == 3  # a file of the sample is damaged


def test_the_tree_hangs_sessions_below_what_took_them(ask: Ask, case: Case) -> None:
    lines = ask("blast-radius", ANSWERS.stolen_key, "--since", "2026-03-11", folder=case.folder).out.splitlines()
    hop, inner = (
        next(number for number, line in enumerate(lines) if role in line) for role in ("deploy-production", "platform-")
    )
    assert lines[0] == f"access key {ANSWERS.stolen_key}"
    assert hop < inner
    assert lines[inner].index("[") > lines[hop].index("[")


def test_a_limit_cuts_rows_and_says_so(ask: Ask, case: Case) -> None:
    words = ("blast-radius", ANSWERS.stolen_key, "--limit", "2", "--format", "jsonl")
    done = ask(*words, folder=case.folder)
    assert len(done.out.splitlines()) == 2
    assert "2 of " in done.err


@pytest.mark.parametrize("form", ["tree", "json", "csv"])
def test_nothing_found_is_said_with_what_the_logs_cover(form: str, ask: Ask, case: Case) -> None:
    done = ask("blast-radius", "AKIANOBODY000EXAMPLE", "--fail-empty", "--format", form, folder=case.folder)
    assert done.code == 1
    assert "no call of AKIANOBODY000EXAMPLE is in the store" in done.err


@pytest.mark.parametrize("what", [ALICE.arn, str(ALICE.key), "203.0.113.9"])
def test_the_order_of_ingests_changes_no_byte(what: str, told: Told, ask: Ask) -> None:
    one, other = (ask("blast-radius", what, "--format", "json", folder=folder) for folder in (told.folder, told.other))
    assert len(one.out) > 5000
    assert one.out == other.out
    assert (one.err, one.code) == (other.err, other.code)
