"""`compact`: merge small segments, so that questions are answered faster."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from ctaudit.cli.options import FORMAT, PLAIN, streams_of
from ctaudit.cli.progress import progress
from ctaudit.reports.formats import Format


@click.command("compact", short_help="Merge small segments of the store.")
@FORMAT
@PLAIN
@click.pass_context
def compact(ctx: click.Context, /, store: Path, format_: str) -> int:
    """Merge the small segments of every date, and say what was merged.

    Ingests do so by themselves when a date has more than a few, so this is for a store that many small ingests just
    filled, or one very large one. Events, places and verdicts stay as they are; lookups go on meanwhile. Ctrl-C leaves
    the dates merged so far merged and all others as they were.

    \b
    Examples:
      ctaudit compact
      ctaudit compact --store case-42 --format json
    """
    from ctaudit.upkeep import compact as compact_store

    streams = streams_of(ctx)
    with progress(streams) as bar:
        document = compact_store(store, now=datetime.now(UTC), progress=bar)
    return streams.document(document, Format(format_))
