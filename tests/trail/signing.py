"""Signing keys of the simulated CloudTrail, one a region, and the public half as `list-public-keys` prints it.

The private keys beside this file are demo keys: generated for these tests, worth nothing, safe to publish.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

DEMO_REGIONS = ("us-east-1", "eu-west-1")


@dataclass(frozen=True, slots=True)
class SigningKey:
    private: RSAPrivateKey
    valid_from: str = "2026-02-21T00:00:00+00:00"
    valid_until: str = "2026-03-23T00:00:00+00:00"

    @property
    def der(self) -> bytes:
        """The public key as CloudTrail serves it: PKCS#1 DER."""
        return self.private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)

    @property
    def fingerprint(self) -> str:
        """MD5 of the DER bytes, in hex."""
        return hashlib.md5(self.der).hexdigest()

    def sign(self, text: str) -> str:
        return self.private.sign(text.encode(), PKCS1v15(), SHA256()).hex()


def public_key_list(*keys: SigningKey) -> dict[str, Any]:
    """Show keys in the shape that `aws cloudtrail list-public-keys` prints."""
    return {
        "PublicKeyList": [
            {
                "Value": base64.b64encode(key.der).decode(),
                "ValidityStartTime": key.valid_from,
                "ValidityEndTime": key.valid_until,
                "Fingerprint": key.fingerprint,
            }
            for key in keys
        ]
    }


@cache
def demo_keys() -> dict[str, SigningKey]:
    """Load the demo key of each demo region."""
    return {region: SigningKey(_load(region)) for region in DEMO_REGIONS}


def _load(region: str) -> RSAPrivateKey:
    path = Path(__file__).with_name(f"demo-signing-key-{region}.pem")
    key = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key
