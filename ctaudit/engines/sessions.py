"""Group the calls of the store by session: one pass over few columns, so that memory goes with sessions, not calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from ctaudit.engines import conditions
from ctaudit.engines.caller_patterns import ADDRESS, AGENT
from ctaudit.engines.interrupt import interruptible
from ctaudit.engines.spelling import DUCKDB
from ctaudit.errors import QueryLimit
from ctaudit.query import Answer, Query, Record
from ctaudit.records.outcome import DENIED
from ctaudit.store import embedded, reader, rebuild
from ctaudit.store.layout import Layout
from ctaudit.store.views import segments_sql

_FIRST = (
    *("eventid", "eventtime", "eventname", "eventsource", "eventtype", "awsregion", "sourceipaddress", "useragent"),
    *("errorcode", "recipientaccountid", "useridentity", "sharedeventid", "sessioncredentialfromconsole", "extra"),
)
"""Columns of a session's first call that tell who made it."""
_CREATED = (
    "coalesce(useridentity.sessioncontext.attributes.creationdate,"
    " CASE WHEN eventname IN ('ConsoleLogin', 'SwitchRole') THEN eventtime END)"
)
"""A sign-in begins the session that later calls say they are of."""


@dataclass(frozen=True, slots=True)
class Session:
    """Calls of one principal in one session; those with a lasting key count as one."""

    first: Record
    """The first call, as far as it tells who made it."""
    start: str
    end: str
    calls: int
    failed: int
    denied: int
    keys: int
    """Distinct access keys; a console session uses many."""
    key: str | None
    """The least of them."""
    console: bool
    mfa: bool
    addresses: tuple[str, ...]
    agents: tuple[str, ...]
    """Names of programs, without their versions."""
    regions: tuple[str, ...]
    new_addresses: tuple[str, ...]
    """Where this principal had called before, but never from there."""
    new_agents: tuple[str, ...]


def sessions(layout: Layout, calls: Query) -> tuple[list[Session], Answer]:
    """Return the sessions of the calls that a query narrows to, in order of time; and, without hits, what lacks.

    Raises StoreError when the store cannot be read, QueryLimit when memory runs out.
    """
    with reader.explained(layout), embedded.engine() as connection:
        try:
            return interruptible(connection, lambda: _sessions(connection, layout, calls))
        except duckdb.OutOfMemoryException as error:
            advice = "narrow it with --since, --until, --account or --region"
            raise QueryLimit("there are more sessions than memory holds", advice) from error


def _sessions(connection: duckdb.DuckDBPyConnection, layout: Layout, calls: Query) -> tuple[list[Session], Answer]:
    snapshot = reader.snapshot(connection, layout, calls.span)
    where = f"{conditions.where(calls, (), DUCKDB)} AND eventtime IS NOT NULL"
    cursor = connection.execute(_SQL.replace("$SOURCE", segments_sql(snapshot.segments)).replace("$WHERE", where))
    found = [_session(row) for row in cursor.fetchall()]
    totals = snapshot.totals
    answer = Answer(
        *((), len(found), snapshot.omitted, totals.faults, (totals.first_time, totals.last_time), snapshot.events),
        gaps=snapshot.gaps,
        forgotten=snapshot.forgotten,
        unfinished=totals.unfinished,
        altered=totals.altered,
    )
    return found, answer


def _session(row: Sequence[Any]) -> Session:
    first, *counts = row
    plain = counts[:9]
    lists = [tuple(each or ()) for each in counts[9:]]
    return Session(rebuild.record(first), *plain, *lists)


_SQL = f"""
WITH calls AS (
  SELECT coalesce(useridentity.principalid, useridentity.arn, useridentity.invokedby) AS who, useridentity.arn AS arn,
         {_CREATED} AS created,
         CASE WHEN {_CREATED} IS NULL THEN useridentity.accesskeyid END AS lasting,
         CASE WHEN useridentity.type = 'IAMUser' AND useridentity.invokedby IS NOT NULL
              AND NOT coalesce(sessioncredentialfromconsole = 'true', false) THEN useridentity.invokedby END AS through,
         useridentity.accesskeyid AS key, useridentity.sessioncontext.attributes.mfaauthenticated AS mfa,
         sessioncredentialfromconsole AS console, eventtime, awsregion, errorcode,
         CASE WHEN regexp_full_match(sourceipaddress, '{ADDRESS}') THEN sourceipaddress END AS address,
         nullif(regexp_extract(useragent, '{AGENT}', 1), '') AS agent,
         {{{", ".join(f"'{name}': {name}" for name in _FIRST)}}} AS record
  FROM $SOURCE WHERE $WHERE
), grouped AS (
  SELECT who, arn, CASE WHEN through IS NULL THEN created END AS began, lasting, through,
         arg_min(record, (eventtime, record.eventid)) AS record, min(eventtime) AS since, max(eventtime) AS until,
         count(*) AS calls, count(errorcode) AS failed,
         count(*) FILTER (regexp_matches(errorcode, '{DENIED}')) AS denied,
         count(DISTINCT key) AS keys, min(key) AS key, bool_or(coalesce(console = 'true', false)) AS console,
         bool_or(coalesce(mfa = 'true', false)) AS mfa,
         list_sort(list(DISTINCT address) FILTER (address IS NOT NULL)) AS addresses,
         list_sort(list(DISTINCT agent) FILTER (agent IS NOT NULL)) AS agents,
         list_sort(list(DISTINCT awsregion) FILTER (awsregion IS NOT NULL)) AS regions
  FROM calls GROUP BY ALL
), known AS (
  SELECT who, min(eventtime) AS since FROM calls GROUP BY who
), seen AS (
  SELECT who, address, agent, min(eventtime) AS since FROM calls GROUP BY GROUPING SETS ((who, address), (who, agent))
), fresh AS (
  SELECT who, list_sort(list({{'v': address, 'at': s.since}}) FILTER (address IS NOT NULL)) AS addresses,
         list_sort(list({{'v': agent, 'at': s.since}}) FILTER (agent IS NOT NULL)) AS agents
  FROM seen s JOIN known k USING (who) WHERE s.since > k.since GROUP BY who
)
SELECT record, since, until, calls, failed, denied, keys, key, console, mfa, g.addresses, g.agents, regions,
       list_transform(list_filter(f.addresses, lambda x : x.at BETWEEN since AND until
                      AND list_contains(g.addresses, x.v)), lambda x : x.v),
       list_transform(list_filter(f.agents, lambda x : x.at BETWEEN since AND until
                      AND list_contains(g.agents, x.v)), lambda x : x.v)
FROM grouped g LEFT JOIN fresh f USING (who)
ORDER BY since, arn NULLS FIRST, began NULLS FIRST, lasting NULLS FIRST, through NULLS FIRST, record.eventid
"""
