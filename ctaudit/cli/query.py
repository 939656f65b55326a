"""`query`: SQL on the events."""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from ctaudit import limits
from ctaudit.cli.options import LOOKUP, TEXT, row_limit, streams_of
from ctaudit.errors import CtauditError, UsageError
from ctaudit.reports.formats import Format

_SIZE = re.compile(r"(\d{1,9})\s*(M|MB|MiB|G|GB|GiB)", re.IGNORECASE)


def _memory(ctx: click.Context, param: click.Parameter, value: str | None) -> int:
    if value is None:
        return limits.QUERY_MEMORY_BYTES
    found = _SIZE.fullmatch(value.strip())
    if found is None or int(found[1]) == 0:
        raise click.BadParameter(f"'{value}' is no size: give 512MB or 4GB", ctx, param)
    return int(found[1]) * limits.MIB * (1024 if found[2].lower().startswith("g") else 1)


def _from_stdin() -> str:
    """Read the SQL, at most one byte more than is allowed; bytes, since the locale must not decide what they mean."""
    try:
        given = sys.stdin.buffer.read(limits.MAX_SQL_BYTES + 1)
    except OSError as error:
        raise CtauditError("cannot read the SQL from stdin: it is closed or broken") from error
    try:
        return given.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"the SQL on stdin is not UTF-8: byte {error.start} is 0x{given[error.start]:02x}") from error


@click.command("query", short_help="Run SQL on the events.")
@click.argument("sql", type=TEXT)
@click.option("--memory", callback=_memory, metavar="SIZE", help="Memory the query may use. Default: 4GB.")
@LOOKUP
@click.pass_context
def query(ctx: click.Context, /, sql: str, memory: int, **options: Any) -> int:
    """Run one SELECT on the view cloudtrail_logs (DuckDB's SQL); '-' reads it from stdin.

    Columns are those of AWS's Athena table, lower case: eventtime, eventname, useridentity.arn, requestparameters (JSON
    text) and so on; then account, region, date, integrity, source_file, record, extra and eventjson, the whole record.
    SQL can reach no file, network or setting, and write nothing.

    \b
    Examples:
      ctaudit query "SELECT eventname, count(*) AS n FROM cloudtrail_logs
                     GROUP BY ALL ORDER BY n DESC" --limit 20
      ctaudit query "SELECT eventtime, requestparameters->>'bucketName'
                     FROM cloudtrail_logs WHERE eventsource = 's3.amazonaws.com'"
      ctaudit query - < question.sql
    """
    from ctaudit.investigate import open_store

    streams = streams_of(ctx)
    store, chosen, fail_empty = (options.pop(name) for name in ("store", "format_", "fail_empty"))
    options["limit"] = row_limit(options["limit"], streams)
    text = _from_stdin() if sql == "-" else sql
    table = open_store(store).query(text, memory=memory, **options)
    return streams.answer(table, Format(chosen), fail_empty=fail_empty)
