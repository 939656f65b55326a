"""Ctrl-C at awkward moments: the query has stopped when `Interrupted` comes out, or has never begun."""

from __future__ import annotations

import os
import signal
import threading
import time
from importlib import import_module
from pathlib import Path

import pytest

import ctaudit
from ctaudit.engines.interrupt import interruptible
from ctaudit.errors import Interrupted
from ctaudit.store import embedded
from tests.cli.evidence import event
from tests.store.stores import put


@pytest.mark.parametrize("late", [0.0, 0.05, 0.3])
def test_ctrl_c_while_the_thread_starts(late: float, monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def start_and_press(self: threading.Thread) -> None:
        start(self)
        time.sleep(late)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start_and_press)
    long = "SELECT count(*) FROM range(1000000000) a, range(1000) b WHERE a.range * b.range % 7 = 8"
    with pytest.raises(Interrupted), embedded.engine() as connection:
        interruptible(connection, lambda: connection.execute(long).fetchall())
    assert not [thread for thread in threading.enumerate() if thread.name == "query"]


def test_ctrl_c_leaves_what_hears_no_interrupt_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """One function on two texts, some seconds long: it asks for no interrupt, and DuckDB closes nothing in use."""
    looks = iter(range(3))

    def press_later() -> None:
        if next(looks) == 2:
            raise KeyboardInterrupt

    long = "SELECT levenshtein(repeat('ab', 20000), repeat('ba', 20001))"
    begun = time.monotonic()
    with pytest.raises(Interrupted), embedded.engine() as connection:
        interruptible(connection, lambda: connection.execute(long).fetchall(), look=press_later)
    assert time.monotonic() - begun < 3
    for thread in threading.enumerate():
        if thread.name == "query":
            thread.join(60)
    with embedded.engine() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_ctrl_c_before_the_thread_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def press(self: threading.Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", press)
    with pytest.raises(Interrupted), embedded.engine() as connection:
        interruptible(connection, lambda: pytest.fail("it was never to begin"))


def test_ctrl_c_between_statements_of_the_main_thread() -> None:
    """As DuckDB raises it there when a signal is waiting."""
    with pytest.raises(Interrupted), embedded.engine():
        raise RuntimeError("Query interrupted")
    with pytest.raises(RuntimeError, match="another"), embedded.engine():
        raise RuntimeError("another")


def test_ctrl_c_in_the_last_commit_is_not_swallowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ingesting = import_module("ctaudit.ingest")
    commit = ingesting.commit

    def press_and_commit(*given: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return commit(*given)

    monkeypatch.setattr(ingesting, "commit", press_and_commit)
    with pytest.raises(Interrupted):
        ctaudit.ingest(tmp_path / "store", [str(put(tmp_path / "1.json", [event(1)]))], jobs=1)
    assert ctaudit.open(tmp_path / "store").status().content["events"] == 1
