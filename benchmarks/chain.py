"""Write a signed CloudTrail chain as the mirror of its bucket: `python benchmarks/chain.py DIR`.

The same arguments give the same bytes, keys included. Every log file has a content of its own, but only its last record
is new: the others come from a few hundred bodies that are made and packed once, or the writing would take minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import random
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

import orjson
from corpus import ACCOUNTS, FIRST_DAY, LEVEL, REGIONS, STRANGE
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from records import Recorder
from sessions import Json, Place, stamp, token, uuid

from tests.trail.bucket import Bucket
from tests.trail.digests import LogEntry, compose, link, store
from tests.trail.signing import SigningKey, public_key_list
from tests.trail.trail import HOUR, Trail

ACCOUNT = ACCOUNTS[0]
BUCKET = "benchmark-trail-logs"
TRAIL = Trail("benchmark-trail", bucket=Bucket(BUCKET), keys={})
"""Names the digests; what it would remember is not used."""
ARN = f"arn:aws:cloudtrail:{TRAIL.home}:{ACCOUNT}:trail/{TRAIL.name}"
_BODY_RECORDS = 6400
"""A region's distinct bodies hold this many records together: 64 bodies of 100."""
_SPAN = timedelta(minutes=15)
"""Events of a file lie this long before its delivery at most."""
_EXPONENT = 65537
_SMALL_PRIMES = math.prod(n for n in range(3, 2000, 2) if all(n % d for d in range(3, n, 2)))


@dataclass(frozen=True, slots=True)
class Mirror:
    """What a mirror holds; written beside its folder when it is complete."""

    logs: int
    events: int
    """Records in each log file."""
    days: int
    regions: int
    seed: int
    json_bytes: int = 0
    """Of the log files, unpacked."""
    gzip_bytes: int = 0

    @property
    def digests(self) -> int:
        return self.days * 24 * self.regions

    @property
    def until(self) -> datetime:
        """The end of the newest digest's window."""
        return FIRST_DAY + timedelta(days=self.days)


@dataclass(slots=True)
class _Region:
    """What was written of one region."""

    sums: list[str] = field(default_factory=list)
    """A line for each log file: the SHA-256 of its content, and its path."""
    json_bytes: int = 0
    gzip_bytes: int = 0


def ensure(folder: Path, logs: int, *, events: int = 100, days: int = 30, regions: int = 4, seed: int = 7) -> Mirror:
    """Return the mirror in `folder`, written now unless a complete one with these arguments is there."""
    wanted = Mirror(logs, events, days, regions, seed)
    manifest = folder.parent / f"{folder.name}.json"
    if manifest.exists():
        there = Mirror(**orjson.loads(manifest.read_bytes()))
        if replace(there, json_bytes=0, gzip_bytes=0) == wanted:
            return there
    if folder.exists() and any(folder.iterdir()):
        sys.exit(f"{folder} holds something else: remove it first")
    public_keys(folder).mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        written = list(pool.map(partial(_write_region, folder, wanted), REGIONS[:regions], _shares(wanted)))
    sums(folder).write_text("".join(line for region in written for line in region.sums))
    json_bytes, gzip_bytes = (
        sum(sizes) for sizes in zip(*((r.json_bytes, r.gzip_bytes) for r in written), strict=True)
    )
    mirror = replace(wanted, json_bytes=json_bytes, gzip_bytes=gzip_bytes)
    manifest.write_bytes(orjson.dumps(asdict(mirror)))
    return mirror


def sums(folder: Path) -> Path:
    """Return the list of the mirror's log files: the SHA-256 of each file's content, and its absolute path."""
    return folder.parent / f"{folder.name}.sums"


def public_keys(folder: Path) -> Path:
    """Return the folder of public keys, a file for each region as `aws cloudtrail list-public-keys` prints it."""
    return folder.parent / f"{folder.name}-public-keys"


def _shares(mirror: Mirror) -> list[int]:
    """Share the log files among the regions: the home region gets most, as in real trails."""
    weights = [1 / (1 + rank) ** 0.8 for rank in range(mirror.regions)]
    ends = [round(mirror.logs * sum(weights[:count]) / sum(weights)) for count in range(mirror.regions + 1)]
    return [end - start for start, end in pairwise(ends)]


def _write_region(folder: Path, mirror: Mirror, region: str, logs: int) -> _Region:
    rng = random.Random(f"{mirror.seed}:chain:{region}")
    key = signing_key(mirror, region)
    bodies = _bodies(mirror, region)
    delivered = sorted(FIRST_DAY + timedelta(seconds=rng.randrange(mirror.days * 86400)) for _ in range(logs))
    written, hours = _Region(), defaultdict[int, list[LogEntry]](list)
    for moment in delivered:
        entry = _write_log(folder, region, moment, rng, written, bodies)
        hours[int((moment - FIRST_DAY) / HOUR)].append(entry)
    _write_digests(folder, region, key, [hours[hour] for hour in range(mirror.days * 24)])
    listed = orjson.dumps(public_key_list(key), option=orjson.OPT_INDENT_2)
    (public_keys(folder) / f"{region}.json").write_bytes(listed)
    return written


