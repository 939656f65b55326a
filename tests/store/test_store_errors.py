"""Trouble with a store: one sentence and what to try, exit code 4, the store as it was, nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

import ctaudit
from tests.cli.evidence import event
from tests.cli.processes import Done, piped
from tests.store.processes import ingesting, members, until, workers
from tests.store.stores import CATALOG, Told, left_overs, put, told
from tests.trail.company import CI, ORGANIZATION
from tests.trail.evidence import SAMPLE
from tests.trail.packing import gzipped

pytestmark = pytest.mark.slow

LOGS = SAMPLE / "AWSLogs" / ORGANIZATION / CI / "CloudTrail"
"""Some eighty log files with some eight hundred events."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A store of half the evidence, and what it tells; tests work on copies of it."""

    store: Path
    half: Path
    told: Told
    whole: Told
    """What a store of all the evidence tells."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    half = LOGS / "us-east-1" / "2026" / "03" / "09"
    ctaudit.ingest(folder / "store", [str(half)], jobs=1)
    ctaudit.ingest(folder / "whole", [str(LOGS)], jobs=1)
    return Kept(folder / "store", half, told(folder / "store"), told(folder / "whole"))


@pytest.fixture
def store(kept: Kept, tmp_path: Path) -> Path:
    """A copy of the store of half the evidence. Its view names the segments of the original, ctaudit its own."""
    return Path(shutil.copytree(kept.store, tmp_path / "store"))


def run(*words: str | Path, folder: Path) -> Done:
    return piped(*words, folder=folder)


def timeline(store: Path) -> Done:
    return run("timeline", "--store", store, "--format", "jsonl", folder=store.parent)


def assert_told(done: Done, sentence: str, advice: str, code: int = 4) -> None:
    """One sentence, one line of advice, the code; neither a traceback nor half an answer."""
    lines = done.err.splitlines()
    assert done.code == code, done.err
    assert done.out == ""
    assert len(lines) == 2, done.err
    assert lines[0].startswith("ctaudit: ")
    assert sentence in lines[0]
    assert "unexpected" not in lines[0]
    assert lines[1].startswith("  ")
    assert advice in lines[1]


LOOKUP, INGEST = ("timeline",), ("ingest", str(LOGS))
Damage = Callable[[Path], None]


def _away(store: Path) -> None:
    shutil.rmtree(store)


def _foreign_folder(store: Path) -> None:
    shutil.rmtree(store)
    store.mkdir()
    (store / "thesis.txt").write_text("precious")


def _file(store: Path) -> None:
    shutil.rmtree(store)
    store.write_text("precious")


def _newer(store: Path) -> None:
    with duckdb.connect(str(store / CATALOG)) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'version'")


def _foreign_catalog(store: Path) -> None:
    (store / CATALOG).unlink()
    with duckdb.connect(str(store / CATALOG)) as connection:
        connection.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")


def _catalog_of_nothing(store: Path) -> None:
    (store / CATALOG).unlink()
    with duckdb.connect(str(store / CATALOG)) as connection:
        connection.execute("CREATE TABLE mine (x INTEGER)")


def _garbage(store: Path) -> None:
    (store / CATALOG).write_bytes(b"no database at all " * 1000)


def _empty_file(store: Path) -> None:
    (store / CATALOG).write_bytes(b"")


def _cut(store: Path) -> None:
    content = (store / CATALOG).read_bytes()
    (store / CATALOG).write_bytes(content[: len(content) // 2])


def _cut_header(store: Path) -> None:
    (store / CATALOG).write_bytes((store / CATALOG).read_bytes()[:5000])


def _overwritten(store: Path) -> None:
    """Every block, but not the headers: the catalog opens, and its tables turn out to be damaged."""
    content = bytearray((store / CATALOG).read_bytes())
    content[12288:] = bytes(value ^ 0x5A for value in content[12288:])
    (store / CATALOG).write_bytes(content)


TROUBLE: dict[str, tuple[Damage, tuple[str, ...], str, str]] = {
    "there is none": (_away, LOOKUP, "there is no store at", "create it with: ctaudit ingest"),
    "a folder of something else": (_foreign_folder, LOOKUP, "is not a ctaudit store", "--store DIR"),
    "ingest into a folder of something else": (_foreign_folder, INGEST, "holds other files", "empty or new folder"),
    "a file": (_file, LOOKUP, "is not a ctaudit store", "--store DIR"),
    "ingest into a file": (_file, INGEST, "is a file, not a folder", "choose another --store DIR"),
    "newer": (_newer, LOOKUP, "was written by a newer ctaudit (store version 99", "upgrade ctaudit"),
    "ingest into a newer one": (_newer, INGEST, "was written by a newer ctaudit", "upgrade ctaudit"),
    "somebody else's catalog": (_foreign_catalog, LOOKUP, "is not a ctaudit catalog", "--store DIR"),
    "a catalog of something else": (_catalog_of_nothing, INGEST, "is not a ctaudit catalog", "--store DIR"),
    "a catalog of garbage": (_garbage, LOOKUP, "cannot be opened", "restore it from a copy"),
    "ingest with a catalog of garbage": (_garbage, INGEST, "cannot be opened", "restore it from a copy"),
    "an empty catalog": (_empty_file, LOOKUP, "cannot be opened", "restore it from a copy"),
    "half a catalog": (_cut, LOOKUP, "cannot be opened", "restore it from a copy"),
    "ingest with half a catalog": (_cut, INGEST, "cannot be opened", "restore it from a copy"),
    "the beginning of a catalog": (_cut_header, LOOKUP, "cannot be opened", "restore it from a copy"),
    "an overwritten catalog": (_overwritten, LOOKUP, "cannot be opened", "restore it from a copy"),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_a_store_that_cannot_be_used_is_told_and_left_alone(trouble: str, store: Path) -> None:
    damage, words, sentence, advice = TROUBLE[trouble]
    damage(store)
    before = contents(store)
    assert_told(run(*words, "--store", store, folder=store.parent), sentence, advice)
    assert contents(store) == before


def contents(path: Path) -> dict[str, bytes]:
    """Read every file at and below a path but the lock, whose holder writes its number there."""
    found = [each for each in (path, *path.rglob("*")) if each.is_file() and each.name != "ingest.lock"]
    return {str(each.relative_to(path)): each.read_bytes() for each in found}


@pytest.mark.slow
def test_no_flipped_byte_of_a_catalog_ends_in_a_traceback(store: Path) -> None:
    chance = random.Random(7)
    content = (store / CATALOG).read_bytes()
    for _ in range(25):
        at = chance.randrange(len(content)) if chance.random() < 0.5 else chance.randrange(20000)
        (store / CATALOG).write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        with contextlib.suppress(ctaudit.StoreError):
            ctaudit.open(store).timeline(limit=1)
            ctaudit.open(store).status()
            ctaudit.open(store).faults()


def _segment(store: Path) -> Path:
    return max(store.glob("events/date=2026*/*.parquet"), key=lambda path: path.stat().st_size)


@pytest.mark.slow
@pytest.mark.parametrize("left", [None, 0, 3000])
@pytest.mark.parametrize("words", [("timeline",), ("who-deleted", "x"), ("query", "FROM cloudtrail_logs"), INGEST])
def test_a_segment_that_is_gone_or_damaged_is_told(left: int | None, words: tuple[str, ...], store: Path) -> None:
    segment = _segment(store)
    if left is None:
        segment.unlink()
    else:
        segment.write_bytes(segment.read_bytes()[:left])
    done = run(*words, "--store", store, folder=store.parent)
    assert_told(done, f"the store {store} cannot be read", "restore it from a copy, or ingest the evidence")


def test_status_counts_segments_that_are_gone(store: Path) -> None:
    path = next((store / "events").glob("date=2026-*/*.parquet"))
    path.unlink()
    done = piped("status", "--store", store, "--format", "json", folder=store.parent)
    assert done.code == 3
    assert json.loads(done.out)["segments_lost"] == 1
    assert "incomplete: 1 segment of the store is gone" in done.err


def test_workers_leave_nothing_in_the_temporary_folder(tmp_path: Path) -> None:
    for day in (1, 2):  # two shares, and more than one process would read alone
        fields = {"eventTime": f"2026-02-0{day}T00:00:00Z", "requestParameters": {"x": "x" * 1_100_000}}
        put(tmp_path / "logs" / f"2026/02/0{day}/x.json", [event(day, **fields)])
    words = ("ingest", "logs", "--jobs", "2", "--store", "store")
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        done = piped(*words, env={"TMPDIR": temporary}, folder=tmp_path)
        assert (done.code, done.err[:13]) == (0, "2 files read,")
        assert not list(Path(temporary).iterdir())
        long = Path(temporary) / ("x" * 100)
        long.mkdir()
        done = piped(*words[:-1], "other", env={"TMPDIR": str(long)}, folder=tmp_path)
        assert (done.code, "the path of the temporary folder is too long" in done.err) == (4, True)


# One ingest at a time


@pytest.mark.slow
def test_a_second_ingest_is_refused_and_says_who_holds_the_store(store: Path, kept: Kept) -> None:
    before = contents(store)
    with holding(store) as holder:
        done = run(*INGEST, "--store", store, folder=store.parent)
        assert_told(done, f"process {holder.pid} is ingesting into {store}", "wait until it has finished")
        assert timeline(store).code == 0
    assert contents(store) == before
    assert run(*INGEST, "--store", store, folder=store.parent).code == 0
    assert told(store) == kept.whole


@contextmanager
def holding(store: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold the store in another process, until the block ends."""
    program = (
        "import sys; from pathlib import Path\n"
        "from ctaudit.store import lock; from ctaudit.store.layout import Layout\n"
        "with lock.held(Layout(Path(sys.argv[1]))): print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", program, str(store)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.communicate()


@pytest.mark.slow
def test_first_ingests_at_the_same_time_do_not_undo_each_other(tmp_path: Path) -> None:
    store = tmp_path / "store"
    words = [sys.executable, "-m", "ctaudit", "ingest", str(LOGS / "eu-west-1"), "--store", str(store)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    racers = [subprocess.Popen(words, **quiet) for _ in range(4)]  # type: ignore[call-overload]
    codes = []
    for racer in racers:
        _, err = racer.communicate()
        codes.append(racer.returncode)
        assert racer.returncode == 0 or b"is ingesting into" in err
    assert 0 in codes
    ctaudit.ingest(tmp_path / "alone", [str(LOGS / "eu-west-1")], jobs=1)
    assert told(store) == told(tmp_path / "alone")


# Disks that are full or cannot be written to


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Mount a small disk in memory; skips the test where that is not allowed."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"needs the right to mount a disk: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 24, 400])
def test_a_full_disk_is_told_and_the_store_stays_as_it_was(room: int, kept: Kept, tmp_path: Path) -> None:
    """`room` kilobytes are left: for nothing, for part of a segment, for the segments but not for the catalog …"""
    disk = tmp_path / "disk"
    with mounted(disk, "size=64m"):
        store = disk / "store"
        ctaudit.ingest(store, [str(kept.half)], jobs=1)
        fill(disk, room)
        done = run(*INGEST, "--store", store, folder=tmp_path)
        if done.code != 0:
            assert_told(done, "store", "free some")
            assert told(store) == kept.told
        (disk / "ballast").unlink()
        assert run(*INGEST, "--store", store, folder=tmp_path).code == 0
        assert told(store) == kept.whole
        assert left_overs(store) == set()


