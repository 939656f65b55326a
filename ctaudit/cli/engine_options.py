"""Options that choose who answers: the store itself, or a lake, in Athena or by Spark."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ctaudit.cli.aws_options import LOGIN, login_of
from ctaudit.cli.options import DURATION, TEXT, stack

if TYPE_CHECKING:
    from ctaudit.investigate import Store

DUCKDB, ATHENA, SPARK = "duckdb", "athena", "spark"
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(MB|GB|TB)", re.IGNORECASE)
_UNITS = {"mb": 1024**2, "gb": 1024**3, "tb": 1024**4}
_OUTPUT = re.compile(r"s3://[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9](/.*)?")
_LONGEST_REUSE = timedelta(days=7)
"""Athena's own limit."""


def _scan(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    found = _SIZE.fullmatch(value.strip())
    size = int(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
    if not size:
        raise click.BadParameter(f"'{value}' is no size: give 500MB, 10GB or 1TB", ctx, param)
    return size


def _reuse(ctx: click.Context, param: click.Parameter, value: timedelta | None) -> int | None:
    if value is None:
        return None
    if not timedelta(minutes=1) <= value <= _LONGEST_REUSE:
        raise click.BadParameter("Athena takes answers again that are 1m to 7d old", ctx, param)
    return int(value.total_seconds() // 60)


def _output(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _OUTPUT.fullmatch(value):
        raise click.BadParameter(f"'{value}' is no place in S3: give s3://BUCKET/PREFIX/", ctx, param)
    return value


_ATHENA_ALONE = (
    click.option("--table", type=TEXT, metavar="DB.TABLE", help="Athena: the lake's table."),
    click.option("--workgroup", type=TEXT, metavar="NAME", help="Athena: the workgroup. Default: primary."),
    click.option(
        "--output-location",
        type=TEXT,
        callback=_output,
        metavar="S3URI",
        help="Athena: where results go. Default: as the workgroup says.",
    ),
    click.option(
        "--max-scan",
        callback=_scan,
        metavar="SIZE",
        help="Athena: send no query that may scan more: 500MB, 10GB, 1TB.",
    ),
    click.option(
        "--reuse",
        type=DURATION,
        callback=_reuse,
        metavar="AGE",
        help="Athena: take an earlier answer again that is no older: 60m, 1d.",
    ),
)
MASTER = click.option("--master", type=TEXT, metavar="URL", help="Spark: spark://HOST:PORT, yarn … Default: local[*].")
_SPARK_ALONE = (
    click.option("--lake", type=TEXT, metavar="WHERE", help="Spark: the lake's folder, or s3://BUCKET/PREFIX."),
    MASTER,
)
_SPARK_NAMES = ("lake", "master")
_NAMES = ("table", "workgroup", "output_location", "max_scan", "reuse")
_LOGIN_NAMES = ("profile", "role_arn", "external_id", "mfa_serial", "endpoint_url", "requester_pays")
ENGINE = stack(
    click.option(
        "--engine",
        type=click.Choice([DUCKDB, ATHENA, SPARK]),
        default=DUCKDB,
        show_default=True,
        help="Who answers: the store by DuckDB, or a lake by Athena or Spark.",
    ),
    *_ATHENA_ALONE,
    *_SPARK_ALONE,
    LOGIN,
)
"""Who answers, and how it is asked."""


def opened(ctx: click.Context, options: dict[str, Any]) -> Store:
    """Take the options of `ENGINE`, and the store, out of `options`, and open what they name."""
    engine, store = options.pop("engine"), options.pop("store")
    if engine != ATHENA:
        _leave(ctx, options, (*_NAMES, *_LOGIN_NAMES), ATHENA)
    if engine != SPARK:
        _leave(ctx, options, _SPARK_NAMES, SPARK)
    if engine == DUCKDB:
        from ctaudit.investigate import open_store

        return open_store(store)
    return _by_spark(ctx, options, store) if engine == SPARK else _by_athena(ctx, options, store)


def _leave(ctx: click.Context, options: dict[str, Any], names: Iterable[str], engine: str) -> None:
    """Take another engine's options away; refuse those that were given."""
    for name in names:
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"--{name.replace('_', '-')} belongs to --engine {engine}", ctx)
        options.pop(name)


def _by_spark(ctx: click.Context, options: dict[str, Any], store: Path) -> Store:
    lake, master = (options.pop(name) for name in _SPARK_NAMES)
    if lake is None:
        raise click.UsageError("--engine spark needs a lake: --lake DIR (see: ctaudit export lake --help)", ctx)
    timeout = options.pop("timeout", None)
    from ctaudit.on_spark import LOCAL, OnSpark

    return OnSpark(lake, master or LOCAL, store, timeout.total_seconds() if timeout is not None else None)


def _by_athena(ctx: click.Context, options: dict[str, Any], store: Path) -> Store:
    if options["table"] is None:
        raise click.UsageError("--engine athena needs the lake's table: --table DATABASE.TABLE", ctx)
    if ctx.get_parameter_source("memory") not in (None, ParameterSource.DEFAULT):
        raise click.UsageError(f"--memory belongs to --engine {DUCKDB}; Athena has its own", ctx)
    login = login_of(options)
    given = {name: options.pop(name) for name in _NAMES}
    timeout = options.pop("timeout", None)
    from ctaudit.on_athena import OnAthena, Settings, table_name

    settings = Settings(
        table_name(given["table"]),
        given["workgroup"],
        given["output_location"],
        given["reuse"],
        given["max_scan"],
        timeout.total_seconds() if timeout is not None else None,
    )
    return OnAthena(settings, login, store)
