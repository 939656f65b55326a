"""Digests removed or passed over, logging stopped, names that collide, and a bucket set back to an earlier state."""

from __future__ import annotations

from datetime import timedelta

from tests.integrity.scenario import (
    HOLE,
    NO_DIGESTS,
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
from tests.trail.small import CHAIN, NOON, go_on, small_batch, small_trail, stop_batch
from tests.trail.trail import HOUR, Trail

ROWS = Rows()
TAIL = frozenset({"log.pending", "log.undigested"})
"""What follows when the newest digests are gone: the log files after them are in nobody's list."""


def without(*hours: int, logs: bool = False) -> Trail:
    """The small trail without the digests of these hours, and without their log files if `logs`."""
    trail = small_trail()
    for key in [digest_key(trail, hour) for hour in hours]:
        (trail.withhold if logs else trail.bucket.remove)(key)
    return trail


def counted(digests: int, logs: int) -> Reference:
    """The reference finds so many of each, all of them valid."""
    return Reference(0, (f"{digests}/{digests} digest files valid\n{logs}/{logs} log files valid\n",))


@ROWS.row(11, "middle digest deleted")
def middle_removed() -> Case:
    gone = digest_key(small_trail(), 3)
    found = expected(1, ("digest.missing", gone), "coverage.missing", may=HOLE)
    says = invalid(f"/{gone}\tINVALID: not found", "7/8 digest files valid, 1/8 digest files INVALID\n14/14 log")
    return case(without(3), found, says)


@ROWS.row(12, "two adjacent digests deleted")
def two_removed() -> Case:
    """Only the later one is named by a digest that is left; of the span before it nothing is known."""
    gone = digest_key(small_trail(), 4)
    found = expected(1, ("digest.missing", gone), "coverage.missing", may=HOLE)
    says = invalid(f"/{gone}\tINVALID: not found", "6/7 digest files valid, 1/7 digest files INVALID\n12/12 log")
    return case(without(3, 4), found, says)


@ROWS.row(12, "three oldest digests deleted")
def oldest_three_removed() -> Case:
    gone = digest_key(small_trail(), 2)
    found = expected(1, ("digest.missing", gone), "coverage.head|coverage.missing", may=HOLE | {"coverage.head"})
    says = invalid(f"/{gone}\tINVALID: not found", "5/6 digest files valid, 1/6 digest files INVALID\n10/10 log")
    return case(without(0, 1, 2), found, says)


@ROWS.row(13, "newest digest deleted")
def newest_removed() -> Case:
    return case(without(7), expected(3, "coverage.tail", may=TAIL), counted(7, 14))


@ROWS.row(13, "newest digest deleted after an earlier run")
def newest_removed_since() -> Case:
    trail = without(7)
    gone = digest_key(small_trail(), 7)
    found = expected(1, ("state.rollback", gone), "coverage.tail", may=TAIL)
    return case(trail, found, counted(7, 14), earlier=small_trail().bucket)


@ROWS.row(14, "newest three digests and their logs deleted")
def tail_removed() -> Case:
    return case(without(5, 6, 7, logs=True), expected(3, "coverage.tail"), counted(5, 10))


@ROWS.row(15, "only the truncated window asked for")
def only_the_tail() -> Case:
    found = expected(3, "coverage.tail|coverage.nothing_found|coverage.missing")
    return case(without(5, 6, 7, logs=True), found, NO_DIGESTS, since=NOON + 5 * HOUR + timedelta(minutes=30))


@ROWS.row(16, "oldest digest deleted")
def oldest_removed() -> Case:
    gone = digest_key(small_trail(), 0)
    found = expected(1, ("digest.missing", gone), "coverage.head|coverage.missing", may=HOLE | {"coverage.head"})
    return case(without(0), found, invalid(f"/{gone}\tINVALID: not found", "7/8 digest files valid"))


@ROWS.row(16, "oldest digest expired")
def oldest_expired() -> Case:
    """A rule of the bucket that deletes old objects leaves the same behind; the log files go with it."""
    gone = digest_key(small_trail(), 0)
    may = HOLE | {"coverage.head", "digest.missing"}
    found = expected(3, "digest.missing|coverage.head|coverage.missing", may=may)
    says = invalid(f"/{gone}\tINVALID: not found", "7/8 digest files valid")
    return case(without(0, logs=True), found, says, expired_before=NOON + HOUR)


@ROWS.row(17, "all digests deleted")
def none_left() -> Case:
    may = HOLE | {"coverage.nothing_found", "coverage.head", "coverage.tail"}
    return case(without(*range(8)), expected(1, "coverage.no_digests", may=may), NO_DIGESTS)


@ROWS.row(17, "everything deleted")
def nothing_left() -> Case:
    return case(without(*range(8), logs=True), expected(3, "coverage.nothing_found"), NO_DIGESTS, offline=False)


@ROWS.row(26, "pointer that skips an hour")
def skipped() -> Case:
    trail = without(3, logs=True)
    trail.relink(*CHAIN, after=digest_key(trail, 2))
    return case(trail, expected(3, "coverage.temporal_gap", may={"coverage.missing"}), counted(7, 14))


def stopped() -> Trail:
    """Stopped at 15:40, begun again at 18:00: the last digest before covers what was left of its hour."""
    trail = small_trail(hours=3)
    begins = NOON + 3 * HOUR
    trail.put_log(small_batch(begins + timedelta(minutes=10)))
    trail.put_log(stop_batch(begins + timedelta(minutes=47), trail.arn(CHAIN[0])))
    trail.cut_digest(*CHAIN, begins, begins + timedelta(minutes=50))
    go_on(trail, NOON + 6 * HOUR, 4, restart=True)
    return trail


def gap(until: str) -> str:
    return f"No log files were delivered by CloudTrail between 2026-03-09T{until}Z and 2026-03-09T18:00:00Z"


@ROWS.row(27, "logging stopped and restarted")
def restarted() -> Case:
    says = Reference(0, (gap("15:50:00"), "8/8 digest files valid\n16/16 log files valid\n"))
    return case(stopped(), expected(3, "coverage.restart_gap"), says, until=NOON + 10 * HOUR)


@ROWS.row(28, "tail of the older segment deleted before a restart")
def restart_hides_a_tail() -> Case:
    """The digest that tells of the stop is gone with its log files: nothing explains the gap."""
    trail = stopped()
    trail.withhold(digest_key(trail, 3))
    says = Reference(0, (gap("15:00:00"), "7/7 digest files valid\n14/14 log files valid\n"))
    return case(trail, expected(3, "coverage.restart_gap"), says, until=NOON + 10 * HOUR)


@ROWS.row(28, "digest before a restart deleted but its logs left")
def restart_hides_a_digest() -> Case:
    """Log files in the gap, and nobody seen to stop: what was logged there was once accounted for."""
    trail = stopped()
    trail.bucket.remove(digest_key(trail, 3))
    says = Reference(0, (gap("15:00:00"), "7/7 digest files valid\n14/14 log files valid\n"))
    found = expected(1, "coverage.restart_gap", "log.undigested")
    return case(trail, found, says, until=NOON + 10 * HOUR)


@ROWS.row(30, "name of another trail collides")
def collision() -> Case:
    """The AWS CLI takes the other trail's digests for this one's and never comes to the emptied log file."""
    trail = small_trail()
    other = Trail(name=f"{trail.name}_{trail.home}_b", bucket=trail.bucket)
    begins = NOON + timedelta(minutes=30)
    for hour in range(8):
        other.put_log(small_batch(begins + hour * HOUR + timedelta(minutes=15)))
    other.cut_digests(begins, begins + 8 * HOUR, [CHAIN])
    emptied = sorted(entry.key for entry in trail.logs[CHAIN])[5]
    trail.edit_log(emptied, lambda records: [])
    found = expected(1, ("log.hash_mismatch", emptied), may={"coverage.head"})
    backwards = "between 2026-03-09T13:00:00Z and 2026-03-09T12:30:00Z"
    return case(trail, found, Reference(0, ("9/9 digest files valid\n10/10 log files valid\n", backwards)))


@ROWS.row(43, "another region asked for")
def other_region() -> Case:
    region = "eu-west-1"
    says = Reference(0, NO_DIGESTS.says, region=region)
    return case(small_trail(), expected(3, "coverage.nothing_found"), says, options=("--region", region))


@ROWS.row(43, "wrong prefix")
def wrong_prefix() -> Case:
    says = Reference(0, NO_DIGESTS.says, ("--s3-prefix", "wrong"))
    return case(small_trail(), expected(3, "coverage.nothing_found"), says, place="wrong", offline=False)


@ROWS.row(43, "organization trail")
def organization() -> Case:
    """The AWS CLI does not look for the organization when it is told the bucket."""
    return case(small_trail(organization="o-exampleorg1"), OK, NO_DIGESTS)


@ROWS.row(44, "bucket set back to an earlier state")
def set_back() -> Case:
    trail = small_trail(hours=5)
    gone = digest_key(small_trail(), 7)
    found = expected(1, ("state.rollback", gone), "coverage.tail")
    return case(trail, found, counted(5, 10), earlier=small_trail().bucket)


@ROWS.row(44, "newest digest signed anew since an earlier run")
def rewritten_since() -> Case:
    trail = small_trail()
    key = digest_key(trail, -1)
    log = trail.document(key)["logFiles"][0]["s3Object"]
    trail.bucket.remove(log)
    trail.edit_digest(key, lambda digest: digest["logFiles"].pop(0), signed=True)
    found = expected(1, ("state.rollback", key))
    return case(trail, found, counted(8, 15), earlier=small_trail().bucket)


@ROWS.row(44, "went on since an earlier run")
def gone_on() -> Case:
    return case(small_trail(), OK, SILENT, earlier=small_trail(hours=5).bucket)
