"""Write a synthetic CloudTrail corpus shaped like an organization's bucket: `python benchmarks/corpus.py DIR`.

The same arguments give the same bytes. What decides a benchmark is kept as in real trails: sessions repeat from call
to call, ids and request ids are random, a few calls make up most events, and some records hold undeclared fields.
"""

from __future__ import annotations

import argparse
import gzip
import math
import os
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import accumulate, islice
from pathlib import Path

import orjson
from records import LOST_BUCKET, Recorder, record_of_loss
from sessions import Place, token

REGIONS = ("us-east-1", "eu-west-1", "us-west-2", "eu-central-1", "ap-southeast-2")
ACCOUNTS = tuple(f"{number:012d}" for number in (12345678901, *range(111122223333, 888899990000, 111111111111)))
ORGANIZATION = "o-benchmark01"
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 31
TINY = (100_000, 20_000)
"""Events and files of the shape `tiny`: what a quiet organization delivers."""
STRANGE = 0.02
LEVEL = 6
"""CloudTrail's own files are about as small as this level makes them."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a corpus holds; written beside its folder when it is complete."""

    events: int
    files: int
    seed: int
    even: bool
    """Whether all files hold the same number of events."""
    strange: float
    """Share of records with a field that no published schema declares."""
    days: int = DAYS
    accounts: int = len(ACCOUNTS)
    regions: int = len(REGIONS)
    crowd: int = 1
    """How many times as many users and roles each account has as usual."""
    rhythm: bool = False
    """Whether nights and weekends are quieter."""
    json_bytes: int = 0
    gzip_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _File:
    index: int
    place: Place
    delivered: datetime
    events: int


def ensure(
    folder: Path, events: int, files: int, seed: int = 7, *, even: bool = False, strange: float = STRANGE
) -> Corpus:
    """Return the usual corpus in `folder`, written now unless a complete one with these arguments is there."""
    return written(folder, Corpus(events, files, seed, even, strange))


def written(folder: Path, wanted: Corpus) -> Corpus:
    """Return the corpus in `folder`, written now unless exactly this one is there."""
    manifest = folder.parent / f"{folder.name}.json"
    if manifest.exists():
        there = Corpus(**orjson.loads(manifest.read_bytes()))
        if replace(there, json_bytes=0, gzip_bytes=0) == wanted:
            return there
    if folder.exists() and any(folder.iterdir()):
        sys.exit(f"{folder} holds something else: remove it first")
    plan = _plan(wanted)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        shares = [plan[start : start + 64] for start in range(0, len(plan), 64)]
        sizes = list(pool.map(partial(_write_files, folder, wanted), shares))
    corpus = replace(wanted, json_bytes=sum(size[0] for size in sizes), gzip_bytes=sum(size[1] for size in sizes))
    manifest.write_bytes(orjson.dumps(asdict(corpus)))
    return corpus


def _plan(corpus: Corpus) -> list[_File]:
    """Share the events among files: busy accounts and regions get more and, unless all are even, larger files."""
    rng = random.Random(f"{corpus.seed}:plan")
    accounts, regions = range(corpus.accounts), range(corpus.regions)
    places = [Place(ACCOUNTS[account], REGIONS[region]) for account in accounts for region in regions]
    weights = [1 / (1 + account) ** 0.6 / (1 + region) ** 0.8 for account in accounts for region in regions]
    chosen = rng.choices(places, weights, k=corpus.files)
    loads = list(accumulate(1.0 if corpus.even else rng.lognormvariate(0, 0.6) for _ in range(corpus.files)))
    ends = [round(corpus.events * load / loads[-1]) for load in loads]
    minutes = sorted(_minute(corpus, rng) for _ in range(corpus.files))
    return [
        _File(index, chosen[index], FIRST_DAY + timedelta(minutes=minutes[index]), end - start)
        for index, (start, end) in enumerate(zip([0, *ends], ends, strict=False))
    ]


def _minute(corpus: Corpus, rng: random.Random) -> int:
    """Return when a file is delivered, in minutes since the first day began."""
    while True:
        minute = rng.randrange(20, corpus.days * 24 * 60)
        if not corpus.rhythm or rng.random() < _busyness(minute):
            return minute


def _busyness(minute: int) -> float:
    """Return how busy a minute is, in shares of the busiest: midnight has a quarter, weekends two fifths."""
    day, within = divmod(minute, 24 * 60)
    weekend = (FIRST_DAY + timedelta(days=day)).weekday() >= 5
    return (0.4 if weekend else 1) * (0.625 - 0.375 * math.cos(2 * math.pi * within / (24 * 60)))


def _write_files(folder: Path, corpus: Corpus, files: list[_File]) -> tuple[int, int]:
    unpacked = packed = 0
    for file in files:
        rng = random.Random(f"{corpus.seed}:file:{file.index}")
        text = orjson.dumps({"Records": _records(file, corpus, rng)})
        data = gzip.compress(text, LEVEL, mtime=0)
        path = folder / _path(file, rng)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        unpacked += len(text)
        packed += len(data)
    return unpacked, packed


def _records(file: _File, corpus: Corpus, rng: random.Random) -> list[object]:
    recorder = _recorder(corpus.seed, file.place, file.delivered.date().toordinal(), corpus.strange, corpus.crowd)
    records: list[object] = list(islice(recorder.records(file.delivered, rng), file.events))
    if file.index == 0 and records:
        records[len(records) // 2] = record_of_loss(recorder, file.delivered, rng)
    return records


@cache
def _recorder(seed: int, place: Place, day: int, strange: float, crowd: int) -> Recorder:
    return Recorder(seed, place, day, strange, crowd)


def _path(file: _File, rng: random.Random) -> Path:
    account, region = file.place.account, file.place.region
    name = f"{account}_CloudTrail_{region}_{file.delivered:%Y%m%dT%H%MZ}_{token(rng, 16)}.json.gz"
    return Path("AWSLogs", ORGANIZATION, account, "CloudTrail", region, f"{file.delivered:%Y/%m/%d}", name)


def main() -> None:
    parser = argparse.ArgumentParser(description=f"Write a CloudTrail corpus; {LOST_BUCKET} is deleted in it.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--files", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--shape", choices=("usual", "tiny"), default="usual", help="tiny: 20,000 files of 5 events")
    parser.add_argument("--strange", type=float, default=STRANGE, help="share of records with undeclared fields")
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--accounts", type=int, default=len(ACCOUNTS))
    parser.add_argument("--regions", type=int, default=len(REGIONS))
    parser.add_argument("--crowd", type=int, default=1, help="how many times as many users and roles as usual")
    parser.add_argument("--rhythm", action="store_true", help="quieter nights and weekends")
    given = parser.parse_args()
    tiny = given.shape == "tiny"
    events, files = TINY if tiny else (given.events, given.files)
    shape = (given.days, given.accounts, given.regions, given.crowd, given.rhythm)
    print(written(given.folder, Corpus(events, files, given.seed, tiny, given.strange, *shape)))


if __name__ == "__main__":
    main()
