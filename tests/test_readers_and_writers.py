"""Twenty readers and a writer for a minute: no error, and each answer is that of one committed state.

The writer takes in one file after the other, each in a commit of its own, merges early, and sweeps without any grace:
the segments of a question in flight are gone at any time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ctaudit
from tests.cli.evidence import event
from tests.cli.processes import environment
from tests.store.stores import left_overs, put, told

SECONDS = 60.0
READERS = 20
PER_FILE = 7
"""Events of each file: a multiple of it is a committed state, anything else is torn."""

_WRITE = """
import sys, time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from ctaudit.store import compact, retire
retire.GRACE, compact.MOST = timedelta(0), 2
ingest = import_module("ctaudit.ingest").ingest
store, logs, until = sys.argv[1], sorted(Path(sys.argv[2]).iterdir()), time.monotonic() + float(sys.argv[3])
number = 0
while time.monotonic() < until and number < len(logs):
    assert ingest(store, [str(logs[number])], jobs=1).events == int(sys.argv[4])
    number += 1
    if number % 5 == 0:
        import_module("ctaudit.upkeep").compact(store, now=datetime.now(UTC))
print(number)
"""

_READ = """
import os, sys, time, ctaudit
from ctaudit.errors import StoreChanged
os.nice(10)  # twenty to one: on a few processors the writer would hardly come to write anything
store, until = ctaudit.open(sys.argv[1]), time.monotonic() + float(sys.argv[2])
per_file, kind = map(int, sys.argv[3:])
counts = "SELECT count(*), count(source_file), count(DISTINCT eventid), count(DISTINCT source_file)"
asked = last = 0
while time.monotonic() < until or asked < 3:
    try:
        if kind == 0:
            rows = store.timeline().records()
            counted = len(rows)
            assert all(row["source"] and row["integrity"] == "unknown" for row in rows)
        elif kind == 1:
            counted, *others = store.query(f"{counts} FROM cloudtrail_logs").rows[0]
            assert others == [counted, counted, counted // per_file], (counted, others)
        elif kind == 2:
            counted = len(store.who_deleted("bucket*"))
        elif kind == 3:
            counted = sum(row["rows"] for row in store.partitions())
            assert counted <= store.status().content["events"]
        else:
            counted = len(store.what_did("mia"))
            assert store.show("00000000-0000-4000-8000-000000000003").content["places"][0]["record"] == 3
        assert counted % per_file == 0 and counted >= last, (counted, last)
        last = counted
        asked += 1
    except StoreChanged:  # told to ask again: it was overtaken more often than it asks by itself
        continue
print(asked, last)
"""


def start(program: str, *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


@pytest.mark.slow
def test_twenty_readers_and_a_writer_for_a_minute(tmp_path: Path) -> None:
    store, logs = tmp_path / "store", tmp_path / "logs"
    for file in range(400):
        records = [event((file + index) % 60) | {"eventID": _id(file * PER_FILE + index)} for index in range(PER_FILE)]
        put(logs / f"{file:03}.json", records)
    first = tmp_path / "first"
    first.mkdir()
    (logs / "000.json").rename(first / "000.json")
    ctaudit.ingest(store, [str(first)], jobs=1)
    seconds = float(os.environ.get("CTAUDIT_TEST_SECONDS") or SECONDS)
    writer = start(_WRITE, store, logs, seconds, PER_FILE)
    readers = [start(_READ, store, seconds, PER_FILE, reader % 5) for reader in range(READERS)]
    told_by = [process.communicate(timeout=seconds + 180) for process in (*readers, writer)]
    failed = [err for process, (_, err) in zip((*readers, writer), told_by, strict=True) if process.returncode]
    assert failed == []
    *counts, number = (int(out.split()[0]) for out, _ in told_by)
    asked = sum(counts)
    print(f"{asked} answers during {number} ingests")
    assert number > 2
    assert asked >= READERS * 3
    ctaudit.ingest(store, [str(logs)], jobs=1)
    ctaudit.ingest(tmp_path / "alone", [str(first), str(logs)], jobs=1)
    assert told(store) == told(tmp_path / "alone")
    assert left_overs(store) == set()


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"
