"""`status`, `partitions`, `faults`: what the store holds and what could not be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ctaudit.cli.options import FORMAT, PLAIN, ROWS, SPAN, cut, row_limit, streams_of
from ctaudit.reports.formats import Format

_SHOWN_FIELDS = 10


@click.command("status", short_help="Show what the store holds and what could not be read.")
@FORMAT
@PLAIN
@click.pass_context
def status(ctx: click.Context, /, store: Path, format_: str) -> int:
    """Show what the store holds: events, time, accounts, regions, files, duplicates, and what could not be read.

    \b
    Examples:
      ctaudit status
      ctaudit status --format json | jq .events
    """
    from ctaudit.investigate import open_store

    streams = streams_of(ctx)
    found = open_store(store).status()
    code = streams.document(found, Format(format_))
    if unknown := found.content["unknown_fields"]:
        names = ", ".join(list(unknown)[:_SHOWN_FIELDS]) + (", …" if len(unknown) > _SHOWN_FIELDS else "")
        count = "1 field is" if len(unknown) == 1 else f"{len(unknown)} fields are"
        streams.say(f"{count} unknown to this version: {names}; kept whole, in the columns extra and eventjson")
    return code


@click.command("partitions", short_help="List accounts, regions and dates in the store.")
@SPAN
@ROWS
@FORMAT
@PLAIN
@click.pass_context
def partitions(
    ctx: click.Context, /, store: Path, format_: str, limit: int | None, fail_empty: bool, **span: Any
) -> int:
    """List what the store holds by account, region and date: rows, bytes (their share of the segments), times.

    \b
    Examples:
      ctaudit partitions
      ctaudit partitions --account 111122223333 --since 2026-03-01 --format csv
    """
    from ctaudit.investigate import open_store

    streams = streams_of(ctx)
    table = cut(open_store(store).partitions(**span), row_limit(limit, streams))
    return streams.answer(table, Format(format_), fail_empty=fail_empty)


@click.command("faults", short_help="List what could not be read, and why.")
@ROWS
@FORMAT
@PLAIN
@click.pass_context
def faults(ctx: click.Context, /, store: Path, format_: str, limit: int | None, fail_empty: bool) -> int:
    """List what could not be read: file, position, record and reason; and events that came with two different bodies.

    Log files that were overwritten or deleted in their bucket (ingest --versions finds them) are listed, too. Exits
    with 1 when there are such, else with 3 when there are faults.

    \b
    Examples:
      ctaudit faults
      ctaudit faults --format jsonl
    """
    from ctaudit.investigate import open_store

    streams = streams_of(ctx)
    table = cut(open_store(store).faults(), row_limit(limit, streams))
    return streams.answer(table, Format(format_), fail_empty=fail_empty)
