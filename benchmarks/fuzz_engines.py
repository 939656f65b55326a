"""What makes the inputs of a fuzz run: our own generator, hypothesis, and atheris where it can be imported."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from fuzz_check import Failure, Tally, alone, check, smaller
from fuzz_inputs import Source
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.records.json_values import VALUES, spell
from tests.records.json_values import records as any_records
from tests.records.test_mutated import MUTATIONS, PACKED, TEXTS, mutated

TARGETS = ("records", "envelopes", "gzip")
SHARE = 5000
"""Inputs of one seed: the same whatever the number of processes."""
BATCH = 250
"""Inputs that share one table, as files share a segment."""
MOST_SHOWN = 3
"""Failures of one share that are made small: each takes seconds."""


@dataclass(frozen=True, slots=True)
class Share:
    target: str
    seed: str
    count: int
    sample: int


def generated(target: str, seed: int, count: int, sample: int, jobs: int) -> Tally:
    """Read `count` inputs of our own generator."""
    sizes = [min(SHARE, count - start) for start in range(0, count, SHARE)]
    shares = [Share(target, f"{seed}:{target}:{number}", size, sample) for number, size in enumerate(sizes)]
    if jobs == 1:
        return _summed(map(run_share, shares), target, count)
    with ProcessPoolExecutor(jobs) as pool:
        return _summed(pool.map(run_share, shares), target, count)


def _summed(tallies: Iterable[Tally], target: str, count: int) -> Tally:
    total = Tally()
    for tally in tallies:
        total.add(tally)
        first = f"; the last: {tally.failures[0]}"[:3000] if total.failures and tally.failures else ""
        said = f"{target}: {total.inputs:,} of {count:,} inputs, {len(total.failures)} failures{first}"
        print(said, file=sys.stderr, flush=True)
    return total


def run_share(share: Share) -> Tally:
    tally = Tally()
    inputs = Source(share.target, share.seed).inputs(share.count)
    while batch := list(islice(inputs, BATCH)):
        check(batch, share.sample, tally)
    tally.failures = [
        smaller(failure) if number < MOST_SHOWN and failure.data else failure
        for number, failure in enumerate(tally.failures)
    ]
    return tally


def _texts(target: str) -> st.SearchStrategy[bytes]:
    if target == "gzip":
        return st.builds(mutated, st.sampled_from(PACKED), st.lists(MUTATIONS, max_size=3))
    log = st.builds(lambda records: spell({"Records": records}), st.lists(any_records(), min_size=1, max_size=6))
    if target == "records":
        return log.map(str.encode)
    record: st.SearchStrategy[Any] = any_records() | any_records(violations=False)
    wrapped = st.recursive(record, _wrapped, max_leaves=5).map(lambda value: spell(value).encode())
    return st.builds(mutated, wrapped | st.sampled_from(TEXTS), st.lists(MUTATIONS, max_size=2))


def _wrapped(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, max_size=3)
    return st.one_of(
        several.map(lambda values: {"Records": values}),
        several,
        several.map(lambda values: {"Events": [{"CloudTrailEvent": spell(value)} for value in values]}),
        several.map(lambda values: {"logEvents": [{"message": spell(value)} for value in values]}),
        inner.map(lambda value: {"detail-type": "AWS API Call via CloudTrail", "detail": value}),
        st.builds(lambda value, other: {"data": value, "other": other}, inner, VALUES),
    )


def by_hypothesis(target: str, given_seed: int, count: int) -> Tally:
    """Read `count` inputs of the tests' strategies, each compared value by value; hypothesis makes failures small."""
    tally = Tally()
    found: list[Failure] = []

    @seed(given_seed)
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck),
              phases=(Phase.generate, Phase.shrink))  # fmt: skip
    @given(_texts(target))
    def one(data: bytes) -> None:
        tally.inputs += 1
        failure = alone(data, tally)
        if failure is not None:
            found.append(failure)
        assert failure is None, "told below"

    try:
        one()
    except AssertionError:
        tally.failures = found[-1:]
    return tally


def has_atheris() -> bool:
    return importlib.util.find_spec("atheris") is not None


def by_atheris(target: str, seed: int, seconds: int) -> Tally:
    """Let atheris search for some seconds in a process of its own; raises RuntimeError when that ends early."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(__file__).with_name("fuzz_guided.py")
        command = [sys.executable, str(script), target, str(seed % 2**31 or 1), str(seconds), folder]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        runs = re.search(r"^Done (\d+) runs", done.stderr, re.MULTILINE)
        crashes = [path for pattern in ("crash-*", "timeout-*", "oom-*") for path in Path(folder).glob(pattern)]
        tally.failures = [Failure(path.read_bytes(), f"ended the process: {path.name[:8]}") for path in crashes]
        noted = Path(folder) / "failures.json"
        if noted.exists():
            found = [Failure(bytes.fromhex(data), complaint) for data, complaint in json.loads(noted.read_text())]
            tally.failures += [*map(smaller, found[:MOST_SHOWN]), *found[MOST_SHOWN:]]
        if runs is None and not crashes:
            raise RuntimeError(f"atheris ended without a count:\n{done.stderr[-2000:]}")
    tally.inputs = int(runs[1]) if runs else 0
    return tally


def timed(engine: partial[Tally]) -> tuple[Tally, float]:
    started = time.perf_counter()
    tally = engine()
    return tally, time.perf_counter() - started
