"""A process whose system calls on files are told to a test before they happen, and fail if the test says so.

Linux tells a supervisor of chosen system calls (`seccomp` with SECCOMP_RET_USER_NOTIF, no privilege needed), those of
native code and of worker processes included. So a test sees what Python, Arrow and DuckDB really do, in order.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import platform
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.processes import environment
from tests.store.processes import kill_group

_NUMBERS = {
    "x86_64": {
        "write": 1,
        "pwrite64": 18,
        "writev": 20,
        "pwritev": 296,
        "fsync": 74,
        "fdatasync": 75,
        "ftruncate": 77,
        "rename": 82,
        "mkdir": 83,
        "unlink": 87,
        "openat": 257,
        "mkdirat": 258,
        "unlinkat": 263,
        "renameat": 264,
        "fallocate": 285,
        "renameat2": 316,
    },
    "aarch64": {
        "write": 64,
        "pwrite64": 68,
        "writev": 66,
        "pwritev": 70,
        "fsync": 82,
        "fdatasync": 83,
        "ftruncate": 46,
        "openat": 56,
        "mkdirat": 34,
        "unlinkat": 35,
        "renameat": 38,
        "fallocate": 47,
        "renameat2": 276,
    },
}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_PATHS = {"rename": 1, "mkdir": 0, "unlink": 0, "openat": 1, "mkdirat": 1, "unlinkat": 1, "renameat": 3, "renameat2": 3}
"""Call -> which of its arguments is the path that is made or removed; the others have an open file as their first."""
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1
_NOTIFICATION = struct.Struct("QIIiIQ6Q")

WRITES = ("write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate")
SYNCS = ("fsync", "fdatasync")
RENAMES = ("rename", "renameat", "renameat2")
REMOVALS = ("unlink", "unlinkat")
CREATIONS = ("openat", "mkdir", "mkdirat")
"""Of `openat` only what may create a file."""

_SHIM = """
import sys
from tests.store.watching import install
install(int(sys.argv[1]), sys.argv[2] == "all")
from importlib import import_module
ingest = import_module("ctaudit.ingest")
ingest.INLINE_BYTES, ingest.SHARE_FILES, ingest.COMMIT_SECONDS = int(sys.argv[3]), int(sys.argv[4]), 0.0
ingest.COMMIT_SHARE = float("inf")  # commits take as much of the time as they like
import_module("ctaudit.store.compact").MOST = int(sys.argv[5])
from ctaudit.cli.main import run
sys.exit(run(sys.argv[6:]))
"""
"""The real command, but watched, with small shares, a commit after each, and an early compaction."""


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that is about to happen."""

    name: str
    path: str
    process: int


Decide = Callable[[Call], int | None]
"""Returns the errno that the call fails with, or None to let it happen."""


@dataclass(slots=True)
class Watched:
    """What a watched process did, and what became of it."""

    code: int
    out: str
    err: str
    calls: list[Call] = field(default_factory=list)


def watched(
    words: Sequence[str | Path],
    below: Path,
    decide: Decide = lambda call: None,
    *,
    jobs: int = 1,
    share: int = 1,
    most: int = 2,
    openings: bool = False,
    seconds: float = 120,
) -> Watched:
    """Run a command; `decide` is asked of each call on a file below a folder, also of those that `calls` keeps.

    Args:
        words: what follows `ctaudit`.
        below: the folder whose files count.
        decide: called in another thread.
        jobs: more than one shares any amount of evidence among workers.
        share: files in a share.
        most: segments of a date that are left alone.
        openings: whether to tell of files opened for reading, too.
        seconds: how long it may take.
    """
    number = _NUMBERS.get(platform.machine())
    if sys.platform != "linux" or number is None:
        pytest.skip("needs Linux on x86-64 or ARM to watch system calls")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.set_inheritable(True)
        inline = "0" if jobs > 1 else str(2**40)
        program = [sys.executable, "-c", _SHIM, str(theirs.fileno()), "all" if openings else "creating"]
        process = subprocess.Popen(
            [*program, inline, str(share), str(most), *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            cwd=Path(__file__).parents[2],
            env=environment(),
        )
        theirs.close()
        done = Watched(0, "", "")
        names = {value: name for name, value in number.items()}
        listener = _listener(ours, process)
        watcher = threading.Thread(target=_watch, args=(listener, names, str(below), decide, done.calls), daemon=True)
        watcher.start()
        try:
            out, err = process.communicate(timeout=seconds)
        finally:
            kill_group(process)
            watcher.join(10)
            os.close(listener)
    done.code, done.out, done.err = process.returncode, out.decode(), err.decode()
    return done


def _listener(ours: socket.socket, process: subprocess.Popen[bytes]) -> int:
    said, descriptors, _, _ = socket.recv_fds(ours, 100, 1)
    if not descriptors:
        _, err = process.communicate()
        assert said, err.decode()
        pytest.skip(f"needs a kernel that lets system calls be watched: {said.decode()}")
    return descriptors[0]


def _watch(listener: int, names: dict[int, str], below: str, decide: Decide, calls: list[Call]) -> None:
    """Answer notifications until all watched processes are gone."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        if any(happened & (select.POLLHUP | select.POLLERR) for _, happened in poll.poll()):
            return
        buffer = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, buffer)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):  # it was killed before it could be asked
                continue
            raise
        number, thread, _, nr, _, _, *arguments = _NOTIFICATION.unpack(buffer)
        call = Call(names[nr], _path(names[nr], thread, arguments), thread)
        refused = None
        if call.path.startswith(below):
            calls.append(call)
            refused = decide(call)
        answer = struct.pack("QqiI", number, 0, -(refused or 0), 0 if refused else _CONTINUE)
        with contextlib.suppress(FileNotFoundError):  # it was killed meanwhile
            fcntl.ioctl(listener, _SEND, bytearray(answer))


def _path(name: str, thread: int, arguments: Sequence[int]) -> str:
    try:
        if name not in _PATHS:
            return str(Path(f"/proc/{thread}/fd/{arguments[0]}").readlink())
        with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
            memory.seek(arguments[_PATHS[name]])
            return os.fsdecode(memory.read(4096).partition(b"\0")[0])
    except OSError:  # it is gone
        return ""


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


def _filter(numbers: dict[str, int], openings: bool) -> Iterator[tuple[int, int, int, int]]:
    """Yield the BPF program: load the number, notify of those chosen, allow the rest."""
    notify, allow = (0x06, 0, 0, 0x7FC00000), (0x06, 0, 0, 0x7FFF0000)
    yield (0x20, 0, 0, 0)
    for name, number in numbers.items():
        if name == "openat" and not openings:
            yield from ((0x15, 0, 4, number), (0x20, 0, 0, 32), (0x45, 0, 1, os.O_CREAT), notify, allow)
        else:
            yield from ((0x15, 0, 1, number), notify)
    yield allow


def install(channel: int, openings: bool) -> None:
    """Have this process and all that it starts watched; the one at the other end of `channel` gets the listener."""
    machine = platform.machine()
    instructions = [_Instruction(*each) for each in _filter(_NUMBERS[machine], openings)]
    program = _Program(len(instructions), (_Instruction * len(instructions))(*instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    with socket.socket(fileno=channel) as end:
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        listener = libc.syscall(_SECCOMP[machine], 1, 8, ctypes.byref(program))
        if listener < 0:
            end.send(os.strerror(ctypes.get_errno()).encode())
            sys.exit(0)
        socket.send_fds(end, [b"."], [listener])
        os.close(listener)
