"""`ingest`: evidence in, store out."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ctaudit.cli.options import FORMAT, PLAIN, streams_of
from ctaudit.cli.progress import progress
from ctaudit.cli.streams import EXIT_PARTIAL, Streams
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.ingest import Summary

_SHOWN_FAULTS = 10


@click.command("ingest", short_help="Read CloudTrail logs into the store.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), metavar="N", help="Worker processes. Default: one a processor."
)
@FORMAT
@PLAIN
@click.pass_context
def ingest(ctx: click.Context, /, sources: tuple[str, ...], jobs: int | None, store: Path, format_: str) -> int:
    """Read CloudTrail logs into the store, which is made when there is none.

    SOURCE is a file, a folder, a glob, or '-' for standard input. Content decides what a file is, its name does not
    matter: JSON in any layout, plain or packed by gzip, zstd or bzip2, bare arrays, NDJSON, lookup-events output,
    EventBridge and CloudWatch Logs envelopes; and all these in zip and tar archives, which are read without being
    unpacked to disk. Reading the same evidence again adds nothing. What cannot be read becomes a fault; everything else
    is kept. Evidence is opened read-only.

    \b
    Examples:
      ctaudit ingest ./AWSLogs
      ctaudit ingest evidence.zip trail-2026.tar.zst
      ssh host 'tar cf - AWSLogs' | ctaudit ingest -
      ctaudit ingest 'logs/**/*.json.gz' events.ndjson --store case-42
    """
    from ctaudit.ingest import ingest as ingest_evidence

    streams = streams_of(ctx)
    if "-" in sources and sys.stdin.isatty():
        streams.say("reading evidence from this terminal; end it with Ctrl-D, or stop with Ctrl-C", urgent=True)
    with progress(streams) as bar:
        summary = ingest_evidence(store, sources, jobs=jobs, progress=bar)
    return _tell(streams, summary, Format(format_), store)


def _tell(streams: Streams, summary: Summary, format: Format, store: Path) -> int:  # noqa: A002
    from ctaudit.table import Document

    if format is not Format.TABLE:
        streams.document(Document(_content(summary)), format)
    for fault in summary.faults[:_SHOWN_FAULTS]:
        at = "" if fault.offset is None else f" at byte {fault.offset}"
        streams.say(f"fault: {fault.path}{at}: {fault.kind}: {fault.reason}", urgent=True)
    if (more := len(summary.faults) - _SHOWN_FAULTS) > 0:
        streams.say(f"and {more:,} more; see: {_faults_command(store)}", urgent=True)
    if summary.refused:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(summary.refused.items()))
        streams.say(f"set aside, not CloudTrail records: {kinds}")
    if summary.conflicts:
        told = f"{summary.conflicts:,} event ids came with more than one body"
        streams.say(f"{told}; see: {_faults_command(store)}", urgent=True)
    streams.say(_summary_line(summary))
    nothing = not summary.logs and not summary.files_known
    if nothing:
        streams.say("incomplete: no CloudTrail log was found in what was named", urgent=True)
    return EXIT_PARTIAL if summary.faults or nothing else 0


def _faults_command(store: Path) -> str:
    return f"ctaudit faults --store {shlex.quote(str(store))}"


def _summary_line(summary: Summary) -> str:
    seconds = max(summary.seconds, 0.001)
    return (
        f"{summary.files_read:,} files read, {summary.files_known:,} already known, {summary.files_faulty:,} faulty; "
        f"{summary.events:,} events added, {summary.duplicates:,} duplicates; "
        f"{summary.seconds:.1f} s, {summary.events / seconds:,.0f} events/s, {summary.bytes / seconds / 1e6:.1f} MB/s"
    )


def _content(summary: Summary) -> dict[str, object]:
    return {
        "files_read": summary.files_read,
        "files_known": summary.files_known,
        "files_faulty": summary.files_faulty,
        "files_refused": summary.files_refused,
        "digests": summary.digests,
        "events": summary.events,
        "duplicates": summary.duplicates,
        "conflicting_events": summary.conflicts,
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
        "bytes": summary.bytes,
        "seconds": round(summary.seconds, 3),
    }
