"""Two hundred kills at random moments of real runs, workers and compactions included: no row is lost or doubled.

A run is forked from a process that has imported everything, so that a kill meets work and not imports. The moments are
drawn anew at each run; `CTAUDIT_TEST_SEED` repeats a draw (the moment, that is: what the process did then may differ).
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

import ctaudit
from tests.cli.evidence import event
from tests.cli.processes import environment
from tests.store.processes import until
from tests.store.stores import CATALOG, left_overs, put, put_lookup, select, view_rows

KILLS = 200
OF_COMPACTIONS = 40
"""As many of them hit `ctaudit compact`; of the others every third hits a run with workers."""

_ZYGOTE = """
import os, sys
from importlib import import_module
ingest = import_module("ctaudit.ingest")
for name in ("sharing", "upkeep", "investigate", "cli.ingest", "cli.compact", "reports.formats", "reports.layout"):
    import_module(f"ctaudit.{name}")
from ctaudit.cli.main import run
ingest.SHARE_FILES, ingest.COMMIT_SECONDS = 1, 0.0
ingest.COMMIT_SHARE = float("inf")  # commits take as much of the time as they like
import_module("ctaudit.store.compact").MOST = 2
for line in sys.stdin:
    inline, *words = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if child == 0:
        os.setsid()
        ingest.INLINE_BYTES = int(inline)
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)
        try:
            code = run(words)
        finally:
            os._exit(code)
    print(child, flush=True)
    sys.stdin.readline()  # until then the number stays taken, and a kill can hit nobody else
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(slots=True)
class Zygote:
    """Forks a run for each line it is told."""

    process: subprocess.Popen[str]

    def start(self, *words: str | Path, workers: bool = False) -> int:
        """Start a run in a group of its own; return its number, which is the group's."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        inline = "0" if workers else str(2**40)
        print("\t".join([inline, *map(str, words)]), file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def code(self) -> int:
        """Wait until the run has ended; return its exit code, or minus the signal that killed it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())


@contextmanager
def zygote(folder: Path) -> Iterator[Zygote]:
    words = [sys.executable, "-c", _ZYGOTE]
    with (
        (folder / "errors.txt").open("w") as errors,
        subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment()
        ) as process,
    ):
        yield Zygote(process)


@dataclass(slots=True)
class Tried:
    """What the kills hit."""

    kills: int = 0
    stores: int = 0
    left_behind: int = 0
    """Kills that left files behind which no catalog knows: they hit the writing of segments or a commit."""
    new: int = 0
    """Kills before there was a catalog."""
    counts: list[int] = field(default_factory=list)
    """Events in the store after each kill."""


