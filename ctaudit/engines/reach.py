"""Count the calls of some credentials, group by group, and keep those that may have made more possible.

Each round is one pass over the segments that can have such calls. A group is one credential, one call by name, and how
it ended; memory goes with the groups, and with what handed out or made something, not with the calls. The groups stay
in a temporary table, which never leaves memory, for the last counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from ctaudit import limits
from ctaudit.engines import moments
from ctaudit.engines.conditions import span_conditions
from ctaudit.engines.holders import Calls, Holder, Mark, Noted, Read, holder
from ctaudit.engines.interrupt import interruptible
from ctaudit.engines.reach_sql import (
    CALLS,
    CHOSEN,
    COLUMNS,
    GROUP,
    HOLDERS,
    HOLDING,
    JSON,
    KEYS,
    LOOKED_AT,
    NAMES,
    PARTITIONS,
    READS,
    SEEN,
    SHOWN,
    UNDOING,
)
from ctaudit.errors import QueryLimit
from ctaudit.parse import parse
from ctaudit.query import Answer, NameTest, Record, Span
from ctaudit.store import embedded, reader
from ctaudit.store.layout import Layout
from ctaudit.store.views import quote, segments_sql

_FEW = 20
"""Marks of what was asked about, up to which they are written into the statement for the reader to skip by."""


_Kept = tuple[Collection[str | None], str, str, Mark | None]
"""Accounts, since when, until when, and what was passed over."""


class Reach:
    """The rounds of one question; use `reaching` to get one."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, layout: Layout, span: Span) -> None:
        self._connection, self._layout = connection, layout
        self._snapshot = reader.snapshot(connection, layout, span, [PARTITIONS, NAMES])
        held: dict[tuple[str, str], list[tuple[str | None, str, str]]] = defaultdict(list)
        for date, name, account, first, last in self._rows("FROM held_partitions"):
            held[date, name].append((account, first or "", last or "~"))
        self._held = {path: held[moments.segment_of(path)] for path in self._snapshot.segments}
        self.accounts = frozenset(account for each in held.values() for account, _, _ in each)
        """Those of which the store has any events."""
        self._kept: _Kept | None = None
        """Of what the table `seen` tells."""
        self.rounds = 0
        """How many there were; the next one has this number."""

    def names(self, test: NameTest) -> list[str]:
        """Return the names of calls that occur and pass the test."""
        return sorted(
            {name for source, name, read in self._snapshot.names if name is not None and test(source, name, read)}
        )

    def round(self, marks: Sequence[Mark], span: Span, noted: Noted, but: Mark | None = None) -> list[Holder]:
        """Group the calls that have one of the marks, within the span, and return the credentials they were made with.

        Calls with the mark `but` are passed over.
        """
        number = self.rounds
        self.rounds += 1
        source, where = self._narrowed(marks, span, but)
        given = {"ROUND": str(number), "SOURCE": source, "WHERE": where, "PATHS": _listed(noted.paths)}
        given |= {"SPREAD": _listed([*noted.issuing, *noted.making]), "MAKING": _listed(noted.making)}
        grouped = _filled(GROUP, given | {"READ": _listed(noted.read)})
        self._do(f"INSERT INTO groups {grouped}" if number else f"CREATE TEMP TABLE groups AS {grouped}")
        return [holder(row) for row in self._rows(_filled(HOLDERS, given))]

    def switching(self, arn: str) -> list[str]:
        """Return the accounts in which somebody of this ARN switched the role in the console."""
        paths = self._having(["SwitchRole"], list(self._held))
        test = _is("switch", arn)
        found = self._rows(f"SELECT DISTINCT account FROM {segments_sql(paths)} WHERE {test}") if paths else []
        return sorted(account for (account,) in found if account is not None)

    def _narrowed(self, marks: Sequence[Mark], span: Span, but: Mark | None) -> tuple[str, str]:
        """Return the relation and the condition of a round's calls, so that all columns are read of few segments.

        Where there are many marks, or the accounts are not known, or the store lacks one, so that only other accounts'
        copies of its calls can be there, few columns are read first to find out where the calls are.
        """
        accounts = {mark.account for mark in marks}
        known = None not in accounts and accounts <= self.accounts
        until = min(max(mark.until or "~" for mark in marks), span.until or "~") if marks else ""
        source = segments_sql(self._paths(accounts if known else self.accounts, span.since or "", until))
        common = [*span_conditions(span), "eventtime IS NOT NULL"]
        common += [f"account IN ({_listed(sorted(map(str, accounts)))})"] if known else []
        if but is not None:
            common.append(f"{COLUMNS[but.column]} IS DISTINCT FROM {quote(but.value)}")
        narrow = " AND ".join(common)
        if self.rounds > 1 or len(marks) > _FEW:
            kept = (accounts if known else self.accounts, span.since or "", until, but)
            return self._joined(self._tables(marks), source, narrow, kept)
        tests = [f"({_is(mark.column, mark.value)}{_between(mark.since, mark.until)})" for mark in marks]
        either = f"{narrow} AND ({' OR '.join(tests) or 'false'})"
        return (source, either) if known else self._where_found(source, either)

    def _joined(self, columns: Sequence[str], source: str, narrow: str, kept: _Kept) -> tuple[str, str]:
        """Find which credentials have one of many marks before their calls are read: one pass, whatever the marks are.

        What was seen of the same accounts and a longer time in an earlier round is not read again.
        """
        shown = ", ".join(f"{sql} AS {name}" for name, sql in SHOWN.items())
        seen = f"SELECT filename, {shown}, min(eventtime) AS first, max(eventtime) AS last FROM {source}"
        if self._kept is None or not _covers(self._kept, kept):
            self._do(f"CREATE OR REPLACE TEMP TABLE seen AS {seen} WHERE {narrow} GROUP BY ALL")
            self._kept = kept
        selects = [
            f"SELECT s.*, m.since, m.until FROM seen s JOIN marks_{column} m ON m.value = {SEEN[column]}"
            " WHERE s.last >= m.since AND s.first <= m.until"
            for column in columns
        ]
        names = ", ".join(SHOWN)
        spans = "min(since) AS since, max(until) AS until, min(first) AS first, max(last) AS last"
        found = f"SELECT filename AS file, {names}, {spans} FROM ({' UNION ALL '.join(selects)}) GROUP BY ALL"
        self._do(f"CREATE OR REPLACE TEMP TABLE found AS {found}")
        files = [row[0] for row in self._rows("SELECT DISTINCT file FROM found ORDER BY 1")]
        if not files:
            return source, "false"
        ((first, last),) = self._rows("SELECT min(first), max(last) FROM found")
        alike = " AND ".join(f"f.{name} IS NOT DISTINCT FROM {sql}" for name, sql in SHOWN.items())
        joined = f"{segments_sql(files)} JOIN found f ON f.file = filename AND {alike}"
        within = f"eventtime BETWEEN {quote(first)} AND {quote(last)} AND eventtime BETWEEN f.since AND f.until"
        return joined, f"{narrow} AND {within}"

    def _where_found(self, source: str, where: str) -> tuple[str, str]:
        found = self._rows(f"SELECT DISTINCT filename, account FROM {source} WHERE {where}")
        if not found:
            return source, "false"
        accounts = {account for _, account in found}
        within = "" if None in accounts else f" AND account IN ({_listed(sorted(map(str, accounts)))})"
        return segments_sql(sorted({path for path, _ in found})), where + within

    def _having(self, names: Sequence[str], paths: Sequence[str]) -> list[str]:
        """Return which of some segments have calls of one of the names."""
        found = self._rows(f"SELECT DISTINCT date, name FROM held_names WHERE eventname IN ({_listed(names)})")
        segments = set(found)
        return [path for path in paths if moments.segment_of(path) in segments]

    def _paths(self, accounts: Collection[str | None], since: str, until: str) -> list[str]:
        """Return the segments that have events of one of the accounts between two times; never none."""
        paths = [
            path
            for path, parts in self._held.items()
            if any(account in accounts and first <= until and last >= since for account, first, last in parts)
        ]
        return paths or list(self._held)[:1]

    def fetch(
        self, holders: Sequence[tuple[int, int]], noted: Noted
    ) -> tuple[list[tuple[tuple[int, int], Record]], int]:
        """Return the calls noted as `issuing` or `making` of some credentials, and how many were left out.

        Each comes with the round and number of its credential, the earliest first. A call that hands out credentials
        tells so in its response, and most that have such names have none.
        """
        self._keep("chosen", "round INTEGER, holder INTEGER", holders)
        rows = self._rows(_filled(CHOSEN, {"MOST": str(limits.MAX_SPREAD_CALLS)}))
        return [((row[0], row[1]), _record(row[3:])) for row in rows], rows[0][2] - len(rows) if rows else 0

    def calls(self, accepted: Sequence[tuple[int, int, int]]) -> list[Calls]:
        """Return the calls of accepted credentials (round, number, label) by label, name and how they ended."""
        self._keep("accepted", "round INTEGER, holder INTEGER, label INTEGER", accepted)
        return [Calls(*row) for row in self._rows(CALLS)]

    def reads(self) -> list[Read]:
        """Return what calls noted as `read` were about, of the credentials that `calls` accepted."""
        return [Read(*row) for row in self._rows(READS)]

    def undone(
        self, names: Sequence[str], needles: Sequence[str], since: str, accounts: Iterable[str | None]
    ) -> list[Record]:
        """Return successful calls of some names, since a time, in some accounts, that name one of the texts."""
        self._keep("needles", "value VARCHAR", [(needle,) for needle in needles])
        inside = tuple(sorted(one for one in accounts if one is not None))
        where = [
            f"eventname IN ({_listed(names)})",
            "errorcode IS NULL",
            *span_conditions(Span(since, accounts=inside)),
        ]
        paths = self._having(names, self._paths(set(accounts), since, "~"))
        if not paths:
            return []
        held = _filled(HOLDING, {"SOURCE": segments_sql(paths), "WHERE": " AND ".join(where)})
        return [_record(row, UNDOING) for row in dict.fromkeys(self._rows(held))]

    def answer(self, matched: int) -> Answer:
        """Return, without hits, what the store lacks for the question."""
        shot, totals = self._snapshot, self._snapshot.totals
        return Answer(
            *((), matched, shot.omitted, totals.faults, (totals.first_time, totals.last_time), shot.events),
            gaps=shot.gaps,
            forgotten=shot.forgotten,
            unfinished=totals.unfinished,
            altered=totals.altered,
        )

    def _tables(self, marks: Sequence[Mark]) -> list[str]:
        """Put marks into tables, one for each column; return the columns."""
        by_column: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        for mark in marks:
            since, until = by_column[mark.column].get(mark.value, ("~", ""))
            by_column[mark.column][mark.value] = (min(since, mark.since or ""), max(until, mark.until or "~"))
        for column, values in by_column.items():
            rows = [(value, *bounds) for value, bounds in sorted(values.items())]
            self._keep(f"marks_{column}", "value VARCHAR, since VARCHAR, until VARCHAR", rows)
        return sorted(by_column)

    def _keep(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Make a temporary table of a list, which goes over in one piece."""
        names = [each.split()[0] for each in columns.split(", ")]
        kinds = [each.split()[1] for each in columns.split(", ")]
        unnested = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in zip(names, kinds, strict=True))
        values = [[row[place] for row in rows] for place in range(len(names))]
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {unnested}", values)

    def _do(self, statement: str) -> None:
        interruptible(self._connection, lambda: self._connection.execute(statement))

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        return interruptible(self._connection, lambda: self._connection.execute(statement).fetchall())


@contextmanager
def reaching(layout: Layout, span: Span) -> Iterator[Reach]:
    """Open a store for the rounds of one question, all of one moment.

    Raises StoreError when the store cannot be read, QueryLimit when memory runs out.
    """
    with reader.explained(layout), embedded.engine() as connection:
        try:
            yield Reach(connection, layout, span)
        except duckdb.OutOfMemoryException as error:
            raise QueryLimit("there are more calls than memory holds", "narrow it with --since") from error


def _covers(kept: _Kept, asked: _Kept) -> bool:
    inside = set(asked[0]) <= set(kept[0]) and kept[1] <= asked[1] and asked[2] <= kept[2]
    return inside and kept[3] == asked[3]


def _filled(statement: str, values: dict[str, str]) -> str:
    """Put values in the places of a statement; none is looked through again."""
    return re.sub(r"\$([A-Z]+)", lambda found: values[found[1]], statement)


def _record(row: Sequence[Any], columns: Sequence[str] = LOOKED_AT) -> Record:
    """Make a record of few columns, in a tenth of the time that it takes to look for all."""
    values = zip(columns, row, strict=True)
    return {KEYS[name]: parse(value) if name in JSON else value for name, value in values if value is not None}


def _listed(names: Sequence[str | None]) -> str:
    return ", ".join(quote(name) for name in names if name is not None) or "NULL"


def _is(column: str, value: str) -> str:
    """Return the test of one value; a role's sessions and a session's name need no cutting of each row's text."""
    if column == "role":
        return f"starts_with(useridentity.arn, {quote(value + '/')})"
    if column == "switch":
        return f"(eventname = 'SwitchRole' AND contains(additionaleventdata, {quote(value)}))"
    if column == "session":
        named = f"ends_with(useridentity.principalid, {quote(':' + value)})"
        return f"({named} OR useridentity.principalid = {quote(value)})"
    return f"{COLUMNS[column]} = {quote(value)}"


def _between(since: str | None, until: str | None) -> str:
    lower = f" AND eventtime >= {quote(since)}" if since else ""
    return lower + (f" AND eventtime <= {quote(until)}" if until else "")
