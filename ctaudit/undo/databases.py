"""Databases: final and earlier snapshots, backups that outlive what they were made of, recovery to a point in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ctaudit.records.anyjson import fold, text_of
from ctaudit.undo.verdict import (
    Event,
    Known,
    Lost,
    Rule,
    Undo,
    Wish,
    by_name,
    command,
    days_after,
    inside,
    is_on,
    nothing,
    number,
    told,
)

_SYSTEM_BACKUP_DAYS = 35
"""Days for which DynamoDB keeps the backup that it makes of a table with recovery to a point in time."""


class _Kind(NamedTuple):
    """How a service names what the rules ask about; parameters are folded."""

    final: str
    """Parameter: the name of the final snapshot."""
    skip: str
    """Parameter: that none is made; empty where none is made unless one is named."""
    make: str
    """Calls that make a snapshot of it."""
    snapshot: str
    """Parameter: the name of a snapshot."""
    drop: str
    """Calls that delete a snapshot."""
    restore: str
    """Calls that make a new one of a snapshot or of a point in time."""
    look: tuple[str, ...]
    """The command that lists its snapshots; the thing's name is appended."""
    use: tuple[str, ...]
    """The command that restores one; the snapshot's name is appended."""


_INSTANCE = _Kind(
    "finaldbsnapshotidentifier",
    "skipfinalsnapshot",
    "CreateDBSnapshot",
    "dbsnapshotidentifier",
    "DeleteDBSnapshot",
    "RestoreDBInstanceFromDBSnapshot RestoreDBInstanceToPointInTime",
    ("rds", "describe-db-snapshots", "--db-instance-identifier"),
    ("rds", "restore-db-instance-from-db-snapshot", "--db-instance-identifier", "NEW", "--db-snapshot-identifier"),
)
_CLUSTER = _Kind(
    "finaldbsnapshotidentifier",
    "skipfinalsnapshot",
    "CreateDBClusterSnapshot",
    "dbclustersnapshotidentifier",
    "DeleteDBClusterSnapshot",
    "RestoreDBClusterFromSnapshot RestoreDBClusterToPointInTime",
    ("rds", "describe-db-cluster-snapshots", "--db-cluster-identifier"),
    ("rds", "restore-db-cluster-from-snapshot", "--db-cluster-identifier", "NEW", "--snapshot-identifier"),
)
_REDSHIFT = _Kind(
    "finalclustersnapshotidentifier",
    "skipfinalclustersnapshot",
    "CreateClusterSnapshot",
    "snapshotidentifier",
    "DeleteClusterSnapshot",
    "RestoreFromClusterSnapshot",
    ("redshift", "describe-cluster-snapshots", "--cluster-identifier"),
    ("redshift", "restore-from-cluster-snapshot", "--cluster-identifier", "NEW", "--snapshot-identifier"),
)
_CACHE = _Kind(
    "finalsnapshotidentifier",
    "",
    "CreateSnapshot",
    "snapshotname",
    "DeleteSnapshot",
    "CreateReplicationGroup CreateCacheCluster",
    ("elasticache", "describe-snapshots", "--cache-cluster-id"),
    ("elasticache", "create-replication-group", "--replication-group-id", "NEW", "--snapshot-name"),
)


def _of_kind(kind: _Kind) -> Callable[[Lost, Known, str], Undo]:
    """Return the rule for a kind: restored, else by its final snapshot, else by an earlier one, else by backups."""

    def judge(lost: Lost, known: Known, now: str) -> Undo:
        look = command(lost, *kind.look, lost.name)
        final = text_of(lost.event.asked(kind.final))
        made = [*filter(None, [final]), *_snapshots(lost, known, kind)]
        restored = [e for e in known.after(lost, kind.restore, lost.name, *made) if _is_restore(e, made)]
        if restored:
            because = f"a new one was made of what was kept: {told(restored[0])}"
            return Undo("restored", because, None, restored[0].event_id, look)
        for name in made:
            if not known.of(lost, kind.drop, name):
                because = f"its final snapshot is {name}" if name == final else f"a snapshot of it was made: {name}"
                return Undo("restorable", because, None, None, command(lost, *kind.use, name) or look)
        return _without_snapshot(lost, now, kind, len(made), look)

    return judge


