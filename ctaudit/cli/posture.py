"""`posture`: whether the evidence is safe where it lies."""

from __future__ import annotations

from typing import Any

import click

from ctaudit.cli.aws_options import LOGIN, login_of
from ctaudit.cli.options import FORMAT, PLAIN, TEXT, now_of, streams_of
from ctaudit.cli.streams import EXIT_PARTIAL, EXIT_REPORT
from ctaudit.reports.formats import Format


@click.command("posture", short_help="Check whether a trail's bucket keeps evidence safe.")
@click.argument("source", required=False, type=TEXT)
@click.option("--trail", type=TEXT, metavar="ARN", help="Check this trail and the bucket that it delivers into.")
@click.option(
    "--retention",
    type=click.IntRange(min=1),
    default=365,
    show_default=True,
    metavar="DAYS",
    help="For how many days logs have to be kept.",
)
@click.option("--region", type=TEXT, multiple=True, metavar="NAME", help="Only this region; repeatable.")
@click.option("--skip", type=TEXT, multiple=True, metavar="CHECK", help="Leave out this check, by id; repeatable.")
@LOGIN
@FORMAT
@PLAIN
@click.pass_context
def posture(ctx: click.Context, /, source: str | None, trail: str | None, **options: Any) -> int:
    """Check whether a bucket, its policy and its trails keep evidence safe and whole.

    SOURCE is s3://bucket or s3://bucket/prefix; the trails that deliver into it are looked for in the region that is
    set, in the bucket's own and in those that its keys name, or in each --region. It asks AWS and changes nothing. Each
    check is pass, fail or unknown: what AWS did not answer is no word on what the answer would be.

    \b
    Exit codes:
      0  every check passed
      1  a check failed
      3  none failed, and some are unknown
      4  there is no such bucket or trail, no login, or no way to reach AWS

    \b
    Examples:
      ctaudit posture s3://my-trail-logs --retention 400
      ctaudit posture --trail arn:aws:cloudtrail:us-east-1:111122223333:trail/main
      ctaudit posture s3://my-trail-logs --format json --skip trail.insights
    """
    from ctaudit.posture_report import posture as check

    streams = streams_of(ctx)
    options.pop("store")
    chosen, retention, skip = Format(options.pop("format_")), options.pop("retention"), options.pop("skip")
    regions, now = options.pop("region"), now_of(ctx)
    report = check(source, trail, login=login_of(options), now=now, retention=retention, skipped=skip, regions=regions)
    if chosen is Format.TABLE and streams.stdout_terminal:
        streams.blocks(report.table)  # sentences, which a table would cut
        streams.remark(report.table.notes, report.table.partial)
        code = EXIT_PARTIAL if report.unknown else 0
    else:
        code = streams.answer(report.table, chosen)
    return EXIT_REPORT if report.failed else code
