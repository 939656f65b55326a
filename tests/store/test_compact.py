"""Small segments are merged: which ones, how often a row is written anew, and that nothing else changes."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ctaudit
from ctaudit.errors import Interrupted
from ctaudit.store import compact, lock, retire
from ctaudit.store.compact import MERGE_BYTES, MERGE_ROWS, MOST, Held, all_merges, compact_all, compact_some, next_merge
from ctaudit.store.layout import Layout
from ctaudit.upkeep import compact as compact_store
from tests.cli.evidence import event
from tests.cli.processes import piped
from tests.store.stores import left_overs, put, put_lookup, select, status, told

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIZES = st.lists(st.tuples(st.integers(1, MERGE_ROWS), st.integers(1, MERGE_BYTES)), max_size=60)


def held(sizes: Sequence[tuple[int, int]]) -> list[Held]:
    return [Held(rows, size, f"{number:04}") for number, (rows, size) in enumerate(sizes)]


def ingests(rows: Sequence[int]) -> tuple[int, float]:
    """Add segments one by one, merging after each; return the most left, and how often a row was rewritten."""
    there: list[Held] = []
    most = rewritten = 0
    for number, count in enumerate(rows):
        there.append(Held(count, count * 150, f"{number:04}"))
        while group := next_merge(there):
            rewritten += sum(each.rows for each in group)
            merged = Held(sum(each.rows for each in group), sum(each.bytes for each in group), f"m{number:04}")
            there = [*(each for each in there if each not in group), merged]
        most = max(most, len(there))
    return most, rewritten / sum(rows)


def test_a_day_of_five_minute_ingests_leaves_few_segments_and_rewrites_rows_a_few_times() -> None:
    most, rewritten = ingests([900] * 300)
    assert most <= 8
    assert rewritten < 8


@given(st.lists(st.integers(100, 2000), min_size=300, max_size=300))
def test_busy_and_quiet_hours_leave_few_segments_too(rows: list[int]) -> None:
    most, rewritten = ingests(rows)
    assert most <= 8 or sum(rows) > MERGE_ROWS
    assert rewritten < 10


def test_a_row_is_rewritten_a_logarithmic_number_of_times() -> None:
    assert ingests([10] * 4000)[1] - ingests([10] * 400)[1] < 8


@given(SIZES)
def test_a_merge_is_bounded_grows_its_rows_and_leaves_full_segments_alone(sizes: list[tuple[int, int]]) -> None:
    there = held(sizes)
    group = next_merge(there)
    if not group:
        return
    assert len(there) > MOST
    assert len(group) > 1
    assert sum(each.rows for each in group) <= MERGE_ROWS
    assert sum(each.bytes for each in group) <= MERGE_BYTES
    assert not any(each.full for each in group)
    assert sum(each.rows for each in group) * 3 >= 4 * max(each.rows for each in group)


@given(SIZES)
def test_what_is_merged_on_demand_is_bounded_and_leaves_one_small_segment_at_most(sizes: list[tuple[int, int]]) -> None:
    there = held(sizes)
    groups = all_merges(there)
    merged = []
    for number, group in enumerate(groups):
        rows, size = sum(each.rows for each in group), sum(each.bytes for each in group)
        assert rows <= MERGE_ROWS
        assert size <= MERGE_BYTES
        merged.append(Held(rows, size, f"m{number}"))
    gone = [each for group in groups for each in group]
    assert len(gone) == len(set(gone))
    left = [each for each in there if each not in gone] + merged
    assert sum(not each.full for each in left) <= 1
    assert all_merges(left) == []


def test_the_order_in_which_segments_are_listed_does_not_matter() -> None:
    there = held([(number % 7 + 1, 100) for number in range(20)])
    assert next_merge(there) == next_merge(there[::-1])
    assert all_merges(there) == all_merges(there[::-1])


# In a store


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 15 ingests: two dates, two accounts, copies, another body, events without a time."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(14):
        records = [event(number * 2), event(number * 2 + 1, recipientAccountId="444455556666")]
        if number % 10 == 3:
            records += [event(number * 2, eventTime="2026-02-04T00:00:07Z", eventID=f"next-day-{number}")]
        if number % 10 == 5:
            records += [
                event(0),
                event(1, recipientAccountId="444455556666", userAgent="other"),
                event(7, eventTime="?"),
            ]
        put(folder / "logs" / f"{number:02}.json", records)
    put_lookup(folder / "logs" / "14.json", [event(number) for number in range(0, 8, 2)])
    return folder


def fill(folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ingest each file alone, without any merging."""
    with monkeypatch.context() as patch:
        patch.setattr(compact, "MOST", 10_000)
        for log in sorted((folder / "logs").iterdir()):
            ctaudit.ingest(store, [str(log)], jobs=1)
    return store


