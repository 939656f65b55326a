"""A digest file: what it says, read strictly, and what is wrong with it when it cannot be one that AWS wrote.

Format: AWS CloudTrail User Guide, "CloudTrail digest file structure". Whether it is genuine is the chain's question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, NoReturn

import msgspec
from msgspec import Meta

from ctaudit import times
from ctaudit.integrity.names import YEARS

_SURROGATE = re.compile(rb"\\u[dD]")
_MOST_KEY = 1024
"""Bytes of an object's key: S3's own limit."""
_LEAST_VALUE = 16
"""Bytes that a value of a digest takes on average, at the least: AWS's take some sixty, Python's objects a hundred."""
_Text = Annotated[str, Meta(min_length=1, max_length=64)]
_Bucket = Annotated[str, Meta(min_length=1, max_length=255)]
_Signature = Annotated[str, Meta(min_length=1, max_length=4096)]
_Key = Annotated[str, Meta(min_length=1, max_length=_MOST_KEY)]
_Hash = Annotated[str, Meta(pattern=r"\A[0-9A-Fa-f]{64}\Z")]
_Fingerprint = Annotated[str, Meta(pattern=r"\A[0-9A-Fa-f]{32}\Z")]


class BadDigest(Exception):
    """The content is no digest; says why."""


@dataclass(frozen=True, slots=True)
class Location:
    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class Previous:
    """What a digest says of the one before it."""

    location: Location
    sha256: str
    """Lower-case hex, of the uncompressed digest."""
    algorithm: str
    signature: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One log file as a digest lists it."""

    location: Location
    sha256: str
    """Lower-case hex, of the uncompressed log."""
    algorithm: str


@dataclass(frozen=True, slots=True)
class Digest:
    account: str
    start: datetime
    """UTC; the window is one of delivery, not of event time."""
    end: datetime
    end_text: str
    """As it is written: it is signed to the letter."""
    location: Location
    fingerprint: str
    """Lower-case hex, of the public key that verifies its signature."""
    algorithm: str
    previous: Previous | None
    """None in the first digest after logging began or began again."""
    logs: tuple[LogEntry, ...]
    sha256: str
    """Lower-case hex, of its own uncompressed content."""


class _StatedLog(msgspec.Struct):
    """An entry of `logFiles`, by AWS's names."""

    s3Bucket: _Bucket  # noqa: N815
    s3Object: _Key  # noqa: N815
    hashValue: _Hash  # noqa: N815
    hashAlgorithm: _Text  # noqa: N815


class _Stated(msgspec.Struct):
    """A digest, by AWS's names. A field without a value that means "none" must be there, even if it is null."""

    awsAccountId: _Text  # noqa: N815
    digestStartTime: _Text  # noqa: N815
    digestEndTime: _Text  # noqa: N815
    digestS3Bucket: _Bucket  # noqa: N815
    digestS3Object: _Key  # noqa: N815
    digestPublicKeyFingerprint: _Fingerprint  # noqa: N815
    digestSignatureAlgorithm: _Text  # noqa: N815
    previousDigestS3Bucket: _Bucket | None  # noqa: N815
    previousDigestS3Object: _Key | None  # noqa: N815
    previousDigestHashValue: _Hash | None  # noqa: N815
    previousDigestHashAlgorithm: _Text | None  # noqa: N815
    previousDigestSignature: _Signature | None  # noqa: N815
    logFiles: list[_StatedLog]  # noqa: N815


def parse_digest(content: bytes, sha256: str) -> Digest:
    """Read the uncompressed content of a digest; `sha256` is its hash.

    Raises BadDigest with what is wrong. A key that stands twice is refused: readers would differ in which one they
    believe. Fields that are not known are let be: they are covered by the signature.
    """
    fields = _fields(content)
    try:
        stated = msgspec.convert(fields, _Stated)
    except msgspec.ValidationError as error:
        raise BadDigest(f"is no digest: {_short(error)}") from None
    start, end = _time(stated.digestStartTime), _time(stated.digestEndTime)
    if start >= end:
        raise BadDigest("is no digest: digestStartTime does not lie before digestEndTime")
    return Digest(
        stated.awsAccountId,
        start,
        end,
        stated.digestEndTime,
        Location(stated.digestS3Bucket, stated.digestS3Object),
        stated.digestPublicKeyFingerprint.lower(),
        stated.digestSignatureAlgorithm,
        _previous(stated),
        _logs(stated),
        sha256,
    )


def _fields(content: bytes) -> dict[str, Any]:
    most = len(content) / _LEAST_VALUE + 64
    if any(content.count(mark) > most for mark in (b",", b"[", b"{")):
        raise BadDigest("is no digest: it holds too many values for its size")
    try:
        fields = _decoder.decode(content.decode())
        if _SURROGATE.search(content):
            json.dumps(fields, ensure_ascii=False).encode()  # half a character, which no text can hold
    except BadDigest:
        raise
    except (ValueError, RecursionError) as error:
        raise BadDigest(f"is no valid JSON: {_short(error)}") from None
    if not isinstance(fields, dict):
        raise BadDigest("is JSON, but not an object")
    return fields


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen: set[str] = set()
        double = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise BadDigest(f"has the key {double[:64]!r} twice in one object")
    return fields


def _refuse(constant: str) -> NoReturn:
    raise BadDigest(f"holds {constant}, which is no JSON")


def _number(text: str) -> int:
    """Leave integers unread: no field of a digest is a number, and reading a million digits would take minutes."""
    return 0


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse, parse_int=_number)


def _previous(stated: _Stated) -> Previous | None:
    bucket, key = stated.previousDigestS3Bucket, stated.previousDigestS3Object
    sha256, algorithm = stated.previousDigestHashValue, stated.previousDigestHashAlgorithm
    signature = stated.previousDigestSignature
    if bucket is None or key is None or sha256 is None or algorithm is None or signature is None:
        if bucket is key is sha256 is algorithm is signature is None:
            return None
        raise BadDigest("is no digest: it names a predecessor, but some of what it says of it is null")
    return Previous(Location(bucket, key), sha256.lower(), algorithm, signature)


def _logs(stated: _Stated) -> tuple[LogEntry, ...]:
    entries = tuple(
        LogEntry(Location(log.s3Bucket, log.s3Object), log.hashValue.lower(), log.hashAlgorithm)
        for log in stated.logFiles
    )
    if len({entry.location for entry in entries}) != len(entries):
        raise BadDigest("lists a log file twice")
    return entries


def _time(text: str) -> datetime:
    moment = times.parse_canonical(text)
    if moment is None or not YEARS[0] <= moment.year < YEARS[1]:
        raise BadDigest("is no digest: there is no time where its window begins or ends")
    return moment


def _short(error: Exception) -> str:
    return str(error)[:120] or type(error).__name__
