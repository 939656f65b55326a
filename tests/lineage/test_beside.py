"""What is told beside a chain: the call a service went on with, who set an instance or a function up or ran it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit import limits
from tests.lineage.caveats import CAROL
from tests.lineage.scenarios import ALICE, AT, DEPLOY, DESK, ELSEWHERE, LATER, MALLORY
from tests.store.stores import put
from tests.trail import company
from tests.trail.company import HOME
from tests.trail.events import event
from tests.trail.handing_out import create_access_key
from tests.trail.ids import Ids
from tests.trail.principals import Record
from tests.trail.sessions import assume_role, service_assumes

SECONDS = timedelta(seconds=1)


def traced(folder: Path, asked: Record, *others: Record) -> dict[str, Any]:
    ctaudit.ingest(folder / "store", [str(put(folder / "logs.json", [asked, *others]))], jobs=1)
    (found,) = ctaudit.open(folder / "store").trace(asked["eventID"]).document.content["traces"]
    return dict(found)


def beside(found: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(each["relation"], each["event_id"], each["origin"]) for each in found["beside"]]


def test_a_service_went_on_with_the_call_of_that_second(tmp_path: Path) -> None:
    ids = Ids("fas")
    who = ALICE.calling(DESK)
    call = event(ids, AT, "secretsmanager:GetSecretValue", who, HOME)
    later = event(ids, AT + 3 * SECONDS, "secretsmanager:GetSecretValue", who, HOME)
    other = event(ids, AT, "secretsmanager:GetSecretValue", MALLORY.calling(ELSEWHERE), HOME)
    asked = event(ids, AT + SECONDS, "kms:Decrypt", who.through("secretsmanager.amazonaws.com", ids, AT), HOME)
    found = traced(tmp_path, asked, call, later, other)
    assert beside(found) == [("went on with", call["eventID"], ALICE.arn)]
    assert (found["origin"], found["gap"]) == (ALICE.arn, None)


def test_of_two_calls_neither_is_said_to_be_the_one(tmp_path: Path) -> None:
    ids = Ids("two")
    who = ALICE.calling(DESK)
    calls = [event(ids, AT, "secretsmanager:GetSecretValue", who, HOME) for _ in range(2)]
    asked = event(ids, AT + SECONDS, "kms:Decrypt", who.through("secretsmanager.amazonaws.com", ids, AT), HOME)
    assert {relation for relation, _, _ in beside(traced(tmp_path, asked, *calls))} == {"may have gone on with"}


def test_a_key_id_that_came_twice_was_made_by_who_made_it_last_before(tmp_path: Path) -> None:
    """Alice's key was deleted, and its id was later given to Carol by somebody else."""
    ids, key = Ids("twice"), str(ALICE.key)
    first = create_access_key(ids, AT, MALLORY.calling(ELSEWHERE), ALICE, key, HOME)
    other = ALICE.calling(DESK, key="AKIAOTHER0000EXAMPLE")
    second = create_access_key(ids, LATER + 60 * SECONDS, other, CAROL, key, HOME)
    found = traced(tmp_path, event(ids, LATER, "s3:ListBuckets", ALICE.calling(DESK), HOME), first, second)
    assert beside(found) == [("key made by", first["eventID"], MALLORY.arn)]


def test_a_caller_of_another_account_is_named_by_another_call_of_its_id(tmp_path: Path) -> None:
    ids = Ids("stranger")
    _, theirs = assume_role(ids, AT, ALICE.calling(DESK), company.PLATFORM_ADMIN, "b", HOME).records
    other = event(ids, AT - 60 * SECONDS, "s3:ListBuckets", ALICE.calling(DESK), HOME)
    found = traced(tmp_path, theirs, other)
    (named,) = found["beside"]
    assert (named["relation"], named["principal"]) == ("named by another call", ALICE.arn)
    assert found["confidence"] == "gap"


def test_an_instance_is_told_with_who_launched_it_and_who_was_on_it(tmp_path: Path) -> None:
    ids = Ids("instance")
    machine = company.INSTANCES[3]
    name = machine.instance_id
    began = service_assumes(ids, AT, "ec2.amazonaws.com", machine.role, name, HOME, ec2RoleDelivery="2.0")
    asked = event(ids, LATER, "s3:ListBuckets", began.session, HOME)
    made = {"instancesSet": {"items": [{"instanceId": name}]}}
    launched = event(ids, AT - 60 * SECONDS, "ec2:RunInstances", ALICE.calling(DESK), HOME, {}, made)
    session = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), DEPLOY, "m", HOME)
    on_it = event(
        ids, AT + 60 * SECONDS, "ssm:StartSession", session.session, HOME, {"target": name}, {"sessionId": "s"}
    )
    elsewhere = event(ids, AT, "ssm:StartSession", ALICE.calling(DESK), HOME, {"target": "i-0ffffffffffffffff"})
    refused = event(
        *(ids, AT, "ssm:SendCommand", ALICE.calling(DESK), HOME, {"instanceIds": [name]}), error=("AccessDenied", "no")
    )
    too_late = event(ids, LATER + 60 * SECONDS, "ssm:StartSession", ALICE.calling(DESK), HOME, {"target": name})
    others = (*began.records, *session.records, launched, on_it, elsewhere, refused, too_late)
    assert beside(traced(tmp_path, asked, *others)) == [
        ("launched by", launched["eventID"], ALICE.arn),
        ("operated by", on_it["eventID"], MALLORY.arn),
    ]


def test_a_function_is_told_with_who_made_it_and_who_changed_it_last(tmp_path: Path) -> None:
    ids = Ids("function")
    one = company.FUNCTIONS[4]
    began = service_assumes(ids, AT, "lambda.amazonaws.com", one.role, one.name, HOME)
    asked = event(ids, LATER, "s3:ListBuckets", began.session, HOME)
    times = [AT - minute * 60 * SECONDS for minute in (3, 2, 1)]
    who = (ALICE.calling(DESK), ALICE.calling(DESK), MALLORY.calling(ELSEWHERE))
    names = ("CreateFunction20150331", "UpdateFunctionCode20150331v2", "UpdateFunctionCode20150331v2")
    calls = [
        event(ids, at, f"lambda:{name}", each, HOME, {"functionName": one.name})
        for at, name, each in zip(times, names, who, strict=True)
    ]
    other = event(ids, AT, "lambda:UpdateFunctionCode20150331v2", who[0], HOME, {"functionName": f"{one.name}-2"})
    elsewhere = calls[2] | {"eventID": ids.uuid(), "recipientAccountId": company.PRODUCTION}
    assert beside(traced(tmp_path, asked, *began.records, *calls, other, elsewhere)) == [
        ("made by", calls[0]["eventID"], ALICE.arn),
        ("last changed by", calls[2]["eventID"], MALLORY.arn),
    ]


def test_more_calls_than_can_be_looked_at_are_ambiguous(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = Ids("crowd")
    began = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "job", HOME)
    crowd = [assume_role(ids, AT, MALLORY.calling(ELSEWHERE), DEPLOY, f"m{n}", HOME).records[0] for n in range(5)]
    monkeypatch.setattr(limits, "MAX_CANDIDATES", 3)
    asked = event(ids, LATER, "s3:ListBuckets", began.session, HOME)
    found = traced(tmp_path, asked, *began.records, *crowd)
    assert (found["origin"], found["confidence"]) == (None, "ambiguous")
    assert "more than 3 calls" in found["gap"]
