"""Time questions on a day read in 300 ingests beside the same files read in one: `python benchmarks/upkeep.py`.

The records of one day of the corpus, in order of time, in as many files as there are five minutes in a day, roughly.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path

import duckdb
import orjson
from corpus import ensure
from measure import WORK, Cost, alternate, ctaudit, median, ratios, run
from sessions import LOOSE_USER

DAY = "2026-01-05"
SQL = "SELECT eventname, count(*) AS n FROM cloudtrail_logs GROUP BY ALL ORDER BY ALL"
QUESTIONS = {
    "timeline --limit 50": ["timeline", "--limit", "50"],
    "what-did USER": ["what-did", LOOSE_USER],
    "query, counts by name": ["query", "--dialect", "duckdb", SQL],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK, help="folder for the corpus and the stores")
    parser.add_argument("--events", type=int, default=300_000, help="events of the corpus, which has 31 days")
    parser.add_argument("--ingests", type=int, default=300)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--ctaudit", metavar="COMMAND", help="another build to measure")
    given = parser.parse_args()
    program = ctaudit(given.ctaudit)
    files = _day(given.work, given.events, given.ingests)
    once, often = given.work / "upkeep-once", given.work / "upkeep-often"
    for store in (once, often):
        shutil.rmtree(store, ignore_errors=True)
    costs = {"one ingest": [_ingest(program, once, files)], "": [_ingest(program, often, [file]) for file in files]}
    kept = given.work / "upkeep-compacted"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(often, kept)
    run([*program, "compact", "--store", str(kept)])
    _tell_stores({"one ingest": once, f"{len(files)} ingests": often, "the same, ctaudit compact": kept})
    _tell_ingests(costs["one ingest"][0], costs[""])
    _tell_questions(program, once, {f"{len(files)} ingests": often, "compacted": kept}, given.runs)


def _day(work: Path, events: int, count: int) -> list[Path]:
    """Write the day's records into `count` files."""
    corpus, folder = work / f"corpus-{events}-1024-7-0.02", work / f"day-{events}-{count}"
    ensure(corpus, events, 1024)
    if not folder.exists():
        records = [
            record
            for path in sorted(corpus.rglob("*.json.gz"))
            for record in orjson.loads(gzip.decompress(path.read_bytes()))["Records"]
            if record["eventTime"].startswith(DAY)
        ]
        records.sort(key=lambda record: (record["eventTime"], record["eventID"]))
        folder.mkdir()
        for number in range(count):
            part = records[number * len(records) // count : (number + 1) * len(records) // count]
            (folder / f"{number:04}.json.gz").write_bytes(gzip.compress(orjson.dumps({"Records": part})))
    return sorted(folder.iterdir())


def _ingest(program: Sequence[str], store: Path, files: Sequence[Path]) -> Cost:
    return run([*program, "ingest", *map(str, files), "--store", str(store), "--quiet"])


def _tell_stores(stores: dict[str, Path]) -> None:
    print("| store | events | segments | their kB | catalog kB | files with those that were replaced |")
    print("|---|---|---|---|---|---|")
    for name, store in stores.items():
        with duckdb.connect(str(store / "ctaudit.duckdb"), read_only=True) as connection:
            rows = connection.execute("SELECT sum(rows), count(*), sum(bytes) FROM segments").fetchall()[0]
        catalog = (store / "ctaudit.duckdb").stat().st_size
        files = sum(1 for path in store.glob("events/date=2*/*.parquet"))
        print(f"| {name} | {rows[0]:,} | {rows[1]} | {rows[2] / 1e3:.0f} | {catalog / 1e3:.0f} | {files} |")


def _tell_ingests(once: Cost, often: Sequence[Cost]) -> None:
    first, last = often[: len(often) // 10], often[-len(often) // 10 :]
    print(f"\none ingest: {once.wall:.2f} s wall, {once.cpu:.2f} s CPU")
    for name, costs in (("first tenth", first), ("last tenth", last), ("all", often)):
        wall, cpu = (statistics.median(values) for values in zip(*((c.wall, c.cpu) for c in costs), strict=True))
        slowest = max(cost.wall for cost in costs)
        print(f"{len(costs)} ingests, {name}: median {wall:.2f} s wall, {cpu:.2f} s CPU; slowest {slowest:.2f} s")


def _tell_questions(program: Sequence[str], once: Path, others: dict[str, Path], runs: int) -> None:
    print("\n| question | store | wall ms | CPU ms | wall / one ingest | CPU / one ingest |\n|---|---|---|---|---|---|")
    for name, question in QUESTIONS.items():
        stores = {"one ingest": once, **others}
        costs = alternate({key: [*program, *question, "--store", str(store)] for key, store in stores.items()}, runs)
        for key, each in costs.items():
            cost, (wall, cpu) = median(each), ratios(each, costs["one ingest"])
            print(f"| {name} | {key} | {cost.wall * 1e3:.0f} | {cost.cpu * 1e3:.0f} | **{wall:.2f}** | {cpu:.2f} |")


if __name__ == "__main__":
    main()
