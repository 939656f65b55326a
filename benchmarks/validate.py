"""Time `ctaudit validate` beside the machine's own limit and beside the AWS CLI: `python benchmarks/validate.py`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import validate_limit
from chain import Mirror, ensure, public_keys, sums
from corpus import FIRST_DAY
from measure import WORK, Cost, alternate, ctaudit, median, ratios, run

OURS = "ctaudit validate"
SERVERS = ("moto", "replay")
"""The simulated S3 itself, which takes some 6 ms a request, and what it said, repeated by a quicker process."""
PARTS = ("offline", "memory", "online")
THREADS = len(os.sched_getaffinity(0))


def main() -> None:
    given = _arguments()
    program = ctaudit(given.ctaudit)
    given.work.mkdir(parents=True, exist_ok=True)
    for part in given.part or PARTS:
        print(f"\n### {part}\n")
        if part == "offline":
            print(_offline(program, given.work, given.logs, given.events, given.runs))
        elif part == "memory":
            print(_memory(program, given.work, given.large))
        else:
            folder, mirror = _mirror(given.work, given.online_logs, given.events, days=2, regions=1)
            latencies = [milliseconds / 1e3 for milliseconds in given.latency or (0, 20)]
            import validate_online  # the simulated S3 is large; see `_mirror`

            servers = given.server or SERVERS
            print(validate_online.compare(program, folder, mirror, servers, latencies, given.runs))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK, help="folder for mirrors")
    parser.add_argument("--part", choices=PARTS, action="append", help="default: all")
    parser.add_argument("--logs", type=int, default=20_000, help="log files offline")
    parser.add_argument("--online-logs", type=int, default=600)
    parser.add_argument("--events", type=int, default=100, help="records in each log file")
    parser.add_argument("--server", choices=SERVERS, action="append", help="online; default: all")
    parser.add_argument("--latency", type=float, action="append", metavar="MS", help="of a request; default: 0 and 20")
    parser.add_argument("--large", action="store_true", help="measure the memory for 200,000 log files, too: 5 GB")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ctaudit", metavar="COMMAND", help="another build to measure")
    return parser.parse_args()


def _mirror(work: Path, logs: int, events: int, *, days: int = 30, regions: int = 4) -> tuple[Path, Mirror]:
    """Return the mirror, made by another process: Linux adds what a parent ever took to its children's peak."""
    folder = work / f"chain-{logs}-{events}-{days}-{regions}"
    with ProcessPoolExecutor(1) as pool:
        return folder, pool.submit(ensure, folder, logs, events=events, days=days, regions=regions).result()


def _validate(program: Sequence[str], folder: Path, mirror: Mirror) -> list[str]:
    """Return the command; it exits with 0 only when everything is proven and nothing of the span is missing."""
    keys = [word for path in sorted(public_keys(folder).iterdir()) for word in ("--public-keys", str(path))]
    span = ["--since", f"{FIRST_DAY:%Y-%m-%d}", "--until", f"{mirror.until:%Y-%m-%d}"]
    return [*program, "validate", str(folder), *keys, *span, "--quiet"]


def _offline(program: Sequence[str], work: Path, logs: int, events: int, runs: int) -> str:
    folder, mirror = _mirror(work, logs, events)
    script = [sys.executable, validate_limit.__file__, str(sums(folder))]
    limits = {f"limit, {threads} threads": [*script, str(threads)] for threads in sorted({1, THREADS})}
    costs = alternate({OURS: _validate(program, folder, mirror)} | limits, runs)
    lines = [
        f"{mirror.logs:,} log files of {mirror.events} events, {mirror.json_bytes / 1e6:,.0f} MB JSON, "
        f"{mirror.gzip_bytes / 1e6:,.0f} MB gzip; {mirror.digests:,} digests of {mirror.regions} regions\n",
        "| | wall s (rounds) | CPU s (rounds) | logs/s | MB/s of JSON | largest process MB | limit / it, wall | CPU |",
        "|---|---|---|---|---|---|---|---|",
    ]
    best = costs[f"limit, {THREADS} threads"]
    return "\n".join([*lines, *(_offline_line(name, each, best, mirror) for name, each in costs.items())])


def _offline_line(name: str, costs: Sequence[Cost], limit: Sequence[Cost], mirror: Mirror) -> str:
    cost = median(costs)
    walls = ", ".join(f"{each.wall:.2f}" for each in costs)
    cpus = ", ".join(f"{each.cpu:.2f}" for each in costs)
    wall, cpu = ratios(limit, costs)
    return (
        f"| {name} | {cost.wall:.2f} ({walls}) | {cost.cpu:.2f} ({cpus}) | {mirror.logs / cost.wall:,.0f} "
        f"| {mirror.json_bytes / 1e6 / cost.wall:,.0f} | {cost.peak / 1e6:.0f} | **{wall:.2f}** | {cpu:.2f} |"
    )


def _memory(program: Sequence[str], work: Path, large: bool) -> str:
    """Measure more files, then larger ones: neither may matter."""
    shapes = [(2_000, 100), (20_000, 100), *([(200_000, 100)] if large else []), (2_000, 2_000)]
    lines = [
        "| log files | events a file | MB JSON | wall s | CPU s | largest process MB |",
        "|---|---|---|---|---|---|",
    ]
    for logs, events in shapes:
        folder, mirror = _mirror(work, logs, events)
        cost = run(_validate(program, folder, mirror))
        sizes = f"{mirror.json_bytes / 1e6:,.0f} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.peak / 1e6:.0f}"
        lines.append(f"| {logs:,} | {events:,} | {sizes} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
