"""Aggregates that Spark computes otherwise: lists keep their nulls and their order, none is null; percentiles."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from ctaudit.dialect.spark_rules import Call

Made = tuple[str, str]
"""An aggregate call, and what is put around it (`{0}`) once it has its FILTER or OVER."""
PLAIN = "{0}"


def listed(call: Call) -> Made:
    """Return `array_agg`: Spark's own leaves nulls out, so each value goes in a struct, behind what orders it."""
    value, order, distinct = _parts(call)
    keys, descending = _keys(call, order)
    body = f"{'collect_set' if distinct else 'collect_list'}(struct({', '.join([*keys, f'{value} AS ct_v'])}))"
    ordered = f"sort_array(ct_a, {'false' if descending else 'true'})" if order else "ct_a"
    around = f"CASE WHEN size(ct_a) > 0 THEN transform({ordered}, ct_e -> ct_e.ct_v) END"
    return body, f"element_at(transform(array({{0}}), ct_a -> {around}), 1)"


def _parts(call: Call) -> tuple[str, Sequence[exp.Expr], bool]:
    node, order, distinct = call.nodes[0], [], False
    while isinstance(node, exp.Order | exp.Distinct):
        if isinstance(node, exp.Order):
            order, node = list(node.expressions), node.this
        else:
            distinct, node = True, node.expressions[0]
    return node.sql("spark"), order, distinct


def _keys(call: Call, order: Sequence[exp.Expr]) -> tuple[list[str], bool]:
    """Return what a list is sorted by; nulls are last either way, as in Trino."""
    directions = {bool(each.args.get("desc")) for each in order}
    if len(directions) > 1 or any(each.args.get("nulls_first") for each in order):
        raise call.refusal("array_agg in an order of both directions, or with nulls first,")
    descending = directions == {True}
    keys: list[str] = []
    for index, each in enumerate(order):
        key = each.this.sql("spark")
        test = "IS NOT NULL" if descending else "IS NULL"
        keys += [f"({key} {test}) AS ct_n{index}", f"{key} AS ct_k{index}"]
    return keys, descending


def texts(call: Call) -> Made:
    """Return `listagg(x, ',') WITHIN GROUP (ORDER BY y)`."""
    separator = call.nodes[1]
    if isinstance(separator, exp.Order):
        order = ", ".join(each.sql("spark") for each in separator.expressions)
        return f"listagg({call.given[0]}, {separator.this.sql('spark')}) WITHIN GROUP (ORDER BY {order})", PLAIN
    return f"listagg({call.given[0]}, {call.given[1]})", PLAIN


def percentile(call: Call) -> Made:
    if isinstance(call.nodes[1], exp.Array):
        raise call.refusal("approx_percentile of several shares at once")
    return f"percentile_disc({call.given[1]}) WITHIN GROUP (ORDER BY {call.given[0]})", PLAIN


def extreme(call: Call) -> Made:
    if len(call.given) > 1:
        raise call.refusal(f"{call.name} of the first several")
    return f"{call.name}({call.given[0]})", PLAIN


AGGREGATES = {"list": listed, "string_agg": texts, "quantile_disc": percentile, "min": extreme, "max": extreme}
