"""`collect`: evidence out of S3, byte by byte, with what proves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ctaudit.cli.aws_options import LATE, LOGIN, from_s3_of
from ctaudit.cli.ingest_report import count
from ctaudit.cli.options import DEBUG, FORMAT, HELP, NO_COLOR, QUIET, SPAN, TEXT, streams_of
from ctaudit.cli.progress import progress
from ctaudit.cli.streams import Streams, code_of_evidence
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.collect import Collected

_SHOWN_FAULTS = 10


@click.command("collect", short_help="Copy evidence out of S3, to prove it offline.")
@click.argument("source", type=TEXT)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@SPAN
@LATE
@click.option(
    "--versions",
    is_flag=True,
    help="Copy earlier versions of log files and digests, too, and deleted ones.",
)
@LOGIN
@FORMAT
@QUIET
@NO_COLOR
@DEBUG
@HELP
@click.pass_context
def collect(ctx: click.Context, /, source: str, folder: Path, format_: str, **options: Any) -> int:
    """Copy log files and digests below s3://BUCKET/PREFIX into DIR, byte by byte, each as DIR/BUCKET/KEY.

    DIR gets a manifest (manifest.jsonl: key, version, size, entity tag, time, storage class, encryption, metadata,
    SHA-256), the digests' metadata beside them, the public keys of every region (public-keys/), and what AWS says of
    the trails that deliver there (trail-facts.jsonl): `ctaudit validate DIR` needs nothing else. A later run copies
    what is new and verifies what is there. Nothing is ever overwritten. Files in DIR that no run has put
    there are told.

    With --versions, what lay there before is kept, too, below DIR/BUCKET/%versions, with delete markers in the
    manifest. Evidence that was overwritten or deleted in the bucket is a finding: exit code 1.

    \b
    Examples:
      ctaudit collect s3://my-trail-bucket ./case-42
      ctaudit collect s3://my-trail-bucket ./case-42 --since 30d
    """
    from ctaudit.collect import collect as copy

    streams = streams_of(ctx)
    with progress(streams) as bar:
        done = copy(source, folder, from_s3=from_s3_of(options), progress=bar)
    return _tell(streams, done, Format(format_))


def _tell(streams: Streams, done: Collected, format: Format) -> int:  # noqa: A002
    from ctaudit.table import Document

    tally = done.tally
    if format is not Format.TABLE:
        listed = [{"path": each.path, "kind": each.kind, "reason": each.reason} for each in done.faults]
        content = {
            **tally.content(),
            "regions": list(done.regions),
            "faults": listed,
            "seconds": round(done.seconds, 3),
        }
        streams.document(Document(content), format)
    for fault in done.faults[:_SHOWN_FAULTS]:
        streams.say(f"fault: {fault.path}: {fault.kind}: {fault.reason}", urgent=True)
    if (more := len(done.faults) - _SHOWN_FAULTS) > 0:
        streams.say(f"and {count(more, 'more fault')}; --format json has all", urgent=True)
    if done.passed:
        streams.say(f"folders of other services passed over: {done.passed:,}")
    copied, verified = f"{count(tally.copied, 'object')} copied", f"{tally.verified:,} verified"
    if tally.noncurrent or tally.delete_markers:
        markers = count(tally.delete_markers, "delete marker")
        streams.say(f"among them {count(tally.noncurrent, 'earlier version')}; {markers} noted")
    faults = count(len(done.faults), "fault")
    streams.say(f"{copied}, {verified}, {faults}; {tally.bytes / 1e6:,.1f} MB; {done.seconds:.1f} s")
    nothing = not tally.copied and not tally.verified
    if nothing:
        why = f": {done.nothing}" if done.nothing else ""
        streams.say(f"incomplete: no log file or digest was found there{why}", urgent=True)
    incomplete = bool(done.faults) or nothing
    return code_of_evidence(altered=bool(done.altered), unreached=done.unreached, incomplete=incomplete)
