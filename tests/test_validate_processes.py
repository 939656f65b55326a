"""Log files hashed by processes: the same verdicts, Ctrl-C at once, a worker's death told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ctaudit import limits
from ctaudit.errors import StoreError
from ctaudit.log_hashing import InProcesses
from tests.cli.processes import environment
from tests.integrity.mirror import write_bucket
from tests.integrity.running import differences, offline
from tests.integrity.scenario import Scenario
from tests.integrity.scenarios import SCENARIOS
from tests.integrity.test_hostile_sizes import bomb
from tests.store.processes import kill_group, members, until
from tests.trail.signing import public_key_list
from tests.trail.small import CHAIN, small_trail

ABOUT_LOGS = [scenario for scenario in SCENARIOS if scenario.row in (0, 1, 2, 4, 6, 8, 37)]


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes hash however few log files there are."""
    monkeypatch.setattr("ctaudit.chain_reading._MANY", 0)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("scenario", ABOUT_LOGS, ids=str)
def test_processes_come_to_the_same_verdicts(scenario: Scenario, tmp_path: Path) -> None:
    case = scenario.build()
    assert case.offline is not None
    assert differences(offline(case, tmp_path), case.offline) == []


def test_the_death_of_a_worker_is_told() -> None:
    hasher = InProcesses(1)
    try:
        (worker,) = hasher._workers._workers
        assert worker.process.pid is not None
        os.kill(worker.process.pid, signal.SIGKILL)
        with pytest.raises(StoreError, match="a worker process died"):
            _hash_something(hasher)
    finally:
        hasher.close()


def _hash_something(hasher: InProcesses) -> None:
    hasher.give(1, [("/nowhere", "0" * 64)])
    list(hasher.take())


_EAGER = """
import sys
import ctaudit.chain_reading
ctaudit.chain_reading._MANY = 0
from ctaudit.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.slow
def test_ctrl_c_ends_a_validation_and_its_processes_at_once(tmp_path: Path) -> None:
    trail = small_trail(3, 3)
    write_bucket(trail.bucket, tmp_path / "mirror")
    body = bomb(512 * limits.MIB) + os.urandom(4 * limits.MIB)  # some seconds of work for all of them
    for key in trail.log_keys():
        (tmp_path / "mirror" / key).write_bytes(body)
    (tmp_path / "keys.json").write_text(json.dumps(public_key_list(trail.keys[CHAIN[1]])))
    words = ["validate", str(tmp_path / "mirror"), "--public-keys", str(tmp_path / "keys.json"), "--jobs", "2"]
    process = subprocess.Popen(
        [sys.executable, "-c", _EAGER, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=environment(),
    )
    try:
        with process:
            assert until(lambda: len(members(process)) >= 4)
            time.sleep(0.5)
            os.killpg(process.pid, signal.SIGINT)
            pressed = time.monotonic()
            assert process.wait(30) == 130
            assert time.monotonic() - pressed < 10
        assert until(lambda: members(process) == [], 5)
    finally:
        kill_group(process)
