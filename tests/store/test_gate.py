"""A writer gets the catalog though many readers, one after the other, leave no moment without one."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

import ctaudit
from ctaudit.store import catalog, gate
from ctaudit.store.layout import Layout
from tests.cli.evidence import event
from tests.cli.processes import environment
from tests.store.stores import put

_READ = """
import sys, time
from pathlib import Path
from ctaudit.store import catalog
from ctaudit.store.layout import Layout
layout = Layout(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    with catalog.reading(layout):
        time.sleep(0.3)
"""


@pytest.mark.slow
def test_readers_do_not_starve_a_writer(tmp_path: Path) -> None:
    store = tmp_path / "store"
    ctaudit.ingest(store, [str(put(tmp_path / "log.json", [event(0)]))], jobs=1)
    words = [sys.executable, "-c", _READ, str(store)]
    readers = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment()) for _ in range(8)]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n"
        time.sleep(0.5)
        for _ in range(3):
            started = time.monotonic()
            with catalog.writing(Layout(store)) as connection:
                connection.execute("SELECT 1")
            assert time.monotonic() - started < 10
        assert all(reader.poll() is None for reader in readers), "readers wait for a writer, they do not fail"
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()


def test_who_does_not_get_the_gate_in_time_goes_on(tmp_path: Path) -> None:
    """A writer that was stopped must not stop everybody: then opening the catalog says who holds it."""
    with gate.held(tmp_path, time.monotonic() + 5):
        started = time.monotonic()
        gate.pass_through(tmp_path, started + 0.3)
        with gate.held(tmp_path, started + 0.3):
            pass
        assert 0.2 < time.monotonic() - started < 5
    gate.pass_through(tmp_path / "there is no such folder", 0)
