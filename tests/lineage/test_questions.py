"""What the commands tell of the sample: the intruder through all sessions, sessions, counts by origin, pictures."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import ctaudit
from tests.conftest import Ask, Case
from tests.trail import company
from tests.trail.intrusion import BACKDOOR, SECOND_ADDRESS
from tests.trail.story import ANSWERS

STEPS = ANSWERS.steps
CHAIN = ("delete_bucket", "hop_admin_again", "hop_production")


def rows(ask: Ask, case: Case, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ask(*words, "--format", "json", folder=case.folder).out)
    return found


def test_the_deleted_bucket_leads_back_to_the_stolen_key(ask: Ask, case: Case) -> None:
    done = ask("trace", STEPS["delete_bucket"].event_id, "--format", "json", folder=case.folder)
    (found,) = json.loads(done.out)["traces"]
    assert [hop["event_id"] for hop in found["hops"]] == [STEPS[step].event_id for step in CHAIN]
    assert found["hops"][-1]["access_key_id"] == ANSWERS.stolen_key
    assert found["origin"] == company.CI_DEPLOY.arn
    assert found["confidence"] == "exact"
    assert {hop["integrity"] for hop in found["hops"]} == {"unknown"}
    assert all("/AWSLogs/" in hop["source"] for hop in found["hops"])


def test_the_key_of_the_intruders_user_was_made_by_a_session_of_the_stolen_key(ask: Ask, case: Case) -> None:
    (found,) = json.loads(ask("trace", ANSWERS.backdoor_key, "--format", "json", folder=case.folder).out)["traces"]
    (made,) = found["beside"]
    assert found["origin"] == ANSWERS.backdoor_user
    assert (made["relation"], made["event_id"]) == ("key made by", STEPS["create_access_key"].event_id)
    assert made["origin"] == company.CI_DEPLOY.arn


@pytest.fixture(scope="module")
def everything(case: Case) -> list[dict[str, Any]]:
    return list(ctaudit.open(case.store).timeline())


@pytest.mark.parametrize("asked", ["ci-deploy", company.ANA.email])
def test_an_origins_timeline_has_the_rows_that_it_stands_behind(
    asked: str, everything: list[dict[str, Any]], ask: Ask, case: Case
) -> None:
    theirs = [row for row in everything if asked in (row["origin"] or "")]
    assert theirs
    assert rows(ask, case, "timeline", "--origin", asked) == theirs


def test_the_limit_counts_the_rows_of_the_origin(ask: Ask, case: Case) -> None:
    done = ask("timeline", "--origin", "ci-deploy", "--limit", "2", "--format", "jsonl", folder=case.folder)
    assert len(done.out.splitlines()) == 2
    assert "2 of " in done.err


def test_calls_are_counted_by_who_stands_behind_them(ask: Ask, case: Case) -> None:
    counts = rows(ask, case, "what-did", "deploy-production", "--by", "origin")
    did = rows(ask, case, "what-did", "deploy-production")
    told = ask("what-did", "deploy-production", "--by", "origin", folder=case.folder).err
    copies = re.search(r"(\d+) (?:copy of|other accounts' copies)", told)
    assert sum(row["calls"] for row in counts) + (int(copies[1]) if copies else 0) == len(did)
    (stolen,) = [row for row in counts if row["origin"] == company.CI_DEPLOY.arn]
    assert stolen["calls"] == sum(row["origin"] == company.CI_DEPLOY.arn for row in did)


def test_a_session_that_moved_is_marked(ask: Ask, case: Case) -> None:
    sessions = rows(ask, case, "sessions", "hotfix-4412")
    (moved,) = [row for row in sessions if row["new_source_ips"]]
    assert moved["new_source_ips"] == SECOND_ADDRESS
    assert moved["denied"] > 40
    assert {row["origin"] for row in sessions} == {company.CI_DEPLOY.arn}


def test_a_console_session_is_one_row(ask: Ask, case: Case) -> None:
    sessions = [row for row in rows(ask, case, "sessions") if row["console"]]
    assert sessions
    assert max(row["access_keys"] for row in sessions) >= 3
    begun = [(row["principal"], row["session_began"]) for row in sessions]
    assert len(begun) == len(set(begun))


def test_sessions_account_for_every_call_of_a_user(ask: Ask, case: Case) -> None:
    calls = sum(row["calls"] for row in rows(ask, case, "sessions", BACKDOOR))
    did = [row for row in rows(ask, case, "what-did", BACKDOOR) if row["principal_type"] == "IAMUser"]
    assert calls == len(did)


@pytest.mark.parametrize(("form", "first"), [("dot", "digraph trace {"), ("mermaid", "flowchart LR")])
def test_a_trace_is_drawn(form: str, first: str, ask: Ask, case: Case) -> None:
    lines = ask("trace", STEPS["delete_bucket"].event_id, "--format", form, folder=case.folder).out.splitlines()
    assert lines[0] == first
    assert sum(company.CI_DEPLOY.arn in line for line in lines) >= 2


def test_what_is_not_there_says_what_the_logs_cover(ask: Ask, case: Case) -> None:
    done = ask("trace", "no-such-event", "--fail-empty", folder=case.folder)
    assert (done.out, done.code) == ("", 1)
    assert "no event, access key or session no-such-event is in the store" in done.err


@pytest.mark.parametrize(
    ("asked", "pointed"),
    [
        ("arn:aws:iam::444455556666:role/platform-admin", True),
        ("arn:aws:iam::444455556666:role/with/a/path/platform-admin", True),
        ("arn:aws:sts::444455556666:assumed-role/platform-admin", True),
        ("platform-admin", True),
        ("arn:aws:sts::444455556666:assumed-role/platform-admin/no-such-session", False),
        ("00000000-1111-2222-3333-444455556666", False),
        ("ASIANOSUCHKEY0EXAMPLE", False),
    ],
)
def test_a_role_that_is_asked_about_is_pointed_to_its_sessions(asked: str, pointed: bool, ask: Ask, case: Case) -> None:
    done = ask("trace", asked, folder=case.folder)
    assert done.out == ""
    assert (f"ctaudit sessions {asked} lists the sessions" in done.err) == pointed


def test_the_session_that_is_listed_for_a_role_can_be_traced(ask: Ask, case: Case) -> None:
    (first, *_) = rows(ask, case, "sessions", "platform-admin")
    assert "origin:" in ask("trace", first["principal"], folder=case.folder).out
