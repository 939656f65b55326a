"""Time `ctaudit --help` beside `import click`, and name the heavy modules it loads: `python benchmarks/start.py`."""

from __future__ import annotations

import argparse
import subprocess
import sys

from measure import alternate, ctaudit, median

HEAVY = ("duckdb", "pyarrow", "boto3", "botocore", "sqlglot", "cryptography", "rich", "orjson", "msgspec", "isal")
COMMANDS = {
    "ctaudit --help": ["--help"],
    "ctaudit --version": ["--version"],
    "ctaudit ingest --help": ["ingest", "--help"],
}
FLOOR = "import click"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--ctaudit", metavar="COMMAND", help="another build to measure")
    given = parser.parse_args()
    program = ctaudit(given.ctaudit)
    commands = {name: [*program, *rest] for name, rest in COMMANDS.items()}
    floor = [sys.executable, "-c", "import click"]
    costs = {name: median(each) for name, each in alternate({FLOOR: floor} | commands, given.runs).items()}
    print("| command | wall ms | wall / import click | heavy modules loaded |\n|---|---|---|---|")
    for name, cost in costs.items():
        loaded = ", ".join(_heavy(commands[name])) if name in commands else ""
        print(f"| {name} | {cost.wall * 1e3:.0f} | {cost.wall / costs[FLOOR].wall:.2f} | {loaded or 'none'} |")


def _heavy(command: list[str]) -> list[str]:
    """Return the heavy packages that a command imports, as told by the interpreter's own import log."""
    log = subprocess.run(
        [sys.executable, "-X", "importtime", *command], capture_output=True, text=True, check=True
    ).stderr
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in log.splitlines() if "|" in line}
    return [name for name in HEAVY if name in loaded]


if __name__ == "__main__":
    main()
