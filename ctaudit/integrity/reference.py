"""What `aws cloudtrail validate-logs` (version 1.46) says of a trail, byte for byte, for scripts that read it.

It passes over a good deal: digests cut off at the end of a chain, log files that no digest lists, links that do not
fit, other trails with a similar name. `ctaudit validate` without `--compat` sees those. Two things differ on purpose:
a chain that leads back to itself is an invalid digest (the AWS CLI never ends), and a file that unpacks to more than
the limit has an invalid format (the AWS CLI fills the memory).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, NamedTuple

from ctaudit.integrity.reference_checks import Evidence, Good, KeyRing, Stamp, load_digest, log_trouble
from ctaudit.integrity.reference_walk import Listing, Outcome, Step, Trail, Walk

_ARN = re.compile(r"arn:.+:cloudtrail:.+:\d{12}:trail/.+")
_KEYS_BEYOND = timedelta(hours=2)
"""A digest is signed after its end, maybe with a key that only then became valid."""
ABORTED = 255


class Said(NamedTuple):
    stream: Literal["stdout", "stderr"]
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked; times are in UTC."""

    trail_arn: str
    start: datetime
    end: datetime
    bucket: str | None = None
    """None: asked of DescribeTrails, and only then is an organization's id looked up."""
    prefix: str | None = None
    account: str | None = None
    """Instead of the ARN's: the member account of an organization's trail."""
    region: str | None = None
    """The region whose digests are validated; None: the trail's home."""
    verbose: bool = False


@dataclass(slots=True)
class Count:
    valid: int = 0
    invalid: int = 0

    def text(self, name: str) -> str:
        total = self.valid + self.invalid
        if not total:
            return ""
        wrong = f", {self.invalid}/{total} {name} files INVALID" if self.invalid else ""
        return f"\n{self.valid}/{total} {name} files valid{wrong}"


@dataclass(slots=True)
class Counts:
    standard: Count = field(default_factory=Count)
    backfill: Count = field(default_factory=Count)
    logs: Count = field(default_factory=Count)
    first: datetime | None = None
    last: datetime | None = None

    def cover(self, start: datetime, end: datetime) -> None:
        """Widen the span for which digests were found."""
        self.first = start if self.first is None else min(self.first, start)
        self.last = end if self.last is None else max(self.last, end)

    @property
    def digests(self) -> int:
        return self.standard.valid + self.standard.invalid + self.backfill.valid + self.backfill.invalid

    @property
    def invalid(self) -> int:
        return self.standard.invalid + self.backfill.invalid + self.logs.invalid


