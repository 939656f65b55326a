"""`who-deleted`, `who-created`, `who-changed`, `who-touched`: who did that to a resource."""

from __future__ import annotations

from typing import Any

import click

from ctaudit.cli.engine_options import ENGINE, opened
from ctaudit.cli.options import LOOKUP, TEXT, now_of, row_limit, streams_of
from ctaudit.reports.formats import Format


def _ask(ctx: click.Context, question: str, thing: str, **options: Any) -> int:
    streams, store = streams_of(ctx), opened(ctx, options)
    chosen, fail_empty = Format(options.pop("format_")), options.pop("fail_empty")
    options["limit"] = row_limit(options["limit"], streams)
    table = getattr(store, question)(thing, **options)
    return streams.answer(table, chosen, fail_empty=fail_empty)


@click.command("who-deleted", short_help="Tell who deleted a resource.")
@click.argument("thing", type=TEXT)
@click.option("--undo", is_flag=True, help="Tell what could still be restored, as far as the logs show it.")
@LOOKUP
@ENGINE
@click.pass_context
def who_deleted(ctx: click.Context, /, thing: str, undo: bool, **options: Any) -> int:
    """Tell who deleted, terminated or scheduled the deletion of THING.

    THING is a name, an id, an ARN or bucket/key, in any letter case; NAME* asks for all that begin so. Attempts that
    failed and dry runs are shown as such.

    With --undo each row ends with whether it is restorable (and until when), restored, gone or not known, why, and the
    command of the AWS CLI that restores it or tells more. It goes by the logs alone.

    \b
    Examples:
      ctaudit who-deleted my-bucket
      ctaudit who-deleted 'my-bucket/reports/*' --since 7d
      ctaudit who-deleted prod/db-password --undo
      ctaudit who-deleted arn:aws:dynamodb:eu-west-1:111122223333:table/orders
    """
    if undo:
        options["undo_at"] = now_of(ctx)
    return _ask(ctx, "who_deleted", thing, **options)


@click.command("who-created", short_help="Tell who created a resource.")
@click.argument("thing", type=TEXT)
@LOOKUP
@ENGINE
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
@ENGINE
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
@ENGINE
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