@pytest.fixture
def store(many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    kept = many / "store"
    if not kept.exists():
        fill(many, kept, monkeypatch)
    return Path(shutil.copytree(kept, tmp_path / "store"))


def segments(store: Path) -> dict[str, int]:
    return dict(select(store, "SELECT date, count(*) FROM segments GROUP BY ALL"))


def never() -> bool:
    return False


def test_compaction_changes_no_answer(store: Path, many: Path) -> None:
    before = ctaudit.open(store).timeline().rows, ctaudit.open(store).faults().rows, status(store)
    counts = segments(store)
    assert counts["2026-02-03"] > 12
    assert status(store)["duplicates"] > 0
    assert status(store)["conflicting_events"] > 0
    done = compact_store(store, now=NOW).content
    assert segments(store) == dict.fromkeys(counts, 1)
    assert done["segments_merged"] == sum(count for count in counts.values() if count > 1)
    assert done["segments_written"] == done["dates"] == sum(count > 1 for count in counts.values())
    after = ctaudit.open(store).timeline().rows, ctaudit.open(store).faults().rows, status(store)
    assert after[:2] == before[:2]
    changed = {key for key in before[2] if before[2][key] != after[2][key]}
    assert changed <= {"segments", "bytes"}
    assert left_overs(store) == set()
    again = compact_store(store, now=NOW)
    assert again.content["segments_merged"] == 0
    assert again.notes == ("there is nothing to merge",)
    ctaudit.ingest(many / "at-once", [str(many / "logs")], jobs=1)
    assert told(store) == told(many / "at-once")


def test_what_repeats_merged_rows_is_found(store: Path, many: Path, tmp_path: Path) -> None:
    compact_store(store, now=NOW)
    put(tmp_path / "again.json", [event(2), event(4), event(6, userAgent="another")])
    summary = ctaudit.ingest(store, [str(tmp_path / "again.json")], jobs=1)
    assert (summary.events, summary.duplicates, summary.conflicts) == (1, 2, 1)
    ctaudit.ingest(tmp_path / "at-once", [str(many / "logs"), str(tmp_path / "again.json")], jobs=1)
    assert told(store) == told(tmp_path / "at-once")


def test_merged_rows_are_clustered_as_others_are(store: Path) -> None:
    compact_store(store, now=NOW)
    (name,) = (name for date, name in select(store, "SELECT date, name FROM segments") if date == "2026-02-03")
    table = pq.read_table(store / "events" / "date=2026-02-03" / name, partitioning=None)
    keys = list(zip(table["account"].to_pylist(), table["eventtime"].to_pylist(), strict=True))
    assert keys == sorted(keys)


def test_an_ingest_merges_what_there_is_too_much_of(store: Path, tmp_path: Path) -> None:
    before = told(store)
    put(tmp_path / "new.json", [event(59, eventID="new")])
    ctaudit.ingest(store, [str(tmp_path / "new.json")], jobs=1)
    assert segments(store)["2026-02-03"] <= MOST
    assert len(told(store).view) == len(before.view) + 1
    assert set(before.timeline) < set(ctaudit.open(store).timeline().rows)


def test_an_ingest_without_news_merges_nothing(store: Path, many: Path) -> None:
    before = segments(store)
    ctaudit.ingest(store, [str(many / "logs")], jobs=1)
    assert segments(store) == before


def test_a_large_ingest_is_not_held_up_by_merging(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 160 rows in a merge an ingest of ten is large already, and one of nine is small."""
    before = select(store, "FROM retired ORDER BY ALL")
    monkeypatch.setattr(compact, "MERGE_ROWS", 160)
    with lock.held(Layout(store)):
        compact_some(Layout(store), 10, NOW, never)
        assert select(store, "FROM retired ORDER BY ALL") == before
        compact_some(Layout(store), 9, NOW, never)
    assert len(select(store, "FROM retired")) > len(before) + 5
    assert segments(store)["2026-02-03"] <= MOST


def test_a_merge_stops_at_its_limit_of_memory(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts that compress well: the bytes of the files tell nothing of what they unpack to."""
    before = told(store)
    paths = (store / "events" / "date=2026-02-03").iterdir()
    memory = sum(pq.read_table(path, partitioning=None).nbytes for path in paths) // 3
    monkeypatch.setattr(compact, "MERGE_MEMORY", memory)
    with lock.held(Layout(store)):
        done = compact_all(Layout(store), NOW, never, lambda files, total: None)
    assert done.merged > 2
    assert segments(store)["2026-02-03"] > 2
    assert told(store) == before
    monkeypatch.setattr(compact, "MERGE_MEMORY", 1)
    with lock.held(Layout(store)):
        assert compact_all(Layout(store), NOW, never, lambda files, total: None).merged == 0


@pytest.mark.slow
@pytest.mark.parametrize("press", [0, 1, 7, 15])
def test_ctrl_c_leaves_whole_dates_behind(press: int, store: Path) -> None:
    before, untouched = told(store), segments(store)
    asked = iter(range(1000))
    with lock.held(Layout(store)), pytest.raises(Interrupted):
        compact_all(Layout(store), NOW, lambda: next(asked) >= press, lambda files, total: None)
    counts = segments(store)
    assert set(counts.values()) <= {1, *untouched.values()}
    assert counts["2026-02-03"] == untouched["2026-02-03"] or press > 14
    assert told(store) == before
    compact_store(store, now=NOW)
    assert left_overs(store) == set()
    assert told(store) == before


@pytest.mark.parametrize("damage", ["gone", "cut", "other rows"])
def test_a_damaged_segment_is_told_and_nothing_is_lost(damage: str, store: Path) -> None:
    names = select(store, "SELECT name, rows FROM segments WHERE date = '2026-02-03' ORDER BY rows, name")
    path = store / "events" / "date=2026-02-03" / names[5][0]
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[:-7])
    else:  # as many bytes, by the catalog, but other rows: it cannot be told before it is read
        pq.write_table(pq.read_table(path, partitioning=None).slice(0, 1), path)
        _forge_size(store, path)
    catalog = select(store, "SELECT date, name FROM segments ORDER BY ALL")
    with pytest.raises(ctaudit.StoreError, match="cannot be read"):
        compact_store(store, now=NOW)
    assert select(store, "SELECT date, name FROM segments ORDER BY ALL") == catalog
    path.write_bytes(content)


def _forge_size(store: Path, path: Path) -> None:
    import duckdb

    with duckdb.connect(str(store / "ctaudit.duckdb")) as connection:
        connection.execute("UPDATE segments SET bytes = ? WHERE name = ?", [path.stat().st_size, path.name])


def test_the_files_that_were_merged_stay_for_a_while(store: Path) -> None:
    old = [store / "events" / f"date={date}" / name for date, name in select(store, "SELECT date, name FROM segments")]
    compact_store(store, now=NOW)
    assert all(path.exists() for path in old)
    compact_store(store, now=NOW + retire.GRACE - timedelta(seconds=1))
    assert all(path.exists() for path in old)
    compact_store(store, now=NOW + retire.GRACE)
    there = {
        store / "events" / f"date={date}" / name for date, name in select(store, "SELECT date, name FROM segments")
    }
    assert {path for path in old if path.exists()} <= there


def test_the_command_says_what_it_did(store: Path) -> None:
    done = piped("compact", "--store", store, "--format", "json", folder=store.parent)
    assert done.code == 0, done.err
    content = json.loads(done.out)
    assert content["store"] == str(store)
    assert content["segments_merged"] > content["segments_written"] > 0
    assert content["events_rewritten"] > 25
    assert "stay for an hour" in done.err
    table = piped("compact", "--store", store, folder=store.parent)
    assert table.code == 0
    assert "there is nothing to merge" in table.err


def test_the_command_refuses_while_somebody_holds_the_store(store: Path) -> None:
    import sys

    program = (
        "import sys; from pathlib import Path\n"
        "from ctaudit.store import lock; from ctaudit.store.layout import Layout\n"
        "with lock.held(Layout(Path(sys.argv[1])), 'is compacting'): print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", program, str(store)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        done = piped("compact", "--store", store, folder=store.parent)
        process.communicate()
    assert done.code == 4
    assert f"process {process.pid} is compacting {store}" in done.err


def test_there_must_be_a_store(tmp_path: Path) -> None:
    done = piped("compact", "--store", tmp_path / "none", folder=tmp_path)
    assert done.code == 4
    assert "there is no store at" in done.err
    assert not (tmp_path / "none").exists()
