"""Operators and literals: their types, and where Trino's arithmetic is not DuckDB's (T12)."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from ctaudit.dialect.casts import as_type
from ctaudit.dialect.kinds import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTERVAL,
    JSON,
    NULL,
    TIMESTAMP,
    TIMESTAMPTZ,
    UNKNOWN,
    VARCHAR,
    Type,
    arithmetic,
    array,
    common,
)
from ctaudit.dialect.work import Work, call, type_of, typed

Rule = Callable[[Work, exp.Expr], exp.Expr]
_OPERATORS: dict[type[exp.Expr], str] = {exp.Add: "add", exp.Sub: "sub", exp.Mul: "mul", exp.Div: "div", exp.Mod: "mod"}


def _literal(work: Work, node: exp.Expr) -> exp.Expr:
    if node.is_string:
        return typed(node, VARCHAR)
    spelled = str(node.this).lower()
    if "e" in spelled:
        return typed(node, DOUBLE)
    _, point, digits = spelled.partition(".")
    return typed(node, Type("decimal", scale=len(digits)) if point else BIGINT)


def _calculation(work: Work, node: exp.Expr) -> exp.Expr:
    """Return a calculation; a quotient of decimals has as many digits as the longer of the two, as in Trino."""
    for name in ("this", "expression"):
        side = node.args[name]
        if type_of(side).name == "jsonpart":
            work.note("Athena does not calculate with text; there it is CAST(json_extract_scalar(…) AS double)")
            node.set(name, as_type(side, "DOUBLE", DOUBLE))
        elif type_of(side).is_text and not isinstance(node, exp.Add | exp.Sub):
            raise work.refusal(node, "Athena does not calculate with text", "try: CAST(… AS bigint)")
    left, right = node.args["this"], node.args["expression"]
    kind = arithmetic(type_of(left), type_of(right), _OPERATORS[type(node)])
    if isinstance(node, exp.Div):
        if kind.name == "decimal":
            quotient = call("ct_decimal_div", left, right)
            return as_type(quotient, f"DECIMAL(38, {kind.scale})", kind, attempt=False)
        if kind.name == "double":
            return call("ct_double_div", left, right, kind=DOUBLE)
        return typed(exp.Div(this=left, expression=right, typed=True, safe=False), kind)
    if kind.name == "date" and INTERVAL in (type_of(left), type_of(right)):
        return as_type(exp.Paren(this=node.copy()), "DATE", DATE, attempt=False)
    return typed(node, kind)


def _case(work: Work, node: exp.Expr) -> exp.Expr:
    values = [each.args["true"] for each in node.args.get("ifs") or ()]
    if node.args.get("default") is not None:
        values.append(node.args["default"])
    return typed(node, common(map(type_of, values)))


def _if(work: Work, node: exp.Expr) -> exp.Expr:
    values = [node.args[name] for name in ("true", "false") if node.args.get(name) is not None]
    return typed(node, common(map(type_of, values)))


def _array(work: Work, node: exp.Expr) -> exp.Expr:
    return typed(node, array(common(map(type_of, node.expressions))))


def _like_inner(work: Work, node: exp.Expr) -> exp.Expr:
    inner = node.this
    return typed(node, type_of(inner) if isinstance(inner, exp.Expr) else UNKNOWN)


def _of(kind: Type) -> Rule:
    return lambda work, node: typed(node, kind)


_RESPECTING = {"lag": exp.Lag, "lead": exp.Lead, "first_value": exp.FirstValue, "last_value": exp.LastValue}


def _ignore_nulls(work: Work, node: exp.Expr) -> exp.Expr:
    """Return a window function that passes over nulls, in a form of which the generator keeps that."""
    inner = node.this
    name = str(inner.this).lower() if isinstance(inner, exp.Anonymous) else ""
    kind = _RESPECTING.get(name)
    if kind is None:
        raise work.refusal(node, "IGNORE NULLS is translated for lag, lead, first_value and last_value alone")
    given = inner.expressions
    made = kind(this=given[0], **dict(zip(("offset", "default"), given[1:], strict=False)))
    return typed(exp.IgnoreNulls(this=made), type_of(inner))


def _within_group(work: Work, node: exp.Expr) -> exp.Expr:
    """Return `listagg(x, ',') WITHIN GROUP (ORDER BY y)` with its order inside."""
    inner, order = node.this, node.args["expression"]
    if not isinstance(inner, exp.Anonymous) or str(inner.this).lower() != "string_agg":
        raise work.refusal(node, "WITHIN GROUP is translated for listagg alone")
    value, separator = inner.expressions
    ordered = exp.Order(this=separator, expressions=order.expressions)
    return call("string_agg", value, ordered, kind=VARCHAR)


RULES: dict[type[exp.Expr], Rule] = {
    exp.Literal: _literal,
    exp.Null: _of(NULL),
    exp.Boolean: _of(BOOLEAN),
    exp.CurrentDate: _of(DATE),
    exp.CurrentTimestamp: _of(TIMESTAMPTZ),
    exp.Localtimestamp: _of(TIMESTAMP),
    exp.Interval: _of(INTERVAL),
    exp.Paren: _like_inner,
    exp.Neg: _like_inner,
    exp.Alias: _like_inner,
    exp.Window: _like_inner,
    exp.Filter: _like_inner,
    exp.Lambda: _like_inner,
    exp.ParseJSON: lambda work, node: call("ct_json_parse", node.this, kind=JSON),
    exp.IgnoreNulls: _ignore_nulls,
    exp.WithinGroup: _within_group,
    exp.Case: _case,
    exp.If: _if,
    exp.Array: _array,
    exp.Escape: _of(BOOLEAN),
    exp.Exists: _of(BOOLEAN),
    exp.Is: _of(BOOLEAN),
    exp.Not: _of(BOOLEAN),
    exp.And: _of(BOOLEAN),
    exp.Or: _of(BOOLEAN),
    **dict.fromkeys(_OPERATORS, _calculation),
}
