"""Log files changed, removed, appended to, cut, packed otherwise or added, while all digests stay as they were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.integrity.scenario import (
    OK,
    SILENT,
    Case,
    Expected,
    Reference,
    Rows,
    case,
    digest_key,
    expected,
    invalid,
    log_key,
)  # fmt: skip
from tests.trail.bucket import Bucket
from tests.trail.packing import gzipped, minified, unpacked
from tests.trail.small import CHAIN, NOON, small_batch, small_trail
from tests.trail.trail import HOUR, Trail

ROWS = Rows()
LOG = 5
"""The log file that is broken: the second one of the third hour."""


def broken(code: str, reference: Reference, change: Callable[[Bucket, str], object]) -> Case:
    """Break one log file, for which one verdict is to be found."""
    trail = small_trail()
    key = log_key(trail, LOG)
    change(trail.bucket, key)
    return case(trail, expected(1, (code, key)), reference)


@ROWS.row(0, "clean")
def clean() -> Case:
    return case(small_trail(), OK, SILENT)


@ROWS.row(0, "clean but no metadata saved")
def without_metadata() -> Case:
    """Of a copy without metadata all but the newest digest can be proven: each successor holds a signature."""
    trail = small_trail()
    newest = digest_key(trail, -1)
    tail = {"coverage.tail", "coverage.missing", "log.undigested", "log.pending", "digest.metadata_missing"}
    unproven = expected(3, ("digest.unverifiable", newest), may=tail)
    return case(trail, unproven, None, online=False, sidecars=False)


@ROWS.row(1, "log content changed")
def changed() -> Case:
    trail = small_trail()
    key = log_key(trail, LOG)
    trail.edit_log(key, lambda records: records[1:])
    return case(trail, expected(1, ("log.hash_mismatch", key)), invalid(f"/{key}\tINVALID: hash value doesn't match"))


@ROWS.row(2, "listed log deleted")
def removed() -> Case:
    return broken("log.missing", invalid("Log file\t", "\tINVALID: not found"), Bucket.remove)


@ROWS.row(3, "log recompressed")
def repacked() -> Case:
    trail = small_trail()
    key = log_key(trail, LOG)
    again = gzipped(unpacked(trail.bucket.bodies[key]), level=1)
    assert again != trail.bucket.bodies[key]
    trail.bucket.rewrite(key, again)
    return case(trail, OK, SILENT)


@ROWS.row(4, "gzip member appended")
def member_appended() -> Case:
    more = gzipped(minified({"Records": list(small_batch(NOON + timedelta(minutes=33)).records)}))
    says = invalid("\tINVALID: unexpected data after end of compressed stream")
    return broken("log.trailing_data", says, lambda bucket, key: bucket.append(key, more))


@ROWS.row(5, "garbage appended")
def garbage_appended() -> Case:
    says = invalid("\tINVALID: unexpected data after end of compressed stream")
    return broken("log.trailing_data", says, lambda bucket, key: bucket.append(key, b"\x00garbage"))


@ROWS.row(6, "log cut before its trailer")
def trailer_gone() -> Case:
    return broken("log.truncated_stream", SILENT, lambda bucket, key: bucket.cut(key, -8))


@ROWS.row(6, "log cut within its trailer")
def trailer_cut() -> Case:
    return broken("log.truncated_stream", SILENT, lambda bucket, key: bucket.cut(key, -3))


@ROWS.row(7, "log with another checksum")
def checksum_flipped() -> Case:
    says = invalid("Log file\t", "\tINVALID: invalid format")
    return broken("log.invalid_format", says, lambda bucket, key: bucket.flip(key, -8))


@ROWS.row(7, "log not gzip")
def not_gzip() -> Case:
    says = invalid("Log file\t", "\tINVALID: invalid format")
    return broken("log.invalid_format", says, lambda bucket, key: bucket.rewrite(key, b"This is no log file.\n"))


@ROWS.row(8, "empty object")
def empty() -> Case:
    says = invalid("\tINVALID: hash value doesn't match")
    return broken("log.invalid_format", says, lambda bucket, key: bucket.rewrite(key, b""))


@ROWS.row(9, "log stored uncompressed")
def uncompressed() -> Case:
    """In S3 somebody wrote it anew; a copy may have been unpacked on the way, and proves as much."""
    trail = small_trail()
    key = log_key(trail, LOG)
    trail.bucket.rewrite(key, unpacked(trail.bucket.bodies[key]))
    found = "log.stored_uncompressed", key
    reference = invalid("Log file\t", "\tINVALID: invalid format")
    return Case(trail=trail, online=expected(1, found), offline=expected(0, found), reference=reference)


@ROWS.row(10, "unlisted log injected")
def injected() -> Case:
    trail = small_trail()
    key = trail.put_log(small_batch(NOON + 2 * HOUR + timedelta(minutes=31)))
    return case(trail, expected(1, ("log.unlisted", key)), SILENT)


def backfilled() -> tuple[Trail, str, str]:
    """A trail with one log file that only a backfill digest lists; returns both keys, the log's first."""
    trail = small_trail()
    late = trail.put_log(small_batch(NOON + 2 * HOUR + timedelta(minutes=31)))
    start = NOON + 2 * HOUR
    return trail, late, trail.cut_backfill(*CHAIN, start, start + HOUR, start + 4 * HOUR)


