"""`export lake`: the store's rows in Hive's folders, written anew where they changed and nowhere else."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import ctaudit
from ctaudit.errors import CtauditError, QueryLimit, UsageError
from ctaudit.export import Into, export_lake
from ctaudit.records.arrow import lake_schema
from ctaudit.records.lake import KEYS
from ctaudit.store import lake_files, lake_rows
from ctaudit.upkeep import compact, forget, plan_forgetting
from tests.cli.evidence import event
from tests.cli.processes import COMMAND, Done, environment, piped
from tests.store.lakes import by_duckdb, by_pyarrow, files, store_rows
from tests.store.processes import until
from tests.store.proving import scene, tiny
from tests.store.stores import put

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAMPLE = Path(__file__).parent.parent / "sample_logs"
SUBSETS = [
    KEYS,
    pytest.param(("date", "account"), marks=pytest.mark.slow),
    *(pytest.param(keys, marks=pytest.mark.slow) for size in (1, 2) for keys in combinations(KEYS, size)),
]
ODD = [
    "us-east-1",
    "",
    None,
    "..",
    "../../x",
    "a/b=c",
    "%2e",
    "ü😀 x",
    "a\nb\x7f",
    "r" * 300,
    "__HIVE_DEFAULT_PARTITION__",
]
"""Regions as an attacker's log could have them."""


