"""EC2: instances, volumes, snapshots and images; what the Recycle Bin keeps, and what snapshots were made before."""

from __future__ import annotations

from typing import Any, NamedTuple

from ctaudit.records.anyjson import text_of
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
    number,
    told,
)


class _Binned(NamedTuple):
    """A kind of thing that the Recycle Bin may keep."""

    kind: str
    """`resourceType` of its rules."""
    back: str
    """The call that takes one out."""
    look: tuple[str, ...]
    restore: tuple[str, ...]


_SNAPSHOT = _Binned(
    "ebs_snapshot",
    "RestoreSnapshotFromRecycleBin",
    ("ec2", "list-snapshots-in-recycle-bin", "--snapshot-ids"),
    ("ec2", "restore-snapshot-from-recycle-bin", "--snapshot-id"),
)
_IMAGE = _Binned(
    "ec2_image",
    "RestoreImageFromRecycleBin",
    ("ec2", "list-images-in-recycle-bin", "--image-ids"),
    ("ec2", "restore-image-from-recycle-bin", "--image-id"),
)
_VOLUME = _Binned(
    "ebs_volume",
    "RestoreVolumeFromRecycleBin",
    ("ec2", "list-volumes-in-recycle-bin", "--volume-ids"),
    ("ec2", "restore-volume-from-recycle-bin", "--volume-id"),
)
_RULES_OF_BIN = "CreateRule UpdateRule DeleteRule"


def _binned(lost: Lost, known: Known, now: str, kind: _Binned) -> Undo | None:
    """Judge by the Recycle Bin; None when the log shows no rule of it for such things."""
    look = command(lost, *kind.look, lost.name)
    back = known.after(lost, kind.back, lost.name)
    if back:
        return Undo("restored", f"it was taken out of the Recycle Bin: {told(back[0])}", None, back[0].event_id, look)
    rules = _rules_in_force(lost, known, kind.kind)
    if not rules:
        return None
    for rule in rules:
        if not _tags(rule) and (days := _days(rule)) and (until := days_after(lost.event.time, days)):
            because = f"the Recycle Bin keeps such things for {days} days: {told(rule)}"
            if until > now:
                return Undo("restorable", because, until, rule.event_id, command(lost, *kind.restore, lost.name))
            return Undo("gone", f"{because}, which are over", until, rule.event_id, look)
    because = f"the Recycle Bin keeps those that have, or have not, certain tags: {told(rules[0])}"
    return Undo("not known", because, None, rules[0].event_id, look)


def _rules_in_force(lost: Lost, known: Known, kind: str) -> list[Event]:
    """Return the calls that made rules for such things, which nobody had deleted by then, the latest first."""
    found: dict[str, Event] = {}
    for event in known.before(lost, _RULES_OF_BIN):
        rule = text_of(event.asked("identifier")) or text_of(event.answered("identifier"))
        if event.source != "rbin" or rule is None:
            continue
        if event.name == "DeleteRule":
            found.pop(rule, None)
        elif _kind_of(event) == kind:
            found[rule] = event
    return list(found.values())[::-1]


def _kind_of(event: Event) -> str:
    return str(event.asked("resourcetype") or event.answered("resourcetype")).lower()


def _days(event: Event) -> int | None:
    period = event.asked("retentionperiod") or event.answered("retentionperiod")
    return number(inside(period, "retentionperiodvalue"))


def _tags(event: Event) -> Any:
    """Return the tags that a rule asks for or leaves out: whether the thing had them is not in its deletion."""
    both = ("resourcetags", "excluderesourcetags")
    return next((tags for key in both for tags in (event.asked(key), event.answered(key)) if tags), None)


def _snapshot(lost: Lost, known: Known, now: str) -> Undo:
    binned = _binned(lost, known, now, _SNAPSHOT)
    if binned is not None and binned.state in ("restored", "restorable"):
        return binned
    copies = [e for e in known.before(lost, "CopySnapshot", lost.name, anywhere=True) if e.asked("sourcesnapshotid")]
    if copies:
        because = f"it had been copied, and the copy may be there: {told(copies[-1])}"
        return Undo("not known", because, None, copies[-1].event_id, command(lost, *_SNAPSHOT.look, lost.name))
    return binned or _no_rule(lost, _SNAPSHOT)


