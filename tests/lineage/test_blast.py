"""What a blast radius tells: each thing that must be found beside a look-alike that must not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit import limits
from tests.lineage.scenarios import ADMIN, ALICE, AT, DEPLOY, DESK, ELSEWHERE, LATER, MALLORY, WINDOW
from tests.store.stores import put
from tests.trail import company
from tests.trail.company import CI, HOME
from tests.trail.events import denied, event
from tests.trail.handing_out import create_access_key, switch_role
from tests.trail.ids import Ids
from tests.trail.principals import Principal, Record, User
from tests.trail.sessions import assume_role, console_login, service_assumes

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NEW = User(CI, "backup", "AIDABACKUPEXAMPLE", "AKIABACKUP000EXAMPLE")


def blast(folder: Path, what: str, records: Sequence[Record], **span: Any) -> dict[str, Any]:
    ctaudit.ingest(folder / "store", [str(put(folder / "logs.json", list(records)))], jobs=1)
    found = ctaudit.open(folder / "store").blast_radius(what, **span)
    return dict(found.document.content) | {"notes": found.document.notes, "partial": found.document.partial}


def told(answer: dict[str, Any], section: str, *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(row[key] for key in keys) for row in answer[section]]


def user_made(ids: Ids, who: Principal, user: User = NEW, at: Any = AT) -> Record:
    made = {"user": {"arn": user.arn, "userName": user.name, "userId": user.unique_id}}
    return event(ids, at, "iam:CreateUser", who, HOME, {"userName": user.name}, made)


def policy_attached(ids: Ids, who: Principal, name: str = NEW.name, at: Any = AT) -> Record:
    request = {"userName": name, "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    return event(ids, at, "iam:AttachUserPolicy", who, HOME, request)


def test_a_session_is_followed_to_its_own_end(tmp_path: Path) -> None:
    ids = Ids("end")
    issued = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "a", HOME, seconds=900)
    within = event(ids, AT + 14 * MINUTE, "s3:ListBuckets", issued.session, HOME)
    after = event(ids, AT + 20 * MINUTE, "iam:ListUsers", issued.session, HOME)
    answer = blast(tmp_path, ALICE.key or "", [*issued.records, within, after])
    assert told(answer, "calls", "name", "via", "event_id") == [
        ("sts AssumeRole", "direct", issued.records[0]["eventID"]),
        ("s3 ListBuckets", "session", within["eventID"]),
    ]
    assert told(answer, "sessions", "count", "until") == [(1, "2026-03-09T09:15:00Z")]


def test_a_chained_session_ends_after_an_hour_whatever_was_asked_for(tmp_path: Path) -> None:
    ids = Ids("chain")
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "a", HOME, seconds=43200)
    two = assume_role(ids, AT + MINUTE, one.session, ADMIN, "b", HOME, seconds=43200)
    answer = blast(tmp_path, ALICE.arn, [*one.records, *two.records])
    assert told(answer, "sessions", "until") == [("2026-03-09T21:00:00Z",), ("2026-03-09T10:01:00Z",)]
    assert told(answer, "sessions", "note")[1] == ("no call with it is in the store",)


def test_what_a_created_user_and_its_key_did_is_found_and_another_users_is_not(tmp_path: Path) -> None:
    ids = Ids("user")
    who = MALLORY.calling(ELSEWHERE)
    records = [
        user_made(ids, who),
        create_access_key(ids, AT + MINUTE, who, NEW, NEW.key or "", HOME),
        event(ids, LATER, "s3:ListBuckets", NEW.calling(ELSEWHERE), HOME),
        event(ids, LATER, "iam:ListUsers", NEW.calling(WINDOW, created=LATER, key=ids.access_key()), HOME),
        event(ids, LATER, "ec2:DescribeVpcs", ALICE.calling(DESK), HOME),
    ]
    answer = blast(tmp_path, MALLORY.key or "", records)
    assert {(row["name"], row["via"], row["confidence"]) for row in answer["calls"] if row["via"] != "direct"} == {
        ("s3 ListBuckets", "credential", "exact"),
        ("iam ListUsers", "created", "exact"),
    }
    assert {row["origin"] for row in answer["calls"]} == {MALLORY.arn}


def test_a_user_of_that_name_made_by_somebody_else_is_another_one(tmp_path: Path) -> None:
    ids = Ids("again")
    again = User(CI, NEW.name, "AIDAOTHEREXAMPLE", "AKIAOTHER0000EXAMPLE")
    act = event(ids, LATER, "s3:ListBuckets", again.calling(DESK), HOME)
    answer = blast(tmp_path, MALLORY.arn, [user_made(ids, MALLORY.calling(ELSEWHERE)), act])
    assert told(answer, "calls", "name") == [("iam CreateUser",)]


@pytest.mark.parametrize(
    ("undoing", "request_", "state"),
    [
        ("iam:DeleteAccessKey", {"accessKeyId": NEW.key, "userName": NEW.name}, "removed"),
        ("iam:UpdateAccessKey", {"accessKeyId": NEW.key, "status": "Inactive", "userName": NEW.name}, "inactive"),
        ("iam:UpdateAccessKey", {"accessKeyId": NEW.key, "status": "Active", "userName": NEW.name}, "standing"),
        ("iam:DeleteAccessKey", {"accessKeyId": ALICE.key, "userName": NEW.name}, "standing"),
        ("iam:GetAccessKeyLastUsed", {"accessKeyId": NEW.key}, "standing"),
    ],
)
def test_a_key_stands_until_it_is_taken_away(tmp_path: Path, undoing: str, request_: Record, state: str) -> None:
    ids = Ids("key")
    made = create_access_key(ids, AT, MALLORY.calling(ELSEWHERE), NEW, NEW.key or "", HOME)
    answer = blast(tmp_path, MALLORY.arn, [made, event(ids, LATER, undoing, ALICE.calling(DESK), HOME, request_, None)])
    assert told(answer, "created", "kind", "name", "state") == [("access key", f"{NEW.key} of {NEW.name}", state)]
    assert bool(answer["persistence"]) == (state != "removed")
    steps = [step for step in answer["steps"] if NEW.key in step["name"]]
    assert [(step["kind"], step["state"]) for step in steps] == (
        [] if state == "removed" else [("delete key" if state == "inactive" else "deactivate key", state)]
    )


@pytest.mark.parametrize(
    ("undoing", "status", "after", "step"),
    [
        ("iam:DeleteAccessKey", {}, 0, None),
        ("iam:UpdateAccessKey", {"status": "Inactive"}, 0, "delete key"),
        ("iam:UpdateAccessKey", {"status": "Active"}, 0, "deactivate key"),
        ("iam:UpdateAccessKey", {"status": "Inactive"}, 30, "delete key"),
        ("iam:UpdateAccessKey", {"status": "Inactive"}, 900, "deactivate key"),
        ("iam:DeleteAccessKey", {}, 900, "deactivate key"),
    ],
)
def test_of_a_key_that_was_asked_about_only_what_remains_is_advised(
    tmp_path: Path, undoing: str, status: Record, after: int, step: str | None
) -> None:
    """One that was used long after it was taken away works again: the log of that is not there."""
    ids, who = Ids("asked key"), MALLORY.calling(ELSEWHERE)
    records = [event(ids, AT, "s3:ListBuckets", who, HOME)]
    request = {"accessKeyId": MALLORY.key, "userName": MALLORY.name} | status
    records.append(event(ids, LATER, undoing, ALICE.calling(DESK), HOME, request, None))
    if after:
        records.append(event(ids, LATER + timedelta(seconds=after), "s3:ListBuckets", who, HOME))
    answer = blast(tmp_path, MALLORY.key or "", records)
    told_steps = [row["kind"] for row in answer["steps"] if MALLORY.key in row["name"]]
    assert told_steps == ([step] if step else [])
    assert any("nothing to deactivate" in note for note in answer["notes"]) == (step is None)


@pytest.mark.parametrize(("gone", "state"), [(NEW.name, "removed"), ("somebody-else", "standing")])
def test_the_end_of_a_user_is_that_of_the_keys_and_the_password(tmp_path: Path, gone: str, state: str) -> None:
    """IAM deletes no user that has any, so the calls that took them away are in a log that is not there."""
    ids, who = Ids("end of user"), MALLORY.calling(ELSEWHERE)
    records = [
        create_access_key(ids, AT, who, NEW, NEW.key or "", HOME),
        event(ids, AT, "iam:CreateLoginProfile", who, HOME, {"userName": NEW.name}),
        event(ids, LATER, "iam:DeleteUser", ALICE.calling(DESK), HOME, {"userName": gone}),
    ]
    answer = blast(tmp_path, MALLORY.arn, records)
    assert {row["kind"]: row["state"] for row in answer["created"]} == {"access key": state, "password": state}


@pytest.mark.parametrize(("unique_id", "said"), [("AIDABACKUP2EXAMPLE", True), (NEW.unique_id, False)])
def test_two_users_of_one_name_are_said_to_be_two(tmp_path: Path, unique_id: str, said: bool) -> None:
    ids, again = Ids("two users"), User(CI, NEW.name, unique_id, "AKIABACKUP200EXAMPLE")
    records = [event(ids, AT, "s3:ListBuckets", user.calling(DESK), HOME) for user in (NEW, again)]
    ctaudit.ingest(tmp_path / "store", [str(put(tmp_path / "logs.json", records))], jobs=1)
    for asked in (NEW.name, NEW.arn):
        notes = ctaudit.open(tmp_path / "store").blast_radius(asked).document.notes
        assert any("was made again" in note for note in notes) == said


@pytest.mark.parametrize(("name", "said"), [("again", True), ("another", False)])
def test_two_sessions_of_one_arn_are_said_to_be_two(tmp_path: Path, name: str, said: bool) -> None:
    ids = Ids("two sessions")
    one = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "again", HOME)
    two = assume_role(ids, AT + 3 * HOUR, MALLORY.calling(ELSEWHERE), DEPLOY, name, HOME)
    acts = [
        event(ids, AT + 4 * HOUR * place, "s3:ListBuckets", each.session, HOME) for place, each in enumerate((one, two))
    ]
    answer = blast(tmp_path, one.session.identity["arn"], [*one.records, *two.records, *acts])
    assert any("names 2 sessions" in note for note in answer["notes"]) == said


def test_a_role_whose_path_not_all_records_tell_is_one_step(tmp_path: Path) -> None:
    ids = Ids("one step")
    login = console_login(ids, AT, ALICE, WINDOW, HOME, mfa=True)
    switched = switch_role(ids, AT + MINUTE, login.session, DEPLOY, ALICE.name, WINDOW, HOME)
    act = event(ids, AT + 2 * MINUTE, "s3:ListBuckets", switched.session, HOME)
    answer = blast(tmp_path, ALICE.name, [*login.records, *switched.records, act])
    names = [row["name"] for row in answer["steps"] if row["note"] == "role"]
    assert names == [DEPLOY.arn]
    assert any("alice names 2 principals" in note for note in answer["notes"])


def test_a_deletion_that_failed_or_was_of_another_key_takes_away_nothing(tmp_path: Path) -> None:
    ids, who = Ids("other key"), MALLORY.calling(ELSEWHERE)
    failed = ("NoSuchEntityException", "The Access Key cannot be found.")
    gone = event(
        ids, LATER, "iam:DeleteAccessKey", ALICE.calling(DESK), HOME, {"accessKeyId": MALLORY.key}, error=failed
    )
    other = event(ids, LATER, "iam:DeleteAccessKey", ALICE.calling(DESK), HOME, {"accessKeyId": ALICE.key})
    answer = blast(tmp_path, MALLORY.key or "", [event(ids, AT, "s3:ListBuckets", who, HOME), gone, other])
    assert [row["kind"] for row in answer["steps"]] == ["deactivate key"]


@pytest.mark.parametrize(
    ("change", "stands"),
    [
        ({}, False),
        ({"errorCode": "AccessDenied", "errorMessage": "no"}, True),
        ({"recipientAccountId": company.PRODUCTION}, True),
        ({"eventTime": "2026-03-09T08:00:00Z"}, True),
    ],
    ids=["it", "refused", "of another account", "before"],
)
def test_only_a_later_call_that_succeeded_there_takes_a_policy_away(
    tmp_path: Path, change: Record, stands: bool
) -> None:
    ids = Ids("policy")
    made = policy_attached(ids, MALLORY.calling(ELSEWHERE))
    undone = event(ids, LATER, "iam:DetachUserPolicy", ALICE.calling(DESK), HOME, made["requestParameters"]) | change
    answer = blast(tmp_path, MALLORY.arn, [made, undone])
    assert told(answer, "persistence", "kind") == ([("attached policy",)] if stands else [])
    assert told(answer, "created", "undone_by") == [(None if stands else undone["eventID"],)]


def test_a_policy_of_another_user_is_not_the_one_that_was_detached(tmp_path: Path) -> None:
    ids = Ids("other")
    made = policy_attached(ids, MALLORY.calling(ELSEWHERE))
    other = made["requestParameters"] | {"userName": "alice"}
    undone = event(ids, LATER, "iam:DetachUserPolicy", ALICE.calling(DESK), HOME, other)
    assert told(blast(tmp_path, MALLORY.arn, [made, undone]), "created", "state") == [("standing",)]


def test_steps_come_in_the_order_in_which_they_help(tmp_path: Path) -> None:
    ids = Ids("steps")
    who = MALLORY.calling(ELSEWHERE)
    secret = {"secretId": "payroll"}
    records = [
        event(ids, AT, "secretsmanager:GetSecretValue", who, HOME, secret),
        policy_attached(ids, who),
        user_made(ids, who),
        *assume_role(ids, AT, who, DEPLOY, "m", HOME).records,
        create_access_key(ids, AT, who, NEW, NEW.key or "", HOME),
    ]
    assert told(blast(tmp_path, MALLORY.key or "", records), "steps", "kind", "name") == [
        ("deactivate key", f"{NEW.key} of {NEW.name}"),
        ("deactivate key", f"{MALLORY.key} of {MALLORY.name}"),
        ("revoke sessions", DEPLOY.arn),
        ("detach policy", f"arn:aws:iam::aws:policy/AdministratorAccess of {NEW.name}"),
        ("remove identity", NEW.name),
        ("rotate", "payroll"),
    ]


def test_an_instance_that_was_launched_acts_for_who_launched_it(tmp_path: Path) -> None:
    ids = Ids("instance")
    mine, other = company.INSTANCES[3], company.INSTANCES[0]
    who = Principal(CI, MALLORY.calling(ELSEWHERE).identity, ELSEWHERE)
    made = {"instancesSet": {"items": [{"instanceId": mine.instance_id}]}}
    launched = event(ids, AT, "ec2:RunInstances", who, HOME, {}, made)
    began = service_assumes(ids, LATER, "ec2.amazonaws.com", mine.role, mine.instance_id, HOME, ec2RoleDelivery="2.0")
    theirs = service_assumes(
        ids, LATER, "ec2.amazonaws.com", other.role, other.instance_id, HOME, ec2RoleDelivery="2.0"
    )
    acted = event(ids, LATER + MINUTE, "s3:ListBuckets", began.session, HOME)
    beside = event(ids, LATER + MINUTE, "iam:ListUsers", theirs.session, HOME)
    answer = blast(tmp_path, MALLORY.key or "", [launched, acted, beside, *began.records, *theirs.records])
    assert told(answer, "calls", "name", "via") == [("ec2 RunInstances", "direct"), ("s3 ListBuckets", "created")]


@pytest.mark.parametrize("call", ["CreateFunction20150331", "UpdateFunctionCode20150331v2"])
def test_a_function_acts_for_who_made_it_in_its_role_alone(tmp_path: Path, call: str) -> None:
    ids = Ids("function")
    one = company.FUNCTIONS[4]
    request = {"functionName": one.name, "role": one.role.arn}
    who = MALLORY.calling(ELSEWHERE)
    made = event(ids, AT, f"lambda:{call}", who, HOME, request, {"functionArn": one.arn, "role": one.role.arn})
    began = service_assumes(ids, LATER, "lambda.amazonaws.com", one.role, one.name, HOME)
    alike = assume_role(ids, LATER, ALICE.calling(DESK), DEPLOY, one.name, HOME)
    acted = event(ids, LATER + MINUTE, "s3:ListBuckets", began.session, HOME)
    beside = event(ids, LATER + MINUTE, "iam:ListUsers", alike.session, HOME)
    answer = blast(tmp_path, MALLORY.arn, [made, acted, beside, *began.records, *alike.records])
    assert told(answer, "calls", "name", "confidence") == [
        (f"lambda {call}", "exact"),
        ("s3 ListBuckets", "strong"),
    ]


def test_an_address_counts_its_own_calls_and_all_of_the_sessions_that_it_took(tmp_path: Path) -> None:
    ids = Ids("address")
    issued = assume_role(ids, AT, ALICE.calling(ELSEWHERE), DEPLOY, "a", HOME)
    here = event(ids, LATER, "s3:ListBuckets", issued.session, HOME)
    moved = event(ids, LATER, "iam:ListUsers", issued.session.using("x/1", "192.0.2.77"), HOME)
    home = event(ids, LATER, "ec2:DescribeVpcs", ALICE.calling(DESK), HOME)
    answer = blast(tmp_path, ELSEWHERE.address, [*issued.records, here, moved, home])
    assert told(answer, "calls", "name", "via") == [
        ("sts AssumeRole", "direct"),
        ("s3 ListBuckets", "direct"),
        ("iam ListUsers", "session"),
    ]


def test_a_session_that_was_used_from_the_address_alone_is_not_called_unused(tmp_path: Path) -> None:
    ids = Ids("unused")
    used = assume_role(ids, AT, ALICE.calling(ELSEWHERE), DEPLOY, "a", HOME)
    spare = assume_role(ids, AT + MINUTE, ALICE.calling(ELSEWHERE), DEPLOY, "b", HOME)
    act = event(ids, LATER, "s3:ListBuckets", used.session, HOME)
    answer = blast(tmp_path, ELSEWHERE.address, [*used.records, *spare.records, act])
    assert told(answer, "sessions", "count", "note") == [
        (0, "its calls are counted as direct ones"),
        (0, "no call with it is in the store"),
    ]


def test_a_services_call_is_the_keys_when_the_user_has_no_other(tmp_path: Path) -> None:
    ids = Ids("fas")
    who = ALICE.calling(DESK)
    calls = [
        event(ids, AT, "secretsmanager:GetSecretValue", who, HOME),
        event(ids, AT, "kms:Decrypt", who.through("secretsmanager.amazonaws.com", ids, AT), HOME),
    ]
    answer = blast(tmp_path, ALICE.key or "", calls)
    assert ("kms Decrypt", "strong") in told(answer, "calls", "name", "confidence")
    assert answer["possible"] == []


def test_a_services_call_is_only_possible_when_the_user_has_another_session(tmp_path: Path) -> None:
    ids = Ids("fas")
    who = ALICE.calling(DESK)
    calls = [
        event(ids, AT, "secretsmanager:GetSecretValue", who, HOME),
        event(ids, AT, "kms:Decrypt", who.through("secretsmanager.amazonaws.com", ids, AT), HOME),
        event(ids, AT, "s3:ListBuckets", ALICE.calling(WINDOW, created=AT, key=ids.access_key()), HOME),
    ]
    answer = blast(tmp_path, ALICE.key or "", calls)
    assert told(answer, "calls", "name") == [("secretsmanager GetSecretValue",)]
    assert told(answer, "possible", "name", "count") == [(ALICE.arn, 1)]


def test_a_consoles_key_stands_for_its_session_and_not_for_another(tmp_path: Path) -> None:
    ids = Ids("console")
    login = console_login(ids, AT, ALICE, WINDOW, HOME, mfa=True)
    key = ids.access_key()
    other = ALICE.calling(WINDOW, created=AT + HOUR, key=ids.access_key())
    calls = [
        event(ids, LATER, "s3:ListBuckets", login.session.with_key(key), HOME),
        event(ids, LATER, "iam:ListUsers", login.session.with_key(ids.access_key()), HOME),
        event(ids, LATER + HOUR, "ec2:DescribeVpcs", other, HOME),
    ]
    answer = blast(tmp_path, key, [*login.records, *calls])
    assert set(told(answer, "calls", "name", "confidence")) == {
        ("s3 ListBuckets", "exact"),
        ("iam ListUsers", "strong"),
    }


def test_what_was_read_is_told_by_container_and_what_was_denied_apart(tmp_path: Path) -> None:
    ids = Ids("read")
    who = ALICE.calling(DESK)
    objects = [
        event(ids, AT, "s3:GetObject", who, HOME, {"bucketName": "payroll", "key": key}, eventCategory="Data")
        for key in ("a", "b", "b")
    ]
    refused = event(
        *(ids, AT, "s3:GetObject", who, HOME, {"bucketName": "secrets", "key": "c"}),
        error=denied(who, "s3:GetObject", "arn:aws:s3:::secrets/c"),
    )
    answer = blast(tmp_path, ALICE.key or "", [*objects, refused])
    assert told(answer, "read", "kind", "name", "count", "note") == [("object", "payroll", 3, "GetObject")]
    assert told(answer, "denied", "name", "error_code", "event_id") == [
        ("s3 GetObject", "AccessDenied", refused["eventID"])
    ]


def test_a_request_that_is_hard_to_read_costs_no_answer(tmp_path: Path) -> None:
    ids = Ids("odd")
    who = ALICE.calling(DESK)
    odd: list[Record] = [
        event(ids, AT, "s3:GetObject", who, HOME, {"bucketName": {"name": [1]}, "key": 7}),
        event(ids, AT, "secretsmanager:GetSecretValue", who, HOME, {"secretId": "\ud800 \x1b[31m'; --"}),
        event(ids, AT, "iam:CreateUser", who, HOME, {"userName": ["x"]}, {"user": "none"}),
        event(ids, AT, "ec2:RunInstances", who, HOME, None, {"instancesSet": {"items": [7, [], {"instanceId": {}}]}}),
        event(ids, AT, "sts:AssumeRole", who, HOME, {"roleArn": 5}, {"credentials": [], "assumedRoleUser": "x"}),
    ]
    (tmp_path / "logs.json").write_text(json.dumps({"Records": odd}))  # with the half of a pair as an escape
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "logs.json")], jobs=1)
    answer = dict(ctaudit.open(tmp_path / "store").blast_radius(ALICE.arn).document.content)
    assert sum(row["count"] for row in answer["calls"]) == len(odd)
    assert [row["kind"] for row in answer["read"]] == ["object", "secret"]


def test_a_trail_of_writes_alone_is_said_to_lack_sessions(tmp_path: Path) -> None:
    ids = Ids("writes")
    lost = assume_role(ids, AT, MALLORY.calling(ELSEWHERE), DEPLOY, "m", HOME)
    records = [user_made(ids, MALLORY.calling(ELSEWHERE)), user_made(ids, lost.session, at=LATER)]
    answer = blast(tmp_path, MALLORY.arn, records)
    assert told(answer, "calls", "name", "count") == [("iam CreateUser", 1)]
    assert any("no AssumeRole" in sentence for sentence in answer["partial"])


def test_an_account_whose_logs_are_not_there_is_named(tmp_path: Path) -> None:
    ids = Ids("silent")
    issued = assume_role(ids, AT, ALICE.calling(DESK), company.PLATFORM_ADMIN, "b", HOME)
    answer = blast(tmp_path, ALICE.arn, issued.records[:1])
    assert any(f"account {company.PLATFORM_ADMIN.account} has no events" in one for one in answer["partial"])


def test_calls_that_are_too_many_to_look_at_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = Ids("many")
    monkeypatch.setattr(limits, "MAX_SPREAD_CALLS", 2)
    taken = [assume_role(ids, AT + n * MINUTE, ALICE.calling(DESK), DEPLOY, f"s{n}", HOME) for n in range(3)]
    answer = blast(tmp_path, ALICE.arn, [record for issued in taken for record in issued.records])
    assert len(answer["sessions"]) == 2
    assert any("1 calls were not looked at" in sentence for sentence in answer["partial"])


def test_a_name_that_several_have_is_said(tmp_path: Path) -> None:
    ids = Ids("name")
    other = User(company.PRODUCTION, ALICE.name, "AIDAALICE3EXAMPLE", "AKIAALICE3000EXAMPLE")
    calls = [event(ids, AT, "s3:ListBuckets", who.calling(DESK), HOME) for who in (ALICE, other)]
    answer = blast(tmp_path, ALICE.name, calls)
    assert told(answer, "calls", "count", "origin") == [(2, None)]
    assert any(ALICE.arn in note and other.arn in note for note in answer["notes"])


def test_since_bounds_what_was_asked_about_and_not_what_came_of_it(tmp_path: Path) -> None:
    ids = Ids("since")
    early = assume_role(ids, AT, ALICE.calling(DESK), DEPLOY, "a", HOME)
    late = assume_role(ids, AT + HOUR, ALICE.calling(DESK), DEPLOY, "b", HOME)
    calls = [event(ids, AT + HOUR + MINUTE, "s3:ListBuckets", one.session, HOME) for one in (early, late)]
    answer = blast(tmp_path, ALICE.arn, [*early.records, *late.records, *calls], since="2026-03-09T09:30:00Z")
    assert told(answer, "sessions", "name", "count") == [(DEPLOY.session_arn("b"), 1)]
