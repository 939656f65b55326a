"""Run a command in a fresh process and tell what it cost, whole process family included."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
WORK = Path(tempfile.gettempdir()) / "ctaudit-benchmarks"
"""Where corpora and stores lie by default; corpora are kept from run to run."""

_ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
_ENVIRONMENT["PYTHONPYCACHEPREFIX"] = str(WORK / "bytecode")
"""Installed programs have compiled modules: ours and the peers get them, whatever the shell says; the warm run does."""


@dataclass(frozen=True, slots=True)
class Cost:
    wall: float
    """Seconds until the command itself ended."""
    cpu: float
    """User and system seconds of it and of every process that it started."""
    own: float
    """Of them, seconds of the command's first process: what it does alone while others work for it."""
    peak: int
    """Resident bytes of its largest process."""
    family: int
    """Most bytes of all its processes together, pages that several share counted once; looked at ten times a second."""


def run(command: Sequence[str], *, allowed: Iterable[int] = (0,)) -> Cost:
    """Run a command whose output nobody reads; exits when it fails.

    Worker processes may outlive their parent by a moment, and nobody would count their time then. Hence this process
    adopts orphans (Linux: PR_SET_CHILD_SUBREAPER) and waits for all.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=_ENVIRONMENT
        )
        wall, cpu, own, peak = 0.0, 0.0, 0.0, 0
        watch = _Watch()
        while (ended := _reap()) is not None:
            pid, status, usage = ended
            cpu += usage.ru_utime + usage.ru_stime
            peak = max(peak, usage.ru_maxrss * 1024)
            if pid == process.pid:
                wall = time.perf_counter() - started
                own = usage.ru_utime + usage.ru_stime
                process.returncode = os.waitstatus_to_exitcode(status)
        watch.stop()
        if process.returncode not in allowed:
            errors.seek(0)
            sys.exit(
                f"{shlex.join(command)}: exit {process.returncode}\n{errors.read().decode(errors='replace')[-2000:]}"
            )
    return Cost(wall, cpu, own, peak, watch.most)


class _Watch(threading.Thread):
    """Looks at the memory of all processes below this one."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self._stopped = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._stopped.wait(0.1):
            self.most = max(self.most, sum(map(_proportional_bytes, _descendants(os.getpid()))))

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def _descendants(top: int) -> set[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # it has ended
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found: set[int] = set()
    level = {top}
    while level := {child for child, parent in parents.items() if parent in level}:
        found |= level
    return found


def _proportional_bytes(process: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _reap() -> tuple[int, int, resource.struct_rusage] | None:
    try:
        return os.wait4(-1, 0)
    except ChildProcessError:
        return None


def alternate(
    commands: Mapping[str, Sequence[str]], runs: int, *, warm: bool = True, allowed: Iterable[int] = (0,)
) -> dict[str, list[Cost]]:
    """Run the commands in turn, A B A B …, so that what else the machine does hits all alike."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(runs + warm):
        for name, command in commands.items():
            cost = run(command, allowed=allowed)
            if turn or not warm:
                costs[name].append(cost)
    return costs


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.own for cost in costs),
        max(cost.peak for cost in costs),
        max(cost.family for cost in costs),
    )


def ratios(ours: Sequence[Cost], peer: Sequence[Cost]) -> tuple[float, float]:
    """Return the median of the rounds' ratios in wall and CPU time: what slows one round slows both sides of it."""
    rounds = list(zip(ours, peer, strict=True))
    return statistics.median(a.wall / b.wall for a, b in rounds), statistics.median(a.cpu / b.cpu for a, b in rounds)


def ctaudit(given: str | None) -> list[str]:
    """Return the command to measure: the one given, or the console script beside this interpreter."""
    if given:
        return shlex.split(given)
    script = Path(sys.executable).with_name("ctaudit")
    if not script.exists():
        sys.exit(f"there is no {script}: install ctaudit into this environment, or say --ctaudit COMMAND")
    return [str(script)]
