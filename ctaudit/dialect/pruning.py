"""Dates, accounts and regions outside of which no row can match, derived from a query's conditions (T13)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlglot import exp

from ctaudit.dialect.relations import PARTITIONS, Part

_DAY = re.compile(r"(\d{4})(?:([-/]?)(\d{2})(?:\2(\d{2}))?)?(?!\d)(.*)", re.DOTALL)
_WRAPPERS = frozenset(["from_iso8601_timestamp", "date", "from_iso8601_date", "try"])
"""Functions of a time that keep its day (or, by a zone, miss it by one)."""
_PARSED = re.compile("%Y-%m-%d|yyyy-MM-dd")
"""Beginnings of formats by which `date_parse` and `parse_datetime` read the day where it stands."""
_FLIPPED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.EQ: exp.EQ,
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a query can need of a relation; None means all."""

    since: str | None = None
    """First day, YYYY-MM-DD."""
    until: str | None = None
    """Last day, inclusive."""
    accounts: frozenset[str] | None = None
    regions: frozenset[str] | None = None


def within(left: Bounds, right: Bounds) -> Bounds:
    """Return the bounds of rows that both hold for."""
    return Bounds(
        max(filter(None, (left.since, right.since)), default=None),
        min(filter(None, (left.until, right.until)), default=None),
        _both(left.accounts, right.accounts),
        _both(left.regions, right.regions),
    )


def _both(left: frozenset[str] | None, right: frozenset[str] | None) -> frozenset[str] | None:
    return right if left is None else left if right is None else left & right


def around(bounds: Sequence[Bounds]) -> Bounds:
    """Return the bounds of all rows that any of these needs."""
    if not bounds:
        return Bounds()
    return Bounds(
        None if any(each.since is None for each in bounds) else min(each.since or "" for each in bounds),
        None if any(each.until is None for each in bounds) else max(each.until or "" for each in bounds),
        _any([each.accounts for each in bounds]),
        _any([each.regions for each in bounds]),
    )


def _any(sets: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    return None if any(each is None for each in sets) else frozenset().union(*(each or () for each in sets))


def of_condition(condition: exp.Expr | None, column: Callable[[exp.Column], str | None]) -> Bounds:
    """Return what the conditions of a WHERE, before it is translated, say of one relation.

    `column` returns the name of the relation's column, lower case, that a node stands for, None when it is none.
    """
    bounds, parts = Bounds(), dict[Part, str]()
    for each in _conjuncts(condition):
        bounds = within(bounds, _one(each, column, parts))
    return within(bounds, _of_parts(parts))


def _conjuncts(condition: exp.Expr | None) -> Iterable[exp.Expr]:
    waiting = [condition] if condition is not None else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.And):
            waiting += [node.left, node.right]
        elif isinstance(node, exp.Paren):
            waiting.append(node.this)
        else:
            yield node


def _one(node: exp.Expr, column: Callable[[exp.Column], str | None], parts: dict[Part, str]) -> Bounds:
    name = _column_of(node.this, column) if isinstance(node.this, exp.Expr) else None
    if isinstance(node, exp.Between) and name:
        low = _compared(exp.GTE, name, _value(node.args["low"]), parts)
        return within(low, _compared(exp.LTE, name, _value(node.args["high"]), parts))
    if isinstance(node, exp.In) and name and not node.args.get("query"):
        values = [_value(each) for each in node.expressions]
        if all(value is not None for value in values):
            return _one_of(name, [value for value in values if value is not None])
        return Bounds()
    if isinstance(node, exp.Like) and name == "eventtime":
        return _like(_value(node.expression))
    if type(node) not in _FLIPPED:
        return Bounds()
    if name:
        return _compared(type(node), name, _value(node.expression), parts)
    other = _column_of(node.expression, column)
    return _compared(_FLIPPED[type(node)], other, _value(node.this), parts) if other else Bounds()


def _column_of(node: exp.Expr, column: Callable[[exp.Column], str | None]) -> str | None:
    """Return the column under functions that keep its day."""
    inside = _inside(node)
    return column(inside) if isinstance(inside, exp.Column) else None


_KEEPING = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.DATE, exp.DType.VARCHAR, exp.DType.TEXT)


def _value(node: exp.Expr) -> str | None:
    """Return the literal under the same functions."""
    inside = _inside(node)
    return str(inside.this) if isinstance(inside, exp.Literal) else None


