"""`blast-radius`: what a key, a session, a principal or an address made possible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ctaudit.cli.options import PLAIN, ROWS, SINCE_UNTIL, TEXT, cut, row_limit, streams_of
from ctaudit.cli.streams import Streams
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.blast_report import Blast


@click.command("blast-radius", short_help="Follow credentials forward to all they made possible.")
@click.argument("what", type=TEXT, metavar="KEY|SESSION|PRINCIPAL|IP")
@SINCE_UNTIL
@ROWS
@click.option(
    "--format",
    "format_",
    type=click.Choice(["tree", *(each.value for each in Format)]),
    default="tree",
    show_default=True,
    help="How the answer is printed.",
)
@PLAIN
@click.pass_context
def blast_radius(
    ctx: click.Context,
    /,
    what: str,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    fail_empty: bool,
    store: Path,
    format_: str,
) -> int:
    """Follow an access key, a session, a user, a role or an address forward to everything that it made possible.

    Sessions are followed to their own end; what may be another caller's is listed as possible, and not counted. --since
    bounds the calls of what was asked about; what these made possible is followed from there.

    \b
    Sections of the answer:
      calls        by service and name: direct, through sessions, through keys
      sessions     credentials that were handed out, and how much they did
      created      users, roles, policies, functions and so on; what became of it
      read         objects by bucket, secrets, parameters, shared snapshots
      persistence  what was created and still stands
      denied       what was tried in vain
      possible     sessions that may be of this, or of somebody else
      steps        what to do about it, in this order

    \b
    Examples:
      ctaudit blast-radius AKIAIOSFODNN7EXAMPLE --since 2026-03-11
      ctaudit blast-radius arn:aws:iam::111122223333:role/app --format csv
      ctaudit blast-radius 198.51.100.77 --format json
    """
    from ctaudit.investigate import open_store

    streams, found = streams_of(ctx), open_store(store).blast_radius(what, since=since, until=until)
    if format_ == "json":
        return streams.document(found.document, Format.JSON, empty=found.empty, fail_empty=fail_empty)
    if format_ != "tree":
        return streams.answer(cut(found.table, row_limit(limit, streams)), Format(format_), fail_empty=fail_empty)
    if not found.empty:
        streams.lines(_drawn(found, streams))
    return streams.beside(found.document, empty=found.empty, fail_empty=fail_empty)


def _drawn(found: Blast, streams: Streams) -> Iterator[str]:
    from ctaudit.reports.tree import tree_lines

    style = streams.style
    return tree_lines(found.root, style.width, color=style.color, boxes=streams.has_blocks)
