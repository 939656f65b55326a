"""Read at least a million odd and damaged files and hold each to a plain JSON parser: `python benchmarks/fuzz.py`.

Of each input, by ids and counts: no exception; every record that `json` of the standard library finds in the text, in
each line, or whole before the first damage, is a row; when the text is sound there is no other row; when it is not, a
fault says so; reading it again gives the same. Of one file in `--sample`, value by value: each row gives its record
back, null-valued keys aside. Files are read into tables by the hundred, as an ingest does.

Told in another way than by a row, and allowed: records in more wrappers than the limit, or deeper than the limit.
Prints the counts; exits with 1 when a failure was found, after printing its bytes as Python writes them.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from functools import partial

from fuzz_check import Failure, Tally
from fuzz_engines import TARGETS, by_atheris, by_hypothesis, generated, has_atheris, timed

MOST_FAILURES = 20
"""Failures printed; the last line says how many there were."""
MOST_BYTES = 2048
"""Bytes printed of one failure."""


def main() -> None:
    given = _arguments()
    targets = [given.target] if given.target else list(TARGETS)
    print(f"seed {given.seed}; one file in {given.sample} of `generated` is compared value by value, of the others all")
    print("| target | engine | inputs | inputs/s | sound | rows | rows compared | failures |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    failures: list[Failure] = []
    total = 0
    for name, engine, run in _engines(given, targets):
        tally, seconds = timed(run)
        _print_row(name, engine, tally, seconds)
        failures += tally.failures
        total += tally.inputs
    if given.atheris_seconds and not has_atheris():
        print("atheris was left out: it cannot be imported here")
    print(f"{total:,} inputs, {len(failures)} failures")
    for failure in failures[:MOST_FAILURES]:
        cut = f"  # the first {MOST_BYTES} of {len(failure.data)} bytes" if len(failure.data) > MOST_BYTES else ""
        print(f"\n{failure.complaint}\n{failure.data[:MOST_BYTES]!r}{cut}")
    sys.exit(1 if failures else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="of our own generator, in all")
    parser.add_argument("--hypothesis", type=int, default=3000, help="inputs of hypothesis, for each target")
    parser.add_argument("--atheris-seconds", type=int, default=60, help="for each target; 0 leaves atheris out")
    parser.add_argument("--sample", type=int, default=50, help="compare one file in so many value by value")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes of the generator's part")
    parser.add_argument("--target", choices=TARGETS)
    return parser.parse_args()


def _engines(given: argparse.Namespace, targets: list[str]) -> list[tuple[str, str, partial[Tally]]]:
    found: list[tuple[str, str, partial[Tally]]] = []
    for number, target in enumerate(targets):
        count = given.inputs * (number + 1) // len(targets) - given.inputs * number // len(targets)
        if given.hypothesis:
            found.append((target, "hypothesis", partial(by_hypothesis, target, given.seed, given.hypothesis)))
        if given.atheris_seconds and has_atheris():
            found.append((target, "atheris", partial(by_atheris, target, given.seed, given.atheris_seconds)))
        if count:
            found.append((target, "generated", partial(generated, target, given.seed, count, given.sample, given.jobs)))
    return found


def _print_row(target: str, engine: str, tally: Tally, seconds: float) -> None:
    counted = tally.exact, tally.rows, tally.compared
    detail = [f"{each:,}" if tally.rows else "" for each in counted]
    cells = [target, engine, f"{tally.inputs:,}", f"{tally.inputs / seconds:,.0f}", *detail, str(len(tally.failures))]
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
