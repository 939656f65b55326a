"""What was never, or long not, seen before: told where much is new at once, quiet where little is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctaudit.anomalies import first_seen, keys, logins, newcomers, travel
from ctaudit.anomalies.anomaly import Anomaly, Severity
from ctaudit.anomalies.words import listed
from ctaudit.anomaly_ground import ground
from ctaudit.anomaly_report import Found, find
from ctaudit.engines import activity
from ctaudit.query import Span
from ctaudit.store.layout import Layout
from ctaudit.times import format_epoch
from tests.anomalies import organization as org
from tests.anomalies.organization import HOME, LAST, OTHER, THIEF, made
from tests.anomalies.simulated import DAY, HOUR, START, store_of
from tests.cli.evidence import hostile_events

FAMILIES = (first_seen, newcomers, keys, logins, travel)
OWN = {kind for family in FAMILIES for kind in family.KINDS}
ASKED = {name: (cube.dimensions, cube.having) for family in FAMILIES for name, cube in family.CUBES.items()}
NEW_USER = org.user("svc-backup-agent", OTHER)
BAD_DAY = [
    *org.theft(org.CI, LAST + HOUR),
    *(made(NEW_USER, LAST + 3 * HOUR + at, api, THIEF) for at, api in enumerate(("ec2:DeleteSnapshot", "kms:Encrypt"))),
    *(made(org.OLD, LAST + 4 * HOUR + at, "s3:GetObject", "198.51.100.9") for at in range(3)),
    *(made(org.ROBOT, LAST + 5 * HOUR + 60 + at, "s3:GetObject", "198.18.5.5") for at in range(3)),
    made({"type": "AWSAccount", "principalId": "AIDASTRANGER", "accountId": org.STRANGER}, LAST + 6 * HOUR,
         "sts:AssumeRole", "192.0.2.210", recipientAccountId=OTHER),
    made(org.SHOP, LAST + 8 * HOUR, "ec2:RunInstances", "192.0.2.150", awsRegion="ap-southeast-2",
         userAgent="Boto3/1.42"),
    org.login(org.ROOT, LAST + 10 * HOUR, "203.0.113.9"),
]  # fmt: skip
ORDINARY_DAY = [
    made(org.MIA, LAST + 10 * HOUR, "iam:GetUser", "203.0.113.7"),
    made(org.MIA, LAST + 11 * HOUR, "iam:ListUsers", "198.51.100.20"),
    made(org.APP, LAST + 12 * HOUR, "ec2:DescribeInstances", "192.0.2.102", userAgent="Boto3/1.43"),
    made(org.BATCH, LAST + 13 * HOUR, "s3:PutObject", "198.51.7.9", userAgent="Boto3/1.42"),
    *(made(org.role("app-2"), LAST + 14 * HOUR + at, "dynamodb:PutItem", "192.0.2.103") for at in range(9)),
    made(org.GUEST, LAST + 14 * HOUR, "sts:AssumeRole", "192.0.2.210", recipientAccountId=OTHER),
    *(made(org.SHOP, LAST + 8 * HOUR + at, "ec2:DescribeInstances", "192.0.2.150", awsRegion="sa-east-1",
           userAgent="Boto3/1.42")
      for at in range(5)),
    org.login(org.ROOT, LAST + 15 * HOUR, "203.0.113.9", mfa="Yes"),
    *(org.login(org.user("kiosk"), week * 7 * DAY + 12 * HOUR, "203.0.113.7") for week in range(9)),
    org.login(org.user("ghost"), LAST + 16 * HOUR, "198.51.100.203", came="Failure"),
    made(org.OLD, 35 * DAY, "s3:PutObject", "192.0.2.60"),
    made(org.OLD, LAST, "s3:PutObject", "192.0.2.60"),
]  # fmt: skip


def own(found: Found) -> dict[str, list[Anomaly]]:
    """Return by kind what was found by what this file is about."""
    told: dict[str, list[Anomaly]] = {}
    for each in found.anomalies:
        if each.anomaly.kind in OWN:
            told.setdefault(each.anomaly.kind, []).append(each.anomaly)
    return told


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return Layout(store_of(tmp_path_factory.mktemp("bad"), [*org.usual(), *BAD_DAY]))


@pytest.fixture(scope="module")
def told(bad: Layout) -> dict[str, list[Anomaly]]:
    return own(find(bad, Span()))


def test_each_kind_is_told_once(told: dict[str, list[Anomaly]]) -> None:
    assert {kind: [each.subject[0] for each in found] for kind, found in told.items()} == {
        "first_seen.behaviour": [org.CI["arn"]],
        "first_seen.principal": [NEW_USER["arn"]],
        "newcomers.caller_account": [org.STRANGER],
        "newcomers.region": ["ap-southeast-2"],
        "keys.dormant": [org.OLD["accessKeyId"]],
        "keys.network": [org.ROBOT["accessKeyId"]],
        "logins.without_mfa": [org.ROOT["arn"]],
    }


def test_stolen_credentials_are_one_anomaly_with_all_that_is_new(told: dict[str, list[Anomaly]]) -> None:
    (theft,) = told["first_seen.behaviour"]
    assert theft.sentence == (
        f"{org.CI['arn']} called from 198.51.100.0/24, new to all these logs (6 calls in all, 1 changed "
        "something, 5 denied) "
        "and used 6 APIs for the first time (ec2:DescribeSnapshots, iam:ListRoles, kms:ListKeys, …), "
        "1 program for the first time (Boto3); it has 59 days of history before"
    )
    assert theft.severity is Severity.HIGH
    assert (theft.account, theft.start, theft.end) == (HOME, START + LAST + HOUR, START + LAST + HOUR + 61)
    assert theft.select.addresses == (THIEF,)
    assert theft.p < 1e-6
    (new,) = told["first_seen.principal"]
    assert "itself new" in new.sentence
    assert new.severity is Severity.HIGH


def test_a_key_that_wakes_up_elsewhere_weighs_more_than_one_that_moves(told: dict[str, list[Anomaly]]) -> None:
    (woken,), (moved,) = told["keys.dormant"], told["keys.network"]
    assert (
        "was used again after 55 days: 3 calls within a day, from 198.51.100.0/24, where it had never" in woken.sentence
    )
    assert "went on being used from there as well" not in moved.sentence
    assert (woken.severity, moved.severity) == (Severity.HIGH, Severity.LOW)
    assert moved.p == pytest.approx(1 / 181)


def test_the_others_say_what_they_rest_on(told: dict[str, list[Anomaly]]) -> None:
    (login,), (caller,), (region,) = (
        told[kind] for kind in ("logins.without_mfa", "newcomers.caller_account", "newcomers.region")
    )
    assert login.severity is Severity.HIGH
    assert "logged in to the console without MFA from 203.0.113.0/24; 0 such logins" in login.sentence
    assert caller.sentence.startswith(f"account {org.STRANGER} called into {OTHER} for the first time: 1 call, 1 of")
    assert region.sentence.startswith("arn:aws:sts::444455556666:assumed-role/shop changed something in ap-southeast-2")
    assert "reach back 59 days before" in region.sentence


def test_an_ordinary_day_is_quiet(tmp_path: Path) -> None:
    found = find(Layout(store_of(tmp_path, [*org.usual(), *ORDINARY_DAY])), Span())
    assert own(found) == {}


@pytest.mark.slow
def test_only_what_is_asked_about_is_judged_and_all_before_is_history(bad: Layout) -> None:
    since, later = (format_epoch(START + LAST + hours * HOUR) for hours in (0, 7))
    assert "first_seen.behaviour" in own(find(bad, Span(since)))
    assert set(own(find(bad, Span(later)))) <= {"newcomers.region", "logins.without_mfa"}


@pytest.mark.slow
def test_an_episode_keeps_its_id_when_it_is_asked_for_from_its_middle_on(
    bad: Layout, told: dict[str, list[Anomaly]]
) -> None:
    (whole,) = told["first_seen.behaviour"]
    (half,) = own(find(bad, Span(format_epoch(whole.start + 1))))["first_seen.behaviour"]
    assert (half.id, half.start, half.end) == (whole.id, whole.start, whole.end)
    assert "first_seen.behaviour" not in own(find(bad, Span(format_epoch(whole.end))))


def test_the_order_of_counts_does_not_matter(bad: Layout) -> None:
    known, span = ground(bad, Span())
    counted, _ = activity.counted(bad, span, ASKED)
    drawn = np.random.default_rng(7)
    mixed = {name: table.take(drawn.permutation(table.num_rows)) for name, table in counted.items()}
    for family in FAMILIES:
        one, other = (
            sorted(family.find(each, known).anomalies, key=lambda found: found.id) for each in (counted, mixed)
        )
        assert one == other


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Found:
    import ctaudit

    store = tmp_path_factory.mktemp("sample") / "store"
    ctaudit.ingest(store, [str(Path(__file__).parents[2] / "sample_logs")], jobs=1)
    return find(Layout(store), Span())


def test_the_bad_night_of_the_sample_and_nothing_else_is_told(night: Found) -> None:
    anomalies = [each for found in own(night).values() for each in found]
    assert sorted(each.subject[0].rpartition("/")[2] for each in anomalies) == [
        "ci-deploy", "deploy-production", "log-archive-operator", "platform-admin", "svc-backup-agent",
    ]  # fmt: skip
    assert {each.severity for each in anomalies} == {Severity.MEDIUM}, "so little history is no ground for more"
    assert all("2 days of history before" in each.sentence for each in anomalies)
    assert any("accounts with less than 14 days of history" in note for note in night.notes)


@pytest.mark.parametrize("days", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_with_too_little_history_nothing_is_guessed(tmp_path: Path, days: int) -> None:
    calls = [each for each in org.usual() if each["eventTime"] < format_epoch(START + days * DAY)]
    found = find(Layout(store_of(tmp_path, [*calls, *org.theft(org.CI, max(0, days) * DAY + HOUR)])), Span())
    assert own(found) == {}
    assert any("not at all in the first 2 days" in note for note in found.notes)


def test_an_empty_store_and_a_single_event_have_nothing_to_tell(tmp_path: Path) -> None:
    for number, calls in enumerate(([], [made(org.CI, 0, "s3:GetObject", THIEF)])):
        assert own(find(Layout(store_of(tmp_path / str(number), calls)), Span())) == {}


HOSTILE: list[dict[str, Any]] = [
    {"userIdentity": None},
    {"eventTime": "2026-02-30T25:61:61Z"},
    {"eventTime": "2026-04-30T23:59:60Z"},
    {"userIdentity": {}, "sourceIPAddress": None, "userAgent": None, "awsRegion": None},
    {"sourceIPAddress": "1.2.3.4.5.6.7.8"},
    {"sourceIPAddress": "::::::"},
    {"sourceIPAddress": "::ffff:198.51.100.1", "userAgent": "\x1b[31m" * 9},
    {"eventName": "x" * 100_000},
    {"eventName": "ConsoleLogin", "responseElements": "no object", "additionalEventData": ["MFAUsed"]},
    {
        "eventName": "ConsoleLogin",
        "responseElements": {"ConsoleLogin": {"a": 1}},
        "additionalEventData": {"MFAUsed": 7},
    },
    {"userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::1:user/" + "y" * 50_000, "accessKeyId": "AKIA" * 99}},
    {"userIdentity": {"type": "Root", "arn": "no arn", "accountId": "\u202e"}},
]


def test_hostile_values_are_counted_like_others(tmp_path: Path) -> None:
    calls = [made(org.MIA, LAST + at, "s3:GetObject", THIEF) | fields for at, fields in enumerate(HOSTILE)]
    found = find(
        Layout(store_of(tmp_path, [*calls, *hostile_events(), made(org.MIA, 0, "s3:GetObject", THIEF)])), Span()
    )
    assert all(len(each.sentence) < 2_000 for every in own(found).values() for each in every)


@pytest.mark.slow
def test_clocks_that_are_wrong_by_decades_hide_nothing(tmp_path: Path, told: dict[str, list[Anomaly]]) -> None:
    wrong = [made(org.APP, at - START, "s3:GetObject", "192.0.2.101") for at in (0, 4_070_908_800)]
    layout = Layout(store_of(tmp_path, [*org.usual(), *BAD_DAY, *wrong]))
    known, span = ground(layout, Span())
    counted, _ = activity.counted(layout, span, ASKED)
    found = {each.kind: each for family in FAMILIES for each in family.find(counted, known).anomalies}
    assert {each.id for every in told.values() for each in every} <= {each.id for each in found.values()}


def test_a_name_that_is_longer_than_anything_honest_is_cut() -> None:
    assert listed(["x" * 999, "b", "c", "d"]) == f"{'x' * 119}…, b, c, …"
