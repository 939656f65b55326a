"""The machine's own limit for `ctaudit validate`: threads that only read, inflate and hash log files of a given list.

`python benchmarks/validate_limit.py LIST THREADS`. It finds no files, reads no digest, checks no signature and nothing
behind the gzip stream, and has no bound on what a file may unpack to. Each line of the list is the SHA-256 of a file's
content and its path, so that both sides of the comparison do the same work: exit 1 when a hash differs.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from isal import isal_zlib

_GZIP = 31


def main(listed: str, threads: str) -> None:
    lines = iter(Path(listed).read_text().splitlines())
    with ThreadPoolExecutor(int(threads)) as pool:
        differing = sum(pool.map(_differing, [lines] * int(threads)))
    if differing:
        sys.exit(f"{differing} files have another hash")


def _differing(lines: Iterator[str]) -> int:
    """Work off the list that all threads share; taking a line from it is atomic."""
    return sum(_hash(path) != expected for expected, path in (line.split("  ", 1) for line in lines))


def _hash(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = os.read(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)
    # The last four bytes say how much there is to come: no buffer has to grow.
    text = isal_zlib.decompress(data, _GZIP, int.from_bytes(data[-4:], "little") or 1)
    return hashlib.sha256(text).hexdigest()


if __name__ == "__main__":
    main(*sys.argv[1:])
