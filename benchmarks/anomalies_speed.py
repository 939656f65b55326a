"""Time the whole of `ctaudit anomalies` on a store: `anomalies_speed.py STORE`, cold processes.

The store is only read. `corpus.py` writes the evidence for one: see README.md. Beside it stands DuckDB by hand, which
reads the same columns of the same files and tells nothing: no detector in a process of its own can be faster.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb
from measure import alternate, ctaudit, median, ratios

OURS, SCAN = "ctaudit anomalies", "DuckDB, reading the columns"
COLUMNS = (
    "eventtime", "eventid", "eventsource", "eventname", "awsregion", "account", "errorcode", "readonly", "eventtype",
    "eventcategory", "sourceipaddress", "useragent", "useridentity.type", "useridentity.arn",
    "useridentity.principalid", "useridentity.accountid", "useridentity.invokedby", "useridentity.accesskeyid",
)  # fmt: skip
"""What the counts are made of."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ctaudit", metavar="COMMAND", help="another build to measure")
    given = parser.parse_args()
    files = str(given.store / "events" / "*" / "*.parquet")
    source = f"read_parquet('{files}', hive_partitioning = false)"
    told = f"SELECT count(*), min(eventtime), max(eventtime), count(DISTINCT account) FROM {source}"
    ((events, first, last, accounts),) = duckdb.execute(told).fetchall()
    print(f"{events:,} events of {accounts} accounts, {first} to {last}")
    largest = ", ".join(f"max({column})" for column in COLUMNS)
    by_hand = f"import duckdb; duckdb.execute({f'SELECT {largest} FROM {source}'!r}).fetchall()"
    commands = {
        SCAN: [sys.executable, "-c", by_hand],
        OURS: [*ctaudit(given.ctaudit), "anomalies", "--store", str(given.store), "--format", "json"],
    }
    costs = alternate(commands, given.runs, allowed=(0, 1, 3))
    print("\n| | wall s (rounds) | CPU s | largest process MB |\n|---|---|---|---|")
    for name, spent in costs.items():
        cost, rounds = median(spent), ", ".join(f"{each.wall:.1f}" for each in spent)
        print(f"| {name} | {cost.wall:.1f} ({rounds}) | {cost.cpu:.1f} | {cost.peak / 1e6:.0f} |")
    wall, cpu = ratios(costs[OURS], costs[SCAN])
    print(f"\n{OURS} / {SCAN}: wall **{wall:.1f}**, CPU {cpu:.1f}")


if __name__ == "__main__":
    main()
