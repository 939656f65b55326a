"""`export`: the events for other engines: a lake, and the statements that make a table of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ctaudit.cli.aws_options import LOGIN, login_of
from ctaudit.cli.options import DEBUG, FORMAT, HELP, NO_COLOR, PLAIN, QUIET, SPAN, STORE, TEXT, stack, streams_of
from ctaudit.cli.progress import progress
from ctaudit.reports.formats import Format


class _KeysType(click.ParamType[tuple[str, ...]]):
    name = "keys"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        return value if isinstance(value, tuple) else tuple(part.strip() for part in str(value).split(","))


_PARTITION_BY = click.option(
    "--partition-by",
    type=_KeysType(),
    default="account,region,date",
    show_default=True,
    metavar="KEYS",
    help="What folders are made of, the outermost first: some of account, region and date.",
)


@click.group(
    "export", short_help="Write the events for Athena, Trino or Spark.", context_settings={"max_content_width": 100}
)
@HELP
def export() -> None:
    """Write the events where Athena, Trino and Spark read them, and print what makes a table of them.

    \b
    Examples:
      ctaudit export lake --to ./lake
      ctaudit export ddl --for athena --location s3://my-lake/events
    """


@export.command("lake", short_help="Write a lake of Parquet files, or bring it up to date.")
@click.option("--to", type=TEXT, required=True, metavar="WHERE", help="A folder, or s3://BUCKET/PREFIX.")
@_PARTITION_BY
@click.option("--prune", is_flag=True, help="Delete from the lake what the store has no more.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--sse-kms", type=TEXT, metavar="KEY", help="KMS key that S3 is to encrypt the lake with.")
@SPAN
@LOGIN
@FORMAT
@PLAIN
@click.pass_context
def lake(ctx: click.Context, /, **options: Any) -> int:
    """Write the events as Parquet files in folders account=…/region=…/date=…, or bring such a lake up to date.

    Columns are those of cloudtrail_logs. A later run writes the partitions that have changed, and no others; filters
    choose partitions, whole days. A killed run leaves a lake that the next one repairs. New files of a partition are
    put in place, then its old ones are deleted: for that moment a reader may see its events twice.

    \b
    Examples:
      ctaudit export lake --to ./lake
      ctaudit export lake --to s3://my-lake/events --partition-by account,date
      ctaudit export lake --to ./lake --since 7d --dry-run
    """
    from ctaudit.export import Into, export_lake

    streams = streams_of(ctx)
    to, keys, sse_kms = (options.pop(name) for name in ("to", "partition_by", "sse_kms"))
    store, chosen = options.pop("store"), Format(options.pop("format_"))
    into = Into(to, keys, login_of(options), sse_kms)
    with progress(streams) as bar:
        document = export_lake(store, into, now=datetime.now(UTC), progress=bar, **options)
    return streams.document(document, chosen)


@export.command("ddl", short_help="Print the statements that make a table of a lake.")
@click.option(
    "--for",
    "target",
    type=click.Choice(["athena", "trino", "spark", "glue"]),
    required=True,
    help="Whose statements; glue: JSON for `aws glue create-table --cli-input-json`.",
)
@click.option("--location", type=TEXT, required=True, metavar="WHERE", help="Where the lake lies: s3://BUCKET/PREFIX.")
@click.option(
    "--table",
    "called",
    type=TEXT,
    default="ctaudit.cloudtrail",
    show_default=True,
    metavar="DB.NAME",
    help="What the table is to be called.",
)
@_PARTITION_BY
@stack(STORE, QUIET, NO_COLOR, DEBUG, HELP)
@click.pass_context
def ddl(
    ctx: click.Context, /, store: Path, target: str, location: str, called: str, partition_by: tuple[str, ...]
) -> int:
    """Print the statements that make a table of a lake, and a view with the partitions that published queries name.

    For Athena and Glue the folders are projected: from the accounts and regions that the store has now, and from its
    first date on. Run it again when there are new ones.

    \b
    Examples:
      ctaudit export ddl --for athena --location s3://my-lake/events
      ctaudit export ddl --for glue --location s3://my-lake/events
      ctaudit export ddl --for spark --location /data/lake --partition-by date
    """
    from ctaudit.export_ddl import export_ddl

    streams = streams_of(ctx)
    made = export_ddl(store, target, location, now=datetime.now(UTC), table=called, partition_by=partition_by)
    streams.raw(made.text)
    streams.remark(made.notes, ())
    return 0
