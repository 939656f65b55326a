"""Time the questions of an investigation, each beside `import duckdb` alone: `python benchmarks/lookup.py`."""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from corpus import ensure
from measure import WORK, alternate, ctaudit, median, run
from records import LOST_BUCKET
from sessions import LOOSE_USER

QUESTIONS = {
    "who-deleted BUCKET": ["who-deleted", LOST_BUCKET],
    "who-deleted BUCKET, one day": ["who-deleted", LOST_BUCKET, "--since", "2026-01-01", "--until", "2026-01-02"],
    "what-did USER": ["what-did", LOOSE_USER],
    "timeline --limit 50": ["timeline", "--limit", "50"],
}
UNCOVERED = {"who-deleted NOTHING": ["who-deleted", "nothing-of-that-name"], "coverage": ["coverage"]}
"""Both tell what part of the hours is covered, and exit with 3, since it is not all."""
FLOOR = "import duckdb"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK, help="folder for the corpus and the store")
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--ctaudit", metavar="COMMAND", help="another build to measure")
    given = parser.parse_args()
    program = ctaudit(given.ctaudit)
    store = _store(program, given.work, given.events)
    commands = {name: [*program, *question, "--store", str(store)] for name, question in QUESTIONS.items()}
    for command in commands.values():
        _expect_rows(command)
    commands |= {name: [*program, *question, "--store", str(store)] for name, question in UNCOVERED.items()}
    floor = [sys.executable, "-c", "import duckdb"]
    costs = {
        name: median(each) for name, each in alternate({FLOOR: floor} | commands, given.runs, allowed=(0, 3)).items()
    }
    print("| question | wall ms | CPU ms | wall / import duckdb | largest process MB |\n|---|---|---|---|---|")
    for name, cost in costs.items():
        ratio = cost.wall / costs[FLOOR].wall
        print(f"| {name} | {cost.wall * 1e3:.0f} | {cost.cpu * 1e3:.0f} | {ratio:.2f} | {cost.peak / 1e6:.0f} |")


def _store(program: list[str], work: Path, events: int) -> Path:
    """Return a store of the usual corpus, ingested anew: an old one may stem from another version."""
    work.mkdir(parents=True, exist_ok=True)
    corpus, store = work / f"corpus-{events}-1024-7-0.02", work / "lookup-store"
    ensure(corpus, events, 1024)
    shutil.rmtree(store, ignore_errors=True)
    run([*program, "ingest", str(corpus), "--store", str(store), "--quiet"])
    return store


def _expect_rows(command: list[str]) -> None:
    """Exit when a question that has an answer gets none: fast and empty is no result."""
    asked = [*command, "--format", "jsonl"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout.strip():
        sys.exit(f"{shlex.join(asked)}: exit {done.returncode}, {len(done.stdout)} bytes of rows\n{done.stderr}")


if __name__ == "__main__":
    main()
