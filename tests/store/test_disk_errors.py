"""A disk that fails or is full at any write, flush or rename: one sentence, exit code 4, and a store that is whole.

The system calls of the real process fail, those of Arrow and DuckDB too (see `watching`). Which ones is drawn anew at
each run; `CTAUDIT_TEST_SEED` repeats a draw.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

import ctaudit
from tests.cli.evidence import event
from tests.store.stores import Told, left_overs, put, put_lookup, select, told
from tests.store.watching import CREATIONS, RENAMES, SYNCS, WRITES, Call, Watched, watched

POINTS = 15
"""How many calls fail, for each kind of trouble."""


@dataclass(frozen=True, slots=True)
class Kept:
    folder: Path
    before: Told
    whole: Told
    calls: Sequence[Call]
    """What an undisturbed ingest of the rest calls, paths below the store."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A store of some evidence, to which the rest is added: new rows, a row that makes way, a compaction."""
    folder = tmp_path_factory.mktemp("kept")
    for number in range(3):
        put(folder / "first" / f"{number}.json", [event(number * 2 + index) for index in range(2)])
    put(folder / "rest" / "3.json", [event(6), event(7)])
    put(folder / "rest" / "4.json", [event(8), event(9, eventTime="2026-02-04T00:00:00Z")])
    put_lookup(folder / "rest" / "5.json", [event(number) for number in range(4)])
    for number in range(3):
        ctaudit.ingest(folder / "store", [str(folder / "first" / f"{number}.json")], jobs=1)
    ctaudit.ingest(folder / "whole", [str(folder / "first"), str(folder / "rest")], jobs=1)
    before = told(folder / "store")
    (folder / "store").rename(folder / "pristine")
    store = fresh(folder)
    done = ingest(folder, store)
    assert done.code == 0, done.err
    assert len(select(store, "FROM segments WHERE date = '2026-02-03'")) <= 2
    return Kept(folder, before, told(folder / "whole"), tuple(done.calls))


def fresh(folder: Path) -> Path:
    """Put the store of the first part back, always to the same place: its view names the segments by their paths."""
    shutil.rmtree(folder / "store", ignore_errors=True)
    return Path(shutil.copytree(folder / "pristine", folder / "store"))


def ingest(folder: Path, store: Path, fail: int = -1, error: int = 0, lasting: bool = False) -> Watched:
    """Ingest the rest; the call with the number `fail` fails, and all later ones when it is `lasting`."""
    seen = 0

    def decide(call: Call) -> int | None:
        nonlocal seen
        seen += 1
        if error == errno.ENOSPC and call.name not in (*WRITES, *CREATIONS):
            return None  # a full disk still flushes, renames and removes
        return error if seen == fail + 1 or (lasting and seen > fail + 1 and fail >= 0) else None

    return watched(["ingest", folder / "rest", "--store", store, "--jobs", "1"], store, decide)


def points(calls: Sequence[Call], names: Sequence[str]) -> list[int]:
    """Choose among the calls of these names; of many writes to one file in a row the first, a middle and the last."""
    chosen: list[int] = []
    for _, run in groupby(enumerate(calls), key=lambda each: (each[1].name, each[1].path)):
        places = [place for place, _ in run]
        chosen += {places[0], places[len(places) // 2], places[-1]}
    chosen = sorted(place for place in chosen if calls[place].name in names)
    return sorted(random.Random(seed()).sample(chosen, min(POINTS, len(chosen))))


def seed() -> int:
    given = int(os.environ.get("CTAUDIT_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"CTAUDIT_TEST_SEED={given}")
    return given


def assert_whole(kept: Kept, store: Path, done: Watched, point: int) -> None:
    where = f"call {point}, {kept.calls[point]}: exit {done.code}, {done.err}"
    now = told(store)
    if done.code == 0:
        assert now == kept.whole, where
    else:
        lines = done.err.splitlines()
        assert done.code == 4, where
        assert done.out == ""
        assert len(lines) == 2, where
        assert lines[0].startswith("ctaudit: "), where
        assert "unexpected" not in lines[0], where
        assert str(store) in lines[0], where
        assert {row_id(row) for row in kept.before.view} <= {row_id(row) for row in now.view}, where
        assert {row_id(row) for row in now.view} <= {row_id(row) for row in kept.whole.view}, where
        assert len(now.view) == len(now.timeline) == now.events, where
    ctaudit.ingest(store, [str(kept.folder / "rest")], jobs=1)
    assert told(store) == kept.whole, where
    assert left_overs(store) == set(), where


def row_id(row: str) -> str:
    """Return the event id in a row of the view as text; which place the row names follows from what was read so far."""
    return row[row.index("00000000-0000-4000-8000-") :][:36]


TROUBLES = {
    "a write or a flush fails once": (errno.EIO, (*WRITES, *SYNCS), False),
    "a rename or a creation fails once": (errno.EIO, (*RENAMES, *CREATIONS), False),
    "the disk fails from then on": (errno.EIO, (*WRITES, *SYNCS, *RENAMES, *CREATIONS), True),
    "the disk is full for a moment": (errno.ENOSPC, (*WRITES, *CREATIONS), False),
    "the disk is full from then on": (errno.ENOSPC, (*WRITES, *CREATIONS), True),
}


@pytest.mark.slow
@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_failing_call_harms_the_store(trouble: str, kept: Kept) -> None:
    error, names, lasting = TROUBLES[trouble]
    failed = 0
    for point in points(kept.calls, names):
        store = fresh(kept.folder)
        done = ingest(kept.folder, store, point, error, lasting)
        assert_whole(kept, store, done, point)
        failed += done.code != 0
    assert failed > 1  # the others hit what may fail without harm, such as a checkpoint at closing
