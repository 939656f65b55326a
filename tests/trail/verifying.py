"""A second opinion on a digest chain, as the User Guide describes custom validation, apart from the signing code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.trail.packing import unpacked


def public_key(der: bytes, fingerprint: str) -> tuple[str, RSAPublicKey]:
    """Load a published key; its fingerprint must be the MD5 of its bytes."""
    assert hashlib.md5(der).hexdigest() == fingerprint
    key = load_der_public_key(der)
    assert isinstance(key, RSAPublicKey)
    return fingerprint, key


def verify(
    chain: Sequence[str],
    bodies: Mapping[str, bytes],
    metadata: Mapping[str, Mapping[str, str]],
    key: tuple[str, RSAPublicKey],
) -> list[str]:
    """Check signatures, links and log hashes of a chain, oldest digest first; returns what is wrong, in order."""
    faults, before = [], None
    for path in chain:
        content = unpacked(bodies[path])
        document = json.loads(content)
        assert document["digestPublicKeyFingerprint"] == key[0]
        signed = (
            f"{document['digestEndTime']}\n{document['digestS3Bucket']}/{path}\n"
            f"{hashlib.sha256(content).hexdigest()}\n{document['previousDigestSignature'] or 'null'}"
        )
        try:
            key[1].verify(bytes.fromhex(metadata[path]["signature"]), signed.encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            faults.append(f"{path}: signature")
        if document["previousDigestS3Object"] != before:
            faults.append(f"{path}: predecessor")
        elif before is not None and before in bodies:
            if document["previousDigestHashValue"] != hashlib.sha256(unpacked(bodies[before])).hexdigest():
                faults.append(f"{path}: link hash")
            if document["previousDigestSignature"] != metadata[before]["signature"]:
                faults.append(f"{path}: link signature")
        faults += [fault for entry in document["logFiles"] if (fault := _log_fault(entry, bodies))]
        before = path
    return faults


def _log_fault(entry: Mapping[str, str], bodies: Mapping[str, bytes]) -> str | None:
    path = entry["s3Object"]
    if path not in bodies:
        return f"{path}: missing"
    try:
        content = unpacked(bodies[path])
    except EOFError:
        return f"{path}: cut"
    return None if hashlib.sha256(content).hexdigest() == entry["hashValue"] else f"{path}: hash"