def fill(disk: Path, room: int) -> None:
    """Leave `room` kilobytes free on the disk."""
    state = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes(max(0, state.f_bavail * state.f_bsize - room * 1024)))


def test_a_full_disk_is_told_when_the_store_is_new(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "size=64m"):
        fill(disk, 8)
        assert_told(run(*INGEST, "--store", disk / "store", folder=tmp_path), "store", "free some")
        (disk / "ballast").unlink()
        assert run(*INGEST, "--store", disk / "store", folder=tmp_path).code == 0


@pytest.mark.slow
def test_a_full_disk_is_told_by_workers_too(kept: Kept, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "size=64m"):
        store = disk / "store"
        ctaudit.ingest(store, [str(kept.half)], jobs=1)
        fill(disk, 60)
        with ingesting(store, LOGS) as process:
            _, err = process.communicate(timeout=60)
        assert process.returncode == 4, err
        assert err.count(b"\n") == 2
        assert b"No space left on device" in err or b"there is no space left" in err
        (disk / "ballast").unlink()
        assert run(*INGEST, "--store", store, folder=tmp_path).code == 0
        assert told(store) == kept.whole


def test_a_read_only_disk_answers_but_takes_nothing(kept: Kept, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "size=64m"):
        ctaudit.ingest(disk / "store", [str(kept.half)], jobs=1)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        done = run(*INGEST, "--store", disk / "store", folder=tmp_path)
        assert_told(done, "cannot write to the store", "choose another --store DIR")
        assert "Read-only file system" in done.err
        assert told(disk / "store") == kept.told
        assert_told(run(*INGEST, "--store", disk / "new", folder=tmp_path), "Read-only", "choose another --store DIR")


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_a_store_of_somebody_else_is_told(kept: Kept) -> None:
    """Root may write everywhere, so another user asks."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        shutil.copytree(kept.store, store)
        assert_told(as_nobody("timeline", "--store", store), "cannot look for a store at", "check the owner and mode")
        Path(folder).chmod(0o755)
        _ask_for_a_store_of_root(store)


def _ask_for_a_store_of_root(store: Path) -> None:
    for each in (store, *store.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)
    (store / "ingest.lock").chmod(0o600)
    assert as_nobody("timeline", "--store", store, "--format", "csv").code == 0
    assert_told(as_nobody(*INGEST, "--store", store), "Permission denied", "choose another --store DIR")
    (store / CATALOG).chmod(0o600)
    assert_told(as_nobody("timeline", "--store", store), "no permission to open", "check the owner and mode")


def as_nobody(*words: str | Path) -> Done:
    """Run a command in a process that gives up its rights after its imports: it may not read where we are installed."""
    program = (
        "import os, sys, ctaudit.ingest, ctaudit.investigate, ctaudit.cli.main as main, ctaudit.cli.ingest,"
        " ctaudit.cli.actors, ctaudit.reports.delimited\n"
        "os.setgid(65534); os.setuid(65534); sys.exit(main.run(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], capture_output=True, text=True, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


# Processes that are killed


@pytest.mark.slow
def test_a_worker_that_is_killed_ends_the_ingest_and_the_next_one_completes_it(kept: Kept, tmp_path: Path) -> None:
    store = tmp_path / "store"
    with ingesting(store, LOGS) as process:
        assert until(lambda: bool(workers(process)))
        os.kill(workers(process)[0], signal.SIGKILL)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 4
        assert err.startswith(b"ctaudit: a worker process died")
        assert b"Traceback" not in err
        assert until(lambda: not members(process))
    assert run(*INGEST, "--store", store, folder=tmp_path).code == 0
    assert told(store) == kept.whole
    assert left_overs(store) == set()


def kill_and_complete(store: Path, kept: Kept, after: float) -> bool:
    """Kill a whole ingest some seconds after its start, then ingest again; tell whether it was killed in time."""
    with ingesting(store, LOGS) as process:
        time.sleep(after)
        killed = process.poll() is None
        process.kill()
        process.wait()
        assert until(lambda: not members(process), 5), "workers outlive an ingest that was killed"
    if (store / CATALOG).exists():
        ctaudit.open(store).status()
    done = run(*INGEST, "--store", store, folder=store.parent)
    assert done.code == 0, done.err
    assert told(store) == kept.whole
    assert left_overs(store) == set()
    return killed


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0.4, 0.9, 1.5])
def test_an_ingest_that_is_killed_is_completed_by_the_next(moment: float, kept: Kept, tmp_path: Path) -> None:
    assert kill_and_complete(tmp_path / "store", kept, moment)


@pytest.mark.slow
@pytest.mark.parametrize(("moment", "to_group"), [(0.0, True), (0.3, False), (0.6, True), (1.2, True)])
def test_ctrl_c_ends_an_ingest_at_once(moment: float, to_group: bool, kept: Kept, tmp_path: Path) -> None:
    """A terminal sends the signal to every process of the group, `kill` to one."""
    store = tmp_path / "store"
    with ingesting(store, LOGS) as process:
        assert until((store / "ingest.lock").exists)
        time.sleep(moment)
        assert process.poll() is None
        pressed = time.monotonic()
        os.kill(-process.pid if to_group else process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
        took = time.monotonic() - pressed
        assert until(lambda: not members(process), 5), "processes outlive an ingest that was interrupted"
    assert process.returncode == 130, err
    assert out == b""
    assert err.strip() == b"ctaudit: interrupted"
    assert took < 2.0
    assert run(*INGEST, "--store", store, folder=tmp_path).code == 0
    assert told(store) == kept.whole


@pytest.mark.slow
def test_ctrl_c_does_not_wait_for_the_shares_that_workers_have(tmp_path: Path) -> None:
    """Two shares of several seconds' work each: workers stop between two files."""
    odd = [event(number % 60, unheardOf={"a": [number]}) for number in range(3000)]
    content = put(tmp_path / "logs" / "0.json", odd).read_bytes()
    for number in range(1, 200):
        (tmp_path / "logs" / f"{number}.json.gz").write_bytes(gzipped(content + b" " * number))
    with ingesting(tmp_path / "store", tmp_path / "logs", share=100) as process:
        assert until(lambda: len(workers(process)) == 2)
        time.sleep(0.5)
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert time.monotonic() - pressed < 1.5