def _inside(node: exp.Expr) -> exp.Expr:
    while True:
        if isinstance(node, exp.Anonymous) and _keeps_the_day(node):
            node = node.expressions[0]
        elif (isinstance(node, exp.Cast) and node.to.this in _KEEPING) or isinstance(node, exp.Paren):
            node = node.this
        else:
            return node


def _keeps_the_day(node: exp.Anonymous) -> bool:
    name, given = str(node.this).lower(), node.expressions
    if name in ("date_parse", "parse_datetime"):
        return len(given) == 2 and isinstance(given[1], exp.Literal) and _PARSED.match(given[1].name) is not None
    return name in _WRAPPERS and len(given) == 1


def _compared(operator: type[exp.Expr], name: str, value: str | None, parts: dict[Part, str]) -> Bounds:
    if value is None:
        return Bounds()
    if operator is exp.EQ:
        part = PARTITIONS.get(name)
        if part in (Part.YEAR, Part.MONTH, Part.DAY):
            parts.setdefault(part, value)
            return Bounds()
        return _one_of(name, [value])
    if not _is_day(name):
        return Bounds()
    if name == "eventtime" and not _is_spelled_like_one(value):
        return Bounds()
    if operator in (exp.GT, exp.GTE):
        return Bounds(since=first_day(value))
    return Bounds(until=last_day(value))


def _is_spelled_like_one(value: str) -> bool:
    """Tell whether text compares with the text of an eventtime as their days do: `2026/01/31` does not."""
    return value[4:5] in ("", "-") and value[7:8] in ("", "-")


def _is_day(name: str) -> bool:
    return name == "eventtime" or PARTITIONS.get(name) is Part.DATE


def _one_of(name: str, values: Sequence[str]) -> Bounds:
    part = PARTITIONS.get(name)
    if name == "recipientaccountid" or part is Part.ACCOUNT:
        return Bounds(accounts=frozenset(values))
    if name == "awsregion" or part is Part.REGION:
        return Bounds(regions=frozenset(values))
    if not _is_day(name) or not values:
        return Bounds()
    if name == "eventtime" and not all(map(_is_spelled_like_one, values)):
        return Bounds()
    first, last = [first_day(value) for value in values], [last_day(value) for value in values]
    since = None if None in first else min(filter(None, first), default=None)
    return Bounds(since, None if None in last else max(filter(None, last), default=None))


def _like(pattern: str | None) -> Bounds:
    fixed = re.split(r"[%_]", pattern or "", maxsplit=1)[0]
    whole = re.match(r"\d{4}(-\d{2}(-\d{2})?)?(?!\d)", fixed)
    if not whole or fixed.endswith("-") or len(whole[0]) not in (4, 7, 10):
        return Bounds()
    return Bounds(first_day(whole[0]), last_day(whole[0]))


def _of_parts(parts: dict[Part, str]) -> Bounds:
    digits = [parts.get(part, "") for part in (Part.YEAR, Part.MONTH, Part.DAY)]
    if not re.fullmatch(r"\d{4}", digits[0]):
        return Bounds()
    known = [digits[0]]
    for each in digits[1:]:
        if not re.fullmatch(r"\d{1,2}", each):
            break
        known.append(each.zfill(2))
    return Bounds(first_day("-".join(known)), last_day("-".join(known)))


def first_day(value: str) -> str | None:
    """Return the earliest day that a value of this spelling, or one after it, can have."""
    return _day(value, last=False)


def last_day(value: str) -> str | None:
    """Return the latest day that a value of this spelling, or one before it, can have."""
    return _day(value, last=True)


def _day(value: str, last: bool) -> str | None:
    found = _DAY.fullmatch(value)
    if found is None:
        return None
    year, month = int(found[1]), int(found[3] or (12 if last else 1))
    try:
        length = calendar.monthrange(year, month)[1]
        day = date(year, month, int(found[4]) if found[4] else length if last else 1)
        if _has_other_zone(found[5]):
            day += timedelta(days=1 if last else -1)
    except (ValueError, OverflowError):
        return None
    return day.isoformat()


def _has_other_zone(rest: str) -> bool:
    """Tell whether a time has a zone that may move it to another day; `Z` and no zone are UTC."""
    return re.fullmatch(r"[T ]?[\d:.]*(Z| ?UTC)?", rest) is None
