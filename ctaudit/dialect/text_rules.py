"""Functions of text whose meaning hangs on types or literals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from ctaudit.dialect.casts import as_type
from ctaudit.dialect.kinds import BIGINT, BOOLEAN, VARCHAR
from ctaudit.dialect.work import Work, call, literal_text, number, text, type_of, typed

Given = Sequence[exp.Expr]
Rule = Callable[[Work, exp.Anonymous, Given], exp.Expr]


def want(work: Work, node: exp.Anonymous, given: Given, least: int, most: int | None = None) -> None:
    """Refuse a call with another number of arguments."""
    if not least <= len(given) <= (most or least):
        raise work.refusal(node, f"the function {str(node.this).lower()} does not take {len(given)} arguments here")


def literal(work: Work, node: exp.Anonymous, given: exp.Expr, what: str) -> str:
    """Return the text of an argument that must be a literal."""
    found = literal_text(given)
    if found is None:
        raise work.refusal(node, f"{what} of {str(node.this).lower()} must be text in quotes to be translated")
    return found


def _replace(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2, 3)
    return call("replace", *given, *([text("")] if len(given) == 2 else []), kind=VARCHAR)


def _length(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1)
    if type_of(given[0]).name == "varbinary":
        return call("octet_length", *given, kind=BIGINT)
    if type_of(given[0]).name in ("array", "map"):
        raise work.refusal(node, "the length of a list is cardinality(…)")
    return call("length", *given, kind=BIGINT)


def _reverse(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1)
    kind = type_of(given[0])
    return call("list_reverse" if kind.name == "array" else "reverse", *given, kind=kind)


def _concat(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    """Return `a || b`: null when one is null, as DuckDB's `concat` is not."""
    want(work, node, given, 2, 127)
    made = given[0]
    for each in given[1:]:
        made = exp.DPipe(this=made, expression=each, safe=False)
    return typed(exp.Paren(this=made), type_of(given[0]))


def _concat_ws(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2, 127)
    if len(given) == 2 and not type_of(given[1]).is_text:
        return call("ct_concat_ws", *given, kind=VARCHAR)
    return call("concat_ws", *given, kind=VARCHAR)


def _format(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2, 20)
    pattern = literal(work, node, given[0], "the format")
    if re.sub(r"%(s|d|0\d+d|%)", "", pattern).count("%"):
        raise work.refusal(node, "the format of format has more than %s, %d and %05d, which is not translated")
    wanted = [each for each in re.findall(r"%(s|0?\d*d|%)", pattern) if each != "%"]
    if len(wanted) != len(given) - 1:
        raise work.refusal(node, "the format of format wants another number of arguments")
    shown = [call("ct_text", each) if kind == "s" else each for kind, each in zip(wanted, given[1:], strict=True)]
    return call("printf", given[0], *shown, kind=VARCHAR)


def _url_part(pattern: str, group: int) -> Rule:
    def rule(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
        want(work, node, given, 1)
        return call("ct_url_part", given[0], text(pattern), number(group), kind=VARCHAR)

    return rule


def _url_decode(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1)
    return call("url_decode", call("replace", given[0], text("+"), text(" ")), kind=VARCHAR)


def trim(work: Work, node: exp.Trim) -> exp.Expr:
    """Return `trim`, which takes away all kinds of blanks, or the characters given."""
    side = str(node.args.get("position") or "BOTH").upper()
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(side, "trim")
    characters = node.args.get("expression")
    if characters is None:
        return call(f"ct_{name}", node.this, kind=VARCHAR)
    return call(name, node.this, characters, kind=VARCHAR)


def substring(work: Work, node: exp.Substring) -> exp.Expr:
    parts = [node.args.get(name) for name in ("this", "start", "length")]
    return call("ct_substr", *[part for part in parts if isinstance(part, exp.Expr)], kind=VARCHAR)


def position(work: Work, node: exp.StrPosition) -> exp.Expr:
    return call("strpos", node.this, node.args["substr"], kind=BIGINT)


def joined(work: Work, node: exp.DPipe) -> exp.Expr:
    """Return `a || b`; Trino joins text with text, and lists."""
    for name in ("this", "expression"):
        if type_of(node.args[name]).is_number or type_of(node.args[name]).is_time:
            work.note("Athena joins (||) text with text alone; a number or time is CAST to varchar there")
            node.set(name, call("ct_text", node.args[name], kind=VARCHAR))
    kind = type_of(node.this) if type_of(node.this).name == "array" else VARCHAR
    if "json" in (type_of(node.this).name, type_of(node.expression).name):
        raise work.refusal(node, "Athena does not join JSON with text", "try: json_extract_scalar or json_format")
    return typed(node, kind)


def _ip_prefix_or_contains(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    """Return `contains(list, value)`, or `contains('10.0.0.0/8', address)`."""
    want(work, node, given, 2)
    if type_of(given[1]).name == "ip" or type_of(given[0]).name == "ipprefix":
        address = given[1] if type_of(given[1]).name == "ip" else call("ct_ip", given[1])
        return call("ct_ip_in", given[0], address, kind=BOOLEAN)
    if type_of(given[0]).is_text:
        raise work.refusal(node, "contains looks into lists and networks, not into text", "try: strpos(text, part) > 0")
    return call("ct_contains", *given, kind=BOOLEAN)


def _sum(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1)
    value, kind = given[0], type_of(given[0])
    if kind.name == "jsonpart":
        work.note("Athena does not add up text; there it is CAST(json_extract_scalar(…) AS double)")
        value = as_type(value, "DOUBLE")
    elif kind.is_text:
        raise work.refusal(node, "Athena does not add up text", "try: sum(CAST(… AS bigint))")
    return call("sum", value, kind=kind if kind.is_number else type_of(value))


RULES: dict[str, Rule] = {
    "replace": _replace,
    "length": _length,
    "reverse": _reverse,
    "concat": _concat,
    "concat_ws": _concat_ws,
    "format": _format,
    "url_extract_protocol": _url_part(r"^([A-Za-z][A-Za-z0-9+.-]*):", 1),
    "url_extract_host": _url_part(r"^[A-Za-z][A-Za-z0-9+.-]*://([^/?#@]*@)?([^/?#:]+)", 2),
    "url_extract_path": _url_part(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^?#]*)", 1),
    "url_extract_query": _url_part(r"^[^?#]*[?]([^#]*)", 1),
    "url_extract_fragment": _url_part(r"#(.*)$", 1),
    "url_decode": _url_decode,
    "contains": _ip_prefix_or_contains,
    "sum": _sum,
}
