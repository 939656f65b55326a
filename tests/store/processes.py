"""Ingests as processes of their own, to be stopped, killed and starved; and what is left of them afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.processes import COMMAND, PATIENCE, environment

_EAGER = """
import sys
from importlib import import_module
ingest = import_module("ctaudit.ingest")
ingest.INLINE_BYTES, ingest.SHARE_FILES, ingest.COMMIT_SECONDS = 0, int(sys.argv[1]), 0.0
ingest.COMMIT_SHARE = float("inf")  # commits take as much of the time as they like
from ctaudit.cli.main import run
sys.exit(run(sys.argv[2:]))
"""
"""The real command, but with workers for any amount of evidence, small shares, and a commit after each of them."""


@contextmanager
def ingesting(store: Path, evidence: Path, share: int = 4) -> Iterator[subprocess.Popen[bytes]]:
    """Start an ingest in a process group of its own, as a shell does."""
    words = ["ingest", str(evidence), "--store", str(store), "--jobs", "2"]
    process = subprocess.Popen(
        [sys.executable, "-c", _EAGER, str(share), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=environment(),
    )
    try:
        with process:
            yield process
    finally:
        kill_group(process)


def command(*words: str | Path) -> list[str]:
    return [*COMMAND, *map(str, words)]


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Wait until the condition holds; tell whether it came to that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def members(process: subprocess.Popen[bytes]) -> list[int]:
    """List the living processes of a process's group, itself included."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(group) == process.pid and state != "Z":
                found.append(int(entry.name))
    return found


def workers(process: subprocess.Popen[bytes]) -> list[int]:
    """List the worker processes: they are forked from a server of their own, not by the command itself."""
    return [pid for pid in members(process) if "forkserver" in _words(_parent(pid))]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def kill_group(process: subprocess.Popen[bytes]) -> None:
    for pid in members(process):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
