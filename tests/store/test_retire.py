"""Replaced segments stay for who still reads them; left-overs go at once; a question never gets half an answer."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import ctaudit
from ctaudit.errors import StoreChanged
from ctaudit.query import Span
from ctaudit.store import catalog, lock, reader, retire
from ctaudit.store.commit import exchange
from ctaudit.store.embedded import CONFIG
from ctaudit.store.layout import Layout
from ctaudit.store.segment import write
from ctaudit.upkeep import compact
from tests.cli.evidence import event
from tests.store.stores import CATALOG, left_overs, put, put_lookup, select, told, view_rows
from tests.store.watching import Call, watched

NOW = datetime.now(UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of three ingests, and so three segments, of one date."""
    for number in range(3):
        log = put(tmp_path / f"{number}.json", [event(number * 3 + index) for index in range(3)])
        ctaudit.ingest(tmp_path / "store", [str(log)], jobs=1)
    return tmp_path / "store"


def sweep(store: Path, now: datetime) -> None:
    with lock.held(Layout(store)):
        retire.sweep(Layout(store), now)


def files(store: Path) -> set[str]:
    return {path.name for path in store.glob("events/date=2*/*")}


def retired(store: Path) -> set[str]:
    return {name for (name,) in select(store, "SELECT name FROM retired")}


@pytest.mark.slow
def test_a_replaced_segment_stays_for_its_grace_and_then_goes(store: Path) -> None:
    old = files(store)
    compact(store, now=NOW)
    new = files(store) - old
    assert retired(store) == old
    assert len(new) == 1
    sweep(store, NOW + retire.GRACE - SECOND)
    assert files(store) == old | new
    sweep(store, NOW + retire.GRACE)
    assert files(store) == new
    assert retired(store) == set()


@pytest.mark.slow
def test_a_left_over_goes_at_once(store: Path) -> None:
    compact(store, now=NOW)
    there = files(store)
    folder = store / "events" / "date=2026-02-03"
    shutil.copy(folder / min(there), folder / "0123.parquet")
    shutil.copy(folder / min(there), folder / f"{min(there)}.99.tmp")
    (folder / "notes.txt").write_text("not ours")
    sweep(store, NOW)
    assert files(store) == there | {"notes.txt"}


@pytest.mark.slow
def test_what_was_retired_by_a_clock_in_the_future_does_not_stay_for_ever(store: Path) -> None:
    old = files(store)
    compact(store, now=NOW + timedelta(days=3650))
    sweep(store, NOW)
    assert old < files(store)
    sweep(store, NOW + retire.GRACE)
    assert not old & files(store)


@pytest.mark.slow
def test_an_ingest_that_replaces_a_segment_retires_it(tmp_path: Path) -> None:
    """The lookup's spelling comes first; the file in S3 has a lesser place or not, so both are asked for both ways."""
    s3 = put(tmp_path / "s3.json", [event(0), event(1)])
    api = put_lookup(tmp_path / "api.json", [event(0), event(1)])
    replaced = set()
    for number, order in enumerate(((s3, api), (api, s3))):
        store = tmp_path / str(number)
        for log in order:
            ctaudit.ingest(store, [str(log)], jobs=1)
        assert retired(store) == files(store) - {name for (name,) in select(store, "SELECT name FROM segments")}
        replaced |= retired(store)
        assert left_overs(store) == set()
    assert len(replaced) == 1


@pytest.mark.slow
def test_a_name_that_is_retired_and_comes_back_is_not_deleted(store: Path) -> None:
    layout, before = Layout(store), told(store)
    date, name = select(store, "SELECT date, name FROM segments ORDER BY name")[0]
    table = pq.read_table(layout.segment(date, name), partitioning=None)
    with catalog.writing(layout) as connection:
        exchange(connection, [(date, name)], [], NOW)
    again = write(layout, date, table)
    assert again.name == name
    with catalog.writing(layout) as connection:
        exchange(connection, [], [again], NOW + SECOND)
    assert retired(store) == set()
    sweep(store, NOW + 2 * retire.GRACE)
    assert name in files(store)
    assert told(store) == before


@pytest.mark.slow
def test_a_retired_file_that_a_damaged_log_makes_again_stays_for_its_readers(store: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.json"
    damaged.write_bytes(put(tmp_path / "whole.json", [event(10), event(11), event(12)]).read_bytes()[:-40])
    ctaudit.ingest(store, [str(damaged)], jobs=1)
    compact(store, now=NOW)
    old, before = retired(store), told(store)
    assert len(old) == 4
    ctaudit.ingest(store, [str(damaged)], jobs=1)
    assert old <= files(store)
    assert retired(store) == old
    assert told(store) == before


@pytest.mark.slow
def test_who_had_looked_at_the_view_before_goes_on_reading(store: Path) -> None:
    with duckdb.connect(str(store / CATALOG), read_only=True) as connection:
        sql = connection.execute("SELECT sql FROM duckdb_views() WHERE view_name = 'cloudtrail_logs'").fetchone()
    expected = view_rows(store)
    compact(store, now=NOW)
    ctaudit.ingest(store, [str(store.parent / "0.json")], jobs=1)
    assert sql is not None
    with duckdb.connect(str(store / CATALOG), read_only=True) as connection:
        select_sql = sql[0].partition(" AS ")[2].rstrip().rstrip(";")
        assert sorted(map(repr, connection.execute(select_sql).fetchall())) == expected


@pytest.mark.slow
def test_a_snapshot_whose_segments_are_gone_is_told_from_a_damaged_store(store: Path) -> None:
    layout = Layout(store)
    with duckdb.connect(config=CONFIG) as connection:
        taken = reader.snapshot(connection, layout, Span())
        compact(store, now=NOW)
        sweep(store, NOW + retire.GRACE)
        with pytest.raises(StoreChanged, match="was changed while"), reader.explained(layout):
            connection.execute(f"SELECT count(*) FROM read_parquet({list(taken.segments)})").fetchall()
    (kept,) = files(store)
    (store / "events" / "date=2026-02-03" / kept).unlink()
    with pytest.raises(ctaudit.StoreError, match="cannot be read") as raised:
        ctaudit.open(store).timeline()
    assert not isinstance(raised.value, StoreChanged)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("timeline", "--format", "csv"),
        ("who-touched", "bucket-4", "--format", "csv"),
        ("query", "SELECT eventid, source_file FROM cloudtrail_logs ORDER BY 1, 2", "--format", "csv"),
        ("show", "00000000-0000-4000-8000-000000000003", "--format", "json"),
    ],
)
def test_a_question_that_slept_for_a_day_is_asked_again(words: tuple[str, ...], store: Path) -> None:
    """It is held where it opens its first segment; meanwhile the segments are merged, and the old ones swept."""
    expected = watched([*words, "--store", store], store)
    held: list[str] = []

    def decide(call: Call) -> None:
        if call.name == "openat" and call.path.endswith(".parquet") and not held:
            held.append(call.path)
            compact(store, now=NOW)
            sweep(store, NOW + retire.GRACE)

    done = watched([*words, "--store", store], store, decide, openings=True)
    assert held
    assert not Path(held[0]).exists()
    assert (done.code, done.out, done.err) == (expected.code, expected.out, expected.err)
    assert done.out