def _is_restore(event: Event, made: Sequence[str]) -> bool:
    """Tell whether a call made a new one of what was kept; ElastiCache's make empty ones, too."""
    return event.name.startswith("Restore") or any(fold(name) in event.texts for name in made)


def _snapshots(lost: Lost, known: Known, kind: _Kind) -> list[str]:
    """Return the names of snapshots that calls made of it, the latest first."""
    calls = known.before(lost, kind.make, lost.name)
    return [name for call in reversed(calls) if (name := text_of(call.asked(kind.snapshot)))]


def _without_snapshot(lost: Lost, now: str, kind: _Kind, dropped: int, look: str | None) -> Undo:
    """Judge by automated backups, which are deleted with an instance unless the call says otherwise."""
    cluster = text_of(lost.event.answered("dbclusteridentifier"))
    if kind is _INSTANCE and cluster and cluster != lost.name:
        because = f"it was a member of the cluster {cluster}, which has the data; another member can be made"
        return Undo("restorable", because, None, None, command(lost, "rds", "describe-db-clusters"))
    kept = lost.event.asked("deleteautomatedbackups")
    days = number(lost.event.answered("backupretentionperiod"))
    if kept is not None and not is_on(kept) and days:
        until = days_after(lost.event.time, days)
        if until is not None and until > now:
            because = f"its automated backups were kept, for {days} days"
            look = command(lost, "rds", "describe-db-instance-automated-backups")
            return Undo("restorable", because, until, None, look)
    no_final = "no final snapshot was made" if is_on(lost.event.asked(kind.skip)) or not kind.skip else "none is named"
    because = f"{no_final}, and the store shows no other snapshot of it"
    if dropped:
        because = "the snapshots of it that the store shows were deleted, too"
    return Undo("not known", f"{because}; older or automated ones may be there", None, None, look)


def _snapshot(make: str, source: str, *look: str) -> Rule:
    """Return the rule for snapshots and backups themselves: gone, unless they had been copied."""

    def judge(lost: Lost, known: Known, now: str) -> Undo:
        copies = [e for e in known.before(lost, make, lost.name, lost.target.arn, anywhere=True) if e.asked(source)]
        words = command(lost, *look) if look else None
        if copies:
            because = f"it had been copied, and the copy may be there: {told(copies[-1])}"
            return Undo("not known", because, None, copies[-1].event_id, words)
        because = "a deleted snapshot or backup cannot be restored; the store shows no copy"
        return Undo("gone", because, None, None, words)

    return Rule(judge, by_name(make) if make else nothing)


def _table(lost: Lost, known: Known, now: str) -> Undo:
    look = command(lost, "dynamodb", "list-backups", "--table-name", lost.name, "--backup-type", "ALL")
    backups = [e for e in known.before(lost, "CreateBackup", lost.name) if _backup(e)]
    restored = known.after(
        lost, "RestoreTableFromBackup RestoreTableToPointInTime", lost.name, *(_backup(e) for e in backups)
    )
    if restored:
        because = f"a new table was made of its backup: {told(restored[0])}"
        return Undo("restored", because, None, restored[0].event_id, look)
    recovery, event = _recovery(lost, known)
    until = days_after(lost.event.time, _SYSTEM_BACKUP_DAYS)
    if recovery and event is not None and until is not None and until > now:
        because = f"recovery to a point in time was on ({told(event)}), so AWS keeps a backup for 35 days"
        return Undo("restorable", because, until, event.event_id, look)
    for backup in reversed(backups):
        if not known.after(lost, "DeleteBackup", _backup(backup)):
            restore = command(
                lost, "dynamodb", "restore-table-from-backup", "--target-table-name", lost.name, "--backup-arn",
                _backup(backup),
            )  # fmt: skip
            return Undo("restorable", f"a backup of it was made: {told(backup)}", None, backup.event_id, restore)
    if event is not None:
        was = "was on, and the backup is kept no longer" if recovery else "was off"
        because = f"recovery to a point in time {was} ({told(event)}), and the store shows no backup"
        return Undo("not known", because, until if recovery else None, event.event_id, look)
    because = "the store shows neither a backup nor whether recovery to a point in time was on"
    return Undo("not known", because, None, None, look)


