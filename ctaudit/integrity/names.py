"""Names of digests and log files as CloudTrail gives them: who, where and when, read from an object's key.

The grammar is anchored at both ends. The AWS CLI's is not: it takes the digests of a trail `a_us-east-1_b` for those of
the trail `a`. Nothing but the key is looked at here; whether a digest says the same of itself is the chain's question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_DIGEST = re.compile(
    r"(?P<account>\d{12})_CloudTrail-Digest_(?P<region>[a-z]{2}[a-z0-9-]{1,30})_(?P<trail>[A-Za-z0-9._-]{3,128})"
    r"_(?P<home>[a-z]{2}[a-z0-9-]{1,30})_(?P<end>\d{8}T\d{6}Z)(?P<backfill>_backfill)?\.json(?:\.gz)?",
    re.ASCII,
)
_LOG = re.compile(
    r"(?P<account>\d{12})_CloudTrail_(?P<region>[a-z]{2}[a-z0-9-]{1,30})_(?P<time>\d{8}T\d{4}Z)_[A-Za-z0-9]{16}"
    r"\.json(?:\.gz)?",
    re.ASCII,
)
_LOG_FOLDER = re.compile(
    r"(?:.*/)?(\d{12})/CloudTrail/([a-z]{2}[a-z0-9-]{1,30})(?:/(\d{4})/(\d\d)/(\d\d)(?:/.*)?)?", re.ASCII | re.DOTALL
)
_ANY_LOG_FOLDER = re.compile(r"(?:^|/)CloudTrail/")
_DIGEST_FOLDER = re.compile(r"(?:^|/)CloudTrail-Digest/")
_ORGANIZATION = re.compile(r"(?:.*/)?(o-[a-z0-9]{10,32})/", re.ASCII | re.DOTALL)


_APPLE = "._"
"""Begins the names of files that macOS leaves beside others on foreign disks."""
SIDECAR = ".meta.json"
"""Ends the name of a file with the metadata of the object beside it."""
_MISPLACED = timedelta(hours=36)
"""From the noon of a folder's day: a log file whose name tells such a time lies in no folder that CloudTrail chose."""
YEARS = (2000, 3000)
"""From, and before: nothing that CloudTrail writes lies outside, and no sum of times leaves the calendar."""


@dataclass(frozen=True, slots=True, order=True)
class Chain:
    """The digests of one trail for one account and region: each holds on to the one before."""

    account: str
    region: str
    """The region whose events the digests speak of, and whose key signs them."""
    trail: str
    home: str
    """The trail's home region."""
    backfill: bool = False
    """Digests of log files that came too late for their hour's own digest; AWS does not say whether they are linked."""

    def __str__(self) -> str:
        kind = " (backfill)" if self.backfill else ""
        return f"trail {self.trail} of {self.home}, account {self.account}, region {self.region}{kind}"


@dataclass(frozen=True, slots=True)
class DigestName:
    chain: Chain
    end: datetime
    """UTC; the end of the window, which the digest itself states again."""
    root: str
    """All of the key before the account's folder, such as `prefix/AWSLogs/o-exampleorg1/`."""

    @property
    def organization(self) -> str | None:
        found = _ORGANIZATION.fullmatch(self.root)
        return found[1] if found else None


@dataclass(frozen=True, slots=True)
class LogName:
    account: str
    region: str
    time: datetime
    """UTC, to the minute; about the moment of delivery."""


@lru_cache(1024)
def digest_name(key: str) -> DigestName | None:
    """Read the name of a digest, or return None when the key is none's."""
    folder, _, name = key.rpartition("/")
    found = _DIGEST.fullmatch(name)
    end = _moment(found["end"]) if found else None
    if found is None or end is None:
        return None
    chain = Chain(found["account"], found["region"], found["trail"], found["home"], found["backfill"] is not None)
    inner = f"{chain.account}/CloudTrail-Digest/{chain.region}/{end:%Y/%m/%d}"
    return DigestName(chain, end, folder.removesuffix(inner))


def log_name(key: str) -> LogName | None:
    """Tell of which account, region and time a log file is, or return None when it is none's.

    The folder decides on account, region and day, since that is what a listing is narrowed by. What lies in a folder of
    log files under another name, or under that of a time more than a day away, is taken for one of that day's noon:
    somebody put it there.
    """
    folder, _, name = key.rpartition("/")
    if name.endswith(SIDECAR) or name.startswith(_APPLE):
        return None
    found, place = _LOG.fullmatch(name), _LOG_FOLDER.fullmatch(folder)
    time = _moment(found["time"]) if found else None
    if place and place[3] and (time is None or found is None or found["time"][:8] != place[3] + place[4] + place[5]):
        noon = _moment(f"{place[3]}{place[4]}{place[5]}T1200Z")
        if noon is not None and (time is None or abs(time - noon) > _MISPLACED):
            time = noon
    if time is None or not (place or found):
        return None
    account, region = (place[1], place[2]) if place else (found["account"], found["region"])  # type: ignore[index]
    return LogName(account, region, time)


def strangeness(key: str) -> str | None:
    """Return the verdict on a file that is neither a digest nor a log by its name; None when it is none of ours."""
    if key.endswith(SIDECAR):
        return None
    if _DIGEST_FOLDER.search(key):
        return "digest.strange_name"
    apple = key.rpartition("/")[2].startswith(_APPLE)
    if _ANY_LOG_FOLDER.search(key) and not apple:
        return "log.strange_name"
    return "log.other_kind" if apple or key.lower().endswith((".json", ".gz")) else None


def base_name(key: str) -> str:
    """Return the last part of a key or path without `.gz`: the sixteen random characters in it make it unique."""
    return key.rpartition("/")[2].removesuffix(".gz")


def _moment(text: str) -> datetime | None:
    """Read `YYYYmmddTHHMM[SS]Z`; by hand, since `strptime` would take a third of the time that hashing a log takes."""
    try:
        date, clock = text[:8], text[9:-1]
        if not YEARS[0] <= int(date[:4]) < YEARS[1]:
            return None
        return datetime(
            int(date[:4]),
            int(date[4:6]),
            int(date[6:]),
            int(clock[:2]),
            int(clock[2:4]),
            int(clock[4:] or 0),
            tzinfo=UTC,
        )
    except ValueError:
        return None
