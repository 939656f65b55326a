"""`ingest`: evidence in, store out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ctaudit.cli.archived import Wish, restore_archived
from ctaudit.cli.aws_options import LATE, LOGIN, from_s3_of
from ctaudit.cli.engine_options import MASTER
from ctaudit.cli.ingest_report import tell
from ctaudit.cli.options import DURATION, FORMAT, PLAIN, SPAN, streams_of
from ctaudit.cli.progress import progress
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.listing import FromS3
    from ctaudit.spark_shares import Spark

_HELP = """Read CloudTrail logs into the store, which is made when there is none.

SOURCE is a file, a folder, a glob, s3://BUCKET/PREFIX, sqs://QUEUE, history: for CloudTrail's Event history,
logs:GROUP for a log group of CloudWatch Logs (its name or ARN), or '-' for standard input. Content decides what a
file is, its name does not matter: JSON in any layout, plain or packed by gzip, zstd or bzip2, bare arrays, NDJSON,
lookup-events output, EventBridge and CloudWatch Logs envelopes; and all these in zip and tar archives, which are
read without being unpacked to disk. Reading the same evidence again adds nothing. What cannot be read becomes a
fault; everything else is kept. Evidence is opened read-only.

--since, --until, --account and --region choose folders of S3 by CloudTrail's names for them, in which a day is that
of the delivery; folders of other services and of digests are passed over.

sqs://QUEUE is a queue's URL without its https://, or its name. The queue holds notifications of log files, or
CloudTrail's events themselves; a message is deleted when what it tells of is in the store. Without --follow it is
read until it is empty.

--engine spark has executors read the files and write the segments: this machine, which lists the files and commits,
and all executors must see the store (and files) under one path, have this version of ctaudit, and log in to AWS by
themselves.

history: and logs:GROUP are captured into files of the store first, which stay there, and a later run asks for the
rest; --since, --until and --region say what is asked for. history: asks all regions of the account for the
management events of 90 days, 100 events a second in each.

\b
Examples:
  ctaudit ingest ./AWSLogs
  ctaudit ingest s3://my-trail-bucket --since 7d --account 111122223333
  ctaudit ingest sqs://sqs.us-east-1.amazonaws.com/111122223333/trail --follow
  ctaudit ingest history: --since 7d --region eu-west-1 --profile auditor
  ctaudit ingest s3://my-trail --engine spark --master spark://head:7077
  ctaudit ingest evidence.zip trail-2026.tar.zst
  ssh host 'tar cf - AWSLogs' | ctaudit ingest -
  ctaudit ingest 'logs/**/*.json.gz' events.ndjson --store case-42
"""


@click.command("ingest", help=_HELP, short_help="Read CloudTrail logs into the store.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), metavar="N", help="Worker processes. Default: one a processor."
)
@click.option(
    "--engine",
    "readers",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="Who reads: worker processes here, or the executors of a Spark cluster (needs ctaudit[spark] and Java).",
)
@MASTER
@SPAN
@LATE
@click.option(
    "--restore",
    type=click.Choice(["bulk", "standard", "expedited"]),
    help="Ask S3 to restore archived objects, after asking you: that costs money. A later run reads them.",
)
@click.option(
    "--restore-days",
    type=click.IntRange(1, 365),
    default=7,
    show_default=True,
    metavar="N",
    help="Keep restored copies for so many days.",
)
@click.option("--yes", is_flag=True, help="Do not ask before restoring.")
@click.option(
    "--versions", is_flag=True, help="In S3, read earlier versions of log files, too, and log files that were deleted."
)
@click.option("--follow", is_flag=True, help="Go on: read what comes until Ctrl-C or SIGTERM.")
@click.option(
    "--every",
    type=DURATION,
    default="60s",
    show_default=True,
    metavar="TIME",
    help="How often to look with --follow: 30s, 5m, 1h. A queue is given as long to answer, up to 20s.",
)
@LOGIN
@FORMAT
@PLAIN
@click.pass_context
def ingest(ctx: click.Context, /, sources: tuple[str, ...], jobs: int | None, **options: Any) -> int:
    """Read evidence into the store."""
    from ctaudit.follow import is_queue
    from ctaudit.ingest import ingest as ingest_evidence

    streams = streams_of(ctx)
    follow, every, store, chosen = (options.pop(name) for name in ("follow", "every", "store", "format_"))
    restore = Wish(options.pop("restore"), options.pop("restore_days"), options.pop("yes"))
    engine, master = options.pop("readers"), options.pop("master")
    from_s3 = from_s3_of(options)
    if master is not None and engine != "spark":
        raise click.UsageError("--master belongs to --engine spark")
    if engine == "spark" and (follow or jobs is not None or any(map(is_queue, sources))):
        raise click.UsageError("--engine spark reads once, without --jobs, --follow and queues")
    if follow or any(map(is_queue, sources)):
        from ctaudit.cli.follow import run
        from ctaudit.follow import Following

        return run(streams, store, sources, Following(follow, every), Format(chosen), jobs=jobs, from_s3=from_s3)
    if "-" in sources and sys.stdin.isatty():
        streams.say("reading evidence from this terminal; end it with Ctrl-D, or stop with Ctrl-C", urgent=True)
    spark = _spark(master, from_s3) if engine == "spark" else None
    with progress(streams) as bar:
        summary = ingest_evidence(store, sources, jobs=jobs, progress=bar, from_s3=from_s3, spark=spark)
    code = tell(streams, summary, Format(chosen), store)
    if summary.archived:
        restore_archived(streams, summary.archived, from_s3, restore)
    return code


def _spark(master: str | None, from_s3: FromS3) -> Spark:
    from ctaudit.spark_shares import Spark

    spark = Spark() if master is None else Spark(master)
    spark.check(from_s3.login)
    return spark
