"""`show`: one event whole, and where it was read from."""

from __future__ import annotations

from pathlib import Path

import click

from ctaudit.cli.options import FORMAT, PLAIN, TEXT, streams_of
from ctaudit.reports.formats import Format


@click.command("show", short_help="Show one event whole, and where it was read.")
@click.argument("event_id", type=TEXT)
@click.option("--fail-empty", is_flag=True, help="Exit with 1 when there is no such event.")
@FORMAT
@PLAIN
@click.pass_context
def show(ctx: click.Context, /, event_id: str, fail_empty: bool, store: Path, format_: str) -> int:
    """Show the event EVENT_ID whole, with every file it was read from and the SHA-256 of what is in that file.

    The hash is that of the log unpacked, as digests give it (`zcat FILE | sha256sum`).

    An event that came with two different bodies is shown with both.

    \b
    Examples:
      ctaudit show 0a1b2c3d-1111-2222-3333-444455556666
      ctaudit show 0a1b2c3d-1111-2222-3333-444455556666 --format json
    """
    from ctaudit.investigate import open_store

    document = open_store(store).show(event_id)
    empty = document.content["event"] is None
    return streams_of(ctx).document(document, Format(format_), empty=empty, fail_empty=fail_empty)
