"""Calls of functions, looked up by Trino's name and made DuckDB's; what is not known is refused by name (T6)."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from sqlglot import exp

from ctaudit.dialect import json_rules, list_rules, other_rules, regex_rules, text_rules, time_rules
from ctaudit.dialect.function_table import ELEMENT, SAME, Function, table
from ctaudit.dialect.kinds import ZONED, Type, array
from ctaudit.dialect.work import Work, call, type_of

Rule = Callable[[Work, exp.Anonymous, Sequence[exp.Expr]], exp.Expr]


@cache
def rules() -> Mapping[str, Rule]:
    """Return what needs thought: functions whose meaning hangs on literals, types or lambdas."""
    return {
        **text_rules.RULES,
        **json_rules.RULES,
        **regex_rules.RULES,
        **time_rules.RULES,
        **list_rules.RULES,
        **other_rules.RULES,
    }


_CLOCKS = (
    "year quarter month week week_of_year day day_of_month day_of_week dow day_of_year doy year_of_week yow "
    "hour minute second millisecond date_trunc date_add date_diff date_format format_datetime date "
    "last_day_of_month min max count coalesce lag lead first_value last_value nullif array_agg any_value "
    "arbitrary try "
)
_OF_ZONED = frozenset(_CLOCKS.split())
"""Functions that ask a clock, or hand on what it shows."""
_REASONS = {
    "typeof": "Trino's names of types are not those of DuckDB",
    "checksum": "its value depends on Trino's own hash",
    "human_readable_seconds": "",
    "current_user": "there is no user here",
}


def function(work: Work, node: exp.Anonymous) -> exp.Expr:
    """Return a call that gives Trino's value; raises QueryError that names the function otherwise."""
    if isinstance(node.this, exp.Identifier):
        raise work.refusal(node, f"a function is not called by a name in quotes: {node.this.name}")
    name = str(node.this).lower()
    given: list[exp.Expr] = node.expressions
    if name not in _OF_ZONED and any(type_of(each) is ZONED for each in given):
        raise work.refusal(node, f"{name} of a time AT TIME ZONE is not translated", "take the zone away first")
    rule = rules().get(name)
    if rule is not None:
        return rule(work, node, given)
    known = table().get(name)
    if known is None:
        raise work.refusal(node, f"the function {name} is not known here{_because(name)}", _meant(name))
    fit = next((each for each in known if each.least <= len(given) <= each.most), None)
    if fit is None:
        raise work.refusal(node, f"the function {name} does not take {len(given)} arguments here")
    if not fit.is_aggregate and any(isinstance(each, exp.Distinct | exp.Order) for each in given):
        raise work.refusal(node, f"the function {name} takes no DISTINCT or ORDER BY")
    if any(type_of(each).name == "ip" for each in given) and name not in ("count", "nullif"):
        raise work.refusal(node, f"the function {name} of an IPADDRESS is not translated")
    return call(fit.target, *given, kind=_result(fit, given))


def _result(function: Function, given: Sequence[exp.Expr]) -> Type:
    first = type_of(_bare(given[0])) if given else function.result
    if function.result is SAME:
        return first
    if function.result is ELEMENT:
        return first.element
    if function.target == "list":
        return array(first)
    if function.target in ("map_keys", "map_values") and len(first.inner) == 2:
        return array(first.inner[function.target == "map_values"])
    return function.result


def _bare(node: exp.Expr) -> exp.Expr:
    """Return an argument without its DISTINCT or ORDER BY."""
    while isinstance(node, exp.Distinct | exp.Order):
        node = node.expressions[0] if isinstance(node, exp.Distinct) else node.this
    return node


def _because(name: str) -> str:
    reason = _REASONS.get(name, "")
    return f" ({reason})" if reason else ""


def _meant(name: str) -> str:
    near = difflib.get_close_matches(name, [*table(), *rules()], n=1, cutoff=0.75)
    return f"did you mean {near[0]}?" if near else "functions are Athena's; --dialect duckdb has DuckDB's own"
