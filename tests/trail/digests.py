"""Digest files: what they say, how they are signed, and how each hour's digest holds on to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.trail.bucket import Bucket
from tests.trail.packing import gzipped, minified, unpacked
from tests.trail.principals import stamp
from tests.trail.signing import SigningKey

Document = dict[str, Any]

DELIVERY_LAG = timedelta(minutes=29, seconds=41)
"""A digest is written about half an hour after the hour that it covers."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One log file as a digest lists it."""

    key: str
    sha256: str
    """Of the uncompressed content, as CloudTrail wrote it, whatever became of the object since."""
    oldest: str
    newest: str
    delivered: datetime


def string_to_sign(document: Document, content: bytes) -> str:
    """Build the text that is signed; a first digest has the four letters `null` for the signature before it."""
    location = f"{document['digestS3Bucket']}/{document['digestS3Object']}"
    digest = hashlib.sha256(content).hexdigest()
    return "\n".join((document["digestEndTime"], location, digest, document["previousDigestSignature"] or "null"))


def compose(
    bucket: Bucket, key: str, account: str, fingerprint: str, hours: tuple[datetime, datetime], logs: Iterable[LogEntry]
) -> Document:
    """Write the content of a digest that has no predecessor yet."""
    entries = list(logs)
    return {
        "awsAccountId": account,
        "digestStartTime": stamp(hours[0]),
        "digestEndTime": stamp(hours[1]),
        "digestS3Bucket": bucket.name,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": fingerprint,
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": max((entry.newest for entry in entries), default=None),
        "oldestEventTime": min((entry.oldest for entry in entries), default=None),
        "previousDigestS3Bucket": None,
        "previousDigestS3Object": None,
        "previousDigestHashValue": None,
        "previousDigestHashAlgorithm": None,
        "previousDigestSignature": None,
        "logFiles": [
            {
                "s3Bucket": bucket.name,
                "s3Object": entry.key,
                "hashValue": entry.sha256,
                "hashAlgorithm": "SHA-256",
                "newestEventTime": entry.newest,
                "oldestEventTime": entry.oldest,
            }
            for entry in entries
        ],
    }


def link(document: Document, bucket: Bucket, previous: str) -> None:
    """Point a digest at its predecessor, as that lies in the bucket now."""
    document |= {
        "previousDigestS3Bucket": bucket.name,
        "previousDigestS3Object": previous,
        "previousDigestHashValue": hashlib.sha256(unpacked(bucket.bodies[previous])).hexdigest(),
        "previousDigestHashAlgorithm": "SHA-256",
        "previousDigestSignature": bucket.metadata[previous]["signature"],
    }


def store(bucket: Bucket, document: Document, key: SigningKey, at: datetime, **metadata: str) -> str:
    """Sign a digest and put it where it says it is; returns its object key."""
    content = minified(document)
    signature = key.sign(string_to_sign(document, content))
    signed = {"signature-algorithm": "SHA256withRSA", "signature": signature} | metadata
    bucket.put(document["digestS3Object"], gzipped(content), at, signed)
    return str(document["digestS3Object"])
