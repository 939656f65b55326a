"""`accounts`: what the accounts of the store are called, and where such names are learned."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ctaudit import limits
from ctaudit.cli.aws_options import LOGIN, login_of
from ctaudit.cli.options import FORMAT, PLAIN, ROWS, cut, row_limit, streams_of
from ctaudit.errors import UsageError
from ctaudit.reports.formats import Format
from ctaudit.table import Table


@click.command("accounts", short_help="Show what accounts are called, or learn it.")
@click.option("--from-organizations", is_flag=True, help="Ask AWS Organizations for the names, and keep them.")
@click.option(
    "--from",
    "path",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Read names from a CSV file, and keep them; - is standard input.",
)
@LOGIN
@ROWS
@FORMAT
@PLAIN
@click.pass_context
def accounts(
    ctx: click.Context, /, store: Path, format_: str, limit: int | None, fail_empty: bool, **options: Any
) -> int:
    """Show the accounts that the store has events of, and what they are called.

    Names are learned from AWS Organizations (as its management account or a delegated administrator; it needs
    organizations:ListAccounts), or from a CSV file with the columns account and name, such as the console of AWS
    Organizations exports. A name that is learned again is replaced, others stay. Then answers show
    prod-payments (111122223333), and --account takes the name. Nothing else about accounts is kept.

    \b
    Examples:
      ctaudit accounts
      ctaudit accounts --from-organizations --profile management
      ctaudit accounts --from Organization_accounts.csv
    """
    streams = streams_of(ctx)
    table = _table(store, options)
    return streams.answer(cut(table, row_limit(limit, streams)), Format(format_), fail_empty=fail_empty)


def _table(store: Path, options: dict[str, Any]) -> Table:
    from ctaudit import learned_names
    from ctaudit.investigate import open_store

    path, ask, login, now = options.pop("path"), options.pop("from_organizations"), login_of(options), datetime.now(UTC)
    if path is not None and ask:
        raise click.UsageError("--from and --from-organizations are two ways to learn names; choose one")
    if ask:
        return learned_names.from_organizations(store, login, now=now)
    if path is None:
        return open_store(store).accounts()
    if path == Path("-"):
        return learned_names.from_csv(store, None, _standard_input(), now=now)
    return learned_names.from_csv(store, path, now=now)


def _standard_input() -> bytes:
    """Return what is there, as far as anything will read it; raises UsageError when it is closed."""
    try:
        return sys.stdin.buffer.read(limits.MAX_NAMES_FILE_BYTES + 1)
    except OSError as error:
        advice = "name a CSV file, or pipe it in: … | ctaudit accounts --from -"
        raise UsageError(f"standard input cannot be read: {error.strerror}", advice) from error
