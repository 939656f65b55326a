"""The names that Athena gives to the columns of a SELECT, which DuckDB would name otherwise (T11)."""

from __future__ import annotations

from sqlglot import exp

from ctaudit.dialect.work import type_of, typed


def named_in(node: exp.Expr) -> str | None:
    """Return the name of a column of the SELECT list before it is translated; None when it has none, "*" for a star.

    That is the alias, or the last part of a name; `resources[1].arn` is no name, and has none.
    """
    if isinstance(node, exp.Alias):
        return node.alias
    if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
        return "*"
    inner = node
    while isinstance(inner, exp.Dot) and isinstance(inner.expression, exp.Identifier):
        inner = inner.this
    if isinstance(inner, exp.Column):
        last = node.expression if isinstance(node, exp.Dot) else node.this
        return str(last.name)
    return None


def alias(node: exp.Expr, name: str | None, index: int) -> exp.Expr:
    """Return a translated column under Athena's name: `_colN` where it has none."""
    if name == "*":
        return node
    if isinstance(node, exp.Alias):
        node.args["alias"].set("quoted", True)
        return node
    if isinstance(node, exp.Column) and node.name == name and name.islower():
        return node
    wanted = f"_col{index}" if name is None else name
    return typed(exp.alias_(node, wanted, quoted=True, copy=False), type_of(node))