@ROWS.row(0, "clean with a backfill digest")
def clean_backfill() -> Case:
    trail, _, _ = backfilled()
    says = ("8/8 digest files valid\n1/1 backfill digest files valid\n17/17 log files valid\n",)
    return case(trail, OK, Reference(0, says))


@ROWS.row(32, "backfill digest deleted")
def backfill_removed() -> Case:
    trail, late, backfill = backfilled()
    trail.bucket.remove(backfill)
    return case(trail, expected(1, ("log.unlisted", late)), SILENT)


@ROWS.row(33, "backfill timestamp removed")
def backfill_timestamp() -> Case:
    """The time only tells where to look for a key, so nothing is wrong with the digest itself."""
    trail, _, backfill = backfilled()
    del trail.bucket.metadata[backfill]["backfill-generation-timestamp"]
    says = invalid("(backfill) Digest file\t", f"/{backfill}\tINVALID: invalid format")
    return case(trail, expected(0, ("digest.backfill_timestamp", backfill)), says)


@ROWS.row(34, "backfill digest renamed to a standard one")
def backfill_renamed() -> Case:
    trail, _, backfill = backfilled()
    standard = backfill.replace("_backfill", "")
    trail.bucket.move(backfill, standard)
    may = {"coverage.missing", "log.undigested", "log.unlisted", "digest.link_mismatch", "digest.missing"}
    found = expected(1, ("digest.moved", standard), may=may)
    return case(trail, found, invalid(f"/{standard}\tINVALID: has been moved from its original location"))


@ROWS.row(37, "listed log in another bucket")
def other_bucket() -> Case:
    """Digests may list log files of other buckets; a mirror of one bucket does not have them."""
    trail = small_trail()
    key, other = log_key(trail, LOG), Bucket("example-org-other-logs")
    other.put(key, trail.bucket.bodies[key], trail.bucket.modified[key])
    trail.bucket.remove(key)
    changed_digest = digest_key(trail, LOG // 2)
    trail.edit_digest(changed_digest, lambda digest: _entry(digest, key).update(s3Bucket=other.name), signed=True)
    trail.relink(*CHAIN, after=changed_digest)
    away: Expected = expected(3, "log.not_available")
    return Case(trail=trail, online=OK, offline=away, reference=SILENT, others=(other,))


@ROWS.row(38, "hash in upper case")
def upper_case() -> Case:
    trail = small_trail()
    key, listing = log_key(trail, LOG), digest_key(trail, LOG // 2)

    def shout(digest: dict[str, list[dict[str, str]]]) -> None:
        entry = _entry(digest, key)
        entry["hashValue"] = entry["hashValue"].upper()

    trail.edit_digest(listing, shout, signed=True)
    trail.relink(*CHAIN, after=listing)
    return case(trail, OK, invalid(f"/{key}\tINVALID: hash value doesn't match"))


def _entry(digest: dict[str, list[dict[str, str]]], key: str) -> dict[str, str]:
    return next(entry for entry in digest["logFiles"] if entry["s3Object"] == key)
