"""`what-did` and `timeline`: events of one actor, or all events, in order."""

from __future__ import annotations

from typing import Any

import click

from ctaudit.cli.engine_options import ENGINE, opened
from ctaudit.cli.options import LOOKUP, TEXT, row_limit, streams_of
from ctaudit.reports.formats import Format

_FILTERS = (
    click.option("--event", "events", type=TEXT, multiple=True, metavar="NAME", help="Only this API call; repeatable."),
    click.option(
        "--service",
        "services",
        type=TEXT,
        multiple=True,
        metavar="NAME",
        help="Only this service, such as s3; repeatable.",
    ),
    click.option(
        "--outcome",
        "outcomes",
        multiple=True,
        type=click.Choice(["succeeded", "failed", "dry-run"]),
        help="Only calls that ended so; repeatable.",
    ),
    click.option("--writes", is_flag=True, help="Only calls that change something."),
)


def _filtered(function: Any) -> Any:
    for option in reversed(_FILTERS):
        function = option(function)
    return function


def _ask(ctx: click.Context, question: str, who: str | None, **options: Any) -> int:
    from ctaudit import Filters

    streams, store = streams_of(ctx), opened(ctx, options)
    filters = Filters(**{name: options.pop(name) for name in ("events", "services", "outcomes", "writes")})
    chosen, fail_empty = (options.pop(name) for name in ("format_", "fail_empty"))
    options["limit"] = row_limit(options["limit"], streams)
    table = getattr(store, question)(who=who, filters=filters, **options)
    return streams.answer(table, Format(chosen), fail_empty=fail_empty)


@click.command("what-did", short_help="Tell what a principal, key or address did.")
@click.argument("who", type=TEXT)
@_filtered
@click.option("--by", type=click.Choice(["origin"]), help="Count the calls by who stands behind them.")
@LOOKUP
@ENGINE
@click.pass_context
def what_did(ctx: click.Context, /, who: str, **options: Any) -> int:
    """Tell everything WHO did.

    WHO is an ARN, a user, role or session name, an access key, a principal id, an account, a service, an IP address or
    a network such as 198.51.100.0/24, in any letter case. A role means all its sessions; NAME* all names that begin so.

    \b
    Examples:
      ctaudit what-did ci-deploy --since 36h
      ctaudit what-did deploy-production --by origin
      ctaudit what-did AKIAIOSFODNN7EXAMPLE --outcome failed
      ctaudit what-did 198.51.100.23 --writes --format csv
    """
    return _ask(ctx, "what_did", who, **options)


@click.command("timeline", short_help="List events in order.")
@click.option("--principal", "who", type=TEXT, metavar="WHO", help="Only what WHO did, as in what-did.")
@click.option(
    "--origin",
    type=TEXT,
    metavar="NAME",
    help="Only what NAME stands behind: an origin, or its bare name.",
)
@_filtered
@LOOKUP
@ENGINE
@click.pass_context
def timeline(ctx: click.Context, /, who: str | None, **options: Any) -> int:
    """List events in order of time.

    \b
    Examples:
      ctaudit timeline --since 2026-03-11T22:00Z --until 2026-03-12 --writes
      ctaudit timeline --event ConsoleLogin --outcome failed
      ctaudit timeline --origin ana.lima@example.com --since 7d
      ctaudit timeline --service iam --region us-east-1 --format jsonl
    """
    return _ask(ctx, "timeline", who, **options)
