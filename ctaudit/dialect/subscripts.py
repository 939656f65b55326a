"""Subscripts and `element_at`: of lists, of maps, and of JSON text, which is a map in Lake (T4)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from ctaudit.dialect import json_paths
from ctaudit.dialect.columns import of_json
from ctaudit.dialect.dialects import Dialect
from ctaudit.dialect.kinds import JSONTEXT, Type
from ctaudit.dialect.text_rules import want
from ctaudit.dialect.work import Work, call, literal_text, text, type_of, typed


def bracket(work: Work, node: exp.Bracket) -> exp.Expr:
    """Return `x[i]`, which ends the query where a list is shorter, as Trino does."""
    indexes: list[exp.Expr] = node.expressions
    if len(indexes) != 1 or isinstance(indexes[0], exp.Slice):
        raise work.refusal(node, "a list is asked for one index at a time")
    return _part(work, node, node.this, _one_based(node, indexes[0]), strict=True)


def _one_based(node: exp.Bracket, index: exp.Expr) -> exp.Expr:
    """Return the index as it was written: the parser counts from 0."""
    kept = int(node.args.get("offset") or 0)
    if isinstance(index, exp.Literal) and not index.is_string:
        return typed(exp.Literal.number(int(index.name) + 1 - kept), type_of(index))
    if isinstance(index, exp.Sub | exp.Add) and _is_shift(index):
        inner: exp.Expr = index.this
        return inner.this if isinstance(inner, exp.Paren) else inner
    return index


def _is_shift(index: exp.Expr) -> bool:
    shift = index.args["expression"]
    return isinstance(shift, exp.Literal) and shift.name == "1" and "ctaudit" not in shift.meta


def element_at(work: Work, node: exp.Anonymous, given: Sequence[exp.Expr]) -> exp.Expr:
    """Return `element_at(x, i)`: null where there is no such element."""
    want(work, node, given, 2)
    return _part(work, node, given[0], given[1], strict=False)


def _part(work: Work, node: exp.Expr, value: exp.Expr, index: exp.Expr, strict: bool) -> exp.Expr:
    kind = type_of(value)
    if kind.name in ("jsontext", "jsonpart", "json"):
        return _of_json(work, node, value, index, kind, strict)
    if kind.fields:
        return _field(work, node, value, index, kind)
    if kind.name == "map" or (kind.name != "array" and type_of(index).is_text):
        return call("ct_at_key" if strict else "map_extract_value", value, index, kind=kind.element)
    return call("ct_at" if strict else "ct_element_at", value, index, kind=kind.element)


def _field(work: Work, node: exp.Expr, value: exp.Expr, index: exp.Expr, kind: Type) -> exp.Expr:
    """Return a row's field by its position: `resources[1][1]` is an ARN."""
    at = int(index.name) if isinstance(index, exp.Literal) and not index.is_string else 0
    if not 0 < at <= len(kind.fields):
        raise work.refusal(node, f"a row of {len(kind.fields)} fields is asked for one by its name or its number")
    name, inner = kind.fields[at - 1]
    return call("struct_extract", value, text(name), kind=inner)


def _of_json(work: Work, node: exp.Expr, value: exp.Expr, index: exp.Expr, kind: Type, strict: bool) -> exp.Expr:
    member = literal_text(index)
    if kind.name == "jsonpart" and isinstance(index, exp.Literal):
        return of_json(work, value, [int(index.name) - 1 if member is None else member])
    if kind.name != "jsontext":
        raise work.refusal(node, "Athena takes no part of JSON by an index", "try: json_extract_scalar(…, '$.part')")
    if work.dialect is not Dialect.LAKE:
        work.note("Athena has this column as text, not as a map; there it is json_extract_scalar(column, '$.part')")
    elif strict:
        work.note("Lake ends the query where a map lacks the key in brackets; here it is null, as with element_at")
    if member is None:
        path: exp.Expr = exp.DPipe(this=exp.DPipe(this=text('$."'), expression=index), expression=text('"'))
    else:
        path = text(json_paths.written([member]))
    return call("ct_json_part", value, path, kind=JSONTEXT)