def _image(lost: Lost, known: Known, now: str) -> Undo:
    return _binned(lost, known, now, _IMAGE) or _no_rule(lost, _IMAGE)


def _no_rule(lost: Lost, kind: _Binned) -> Undo:
    because = "the store shows no rule of the Recycle Bin that would have kept it"
    return Undo("not known", because, None, None, command(lost, *kind.look, lost.name))


def _volume(lost: Lost, known: Known, now: str) -> Undo:
    binned = _binned(lost, known, now, _VOLUME)
    if binned is not None and binned.state in ("restored", "restorable"):
        return binned
    look = command(lost, "ec2", "describe-snapshots", "--filters", f"Name=volume-id,Values={lost.name}")
    made = [e for e in known.before(lost, "CreateSnapshot CreateSnapshots", lost.name) if _made(e)]
    for event in reversed(made):
        gone = known.of(lost, "DeleteSnapshot", *_made(event))
        if len({name for e in gone for name in _made(event) if name in e.texts}) < len(_made(event)):
            because = f"a snapshot was made before: {told(event)}"
            return Undo("restorable", because, None, event.event_id, look)
    because = f"{'no snapshot that the store shows is left' if made else 'the store shows no snapshot of it'}"
    return binned or Undo("not known", f"{because}; AWS Backup and older ones may have some", None, None, look)


def _made(event: Event) -> tuple[str, ...]:
    return tuple(text for text in sorted(event.texts) if text.startswith("snap-"))


def _instance(lost: Lost, known: Known, now: str) -> Undo:
    images = [e for e in known.before(lost, "CreateImage", lost.name) if text_of(e.answered("imageid"))]
    for event in reversed(images):
        image = str(event.answered("imageid"))
        if not known.of(lost, "DeregisterImage", image):
            because = f"an instance that was terminated is gone; an image of it was made before: {told(event)}"
            look = command(lost, "ec2", "describe-images", "--image-ids", image)
            return Undo("restorable", because, None, event.event_id, look)
    # Volumes that stay are still listed with it for about an hour.
    volumes = f"Name=attachment.instance-id,Values={lost.name}"
    because = "a terminated instance cannot be had again; volumes that were not to be deleted with it are there"
    return Undo("gone", because, None, None, command(lost, "ec2", "describe-volumes", "--filters", volumes))


def _address(lost: Lost, known: Known, now: str) -> Undo:
    public = text_of(lost.event.asked("publicip"))
    back = known.after(lost, "AllocateAddress", public, lost.name)
    if back:
        return Undo("restored", f"it was taken again: {told(back[0])}", None, back[0].event_id)
    because = "a released address can be had again as long as nobody else was given it"
    restore = command(lost, "ec2", "allocate-address", "--address", public)
    return Undo("not known", because, None, None, restore)


def _wishes_of_bin(kind: _Binned, more: str = "") -> Any:
    return lambda lost: [
        Wish(_RULES_OF_BIN, (), "rbin.amazonaws.com"),
        Wish(f"{kind.back} {more}".strip(), (lost.name,)),
    ]


RULES: dict[tuple[str, str], Rule] = {
    ("ec2", "TerminateInstances"): Rule(_instance, by_name("CreateImage")),
    ("ec2", "DeleteVolume"): Rule(_volume, _wishes_of_bin(_VOLUME, "CreateSnapshot CreateSnapshots")),
    ("ec2", "DeleteSnapshot"): Rule(_snapshot, _wishes_of_bin(_SNAPSHOT, "CopySnapshot")),
    ("ec2", "DeregisterImage"): Rule(_image, _wishes_of_bin(_IMAGE)),
    ("ec2", "ReleaseAddress"): Rule(_address, by_name("AllocateAddress")),
}
"""(service, event name) -> how its deletions are judged."""
