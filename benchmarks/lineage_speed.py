"""Time `ctaudit trace` and `blast-radius` of the busiest role on a store: `lineage_speed.py STORE`, cold processes.

The store is only read; `ingest.py --part growth` tells how one of ten million events is made.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb
from measure import alternate, ctaudit, median

FLOOR = "import duckdb"
_ROLE = "useridentity.sessioncontext.sessionissuer.arn"
_BUSIEST = f"SELECT {_ROLE} AS role, count(*) AS n FROM events WHERE {_ROLE} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1"
_SESSION = (
    "SELECT eventid, useridentity.accesskeyid, useridentity.arn FROM events "
    f"WHERE {_ROLE} = ? AND useridentity.invokedby IS NULL ORDER BY eventid"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ctaudit", metavar="COMMAND", help="another build to measure")
    given = parser.parse_args()
    program = ctaudit(given.ctaudit)
    with duckdb.connect() as connection:
        files = str(given.store / "events" / "*" / "*.parquet")
        connection.execute(f"CREATE VIEW events AS FROM read_parquet('{files}', hive_partitioning = false)")
        ((role, calls),) = connection.execute(f"{_BUSIEST} LIMIT 1").fetchall()
        ((event, key, session),) = connection.execute(f"{_SESSION} LIMIT 1", [role]).fetchall()
        ((total,),) = connection.execute("SELECT count(*) FROM events").fetchall()
    print(f"{total:,} events, {calls:,} of them by {role}")
    asked = [("trace", event), ("trace", key), ("trace", session), ("blast-radius", key), ("blast-radius", role)]
    commands = {f"{name} {what}": [*program, name, what, "--store", str(given.store)] for name, what in asked}
    floor = {FLOOR: [sys.executable, "-c", FLOOR]}
    for name, costs in alternate(floor | commands, given.runs, allowed=(0, 3)).items():
        cost, least = median(costs), min(each.wall for each in costs)
        print(f"{name}: {cost.wall:.2f} s wall (least {least:.2f}), {cost.cpu:.2f} s CPU, {cost.peak / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
