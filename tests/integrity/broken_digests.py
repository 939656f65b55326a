"""Digests changed, replaced, renamed or damaged, with the service's own key or without it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from tests.integrity.scenario import (
    HOLE,
    LOOSE,
    OK,
    SILENT,
    Case,
    Reference,
    Rows,
    case,
    digest_key,
    expected,
    invalid,
)  # fmt: skip
from tests.trail.bucket import Bucket
from tests.trail.digests import Document, compose, link, store
from tests.trail.packing import gzipped, unpacked
from tests.trail.signing import demo_keys
from tests.trail.small import CHAIN, NOON, small_trail
from tests.trail.trail import HOUR, Trail

ROWS = Rows()
HOUR_BROKEN = 3
"""The digest that is broken: neither the newest nor one beside it."""
GENUINE, STRANGER = (demo_keys()[region] for region in ("us-east-1", "eu-west-1"))
"""The key that signs the small trail, and one that has no say in its region."""


def broken(
    code: str, reference: Reference, change: Callable[[Bucket, str], object], *, proven: bool = False, grave: int = 1
) -> Case:
    """Break one digest, for which one verdict is to be found; `proven` when its content still is."""
    trail = small_trail()
    key = digest_key(trail, HOUR_BROKEN)
    change(trail.bucket, key)
    return case(trail, expected(grave, (code, key), may=() if proven else HOLE | LOOSE), reference)


def reissued(code: str, reference: Reference, change: Callable[[Document], object]) -> Case:
    """Change one digest and sign it and its successors anew, as only AWS could."""
    trail = small_trail()
    key = digest_key(trail, HOUR_BROKEN)
    trail.edit_digest(key, change, signed=True)
    trail.relink(*CHAIN, after=key)
    return case(trail, expected(1, (code, key), may=HOLE | LOOSE | {"coverage.restart_gap"}), reference)


@ROWS.row(18, "digest edited")
def edited() -> Case:
    trail = small_trail()
    key = digest_key(trail, HOUR_BROKEN)
    trail.edit_digest(key, lambda digest: digest["logFiles"].pop())
    found = expected(1, ("digest.signature", key), may=HOLE | LOOSE | {"log.unlisted"})
    return case(trail, found, invalid(f"/{key}\tINVALID: signature verification failed"))


@ROWS.row(18, "newest digest edited")
def newest_edited() -> Case:
    trail = small_trail()
    key = digest_key(trail, -1)
    trail.edit_digest(key, lambda digest: digest["logFiles"].pop())
    found = expected(1, ("digest.signature", key), may=HOLE | {"coverage.tail"})
    return case(trail, found, invalid(f"/{key}\tINVALID: signature verification failed"))


@ROWS.row(18, "digest written anew with spaces")
def reserialized() -> Case:
    def spaced(bucket: Bucket, key: str) -> None:
        bucket.rewrite(key, gzipped(unpacked(bucket.bodies[key]).replace(b'":', b'": ')))

    return broken("digest.signature", invalid("\tINVALID: signature verification failed"), spaced)


@ROWS.row(19, "metadata removed")
def metadata_removed() -> Case:
    says = invalid("Digest file\t", "\tINVALID: signature verification failed")
    return broken("digest.metadata_missing", says, _strip, proven=True, grave=0)


@ROWS.row(19, "metadata of the newest digest removed")
def newest_metadata_removed() -> Case:
    trail = small_trail()
    key = digest_key(trail, -1)
    _strip(trail.bucket, key)
    found = expected(3, ("digest.unverifiable", key), may=HOLE | {"coverage.tail", "digest.metadata_missing"})
    return case(trail, found, invalid(f"/{key}\tINVALID: signature verification failed"))


@ROWS.row(20, "metadata signature replaced")
def signature_replaced() -> Case:
    def replace(bucket: Bucket, key: str) -> None:
        signature = bucket.metadata[key]["signature"]
        bucket.metadata[key]["signature"] = signature[:-1] + ("0" if signature[-1] != "0" else "1")

    says = invalid("Digest file\t", "\tINVALID: signature verification failed")
    return broken("digest.metadata_signature", says, replace, proven=True)


@ROWS.row(21, "signature algorithm changed to none")
def algorithm_none() -> Case:
    def weaken(bucket: Bucket, key: str) -> None:
        bucket.metadata[key]["signature-algorithm"] = "none"

    return broken("digest.algorithm", SILENT, weaken, proven=True)


@ROWS.row(22, "digest of another hour at this place")
def moved() -> Case:
    trail = small_trail()
    key = digest_key(trail, HOUR_BROKEN)
    trail.bucket.copy(digest_key(trail, 1), key)
    found = expected(1, ("digest.moved", key), may=HOLE | LOOSE | {"digest.field_mismatch"})
    return case(trail, found, invalid(f"/{key}\tINVALID: has been moved from its original location"))


@ROWS.row(22, "whole bucket copied to another one")
def replicated() -> Case:
    """It proves as much as the first when the new name is told; the AWS CLI takes no such word."""
    trail = small_trail()
    copy = trail.bucket.renamed("example-archive-copy")
    says = Reference(1, ("No valid digests found in range\n", "0/8 digest files valid, 8/8 digest files INVALID"))
    return case(trail, OK, says, source=copy, bucket_map={trail.bucket.name: copy.name})


@ROWS.row(23, "data appended to a digest")
def appended() -> Case:
    return broken("digest.trailing_data", SILENT, lambda bucket, key: bucket.append(key, b"more"), proven=True)


@ROWS.row(24, "digest not gzip")
def not_gzip() -> Case:
    says = invalid("Digest file\t", "\tINVALID: invalid format")
    return broken("digest.invalid_format", says, lambda bucket, key: bucket.rewrite(key, b"This is no digest.\n"))


@ROWS.row(24, "digest truncated")
def truncated() -> Case:
    says = invalid("Digest file\t", "\tINVALID: invalid format")
    return broken("digest.invalid_format", says, lambda bucket, key: bucket.cut(key, len(bucket.bodies[key]) // 2))


@ROWS.row(24, "digest not a JSON object")
def not_an_object() -> Case:
    says = invalid("Digest file\t", "\tINVALID: list indices must be integers or slices, not str")
    return broken("digest.invalid_format", says, lambda bucket, key: bucket.rewrite(key, gzipped(b"[]")))


@ROWS.row(25, "digest replaced by another signed one")
def replaced() -> Case:
    """The dropped log file is removed as well, so that only the successor knows."""
    trail = small_trail()
    key = digest_key(trail, HOUR_BROKEN)
    trail.bucket.remove(trail.document(key)["logFiles"][0]["s3Object"])
    trail.edit_digest(key, lambda digest: digest["logFiles"].pop(0), signed=True)
    says = Reference(0, ("8/8 digest files valid\n15/15 log files valid\n",))
    return case(trail, expected(1, ("digest.link_mismatch", key), may=HOLE), says)


@ROWS.row(29, "copy of a digest under another key")
def copied() -> Case:
    trail = small_trail()
    key = digest_key(trail, HOUR_BROKEN)
    copy = key.replace("T160000Z", "T163000Z")
    trail.bucket.copy(key, copy)
    return case(trail, expected(1, ("digest.moved", copy), may={"digest.orphan", "digest.field_mismatch"}), SILENT)


@ROWS.row(29, "signed digest off the chain")
def orphan() -> Case:
    trail = small_trail()
    start = NOON + 2 * HOUR + timedelta(minutes=20)
    hours = start, start + timedelta(minutes=20)
    key = trail.digest_key(*CHAIN, hours[1])
    store(trail.bucket, compose(trail.bucket, key, CHAIN[0], GENUINE.fingerprint, hours, ()), GENUINE, hours[1])
    return case(trail, expected(0, ("digest.orphan", key)), SILENT)


@ROWS.row(31, "no key known")
def keys_unknown() -> Case:
    says = invalid("\tINVALID: public key not found in region us-east-1 for fingerprint", "8/8 digest files INVALID")
    may = HOLE | {"coverage.head", "coverage.tail"}
    return case(small_trail(), expected(3, "digest.key_unknown", may=may), says, keys={CHAIN[1]: (STRANGER,)})


@ROWS.row(31, "older key unknown")
def older_key_unknown() -> Case:
    """The first digest signed with the newer key proves the one before it by its hash, and that one all the others."""
    trail = small_trail()
    older = trail.digests(*CHAIN)[: HOUR_BROKEN + 1]
    _sign_with_stranger(trail, older)
    trail.relink(*CHAIN, after=older[-1])
    says = invalid("\tINVALID: public key not found in region us-east-1 for fingerprint", "4/8 digest files INVALID")
    return case(trail, expected(0, may={"digest.key_unknown"}), says, keys={CHAIN[1]: (GENUINE,)})


@ROWS.row(35, "account in digest not that of its key")
def other_account() -> Case:
    return reissued("digest.field_mismatch", SILENT, lambda digest: digest.update(awsAccountId="111122223333"))


@ROWS.row(36, "predecessor partly null")
def partly_null() -> Case:
    says = Reference(
        0, ("No log files were delivered by CloudTrail between 2026-03-09T15:00:00Z and 2026-03-09T15:00:00Z",)
    )
    return reissued("digest.invalid_format", says, lambda digest: digest.update(previousDigestS3Bucket=None))


@ROWS.row(39, "hash algorithm of a log not SHA-256")
def hash_algorithm() -> Case:
    def weaken(digest: Document) -> None:
        digest["logFiles"][0]["hashAlgorithm"] = "MD5"

    return reissued("digest.unsupported_algorithm", SILENT, weaken)


@ROWS.row(42, "digest that names itself")
def self_reference() -> Case:
    return _cycle(HOUR_BROKEN)


@ROWS.row(42, "digests in a circle")
def circle() -> Case:
    return _cycle(6)


@ROWS.row(45, "key ring edited together with digests")
def forged() -> Case:
    """Nothing in it tells: keys have to come from AWS, or be known beforehand."""
    return case(_forged(), OK, SILENT, keys={CHAIN[1]: (STRANGER,)})


@ROWS.row(45, "key ring edited but keys pinned")
def forged_and_pinned() -> Case:
    may = HOLE | {"digest.key_unknown", "coverage.head", "coverage.tail"}
    pins = (hashlib.sha256(GENUINE.der).hexdigest(),)
    return case(_forged(), expected(3, "key.not_pinned", may=may), None, keys={CHAIN[1]: (STRANGER,)}, pins=pins)


def _strip(bucket: Bucket, key: str) -> None:
    bucket.metadata[key].clear()


def _cycle(hour: int) -> Case:
    """Let a digest name that of `hour` as its predecessor; hashes cannot run in a circle, names can."""
    trail = small_trail()
    key = digest_key(trail, HOUR_BROKEN)
    trail.edit_digest(key, partial(_point, to=digest_key(trail, hour)), signed=True)
    trail.relink(*CHAIN, after=key)
    may = HOLE | LOOSE | {"coverage.restart_gap", "coverage.temporal_gap"}
    return case(trail, expected(1, ("digest.cycle", key), may=may), Reference(None))


def _point(digest: dict[str, Any], to: str) -> None:
    digest["previousDigestS3Object"] = to


def _forged() -> Trail:
    """A trail of which one log file is changed, its digest to match, and all signed with somebody else's key."""
    trail = small_trail()
    key = digest_key(trail, HOUR_BROKEN)
    log = trail.document(key)["logFiles"][0]["s3Object"]
    trail.edit_log(log, lambda records: records[1:])
    lie = hashlib.sha256(unpacked(trail.bucket.bodies[log])).hexdigest()
    trail.edit_digest(key, lambda digest: digest["logFiles"][0].update(hashValue=lie))
    _sign_with_stranger(trail, trail.digests(*CHAIN))
    return trail


def _sign_with_stranger(trail: Trail, digests: list[str]) -> None:
    """Sign these digests, the oldest ones of the chain, with a key of no say, each linked to the one before."""
    genuine, trail.keys = trail.keys, {CHAIN[1]: STRANGER}
    for key in digests:
        trail.edit_digest(key, lambda digest: digest.update(digestPublicKeyFingerprint=STRANGER.fingerprint))
    trail.edit_digest(digests[0], lambda digest: None, signed=True)
    for previous, key in pairwise(digests):
        trail.edit_digest(key, partial(link, bucket=trail.bucket, previous=previous), signed=True)
    trail.keys = genuine
