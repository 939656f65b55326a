"""One definition of every lookup, on any engine: SQL narrows to candidates, the query's own test decides.

An engine is what runs SQL and yields rows. `find` is all that DuckDB and the others share; `answer` is the whole lookup
over a lake's table, which has each record as `eventjson`, so that nothing else is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, Protocol

from ctaudit.engines import conditions
from ctaudit.engines.spelling import Spelling
from ctaudit.errors import UsageError
from ctaudit.parse import parse
from ctaudit.query import Answer, Hit, Need, Place, Query, Record
from ctaudit.records.columns import ACCOUNT, RECORD

_SPARE = 1000
"""Matches beyond twice the limit that are held before the last ones are let go."""
_NO_NAMES: Mapping[str, str] = MappingProxyType({})
Rows = Callable[[str], Iterator[tuple[Any, ...]]]
Found = tuple[Any, ...]
"""(record's JSON, account, time, event id, then the columns of where it was read) of a row."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of events, as an engine reads them."""

    source: str
    """What stands in FROM."""
    record: str
    """The expression of the record's JSON."""
    place: tuple[str, ...]
    """Columns that say where it was read; the first of them make the order of what is alike otherwise a total one."""
    spelling: Spelling

    @property
    def columns(self) -> str:
        return ", ".join((self.record, ACCOUNT, "eventtime", "eventid", *self.place))


class Engine(Protocol):
    """Who answers: Athena or Spark."""

    @property
    def spelling(self) -> Spelling: ...

    @property
    def table(self) -> str:
        """The lake, as it stands in FROM."""
        ...

    def rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT and yield its rows, numbers as numbers and NULL as None."""
        ...


def answer(engine: Engine, query: Query, limit: int | None, called: Mapping[str, str] = _NO_NAMES) -> Answer:
    """Answer `query` from a lake, with at most `limit` hits (None: all); all matches are counted.

    `called` are names of accounts. What the answer leaves out is not known here: a lake has no catalog.

    Raises UsageError when a lake cannot answer such a query, and whatever the engine raises.
    """
    if Need.PLACES in query.needs:
        what = "cannot tell every place that an event was read from: a lake names one"
        raise UsageError(f"{engine.spelling.engine} {what}", "ask the store, without --engine")
    relation = Relation(engine.table, "eventjson", ("source_file", RECORD, "integrity"), engine.spelling)
    where = conditions.where(query, _names(engine, query), engine.spelling)
    found, matched = find(engine.rows, relation, where, query.decide, limit)
    return Answer(tuple(_hit(row, called) for row in found), matched)


def _names(engine: Engine, query: Query) -> Iterable[conditions.Name]:
    """Ask which names occur in the span: these three columns are a hundredth of a lake's bytes."""
    if query.names is None:
        return ()
    where = " AND ".join(conditions.span_conditions(query.span, engine.spelling)) or "true"
    rows = engine.rows(f"SELECT DISTINCT eventsource, eventname, readonly FROM {engine.table} WHERE {where}")
    return [(source, name, None if flag is None else flag == "true") for source, name, flag in rows]


def _hit(row: Found, called: Mapping[str, str]) -> Hit:
    text, account, time, _, source, record, integrity = row
    return Hit(text, account, time, (Place(source, int(record), None, integrity or "unknown"),), called.get(account))


def find(
    rows: Rows, relation: Relation, where: str, decide: Callable[[Record], bool] | None, limit: int | None
) -> tuple[list[Found], int]:
    """Return the first `limit` matches in order of time, then event id, and how many there are."""
    select = f"SELECT {relation.columns} FROM {relation.source} WHERE {where}"
    if decide is not None:
        return sift(rows(select), decide, limit)
    if limit is None:
        found = sorted(rows(select), key=order)
        return found, len(found)
    # The conditions decide alone, so the engine may count, order and cut.
    (matched,) = next(rows(f"SELECT count(*) FROM {relation.source} WHERE {where}"))
    if not limit or not matched:
        return [], matched
    ordered = f"ORDER BY eventtime NULLS LAST, eventid NULLS FIRST, {', '.join(relation.place[:2])}"
    return sorted(rows(f"{select} {ordered} LIMIT {limit}"), key=order), matched


def sift(
    rows: Iterator[tuple[Any, ...]], decide: Callable[[Record], bool], limit: int | None
) -> tuple[list[Found], int]:
    """Stream rows past `decide`; of the matches about twice `limit` are held at most."""
    kept: list[Found] = []
    matched = 0
    while batch := list(islice(rows, _SPARE)):
        found = [row for row in batch if decide(parse(row[0]))]
        matched += len(found)
        kept.extend(found)
        if limit is not None and len(kept) > 2 * limit + _SPARE:
            kept = sorted(kept, key=order)[:limit]
    return sorted(kept, key=order)[:limit], matched


def order(row: Found) -> tuple[Any, ...]:
    """Return the key of the total order; bodies of one id are told apart by their text, not by which file was first."""
    text, _, time, event_id, file, record = row[:6]
    return (time is None, time or "", event_id or "", text, "" if file is None else file, record)
