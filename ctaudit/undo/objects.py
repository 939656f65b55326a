"""S3: what versions tell, what is left of a bucket; an object that no version was kept of is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ctaudit.records.anyjson import fold, object_of, text_of
from ctaudit.undo.verdict import Event, Known, Lost, Rule, Undo, Wish, command, days_after, inside, is_on, number, told

_LIFECYCLE = "PutBucketLifecycle PutBucketLifecycleConfiguration DeleteBucketLifecycle"
_UPLOADS = "PutObject CopyObject CompleteMultipartUpload"


def _bucket(lost: Lost) -> str:
    return lost.name.partition("/")[0]


def _object(lost: Lost, known: Known, now: str) -> Undo:
    found = _of_version(lost, known) if text_of(lost.event.asked("versionid")) else _of_marker(lost, known, now)
    emptied = known.after(lost, "DeleteBucket", _bucket(lost))
    if not emptied:
        return found
    gone = f"the bucket itself was deleted later, which needs it to be empty: {told(emptied[0])}"
    if found.state == "restored":
        gone = f"{found.because}; but {gone}"
    return Undo("gone", gone, None, emptied[0].event_id)


def _of_version(lost: Lost, known: Known) -> Undo:
    """Judge the deletion of one version: of a delete marker it brings the object back."""
    version = str(lost.event.asked("versionid"))
    marked = [e for e in known.before(lost, "DeleteObject", lost.name) if e.answered("x-amz-version-id") == version]
    if is_on(lost.event.answered("x-amz-delete-marker")) or any(not e.asked("versionid") for e in marked):
        because = "what was deleted is a delete marker, so the object is there again"
        return Undo("restored", because, None, marked[-1].event_id if marked else None, _versions(lost))
    because = "this one version was deleted for good (had it been a delete marker, the object would be there again)"
    return Undo("gone", because, None, None, _versions(lost))


def _of_marker(lost: Lost, known: Known, now: str) -> Undo:
    """Judge a deletion that names no version: it leaves a marker where versions are kept, and nothing where not."""
    version, again = lost.event.answered("x-amz-version-id"), _again(lost, known)
    lifted = [e for e in known.after(lost, "DeleteObject", lost.name) if version and e.asked("versionid") == version]
    if lifted:
        return Undo("restored", f"its delete marker was deleted: {told(lifted[0])}", None, lifted[0].event_id)
    if is_on(lost.event.answered("x-amz-delete-marker")):
        return _kept(lost, known, now, "the deletion left a delete marker; older versions are there", None, again)
    set_before = known.before(lost, "PutBucketVersioning", _bucket(lost))
    status = fold(str(inside(set_before[-1].request, "versioningconfiguration", "status"))) if set_before else ""
    if status == "enabled":
        because = f"the bucket kept versions: {told(set_before[-1])}"
        return _kept(lost, known, now, because, set_before[-1].event_id, again)
    if status == "suspended":
        because = f"the bucket had stopped to keep versions: {told(set_before[-1])}; only older ones can be there"
        return Undo("not known", because + again, None, set_before[-1].event_id, _versions(lost))
    because = "the log does not tell whether the bucket keeps versions"
    if made := known.before(lost, "CreateBucket", _bucket(lost)):
        because = f"the store has no call that made the bucket keep versions since {told(made[-1])}"
    return Undo("not known", because + again, None, None, _versions(lost))


def _kept(lost: Lost, known: Known, now: str, because: str, event_id: str | None, again: str) -> Undo:
    """Say until when a version that was kept is there: rules of the bucket may expire versions that are not current."""
    restore = _versions(lost)
    erased = [e for e in known.after(lost, "DeleteObject", lost.name) if text_of(e.asked("versionid"))]
    if erased:
        said = (
            f"{because}; a version was deleted for good later, which may have been the last: {told(erased[0])}{again}"
        )
        return Undo("not known", said, None, erased[0].event_id, restore)
    days, rule = _expiry(lost, known)
    if days is None or rule is None:
        return Undo("restorable", because + again, None, event_id, restore)
    until = days_after(lost.event.time, days)
    said = f"{because}; versions expire after {days} days ({told(rule)}){again}"
    if until is not None and until <= now:
        return Undo("not known", f"{said}, which S3 does not log", until, rule.event_id, restore)
    return Undo("restorable", said, until, event_id or rule.event_id, restore)


def _expiry(lost: Lost, known: Known) -> tuple[int | None, Event | None]:
    """Return the fewest days after which some rule expires versions, and the call that set it."""
    rules = known.of(lost, _LIFECYCLE, _bucket(lost))
    found: list[tuple[int, Event]] = []
    for at, event in enumerate(rules):
        ended = at + 1 < len(rules) and rules[at + 1].time <= lost.event.time
        if event.name == "DeleteBucketLifecycle" or ended:
            continue
        found += [(days, event) for days in _days(event.request)]
    return min(found, key=lambda each: each[0]) if found else (None, None)


def _days(request: Mapping[str, Any]) -> Iterator[int]:
    configured = object_of(inside(request, "lifecycleconfiguration"))
    listed = inside(configured, "rule") or inside(configured, "rules")
    for rule in listed if isinstance(listed, list) else [listed]:
        expires = object_of(inside(rule, "noncurrentversionexpiration"))
        days = number(inside(expires, "noncurrentdays"))
        if days is not None and fold(str(inside(rule, "status"))) != "disabled":
            yield days


def _again(lost: Lost, known: Known) -> str:
    uploads = [e for e in known.after(lost, _UPLOADS, lost.name) if _is_onto(e, lost)]
    return f"; something was uploaded under that key again: {told(uploads[0])}" if uploads else ""


def _is_onto(event: Event, lost: Lost) -> bool:
    """Tell whether a call wrote the object, rather than read it to copy it elsewhere."""
    return f"{event.asked('bucketname')}/{event.asked('key')}" == lost.name


def _versions(lost: Lost) -> str | None:
    bucket, _, key = lost.name.partition("/")
    return command(lost, "s3api", "list-object-versions", "--bucket", bucket, "--prefix", key)


def _bucket_itself(lost: Lost, known: Known, now: str) -> Undo:
    look = command(lost, "s3api", "head-bucket", "--bucket", lost.name)
    copies = known.before(lost, "PutBucketReplication", lost.name)
    again = known.after(lost, "CreateBucket", lost.name)
    because = "a bucket is deleted with its name and must be empty before"
    found = Undo("gone", because, None, None, look)
    if copies:
        because = f"{because}; it was replicated, so copies may be in another bucket: {told(copies[-1])}"
        found = replace(found, because=because, event_id=copies[-1].event_id)
    if again:
        because = f"{because}; a new one by this name was made: {told(again[0])}"
        found = replace(found, because=because, event_id=again[0].event_id)
    return found


def _wishes_of_object(lost: Lost) -> list[Wish]:
    of_bucket = f"PutBucketVersioning CreateBucket DeleteBucket {_LIFECYCLE}"
    return [Wish(of_bucket, (_bucket(lost),)), Wish(f"DeleteObject {_UPLOADS}", (lost.name.partition("/")[2],))]


def _wishes_of_bucket(lost: Lost) -> list[Wish]:
    return [Wish("PutBucketReplication CreateBucket", (lost.name,))]


RULES: dict[tuple[str, str], Rule] = {
    ("s3", "DeleteObject"): Rule(_object, _wishes_of_object),
    ("s3", "DeleteBucket"): Rule(_bucket_itself, _wishes_of_bucket),
}
"""(service, event name) -> how its deletions are judged."""
