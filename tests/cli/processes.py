"""`ctaudit` as a process of its own, behind pipes or on a pseudo-terminal, as a shell would start it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-m", "ctaudit")
PATIENCE = 60
"""Seconds before a process that hangs fails its test."""
_SGR = re.compile(r"\x1b\[[0-9;]*m")
_LEFT_OUT = (
    "CTAUDIT_STORE", "NO_COLOR", "COLUMNS", "LINES", "TERM", "FORCE_COLOR", "CLICOLOR_FORCE",
    "PYTHONIOENCODING", "PYTHONUTF8", "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",  # compiling ctaudit anew for each process would take longer than all the tests
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """What a process left behind."""

    code: int
    out: str
    err: str

    @property
    def plain(self) -> list[str]:
        """The lines of stdout without colours."""
        return _SGR.sub("", self.out).splitlines()


def environment(**changes: str | None) -> dict[str, str]:
    """Return the environment without what would change the output, then `changes`; None takes a variable away."""
    base = {key: value for key, value in os.environ.items() if key not in _LEFT_OUT}
    wanted = base | {"TERM": "xterm-256color"} | changes
    return {key: value for key, value in wanted.items() if value is not None}


def piped(
    *arguments: str | bytes | Path, env: Mapping[str, str | None] | None = None, stdin: bytes = b"", folder: Path
) -> Done:
    """Run `ctaudit` in `folder` with pipes for its streams."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        cwd=folder,
        env=environment(**(env or {})),
        timeout=PATIENCE,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def in_shell(line: str, *, folder: Path, **env: str | None) -> Done:
    """Run a line of shell, in which `ctaudit` is our command."""
    quoted = " ".join(f"'{part}'" for part in COMMAND)
    done = subprocess.run(
        ["bash", "-c", f'ctaudit() {{ {quoted} "$@"; }}\n{line}'],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=folder,
        env=environment(**env),
        timeout=PATIENCE,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def on_terminal(
    *arguments: str | Path, width: int = 80, env: Mapping[str, str | None] | None = None, folder: Path
) -> Done:
    """Run `ctaudit` with a terminal of `width` columns for each of its streams, so that the two can be told apart."""
    out, err = _Terminal(width), _Terminal(width)
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=out.slave,
        stdout=out.slave,
        stderr=err.slave,
        cwd=folder,
        env=environment(**(env or {})),
        start_new_session=True,
    ) as process:
        out.listen()
        err.listen()
        code = process.wait(PATIENCE)
    return Done(code, out.text(), err.text())


class _Terminal:
    """One pseudo-terminal and the thread that reads what is written to it."""

    def __init__(self, width: int) -> None:
        self._master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        self._pieces: list[bytes] = []
        self._reader = threading.Thread(target=self._read, daemon=True)

    def listen(self) -> None:
        os.close(self.slave)  # the process has its own; with ours open the end would never be seen
        self._reader.start()

    def text(self) -> str:
        self._reader.join(PATIENCE)
        os.close(self._master)
        return b"".join(self._pieces).decode().replace("\r\n", "\n")

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # Linux says EIO when the last writer has gone
            while piece := os.read(self._master, 65536):
                self._pieces.append(piece)
