"""Evidence out of a file that AWS did not deliver: it is told, and told to be no more than that."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import ctaudit
from tests.lineage.scenarios import ALICE, DESK
from tests.store.proving import scene
from tests.trail.delivery import Batch
from tests.trail.events import event
from tests.trail.ids import Ids
from tests.trail.principals import Principal, Record
from tests.trail.small import CHAIN, NOON, small_batch
from tests.trail.trail import HOUR, Trail

pytestmark = pytest.mark.slow

SECRET = "undo/doubted"


def store_of(folder: Path, first: Record, second: Record, slipped_in: Record | None) -> ctaudit.Store:
    """Ingest and prove a trail of two calls, of which AWS may not have delivered one."""
    ids = Ids("doubted")
    batches = {
        id(call): Batch(*CHAIN, "CloudTrail", NOON + timedelta(minutes=minute), ids.alnum(), (call,))
        for call, minute in ((first, 10), (second, 27))
    }
    trail = Trail(name="small-trail")
    for call in (first, second):
        if call is not slipped_in:
            trail.put_log(batches[id(call)])
    trail.put_log(small_batch(NOON + HOUR + timedelta(minutes=10)))
    trail.cut_digests(NOON, NOON + 2 * HOUR, [CHAIN])
    if slipped_in is not None:
        trail.put_log(batches[id(slipped_in)])
    made = scene(folder, trail)
    made.ingest()
    made.prove(made.mirror)
    return ctaudit.open(made.store)


def call(name: str, minute: int, who: Principal, **request: str) -> Record:
    return event(Ids(name), NOON + timedelta(minutes=minute), name, who, CHAIN[1], request)


@pytest.mark.parametrize("planted", [True, False])
def test_a_rescue_that_was_slipped_in_is_told_as_such(planted: bool, tmp_path: Path) -> None:
    who = ALICE.calling(DESK)
    deleted = call("secretsmanager:DeleteSecret", 3, who, secretId=SECRET)
    restored = call("secretsmanager:RestoreSecret", 20, who, secretId=SECRET)
    store = store_of(tmp_path, deleted, restored, restored if planted else None)
    (row,) = store.who_deleted(SECRET, undo_at="2026-03-10")
    assert (row["undo"], row["undo_event"], row["integrity"]) == ("restored", restored["eventID"], "proven")
    assert ("in a file that AWS did not deliver so: unlisted" in str(row["undo_because"])) == planted


@pytest.mark.parametrize("planted", [True, False])
def test_a_cause_that_was_slipped_in_is_told_as_such(planted: bool, tmp_path: Path) -> None:
    who = ALICE.calling(DESK)
    stack = call("cloudformation:DeleteStack", 3, who, stackName="shop")
    onward = who.through("cloudformation.amazonaws.com", Ids("onward"), NOON + timedelta(minutes=3))
    deleted = call("s3:DeleteBucket", 20, onward, bucketName="shop-data-1a2b")
    table = store_of(tmp_path, stack, deleted, stack if planted else None).who_deleted("shop-data-1a2b")
    (row,) = table
    assert (row["cause"], row["integrity"]) == (stack["eventID"], "proven")
    assert any("not what AWS delivered: unlisted" in note for note in table.notes) == planted
