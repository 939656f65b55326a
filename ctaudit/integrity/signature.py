"""Signatures of digests: the text that is signed, the public keys that AWS publishes, and whether the two agree.

AWS CloudTrail User Guide, "Custom implementations of CloudTrail log file integrity validation": RSASSA-PKCS1-v1_5 with
SHA-256. A key's fingerprint is the MD5 of the DER bytes it is served as; AWS does not say so, its published keys do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ctaudit.integrity.digest import Digest

ALGORITHM = "SHA256withRSA"
"""The only one there is; another one named anywhere is a finding, and is never used."""
_KEY_BITS = (1024, 8192)
_HEX = frozenset("0123456789abcdefABCDEF")


class BadKeys(Exception):
    """A file of public keys cannot be read; says why."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    fingerprint: str
    """Lower-case hex, as stated beside the key: digests name their key by it."""
    sha256: str
    """Lower-case hex, of the DER bytes: what a user can pin."""
    key: RSAPublicKey
    genuine: bool
    """Whether the fingerprint is that of the bytes. One of AWS's own printed samples is not: no proof of anything."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    keys: Mapping[str, PublicKey]
    conflicts: frozenset[str] = frozenset()
    """Fingerprints that were given for two different keys: neither is used."""
    unreadable: tuple[str, ...] = ()
    """What could not be read among the keys, a sentence each."""

    def __len__(self) -> int:
        return len(self.keys)

    def get(self, fingerprint: str) -> PublicKey | None:
        return self.keys.get(fingerprint)


def string_to_sign(digest: Digest) -> str:
    """Return the text that CloudTrail signed; a digest without a predecessor has the word `null` in it."""
    previous = digest.previous.signature if digest.previous else "null"
    return f"{digest.end_text}\n{digest.location.bucket}/{digest.location.key}\n{digest.sha256}\n{previous}"


def verifies(digest: Digest, signature: str, key: PublicKey) -> bool:
    """Tell whether `signature`, in hex of either case, is that of this digest by this key."""
    if not _HEX.issuperset(signature) or len(signature) % 2:
        return False
    try:
        key.key.verify(bytes.fromhex(signature), string_to_sign(digest).encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, UnicodeEncodeError):
        return False
    return True


def key_ring(entries: Iterable[Mapping[str, Any]]) -> KeyRing:
    """Make a ring of entries as ListPublicKeys returns them: `Value` (DER bytes, or base64), `Fingerprint`."""
    keys: dict[str, PublicKey] = {}
    conflicts: set[str] = set()
    unreadable: list[str] = []
    for entry in entries:
        try:
            key = _public_key(entry)
        except BadKeys as error:
            unreadable.append(str(error))
            continue
        if keys.setdefault(key.fingerprint, key).sha256 != key.sha256:
            conflicts.add(key.fingerprint)
    return KeyRing(
        {name: key for name, key in keys.items() if name not in conflicts}, frozenset(conflicts), tuple(unreadable)
    )


def key_entries(text: bytes) -> list[dict[str, Any]]:
    """Read what `aws cloudtrail list-public-keys` prints, of either version of the AWS CLI.

    Raises BadKeys when the text is something else.
    """
    try:
        content = json.loads(text, parse_int=str)
    except (ValueError, RecursionError):
        raise BadKeys("is no JSON") from None
    for name in ("PublicKeyList", "publicKeyList"):
        listed = content.get(name) if isinstance(content, dict) else None
        if isinstance(listed, list):
            return [entry for entry in listed if isinstance(entry, dict)]
    raise BadKeys("is not what `aws cloudtrail list-public-keys` prints: it has no PublicKeyList")


def _public_key(entry: Mapping[str, Any]) -> PublicKey:
    fingerprint = entry.get("Fingerprint", entry.get("fingerprint"))
    if not isinstance(fingerprint, str) or not fingerprint:
        raise BadKeys("a public key has no fingerprint")
    der = _der(entry.get("Value", entry.get("value")), fingerprint)
    try:
        key = load_der_public_key(der)  # PKCS#1 as well as SubjectPublicKeyInfo
    except (ValueError, UnsupportedAlgorithm):
        raise BadKeys(f"the public key {fingerprint[:64]} is no RSA key") from None
    if not isinstance(key, RSAPublicKey) or not _KEY_BITS[0] <= key.key_size <= _KEY_BITS[1]:
        raise BadKeys(f"the public key {fingerprint[:64]} is no RSA key of {_KEY_BITS[0]} to {_KEY_BITS[1]} bits")
    stated = fingerprint.lower()
    computed = hashlib.md5(der, usedforsecurity=False).hexdigest()
    return PublicKey(stated, hashlib.sha256(der).hexdigest(), key, computed == stated)


def _der(value: object, fingerprint: str) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode("".join(value.split()) if isinstance(value, str) else "", validate=True)
    except (binascii.Error, ValueError):
        raise BadKeys(f"the public key {fingerprint[:64]} is no base64") from None
