"""Comparisons of unlike things: text with times, numbers and truth values; zones that do not matter (T8, T12)."""

from __future__ import annotations

from sqlglot import exp

from ctaudit.dialect.casts import as_type
from ctaudit.dialect.kinds import BOOLEAN, DOUBLE, TIMESTAMPTZ, VARCHAR, ZONED
from ctaudit.dialect.work import Work, call, literal_text, text, type_of, typed

COMPARING = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_TIME = "Athena does not compare text with a time; there it is from_iso8601_timestamp(eventtime)"
_NUMBER = "Athena does not compare text with a number"


def compare(work: Work, node: exp.Expr) -> exp.Expr:
    """Return a comparison whose sides DuckDB compares as was meant."""
    left, right = _pair(work, node, node.this, node.expression)
    node.set("this", left)
    node.set("expression", right)
    return typed(node, BOOLEAN)


def between(work: Work, node: exp.Between) -> exp.Expr:
    low, high = node.args["low"], node.args["high"]
    value, low = _pair(work, node, node.this, low)
    value, high = _pair(work, node, value, high)
    for name, part in (("this", value), ("low", low), ("high", high)):
        node.set(name, part)
    return typed(node, BOOLEAN)


def within(work: Work, node: exp.In) -> exp.Expr:
    """Return `x IN (…)`; numbers among texts become text."""
    value = node.this
    items: list[exp.Expr] = []
    for each in node.expressions:
        value, item = _pair(work, node, value, each)
        items.append(item)
    node.set("this", value)
    node.set("expressions", items)
    return typed(node, BOOLEAN)


def like(work: Work, node: exp.Like) -> exp.Expr:
    if type_of(node.this).name == "json":
        raise work.refusal(node, "Athena does not match JSON with LIKE", "try: json_extract_scalar")
    if type_of(node.this).is_time:
        raise work.refusal(node, "Athena does not match a time with LIKE", "try: CAST(… AS varchar)")
    return typed(node, BOOLEAN)


def _pair(work: Work, node: exp.Expr, left: exp.Expr, right: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    left, right = _zoneless(left), _zoneless(right)
    return _fitted(work, node, left, right), _fitted(work, node, right, left)


def _zoneless(node: exp.Expr) -> exp.Expr:
    """Return a moment without the zone it was to be shown in: that changes no comparison."""
    if isinstance(node, exp.AtTimeZone) and type_of(node.this) is TIMESTAMPTZ:
        inner: exp.Expr = node.this
        return inner
    return node


def _fitted(work: Work, node: exp.Expr, value: exp.Expr, other: exp.Expr) -> exp.Expr:
    """Return one side of a comparison, made to fit the other."""
    mine, theirs = type_of(value), type_of(other)
    if mine is ZONED and theirs.name not in ("zoned", "null"):
        raise work.refusal(
            node,
            "a time AT TIME ZONE that was calculated with is compared",
            "take the zone away, or compare its date_format",
        )
    if "json" in (mine.name, theirs.name) and (mine.is_text or theirs.is_text):
        raise work.refusal(
            node, "Athena does not compare JSON with text", "try: json_extract_scalar instead of json_extract"
        )
    if mine.is_text and theirs.is_time:
        return _time(work, value)
    if mine.is_text and theirs.is_number:
        return _number(work, node, value, other)
    if mine.name == "bigint" and theirs.is_text and isinstance(value, exp.Literal) and _is_equal(node):
        work.note(_NUMBER)
        return typed(text(value.name), VARCHAR)
    if mine.is_text and theirs.name == "boolean" and literal_text(value) is None:
        work.note("Athena does not compare text with true or false; there it is 'true' or 'false'")
        return as_type(value, "BOOLEAN", BOOLEAN)
    return value


def _time(work: Work, value: exp.Expr) -> exp.Expr:
    if literal_text(value) is not None:
        if work.dialect != "lake":
            work.note(
                "Athena does not compare a time with text; there it is TIMESTAMP '…' or from_iso8601_timestamp('…')"
            )
        return value
    if work.dialect != "lake":
        work.note(_TIME)
    return call("ct_time", value, kind=TIMESTAMPTZ)


def _is_equal(node: exp.Expr) -> bool:
    return isinstance(node, exp.EQ | exp.NEQ | exp.In)


def _number(work: Work, node: exp.Expr, value: exp.Expr, other: exp.Expr) -> exp.Expr:
    work.note(_NUMBER)
    if _is_equal(node) and isinstance(other, exp.Literal) and type_of(other).name == "bigint":
        return value
    return as_type(value, "DOUBLE", DOUBLE)
