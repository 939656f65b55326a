"""Trails in which anything stands anywhere: no walk, no thing left behind and no session is worth an exception."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import ctaudit
from ctaudit.lineage import beside
from ctaudit.lineage.copies import copies
from ctaudit.lineage.persistence import standing, things
from ctaudit.lineage.telling import tree, values
from ctaudit.queries.sessions import session_key
from tests.lineage.scenarios import ALICE, scenarios
from tests.lineage.test_scenarios import walked
from tests.store.stores import put
from tests.trail.ids import Ids
from tests.trail.principals import Record
from tests.undo.test_hostile import mutated


def spoiled(seed: int, times: int) -> list[list[Record]]:
    """Return the records of each scenario, each with something odd in some places."""
    found = []
    for name, scenario in scenarios().items():
        ids, records = Ids(f"lineage/{seed}/{name}"), list(scenario.records)
        for _ in range(times):
            records = [mutated(record, ids) for record in records]
        found.append(records)
    return found


@pytest.mark.parametrize(("seed", "times"), [(1, 1), (2, 1), (3, 3)])
def test_odd_records_are_walked(seed: int, times: int) -> None:
    ended = 0
    for records in spoiled(seed, times):
        assert set(copies(records)) <= set(range(len(records)))
        for record in records:
            walk = walked(record, records)
            assert json.dumps(values(walk, (), {}))
            assert tree(walk, (), {}).text
            for wish in beside.wishes(walk):
                assert list(beside.granted(wish, records)) is not None
            assert hash(session_key(record)) is not None
            assert all(standing(thing, records).state for thing in things(record))
            ended += walk.end is not None
    assert ended > 100


@pytest.mark.slow
def test_a_store_of_odd_records_is_answered(tmp_path: Path) -> None:
    records = [record for each in spoiled(4, 1) for record in each]
    put(tmp_path / "log.json", records)
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "log.json")], jobs=1)
    store = ctaudit.open(tmp_path / "store")
    for what in (ALICE.arn, "203.0.113.9", "deploy"):
        assert json.dumps(store.blast_radius(what).document.content)
        assert json.dumps(store.trace(what).document.content)
    for table in (store.sessions(), store.timeline(origin="alice"), store.what_did("alice", by="origin")):
        assert json.dumps(table.records())
        assert table.rows
