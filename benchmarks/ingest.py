"""Time `ctaudit ingest` beside other ways to the same columns on the same files: `python benchmarks/ingest.py`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import by_hand
import duckdb
from corpus import TINY, Corpus, ensure
from measure import WORK, Cost, ctaudit, median, ratios, run

OURS = "ctaudit"
CHDB = "chdb"
PEERS = {
    "folders": "DuckDB SQL, folders by account, region, date",
    "date": "DuckDB SQL, folders by date",
    CHDB: "ClickHouse SQL (chdb), one file",
}
HERE = Path(__file__).parent

_CHECKS = {
    "rows": "count(*)",
    "event ids": "count(DISTINCT eventid)",
    "span": "min(eventtime) || '/' || max(eventtime)",
    "texts": """sum(hash(eventid, eventtime, eventsource, eventname, awsregion, sourceipaddress, useragent, errorcode,
        errormessage, requestid, eventtype, recipientaccountid, sharedeventid, eventcategory)::HUGEINT)""",
    "flags": "sum(hash(eventid, readonly, managementevent)::HUGEINT)",
    "nested": """sum(hash(eventid, useridentity.type, useridentity.arn, useridentity.sessioncontext.sessionissuer.arn,
        tlsdetails.ciphersuite, len(resources), resources[1].arn)::HUGEINT)""",
    "json": """sum(hash(eventid, requestparameters::JSON::VARCHAR, responseelements::JSON::VARCHAR,
        additionaleventdata::JSON::VARCHAR)::HUGEINT)""",
    "partitions": "sum(hash(account, region, date)::HUGEINT)",
}
"""Asked of our result and of DuckDB's; the answers must be equal. Hashes are summed: the order of rows is free. Of
chdb's, which writes absent texts as empty ones, only the number of rows is compared."""


@dataclass(frozen=True, slots=True)
class Result:
    costs: tuple[Cost, ...]
    """Of each round."""
    bytes: int
    files: int


def main() -> None:
    given = _arguments()
    given.work.mkdir(parents=True, exist_ok=True)
    tiny = given.shape == "tiny"
    events, files = TINY if tiny else (given.events, given.files)
    folder, corpus = _corpus(given, events, files, even=tiny)
    program = ctaudit(given.ctaudit)
    if given.part == "compare":
        results = _compare(program, folder, given)
        print(_report(corpus, results))
        if given.floor:
            print(_floor(corpus, results[OURS], folder, given))
        _check(given.work, list(results))
    elif given.part == "workers":
        print(_workers(program, corpus, folder, given))
    else:
        larger = _corpus(given, 10 * events, 10 * files, even=tiny)
        print(_growth(program, {folder: corpus, larger[0]: larger[1]}, given))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("compare", "workers", "growth"), default="compare")
    parser.add_argument("--work", type=Path, default=WORK, help="folder for corpora and results")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--strange", type=float, default=0.02, help="share of records with undeclared fields")
    parser.add_argument("--shape", choices=("usual", "tiny"), default="usual", help="tiny: 20,000 files of 5 events")
    parser.add_argument("--peer", choices=tuple(PEERS), action="append", help="default: all")
    parser.add_argument("--peers-python", default=sys.executable, help="an interpreter that has chdb and pysimdjson")
    parser.add_argument("--no-floor", dest="floor", action="store_false", help="leave the floor out")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ctaudit", metavar="COMMAND", help="another build to measure")
    given = parser.parse_args()
    given.peer = given.peer or list(PEERS)
    return given


def _corpus(given: argparse.Namespace, events: int, files: int, *, even: bool) -> tuple[Path, Corpus]:
    folder = given.work / f"corpus-{events}-{files}-{given.seed}-{given.strange}"
    return folder, ensure(folder, events, files, given.seed, even=even, strange=given.strange)


def _compare(program: Sequence[str], corpus: Path, given: argparse.Namespace) -> dict[str, Result]:
    """Run all in turn, each into a fresh folder; the last results stay for the checks."""
    commands = {OURS: _ingest(program, corpus, _out(OURS, given.work))}
    for peer in given.peer:
        out = str(_out(peer, given.work))
        script = [sys.executable, str(HERE / "by_hand.py"), str(corpus), out, peer]
        if peer == CHDB:
            threads = str(len(os.sched_getaffinity(0)))
            script = [given.peers_python, str(HERE / "by_chdb.py"), str(corpus), out, threads]
        commands[peer] = script
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(given.runs):
        for name, command in commands.items():
            shutil.rmtree(_out(name, given.work), ignore_errors=True)
            costs[name].append(run(command))
    return {name: _result(costs[name], _out(name, given.work)) for name in commands}


def _ingest(program: Sequence[str], corpus: Path, store: Path, *options: str) -> list[str]:
    return [*program, "ingest", str(corpus), "--store", str(store), "--quiet", *options]


def _out(name: str, work: Path) -> Path:
    return work / f"result-{name}"


def _result(costs: Sequence[Cost], out: Path) -> Result:
    made = [path for path in out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in made)
    return Result(tuple(costs), size, len(made))


def _about(corpus: Corpus) -> str:
    return (
        f"{corpus.events:,} events, {corpus.files:,} files, {corpus.json_bytes / 1e6:.0f} MB JSON, "
        f"{corpus.gzip_bytes / 1e6:.1f} MB gzip, {corpus.strange:.0%} with undeclared fields, seed {corpus.seed}\n"
    )


