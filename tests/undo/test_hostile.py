"""Records in which anything stands anywhere: no rule of undoing and no cause is worth an exception."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ctaudit
from ctaudit.lineage.calls import call_of, is_caused, whole_names
from ctaudit.lineage.causes import Calls, cause
from ctaudit.records.targets import targets
from ctaudit.undo.rules import judge, wishes
from ctaudit.undo.verdict import Known, event_of, lost_of
from tests.causes import cases
from tests.cli.evidence import HOSTILE
from tests.conftest import Ask
from tests.store.stores import put
from tests.trail.ids import Ids
from tests.trail.principals import Record
from tests.undo.making import NOW, Log
from tests.undo.test_undo import CASES

pytestmark = pytest.mark.slow

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e300, 10**30, "", "x" * 5000, [], {}, [[]], {"": {}}, ["a", {"b": []}]),
    *({"items": [{"instanceId": []}]}, {"value": {"value": "arn:aws:s3:::b"}}, "arn:aws:", "*", *HOSTILE),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths to everything in a record."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*path, key)
        yield from places(inner, (*path, key))


def mutated(record: Record, ids: Ids) -> Record:
    """Return a copy with something odd in one place."""
    copy: Record = json.loads(json.dumps(record))
    *path, last = ids.pick(tuple(places(copy)))
    inner: Any = copy
    for key in path:
        inner = inner[key]
    inner[last] = ids.pick(ODD)
    return copy


def undone() -> Iterator[list[Record]]:
    for name, made in CASES.items():
        log = Log(Ids(f"undo/{name}"))
        made(log)
        yield log.records


def caused() -> list[list[Record]]:
    return [list(made(Ids(f"causes/{name}")).records) for name, made in cases.cases_of(cases).items()]


@pytest.mark.parametrize("seed", range(6))
def test_odd_records_are_judged(seed: int) -> None:
    ids = Ids(f"hostile/{seed}")
    judged = 0
    for records in undone():
        odd = [mutated(record, ids) for record in records]
        known = Known(map(event_of, odd))
        for record in odd:
            for target in targets(record):
                lost = lost_of(record, target)
                assert all(isinstance(text, str) for wish in wishes(lost) for text in wish.texts)
                found = judge(lost, known, NOW)
                assert found.because
                assert found.until is None or isinstance(found.until, str)
                judged += 1
    assert judged > 100


@pytest.mark.parametrize("seed", range(6))
def test_odd_records_have_causes_or_none(seed: int) -> None:
    ids = Ids(f"hostile/{seed}")
    for records in caused():
        odd = [mutated(record, ids) for record in records]
        calls = [call_of(record) for record in odd]
        for record, call in zip(odd, calls, strict=True):
            assert is_caused(record) in (True, False)
            assert all(isinstance(name, str) for name in whole_names(record))
            found = cause(call, Calls(calls))
            assert found is None or found.call is not call


@pytest.mark.slow
def test_a_store_of_odd_records_is_answered(tmp_path: Path, ask: Ask) -> None:
    ids = Ids("hostile/store")
    records = [mutated(record, ids) for each in (*undone(), *caused()) for record in each]
    put(tmp_path / "log.json", records)
    ctaudit.ingest(tmp_path / "ctaudit-store", [str(tmp_path / "log.json")], jobs=1)
    for words in (("timeline",), ("who-deleted", "undo*", "--undo"), ("who-deleted", "i-0*", "--undo")):
        done = ask(*words, "--format", "json", folder=tmp_path)
        assert done.code in (0, 3)
        assert len(json.loads(done.out)) > 5
        assert "unexpected" not in done.err
        assert all(character.isprintable() or character == "\n" for character in done.err)


def test_there_are_enough_to_make_odd() -> None:
    assert len(list(undone())) > 60
    assert len(caused()) >= 40