class Validation:
    """One run: iterate over what it says, then look at `exit_code`."""

    def __init__(self, request: Request, evidence: Evidence) -> None:
        self._request = request
        self._evidence = evidence
        self._counts = Counts()
        self._spaced = True
        """Whether an empty line came last; verbose lines leave none."""
        self.exit_code = ABORTED
        """0: nothing invalid, even if nothing was found; 1: something was; 255: the run was given up."""

    def __iter__(self) -> Iterator[Said]:
        try:
            yield from self._run()
        except Exception as error:
            # As in the AWS CLI any error ends the run in its own words, Python's included.
            yield Said("stderr", f"\n{error}\n")
            return
        self.exit_code = 1 if self._counts.invalid else 0

    def _run(self) -> Iterator[Said]:
        start, end = self._request.start, self._request.end
        if start > end:
            raise ValueError("Invalid time range specified: start-time must occur before end-time")
        trail = find_trail(self._request, self._evidence)
        between = f"between {Stamp(start)} and {Stamp(end)}"
        yield Said("stdout", f"Validating log files for trail {trail.arn} {between}\n\n")
        listing = Listing(self._evidence, trail)
        for backfill in (False, True):
            yield from self._pass(trail, listing, backfill=backfill)
        yield from self._summary()

    def _pass(self, trail: Trail, listing: Listing, *, backfill: bool) -> Iterator[Said]:
        ring = KeyRing(self._evidence, backfill=backfill)
        load = partial(self._load, ring, trail.home)
        walk = Walk(listing, load, self._request.start, backfill=backfill)
        walk.list(trail.bucket, self._request.end)
        if not backfill:
            ring.load(self._request.start, self._request.end + _KEYS_BEYOND)
        count = self._counts.backfill if backfill else self._counts.standard
        sign = "(backfill) " if backfill else ""
        for step in walk.steps(trail.bucket):
            match step.outcome:
                case Outcome.VALID:
                    yield from self._valid(step, count, sign)
                case Outcome.GAP:
                    assert step.older is not None
                    assert step.newer is not None
                    between = f"between {Stamp(step.older)} and {Stamp(step.newer)}"
                    yield self._error(f"{sign}No log files were delivered by CloudTrail {between}")
                case Outcome.MISSING:
                    count.invalid += 1
                    yield self._error(f"{sign}Digest file\ts3://{step.bucket}/{step.key}\tINVALID: not found")
                case Outcome.INVALID:
                    count.invalid += 1
                    yield self._error(f"{sign}{step.said}")

    def _load(self, ring: KeyRing, home: str, bucket: str, key: str) -> Good:
        return load_digest(self._evidence, ring, bucket, key, home)

    def _valid(self, step: Step, count: Count, sign: str) -> Iterator[Said]:
        assert step.good is not None
        count.valid += 1
        yield from self._status(f"{sign}Digest file\ts3://{step.bucket}/{step.key}\tvalid")
        start, end = self._request.start, self._request.end
        self._counts.cover(max(step.good.start, start), min(step.good.end, end))
        if not step.good.fields["logFiles"]:
            return
        for log in step.good.fields["logFiles"]:
            place = f"Log file\ts3://{log['s3Bucket']}/{log['s3Object']}"
            trouble = log_trouble(self._evidence, log)
            if trouble is None:
                self._counts.logs.valid += 1
                yield from self._status(f"{place}\tvalid")
            else:
                self._counts.logs.invalid += 1
                yield self._error(f"{place}\tINVALID: {trouble}")

    def _status(self, line: str) -> Iterator[Said]:
        if self._request.verbose:
            self._spaced = False
            yield Said("stdout", f"{line}\n")

    def _error(self, line: str) -> Said:
        text = f"{self._space()}{line}\n\n"
        self._spaced = True
        return Said("stderr", text)

    def _space(self) -> str:
        return "" if self._spaced else "\n"

    def _summary(self) -> Iterator[Said]:
        counts, request = self._counts, self._request
        text = f"{self._space()}Results requested for {Stamp(request.start)} to {Stamp(request.end)}\n"
        if not counts.digests:
            yield Said("stdout", f"{text}No digests found\n")
            return
        if counts.first is None or counts.last is None:
            text += "No valid digests found in range\n"
        else:
            text += f"Results found for {Stamp(counts.first)} to {Stamp(counts.last)}:\n"
        ratios = counts.standard.text("digest") + counts.backfill.text("backfill digest") + counts.logs.text("log")
        yield Said("stdout", f"{text}{ratios}\n")


def find_trail(request: Request, evidence: Evidence) -> Trail:
    """Tell where the trail's digests lie; raises ValueError in the reference's words."""
    arn = request.trail_arn
    if not _ARN.match(arn):
        raise ValueError(f"Invalid trail ARN provided: {arn}")
    parts = arn.split(":")
    bucket, prefix, account, organization = request.bucket, request.prefix, request.account, None
    if bucket is None:
        found = evidence.trail(arn)
        if found is None:
            raise ValueError(f"A trail could not be found for {arn}")
        bucket, prefix = found.bucket, found.prefix
        if found.organization:
            if not account:
                raise ValueError("Missing required parameter for organization trail: '--account-id'")
            organization = evidence.organization()
    name = arn.rpartition("/")[2]
    source = request.region or parts[3]
    return Trail(arn, parts[3], name, account or parts[4], source, bucket, prefix, organization)
