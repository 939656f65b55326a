"""Is this digest the one that AWS wrote? Its form, its place, its signature, and the hash that its successor holds.

The checks follow the AWS CloudTrail User Guide ("Custom implementations of CloudTrail log file integrity validation"),
and go beyond the AWS CLI, which never compares a digest with what its successor says of it. A signature proves itself,
so it does not matter where it was found: in the object's metadata, in a sidecar, or in the successor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ctaudit.integrity.digest import Digest, Previous
from ctaudit.integrity.loaded import Judged, Loaded, Proof, Status
from ctaudit.integrity.packed import Packing
from ctaudit.integrity.signature import ALGORITHM, KeyRing, PublicKey, verifies
from ctaudit.integrity.verdict import Finding, Severity, finding

_HASH_ALGORITHM = "SHA-256"


@dataclass(frozen=True, slots=True)
class Trust:
    """What a digest is held against."""

    ring: KeyRing
    pins: frozenset[str] = frozenset()
    """SHA-256 of the public keys to be trusted; empty when every key in the ring is."""
    online: bool = False
    """Whether the objects themselves are looked at, not copies of them."""


def authenticate(loaded: Loaded, successor: Judged | None, trust: Trust) -> Judged:
    """Judge one digest; `successor` is the one that names it as its predecessor, when there is one that can be read."""
    unread = _unread(loaded, trust.online)
    if unread is not None:
        return unread
    digest = loaded.digest
    assert digest is not None  # all that has no digest was told just before
    findings = [*_packing(loaded), *_form(loaded, digest)]
    if any(found.severity is Severity.FAILED and found.code != "digest.trailing_data" for found in findings):
        return Judged(loaded, Status.FAILED, findings=_placed(findings, loaded))
    signatures = _signatures(loaded, digest, successor, trust)
    findings += [*_metadata(loaded), *_link(signatures), *_own(signatures), *_unproven(signatures)]
    key = signatures.key if signatures.proof in (Proof.SIGNATURE, Proof.SUCCESSOR) else None
    proof = signatures.proof if signatures.status is Status.PROVEN else None
    return Judged(loaded, signatures.status, proof, key, _placed(findings, loaded))


def agrees(lies: str, says: str) -> bool:
    """Tell whether a path and a key mean the same object: in a mirror, one may be the end of the other."""
    return lies == says or says.endswith(f"/{lies}") or lies.endswith(f"/{says}")


def _placed(findings: list[Finding], loaded: Loaded) -> tuple[Finding, ...]:
    digest = loaded.digest
    span = (digest.start, digest.end) if digest else (None, loaded.name.end)
    return tuple(replace(found, key=loaded.key, chain=loaded.name.chain, span=span) for found in findings)


def _unread(loaded: Loaded, online: bool) -> Judged | None:
    if loaded.missing:
        found = finding("digest.missing", "it was listed, and is gone now")
    elif loaded.packing is None:
        found = finding("digest.unreadable", loaded.trouble)
    elif loaded.packing is Packing.TOO_LARGE:
        found = finding("digest.too_large", "nothing is proven by it")
    elif loaded.packing in (Packing.EMPTY, Packing.CORRUPT, Packing.TRUNCATED) or (
        loaded.packing is Packing.PLAIN and online
    ):
        found = finding("digest.invalid_format", f"the file {loaded.packing.value}")
    elif loaded.digest is None:
        found = finding("digest.invalid_format", f"the file {loaded.trouble}")
    else:
        return None
    status = Status.FAILED if found.severity is Severity.FAILED else Status.UNREAD
    return Judged(loaded, status, findings=_placed([found], loaded))


def _packing(loaded: Loaded) -> Iterator[Finding]:
    if loaded.packing is Packing.TRAILING:
        yield finding("digest.trailing_data", "what was appended is ignored")
    elif loaded.packing is Packing.PLAIN:
        yield finding("digest.stored_uncompressed")


def _form(loaded: Loaded, digest: Digest) -> Iterator[Finding]:
    """Check that the digest lies where it says, and says of itself what its name says."""
    name, stated = loaded.name, digest.location
    if not (agrees(loaded.key, stated.key) if loaded.bucket is None else loaded.key == stated.key):
        yield finding("digest.moved", f"it says that it belongs at {stated.key}", expected=stated.key, found=loaded.key)
    elif loaded.bucket is not None and loaded.bucket != stated.bucket:
        detail = f"it says that it belongs into the bucket {stated.bucket}"
        yield finding("digest.moved", detail, expected=stated.bucket, found=loaded.bucket)
    if digest.account != name.chain.account:
        detail = f"it speaks of account {digest.account}"
        yield finding("digest.field_mismatch", detail, expected=name.chain.account, found=digest.account)
    if digest.end != name.end:
        detail = f"its window ends at {digest.end_text}, which is not the time in its name"
        yield finding("digest.field_mismatch", detail, expected=f"{name.end:%Y-%m-%dT%H:%M:%SZ}", found=digest.end_text)
    algorithms = {digest.algorithm} - {ALGORITHM}
    hashes = {entry.algorithm for entry in digest.logs} | ({digest.previous.algorithm} if digest.previous else set())
    odd = sorted(algorithms | (hashes - {_HASH_ALGORITHM}))
    if odd:
        yield finding("digest.unsupported_algorithm", f"it names {odd[0]!r}", found=odd[0], count=len(odd))


def _metadata(loaded: Loaded) -> Iterator[Finding]:
    metadata = loaded.metadata
    if metadata is None:
        return
    if metadata.algorithm is not None and metadata.algorithm != ALGORITHM:
        shown = metadata.algorithm[:64]
        yield finding("digest.algorithm", f"it names {shown!r}", expected=ALGORITHM, found=shown)
    if loaded.name.chain.backfill and metadata.backfill_time is None:
        yield finding("digest.backfill_timestamp")


@dataclass(frozen=True, slots=True)
class _Signatures:
    """All that speaks for or against a digest, side by side."""

    digest: Digest
    trust: Trust
    key: PublicKey | None
    """The key it names, if that is in the ring and trusted."""
    own: str | None
    """The signature in its metadata."""
    saved: bool
    """Whether its metadata is at hand at all."""
    successor: Judged | None
    held: Previous | None
    """What the successor holds of it, whatever the successor is worth."""
    own_holds: bool
    held_holds: bool

    @property
    def linked(self) -> bool:
        return self.held is not None and self.held.sha256 == self.digest.sha256

    @property
    def condemned(self) -> bool:
        """Whether a proven successor holds another hash: then a valid signature does not help."""
        return self.held is not None and not self.linked and self.successor is not None and self.successor.proven

    @property
    def proof(self) -> Proof | None:
        if self.own_holds:
            return Proof.SIGNATURE
        if self.held_holds:
            return Proof.SUCCESSOR
        return Proof.LINK if self.linked and self.successor is not None and self.successor.proven else None

    @property
    def refuted(self) -> bool:
        """Whether there is a signature, and a key to test it with, and it does not hold."""
        word = self.own or (self.held.signature if self.held and self.successor_counts else None)
        return self.proof is None and self.key is not None and word is not None

    @property
    def successor_counts(self) -> bool:
        """Whether the successor's word is worth anything: not when it is known to be false itself."""
        return self.successor is not None and self.successor.status is not Status.FAILED

    @property
    def status(self) -> Status:
        if self.condemned or self.refuted:
            return Status.FAILED
        return Status.PROVEN if self.proof else Status.UNPROVEN