def kill(group: int) -> None:
    """Kill a run and all its workers at once; it may have ended already, or not yet have a group of its own."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(group, signal.SIGKILL)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    for number in range(6):
        put(
            folder / "logs" / f"{number}.json",
            [event(number * 3), event(number * 3 + 1), event(number, eventTime=f"2026-02-04T00:0{number}:00Z")],
        )
    put_lookup(folder / "logs" / "7.json", [event(number) for number in range(0, 12, 3)])
    put(folder / "logs" / "8.json", [event(3, userAgent="another"), event(18)])
    return folder


def digest(store: Path) -> str:
    return hashlib.sha256("\n".join(view_rows(store)).encode()).hexdigest()


def note(store: Path, tried: Tried) -> None:
    """Look at the store after a kill: it can be asked, and what it tells is whole."""
    tried.kills += 1
    if not (store / CATALOG).exists():
        tried.new += 1
        return
    opened = ctaudit.open(store)
    rows = view_rows(store)
    assert len(rows) == opened.status().content["events"]
    assert tried.kills % 5 or len(opened.timeline().rows) == len(rows)
    tried.counts.append(len(rows))
    tried.left_behind += bool(left_overs(store))


@pytest.mark.slow
def test_no_kill_loses_or_doubles_a_row(evidence: Path, tmp_path: Path) -> None:
    seed = int(os.environ.get("CTAUDIT_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"CTAUDIT_TEST_SEED={seed}")
    chance = random.Random(seed)
    ctaudit.ingest(evidence / "whole", [str(evidence / "logs")], jobs=1)
    expected, tried = digest(evidence / "whole"), Tried()
    with zygote(tmp_path) as runs:
        lengths = {workers: _length(runs, evidence, tmp_path / "first", workers) for workers in (False, True)}
        while tried.kills < KILLS - OF_COMPACTIONS:
            store = tmp_path / str(tried.stores)
            tried.stores += 1
            _kill_until_done(runs, store, evidence, lengths, chance, tried)
            assert digest(store) == expected, f"seed {seed}, store {tried.stores}"
            assert left_overs(store) == set()
            shutil.rmtree(store)
    print(tried)
    assert tried.left_behind > 20
    assert len(set(tried.counts)) > 5


def _length(runs: Zygote, evidence: Path, store: Path, workers: bool) -> float:
    """Tell how long an undisturbed run takes."""
    started = time.monotonic()
    runs.start("ingest", evidence / "logs", "--store", store, "--jobs", "2" if workers else "1", workers=workers)
    assert runs.code() == 0
    shutil.rmtree(store)
    return time.monotonic() - started


def _kill_until_done(
    runs: Zygote, store: Path, evidence: Path, lengths: dict[bool, float], chance: random.Random, tried: Tried
) -> None:
    """Start runs and kill them, until one of them comes to its end; then one more is left alone and sweeps."""
    words: list[str | Path] = ["ingest", evidence / "logs", "--store", store, "--jobs"]
    while True:
        workers = chance.random() < 1 / 3
        group = runs.start(*words, "2" if workers else "1", workers=workers)
        lengths[workers] = _kill_at(group, chance.uniform(0, lengths[workers]), lengths[workers])
        code = runs.code()
        assert code in (0, -9), code
        if code == 0:
            break
        assert until(partial(_is_gone, group), 5), "workers outlive an ingest that was killed"
        note(store, tried)
    runs.start(*words, "1")
    assert runs.code() == 0


def _kill_at(group: int, moment: float, length: float) -> float:
    """Kill a run some seconds after its start; return how long such a run takes, as far as is known by now.

    A run that had nothing left to do was a short one: after each kill more time is given, or no run would ever come to
    its end again.
    """
    started = time.monotonic()
    if until(lambda: Path(f"/proc/{group}/stat").read_text().rpartition(")")[2].split()[0] == "Z", moment):
        length = (length + time.monotonic() - started) / 2  # it came to its end before
    else:
        length *= 1.05
    kill(group)
    return length


def _is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.slow
def test_no_kill_of_a_compaction_loses_or_doubles_a_row(evidence: Path, tmp_path: Path) -> None:
    seed = int(os.environ.get("CTAUDIT_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"CTAUDIT_TEST_SEED={seed}")
    chance, tried = random.Random(seed), Tried()
    place, pristine = tmp_path / "store", tmp_path / "pristine"
    for log in sorted((evidence / "logs").iterdir()):
        ctaudit.ingest(place, [str(log)], jobs=1)
    expected, segments = digest(place), len(select(place, "FROM segments"))
    assert segments > 6
    place.rename(pristine)
    with zygote(tmp_path) as runs:
        shutil.copytree(pristine, place)
        started = time.monotonic()
        runs.start("compact", "--store", place)
        assert runs.code() == 0
        length = time.monotonic() - started
        while tried.kills < OF_COMPACTIONS:
            shutil.rmtree(place)
            shutil.copytree(pristine, place)
            group = runs.start("compact", "--store", place)
            length = _kill_at(group, chance.uniform(0, length), length)
            if runs.code() != -9:
                continue
            note(place, tried)
            assert digest(place) == expected, f"seed {seed}"
            runs.start("compact", "--store", place)
            assert runs.code() == 0
            assert digest(place) == expected, f"seed {seed}"
            assert len(select(place, "FROM segments")) == 2
            assert left_overs(place) <= {f"{CATALOG}.new", f"{CATALOG}.new.wal"}  # the next write clears them
    print(tried)
    assert tried.left_behind > 5
