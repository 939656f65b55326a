"""Who stands behind what a service did in its own name: lookups, `trace` and `--origin` tell the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import ctaudit
from tests.causes import cases
from tests.lineage.scenarios import ALICE, AT, DESK
from tests.store.stores import put
from tests.trail.company import CI, HOME
from tests.trail.ids import Ids
from tests.trail.principals import Record
from tests.trail.services import service_action


def store_of(folder: Path, *records: Record) -> ctaudit.Store:
    put(folder / "log.json", list(records))
    ctaudit.ingest(folder / "store", [str(folder / "log.json")], jobs=1)
    return ctaudit.open(folder / "store")


def told(store: ctaudit.Store, record: Record, **span: Any) -> tuple[Any, Any, list[str]]:
    """Return the origin in the timeline and that of the trace, and the calls of the trace."""
    (row,) = [row for row in store.timeline(**span) if row["event_id"] == record["eventID"]]
    (traced,) = store.trace(record["eventID"]).document.content["traces"]
    return row["origin"], traced["origin"], [hop["event_name"] for hop in traced["hops"]]


def test_the_end_of_a_secret_is_of_who_deleted_it(tmp_path: Path) -> None:
    case = cases.secret(Ids("origins/secret"))
    store = store_of(tmp_path, *case.records)
    names = ["EndSecretVersionDelete", "DeleteSecret"]
    assert told(store, case.deletion) == (ALICE.arn, ALICE.arn, names)
    assert told(store, case.deletion, since=case.deletion["eventTime"]) == (ALICE.arn, ALICE.arn, names)
    ours = [row["event_id"] for row in store.timeline(origin="alice")]
    assert case.deletion["eventID"] in ours
    (link,) = [hop["link"] for hop in store.trace(case.deletion["eventID"]).document.content["traces"][0]["hops"][:1]]
    assert (link["confidence"], link["method"]) == ("exact", "cause")


def test_the_end_of_another_secret_is_of_the_service(tmp_path: Path) -> None:
    case = cases.secret_of_another_name(Ids("origins/other"))
    own, traced, names = told(store := store_of(tmp_path, *case.records), case.deletion)
    assert own == traced
    assert own != ALICE.arn
    assert names == ["EndSecretVersionDelete"]
    assert case.deletion["eventID"] not in [row["event_id"] for row in store.timeline(origin="alice")]


def test_what_is_likely_of_a_call_alone_is_of_the_service(tmp_path: Path) -> None:
    """The same second and service is no proof of whose work it was."""
    case = cases.group_by_time_alone(Ids("origins/time"))
    own, traced, names = told(store_of(tmp_path, *case.records), case.deletion)
    assert own == traced != ALICE.arn
    assert names[0] == "TerminateInstances"


def test_what_a_service_does_every_year_is_of_nobody_else(tmp_path: Path) -> None:
    rotated = service_action(Ids("origins/rotate"), AT + timedelta(minutes=1), "kms:RotateKey", CI, HOME)
    asked = cases._call(Ids("origins/key"), 0, "kms:ScheduleKeyDeletion", ALICE.calling(DESK), {"keyId": "k"})
    own, traced, _ = told(store_of(tmp_path, rotated, asked), rotated)
    assert own == traced != ALICE.arn
