"""`query`: SQL on the events."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
from click.core import ParameterSource

from ctaudit import limits
from ctaudit.cli.engine_options import ENGINE, opened
from ctaudit.cli.named import NAMED, complete_name, complete_param, named_query, print_list, print_text
from ctaudit.cli.options import DURATION, PLAIN, ROWS, SPAN, TEXT, row_limit, stack, streams_of
from ctaudit.cli.output_file import COLUMNAR, form_of, whole_file
from ctaudit.cli.query_progress import query_progress
from ctaudit.cli.streams import Streams, count_of
from ctaudit.errors import CtauditError, UsageError
from ctaudit.reports.formats import Format, Style, render
from ctaudit.table import Ending

if TYPE_CHECKING:
    from ctaudit.investigate import Store

_SIZE = re.compile(r"(\d{1,9})\s*(M|MB|MiB|G|GB|GiB)", re.IGNORECASE)


def _memory(ctx: click.Context, param: click.Parameter, value: str | None) -> int:
    if value is None:
        return limits.QUERY_MEMORY_BYTES
    found = _SIZE.fullmatch(value.strip())
    if found is None or int(found[1]) == 0:
        raise click.BadParameter(f"'{value}' is no size: give 512MB or 4GB", ctx, param)
    return int(found[1]) * limits.MIB * (1024 if found[2].lower().startswith("g") else 1)


def _params(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    given = {name.strip(): value for name, sign, value in (each.partition("=") for each in values) if sign}
    if len(given) != len(values):
        raise click.BadParameter("give each as NAME=VALUE, and each once", ctx, param)
    return given


def _text(ctx: click.Context, sql: str | None, file: Path | None) -> str:
    """Return the SQL, from wherever it was given."""
    if (sql is None) == (file is None):
        raise click.UsageError("give the SQL, or --file FILE, or - for stdin", ctx)
    if file is not None:
        return _decoded(_from_file(file), str(file))
    return _decoded(_from_stdin(), "stdin") if sql == "-" else str(sql)


def _from_file(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(limits.MAX_SQL_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read the SQL from {file}: {error.strerror}") from error


def _from_stdin() -> bytes:
    """Read the SQL, at most one byte more than is allowed; bytes, since the locale must not decide what they mean."""
    try:
        return sys.stdin.buffer.read(limits.MAX_SQL_BYTES + 1)
    except OSError as error:
        raise CtauditError("cannot read the SQL from stdin: it is closed or broken") from error


def _decoded(given: bytes, where: str) -> str:
    try:
        return given.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = f"byte {error.start} is 0x{given[error.start]:02x}"
        raise UsageError(f"the SQL on {where} is not UTF-8: {at}") from error


_FORMS = (*(each.value for each in Format), *COLUMNAR)
_WRITTEN = stack(
    click.option(
        "-f",
        "--file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Read the SQL from a file.",
    ),
    click.option(
        "--dialect",
        type=click.Choice(["athena", "lake", "duckdb"]),
        default="athena",
        show_default=True,
        help="What the SQL was written for.",
    ),
    click.option(
        "--param",
        "params",
        type=TEXT,
        multiple=True,
        callback=_params,
        shell_complete=complete_param,
        metavar="NAME=VALUE",
        help="Value of a template parameter: ${NAME}, {{NAME}}, <NAME>; of the first ? it is 1. Repeatable.",
    ),
)
_USE = stack(
    click.option("--memory", callback=_memory, metavar="SIZE", help="Memory the query may use. Default: 4GB."),
    click.option(
        "--timeout",
        type=DURATION,
        metavar="DURATION",
        help="Time the query may take: 90s, 5m, 1h. Default: no limit.",
    ),
)
_OUT = stack(
    click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the rows there: .csv, .tsv, .json, .jsonl, .md, .txt, .parquet, .arrow or .feather.",
    ),
    click.option("--force", is_flag=True, help="Replace FILE if it is there."),
    click.option("--explain", is_flag=True, help="Tell what the SQL would read, and do not run it."),
    click.option(
        "--format",
        "format_",
        type=click.Choice(_FORMS),
        default=Format.TABLE.value,
        show_default=True,
        help="How the answer is printed.",
    ),
)


@click.command("query", short_help="Run SQL on the events.")
@click.argument("sql", type=TEXT, required=False, metavar="[SQL|NAME]", shell_complete=complete_name)
@NAMED
@_WRITTEN
@_USE
@SPAN
@ROWS
@_OUT
@PLAIN
@ENGINE
@click.pass_context
def query(ctx: click.Context, /, sql: str | None, file: Path | None, **options: Any) -> int:
    """Run one SELECT as it was written for Athena or CloudTrail Lake, or a named query; '-' reads SQL from stdin.

    Whatever the table is called, it is the events; partition columns of any name are found. What cannot be given
    Athena's meaning is refused, and what Athena would refuse or do otherwise is said.

    Columns are those of AWS's Athena table, lower case: eventtime, eventname, useridentity.arn, requestparameters (JSON
    text) and so on; then account, region, date, integrity, source_file, record, extra and eventjson, the whole record.
    With --dialect duckdb they are in the view cloudtrail_logs. SQL can reach no file, network or setting, and write
    nothing. Rows are printed as they come; only a table is held until its last row, to be aligned. With --engine athena
    or spark it is asked of a lake.

    Named queries come with ctaudit, and may be your own: --list tells which there are and what each answers.

    \b
    Examples:
      ctaudit query --list
      ctaudit query keys-from-new-networks --param day=2026-03-11
      ctaudit query "SELECT eventname, count(*) AS n FROM cloudtrail_logs
                     GROUP BY eventname ORDER BY n DESC" --limit 20
      ctaudit query -f hunt.sql --param bucket=payroll --since 2026-03-11
      ctaudit query --dialect duckdb "FROM cloudtrail_logs" -o day.parquet
      ctaudit query - --explain < question.sql
      ctaudit query - --engine athena --table sec.lake --max-scan 10GB < q.sql
    """
    streams = streams_of(ctx)
    if options["list_"]:
        return print_list(streams, options["queries"], _shown(options["format_"]))
    if options["show"]:
        return print_text(streams, sql, options)
    named = named_query(sql, options) if file is None else None
    text = named.sql if named else _text(ctx, sql, file)
    if named:
        options["params"] = named.params
        streams.remark(named.notes, ())
    return _ask(ctx, text, {key: value for key, value in options.items() if key not in _OF_NAMES})


_OF_NAMES = ("list_", "show", "queries")


def _ask(ctx: click.Context, text: str, options: dict[str, Any]) -> int:
    """Ask the store, and print the rows, write them, or tell what would be read."""
    streams, store = streams_of(ctx), opened(ctx, options)
    output, force, explain, form, fail_empty = (
        options.pop(name) for name in ("output", "force", "explain", "format_", "fail_empty")
    )
    chosen = form if ctx.get_parameter_source("format_") is not ParameterSource.DEFAULT else None
    timeout = options.pop("timeout", None)  # some engines have taken it
    asked = options | ({"timeout": timeout.total_seconds()} if timeout else {})
    if explain and output is not None:
        raise UsageError("what --explain tells is not written into a file", "leave out --output")
    if force and output is None:
        raise UsageError("--force replaces a file, and none is named", "name one with --output FILE")
    if explain:
        return streams.document(store.explain(text, **asked), _shown(form))
    if output is None:
        asked["limit"] = row_limit(asked["limit"], streams)
        return _print(store, text, asked, _shown(form), streams, fail_empty)
    asked["limit"] = asked["limit"] or None
    return _save(store, text, asked, (output, form_of(output, chosen), force), streams, fail_empty)


def _shown(form: str) -> Format:
    if form in COLUMNAR:
        raise UsageError(f"{form} is written into a file, not to stdout", "name one with --output FILE")
    return Format(form)


def _print(store: Store, text: str, asked: dict[str, Any], form: Format, streams: Streams, fail_empty: bool) -> int:
    """Print the rows as they come; an aligned table once all have."""
    with query_progress(streams, in_sight=streams.stdout_terminal) as look:
        if form is not Format.TABLE:
            with store.stream(text, look=look, **asked) as flow:
                return streams.flow(flow, form, fail_empty=fail_empty)
        table = store.query(text, look=look, **asked)
    return streams.answer(table, form, fail_empty=fail_empty)


def _save(
    store: Store, text: str, asked: dict[str, Any], target: tuple[Path, str, bool], streams: Streams, fail_empty: bool
) -> int:
    """Write the rows into a file, and say how many."""
    path, form, force = target
    with query_progress(streams, in_sight=False) as look, whole_file(path, force=force) as file:
        end = _write(store, text, asked | {"look": look}, form, file)
    streams.say(f"{count_of(end.rows)} written to {path}")
    return streams.ending(end, fail_empty=fail_empty)


def _write(store: Store, text: str, asked: dict[str, Any], form: str, file: BinaryIO) -> Ending:
    if form in COLUMNAR:
        return store.save(text, file, form, **asked)
    if form == Format.TABLE:
        table = store.query(text, **asked)
        _write_text(render(table, Format.TABLE, Style()), file)
        return Ending(len(table), table.notes, table.partial)
    with store.stream(text, **asked) as flow:
        _write_text(render(flow, Format(form), Style()), file)
        return flow.end()


def _write_text(chunks: Iterator[str], file: BinaryIO) -> None:
    for chunk in chunks:
        file.write(chunk.encode(errors="backslashreplace"))  # as stdout would spell it
