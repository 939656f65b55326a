"""Named queries on the command line: their list, their text, their names for the shell to complete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from ctaudit.cli.options import stack
from ctaudit.cli.streams import Streams
from ctaudit.errors import CtauditError, UsageError
from ctaudit.reports.formats import Format

if TYPE_CHECKING:
    from ctaudit.named_queries import Asked, Library

NAMED = stack(
    click.option("--list", "list_", is_flag=True, help="List the named queries, and run none."),
    click.option("--show", is_flag=True, help="Print the SQL of a named query, with values if any are given."),
    click.option(
        "--queries",
        type=click.Path(path_type=Path),
        multiple=True,
        envvar="CTAUDIT_QUERIES",
        show_envvar=True,
        metavar="DIR",
        help="A folder with named queries of your own, NAME.sql; repeatable.",
    ),
)
_SHORT = (Format.TABLE, Format.MARKDOWN)


def print_list(streams: Streams, folders: tuple[Path, ...], chosen: Format) -> int:
    """Print what queries there are: what fits a screen, or all that is known, for scripts."""
    from ctaudit.named_queries import Library

    return streams.answer(Library(folders).listing(whole=chosen not in _SHORT), chosen)


def named_query(sql: str | None, options: Mapping[str, Any]) -> Asked | None:
    """Return the query that is meant when a name stands where SQL would; None when it is SQL."""
    if sql is None or " " in sql:  # no name has a space, and most SQL has: the library is not looked at for it
        return None
    from ctaudit.named_queries import Library, is_name

    if not is_name(sql):
        return None
    if options["dialect"] != "athena":
        raise UsageError("named queries are Athena's SQL", "leave --dialect out")
    return Library(options["queries"]).asked(sql, options["params"])


def print_text(streams: Streams, name: str | None, options: Mapping[str, Any]) -> int:
    """Print a query's file as it is, or its SQL with values in place when any are given."""
    from ctaudit.named_queries import Library, is_name

    if name is None or not is_name(name):
        raise UsageError("--show prints a named query, and none is named", "see: ctaudit query --list")
    library, params = Library(options["queries"]), options["params"]
    streams.raw(library.asked(name, params).filled if params else library.find(name).sql)
    return 0


def complete_name(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names that begin so, each with its title."""
    library = _library(ctx)
    found = [name for name in library.names if name.startswith(incomplete)] if library else []
    return [CompletionItem(name, help=_title(library, name)) for name in found if library]


def complete_param(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the parameters of the query that stands on the line."""
    library = _library(ctx)
    name = ctx.params.get("sql") or next(iter(ctx.args), "")  # Click parses no arguments after an option without value
    try:
        query = library.find(str(name)) if library else None
    except CtauditError:
        return []
    offered = query.parameters if query else ()
    return [CompletionItem(f"{each.name}=", help=each.meaning) for each in offered if each.name.startswith(incomplete)]


def _library(ctx: click.Context) -> Library | None:
    """Return the library, or None when it cannot be read: while a user types nothing can be said of it."""
    from ctaudit.named_queries import Library

    try:
        return Library(ctx.params.get("queries") or ())
    except CtauditError:
        return None


def _title(library: Library, name: str) -> str:
    try:
        return library.find(name).title
    except CtauditError as error:
        return error.message
