"""Time `ctaudit ingest` beside hand-written DuckDB SQL on the same files: `python benchmarks/ingest.py`."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import by_hand
import duckdb
from corpus import TINY, Corpus, ensure
from measure import WORK, Cost, ctaudit, median, ratios, run

OURS = "ctaudit"

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
"""Asked of both results; the answers must be equal. Hashes are summed, so that the order of rows does not matter."""


@dataclass(frozen=True, slots=True)
class Result:
    costs: tuple[Cost, ...]
    """Of each round."""
    bytes: int
    files: int


def main() -> None:
    given = _arguments()
    tiny = given.shape == "tiny"
    events, files = TINY if tiny else (given.events, given.files)
    folder = given.work / f"corpus-{events}-{files}-{given.seed}-{given.strange}"
    given.work.mkdir(parents=True, exist_ok=True)
    corpus = ensure(folder, events, files, given.seed, even=tiny, strange=given.strange)
    results = _compare(ctaudit(given.ctaudit), folder, given.work, given.layout, given.runs)
    print(_report(corpus, results))
    differing = _differences({name: _source(name, given.work) for name in results})
    if differing:
        sys.exit(f"the results differ in: {', '.join(differing)}")
    print(f"\nEqual in both: {', '.join(_CHECKS)}.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK, help="folder for corpora and results")
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--files", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--strange", type=float, default=0.02, help="share of records with undeclared fields")
    parser.add_argument("--shape", choices=("usual", "tiny"), default="usual", help="tiny: 20,000 files of 5 events")
    parser.add_argument("--layout", choices=tuple(by_hand.LAYOUTS), action="append", help="of the SQL; default: all")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ctaudit", metavar="COMMAND", help="another build to measure")
    given = parser.parse_args()
    given.layout = given.layout or list(by_hand.LAYOUTS)
    return given


def _compare(program: Sequence[str], corpus: Path, work: Path, layouts: Sequence[str], runs: int) -> dict[str, Result]:
    """Run all in turn, `runs` times, each into a fresh folder; the last results stay for the checks."""
    commands = {OURS: [*program, "ingest", str(corpus), "--store", str(_out(OURS, work)), "--quiet"]}
    script = str(Path(by_hand.__file__))
    for layout in layouts:
        commands[layout] = [sys.executable, script, str(corpus), str(_out(layout, work)), layout]
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            shutil.rmtree(_out(name, work), ignore_errors=True)
            costs[name].append(run(command))
    return {name: _result(costs[name], _out(name, work)) for name in commands}


def _out(name: str, work: Path) -> Path:
    return work / f"result-{name}"


def _result(costs: Sequence[Cost], out: Path) -> Result:
    made = [path for path in out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in made)
    return Result(tuple(costs), size, len(made))


def _report(corpus: Corpus, results: dict[str, Result]) -> str:
    lines = [
        f"{corpus.events:,} events, {corpus.files:,} files, {corpus.json_bytes / 1e6:.0f} MB JSON, "
        f"{corpus.gzip_bytes / 1e6:.1f} MB gzip, {corpus.strange:.0%} with undeclared fields, seed {corpus.seed}\n",
        "| | wall s (rounds) | CPU s (rounds) | events/s | largest process MB | stored MB | stored / gzip | files |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        shown = name if name == OURS else f"by hand, {by_hand.LAYOUTS[name]}"
        cost = median(result.costs)
        walls = ", ".join(f"{each.wall:.1f}" for each in result.costs)
        cpus = ", ".join(f"{each.cpu:.1f}" for each in result.costs)
        lines.append(
            f"| {shown} | {cost.wall:.1f} ({walls}) | {cost.cpu:.1f} ({cpus}) "
            f"| {corpus.events / cost.wall:,.0f} | {cost.peak / 1e6:.0f} | {result.bytes / 1e6:.1f} "
            f"| {result.bytes / corpus.gzip_bytes:.2f} | {result.files:,} |"
        )
    ours = results[OURS]
    lines += [
        "",
        "| ctaudit / by hand | wall, median of rounds | CPU, median of rounds | stored |",
        "|---|---|---|---|",
    ]
    for name, peer in results.items():
        if name != OURS:
            wall, cpu = ratios(ours.costs, peer.costs)
            lines.append(f"| {by_hand.LAYOUTS[name]} | {wall:.2f} | {cpu:.2f} | {ours.bytes / peer.bytes:.2f} |")
    return "\n".join(lines)


def _source(name: str, work: Path) -> tuple[str | None, str]:
    """Return the database to open and the relation in it that holds a result's rows."""
    if name == OURS:
        return str(_out(name, work) / "ctaudit.duckdb"), "cloudtrail_logs"
    types = ", ".join(f"'{key}': VARCHAR" for key in by_hand.LAYOUTS[name].split(", "))
    return None, f"read_parquet('{_out(name, work)}/**/*.parquet', hive_partitioning = true, hive_types = {{{types}}})"


def _differences(sources: dict[str, tuple[str | None, str]]) -> list[str]:
    """Return the checks whose answers differ between the results."""
    answers = []
    for database, relation in sources.values():
        with duckdb.connect(database or ":memory:", read_only=database is not None) as connection:
            row = connection.execute(f"SELECT {', '.join(_CHECKS.values())} FROM {relation}").fetchone()
        answers.append(row or ())
    return [name for name, *values in zip(_CHECKS, *answers, strict=True) if len(set(values)) > 1]


if __name__ == "__main__":
    main()
