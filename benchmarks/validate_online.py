"""`ctaudit validate` beside the AWS CLI's `validate-logs` on the same bucket, with and without a network's latency."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from chain import ARN, BUCKET, TRAIL, Mirror
from corpus import FIRST_DAY
from measure import Cost, median, ratios, run
from validate_server import Served, serving

OURS, PEER = "ctaudit", "awscli"


@dataclass(frozen=True, slots=True)
class Round:
    """One run of a client."""

    cost: Cost
    server_cpu: float
    """Seconds the server took for it."""


def compare(
    program: Sequence[str],
    folder: Path,
    mirror: Mirror,
    servers: Sequence[str],
    latencies: Sequence[float],
    runs: int,
) -> str:
    """Measure every server with every latency; returns the table."""
    lines = [
        f"{mirror.logs:,} log files of {mirror.events} events, {mirror.digests} digests; ms are those of the whole "
        "command by the number of log files\n",
        "| server, latency | client | ms a log (rounds) | client CPU ms | server CPU ms | awscli / ctaudit |",
        "|---|---|---|---|---|---|",
    ]
    for server in servers:
        for latency in latencies:
            with serving(folder, server, latency) as served:
                rounds = _rounds(_commands(program, mirror, served.environment), served, runs)
            ratio, _ = ratios([each.cost for each in rounds[PEER]], [each.cost for each in rounds[OURS]])
            for client, each in rounds.items():
                shown = f"**{ratio:.1f}**" if client == OURS else ""
                lines.append(f"| {server}, {latency * 1e3:.0f} ms | {client} {_cells(each, mirror.logs)} {shown} |")
    return "\n".join(lines)


def _commands(program: Sequence[str], mirror: Mirror, environment: Mapping[str, str]) -> dict[str, list[str]]:
    start, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (FIRST_DAY, mirror.until))
    env = ["env", *(f"{name}={value}" for name, value in environment.items())]
    asked = ["--trail-arn", ARN, "--start-time", start, "--end-time", end, "--s3-bucket", BUCKET]
    reference = [sys.executable, "-m", "awscli", "cloudtrail", "validate-logs", *asked, "--region", TRAIL.home]
    ours = [*program, "validate", f"s3://{BUCKET}", "--since", start, "--until", end, "--quiet"]
    return {PEER: [*env, *reference], OURS: [*env, *ours]}


def _rounds(commands: Mapping[str, Sequence[str]], served: Served, runs: int) -> dict[str, list[Round]]:
    """Run the commands in turn; the first round warms files, and answers to be repeated, and is not counted.

    `run` waits for every child of its process, and the server is a child of this one: hence another process.
    """
    rounds: dict[str, list[Round]] = {name: [] for name in commands}
    with ProcessPoolExecutor(1) as pool:
        for turn in range(runs + 1):
            for name, command in commands.items():
                before = served.cpu()
                cost = pool.submit(run, command).result()
                if turn:
                    rounds[name].append(Round(cost, served.cpu() - before))
    return rounds


def _cells(rounds: Sequence[Round], logs: int) -> str:
    cost = median([each.cost for each in rounds])
    server = sorted(each.server_cpu for each in rounds)[len(rounds) // 2]
    walls = ", ".join(f"{each.cost.wall / logs * 1e3:.2f}" for each in rounds)
    shown = (f"{seconds / logs * 1e3:.2f} ({seconds / cost.wall:.0%} of the time)" for seconds in (cost.cpu, server))
    return f"| {cost.wall / logs * 1e3:.2f} ({walls}) | {' | '.join(shown)} |"
