"""A digest as it was found: what its packing, its content and its metadata gave, before anything is believed."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from ctaudit import limits
from ctaudit.integrity.coverage import HOUR, Window
from ctaudit.integrity.digest import BadDigest, Digest, parse_digest
from ctaudit.integrity.names import DigestName
from ctaudit.integrity.packed import Packing, inspect
from ctaudit.integrity.signature import PublicKey
from ctaudit.integrity.verdict import Finding


class Status(enum.Enum):
    """What is known of a digest, or of a log by it; the value is how it is spelled."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    """Nothing speaks against it, and nothing proves it."""
    FAILED = "failed"
    UNREAD = "unread"
    """It could not be read."""


class Proof(enum.Enum):
    """What proves a digest; the value completes the sentence "proven by …"."""

    SIGNATURE = "the signature in its own metadata"
    SUCCESSOR = "its signature, which the next digest holds"
    LINK = "its hash, which the next digest holds and is itself proven"


_LONGEST = timedelta(days=1)
_MOST = 4096
"""Characters of a value that are looked at: a signature has 512."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """User metadata of a digest object, as S3 keeps it or as a sidecar saved it."""

    signature: str | None = None
    algorithm: str | None = None
    backfill_time: str | None = None

    @classmethod
    def of(cls, names: Mapping[str, str]) -> Metadata:
        """Take what is of interest from metadata whose names are in lower case."""
        known = ("signature", "signature-algorithm", "backfill-generation-timestamp")
        signature, algorithm, time = (names[name][:_MOST] if name in names else None for name in known)
        return cls(signature, algorithm, time)


@dataclass(frozen=True, slots=True)
class Loaded:
    key: str
    """As it lies: the S3 key, or in a mirror the path below the root."""
    place: str
    name: DigestName
    bucket: str | None = None
    """The bucket it lies in, by the name that digests know it by; None in a mirror."""
    packing: Packing | None = None
    """None when it could not be read."""
    digest: Digest | None = None
    trouble: str = ""
    """Why there is no digest: it could not be read, or its content is none."""
    missing: bool = False
    """S3 is sure that there is no such object, though it was listed or named."""
    metadata: Metadata | None = None
    """None when it was not saved."""

    @property
    def window(self) -> Window:
        """Its window, which ends when its name says: what it says of itself may be a lie that hides it.

        One that cannot be read, or speaks of more than a day, is taken to speak of the hour before.
        """
        digest, end = self.digest, self.name.end
        honest = digest is not None and digest.end == end and end - digest.start <= _LONGEST
        return (digest.start if digest and honest else end - HOUR, end)

    @property
    def root(self) -> str:
        """Where it lies, without what all chains have below that: tells copies, and trails of one name, apart."""
        return self.place.removesuffix(self.key) + self.name.root


@dataclass(frozen=True, slots=True)
class Judged:
    """A digest and what became of it."""

    loaded: Loaded
    status: Status
    proof: Proof | None = None
    key: PublicKey | None = None
    """The key that its signature was verified with."""
    findings: tuple[Finding, ...] = ()

    @property
    def digest(self) -> Digest | None:
        return self.loaded.digest

    @property
    def proven(self) -> bool:
        return self.status is Status.PROVEN

    @property
    def evidence(self) -> str:
        """Say in words what the word of this digest is worth."""
        if self.proof is None:
            return f"digest {self.name}, which is not proven"
        key = f" (public key {self.key.fingerprint})" if self.key else ""
        return f"digest {self.name}, proven by {self.proof.value}{key}"

    @property
    def name(self) -> str:
        """The digest's key: as it states it once that is believed, else as it lies."""
        return self.digest.location.key if self.digest and self.status is not Status.FAILED else self.loaded.key


def load(
    key: str, place: str, name: DigestName, bucket: str | None, chunks: Iterable[bytes], metadata: Metadata | None
) -> Loaded:
    """Unpack and read a digest file; whatever is wrong with it is in what is returned.

    Raises only what `chunks` raises.
    """
    packed = inspect(chunks, limits.MAX_DIGEST_BYTES, keep=True)
    digest, trouble = None, ""
    if packed.packing in (Packing.GZIP, Packing.TRAILING, Packing.PLAIN):
        try:
            digest = parse_digest(packed.content or b"", packed.sha256)
        except BadDigest as error:
            trouble = str(error)
    return Loaded(key, place, name, bucket, packed.packing, digest, trouble, False, metadata)
