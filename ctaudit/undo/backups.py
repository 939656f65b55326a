"""AWS Backup: recovery points that it made of a thing, of whatever service, outlive the thing."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.records.anyjson import fold, text_of
from ctaudit.undo.verdict import Event, Known, Lost, Undo, Wish, command, told

_SERVICES = frozenset({"dynamodb", "ec2", "elasticfilesystem", "fsx", "rds", "redshift", "s3", "storagegateway"})
"""What it backs up, by the service whose call deletes it."""
_WHOLE = frozenset({"DeleteObject", "DeleteItem", "DeleteSnapshot", "DeleteDBSnapshot", "DeleteBackup"})
"""Calls on what is no thing that it backs up by itself."""
_MAKE = "StartBackupJob BackupJobCompleted"


def wishes(lost: Lost) -> Sequence[Wish]:
    """Return which events tell of recovery points."""
    if lost.event.source not in _SERVICES or lost.event.name in _WHOLE:
        return ()
    return (Wish(_MAKE, (lost.name,), "backup.amazonaws.com"),)


def backed_up(lost: Lost, known: Known, otherwise: Undo) -> Undo:
    """Return what a recovery point is worth where nothing else brings the thing back; else what is known otherwise."""
    if otherwise.state not in ("gone", "not known") or not wishes(lost):
        return otherwise
    made = [e for e in known.before(lost, _MAKE, lost.target.arn, lost.name) if _point(e) and _is_done(e)]
    for event in reversed(made):
        point = _point(event)
        if not known.of(lost, "DeleteRecoveryPoint", point):
            because = f"AWS Backup had a recovery point of it: {told(event)}"
            look = command(lost, "backup", "list-recovery-points-by-resource", "--resource-arn", lost.target.arn)
            return Undo("restorable", because, None, event.event_id, look)
    return otherwise


def _point(event: Event) -> str | None:
    return text_of(event.answered("recoverypointarn"))


def _is_done(event: Event) -> bool:
    """Tell whether a job came to a good end, as far as its event says."""
    return fold(text_of(event.answered("state")) or "completed") == "completed"
