"""All rules of undoing, by what was called; a deletion that has no rule is not known."""

from __future__ import annotations

from collections.abc import Sequence

from ctaudit.undo import backups, databases, machines, objects, settings, waiting
from ctaudit.undo.verdict import Known, Lost, Rule, State, Undo, Wish

RULES: dict[tuple[str, str], Rule] = {
    **objects.RULES,
    **waiting.RULES,
    **databases.RULES,
    **machines.RULES,
    **settings.RULES,
}
_LATER = "DeleteSnapshot DeregisterImage DeleteDBSnapshot DeleteDBClusterSnapshot DeleteClusterSnapshot DeleteBackup"
_POINTS = "DeleteRecoveryPoint"
_BACK = """
    RestoreDBInstanceFromDBSnapshot RestoreDBClusterFromSnapshot RestoreFromClusterSnapshot RestoreTableFromBackup
    CreateReplicationGroup CreateCacheCluster
    """
_WORST: tuple[State, ...] = ("gone", "not known", "restorable", "restored")


def wishes(lost: Lost) -> Sequence[Wish]:
    """Return which other events may tell whether this can be undone."""
    rule = RULES.get((lost.event.source, lost.event.name))
    return (*rule.wishes(lost), *backups.wishes(lost)) if rule is not None else ()


def later_wishes(names: Sequence[str]) -> Sequence[Wish]:
    """Return which events may tell what became of the snapshots, images and backups that were found by `wishes`."""
    return (Wish(" ".join(f"{_LATER} {_POINTS} {_BACK}".split()), tuple(names)),) if names else ()


def judge(lost: Lost, known: Known, now: str) -> Undo:
    """Return what can be done about one thing that was deleted, at a canonical time."""
    rule = RULES.get((lost.event.source, lost.event.name))
    if rule is None:
        return Undo("not known", f"ctaudit has no rule for {lost.event.name} of {lost.event.source or 'no service'}")
    return backups.backed_up(lost, known, rule.judge(lost, known, now))


def together(each: Sequence[tuple[str, Undo]]) -> Undo | None:
    """Return one verdict for all things that a row shows, by name: the worst, and what is said of each."""
    if not each:
        return None
    undos = [undo for _, undo in each]
    if len(undos) == 1:
        return undos[0]
    worst = min(undos, key=lambda undo: _WORST.index(undo.state))
    because = "; ".join(dict.fromkeys(f"{name}: {undo.state}, {undo.because}" for name, undo in each))
    untils = [undo.until for undo in undos if undo.until]
    return Undo(worst.state, because, min(untils, default=None), worst.event_id, worst.command)