def _signatures(loaded: Loaded, digest: Digest, successor: Judged | None, trust: Trust) -> _Signatures:
    key = trust.ring.get(digest.fingerprint)
    if key is not None and trust.pins and key.sha256 not in trust.pins:
        key = None
    own = loaded.metadata.signature if loaded.metadata else None
    held = successor.digest.previous if successor and successor.digest else None
    own_holds = key is not None and own is not None and verifies(digest, own, key)
    same = own is not None and held is not None and own.lower() == held.signature.lower()
    held_holds = own_holds if same else key is not None and held is not None and verifies(digest, held.signature, key)
    return _Signatures(digest, trust, key, own, loaded.metadata is not None, successor, held, own_holds, held_holds)


def _link(known: _Signatures) -> Iterator[Finding]:
    """Compare with what the successor holds, hash and signature apart."""
    held, successor = known.held, known.successor
    if held is None or successor is None or not known.successor_counts:
        return
    if not known.linked:
        worth = "which is proven" if successor.proven else "which is not proven itself: one of the two was altered"
        yield finding(
            "digest.link_mismatch",
            f"the hash in {successor.loaded.key}, {worth}, is another one",
            expected=held.sha256,
            found=known.digest.sha256,
            proven_by=successor.evidence,
        )
    if known.own_holds and known.own is not None and known.own.lower() != held.signature.lower():
        yield finding(
            "digest.link_mismatch",
            f"its own signature is not the one that {successor.loaded.key} holds",
            expected=held.signature,
            found=known.own,
            proven_by=successor.evidence,
        )


def _own(known: _Signatures) -> Iterator[Finding]:
    """Tell of a signature in the metadata that does not hold, or is not there."""
    if known.own is None:
        if known.saved and known.status is Status.PROVEN:
            yield finding("digest.metadata_missing")
        return
    if known.own_holds:
        return
    held = known.held.signature if known.held else None
    if known.proof and not known.condemned:
        if known.key is not None or (held is not None and held.lower() != known.own.lower()):
            yield finding("digest.metadata_signature", expected=held, found=known.own[:2048])
    elif known.key is not None:
        detail = f"its signature does not hold with the public key {known.key.fingerprint}"
        yield finding("digest.signature", detail, found=known.digest.sha256)


def _unproven(known: _Signatures) -> Iterator[Finding]:
    """Say what is missing to prove it."""
    if known.refuted and known.own is None:
        detail = "the signature that the next digest holds is not its own"
        yield finding("digest.signature", detail, found=known.digest.sha256)
    if known.status is not Status.UNPROVEN:
        return
    fingerprint = known.digest.fingerprint
    unpinned = known.trust.ring.get(fingerprint)
    if known.key is not None:
        detail = "neither its metadata nor the digest after it is at hand; `aws s3api head-object` prints the metadata"
        yield finding("digest.unverifiable", detail)
    elif unpinned is not None:
        detail = f"its public key {fingerprint} has the SHA-256 {unpinned.sha256}"
        yield finding("key.not_pinned", detail, found=unpinned.sha256)
    else:
        clash = fingerprint in known.trust.ring.conflicts
        cure = (
            "two keys were given with it"
            if clash
            else "give --public-keys, as `aws cloudtrail list-public-keys` prints"
        )
        yield finding("digest.key_unknown", f"its fingerprint is {fingerprint}; {cure}", expected=fingerprint)