def _row(name: str, corpus: Corpus, result: Result) -> str:
    cost = median(result.costs)
    walls = ", ".join(f"{each.wall:.1f}" for each in result.costs)
    cpus = ", ".join(f"{each.cpu:.1f}" for each in result.costs)
    return (
        f"| {name} | {cost.wall:.1f} ({walls}) | {cost.cpu:.1f} ({cpus}) | {corpus.events / cost.wall:,.0f} "
        f"| {cost.family / 1e6:.0f} | {result.bytes / 1e6:.1f} | {result.bytes / corpus.gzip_bytes:.2f} "
        f"| {result.files:,} |"
    )


_HEAD = [
    "| | wall s (rounds) | CPU s (rounds) | events/s | memory MB | stored MB | stored / gzip | files |",
    "|---|---|---|---|---|---|---|---|",
]


def _report(corpus: Corpus, results: dict[str, Result]) -> str:
    lines = [_about(corpus), *_HEAD]
    lines += [_row(PEERS.get(name, name), corpus, result) for name, result in results.items()]
    ours = results[OURS]
    lines += ["", "| peer / ctaudit | wall, median of rounds | CPU, median of rounds | stored |", "|---|---|---|---|"]
    for name, peer in results.items():
        if name != OURS:
            wall, cpu = ratios(peer.costs, ours.costs)
            lines.append(f"| {PEERS[name]} | **{wall:.1f}** | {cpu:.1f} | {peer.bytes / ours.bytes:.2f} |")
    return "\n".join(lines)


def _floor(corpus: Corpus, ours: Result, folder: Path, given: argparse.Namespace) -> str:
    """Run the floor as often as all else, and compare CPU alone: it is one thread."""
    command = [given.peers_python, str(HERE / "floor.py"), str(folder), str(_out(OURS, given.work))]
    found = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(given.runs)]
    steps = sorted(found, key=lambda each: sum(each.values()))[len(found) // 2]
    floor, cpu = sum(steps.values()), median(ours.costs).cpu
    shown = ", ".join(f"{name} {seconds:.2f}" for name, seconds in steps.items())
    return f"\nFloor: {floor:.1f} CPU s ({shown}); ctaudit / floor: **{cpu / floor:.2f}**"


def _workers(program: Sequence[str], corpus: Corpus, folder: Path, given: argparse.Namespace) -> str:
    lines = [_about(corpus), *_HEAD]
    costs: dict[int, list[Cost]] = {1: [], 2: [], 4: []}
    out = _out(OURS, given.work)
    for _ in range(given.runs):
        for jobs, spent in costs.items():
            shutil.rmtree(out, ignore_errors=True)
            spent.append(run(_ingest(program, folder, out, "--jobs", str(jobs))))
    lines += [_row(f"--jobs {jobs}", corpus, _result(spent, out)) for jobs, spent in costs.items()]
    lines += ["", "| | CPU s of the first process (rounds) | share of all |", "|---|---|---|"]
    for jobs, spent in costs.items():
        middle = median(spent)
        rounds = ", ".join(f"{each.own:.2f}" for each in spent)
        lines.append(f"| --jobs {jobs} | {middle.own:.2f} ({rounds}) | {middle.own / middle.cpu:.0%} |")
    return "\n".join(lines)


def _growth(program: Sequence[str], corpora: dict[Path, Corpus], given: argparse.Namespace) -> str:
    lines = _HEAD
    out = _out(OURS, given.work)
    spent: list[Cost] = []
    for folder, corpus in corpora.items():
        shutil.rmtree(out, ignore_errors=True)
        spent.append(run(_ingest(program, folder, out)))
        lines = [*lines, _row(f"{corpus.events:,} events", corpus, _result(spent[-1:], out))]
    less, more = spent
    return "\n".join([*lines, f"\nTen times the events: {more.wall / less.wall:.1f} × the time, "
                      f"{more.cpu / less.cpu:.1f} × the CPU"])  # fmt: skip


def _check(work: Path, names: Sequence[str]) -> None:
    """Compare the results; exits when they differ."""
    answers: dict[str, tuple[object, ...]] = {}
    for name in names:
        database, relation = _source(name, work)
        checks = ["count(*)"] if name == CHDB else list(_CHECKS.values())
        with duckdb.connect(database or ":memory:", read_only=database is not None) as connection:
            answers[name] = connection.execute(f"SELECT {', '.join(checks)} FROM {relation}").fetchone() or ()
    for name, answer in answers.items():
        for check, one, other in zip(_CHECKS, answers[OURS], answer, strict=False):
            if one != other:
                sys.exit(f"{name} differs in {check}")
    print(f"\nEqual in DuckDB's and ours: {', '.join(_CHECKS)}; in chdb's: rows.")


def _source(name: str, work: Path) -> tuple[str | None, str]:
    """Return the database to open and the relation in it that holds a result's rows."""
    if name == OURS:
        return str(_out(name, work) / "ctaudit.duckdb"), "cloudtrail_logs"
    if name == CHDB:
        return None, f"read_parquet('{_out(name, work)}/events.parquet')"
    types = ", ".join(f"'{key}': VARCHAR" for key in by_hand.LAYOUTS[name].split(", "))
    return None, f"read_parquet('{_out(name, work)}/**/*.parquet', hive_partitioning = true, hive_types = {{{types}}})"


if __name__ == "__main__":
    main()
