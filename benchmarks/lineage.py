"""Count by which method a trail's role sessions are linked to the call that began them: `lineage.py FOLDER`.

FOLDER holds log files, such as `invictus-ir/aws_dataset`, real logs of a staged attack. Then it times `ctaudit trace`
of the event that can be followed furthest, in fresh processes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from measure import alternate, ctaudit, median, run

from ctaudit.engines import duck
from ctaudit.lineage.walk import Walk, start
from ctaudit.query import OneOf, Query
from ctaudit.store.layout import Layout
from ctaudit.tracing import of_store, walked

FLOOR = "import duckdb"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="log files to read")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ctaudit", metavar="COMMAND", help="another build to measure")
    given = parser.parse_args()
    program = ctaudit(given.ctaudit)
    with tempfile.TemporaryDirectory() as work:
        store = Path(work) / "store"
        run([*program, "ingest", str(given.folder), "--store", str(store), "--quiet"])
        walks = _walks(Layout(store))
        _print_links(walks)
        deepest = sorted(walks, key=lambda walk: (-len(walk.hops), str(walk.hops[0].event.event_id)))[:1]
        asked = [str(walk.hops[0].event.event_id) for walk in deepest]
        commands = {f"trace {one}": [*program, "trace", one, "--store", str(store)] for one in asked}
        floor = {FLOOR: [sys.executable, "-c", FLOOR]}
        costs = {name: median(each) for name, each in alternate(floor | commands, given.runs, allowed=(0, 3)).items()}
    for name, cost in costs.items():
        print(f"{name}: {cost.wall * 1e3:.0f} ms wall, {cost.cpu * 1e3:.0f} ms CPU, {cost.peak / 1e6:.0f} MB")


def _walks(layout: Layout) -> list[Walk]:
    hits = duck.answer(layout, Query(conditions=(OneOf("useridentity.type", ("assumedrole",)),)), None).hits
    return walked(of_store(layout), [start(hit.parse()) for hit in hits])


def _print_links(walks: list[Walk]) -> None:
    """Print how the first step back from each event of a role's session is known, and how many have an origin."""
    links = [walk.hops[0].link for walk in walks]
    counts = Counter(f"{one.confidence}: {one.method}" if one else "gap" for one in links)
    print("| how linked | events of role sessions | share |\n|---|---|---|")
    for how, count in counts.most_common():
        print(f"| {how} | {count} | {100 * count / len(walks):.0f} % |")
    known = sum(walk.origin is not None for walk in walks)
    print(f"\n{known} of {len(walks)} have an origin ({100 * known / len(walks):.0f} %)")


if __name__ == "__main__":
    main()
