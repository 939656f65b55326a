"""`forget`: drop the events of old dates, once somebody has said yes."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ctaudit.cli.options import FORMAT, PLAIN, TIME, streams_of
from ctaudit.cli.streams import Streams
from ctaudit.errors import UsageError
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.upkeep import Plan


@click.command("forget", short_help="Drop the events of old dates.")
@click.option(
    "--until",
    "before",
    type=TIME,
    required=True,
    metavar="DATE",
    help="Drop all dates before this one: 2026-01-31, or 365d ago. Whole UTC days.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@FORMAT
@PLAIN
@click.pass_context
def forget(ctx: click.Context, /, before: datetime, yes: bool, store: Path, format_: str) -> int:
    """Drop the events of all dates before DATE from the store, after asking for confirmation.

    Whole UTC days are dropped; events without a usable time stay. The store remembers which days were forgotten, and
    every answer about them says so, with exit code 3. Evidence that was ingested before is not read into these days
    again; evidence that the store has never seen is. The log files themselves are never touched.

    \b
    Examples:
      ctaudit forget --until 2026-01-01
      ctaudit forget --until 365d --yes --format json
    """
    from ctaudit.upkeep import forget as forget_dates
    from ctaudit.upkeep import plan_forgetting, told

    streams = streams_of(ctx)
    plan = plan_forgetting(store, before)
    if plan.dates and not yes and not _agreed(plan, store, streams):
        streams.say("nothing was forgotten", urgent=True)
        return streams.document(told(plan, forgotten=False), Format(format_))
    return streams.document(forget_dates(store, plan, now=datetime.now(UTC)), Format(format_))


def _agreed(plan: Plan, store: Path, streams: Streams) -> bool:
    """Ask on the terminal; raises UsageError where nobody can answer.

    Not by `click.confirm`, which writes a space to stdout; what is there must be data.
    """
    days = f"1 day ({plan.first})" if plan.dates == 1 else f"{plan.dates} days ({plan.first} to {plan.last})"
    what = f"{days} with {plan.events:,} events, {plan.bytes / 1e6:.1f} MB"
    if not sys.stdin.isatty():
        raise UsageError(f"{store} would lose {what}, and nobody is there to confirm it", "say --yes to drop them")
    streams.ask(f"Drop {what} from {store} for good? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
