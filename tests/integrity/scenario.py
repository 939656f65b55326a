"""One way to break a trail: how it is made, what the run is given, what must be found, and what the AWS CLI says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.cloud.gate import Trouble
from tests.trail.bucket import Bucket
from tests.trail.signing import SigningKey
from tests.trail.small import CHAIN, NOON
from tests.trail.trail import HOUR, Trail

END = NOON + 8 * HOUR
"""Where the small trail's eight hours end."""
HOLE = frozenset({"coverage.missing", "log.undigested", "log.pending"})
"""What follows from a digest that proves nothing: its hour is not covered, nor are the log files that it lists."""
LOOSE = frozenset({"digest.link_mismatch", "digest.missing", "digest.orphan"})
"""What may be said of the neighbours of a digest that is not the one they know."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a run must answer."""

    exit: int
    must: frozenset[tuple[str, str | None]] = frozenset()
    """Verdicts, each with the object's key unless it is about none or about several. A code such as
    `coverage.head|coverage.missing` means either."""
    may: frozenset[str] = frozenset()
    """Codes of what follows from those, and may be told besides or not."""

    def misses(self, found: Iterable[tuple[str, str | None]]) -> list[str]:
        """Compare with what was found, code and object (a key, or a place that ends in it); returns what differs."""
        told = list(found)
        absent = [
            f"not found: {code} of {key}" for code, key in self.must if not any(_meets(one, code, key) for one in told)
        ]
        known = {each for code, _ in self.must for each in code.split("|")} | self.may
        return absent + [f"not expected: {code} of {key}" for code, key in told if code not in known]


def _meets(found: tuple[str, str | None], code: str, key: str | None) -> bool:
    return found[0] in code.split("|") and (key is None or (found[1] or "").endswith(key))


OK = Expected(0)


def expected(exit_code: int, *must: str | tuple[str, str], may: Iterable[str] = ()) -> Expected:
    pairs = ((each, None) if isinstance(each, str) else each for each in must)
    return Expected(exit_code, frozenset(pairs), frozenset(may))


@dataclass(frozen=True, slots=True)
class Reference:
    """What `aws cloudtrail validate-logs` (1.46.3) says, as measured."""

    code: int | None
    """None when it does not end."""
    says: tuple[str, ...] = ()
    """Pieces of its output, stdout or stderr."""
    options: tuple[str, ...] = ()
    region: str = "us-east-1"


SILENT = Reference(0, ("8/8 digest files valid\n16/16 log files valid\n",))
"""It finds nothing, be there something or not."""
NO_DIGESTS = Reference(0, ("No digests found\n",))


def invalid(*what: str) -> Reference:
    """It says of something that it is INVALID; `what` is how the message begins and goes on."""
    return Reference(1, what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A broken trail, what else its run needs, and what is expected of it."""

    trail: Trail
    online: Expected | None
    """Against S3; None when it cannot be asked there."""
    offline: Expected | None
    """On a mirror of the trail's bucket, with the metadata of every digest beside it; None when it cannot be asked."""
    reference: Reference | None
    since: datetime = NOON
    until: datetime = END
    keys: Mapping[str, Sequence[SigningKey]] = field(default_factory=dict)
    """The public keys that are given, by region; the trail's own unless something stands here."""
    others: tuple[Bucket, ...] = ()
    """More buckets: online they are there as well, offline they are not at hand."""
    place: str = ""
    """Where in the bucket to look: a prefix, given as part of the source."""
    options: tuple[str, ...] = ()
    """More of ctaudit's command line."""
    expired_before: datetime | None = None
    earlier: Bucket | None = None
    """The bucket as it was at an earlier run, which remembered its state."""
    pins: tuple[str, ...] = ()
    """SHA-256 of the only public keys to be trusted, hex."""
    bucket_map: Mapping[str, str] = field(default_factory=dict)
    """Old name -> new name."""
    source: Bucket | None = None
    """The bucket to look into when it is not the trail's own."""
    sidecars: bool = True
    """Whether the mirror has the metadata of digests."""
    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    """Trouble with objects, by key; online only."""

    @property
    def bucket(self) -> Bucket:
        return self.source or self.trail.bucket

    @property
    def arn(self) -> str:
        return self.trail.arn(CHAIN[0])

    @property
    def ring(self) -> Mapping[str, Sequence[SigningKey]]:
        return self.keys or {region: (key,) for region, key in self.trail.keys.items()}


def case(
    trail: Trail,
    both: Expected,
    reference: Reference | None,
    *,
    online: bool = True,
    offline: bool = True,
    **more: object,
) -> Case:
    """Make a case of which the same is expected online and offline, or only one of them can be asked."""
    answers = {"online": both if online else None, "offline": both if offline else None}
    return Case(trail=trail, reference=reference, **(answers | more))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Scenario:
    row: int
    """In the table of ways to tamper."""
    name: str
    build: Callable[[], Case]

    def __str__(self) -> str:
        return f"{self.row:02}-{self.name.replace(' ', '-')}"


class Rows(list[Scenario]):
    """Scenarios as they are written down, one function each."""

    def row(self, number: int, name: str) -> Callable[[Callable[[], Case]], Callable[[], Case]]:
        def add(build: Callable[[], Case]) -> Callable[[], Case]:
            self.append(Scenario(number, name, build))
            return build

        return add


def digest_key(trail: Trail, hour: int) -> str:
    """The key of the digest of an hour, counted from noon; a negative number counts from the newest."""
    return trail.digests(*CHAIN)[hour]


def log_key(trail: Trail, number: int) -> str:
    """The key of a log file; two of them belong to each hour."""
    return trail.log_keys()[number]
