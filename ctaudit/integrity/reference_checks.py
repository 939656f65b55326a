"""What `aws cloudtrail validate-logs` checks of one digest and of one log file, in its order and words.

Nothing more is checked here: that is what the other files of this room are for. The raw words of Python's own errors
are part of it, since the AWS CLI prints whatever it catches.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from ctaudit import limits

BACKFILL_END = "_backfill.json.gz"
_NEEDED = (
    "digestPublicKeyFingerprint", "digestS3Bucket", "digestS3Object", "previousDigestSignature", "digestEndTime",
    "digestStartTime",
)  # fmt: skip
_SIGNATURE, _ALGORITHM, _GENERATED = "_signature", "_signature_algorithm", "_backfill_generation_timestamp"
_HOUR = timedelta(hours=1)
_GZIP = zlib.MAX_WBITS | 16
_PIECE = 16 * 1024 * 1024
"""Unpacked bytes at once: a bomb never becomes more."""


class NotThere(Exception):
    """S3 is sure that there is no such object."""


class Refused(Exception):
    """A service or the disk said no to anything else: the AWS CLI gives up the whole run."""


class Invalid(Exception):
    """A digest is not valid; the message is the line to print."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a trail delivers to, as DescribeTrails tells."""

    bucket: str
    prefix: str | None
    organization: bool


class Evidence(Protocol):
    """What a run asks the world for; each question may raise Refused."""

    def trail(self, arn: str) -> Delivery | None:
        """Return where the trail delivers to, or None when there is no such trail."""
        ...

    def organization(self) -> str:
        """Return the id of the account's organization."""
        ...

    def keys(self, bucket: str, prefix: str, after: str) -> Iterable[str]:
        """Yield the keys with this prefix that come after `after`, in S3's order."""
        ...

    def get(self, bucket: str, key: str, *, metadata: bool) -> tuple[Iterable[bytes], Mapping[str, str]]:
        """Return an object's body, and its user metadata when asked.

        Raises NotThere, and anything when the reading breaks off.
        """
        ...

    def public_keys(self, start: datetime, end: datetime) -> Mapping[str, bytes]:
        """Return the keys, DER by fingerprint, that were valid at some time between the two."""
        ...


