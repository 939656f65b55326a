"""A log file held against what a digest lists: whether its content is the one that AWS delivered."""

from __future__ import annotations

from dataclasses import dataclass

from ctaudit.integrity.digest import LogEntry
from ctaudit.integrity.loaded import Judged, Status
from ctaudit.integrity.packed import Packed, Packing
from ctaudit.integrity.verdict import Finding, Severity, finding

_DAMAGED = {Packing.EMPTY, Packing.CORRUPT}


@dataclass(frozen=True, slots=True)
class LogVerdict:
    entry: LogEntry
    status: Status
    """Of the object: proven only when it is whole, too."""
    finding: Finding | None = None


def compare(entry: LogEntry, packed: Packed, judged: Judged, *, online: bool) -> LogVerdict:
    """Compare a log file with its entry in the digest `judged`; `online` when the object itself was read, no copy."""
    same = packed.sha256 == entry.sha256
    if packed.packing is Packing.GZIP and same:
        return LogVerdict(entry, Status.PROVEN if judged.proven else Status.UNPROVEN)
    code, detail = _trouble(packed, same)
    severity = Severity.FAILED if code == "log.stored_uncompressed" and online else None
    found = _about(entry, judged, code, detail, severity, packed.sha256)
    if found.severity is Severity.FAILED:
        return LogVerdict(entry, Status.FAILED, found)
    status = Status.UNREAD if code == "log.too_large" else Status.PROVEN if judged.proven else Status.UNPROVEN
    return LogVerdict(entry, status, found)


def _trouble(packed: Packed, same: bool) -> tuple[str, str]:
    as_listed = "the content before that is what the digest lists" if same else "its content is not what is listed"
    if packed.packing is Packing.TOO_LARGE:
        return "log.too_large", ""
    if packed.packing in _DAMAGED:
        return "log.invalid_format", f"it {packed.packing.value}"
    if packed.packing is Packing.PLAIN and not same:
        return "log.invalid_format", f"it {packed.packing.value}, and {as_listed}"
    if packed.packing is Packing.TRUNCATED:
        return "log.truncated_stream", as_listed
    if not same:
        return "log.hash_mismatch", "the file goes on after its gzip stream, too" * (packed.packing is Packing.TRAILING)
    if packed.packing is Packing.TRAILING:
        return "log.trailing_data", as_listed
    return "log.stored_uncompressed", "its content is what the digest lists"


def unread(entry: LogEntry, judged: Judged, kind: str, reason: str) -> LogVerdict:
    """Return the verdict on a log that could not be read; `kind` is that of the trouble, as sources name it.

    Only when S3, or the mirror, is sure that there is no such object is the log gone; all else is no word on integrity.
    """
    if kind == "missing":
        found = _about(entry, judged, "log.missing", "", None, None)
        return LogVerdict(entry, Status.FAILED, found)
    code = "log.not_available" if kind in ("elsewhere", "outside") else "log.unreadable"
    return LogVerdict(entry, Status.UNREAD, _about(entry, judged, code, reason, None, None))


def _about(
    entry: LogEntry, judged: Judged, code: str, detail: str, severity: Severity | None, found: str | None
) -> Finding:
    digest = judged.digest
    assert digest is not None  # it lists the log
    return finding(
        code,
        detail,
        severity=severity,
        key=entry.location.key,
        chain=judged.loaded.name.chain,
        span=(digest.start, digest.end),
        expected=entry.sha256,
        found=found,
        proven_by=judged.evidence,
    )
