"""What services make is the work of the call that caused it; where several calls may be, none is chosen."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

import ctaudit
from ctaudit.table import Table
from tests.biography import lives
from tests.biography.conftest import Lived
from tests.trail.company import CI, EUROPE, HOME, PRODUCTION

pytestmark = pytest.mark.slow

Ask = Callable[[str], Table]


@pytest.fixture(scope="module")
def life(lived: Lived) -> Ask:
    """Ask for a life, once for each name."""
    return cache(ctaudit.open(lived.folder / "ctaudit-store").biography)


def event_id(life: Ask, thing: str, event_name: str) -> Any:
    (row,) = [row for row in life(thing) if row["event_name"] == event_name]
    return row["event_id"]


@pytest.mark.parametrize(
    ("bucket", "stack", "origin"),
    [
        ("shop-assets-1ABC", "shop", lives.ALICE.arn),
        ("site-assets-1ABC", "site", lives.BOB.arn),
        ("made-with-role", "with-role", lives.ALICE.arn),
        ("left-data-1ABC", "left", lives.ALICE.arn),
    ],
)
def test_a_bucket_of_a_stack_was_made_by_who_made_the_stack(bucket: str, stack: str, origin: str, life: Ask) -> None:
    made = life(bucket).records()[0]
    assert (made["kind"], made["cause_name"]) == ("created", f"CreateStack {stack}")
    assert made["cause"] == event_id(life, stack, "CreateStack")
    assert made["origin"] == origin


def test_the_end_of_a_bucket_was_caused_by_the_end_of_the_stack(life: Ask) -> None:
    assert [(row["kind"], row["cause_name"]) for row in life("shop-assets-1ABC")] == [
        ("created", "CreateStack shop"),
        ("deleted", "DeleteStack shop"),
    ]


def test_of_two_stacks_none_is_chosen(life: Ask) -> None:
    table = life("fixed-name")
    (row,) = table
    assert (row["cause"], row["cause_name"]) == (None, None)
    assert "1 call of a service has no cause here: several calls may have caused it" in table.notes


def test_a_cause_that_is_not_in_the_logs_is_said_to_be_lacking(life: Ask) -> None:
    table = life("made-for-nobody")
    assert [row["cause"] for row in table] == [None]
    assert "what caused 1 call that a service made is not in the logs, or nobody's call did" in table.notes


def test_a_stack_says_what_may_be_its_own_and_is_left_out(life: Ask) -> None:
    left_out = "1 call of a service may have been caused by it or by another thing; left out here"
    assert left_out in life("left").notes
    assert left_out in life("right").notes
    assert not any("left out" in note for note in life("shop").notes)


def test_what_was_made_by_hand_has_no_cause(life: Ask) -> None:
    table = life("made-by-hand")
    assert [row["cause"] for row in table] == [None]
    assert not any("cause" in note for note in table.notes)


@pytest.mark.parametrize(
    ("thing", "children"),
    [
        (
            "shop",
            ["created AWS::S3::Bucket shop-assets-1ABC", "deleted AWS::S3::Bucket shop-assets-1ABC"],
        ),
        ("site", ["created AWS::S3::Bucket site-assets-1ABC"]),
        ("left", ["created AWS::S3::Bucket left-data-1ABC"]),
        ("right", []),
        ("front", ["created AWS::EC2::Instance i-0ccccccccccccccc1"]),
        ("back", []),
    ],
)
def test_a_stack_and_a_group_have_children(thing: str, children: list[str], life: Ask) -> None:
    assert [row["change"] for row in life(thing) if row["kind"] == "child"] == children


def test_a_stack_of_the_same_name_elsewhere_is_another_one(life: Ask) -> None:
    rows = life("twice-bucket-1ABC").records()
    made = [row for row in life("twice") if row["event_name"] == "CreateStack"]
    assert {(row["account"], row["region"]) for row in made} == {(PRODUCTION, HOME), (PRODUCTION, EUROPE), (CI, EUROPE)}
    (cause,) = [row for row in made if (row["account"], row["region"]) == (PRODUCTION, EUROPE)]
    assert [row["cause"] for row in rows] == [cause["event_id"]]


def test_an_instance_of_a_group_is_the_work_of_who_let_it_grow(life: Ask) -> None:
    (row,) = life("i-0ccccccccccccccc1")
    assert (row["cause_name"], row["origin"]) == ("UpdateAutoScalingGroup front", lives.ALICE.arn)


def test_the_end_that_a_service_makes_was_begun_by_a_call(life: Ask) -> None:
    rows = life("books/db").records()
    assert [(row["kind"], row["change"], row["cause_name"]) for row in rows] == [
        ("created", None, None),
        ("deleted", "recoveryWindowInDays: 7", None),
        ("deleted", None, "DeleteSecret books/db"),
    ]
    assert rows[2]["cause"] == rows[1]["event_id"]
    assert rows[2]["origin"] == lives.ALICE.arn
    assert {row["life"] for row in rows} == {1}
