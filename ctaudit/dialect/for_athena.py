"""Make a question fit to be sent to Athena: its tables become the lake's, partition columns expressions on the lake's.

Functions and types stay as they were written: Athena knows best what they mean. Only names are mapped (T1, T2, T3),
dots into JSON text are written as Athena reads them (T5), and each reading of the events is confined to the days,
accounts and regions in which a row can match (T13): Athena cannot derive that from an eventtime that is text, and it
costs money.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctaudit.errors import QueryError

if TYPE_CHECKING:
    from sqlglot import exp

    from ctaudit.dialect.scopes import Scope, Source
    from ctaudit.dialect.work import Work

_MEMBER = re.compile(r'\."((?:[^"\\]|\\.)*)"|\[(\d+)\]')

_BY_PATH = "try: json_extract_scalar(column, '$.list[0].name')"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Outside of what no row can match; None: anything can."""

    since: str | None
    """First date, `YYYY-MM-DD`."""
    until: str | None
    """Last date, inclusive."""
    accounts: tuple[str, ...] | None
    regions: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Sendable:
    """A question as Athena is to run it."""

    sql: str
    notes: tuple[str, ...]
    bounds: Bounds
    readings: int
    """How often the table can be read at most: Athena runs what WITH names once for each mention."""


def translate_athena(
    text: str, table: str, params: Mapping[str, str], confine: Callable[[Bounds], str] = lambda bounds: ""
) -> Sendable:
    """Translate one query; `table` is the lake as it stands in FROM, `confine` the condition on each reading of it.

    Raises QueryError when it is not one query, cannot be read, or is one of CloudTrail Lake.
    """
    from ctaudit.dialect.prelex import prepare  # sqlglot takes a tenth of a second to import

    prepared = prepare(text, params)
    try:
        return _translated(prepared, table, confine)
    except RecursionError:
        raise QueryError("the SQL is nested too deeply", "try: WITH names for its parts") from None


def _translated(prepared: object, table: str, confine: Callable[[Bounds], str]) -> Sendable:
    from sqlglot import ErrorLevel, exp

    from ctaudit.dialect import columns
    from ctaudit.dialect.dialects import Dialect
    from ctaudit.dialect.grammar import parse, written
    from ctaudit.dialect.pieces import Prepared
    from ctaudit.dialect.pruning import around
    from ctaudit.dialect.recognise import recognise
    from ctaudit.dialect.rewrite import Rewriter
    from ctaudit.dialect.work import Work

    assert isinstance(prepared, Prepared)
    tree = parse(prepared)
    if recognise(tree, Dialect.ATHENA) is Dialect.LAKE:
        raise QueryError("Athena has no CloudTrail Lake's schema for this question", "ask the store: --engine duckdb")
    work = Work(prepared, Dialect.ATHENA)
    for note in prepared.notes:
        work.note(note)
    Rewriter(work, {exp.Column: columns.column, exp.Dot: _dot}, _kept).query(tree, {}, None)  # type: ignore[dict-item]
    found = around(work.bounds)
    bounds = Bounds(found.since, found.until, _sorted(found.accounts), _sorted(found.regions))
    readings = _readings(tree)
    _place(tree, table, confine(bounds))
    _spell(tree)
    return Sendable(written(tree, ErrorLevel.RAISE), tuple(work.notes), bounds, readings)


def _sorted(values: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(sorted(values))


def _dot(work: Work, scope: Scope, node: exp.Expr) -> exp.Expr:
    from ctaudit.dialect import columns

    return columns.dot(work, node)  # type: ignore[arg-type]


def _kept(work: Work, node: exp.Unnest) -> tuple[exp.Expr, Source]:
    """Leave an UNNEST as it is; its names are known, their types are not needed."""
    from ctaudit.dialect.kinds import UNKNOWN
    from ctaudit.dialect.scopes import Source

    alias, ordinal = node.args.get("alias"), node.args.get("offset")
    names = [each.name for each in alias.columns] if alias is not None else []
    if ordinal is not None and not isinstance(ordinal, bool):
        names.append(ordinal.name)
    label = alias.this.name if alias is not None and alias.this else ""
    return node, Source(label.lower(), {name.lower(): UNKNOWN for name in names} or None)


def _readings(tree: exp.Expr) -> int:
    """Return how often the events can be read: each mention, as often as the names around it can be mentioned."""
    from sqlglot import exp

    from ctaudit.dialect.from_clause import RELATION

    named = {each.alias.lower() for each in tree.find_all(exp.CTE)}
    tables = list(tree.find_all(exp.Table))
    mentions = Counter(each.name.lower() for each in tables if RELATION not in each.meta and each.name.lower() in named)
    readings = sum(RELATION in each.meta for each in tables)
    for count in mentions.values():
        readings *= count
    return readings


def _place(tree: exp.Expr, table: str, condition: str) -> None:
    """Put the lake's table in the place of each mention of the events, confined where there is a condition."""
    from ctaudit.dialect.from_clause import RELATION
    from ctaudit.dialect.grammar import from_text

    for node in [each for each in tree.walk() if RELATION in each.meta]:
        select = from_text(f"SELECT * FROM {table}{f' WHERE {condition}' if condition else ''}")
        placed = select.subquery() if condition else select.args["from_"].this
        placed.set("alias", node.args["alias"])
        placed.set("joins", node.args.get("joins"))
        node.replace(placed)


def _spell(tree: exp.Expr) -> None:
    """Write by Athena's functions what mapping names has put there: parts of JSON text, months without a zero."""
    from sqlglot import exp

    for node in list(tree.find_all(exp.Anonymous)):
        if node.this == "ct_json_part":
            if isinstance(node.parent, exp.Bracket):
                raise QueryError("Athena reads no part of JSON text by an index", _BY_PATH)
            node.set("this", "json_extract_scalar")
            node.expressions[1].set("this", _path(node.expressions[1].name))
        elif node.this == "ltrim" and len(node.expressions) == 2:  # Trino's own takes spaces alone
            node.set("this", "regexp_replace")
            node.expressions[1].set("this", "^0+")


def _path(written: str) -> str:
    """Return a path of quoted members, `$."a"."b"`, with the brackets that Trino reads any name in."""
    return "$" + "".join(
        f"[{index}]" if index else f'["{member}"]' for member, index in _MEMBER.findall(written.removeprefix("$"))
    )
