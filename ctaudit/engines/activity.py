"""Count the calls of the store by dimensions, for the statistics of `anomalies`."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from ctaudit.engines import conditions
from ctaudit.engines.interrupt import interruptible
from ctaudit.errors import QueryLimit
from ctaudit.query import Answer, Span
from ctaudit.store import embedded, reader
from ctaudit.store.layout import Layout
from ctaudit.store.views import segments_sql

_BIN, _HOUR = 300, 3600
_ROLE = r"^(arn:[^:]*:sts::[^:]*:assumed-role/[^/]+)/.*$"
_ADDRESS = r"[0-9a-fA-F]*[.:][0-9a-fA-F.:]+"
_AGENT = r"^\[?\s*([A-Za-z][A-Za-z0-9._+-]*)"
_SECOND = "epoch(TRY_CAST(eventtime AS TIMESTAMP))::BIGINT"
_DIMENSIONS: Mapping[str, str] = {
    "account": "coalesce(calls.account, '')",
    "region": "coalesce(awsregion, '')",
    "source": "eventsource",
    "name": "eventname",
    "error": "errorcode",
    "write": "coalesce(readonly = 'false', false)",
    "own": "useridentity.invokedby IS NULL AND coalesce(useridentity.type, '') <> 'AWSService'",
    "change": """coalesce(readonly = 'false', false) OR coalesce(eventsource = 'sts.amazonaws.com'
                 AND regexp_matches(eventname, '^(Assume|Get(Session|Federation)Token)'), false)""",
    "family": r"""CASE WHEN eventname = 'RunInstances' THEN nullif(regexp_extract(requestparameters,
                  '"instanceType"\s*:\s*"([a-z0-9-]{1,20})\.', 1), '') END""",
    "principal": f"""coalesce(regexp_replace(useridentity.arn, '{_ROLE}', '\\1'),
                     useridentity.principalid, useridentity.invokedby)""",
    "principal_type": "useridentity.type",
    "caller_account": "useridentity.accountid",
    "service": """CASE WHEN useridentity.type = 'AWSService' OR eventtype = 'AwsServiceEvent'
                  THEN coalesce(useridentity.invokedby, eventsource) ELSE useridentity.invokedby END""",
    "key": "CASE WHEN starts_with(useridentity.accesskeyid, 'AKIA') THEN useridentity.accesskeyid END",
    "address": f"CASE WHEN regexp_full_match(sourceipaddress, '{_ADDRESS}') THEN sourceipaddress END",
    "agent": f"nullif(regexp_extract(useragent, '{_AGENT}', 1), '')",
    "bin": f"{_SECOND} // {_BIN}",
    "hour": f"{_SECOND} // {_HOUR}",
}
"""Dimension -> its SQL."""
_TRUTHS = frozenset(("write", "own", "change"))
_CALLS = "eventtime IS NOT NULL AND eventname IS NOT NULL AND coalesce(eventcategory, '') <> 'Insight'"


def counted(
    layout: Layout, span: Span, cubes: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
) -> tuple[dict[str, pa.Table], Answer]:
    """Count the calls of a span.

    Args:
        layout: the store.
        span: which events count.
        cubes: name -> dimensions, and those of them that must be set for a call to count.

    Returns a table for each cube, in the order of its dimensions, and what the answer leaves out. Raises StoreError
    when the store cannot be read, QueryLimit when memory runs out.
    """
    with reader.explained(layout), embedded.engine() as connection:
        try:
            return interruptible(connection, lambda: _counted(connection, layout, span, cubes))
        except duckdb.OutOfMemoryException as error:
            advice = "narrow it with --since, --until, --account or --region"
            raise QueryLimit("there are more kinds of calls than memory holds", advice) from error


def _counted(
    connection: duckdb.DuckDBPyConnection,
    layout: Layout,
    span: Span,
    cubes: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]],
) -> tuple[dict[str, pa.Table], Answer]:
    snapshot = reader.snapshot(connection, layout, span)
    source = segments_sql(snapshot.segments)
    where = " AND ".join([_CALLS, *conditions.span_conditions(span)])
    tables = {name: connection.sql(_sql(source, where, *cube)).to_arrow_table() for name, cube in cubes.items()}
    totals = snapshot.totals
    answer = Answer(
        *((), snapshot.events, snapshot.omitted, totals.faults),
        *((totals.first_time, totals.last_time), snapshot.events),
        gaps=snapshot.gaps,
        forgotten=snapshot.forgotten,
        unfinished=totals.unfinished,
        altered=totals.altered,
    )
    return tables, answer


def _sql(source: str, where: str, dimensions: tuple[str, ...], having: tuple[str, ...]) -> str:
    columns = ", ".join(f"{_DIMENSIONS[name]} AS {name}" for name in dimensions)
    must = [f"({_DIMENSIONS[name]}){'' if name in _TRUTHS else ' IS NOT NULL'}" for name in having]
    return f"""SELECT {columns}, count(*) AS n, min({_SECOND}) AS first, max({_SECOND}) AS last, min(eventid) AS sample
               FROM {source} AS calls WHERE {" AND ".join([where, *must])} GROUP BY ALL ORDER BY ALL"""
