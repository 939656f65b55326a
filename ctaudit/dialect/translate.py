"""Translate a question written for Athena or CloudTrail Lake into one SELECT of DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from ctaudit.dialect.dialects import Dialect
from ctaudit.errors import QueryError

if TYPE_CHECKING:
    from sqlglot import exp

    from ctaudit.dialect.from_clause import Unnest
    from ctaudit.dialect.work import Work

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Translation:
    """A question as DuckDB is to run it, once `macros.prelude(sql)` has run."""

    sql: str
    """One SELECT over `cloudtrail_logs` or `cloudtrail_lake`, or both."""
    relations: frozenset[str]
    """Which of the two it reads; none when it reads no events."""
    dialect: Dialect
    """As recognised: ATHENA or LAKE."""
    names: tuple[str, ...] | None
    """Of the columns, as Athena names them; None where they hang on what the view has, as with `SELECT *`."""
    notes: tuple[str, ...]
    """Sentences: what Athena would reject or do otherwise."""
    since: str | None
    """First date (YYYY-MM-DD) that a matching row can have; None: any."""
    until: str | None
    """Last such date, inclusive."""
    accounts: tuple[str, ...] | None
    """Accounts that a matching row can be of; None: any."""
    regions: tuple[str, ...] | None


def translate(
    text: str,
    dialect: Dialect = Dialect.ATHENA,
    params: Mapping[str, str] = _NOTHING,
    *,
    write: Callable[[Work, exp.Expr], str] | None = None,
    unnest: Unnest | None = None,
) -> Translation:
    """Translate one query; `params` fills placeholders by name, `?` by their number.

    It is DuckDB's, unless `write` writes the translated tree otherwise, and `unnest` says what stands for an UNNEST.

    Raises QueryError when it is not one query, cannot be read, or has what cannot be given Athena's meaning.
    """
    from ctaudit.dialect.prelex import prepare  # sqlglot takes a tenth of a second to import

    prepared = prepare(text, params)
    try:
        return _translated(prepared, dialect, write, unnest)
    except RecursionError:
        raise QueryError("the SQL is nested too deeply", "try: WITH names for its parts") from None


def _translated(
    prepared: object,
    dialect: Dialect,
    write: Callable[[Work, exp.Expr], str] | None,
    by_unnest: Unnest | None,
) -> Translation:
    from ctaudit.dialect import unnest
    from ctaudit.dialect.generate import generate
    from ctaudit.dialect.grammar import parse
    from ctaudit.dialect.pieces import Prepared
    from ctaudit.dialect.pruning import around
    from ctaudit.dialect.recognise import recognise
    from ctaudit.dialect.rewrite import Rewriter
    from ctaudit.dialect.work import Work

    assert isinstance(prepared, Prepared)
    tree = parse(prepared)
    work = Work(prepared, recognise(tree, dialect))
    if prepared.text.lstrip()[:4].upper() == "FROM":
        work.note("Athena's queries begin with SELECT")
    for note in prepared.notes:
        work.note(note)
    given = Rewriter(work, unnest=by_unnest or unnest.lateral).query(tree, {}, None)
    bounds = around(work.bounds)
    return Translation(
        generate(tree) if write is None else write(work, tree),
        frozenset(work.relations),
        work.dialect,
        _names(tree, given),
        tuple(work.notes),
        bounds.since,
        bounds.until,
        None if bounds.accounts is None else tuple(sorted(bounds.accounts)),
        None if bounds.regions is None else tuple(sorted(bounds.regions)),
    )


def _names(tree: object, given: Sequence[tuple[str | None, object]] | None) -> tuple[str, ...] | None:
    if given is None or _has_star(tree):
        return None
    return tuple(f"_col{index}" if name is None else name for index, (name, _) in enumerate(given))


def _has_star(tree: object) -> bool:
    from ctaudit.dialect.generate import has_star

    return has_star(tree)
