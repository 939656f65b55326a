"""Write a translated tree as DuckDB's SQL."""

from __future__ import annotations

from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from ctaudit.dialect.work import is_checked
from ctaudit.errors import QueryError


def generate(tree: exp.Expr) -> str:
    """Return the SQL, all names in quotes, since DuckDB reserves others than Trino.

    This is the last wall: a call that no rule has looked at, wherever it stood, goes no further. Raises QueryError for
    that, and for what sqlglot cannot write.
    """
    for node in tree.walk():
        if isinstance(node, exp.Anonymous) and not is_checked(node):
            raise QueryError(f"the function {node.name or node.this} cannot stand where it stands")
    try:
        return tree.sql("duckdb", identify=True, comments=False, copy=False, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise QueryError(f"the SQL cannot be translated: {str(error).splitlines()[0][:200]}") from None


def has_star(tree: object) -> bool:
    """Tell whether the outermost SELECT list has a star."""
    while isinstance(tree, exp.Subquery | exp.SetOperation):
        tree = tree.this
    return isinstance(tree, exp.Select) and any(each.is_star for each in tree.expressions)
