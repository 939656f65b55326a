"""A field that AWS adds tomorrow: kept whole, named by `status`, reached by queries."""

from __future__ import annotations

from pathlib import Path

import ctaudit
from tests.cli.evidence import event
from tests.cli.processes import piped
from tests.store.stores import put, select, status


def test_a_new_field_is_kept_and_named_and_can_be_asked_for(tmp_path: Path) -> None:
    new = event(1, quantumProof={"level": 5}, userIdentity={"type": "Root", "mood": "good"})
    put(tmp_path / "logs/a.json", [event(0), new, event(2, quantumProof={"level": 7})])
    store = tmp_path / "store"
    ctaudit.ingest(store, [str(tmp_path / "logs")], jobs=1)
    assert status(store)["unknown_fields"] == {"quantumProof": 2, "userIdentity.mood": 1}
    asked = "SELECT sum((extra->>'$.quantumProof.level')::INTEGER) FROM cloudtrail_logs"
    assert select(store, asked) == [(12,)]
    assert select(store, asked.replace("extra", "eventjson")) == [(12,)]
    done = piped("status", "--store", store, folder=tmp_path)
    assert "2 fields are unknown to this version: quantumProof, userIdentity.mood; kept whole" in done.err


def test_a_store_without_any_says_nothing_of_them(tmp_path: Path) -> None:
    put(tmp_path / "logs/a.json", [event(0)])
    store = tmp_path / "store"
    ctaudit.ingest(store, [str(tmp_path / "logs")], jobs=1)
    assert status(store)["unknown_fields"] == {}
    assert "unknown to this version" not in piped("status", "--store", store, folder=tmp_path).err
