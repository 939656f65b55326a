"""Functions that decide, count about, or name a constant; and what encloses what may fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from ctaudit.dialect.kinds import BIGINT, DOUBLE, UNKNOWN, VARCHAR, common
from ctaudit.dialect.text_rules import want
from ctaudit.dialect.work import Work, call, number, text, type_of, typed

Given = Sequence[exp.Expr]
Rule = Callable[[Work, exp.Anonymous, Given], exp.Expr]
_LENIENT = {
    "ct_at": "list_extract",
    "ct_element_at": "list_extract",
    "ct_at_key": "map_extract_value",
    "ct_ip": "ct_try_ip",
}
"""Macros that end the query, and what gives null instead: DuckDB's TRY does not take what ends a query on purpose."""
_RAISING = frozenset(
    ["ct_split", "ct_split_part", "ct_split_to_map", "ct_hamming", "ct_slice", "ct_trim_array", "ct_map", "ct_text",
     "ct_decimal_div", "ct_ip_in", "ct_strpos", "ct_array_join", "error"]
)  # fmt: skip


def _coalesce(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1, 99)
    return call("coalesce", *given, kind=common(map(type_of, given)))


def _try(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    """Return `TRY(…)`; inside of it what would end the query gives null."""
    want(work, node, given, 1)
    holder = exp.Paren(this=given[0].copy())
    for each in list(holder.find_all(exp.Anonymous)):
        name = str(each.this)
        if name in _LENIENT:
            each.set("this", _LENIENT[name])
        elif name in _RAISING and name != "ct_text":
            raise work.refusal(node, f"{name.removeprefix('ct_')} inside of try is not translated")
    return call("try", holder.this, kind=type_of(given[0]))


def _approx_distinct(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1, 2)
    work.note("approx_distinct is exact here; in Athena it errs by some 2 percent")
    return call("count", exp.Distinct(expressions=[given[0]]), kind=BIGINT)


def _approx_percentile(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2)
    work.note("approx_percentile is exact here; in Athena it is about so")
    return call("quantile_disc", *given, kind=type_of(given[0]) if not isinstance(given[1], exp.Array) else UNKNOWN)


def _listagg(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1, 2)
    return call("string_agg", given[0], given[1] if len(given) == 2 else text(""), kind=VARCHAR)


def _number(value: str) -> Rule:
    def rule(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
        want(work, node, given, 0, 1)
        return typed(exp.Cast(this=text(value), to=exp.DataType.build("double")), DOUBLE)

    return rule


def _greatest(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    """Return `greatest` or `least`: null when one is null, as DuckDB's are not."""
    want(work, node, given, 1, 99)
    name = str(node.this).lower()
    null = [exp.Is(this=each.copy(), expression=exp.Null()) for each in given]
    case = exp.Case(ifs=[exp.If(this=exp.or_(*null, wrap=False), true=exp.Null())], default=call(name, *given))
    return typed(case, common(map(type_of, given)))


def _bits(operator: type[exp.Expr]) -> Rule:
    def rule(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
        want(work, node, given, 2)
        left, right = (exp.Paren(this=each) for each in given)
        return typed(exp.Paren(this=operator(this=left, expression=right)), BIGINT)

    return rule


def _not_bits(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1)
    return typed(exp.Sub(this=exp.Neg(this=exp.Paren(this=given[0])), expression=number(1)), BIGINT)


RULES: dict[str, Rule] = {
    "coalesce": _coalesce,
    "try": _try,
    "approx_distinct": _approx_distinct,
    "approx_percentile": _approx_percentile,
    "listagg": _listagg,
    "greatest": _greatest,
    "least": _greatest,
    "infinity": _number("inf"),
    "nan": _number("nan"),
    "e": _number("2.718281828459045"),
    "bitwise_and": _bits(exp.BitwiseAnd),
    "bitwise_or": _bits(exp.BitwiseOr),
    "bitwise_not": _not_bits,
}
