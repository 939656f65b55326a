"""Trails as chance makes them: gaps, links, backfill, changes of bucket and key; then digests and logs are broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from tests.trail.bucket import Bucket
from tests.trail.digests import Document, LogEntry, compose, link, store
from tests.trail.signing import SigningKey, demo_keys
from tests.trail.small import CHAIN, NOON, small_batch
from tests.trail.trail import HOUR, Trail

_REGION = CHAIN[1]


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


@dataclass(slots=True)
class RandomTrail:
    seed: int
    buckets: tuple[Bucket, ...] = ()
    keys: tuple[SigningKey, ...] = ()
    since: datetime = NOON
    until: datetime = NOON
    trail: Trail = field(default_factory=lambda: Trail(name="random-trail"))

    @property
    def ring(self) -> Mapping[str, Sequence[SigningKey]]:
        return {_REGION: self.keys}


def random_trail(seed: int, buckets: int = 3) -> RandomTrail:
    """Make the trail of a seed; the newest digest is in the first bucket, where the AWS CLI begins."""
    chance = Random(seed)
    made = RandomTrail(seed, tuple(Bucket(f"example-logs-{number}") for number in range(buckets)))
    made.keys = _keys(chance)
    hours = chance.randrange(1, 12)
    _deliver(made, chance, hours)
    for bucket in made.buckets:
        _break(bucket, chance)
    first, last = sorted(chance.randrange(-90, 60 * hours + 90) for _ in range(2))
    if chance.random() < 0.5:
        first, last = -60, 60 * (hours + 1)
    made.since, made.until = NOON + timedelta(minutes=first), NOON + timedelta(minutes=last)
    return made


def _keys(chance: Random) -> tuple[SigningKey, ...]:
    """One key that is always good, and one that came in the middle: only a look-up by time finds it."""
    always, late = (demo_keys()[region].private for region in ("us-east-1", "eu-west-1"))
    begins = NOON + chance.randrange(12) * HOUR
    return SigningKey(always), SigningKey(late, _stamp(begins), _stamp(begins + 9 * HOUR))


def _deliver(made: RandomTrail, chance: Random, hours: int) -> None:
    newest: dict[bool, tuple[Bucket, str]] = {}
    bucket = chance.choice(made.buckets)
    for hour in range(hours):
        if chance.random() < 0.15:
            bucket = chance.choice(made.buckets)
        if hour == hours - 1:
            bucket = made.buckets[0]
        if chance.random() < 0.1:
            continue
        for backfill in (False, True):
            if not backfill or chance.random() < 0.35:
                _digest(made, chance, newest, (bucket, NOON + hour * HOUR), backfill=backfill)


def _digest(
    made: RandomTrail,
    chance: Random,
    newest: dict[bool, tuple[Bucket, str]],
    where: tuple[Bucket, datetime],
    *,
    backfill: bool,
) -> None:
    bucket, start = where
    end = start + HOUR
    signer = made.keys[chance.random() < 0.15]
    key = made.trail.digest_key(*CHAIN, end, backfill=backfill)
    logs = [_log(made.trail, bucket, start, number, backfill) for number in range(chance.randrange(3))]
    document: Document = compose(bucket, key, CHAIN[0], signer.fingerprint, (start, end), logs)
    behind = newest.get(backfill if chance.random() < 0.9 else not backfill)
    if behind and chance.random() < 0.8:
        link(document, *behind)
    generated = {"backfill-generation-timestamp": _stamp(end + chance.randrange(5) * HOUR)} if backfill else {}
    store(bucket, document, signer, end, **generated)
    newest[backfill] = bucket, key


def _log(trail: Trail, bucket: Bucket, start: datetime, number: int, backfill: bool) -> LogEntry:
    trail.bucket = bucket
    trail.put_log(small_batch(start + timedelta(minutes=5 + 9 * number, seconds=int(backfill)), events=1))
    return trail.logs[CHAIN][-1]


def _break(bucket: Bucket, chance: Random) -> None:
    for key in tuple(bucket.bodies):
        if chance.random() >= 0.15:
            continue
        metadata = bucket.metadata[key]
        match chance.randrange(9):
            case 0 | 1:
                bucket.remove(key)
            case 2:
                bucket.cut(key, chance.randrange(len(bucket.bodies[key])))
            case 3:
                bucket.append(key, chance.choice((b"\0", b"more", bucket.bodies[key])))
            case 4:
                position = chance.randrange(len(bucket.bodies[key]))
                body = bytearray(bucket.bodies[key])
                body[position] ^= 1 << chance.randrange(8)
                bucket.bodies[key] = bytes(body)
            case 5 if metadata:
                del metadata[chance.choice(sorted(metadata))]
            case 6 if metadata:
                metadata["signature"] = chance.choice(("", "ab", "xyz", "a" * 511, metadata["signature"].upper()))
            case 7:
                bucket.copy(chance.choice(bucket.keys()), key)
            case _:
                bucket.bodies[key] = chance.choice((b"", b"\x1f\x8b", b"{}"))
