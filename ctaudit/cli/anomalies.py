"""`anomalies`: what is unusual in the logs, why, and who is to be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ctaudit.cli.aws_options import SENDER, login_of
from ctaudit.cli.options import LOOKUP, TEXT, now_of, row_limit, stack, streams_of
from ctaudit.cli.streams import EXIT_FAILED, EXIT_REPORT, Streams
from ctaudit.errors import CtauditError, UsageError
from ctaudit.reports.formats import Format
from ctaudit.table import Table

if TYPE_CHECKING:
    from ctaudit.anomaly_answer import Anomalies
    from ctaudit.emitting import Outgoing
    from ctaudit.investigate import Store

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
        "--geoip",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="FILE",
        help="A MaxMind database (.mmdb) that tells where addresses are: ASN, Country or City; repeatable.",
    ),
    click.option(
        "--plot",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Draw the worst 12 into this file, .svg or .png, which is replaced.",
    ),
)
_INSIGHTS = stack(
    click.option("--insights", is_flag=True, help="Print those that AWS would call Insights as its events, JSON."),
    click.option("--agree", is_flag=True, help="Compare with CloudTrail's own Insights in the logs."),
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

_TAKEN = ("plot", "dry_run", "emit", "limit", "insights", "agree")
"""Options that say what is done with the answer, not what is looked for."""


@click.command("anomalies", short_help="Report what is unusual, and why.")
@_CHOICE
@_INSIGHTS
@_SENDING
@LOOKUP
@click.pass_context
def anomalies(ctx: click.Context, /, store: Path, **options: Any) -> int:
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
      1  something is reported (never by --agree)
      3  nothing is, and logs are lacking
      4  nothing is, and a message of an earlier run could not be delivered

    \b
    Examples:
      ctaudit anomalies --since 7d
      ctaudit anomalies --since 24h --min-severity high --format json
      ctaudit anomalies --since 7d --kind rate --plot rates.svg
      ctaudit anomalies --insights --format json
      ctaudit anomalies --since-last-run --emit webhook:https://example.com/x
    """
    from ctaudit.investigate import open_store

    streams, chosen, fail_empty = streams_of(ctx), Format(options.pop("format_")), options.pop("fail_empty")
    _refuse(options)
    plot, dry, emit, limit, insights, agree = (options.pop(name) for name in _TAKEN)
    form, outgoing = _form(plot), _outgoing(store, emit, options, dry=dry)
    options |= _suppressions(ctx, options.pop("suppress"))
    if insights or agree:
        return _insights(streams, open_store(store), options, chosen, fail_empty=fail_empty, agree=agree)
    # Who is told by a message is told all of it, whatever a terminal shows.
    options["limit"] = (limit or None) if emit else row_limit(limit, streams)
    found = open_store(store).anomalies(**options)
    if dry and outgoing is not None:
        return streams.answer(outgoing.rehearsal(found.table), chosen, fail_empty=fail_empty)
    code = _answered(streams, found, chosen, fail_empty=fail_empty)
    act = _Act(streams, found, plot, form, outgoing, store if options["since_last_run"] else None)
    return EXIT_FAILED if not act.done() and code != EXIT_REPORT else code  # what is found goes before what failed


def _refuse(options: dict[str, Any]) -> None:
    """Raise UsageError where an option would be passed over in silence."""
    chosen = [name for name in ("insights", "agree") if options[name]]
    if len(chosen) == 2:
        raise UsageError("--insights and --agree are two different answers", "ask for one of them")
    passed_over = [name for name in ("plot", "emit", "since_last_run", "limit") if options[name]]
    if chosen and passed_over:
        option = passed_over[0].replace("_", "-")
        raise UsageError(f"--{option} does nothing with --{chosen[0]}", f"leave out --{option}")


def _insights(
    streams: Streams, store: Store, options: dict[str, Any], chosen: Format, *, fail_empty: bool, agree: bool
) -> int:
    """Print anomalies as Insights events, or beside those of CloudTrail."""
    del options["since_last_run"]
    found = store.insights(agree=agree, **options)
    if isinstance(found, Table):
        return streams.answer(found, chosen, fail_empty=fail_empty)
    form = chosen if chosen is Format.JSONL else Format.JSON
    code = streams.document(found, form, empty=not found.content["Records"], fail_empty=fail_empty)
    return EXIT_REPORT if found.content["Records"] else code


def _form(plot: Path | None) -> str:
    """Return the form of a picture; raises UsageError before anything is counted."""
    if plot is None:
        return ""
    from ctaudit.reports.plot import FORMS, require

    form = plot.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise UsageError(f"the ending of {plot} tells no kind of picture", "end it in .svg or .png")
    require()
    return form


def _outgoing(store: Path, emit: tuple[str, ...], options: dict[str, Any], *, dry: bool) -> Outgoing | None:
    """Take what tells how to log in out of `options`; return where anomalies are sent, if anywhere."""
    login = login_of(options)
    if not emit:
        if dry:
            raise UsageError("--dry-run tells what --emit would send", "name a sink with --emit")
        return None
    from ctaudit.emitting import Outgoing

    return Outgoing(store, emit, login)


def _suppressions(ctx: click.Context, path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    from ctaudit.suppressions import read_suppressions

    return {"suppressions": read_suppressions(path), "now": now_of(ctx)}


def _answered(streams: Streams, found: Anomalies, format: Format, *, fail_empty: bool) -> int:  # noqa: A002
    """Print cards on a terminal, and rows everywhere else."""
    if format is not Format.TABLE or not streams.stdout_terminal or not found.cards:
        return streams.answer(found.table, format, fail_empty=fail_empty)
    from ctaudit.reports.card_lines import card_lines

    lines = card_lines(found.cards, streams.width, color=streams.color, blocks=streams.has_blocks)
    return streams.drawn(lines, found.table, fail_empty=fail_empty)


@dataclass(frozen=True, slots=True)
class _Act:
    """What is done with an answer that was given."""

    streams: Streams
    found: Anomalies
    plot: Path | None
    form: str
    outgoing: Outgoing | None
    store: Path | None
    """Where it is remembered what was told; None when nobody asked for that."""

    def done(self) -> bool:
        """Draw, send and remember, and say what became of it; tell whether all of it went well.

        What was told is remembered last: what could neither be sent nor kept, the next run tells again.
        """
        try:
            self._draw()
            sent = self._sent()
            if self.store is not None and not self.streams.cut_off:
                from ctaudit.anomaly_memory import remember

                remember(self.store, self.found.memory)
        except CtauditError as error:
            self.streams.fail(error.message, error.advice, EXIT_FAILED)
            return False
        return sent

    def _draw(self) -> None:
        if self.plot is None:
            return
        from ctaudit.cli.output_file import whole_file
        from ctaudit.reports.plot import drawn, plot

        with whole_file(self.plot, force=True) as file:
            plot(self.found.cards, file, self.form)
        shown = len(drawn(self.found.cards))
        self.streams.say(f"{shown:,} of {len(self.found.cards):,} anomalies drawn in {self.plot}")

    def _sent(self) -> bool:
        if self.outgoing is None:
            return True
        sent = self.outgoing.send(self.found.table)
        for sentence in sent.notes:
            self.streams.say(sentence)
        for sentence in sent.failed:
            self.streams.say(sentence, urgent=True)
        return not sent.failed
