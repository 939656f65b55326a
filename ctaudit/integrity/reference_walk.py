"""How `aws cloudtrail validate-logs` lists the digests of a trail, and walks from the newest to the oldest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from ctaudit.integrity.reference_checks import (
    BACKFILL_END,
    Evidence,
    Good,
    Invalid,
    NotThere,
    Refused,
    Stamp,
    normalized,
    parse_date,
)

_STANDARD_END = ".json.gz"
_DATE_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Trail:
    """A trail, and what of it is validated."""

    arn: str
    home: str
    name: str
    account: str
    source_region: str
    """The region whose digests are looked for."""
    bucket: str
    prefix: str | None
    organization: str | None

    @property
    def folder(self) -> str:
        """The folder of the digests, without a slash at its end."""
        above = f"{self.prefix}/" if self.prefix else ""
        inside = f"{self.organization}/" if self.organization else ""
        return f"{above}AWSLogs/{inside}{self.account}/CloudTrail-Digest/{self.source_region}"

    def key(self, end: Stamp) -> str:
        """Return the key of a digest that ends then."""
        return f"{self.folder}/{end.moment:%Y/%m/%d}/{self._name_start}_{end.compact}{_STANDARD_END}"

    def pattern(self) -> re.Pattern[str]:
        """Match keys of digests: loosely, so that a trail `a` also has those of a trail `a_us-east-1_b`."""
        name = rf"{re.escape(self._name_start)}_.+(?:_backfill)?\.json\.gz"
        return re.compile(rf"^{re.escape(self.folder)}/\d+/\d+/\d+/{name}$")

    @property
    def _name_start(self) -> str:
        return f"{self.account}_CloudTrail-Digest_{self.source_region}_{self.name}_{self.home}"


def key_date(key: str) -> str:
    """Return the time in the name of a digest, as it stands there."""
    end = len(BACKFILL_END if key.endswith(BACKFILL_END) else _STANDARD_END)
    return key[-(end + _DATE_LENGTH) : -end]


class Listing:
    """Digests of a trail by bucket and span, listed once for both passes."""

    def __init__(self, evidence: Evidence, trail: Trail) -> None:
        self._evidence = evidence
        self._trail = trail
        self._pattern = trail.pattern()
        self._known: dict[tuple[str, datetime, datetime], list[str]] = {}

    def keys(self, bucket: str, start: datetime, end: datetime, *, backfill: bool) -> list[str]:
        """Return the keys of one kind of digests, oldest first, that the caller may take away from."""
        span = bucket, start, end
        if span not in self._known:
            self._known[span] = list(self._listed(*span))
        return [key for key in self._known[span] if key.endswith(BACKFILL_END) is backfill]

    def _listed(self, bucket: str, start: datetime, end: datetime) -> Iterator[str]:
        marker = self._trail.key(Stamp(start - timedelta(minutes=1)))
        first, last = Stamp(start).compact, Stamp(end + timedelta(hours=1)).compact
        for key in self._evidence.keys(bucket, self._trail.folder, marker):
            if self._pattern.match(key):
                date = key_date(key)
                if date > last:
                    return
                if date >= first:
                    yield key


class Outcome(Enum):
    VALID = "valid"
    GAP = "gap"
    MISSING = "missing"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the walk has to tell."""

    outcome: Outcome
    bucket: str
    key: str
    said: str = ""
    """The line to print for an invalid digest."""
    good: Good | None = None
    older: datetime | None = None
    """Where a gap begins: the end of the next older digest that the listing has."""
    newer: datetime | None = None
    """Where it ends: the start of the digest read last."""


Load = Callable[[str, str], Good]


class Walk:
    """One pass: from the newest listed digest back to the one that holds the start of the span.

    A digest's own pointer is followed wherever it leads; from one that is missing, not valid or the first of its chain
    the walk goes on with the next older one of the listing, which shrinks on the way.
    """

    def __init__(self, listing: Listing, load: Load, start: datetime, *, backfill: bool) -> None:
        self._listing = listing
        self._load = load
        self._start = start
        self._backfill = backfill
        self._waiting: list[str] = []

    def list(self, bucket: str, end: datetime) -> None:
        self._waiting = self._listing.keys(bucket, self._start, end, backfill=self._backfill)

    def steps(self, bucket: str) -> Iterator[Step]:
        """Yield what is found; raises what ends the whole run.

        Where pointers lead in a circle the reference never ends; here the pass does, with an invalid digest.
        """
        key = self._waiting.pop() if self._waiting else None
        newer = _date(key) if key else self._start
        been: set[tuple[str, str, int]] = set()
        while key and self._start <= newer:
            if (bucket, key, len(self._waiting)) in been:
                said = f"Digest file\ts3://{bucket}/{key}\tINVALID: the chain of digests leads back to this one"
                yield Step(Outcome.INVALID, bucket, key, said)
                return
            been.add((bucket, key, len(self._waiting)))
            found = self._try(bucket, key)
            if found.good is None:
                key, _ = self._older(key)
                yield found
                continue
            newer = found.good.start
            yield found
            previous = found.good.fields.get("previousDigestS3Bucket"), found.good.fields.get("previousDigestS3Object")
            if None in previous:
                last, (key, older) = key, self._older(key)
                if key:
                    yield Step(Outcome.GAP, bucket, last, older=older, newer=newer)
                continue
            key = previous[1]
            if previous[0] != bucket:
                bucket = str(previous[0])
                self.list(bucket, normalized(found.good.end))

    def _try(self, bucket: str, key: str) -> Step:
        try:
            return Step(Outcome.VALID, bucket, key, good=self._load(bucket, key))
        except Refused:
            raise
        except NotThere:
            return Step(Outcome.MISSING, bucket, key)
        except Invalid as error:
            return Step(Outcome.INVALID, bucket, key, str(error))
        except Exception as error:
            return Step(Outcome.INVALID, bucket, key, f"Digest file\ts3://{bucket}/{key}\tINVALID: {error}")

    def _older(self, key: str) -> tuple[str | None, datetime | None]:
        if not self._waiting:
            return None, None
        before = _date(key)
        while self._waiting:
            older = self._waiting.pop()
            date = _date(older)
            if date < before:
                return older, date
        return None, None


def _date(key: str) -> datetime:
    return normalized(parse_date(key_date(key)))
