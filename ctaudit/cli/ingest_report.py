"""What an ingest did, for the two streams."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ctaudit.cli.streams import Streams, code_of_evidence
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.ingest import Summary

_SHOWN_FAULTS = 10


def tell(streams: Streams, summary: Summary, format: Format, store: Path) -> int:  # noqa: A002
    """Print what an ingest did; return the exit code."""
    from ctaudit.table import Document

    if format is not Format.TABLE:
        streams.document(Document(content(summary)), format)
    tell_troubles(streams, summary, store)
    streams.say(summary_line(summary))
    nothing = not summary.logs and not summary.files_known
    if nothing:
        why = f": {summary.nothing}" if summary.nothing else ""
        streams.say(f"incomplete: no CloudTrail log was found in what was named{why}", urgent=True)
    incomplete = bool(summary.faults) or nothing
    return code_of_evidence(altered=bool(summary.altered), unreached=summary.unreached, incomplete=incomplete)


def tell_troubles(streams: Streams, summary: Summary, store: Path) -> None:
    """Say what could not be read, was set aside, or is strange."""
    for fault in summary.faults[:_SHOWN_FAULTS]:
        at = "" if fault.offset is None else f" at byte {fault.offset}"
        streams.say(f"fault: {fault.path}{at}: {fault.kind}: {fault.reason}", urgent=True)
    if (more := len(summary.faults) - _SHOWN_FAULTS) > 0:
        streams.say(f"and {more:,} more; see: {_faults_command(store)}", urgent=True)
    for note in summary.notes:
        streams.say(f"note: {note}", urgent=True)
    if summary.captured:
        streams.say(f"{count(summary.captured, 'event')} captured into {store / 'evidence'}")
    if summary.refused:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(summary.refused.items()))
        streams.say(f"set aside, not CloudTrail records: {kinds}")
    if summary.conflicts:
        told = f"{summary.conflicts:,} event ids came with more than one body"
        streams.say(f"{told}; see: {_faults_command(store)}", urgent=True)
    if summary.forgotten is not None:
        days = count(summary.forgotten.days, "day")
        streams.say(f"files already known are not read again for the {days} that the store was told to forget")


def _faults_command(store: Path) -> str:
    return f"ctaudit faults --store {shlex.quote(str(store))}"


def summary_line(summary: Summary) -> str:
    """Return one line of what was read, and how fast."""
    seconds = max(summary.seconds, 0.001)
    return (
        f"{count(summary.files_read, 'file')} read, {summary.files_known:,} already known, "
        f"{summary.files_faulty:,} faulty; "
        f"{count(summary.events, 'event')} added, {count(summary.duplicates, 'duplicate')}; "
        f"{summary.seconds:.1f} s, {summary.events / seconds:,.0f} events/s, {summary.bytes / seconds / 1e6:.1f} MB/s"
    )


def count(number: int, of: str) -> str:
    """Return a number of things."""
    return f"{number:,} {of}" if number == 1 else f"{number:,} {of}s"


def content(summary: Summary) -> dict[str, object]:
    """Return what an ingest did, in keys that scripts may rely on."""
    return {
        "files_read": summary.files_read,
        "files_known": summary.files_known,
        "files_faulty": summary.files_faulty,
        "files_refused": summary.files_refused,
        "digests": summary.digests,
        "events": summary.events,
        "duplicates": summary.duplicates,
        "conflicting_events": summary.conflicts,
        "captured": summary.captured,
        "notes": list(summary.notes),
        "refused": dict(summary.refused),
        "faults": [
            {
                "path": fault.path,
                "offset": fault.offset,
                "record": fault.record,
                "kind": fault.kind,
                "reason": fault.reason,
            }
            for fault in summary.faults
        ],
        "archived": [
            {"storage_class": name, "objects": objects, "bytes": size}
            for name, (objects, size) in sorted(summary.archived_by_class.items())
        ],
        "bytes": summary.bytes,
        "seconds": round(summary.seconds, 3),
    }