@dataclass(frozen=True, slots=True)
class Good:
    """A digest that the reference calls valid."""

    fields: dict[str, Any]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment in the three forms that the reference uses."""

    moment: datetime

    def __str__(self) -> str:
        return self.moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def compact(self) -> str:
        """As it stands in the name of a digest."""
        return self.moment.strftime("%Y%m%dT%H%M%SZ")


def parse_date(text: object) -> datetime:
    """Read a time of a digest or of a key's name; what is none raises ValueError in the reference's words."""
    if not isinstance(text, str):
        raise TypeError(f"Parser must be a string or character stream, not {type(text).__name__}")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"Unable to parse date value: {text}") from None


def normalized(moment: datetime) -> datetime:
    """Call the time UTC whatever its zone was, as the reference does; CloudTrail writes no others."""
    return moment.replace(tzinfo=UTC)


class KeyRing:
    """The public keys of one pass over the digests."""

    def __init__(self, evidence: Evidence, *, backfill: bool) -> None:
        self._evidence = evidence
        self._backfill = backfill
        self._keys: dict[str, bytes] = {}

    def load(self, start: datetime, end: datetime) -> None:
        """Add the keys of a span; raises RuntimeError when there are none."""
        found = self._evidence.public_keys(start, end)
        if not found:
            raise RuntimeError(f"No public keys found between {Stamp(start)} and {Stamp(end)}")
        self._keys.update(found)

    def key_of(self, fields: Mapping[str, Any], place: str, home: str) -> bytes:
        """Return the key that a digest names; among backfill digests it is looked up by when the digest was made."""
        fingerprint = fields["digestPublicKeyFingerprint"]
        if fingerprint not in self._keys and self._backfill:
            # A standard digest that a backfill digest points to has no such time: Python's error is what is told.
            generated = normalized(parse_date(fields[_GENERATED]))
            self.load(generated - _HOUR, generated + _HOUR)
        if fingerprint not in self._keys:
            said = f"public key not found in region {home} for fingerprint {fingerprint}"
            raise Invalid(f"Digest file\t{place}\tINVALID: {said}")
        return self._keys[fingerprint]


def load_digest(evidence: Evidence, ring: KeyRing, bucket: str, key: str, home: str) -> Good:
    """Fetch and validate a digest; raises Invalid, NotThere, Refused, and anything else that goes wrong on the way."""
    place = f"s3://{bucket}/{key}"
    chunks, metadata = evidence.get(bucket, key, metadata=True)
    fields, sha256 = _parse(chunks, metadata, key, place)
    if any(name not in fields for name in _NEEDED):
        raise Invalid(f"Digest file\t{place}\tINVALID: invalid format")
    if fields["digestS3Bucket"] != bucket or fields["digestS3Object"] != key:
        raise Invalid(f"Digest file\t{place}\tINVALID: has been moved from its original location")
    _verify(ring.key_of(fields, place, home), fields, sha256, place)
    end = parse_date(fields["digestEndTime"])
    return Good(fields, normalized(parse_date(fields["digestStartTime"])), end)


def _parse(chunks: Iterable[bytes], metadata: Mapping[str, str], key: str, place: str) -> tuple[dict[str, Any], str]:
    content = _Content(keep=True)
    try:
        content.take(chunks)
        if not content.ended:  # what follows the end is not looked at: so the reference has it
            raise _Damaged
        fields = json.loads(b"".join(content.kept).decode())
    except (_Damaged, ValueError):
        raise Invalid(f"Digest file\t{place}\tINVALID: invalid format") from None
    if "signature" not in metadata or "signature-algorithm" not in metadata:
        raise Invalid(f"Digest file\t{place}\tINVALID: signature verification failed")
    # What is no object fails here, with Python's words for it.
    fields[_SIGNATURE] = metadata["signature"]
    fields[_ALGORITHM] = metadata["signature-algorithm"]
    if key.endswith(BACKFILL_END):
        if "backfill-generation-timestamp" not in metadata:
            raise Invalid(f"Digest file\t{place}\tINVALID: invalid format")
        fields[_GENERATED] = metadata["backfill-generation-timestamp"]
    return fields, content.sha256


def _verify(der: bytes, fields: Mapping[str, Any], sha256: str, place: str) -> None:
    key = _pkcs1(der)
    if key is None:
        fingerprint = fields["digestPublicKeyFingerprint"]
        raise Invalid(f"Digest file\t{place}\tINVALID: Unable to load PKCS #1 key with fingerprint {fingerprint}")
    previous = fields["previousDigestSignature"]
    location = f"{fields['digestS3Bucket']}/{fields['digestS3Object']}"
    signed = f"{fields['digestEndTime']}\n{location}\n{sha256}\n{'null' if previous is None else previous}"
    signature = binascii.unhexlify(fields[_SIGNATURE])
    try:
        key.verify(signature, signed.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Invalid(f"Digest file\t{place}\tINVALID: signature verification failed") from None


def _pkcs1(der: bytes) -> RSAPublicKey | None:
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, RSAPublicKey) or key.public_bytes(Encoding.DER, PublicFormat.PKCS1) != der:
        return None
    return key


def log_trouble(evidence: Evidence, log: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a log file, or None when it is valid; raises Refused.

    Content is compared as lower-case hex. A stream without its end passes when the content is whole.
    """
    bucket, key = log["s3Bucket"], log["s3Object"]
    content = _Content()
    try:
        content.take(evidence.get(bucket, key, metadata=False)[0])
        if content.goes_on:
            return "unexpected data after end of compressed stream"
        return None if content.sha256 == log["hashValue"] else "hash value doesn't match"
    except Refused:
        raise
    except NotThere:
        return "not found"
    except Exception:
        # A connection that breaks off is reported as a damaged file: the reference cannot tell them apart.
        return "invalid format"


class _Damaged(Exception):
    """A file cannot be unpacked, or not within the limit."""


class _Content:
    """What a gzip member holds. By zlib, which the reference uses too: other libraries differ in what they let pass."""

    def __init__(self, *, keep: bool = False) -> None:
        self.kept: list[bytes] = []
        self.goes_on = False
        """Whether there is anything after the member."""
        self._keep = keep
        self._size = 0
        self._digest = hashlib.sha256()
        self._stream = zlib.decompressobj(_GZIP)

    @property
    def ended(self) -> bool:
        return self._stream.eof

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def take(self, chunks: Iterable[bytes]) -> None:
        """Unpack; raises _Damaged, and whatever `chunks` raises."""
        for chunk in chunks:
            if self._stream.eof:
                self.goes_on = self.goes_on or bool(chunk)
                continue
            try:
                self._feed(chunk)
            except zlib.error:
                raise _Damaged from None
            self.goes_on = bool(self._stream.unused_data)

    def _feed(self, chunk: bytes) -> None:
        full = False
        while (chunk or full) and not self._stream.eof:
            piece = self._stream.decompress(chunk, _PIECE)
            self._digest.update(piece)
            self._size += len(piece)
            if self._size > limits.MAX_UNPACKED_BYTES:
                raise _Damaged
            if self._keep:
                self.kept.append(piece)
            chunk = self._stream.unconsumed_tail
            full = len(piece) == _PIECE  # then more may wait in the decoder though all is consumed
