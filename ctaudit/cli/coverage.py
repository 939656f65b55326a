"""`coverage`: which hours the logs speak for, by account and region."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ctaudit.cli.options import FORMAT, PLAIN, ROWS, SPAN, row_limit, streams_of
from ctaudit.cli.streams import EXIT_REPORT, Streams
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.coverage_report import Report


@click.command("coverage", short_help="Show which hours the logs speak for.")
@SPAN
@click.option(
    "--by",
    type=click.Choice(["span", "hour", "day"]),
    default="span",
    show_default=True,
    help="What a row is: hours of one state joined, each hour, or each day.",
)
@ROWS
@FORMAT
@PLAIN
@click.pass_context
def coverage(
    ctx: click.Context, /, store: Path, format_: str, by: str, limit: int | None, fail_empty: bool, **span: Any
) -> int:
    """Show which hours the logs speak for, by account and region, and what changed the logging.

    \b
    An hour (UTC) is
      proven   digests, once validated, account for it and a quarter of an hour
               more, and the store has every log file that they list
      covered  there are events of it, or log files delivered in it, or a proven
               digest; that none is lacking is not known
      gap      something is known to be lacking: a listed log file, what could
               not be read, digests, or logging was stopped, or the day forgotten
      silent   nothing speaks for it: it was quiet, or its files are lacking

    A digest's hours are those of delivery, some minutes after the events. Without --since and --until the span is that
    of the store's events and digests. Events that changed logging stand in a table of their own. On a terminal a strip
    shows each account and region. Log files count as late when they came an hour or more after their oldest event.

    Exits with 0 when every hour is covered or proven, else with 3.

    \b
    Examples:
      ctaudit coverage
      ctaudit coverage --since 2026-03-11 --until 2026-03-12 --by hour
      ctaudit coverage --account 111122223333 --format json | jq .hours
    """
    from ctaudit.investigate import open_store

    streams = streams_of(ctx)
    report = open_store(store).coverage(by=by, limit=row_limit(limit, streams), **span)
    code = _tell(streams, report, Format(format_))
    return EXIT_REPORT if fail_empty and not report.spans.rows else code


def _tell(streams: Streams, report: Report, format: Format) -> int:  # noqa: A002
    from ctaudit.table import Document

    if format in (Format.JSON, Format.JSONL):
        return streams.document(Document(report.content, report.spans.notes, report.spans.partial), format)
    if format is Format.TABLE and streams.stdout_terminal and report.spans.rows:
        streams.strips(report.strips)
        streams.text("")
    if format in (Format.TABLE, Format.MARKDOWN) and report.changes.rows:
        streams.tables([report.changes], format)
        streams.text("")
    return streams.answer(report.spans, format)