def _item(lost: Lost, known: Known, now: str) -> Undo:
    """Judge the deletion of items: by the recovery of their table, whose name is that of its container."""
    look = command(lost, "dynamodb", "describe-continuous-backups", "--table-name", _table_of(lost))
    recovery, event = _recovery(lost, known)
    days = (number(inside(event.request, *_RECOVERY, "recoveryperiodindays")) if event is not None else None) or 35
    until = days_after(lost.event.time, days)
    if recovery and event is not None and until is not None:
        if until > now:
            because = f"the table can be restored, as another one, to the second before ({told(event)})"
            return Undo("restorable", because, until, event.event_id, look)
        return Undo("gone", f"the {days} days of recovery to a point in time are over", until, event.event_id, look)
    return Undo("not known", "the store does not show that recovery to a point in time was on", None, None, look)


_RECOVERY = ("pointintimerecoveryspecification",)


def _recovery(lost: Lost, known: Known) -> tuple[bool, Event | None]:
    """Return whether recovery to a point in time was on, and the call that last set it."""
    calls = known.before(lost, "UpdateContinuousBackups", _table_of(lost))
    if not calls:
        return False, None
    return is_on(inside(calls[-1].request, *_RECOVERY, "pointintimerecoveryenabled")), calls[-1]


def _table_of(lost: Lost) -> str:
    return text_of(lost.event.asked("tablename")) or lost.name


def _backup(event: Event) -> str | None:
    return text_of(inside(event.response, "backupdetails", "backuparn"))


def _wishes(kind: _Kind) -> Callable[[Lost], Sequence[Wish]]:
    return lambda lost: [
        Wish(f"{kind.make} {kind.restore}", tuple(filter(None, (lost.name, text_of(lost.event.asked(kind.final)))))),
        *([Wish(kind.drop, (final,))] if (final := text_of(lost.event.asked(kind.final))) else []),
    ]


def _wishes_of_table(lost: Lost) -> Sequence[Wish]:
    names = "UpdateContinuousBackups CreateBackup RestoreTableFromBackup RestoreTableToPointInTime DeleteBackup"
    return [Wish(names, (_table_of(lost),))]


RULES: dict[tuple[str, str], Rule] = {
    ("rds", "DeleteDBInstance"): Rule(_of_kind(_INSTANCE), _wishes(_INSTANCE)),
    ("rds", "DeleteDBCluster"): Rule(_of_kind(_CLUSTER), _wishes(_CLUSTER)),
    ("redshift", "DeleteCluster"): Rule(_of_kind(_REDSHIFT), _wishes(_REDSHIFT)),
    ("elasticache", "DeleteCacheCluster"): Rule(_of_kind(_CACHE), _wishes(_CACHE)),
    ("elasticache", "DeleteReplicationGroup"): Rule(_of_kind(_CACHE), _wishes(_CACHE)),
    ("rds", "DeleteDBSnapshot"): _snapshot(
        "CopyDBSnapshot", "sourcedbsnapshotidentifier", "rds", "describe-db-snapshots"
    ),
    ("rds", "DeleteDBClusterSnapshot"): _snapshot(
        "CopyDBClusterSnapshot", "sourcedbclustersnapshotidentifier", "rds", "describe-db-cluster-snapshots"
    ),
    ("rds", "DeleteDBInstanceAutomatedBackup"): _snapshot("", ""),
    ("redshift", "DeleteClusterSnapshot"): _snapshot("", ""),
    ("elasticache", "DeleteSnapshot"): _snapshot("CopySnapshot", "sourcesnapshotname"),
    ("dynamodb", "DeleteTable"): Rule(_table, _wishes_of_table),
    ("dynamodb", "DeleteBackup"): _snapshot("", ""),
    ("dynamodb", "DeleteItem"): Rule(_item, _wishes_of_table),
    ("backup", "DeleteRecoveryPoint"): _snapshot("StartCopyJob", "recoverypointarn"),
}
"""(service, event name) -> how its deletions are judged."""
