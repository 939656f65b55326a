"""`trace`: who stands behind a call, a key or a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ctaudit.cli.options import PLAIN, TEXT, streams_of
from ctaudit.cli.streams import Streams
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.trace_report import Trace

_PICTURES = ("dot", "mermaid")


@click.command("trace", short_help="Follow a session back to who is behind it.")
@click.argument("what", type=TEXT, metavar="EVENT_ID|ACCESS_KEY|ARN")
@click.option("--fail-empty", is_flag=True, help="Exit with 1 when there is no such event, key or session.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "jsonl", *_PICTURES]),
    default="table",
    show_default=True,
    help="How the answer is printed.",
)
@PLAIN
@click.pass_context
def trace(ctx: click.Context, /, what: str, fail_empty: bool, store: Path, format_: str) -> int:
    """Follow an event, an access key or a session back to the human or workload behind it.

    Each step tells how it is known that this call handed out those credentials:

    \b
      exact      it handed out this very key, or is another copy of the call
      strong     role, session name and the second in which the session began,
                 and only one caller did so
      weak       of several callers one called from the same address or program
      ambiguous  several callers, of which none is picked
      gap        no such call is in the store; it is said which logs would have it

    Exits with 3 when it ends in a gap or is ambiguous.

    \b
    Examples:
      ctaudit trace 0a1b2c3d-1111-2222-3333-444455556666
      ctaudit trace ASIAIOSFODNN7EXAMPLE --format json
      ctaudit trace arn:aws:sts::111122223333:assumed-role/app/run-1 --format dot
    """
    from ctaudit.investigate import open_store

    streams = streams_of(ctx)
    found = open_store(store).trace(what)
    if format_ == "json" or (format_ == "jsonl" and not found.empty):
        return streams.document(found.document, Format(format_), empty=found.empty, fail_empty=fail_empty)
    if not found.empty:
        streams.lines(_drawn(found, format_, streams))
    return streams.beside(found.document, empty=found.empty, fail_empty=fail_empty)


def _drawn(found: Trace, form: str, streams: Streams) -> Iterator[str]:
    from ctaudit.reports.graphs import dot_lines, mermaid_lines
    from ctaudit.reports.tree import tree_lines

    if form in _PICTURES:
        yield from (dot_lines if form == "dot" else mermaid_lines)(found.trees)
        return
    for place, root in enumerate(found.trees):
        if place:
            yield ""
        style = streams.style
        yield from tree_lines(root, style.width, color=style.color, boxes=streams.has_blocks)