def on(day: int, number: int, **fields: Any) -> dict[str, Any]:
    """Return an event of a day of February 2026."""
    event_id = f"00000000-0000-4000-{day:04}-{number:012}"
    return event(number, **({"eventTime": f"2026-02-{day:02}T12:{number:02}:00Z", "eventID": event_id} | fields))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("sample") / "store"
    ctaudit.ingest(store, [str(SAMPLE)], jobs=1)
    return store


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three accounts in two regions on three days, and an event without a time."""
    folder = tmp_path_factory.mktemp("made")
    accounts = ("111122223333", "012345678901", "444455556666")
    for day in (1, 2, 3):
        records = [
            on(day, 10 * number + place, recipientAccountId=account, awsRegion=region)
            for number, account in enumerate(accounts)
            for place, region in enumerate(("us-east-1", "eu-west-1"))
        ]
        put(folder / "logs" / f"{day}.json", records)
    put(folder / "logs" / "odd.json", [on(1, 59, eventTime="?")])
    ctaudit.ingest(folder / "store", [str(folder / "logs")], jobs=1)
    return folder


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    """A copy of that store, to be changed."""
    return Path(shutil.copytree(made / "store", tmp_path / "store"))


@pytest.fixture(scope="module")
def sample_rows(sample: Path) -> list[int]:
    return store_rows(sample)


def export(store: Path, lake: Path, keys: tuple[str, ...] = KEYS, **options: Any) -> dict[str, Any]:
    return dict(export_lake(store, Into(str(lake), keys), now=NOW, **options).content)


def run(folder: Path, *words: str) -> Done:
    return piped("export", "lake", "--to", "lake", "--store", "store", "--format", "json", *words, folder=folder)


@pytest.mark.parametrize("keys", SUBSETS, ids=",".join)
def test_rows_are_those_of_the_view_whatever_folders_are_made_of(
    keys: tuple[str, ...], sample: Path, sample_rows: list[int], tmp_path: Path
) -> None:
    told = export(sample, tmp_path / "lake", keys)
    assert len(sample_rows) == told["events"] == told["events_written"] > 4000
    assert by_duckdb(tmp_path / "lake", sample, keys) == sample_rows
    assert by_pyarrow(tmp_path / "lake", sample, keys) == sample_rows


@pytest.mark.parametrize("keys", [KEYS, pytest.param(("account",), marks=pytest.mark.slow)])
def test_rows_are_the_same_however_small_the_portions_are(
    keys: tuple[str, ...],
    sample: Path,
    sample_rows: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lake_rows, "PORTION_ROWS", 400)  # below the largest cell, above most
    monkeypatch.setattr(lake_rows, "PORTION_BYTES", 300_000)
    monkeypatch.setattr(lake_rows, "_BATCH_ROWS", 64)
    monkeypatch.setattr(lake_files, "GROUP_ROWS", 300)
    monkeypatch.setattr(lake_files, "FILE_BYTES", 50_000)
    told = export(sample, tmp_path / "lake", keys)
    assert told["files_written"] > told["partitions"]
    assert by_duckdb(tmp_path / "lake", sample, keys) == sample_rows
    assert export(sample, tmp_path / "lake", keys)["partitions_written"] == 0


def test_every_file_has_the_whole_schema_in_types_that_all_engines_read(sample: Path, tmp_path: Path) -> None:
    export(sample, tmp_path / "lake", ("account", "date"))
    names = ["integrity", "source_file", "record", "extra", "eventjson", "region"]
    for path in files(tmp_path / "lake"):
        found = pq.ParquetFile(tmp_path / "lake" / path)
        assert found.schema_arrow.equals(lake_schema(("account", "date")))
        assert found.schema_arrow.names[-6:] == names
        assert found.schema_arrow.metadata[b"ctaudit.schema"]
        kinds = {
            (leaf.physical_type, leaf.logical_type.type) for leaf in map(found.schema.column, range(len(found.schema)))
        }
        assert kinds == {("BYTE_ARRAY", "STRING"), ("INT64", "NONE")}
        codecs = {found.metadata.row_group(0).column(each).compression for each in range(found.metadata.num_columns)}
        assert codecs == {"ZSTD"}


def test_hostile_values_become_names_of_folders_below_the_lake_and_come_back(tmp_path: Path) -> None:
    regions = [on(1, number, awsRegion=region) for number, region in enumerate(ODD)]
    accounts = [
        on(2, number, recipientAccountId=account) for number, account in enumerate(("../..", "12", "a'b", "0" * 12))
    ]
    put(tmp_path / "logs" / "x.json", [*regions, *accounts])
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "logs")], jobs=1)
    document = export_lake(tmp_path / "store", Into(str(tmp_path / "in" / "lake")), now=NOW)
    assert document.content["events_written"] == len(ODD) + 4
    assert any("too long for the name of a folder" in note for note in document.notes)
    assert {path.name for path in tmp_path.iterdir()} == {"logs", "store", "in"}
    assert {path.name for path in (tmp_path / "in").iterdir()} == {"lake"}
    lost = ["", "r" * 300, "__HIVE_DEFAULT_PARTITION__"]
    wanted = store_rows(tmp_path / "store")
    plain = "coalesce(region, '?') NOT IN ('', '__HIVE_DEFAULT_PARTITION__') AND coalesce(length(region), 0) < 300"
    kept = store_rows(tmp_path / "store", plain)
    assert len(wanted) - len(kept) == len(lost)
    for read in (by_duckdb, by_pyarrow):
        rows = read(tmp_path / "in" / "lake", tmp_path / "store")
        assert len(rows) == len(wanted)
        assert set(kept) <= set(rows)


def test_a_later_run_writes_what_changed_and_nothing_else(store: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    assert export(store, lake)["partitions_written"] == 19
    before = files(lake)
    assert export(store, lake)["partitions_written"] == 0
    assert files(lake) == before
    put(tmp_path / "logs" / "late.json", [on(2, 45, recipientAccountId="012345678901")])
    ctaudit.ingest(store, [str(tmp_path / "logs")], jobs=1)
    told = export(store, lake)
    assert (told["partitions_written"], told["files_deleted"]) == (1, 1)
    changed = {path.rpartition("/")[0] for path, _ in before.items() ^ files(lake).items()}
    assert changed == {"account=012345678901/region=eu-west-1/date=2026-02-02"}
    assert by_duckdb(lake, store) == store_rows(store)


def test_a_compaction_changes_nothing_and_a_verdict_or_another_copy_does(tmp_path: Path) -> None:
    trail = scene(tmp_path, tiny())
    trail.ingest()
    store, lake = trail.store, tmp_path / "lake"
    export(store, lake, ("date",))
    compact(store, now=NOW)
    assert export(store, lake, ("date",))["partitions_written"] == 0
    trail.prove(None)
    assert export(store, lake, ("date",))["partitions_written"] > 0
    assert by_duckdb(lake, store, ("date",)) == store_rows(store) != store_rows(store, "integrity <> 'proven'")


def test_a_killed_run_is_gone_on_with(store: Path, tmp_path: Path) -> None:
    """Whatever lies there: a partition half exchanged, one lacking, one with a file of two, files in the making."""
    lake = tmp_path / "lake"
    export(store, lake)
    first, second, third, *_ = sorted(files(lake))
    stale = (lake / first).with_name(f"part-{0:016x}-00000-of-00001.parquet")
    shutil.copy(lake / first, stale)  # the old file of a partition whose new one is in place
    (lake / second).unlink()
    (lake / third).rename((lake / third).with_name(Path(third).name.replace("of-00001", "of-00002")))  # one of two
    (lake / "_ctaudit" / "new-1").mkdir()
    (lake / "_ctaudit" / "new-1" / "0.part").write_bytes(b"PAR1")
    told = export(store, lake)
    assert (told["partitions_written"], told["files_deleted"]) == (2, 2)
    assert {path.name for path in (lake / "_ctaudit").iterdir()} == {"lake.json", "lock"}
    assert by_duckdb(lake, store) == store_rows(store)
    assert json.loads((lake / "_ctaudit" / "lake.json").read_text())["complete"] is True


@pytest.mark.parametrize("press", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_run_that_is_ended_at_any_moment_leaves_a_lake_that_the_next_one_completes(
    press: signal.Signals, sample: Path, sample_rows: list[int], tmp_path: Path
) -> None:
    shutil.copytree(sample, tmp_path / "store")
    words = ["export", "lake", "--to", "lake", "--store", "store"]
    with subprocess.Popen(
        [*COMMAND, *words],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: bool(files(tmp_path / "lake")) if (tmp_path / "lake").is_dir() else False)
        process.send_signal(press)
        assert process.stderr is not None
        err = process.stderr.read()
    if press is signal.SIGINT and process.returncode != 3:
        assert (process.returncode, err) == (130, "ctaudit: interrupted\n")
    written = len(files(tmp_path / "lake"))
    assert json.loads(run(tmp_path).out)["partitions_written"] == 18 - written
    assert by_duckdb(tmp_path / "lake", sample) == sample_rows


def test_filters_choose_partitions_and_leave_the_others_as_they_are(store: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    noon = datetime(2026, 2, 2, 12, 30, tzinfo=UTC)
    document = export_lake(store, Into(str(lake)), now=NOW, since=noon, account=["012345678901"], region=["us-east-1"])
    assert document.notes == ("whole days are written: from 2026-02-02 on",)
    chosen = "account = '012345678901' AND region = 'us-east-1' AND date >= '2026-02-02' AND date <> 'unknown'"
    assert by_duckdb(lake, store) == store_rows(store, chosen)
    document = export_lake(store, Into(str(lake)), now=NOW, until=datetime(2026, 2, 2, tzinfo=UTC))
    assert (document.notes, document.content["partitions_written"]) == ((), 6)
    assert document.partial == ("1 events have no usable time, so the filter could not judge them",)
    assert by_duckdb(lake, store) == store_rows(store, f"({chosen}) OR date = '2026-02-01'")
    assert export(store, lake)["partitions_written"] == 19 - 8
    assert by_duckdb(lake, store) == store_rows(store)


def test_a_dry_run_tells_and_writes_nothing(store: Path, tmp_path: Path) -> None:
    told = export(store, tmp_path / "lake", dry_run=True)
    assert (told["partitions_to_write"], told["events_to_write"], told["dry_run"]) == (19, 19, True)
    assert told["bytes_in_store"] > 0
    assert not (tmp_path / "lake").exists()
    export(store, tmp_path / "lake")
    assert export(store, tmp_path / "lake", dry_run=True)["partitions_to_write"] == 0


def test_what_was_forgotten_stays_in_the_lake_until_it_is_pruned(store: Path, tmp_path: Path) -> None:
    lake, flat = tmp_path / "lake", tmp_path / "flat"
    export(store, lake)
    export(store, flat, ("region",))
    all_rows = store_rows(store)
    forget(store, plan_forgetting(store, datetime(2026, 2, 2, tzinfo=UTC)), now=NOW)
    put(tmp_path / "logs" / "found.json", [on(1, 30, awsRegion="us-east-1"), on(3, 30, awsRegion="us-east-1")])
    ctaudit.ingest(store, [str(tmp_path / "logs")], jobs=1)
    document = export_lake(store, Into(str(lake)), now=NOW)
    assert (document.content["partitions_kept"], document.content["partitions_gone"]) == (1, 5)
    assert sum("--prune" in sentence for sentence in document.partial) == 2
    assert (
        len(by_duckdb(lake, store)) == len(all_rows) + 1
    )  # that of the third; that of the first would cost the others
    assert export(store, flat, ("region",))["partitions_kept"] == 2
    assert len(by_duckdb(flat, store, ("region",))) == len(all_rows)
    for place, keys in ((lake, KEYS), (flat, ("region",))):
        export(store, place, keys, prune=True)
        assert by_duckdb(place, store, keys) == store_rows(store)
    assert not (lake / "account=444455556666" / "region=us-east-1" / "date=2026-02-01").exists()


def test_only_a_lake_of_this_store_is_written_into(made: Path, store: Path, sample: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    for place, what in ((tmp_path / "other", "holds"), (tmp_path / "other" / "thesis.txt", "is a file")):
        with pytest.raises(UsageError, match=what):
            export(store, place)
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["thesis.txt"]
    export(store, lake)
    before = files(lake)
    with pytest.raises(UsageError, match="the lake of another store"):
        export(sample, lake)
    with pytest.raises(UsageError, match="is laid out by account,region,date"):
        export(store, lake, ("date",))
    assert files(lake) == before
    ctaudit.ingest(tmp_path / "again", [str(made / "logs")], jobs=1)  # the same evidence makes the same store
    assert export(tmp_path / "again", lake)["partitions_written"] == 0


def test_files_of_others_in_a_lake_are_told_and_stay(store: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    export(store, lake)
    (lake / "account=111122223333" / "mine.parquet").write_bytes(b"?")
    document = export_lake(store, Into(str(lake)), now=NOW, prune=True)
    assert document.notes == ("there is 1 file in the lake that no export wrote; engines may read them too",)
    assert (lake / "account=111122223333" / "mine.parquet").read_bytes() == b"?"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"{", "is damaged"),
        (b'{"ctaudit": "lake"}', "is damaged"),
        (b"[" * 2_000_000, "too large"),
        (
            b'{"ctaudit":"lake","version":99,"partition_by":[],"complete":true,"updated":"","contents":0,"sketch":[]}',
            "newer",
        ),
    ],
)
def test_a_manifest_that_is_none_is_refused(content: bytes, what: str, store: Path, tmp_path: Path) -> None:
    (tmp_path / "lake" / "_ctaudit").mkdir(parents=True)
    (tmp_path / "lake" / "_ctaudit" / "lake.json").write_bytes(content)
    with pytest.raises(UsageError, match=what):
        export(store, tmp_path / "lake")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--partition-by", "year"], "'year' is no way to lay out a lake"),
        (["--partition-by", "date,date"], "is no way to lay out a lake"),
        (["--partition-by", "date", "--account", "111122223333"], "account is not what these are made of"),
        (["--prune", "--since", "2026-02-01"], "say --prune without filters"),
        (["--to", "gs://bucket/x"], "no lake can lie at gs://bucket/x"),
        (["--to", "s3://UPPER_case!/x"], "names no bucket"),
        (["--sse-kms", "alias/x"], "--sse-kms is for s3:// alone"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    words: list[str], what: str, store: Path, tmp_path: Path
) -> None:
    done = run(tmp_path, *words)
    assert (done.code, done.out) == (2, "")
    assert what in done.err
    assert not (tmp_path / "lake").exists()


def test_the_command_says_what_it_did_and_what_the_store_lacks(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample, tmp_path / "store")
    done = run(tmp_path)
    told = json.loads(done.out)
    assert (done.code, told["partitions_written"], told["events_written"]) == (3, 18, told["events"])
    assert "incomplete: 2 pieces of evidence could not be read" in done.err


def test_a_store_without_events_makes_an_empty_lake(tmp_path: Path) -> None:
    put(tmp_path / "logs" / "none.json", [])
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "logs")], jobs=1)
    assert export(tmp_path / "store", tmp_path / "lake")["partitions"] == 0
    assert files(tmp_path / "lake") == {}


def test_trouble_with_the_disk_is_told_by_name(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lake" / "_ctaudit").mkdir(parents=True)
    (tmp_path / "lake" / "account=012345678901").write_text("a file where a folder should be")
    with pytest.raises(UsageError, match="holds other files"):
        export(store, tmp_path / "lake")
    (tmp_path / "lake" / "account=012345678901").unlink()
    export(store, tmp_path / "lake")
    shutil.rmtree(tmp_path / "lake" / "account=012345678901")
    (tmp_path / "lake" / "account=012345678901").write_text("a file where a folder should be")
    with pytest.raises(CtauditError, match="cannot write the lake") as told:
        export(store, tmp_path / "lake")
    assert told.value.exit_code == 4


@pytest.mark.slow
def test_long_records_are_written_in_memory_that_would_not_hold_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(1)
    records = [on(1, number % 60, eventID=f"id-{number}") for number in range(16_000)]
    for record in records:
        record["requestParameters"] = {"x": chance.randbytes(5_000).hex()}
    put(tmp_path / "logs" / "x.json.gz", records)
    ctaudit.ingest(tmp_path / "store", [str(tmp_path / "logs")], jobs=1)
    monkeypatch.setattr(lake_rows, "MEMORY", "300MiB")
    monkeypatch.setattr(lake_rows, "PORTION_BYTES", 10**12)
    with pytest.raises(QueryLimit):
        export(tmp_path / "store", tmp_path / "lake")
    monkeypatch.setattr(lake_rows, "PORTION_BYTES", 16_000_000)
    assert export(tmp_path / "store", tmp_path / "lake")["events_written"] == len(records)
    assert by_duckdb(tmp_path / "lake", tmp_path / "store") == store_rows(tmp_path / "store")
