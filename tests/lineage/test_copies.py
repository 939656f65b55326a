"""A call across accounts is in both accounts' logs: it is counted once, both rows are shown, and so it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit.lineage.copies import copies, once
from tests.lineage.scenarios import ALICE, AT, DESK
from tests.store.stores import put
from tests.trail.company import CI, HOME, PRODUCTION
from tests.trail.ids import Ids
from tests.trail.principals import Record, Role
from tests.trail.sessions import assume_role

ABROAD = Role(PRODUCTION, "abroad", "AROAABROADEXAMPLE")
NEAR = Role(CI, "near", "AROANEAREXAMPLE")


def store_of(folder: Path, *records: Record) -> ctaudit.Store:
    put(folder / "log.json", list(records))
    ctaudit.ingest(folder / "store", [str(folder / "log.json")], jobs=1)
    return ctaudit.open(folder / "store")


def calls(role: Role) -> tuple[Record, ...]:
    return tuple(assume_role(Ids(f"copies/{role.name}"), AT, ALICE.calling(DESK), role, "a", HOME).records)


@pytest.mark.parametrize(("role", "rows"), [(ABROAD, 2), (NEAR, 1)])
def test_a_call_is_counted_once_and_each_copy_is_a_row(role: Role, rows: int, tmp_path: Path) -> None:
    store = store_of(tmp_path, *calls(role))
    did, counted = store.what_did(ALICE.unique_id), store.what_did(ALICE.unique_id, by="origin")
    assert len(did) == rows
    assert any("another account's copy" in note for note in did.notes) == (rows == 2)
    assert [(row["origin"], row["calls"], row["principals"]) for row in counted] == [(ALICE.arn, 1, ALICE.arn)]
    assert any("not counted again" in note for note in counted.notes) == (rows == 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"recipientAccountId": CI},
        {"eventTime": "2026-03-09T09:00:01Z"},
        {"eventName": "AssumeRoot"},
        {"sharedEventID": None},
        {"userIdentity": {"type": "AWSAccount", "principalId": "AIDASOMEBODYELSE", "accountId": CI}},
    ],
)
def test_what_merely_has_the_same_shared_id_is_another_call(changed: Record) -> None:
    own, copy = calls(ABROAD)
    assert (once([copy, own]), copies([own, copy])) == ([1], {1: 0})
    assert once([own, copy | changed]) == [0, 1]


def test_a_copy_that_tells_but_the_account_is_a_copy() -> None:
    own, copy = calls(ABROAD)
    veiled: dict[str, Any] = {"userIdentity": {"type": "AWSAccount", "principalId": CI, "accountId": CI}}
    assert once([own, copy | veiled]) == [0]


def test_two_calls_of_one_id_that_each_have_copies_are_two() -> None:
    own, copy = calls(ABROAD)
    assert copies([own, copy, own | {"eventID": "x"}, copy | {"eventID": "y"}]) == {1: 0, 3: 2}
