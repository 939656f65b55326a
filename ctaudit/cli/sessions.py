"""`sessions`: the sessions of everybody, or of one principal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ctaudit.cli.options import LOOKUP, TEXT, row_limit, streams_of
from ctaudit.reports.formats import Format


@click.command("sessions", short_help="List sessions, and what was new about them.")
@click.argument("principal", type=TEXT, required=False)
@LOOKUP
@click.pass_context
def sessions(
    ctx: click.Context, /, principal: str | None, store: Path, format_: str, fail_empty: bool, **options: Any
) -> int:
    """List the sessions of everybody, or of PRINCIPAL: when, from where, with what, how many calls, who is behind it.

    PRINCIPAL is an ARN, a user, role or session name, an access key or a principal id, as in what-did. A console
    session is one row though its calls have many keys; the calls made with one lasting key are one row, too, and so are
    those that services made on for a user.

    An address or program is new when the principal had called before, in the span asked for, but never from there or
    with it. A role's sessions of one name count as one principal.

    \b
    Examples:
      ctaudit sessions ana.lima@example.com --since 7d
      ctaudit sessions deploy-production --format csv
      ctaudit sessions --since 2026-03-11 --format jsonl
    """
    from ctaudit.investigate import open_store

    streams = streams_of(ctx)
    options["limit"] = row_limit(options["limit"], streams)
    table = open_store(store).sessions(principal, **options)
    return streams.answer(table, Format(format_), fail_empty=fail_empty)
