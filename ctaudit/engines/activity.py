"""Count the calls of the store by dimensions, for the statistics of `anomalies`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ctaudit.engines import conditions
from ctaudit.engines.interrupt import interruptible
from ctaudit.errors import QueryLimit
from ctaudit.query import Answer, Span
from ctaudit.store import embedded, reader
from ctaudit.store.layout import Layout
from ctaudit.store.views import segments_sql

_BIN, _HOUR = 300, 3600
_ROLE = r"^(arn:[^:]*:sts::[^:]*:assumed-role/[^/]+)/.*$"
_SSO = r"^arn:[^:]*:sts::[^:]*:assumed-role/AWSReservedSSO_[^/]*/(.+)$"
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
    "person": f"""CASE WHEN useridentity.type IN ('IAMUser', 'Root') THEN useridentity.arn
              ELSE nullif(regexp_extract(useridentity.arn, '{_SSO}', 1), '') END""",
    "login": """CASE WHEN eventname = 'ConsoleLogin' AND json_valid(responseelements)
             THEN json_extract_string(responseelements, '$.ConsoleLogin') END""",
    "mfa": """CASE WHEN eventname = 'ConsoleLogin' AND json_valid(additionaleventdata)
           THEN json_extract_string(additionaleventdata, '$.MFAUsed') END""",
    "bin": f"{_SECOND} // {_BIN}",
    "hour": f"{_SECOND} // {_HOUR}",
}
"""Dimension -> its SQL."""
_IMPLIED = {
    "login": "eventname = 'ConsoleLogin'",
    "family": "eventname = 'RunInstances'",
}
"""What holds of every call that has a dimension: said apart, so that the JSON of other calls is not even read."""
_MEASURES = ("n", "first", "last")
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
    tables = {
        name: table
        for having in sorted({cube[1] for cube in cubes.values()})
        for name, table in _scanned(
            connection, source, where, {name: cube[0] for name, cube in cubes.items() if cube[1] == having}, having
        )
    }
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


def _scanned(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    where: str,
    cubes: Mapping[str, tuple[str, ...]],
    having: tuple[str, ...],
) -> Iterator[tuple[str, pa.Table]]:
    """Count cubes of the same calls in one pass: what costs is to take the dimensions out of each call."""
    names = sorted({name for dimensions in cubes.values() for name in dimensions})
    counted = connection.sql(_sql(source, where, names, sorted(set(cubes.values())), having)).to_arrow_table()
    for cube, dimensions in cubes.items():
        left_out = sum(1 << at for at, name in enumerate(reversed(names)) if name not in dimensions)
        yield cube, counted.filter(pc.equal(counted["left_out"], left_out)).select([*dimensions, *_MEASURES])


def _sql(
    source: str, where: str, names: Sequence[str], sets: Sequence[tuple[str, ...]], having: tuple[str, ...]
) -> str:
    columns = ", ".join(f"{_DIMENSIONS[name]} AS {name}" for name in names)
    must = [_IMPLIED[name] for name in having if name in _IMPLIED]
    must += [f"({_DIMENSIONS[name]}){'' if name in _TRUTHS else ' IS NOT NULL'}" for name in having]
    grouped = ", ".join(f"({', '.join(each)})" for each in sets)
    return f"""SELECT grouping_id({", ".join(names)}) AS left_out, {", ".join(names)},
                      count(*) AS n, min(second) AS first, max(second) AS last
               FROM (SELECT {columns}, {_SECOND} AS second FROM {source} AS calls WHERE {" AND ".join([where, *must])})
               GROUP BY GROUPING SETS ({grouped}) ORDER BY ALL"""
