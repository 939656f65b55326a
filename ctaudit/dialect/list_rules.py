"""Functions of lists and maps, and those that take a lambda."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from ctaudit.dialect.casts import as_type
from ctaudit.dialect.kinds import BIGINT, BOOLEAN, UNKNOWN, Type, array
from ctaudit.dialect.text_rules import want
from ctaudit.dialect.work import Work, call, text, type_of

Given = Sequence[exp.Expr]


def _lambda(work: Work, node: exp.Anonymous, given: exp.Expr, size: int) -> exp.Lambda:
    if not isinstance(given, exp.Lambda) or len(given.expressions) != size:
        raise work.refusal(node, f"{str(node.this).lower()} takes a lambda of {size} names, as x -> …")
    return given


def _filter(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2)
    return call("list_filter", given[0], _lambda(work, node, given[1], 1), kind=type_of(given[0]))


def _transform(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2)
    by = _lambda(work, node, given[1], 1)
    return call("list_transform", given[0], by, kind=array(type_of(by.this)))


def _reduce(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    """Return `reduce(list, start, (s, x) -> …, s -> …)`: the last lambda put around the result."""
    want(work, node, given, 4)
    step, last = _lambda(work, node, given[2], 2), _lambda(work, node, given[3], 1)
    folded = call("list_reduce", given[0], step, given[1], kind=type_of(given[1]))
    return exp.Paren(this=_put(last, {last.expressions[0].name.lower(): folded}))


def _put(by: exp.Lambda, values: dict[str, exp.Expr]) -> exp.Expr:
    """Return a lambda's body with values in the place of its names."""
    holder = exp.Paren(this=by.this.copy())
    for each in list(holder.find_all(exp.Column)):
        if len(each.parts) == 1 and each.name.lower() in values:
            each.replace(values[each.name.lower()].copy())
    return holder


def _match(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    """Return any_match and its like: null where nothing decides and the lambda was null for one."""
    want(work, node, given, 2)
    name = str(node.this).lower()
    by = _lambda(work, node, given[1], 1)
    verdicts = call("list_transform", given[0], by)
    return call(f"ct_{name}", verdicts, kind=BOOLEAN)


def _map_of(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    """Return map_filter, transform_keys or transform_values: a map is a list of entries."""
    want(work, node, given, 2)
    name, by = str(node.this).lower(), _lambda(work, node, given[1], 2)
    entry = exp.to_identifier("ct_entry")
    key, value = (exp.Dot(this=exp.column("ct_entry"), expression=exp.to_identifier(part)) for part in ("key", "value"))
    body = _put(by, {by.expressions[0].name.lower(): key, by.expressions[1].name.lower(): value})
    entries = call("map_entries", given[0])
    if name == "map_filter":
        kept = call("list_filter", entries, exp.Lambda(this=body, expressions=[entry]))
        return call("map_from_entries", kept, kind=type_of(given[0]))
    pair = (body, value.copy()) if name == "transform_keys" else (key.copy(), body)
    made = call("list_transform", entries, exp.Lambda(this=call("row", *pair), expressions=[entry]))
    return call("map_from_entries", made, kind=Type("map"))


def _map(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 0, 2)
    if not given:
        return call("map", kind=Type("map"))
    inner = tuple(type_of(each).element for each in given)
    return call("ct_map", *given, kind=Type("map", inner))


def _map_agg(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2)
    pairs = call("list", call("struct_pack", *(_named(name, each) for name, each in zip("kv", given, strict=True))))
    return call("ct_map_of_pairs", pairs, kind=Type("map", (type_of(given[0]), type_of(given[1]))))


def _named(name: str, value: exp.Expr) -> exp.Expr:
    return exp.PropertyEQ(this=exp.to_identifier(name), expression=value)


def _cardinality(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1)
    kind = type_of(given[0])
    if kind.name == "jsontext":
        return call("cardinality", call("ct_json_map", *given), kind=BIGINT)
    return as_type(call("cardinality", *given), "BIGINT", BIGINT)


def _keys_or_values(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1)
    name, kind = str(node.this).lower(), type_of(given[0])
    if kind.name == "jsontext":  # a map in Lake
        return call(name, call("ct_json_map", *given), kind=array(Type("varchar")))
    inner = kind.inner[name == "map_values"] if len(kind.inner) == 2 else UNKNOWN
    return call(name, *given, kind=array(inner))


def _flatten(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1)
    return call("flatten", *given, kind=type_of(given[0]).element)


def _sequence(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2, 3)
    if not type_of(given[0]).is_time:
        return call("ct_sequence", *given, kind=array(BIGINT))
    if len(given) == 2 and type_of(given[0]).name != "date":
        raise work.refusal(node, "a sequence of times needs a step", "try: sequence(a, b, INTERVAL '1' HOUR)")
    step = given[2] if len(given) == 3 else exp.Interval(this=text("1"), unit=exp.var("DAY"))
    made = call("generate_series", given[0], given[1], step, kind=array(type_of(given[0])))
    return as_type(made, "DATE[]", type_of(made)) if type_of(given[0]).name == "date" else made


def _sort(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    if len(given) == 2:
        raise work.refusal(node, "array_sort with a lambda is not translated")
    want(work, node, given, 1)
    return call("ct_array_sort", *given, kind=type_of(given[0]))


Rule = Callable[[Work, exp.Anonymous, Given], exp.Expr]
RULES: dict[str, Rule] = {
    "filter": _filter,
    "transform": _transform,
    "reduce": _reduce,
    "any_match": _match,
    "all_match": _match,
    "none_match": _match,
    "map_filter": _map_of,
    "transform_keys": _map_of,
    "transform_values": _map_of,
    "map": _map,
    "map_agg": _map_agg,
    "cardinality": _cardinality,
    "map_keys": _keys_or_values,
    "map_values": _keys_or_values,
    "flatten": _flatten,
    "sequence": _sequence,
    "array_sort": _sort,
}
