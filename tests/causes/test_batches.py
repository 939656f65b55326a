"""`DeleteObjects` and its objects: counted once, and doubted only where no object is logged."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.causes.test_causes import store_of
from tests.lineage.scenarios import ALICE, AT, DESK
from tests.trail.company import HOME
from tests.trail.events import event
from tests.trail.ids import Ids
from tests.trail.principals import Record
from tests.trail.storage import batch_delete, object_call

pytestmark = pytest.mark.slow

BUCKET = "batch-bucket"
KEYS = ["reports/2026-03-09-a-long-name.csv", "b", "c"]


def batch(seconds: int = 0, keys: list[str] = KEYS) -> list[Record]:
    who = ALICE.calling(DESK)
    return batch_delete(Ids(f"batch/{seconds}"), AT + timedelta(seconds=seconds), who, HOME, BUCKET, keys)


def test_the_call_and_its_objects_are_counted_once(tmp_path: Path) -> None:
    single = object_call(Ids("batch/single"), AT, "DeleteObject", ALICE.calling(DESK), HOME, BUCKET, "d")
    store = store_of(tmp_path, *batch(), single)
    inside = store.who_deleted(BUCKET).notes[0]
    assert inside.startswith("4 such calls were on things inside it")
    assert len(store.who_deleted(f"{BUCKET}/*")) == 4


def test_a_call_whose_objects_are_not_logged_is_counted_and_doubted(tmp_path: Path) -> None:
    store = store_of(tmp_path, *batch(), batch(60)[0])
    inside, doubted, *_ = store.who_deleted(BUCKET).notes
    assert inside.startswith("4 such calls were on things inside it")
    assert doubted.startswith("1 such call was DeleteObjects on the bucket; AWS has not logged the keys, 1,000")


@pytest.mark.parametrize("key", [KEYS[0], "elsewhere/2026-03-09-another-long-name.csv"])
def test_an_object_is_not_doubted_where_the_objects_are_logged(key: str, tmp_path: Path) -> None:
    """The calls that may have deleted it are found though they do not name it."""
    table = store_of(tmp_path, *batch()).who_deleted(f"{BUCKET}/{key}")
    assert len(table) == (key in KEYS)
    assert not [note for note in table.notes if "may be among them" in note]


def test_an_object_is_doubted_where_they_are_not(tmp_path: Path) -> None:
    table = store_of(tmp_path, batch()[0]).who_deleted(f"{BUCKET}/{KEYS[0]}")
    assert len(table) == 0
    assert "1 such call was DeleteObjects on the bucket" in table.notes[0]
    assert "it may be among them" in table.notes[0]


def test_a_call_on_another_bucket_is_no_doubt(tmp_path: Path) -> None:
    table = store_of(tmp_path, batch()[0]).who_deleted(f"{BUCKET}-2/{KEYS[0]}")
    assert not [note for note in table.notes if "DeleteObjects" in note]


def test_a_call_that_was_refused_is_no_doubt(tmp_path: Path) -> None:
    refused = batch()[0] | {"errorCode": "AccessDenied", "errorMessage": "Access Denied"}
    table = store_of(tmp_path, refused).who_deleted(f"{BUCKET}/{KEYS[0]}")
    assert not [note for note in table.notes if "may be among them" in note]


def test_objects_under_other_request_ids_are_told_by_caller_and_second(tmp_path: Path) -> None:
    parent, *children = batch()
    others = [child | {"requestID": f"OTHER{number}"} for number, child in enumerate(children)]
    table = store_of(tmp_path, parent, *others).who_deleted(f"{BUCKET}/elsewhere-and-long-enough")
    assert not [note for note in table.notes if "may be among them" in note]


@pytest.mark.parametrize(
    ("rule", "said"), [({"Expiration": {"Days": 30}}, True), ({"Transition": {"Days": 30}}, False)]
)
def test_rules_that_delete_without_any_event_are_said(rule: Record, said: bool, tmp_path: Path) -> None:
    configured = {"Rule": {"ID": "r", "Status": "Enabled", "Prefix": ""} | rule}
    request = {"bucketName": BUCKET, "LifecycleConfiguration": configured}
    made = event(Ids("batch/rule"), AT, "s3:PutBucketLifecycle", ALICE.calling(DESK), HOME, request)
    store = store_of(tmp_path, made)
    notes = store.who_deleted(f"{BUCKET}/{KEYS[0]}").notes
    assert any("never logged" in note and made["eventID"] in note for note in notes) == said
    assert not any("never logged" in note for note in store.who_deleted(f"{BUCKET}-2/{KEYS[0]}").notes)
