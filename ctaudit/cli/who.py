"""`who-deleted`, `who-created`, `who-changed`, `who-touched`: who did that to a resource."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ctaudit.cli.options import LOOKUP, TEXT, row_limit, streams_of
from ctaudit.reports.formats import Format


def _ask(ctx: click.Context, question: str, thing: str, **options: Any) -> int:
    from ctaudit.investigate import open_store

    streams = streams_of(ctx)
    store: Path = options.pop("store")
    chosen, fail_empty = Format(options.pop("format_")), options.pop("fail_empty")
    options["limit"] = row_limit(options["limit"], streams)
    table = getattr(open_store(store), question)(thing, **options)
    return streams.answer(table, chosen, fail_empty=fail_empty)


@click.command("who-deleted", short_help="Tell who deleted a resource.")
@click.argument("thing", type=TEXT)
@LOOKUP
@click.pass_context
def who_deleted(ctx: click.Context, /, thing: str, **options: Any) -> int:
    """Tell who deleted, terminated or scheduled the deletion of THING.

    THING is a name, an id, an ARN or bucket/key, in any letter case; NAME* asks for all that begin so. Attempts that
    failed and dry runs are shown as such.

    \b
    Examples:
      ctaudit who-deleted my-bucket
      ctaudit who-deleted 'my-bucket/reports/*' --since 7d
      ctaudit who-deleted arn:aws:dynamodb:eu-west-1:111122223333:table/orders
    """
    return _ask(ctx, "who_deleted", thing, **options)


@click.command("who-created", short_help="Tell who created a resource.")
@click.argument("thing", type=TEXT)
@LOOKUP
@click.pass_context
def who_created(ctx: click.Context, /, thing: str, **options: Any) -> int:
    """Tell who created, launched, registered or uploaded THING.

    THING is a name, an id, an ARN or bucket/key, in any letter case; NAME* asks for all that begin so.

    \b
    Examples:
      ctaudit who-created backdoor-user
      ctaudit who-created i-0123456789abcdef0 --format jsonl
    """
    return _ask(ctx, "who_created", thing, **options)


@click.command("who-changed", short_help="Tell who changed a resource.")
@click.argument("thing", type=TEXT)
@LOOKUP
@click.pass_context
def who_changed(ctx: click.Context, /, thing: str, **options: Any) -> int:
    """Tell who modified, attached to, detached from, disabled or restored THING.

    THING is a name, an id, an ARN or bucket/key, in any letter case; NAME* asks for all that begin so.

    \b
    Examples:
      ctaudit who-changed sg-0123456789abcdef0
      ctaudit who-changed my-role --since 7d
    """
    return _ask(ctx, "who_changed", thing, **options)


@click.command("who-touched", short_help="Tell who did anything with a resource.")
@click.argument("thing", type=TEXT)
@LOOKUP
@click.pass_context
def who_touched(ctx: click.Context, /, thing: str, **options: Any) -> int:
    """Tell who did anything at all with THING, reading included, and with what lies inside it.

    THING is a name, an id, an ARN or bucket/key, in any letter case; NAME* asks for all that begin so.

    \b
    Examples:
      ctaudit who-touched my-bucket --limit 50
      ctaudit who-touched prod/db-password --format csv
    """
    return _ask(ctx, "who_touched", thing, **options)
