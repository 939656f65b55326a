"""Options that several commands share, spelled the same everywhere; the clock is read here, once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from ctaudit import limits, times
from ctaudit.cli.streams import Streams
from ctaudit.reports.formats import Format
from ctaudit.table import Table

_F = TypeVar("_F", bound=Callable[..., Any])


class _TimeType(click.ParamType[datetime]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        now = now_of(ctx) if ctx else datetime.now(UTC)
        try:
            return times.parse_user_time(value, now)
        except ValueError as error:
            self.fail(str(error), param, ctx)


TIME = _TimeType()


class _TextType(click.ParamType[str]):
    """Text that can be looked for: bytes that are no UTF-8 stand in no JSON, and DuckDB takes none.

    What was typed is UTF-8 whenever it can be, though the locale of a cron job (`LC_ALL=C`) may say otherwise.
    """

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        with contextlib.suppress(UnicodeError):
            return os.fsencode(text).decode()
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail(f"'{text}' is not UTF-8 text", param, ctx)
        return text


TEXT = _TextType()


class _DurationType(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        try:
            return times.parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = _DurationType()


def _in_order(ctx: click.Context, param: click.Parameter, value: datetime | None) -> datetime | None:
    """Refuse a span that ends before it begins; whichever of the two options comes second finds the other one set."""
    bounds = {**ctx.params, str(param.name): value}
    since, until = bounds.get("since"), bounds.get("until")
    if since is not None and until is not None and since >= until:
        shown = f"--since ({times.format_utc(since)}) must lie before --until ({times.format_utc(until)})"
        raise click.UsageError(shown, ctx)
    return value


def stack(*options: Callable[[_F], _F]) -> Callable[[_F], _F]:
    """Make one option of several, in their order."""

    def apply(function: _F) -> _F:
        for option in reversed(options):
            function = option(function)
        return function

    return apply


def _set_quiet(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    streams_of(ctx).quiet = value


def _set_no_color(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        streams_of(ctx).color = False


def _show_help(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        streams_of(ctx).text(ctx.get_help())
        ctx.exit()


def now_of(ctx: click.Context) -> datetime:
    """Return the time of the command, which is read once."""
    return cast(datetime, ctx.find_root().meta.setdefault("ctaudit.now", datetime.now(UTC)))


def streams_of(ctx: click.Context) -> Streams:
    return cast(Streams, ctx.find_root().obj)


STORE = click.option(
    "--store",
    type=click.Path(file_okay=True, path_type=Path),
    envvar="CTAUDIT_STORE",
    default="ctaudit-store",
    show_default=True,
    show_envvar=True,
    metavar="DIR",
    help="The store's folder.",
)
QUIET = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    expose_value=False,
    callback=_set_quiet,
    help="No remarks; what is incomplete is still said.",
)
NO_COLOR = click.option(
    "--no-color", is_flag=True, expose_value=False, callback=_set_no_color, help="No colours (also: NO_COLOR=1)."
)
DEBUG = click.option("--debug", is_flag=True, expose_value=False, help="On an error, show the place in the code.")
FORMAT = click.option(
    "--format",
    "format_",
    type=click.Choice([each.value for each in Format]),
    default=Format.TABLE.value,
    show_default=True,
    help="How the answer is printed.",
)
SINCE_UNTIL = stack(
    click.option(
        "--since",
        type=TIME,
        callback=_in_order,
        metavar="TIME",
        help="From this time on: 2026-01-31T14:00Z, 2026-01-31, or 36h ago. UTC unless a zone is given.",
    ),
    click.option("--until", type=TIME, callback=_in_order, metavar="TIME", help="Before this time."),
)
SPAN = stack(
    SINCE_UNTIL,
    click.option(
        "--account", type=TEXT, multiple=True, metavar="ID", help="Only this account, by id or name; repeatable."
    ),
    click.option("--region", type=TEXT, multiple=True, metavar="NAME", help="Only this region; repeatable."),
)
ROWS = stack(
    click.option(
        "--limit",
        type=click.IntRange(min=0),
        metavar="N",
        help=f"At most N rows, 0 for all. Default: all; {limits.TERMINAL_ROWS} on a terminal.",
    ),
    click.option("--fail-empty", is_flag=True, help="Exit with 1 when there is no row."),
)
HELP = click.option(
    "-h",
    "--help",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_help,
    help="Show this message and exit.",
)
"""Ours rather than Click's, so that a full disk or a closed stdout is told of as for any other output."""
PLAIN = stack(STORE, QUIET, NO_COLOR, DEBUG, HELP)
"""What every command takes."""
LOOKUP = stack(SPAN, ROWS, FORMAT, PLAIN)
"""What every lookup takes."""


def row_limit(limit: int | None, streams: Streams) -> int | None:
    """Return how many rows to fetch (None: all): a terminal is spared thousands unless asked for."""
    if limit is None:
        return limits.TERMINAL_ROWS if streams.stdout_terminal else None
    return limit or None


def cut(table: Table, limit: int | None) -> Table:
    """Return the table with its first rows alone; `limit` is that of `row_limit`."""
    return table if limit is None else replace(table, rows=table.rows[:limit])
