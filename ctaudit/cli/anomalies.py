"""`anomalies`: what is unusual in the logs, why, and who is to be told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ctaudit.cli.aws_options import SENDER, login_of
from ctaudit.cli.options import LOOKUP, TEXT, now_of, row_limit, stack, streams_of
from ctaudit.cli.streams import EXIT_FAILED, EXIT_REPORT, Streams
from ctaudit.errors import CtauditError
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.anomaly_answer import Anomalies
    from ctaudit.sources.sink import Sink  # what the doors give; the command only hands it on

_CHOICE = stack(
    click.option(
        "--min-severity",
        type=click.Choice(["low", "medium", "high"]),
        default="low",
        show_default=True,
        help="Nothing less severe.",
    ),
    click.option(
        "--kind", type=TEXT, multiple=True, metavar="NAME", help="Only this kind or family of kinds; repeatable."
    ),
    click.option("--explain", is_flag=True, help="Tell what the numbers were computed with."),
    click.option("--since-last-run", is_flag=True, help="Only what earlier runs with this option have not told."),
    click.option(
        "--suppress",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Leave out what this file, TOML or JSON, calls harmless.",
    ),
    click.option(
        "--plot",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Draw the worst 12 into this file, .svg or .png, which is replaced.",
    ),
)
_SENDING = stack(
    click.option(
        "--emit",
        type=TEXT,
        multiple=True,
        metavar="SINK",
        help="Send them to jsonl:FILE, webhook:URL, sns:TOPIC_ARN or eventbridge:BUS; repeatable.",
    ),
    click.option("--dry-run", is_flag=True, help="Print what would be sent where, and send nothing."),
    SENDER,
)


@click.command("anomalies", short_help="Report what is unusual, and why.")
@_CHOICE
@_SENDING
@LOOKUP
@click.pass_context
def anomalies(
    ctx: click.Context, /, store: Path, emit: tuple[str, ...], dry_run: bool, plot: Path | None, **options: Any
) -> int:
    """Report what is unusual in the span, against the 28 days before each moment, and why.

    Each anomaly says what was counted, what was to be expected, in which bounds 99 of 100 counts lie, what may cause it
    that is no attack, and the command that shows its events. The score is 20 where 1 of 100 that are reported at that
    rate is false, 30 at 1 of 1,000. On a terminal the counts around it are drawn; hours without logs are dots.

    What --emit could not deliver stays in the store, and is sent by the next run that emits to the same sink. Each
    message has the id of its anomaly, which stays the same, so that none need be counted twice.

    --suppress names a file of entries [[suppress]], each with some of id, kind, account, region and subject (patterns
    such as rate.*), a reason, and until, the date on which it ends.

    \b
    Exit codes:
      0  nothing to report
      1  something is reported
      3  nothing is, and logs are lacking
      4  nothing is, and a message of an earlier run could not be delivered

    \b
    Examples:
      ctaudit anomalies --since 7d
      ctaudit anomalies --since 24h --min-severity high --format json
      ctaudit anomalies --since 7d --kind rate --plot rates.svg
      ctaudit anomalies --since-last-run --emit webhook:https://hooks.example.com/x
    """
    from ctaudit.investigate import open_store

    streams, chosen, fail_empty = streams_of(ctx), Format(options.pop("format_")), options.pop("fail_empty")
    sinks, drawn = _sinks(emit, options, dry=dry_run), _form(plot)
    options |= _suppressed(ctx, options.pop("suppress"))
    if not emit:  # who is told must be told all of it
        options["limit"] = row_limit(options["limit"], streams)
    else:
        options["limit"] = options["limit"] or None
    found = open_store(store).anomalies(**options)
    if plot is not None:
        _plot(streams, found, plot, drawn)
    if dry_run:
        from ctaudit.emitting import would_send

        return streams.answer(would_send(store, sinks, found.table), chosen)
    code = _tell(streams, found, chosen, fail_empty=fail_empty)
    sent = not sinks or _send(streams, store, sinks, found)
    if options["since_last_run"] and sent is not None and not streams.cut_off:
        from ctaudit.anomaly_memory import remember

        remember(store, found.memory)
    return EXIT_FAILED if not sent and code != EXIT_REPORT else code
