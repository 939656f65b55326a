"""What is deleted only after a waiting period: KMS keys, secrets, event data stores, accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ctaudit.records.dates import date_of
from ctaudit.undo.verdict import Event, Known, Lost, Rule, Undo, Wish, command, days_after, is_on, nothing, number, told


def _until(event: Event, key: str, days: int) -> str | None:
    """Return the date that the answer names, else the day on which the period asked for (or AWS's own) ends."""
    named = date_of(event.answered("deletiondate"))
    asked = number(event.asked(key))
    return named or (days_after(event.time, days if asked is None else asked) if event.time else None)


@dataclass(frozen=True, slots=True)
class _Ways:
    """Calls and commands of one kind of waiting period."""

    off: str
    """Names of calls that call the deletion off."""
    done: str
    """Names of events that carry it out."""
    look: str | None
    restore: str | None


def _waiting(lost: Lost, known: Known, now: str, until: str | None, ways: _Ways) -> Undo:
    """Judge by what came after: called off, carried out, or still waiting."""
    off, done = known.after(lost, ways.off, *_texts(lost)), known.after(lost, ways.done, *_texts(lost))
    if off and (not done or done[-1].time < off[-1].time):
        return Undo("restored", f"{told(off[0])} called the deletion off", None, off[0].event_id, ways.look)
    if done:
        return Undo("gone", f"the waiting period is over: {told(done[-1])}", until, done[-1].event_id, ways.look)
    if until is None:
        return Undo("not known", "the log does not tell when the waiting period ends", None, None, ways.look)
    if until <= now:
        never = "the waiting period is over; neither its end nor a call that called it off is in the store"
        return Undo("not known", never, until, None, ways.look)
    return Undo("restorable", "the deletion is scheduled, and can be called off until then", until, None, ways.restore)


def _texts(lost: Lost) -> tuple[str, ...]:
    return tuple(text for text in (lost.target.arn, lost.name) if text)


def _key(lost: Lost, known: Known, now: str) -> Undo:
    until, key = _until(lost.event, "pendingwindowindays", 30), ("--key-id", lost.target.arn or lost.name)
    look, restore = command(lost, "kms", "describe-key", *key), command(lost, "kms", "cancel-key-deletion", *key)
    found = _waiting(lost, known, now, until, _Ways("CancelKeyDeletion", "DeleteKey", look, restore))
    if found.state != "restored" or known.after(lost, "EnableKey", *_texts(lost)):
        return found
    return replace(found, because=f"{found.because}; the key is disabled until EnableKey")


def _secret(lost: Lost, known: Known, now: str) -> Undo:
    secret = ("--secret-id", lost.target.arn or lost.name)
    look = command(lost, "secretsmanager", "describe-secret", *secret)
    if is_on(lost.event.asked("forcedeletewithoutrecovery")):
        return Undo("gone", "it was deleted without a recovery window", None, None, look)
    restore = command(lost, "secretsmanager", "restore-secret", *secret)
    ways = _Ways("RestoreSecret CancelSecretVersionDelete", "EndSecretVersionDelete", look, restore)
    return _waiting(lost, known, now, _until(lost.event, "recoverywindowindays", 30), ways)


def _event_data_store(lost: Lost, known: Known, now: str) -> Undo:
    store = ("--event-data-store", lost.target.arn or lost.name)
    look = command(lost, "cloudtrail", "get-event-data-store", *store)
    ways = _Ways("RestoreEventDataStore", "", look, command(lost, "cloudtrail", "restore-event-data-store", *store))
    return _waiting(lost, known, now, days_after(lost.event.time, 7), ways)


def _account(lost: Lost, known: Known, now: str) -> Undo:
    until = days_after(lost.event.time, 90)
    look = command(lost, "organizations", "describe-account", "--account-id", lost.name)
    if until is None or until <= now:
        return Undo("not known", "the 90 days in which AWS Support reopens an account are over", until, None, look)
    return Undo("restorable", "AWS Support reopens a closed account within 90 days", until, None, look)


def _carried_out(lost: Lost, known: Known, now: str) -> Undo:
    return Undo("gone", "this event is the end of its waiting period")


def _events(names: str) -> Callable[[Lost], list[Wish]]:
    return lambda lost: [Wish(names, _texts(lost))]


RULES: dict[tuple[str, str], Rule] = {
    ("kms", "ScheduleKeyDeletion"): Rule(_key, _events("CancelKeyDeletion DeleteKey EnableKey")),
    ("kms", "DeleteKey"): Rule(_carried_out, nothing),
    ("secretsmanager", "DeleteSecret"): Rule(
        _secret, _events("RestoreSecret CancelSecretVersionDelete EndSecretVersionDelete")
    ),
    ("secretsmanager", "StartSecretVersionDelete"): Rule(_carried_out, nothing),
    ("secretsmanager", "EndSecretVersionDelete"): Rule(_carried_out, nothing),
    ("cloudtrail", "DeleteEventDataStore"): Rule(_event_data_store, _events("RestoreEventDataStore")),
    ("organizations", "CloseAccount"): Rule(_account, nothing),
    ("organizations", "CloseAccountResult"): Rule(_account, nothing),
}
"""(service, event name) -> how its deletions are judged."""
