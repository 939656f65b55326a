"""A digest file: what it says, read strictly, and what is wrong with it when it cannot be one that AWS wrote.

Format: AWS CloudTrail User Guide, "CloudTrail digest file structure". Whether it is genuine is the chain's question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from ctaudit import times

_HASH = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{32}", re.ASCII)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_PREVIOUS = (
    *("previousDigestS3Bucket", "previousDigestS3Object", "previousDigestHashValue"),
    *("previousDigestHashAlgorithm", "previousDigestSignature"),
)
_MOST_KEY = 1024
"""Bytes of an object's key: S3's own limit."""


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


def parse_digest(content: bytes, sha256: str) -> Digest:
    """Read the uncompressed content of a digest; `sha256` is its hash.

    Raises BadDigest with what is wrong. A key that stands twice is refused: readers would differ in which one they
    believe. Fields that are not known are let be: they are covered by the signature.
    """
    fields = _object(content)
    location = Location(_text(fields, "digestS3Bucket"), _key(fields, "digestS3Object"))
    start, end = _time(fields, "digestStartTime"), _time(fields, "digestEndTime")
    if start >= end:
        raise BadDigest("digestStartTime does not lie before digestEndTime")
    return Digest(
        _text(fields, "awsAccountId"),
        start,
        end,
        _text(fields, "digestEndTime"),
        location,
        _hex(fields, "digestPublicKeyFingerprint", _FINGERPRINT),
        _text(fields, "digestSignatureAlgorithm"),
        _previous(fields),
        tuple(_logs(fields)),
        sha256,
    )


def _object(content: bytes) -> dict[str, Any]:
    try:
        fields = _decoder.decode(content.decode())
    except BadDigest:
        raise
    except (ValueError, RecursionError) as error:
        raise BadDigest(f"is no valid JSON ({_short(error)})") from None
    if not isinstance(fields, dict):
        raise BadDigest("is JSON, but not an object")
    return fields


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise BadDigest(f"has the key {double[:64]!r} twice in one object")
    return fields


def _refuse(constant: str) -> NoReturn:
    raise BadDigest(f"holds {constant}, which is no JSON")


def _number(text: str) -> str:
    """Leave integers unread: no field of a digest is a number, and reading a million digits would take minutes."""
    return text


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse, parse_int=_number)


def _previous(fields: dict[str, Any]) -> Previous | None:
    missing = [name for name in _PREVIOUS if name not in fields]
    if missing:
        raise BadDigest(f"has no field {missing[0]}")
    null = [name for name in _PREVIOUS if fields[name] is None]
    if len(null) == len(_PREVIOUS):
        return None
    if null:
        raise BadDigest(f"names a predecessor, but {null[0]} is null")
    return Previous(
        Location(_text(fields, "previousDigestS3Bucket"), _key(fields, "previousDigestS3Object")),
        _hex(fields, "previousDigestHashValue", _HASH),
        _text(fields, "previousDigestHashAlgorithm"),
        _text(fields, "previousDigestSignature"),
    )


def _logs(fields: dict[str, Any]) -> list[LogEntry]:
    listed = fields.get("logFiles")
    if not isinstance(listed, list):
        raise BadDigest("has no list logFiles")
    entries = [_log(entry) for entry in listed]
    if len({entry.location for entry in entries}) != len(entries):
        raise BadDigest("lists a log file twice")
    return entries


def _log(entry: Any) -> LogEntry:
    if not isinstance(entry, dict):
        raise BadDigest("has an entry in logFiles that is not an object")
    location = Location(_text(entry, "s3Bucket"), _key(entry, "s3Object"))
    return LogEntry(location, _hex(entry, "hashValue", _HASH), _text(entry, "hashAlgorithm"))


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise BadDigest(f"has no text in {name}")
    if not value.isascii() and _LONE_SURROGATE.search(value):
        raise BadDigest(f"has text in {name} that is no Unicode")
    return value


def _key(fields: dict[str, Any], name: str) -> str:
    key = _text(fields, name)
    if len(key) > _MOST_KEY:
        raise BadDigest(f"has more than {_MOST_KEY} characters in {name}")
    return key


def _hex(fields: dict[str, Any], name: str, form: re.Pattern[str]) -> str:
    text = _text(fields, name)
    if form.fullmatch(text) is None:
        raise BadDigest(f"has no hash in {name}")
    return text.lower()


def _time(fields: dict[str, Any], name: str) -> datetime:
    text = _text(fields, name)
    moment = times.parse_canonical(text)
    if moment is None:
        raise BadDigest(f"has no time in {name}")
    return moment


def _short(error: Exception) -> str:
    return str(error).partition(":")[0][:80] or type(error).__name__
