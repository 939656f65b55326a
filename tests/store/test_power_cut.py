"""A power cut loses what was not flushed: so all that a catalog names is flushed before the catalog names it.

The order of the real system calls tells, those of Arrow and DuckDB included.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import ctaudit
from tests.cli.evidence import event
from tests.store.stores import CATALOG, put, put_lookup, select
from tests.store.watching import REMOVALS, RENAMES, SYNCS, WRITES, Call, Watched, watched


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    for number in range(3):
        put(folder / "logs" / f"{number}.json", [event(number), event(number, eventTime="2026-02-04T00:00:00Z")])
    put_lookup(folder / "logs" / "again.json", [event(0), event(1)])
    return folder


@pytest.fixture(scope="module", params=[1, 2], ids=["alone", "workers"])
def ingested(request: pytest.FixtureRequest, evidence: Path) -> tuple[Path, Watched]:
    """A first ingest of several commits and a merge, and what it called."""
    store = evidence / f"store-{request.param}"
    words: list[str | Path] = ["ingest", evidence / "logs", "--store", store, "--jobs", str(request.param)]
    done = watched(words, store, jobs=request.param)
    assert done.code == 0, done.err
    assert select(store, "SELECT count(*) FROM retired")[0][0] >= 3
    return store, done


def commits(calls: Sequence[Call], store: Path) -> list[int]:
    """Find where a new catalog takes the old one's place: the moment of a commit."""
    return [place for place, call in enumerate(calls) if call.name in RENAMES and call.path == str(store / CATALOG)]


def assert_flushed(calls: Sequence[Call], store: Path, segment: Path) -> None:
    """The segment is flushed after its last write, then named, then its folder and the one above are flushed: in time.

    In time is before the next commit. `calls` end with that commit.
    """
    named = [place for place, call in enumerate(calls) if call.name in RENAMES and call.path == str(segment)]
    temporary = [place for place, call in enumerate(calls) if call.path.startswith(f"{segment}.")]
    writes = [place for place in temporary if calls[place].name in WRITES and place < named[-1]]
    flushes = [place for place in temporary if calls[place].name in SYNCS]
    assert writes
    assert writes[-1] < flushes[-1] < named[-1]
    for folder in (segment.parent, store / "events"):
        flushed = [place for place, call in enumerate(calls) if call.name in SYNCS and call.path == str(folder)]
        assert flushed
        assert flushed[-1] > named[-1], f"{folder} is not flushed between the rename and the commit"


@pytest.mark.slow
def test_segments_are_on_the_disk_before_a_commit_names_them(ingested: tuple[Path, Watched]) -> None:
    store, done = ingested
    workers = store.name.endswith("2")
    moments = commits(done.calls, store)
    assert len(moments) >= 3
    segments = {call.path for call in done.calls if call.name in RENAMES and call.path.endswith(".parquet")}
    assert len(segments) >= 5
    for path in segments:
        named = next(place for place, call in enumerate(done.calls) if call.name in RENAMES and call.path == path)
        later = [moment for moment in moments if moment > named]
        assert later
        commit = later[-1] if workers else later[0]  # a worker names it while what came before is being committed
        if any(call.name in REMOVALS and call.path == path for call in done.calls[named:commit]):
            continue  # its rows repeated others: no catalog ever named it
        assert_flushed(done.calls[:commit], store, Path(path))


@pytest.mark.slow
def test_a_new_catalog_is_on_the_disk_before_it_takes_its_place(ingested: tuple[Path, Watched]) -> None:
    store, done = ingested
    unborn = str(store / f"{CATALOG}.new")
    moments = commits(done.calls, store)
    for named in moments:
        touched = [call for call in done.calls[:named] if call.path == unborn and call.name in (*WRITES, *SYNCS)]
        assert touched[-1].name in SYNCS
        after = [call.path for call in done.calls[named:] if call.name in SYNCS]
        assert after[0] == str(store), "the folder with the new name is flushed at once"
    empty = str(store / "events" / "date=unknown" / "empty.parquet")
    for path in (empty, str(Path(empty).parent), str(store / "events")):
        assert any(call.name in SYNCS and call.path == path for call in done.calls[: moments[0]])


@pytest.mark.slow
def test_nothing_is_written_into_a_catalog_in_force(ingested: tuple[Path, Watched]) -> None:
    """A kill in the middle of a write leaves half of it; of a file that is not yet the catalog that does no harm."""
    store, done = ingested
    written = {call.path for call in done.calls if call.name in WRITES}
    assert str(store / f"{CATALOG}.new") in written
    assert not written & {str(store / CATALOG), str(store / f"{CATALOG}.wal")}


@pytest.mark.slow
def test_nothing_is_deleted_that_an_earlier_commit_names(ingested: tuple[Path, Watched], evidence: Path) -> None:
    """Should the last commits be lost, the segments that they replaced are needed again."""
    store, done = ingested
    retired = {str(store / "events" / f"date={d}" / n) for d, n in select(store, "SELECT date, name FROM retired")}
    assert not [call for call in done.calls if call.name in REMOVALS and call.path in retired]
    ctaudit.ingest(store, [str(evidence / "logs")], jobs=1)
    assert all(Path(path).exists() for path in retired)