class _Body:
    """All of a log file but its last record, packed and hashed as far as that goes."""

    def __init__(self, records: list[Json]) -> None:
        *shared, last = records
        head = b'{"Records":[' + b"".join(orjson.dumps(record) + b"," for record in shared)
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        self._packed = self._deflate.compress(head)
        self._sha256 = hashlib.sha256(head)
        self._length = len(head)
        self._last = orjson.dumps(last) + b"]}"
        self._id = str(last["eventID"]).encode()

    def file(self, rng: random.Random) -> tuple[bytes, str, int]:
        """Return a new file: its packed bytes, the SHA-256 of its content, and that content's length."""
        last = self._last.replace(self._id, uuid(rng).encode())
        deflate, sha256 = self._deflate.copy(), self._sha256.copy()
        sha256.update(last)
        packed = self._packed + deflate.compress(last) + deflate.flush()
        return packed, sha256.hexdigest(), self._length + len(last)


def _bodies(mirror: Mirror, region: str) -> list[_Body]:
    rng = random.Random(f"{mirror.seed}:bodies:{region}")
    recorder = Recorder(mirror.seed, Place(ACCOUNT, region), FIRST_DAY.toordinal(), STRANGE)
    records = recorder.records(FIRST_DAY, rng)
    return [_Body(list(islice(records, mirror.events))) for _ in range(max(4, _BODY_RECORDS // mirror.events))]


def _write_log(
    folder: Path, region: str, delivered: datetime, rng: random.Random, written: _Region, bodies: list[_Body]
) -> LogEntry:
    packed, sha256, length = rng.choice(bodies).file(rng)
    name = f"{ACCOUNT}_CloudTrail_{region}_{delivered:%Y%m%dT%H%MZ}_{token(rng, 16)}.json.gz"
    key = f"{TRAIL.root}{ACCOUNT}/CloudTrail/{region}/{delivered:%Y/%m/%d}/{name}"
    path = _put(folder, key, packed)
    written.sums.append(f"{sha256}  {path}\n")
    written.json_bytes += length
    written.gzip_bytes += len(packed)
    return LogEntry(key, sha256, stamp(delivered - _SPAN), stamp(delivered - _SPAN / 15), delivered)


def _write_digests(folder: Path, region: str, key: SigningKey, hours: list[list[LogEntry]]) -> None:
    """Write a digest for every hour, and beside each its metadata as `aws s3api head-object` prints it."""
    bucket, previous = Bucket(BUCKET), ""
    for hour, entries in enumerate(hours):
        window = FIRST_DAY + hour * HOUR, FIRST_DAY + (hour + 1) * HOUR
        name = TRAIL.digest_key(ACCOUNT, region, window[1])
        document = compose(bucket, name, ACCOUNT, key.fingerprint, window, entries)
        if previous:
            link(document, bucket, previous)
        previous = store(bucket, document, key, window[1] + HOUR / 2)
        _put(folder, name, bucket.bodies[name])
        _put(folder, f"{name}.meta.json", orjson.dumps(bucket.head(name), option=orjson.OPT_INDENT_2))


def _put(folder: Path, key: str, body: bytes) -> Path:
    path = folder.absolute() / key
    try:
        path.write_bytes(body)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return path


def signing_key(mirror: Mirror, region: str) -> SigningKey:
    """Make a region's RSA key out of the seed: worth nothing, and the same on every machine."""
    p, q = islice(_primes(random.Random(f"{mirror.seed}:key:{region}")), 2)
    private = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    public = RSAPublicNumbers(_EXPONENT, p * q)
    numbers = RSAPrivateNumbers(
        p, q, private, rsa_crt_dmp1(private, p), rsa_crt_dmq1(private, q), rsa_crt_iqmp(p, q), public
    )
    valid = (f"{moment:%Y-%m-%dT%H:%M:%S}+00:00" for moment in (FIRST_DAY - 24 * HOUR, mirror.until + 24 * HOUR))
    return SigningKey(numbers.private_key(), *valid)


def _primes(rng: random.Random) -> Iterator[int]:
    """Yield primes of 1024 bits whose product has 2048; a Fermat test is enough for numbers that nobody chose."""
    while True:
        number = rng.getrandbits(1024) | 3 << 1022 | 1
        if math.gcd(number, _SMALL_PRIMES) == 1 and pow(2, number - 1, number) == 1 and number % _EXPONENT != 1:
            yield number


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a signed CloudTrail chain as the mirror of its bucket.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--logs", type=int, default=20_000)
    parser.add_argument("--events", type=int, default=100, help="records in each log file")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--regions", type=int, choices=range(1, len(REGIONS) + 1), default=4)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    print(
        ensure(given.folder, given.logs, events=given.events, days=given.days, regions=given.regions, seed=given.seed)
    )


if __name__ == "__main__":
    main()
