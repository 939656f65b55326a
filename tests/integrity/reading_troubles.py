"""Objects that cannot be read, for a while or at all: trouble of the network or of permissions, never tampering."""

from __future__ import annotations

from tests.cloud.gate import ARCHIVED, DENIED, KMS_DENIED, Cut, Delay, Trouble, slow_down
from tests.integrity.scenario import (
    HOLE,
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
)
from tests.trail.small import small_trail
from tests.trail.trail import Trail

ROWS = Rows()
ABORTED = "An error occurred ({}) when calling the GetObject operation"
LATE = Delay(3)
"""Longer than the patience that these runs are given."""


def unread_log(trouble: Trouble, reference: Reference) -> Case:
    trail = small_trail()
    key = log_key(trail, 5)
    return _troubled(trail, key, trouble, expected(4, ("log.unreadable", key)), reference)


def unread_digest(trouble: Trouble, reference: Reference) -> Case:
    trail = small_trail()
    key = digest_key(trail, 3)
    return _troubled(trail, key, trouble, expected(4, ("digest.unreadable", key), may=HOLE), reference)


def _troubled(trail: Trail, key: str, trouble: Trouble, found: Expected, reference: Reference) -> Case:
    return case(trail, found, reference, offline=False, troubles={key: trouble})


def aborted(code: str) -> Reference:
    """The reference gives up at the first object that it may not read, without a summary."""
    return Reference(255, (ABORTED.format(code),))


@ROWS.row(40, "connection cut in a log")
def log_cut() -> Case:
    return unread_log(Cut(), invalid("Log file\t", "\tINVALID: invalid format"))


@ROWS.row(40, "connection cut in a digest")
def digest_cut() -> Case:
    return unread_digest(
        Cut(), invalid("Digest file\t", "\tINVALID: An error occurred while reading from response stream")
    )


@ROWS.row(40, "log answered too late")
def log_late() -> Case:
    return unread_log(LATE, invalid("Log file\t", "\tINVALID: invalid format"))


@ROWS.row(40, "digest answered too late")
def digest_late() -> Case:
    return unread_digest(LATE, invalid("Digest file\t", "\tINVALID: Read timeout"))


@ROWS.row(40, "connection cut once")
def cut_once() -> Case:
    trail = small_trail()
    key = log_key(trail, 5)
    return _troubled(trail, key, Cut(times=1), OK, invalid("Log file\t", "\tINVALID: invalid format"))


@ROWS.row(40, "throttled twice")
def throttled() -> Case:
    trail = small_trail()
    return _troubled(trail, log_key(trail, 5), slow_down(2), OK, SILENT)


@ROWS.row(41, "log access denied")
def log_denied() -> Case:
    return unread_log(DENIED, aborted("AccessDenied"))


@ROWS.row(41, "digest access denied")
def digest_denied() -> Case:
    return unread_digest(DENIED, aborted("AccessDenied"))


@ROWS.row(41, "log key denied")
def log_key_denied() -> Case:
    return unread_log(KMS_DENIED, aborted("AccessDenied"))


@ROWS.row(41, "log archived")
def log_archived() -> Case:
    return unread_log(ARCHIVED, aborted("InvalidObjectState"))
