"""Partition columns of other people's tables, as expressions on the store's account, region and date (T2)."""

from __future__ import annotations

import re

from sqlglot import exp

from ctaudit.dialect.kinds import DATE, VARCHAR
from ctaudit.dialect.relations import Part
from ctaudit.dialect.scopes import Source
from ctaudit.dialect.work import Work, call, literal_text, number, text, type_of, typed
from ctaudit.records.columns import UNKNOWN_DATE

_SPELLINGS = (
    ("-", re.compile(r"\d{4}-\d{2}.*|%Y-%m.*|yyyy-MM.*", re.DOTALL)),
    ("/", re.compile(r"\d{4}/\d{1,2}.*|%Y/%m.*|yyyy/MM.*", re.DOTALL)),
    ("", re.compile(r"\d{8}.*|%Y%m%d.*|%Y%m|yyyyMM.*", re.DOTALL)),
)
_COMPARING = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Like)
_CALCULATING = (exp.Func, exp.Bracket, exp.DPipe, exp.Cast)
_CONDITION = (exp.Paren, exp.Not, *_CALCULATING, *_COMPARING)
_ORDERING = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between)
_SLICES = {Part.YEAR: (1, 4), Part.MONTH: (6, 2), Part.DAY: (9, 2)}
_NOW = (exp.CurrentDate, exp.CurrentTimestamp, exp.Localtimestamp)
_TIMES = (
    *("now", "date", "date_add", "dateadd", "date_trunc", "date_parse", "parse_datetime", "last_day_of_month"),
    *("from_iso8601_timestamp", "from_iso8601_date", "from_unixtime", "at_timezone"),
)
_PARSERS = frozenset(["date_parse", "parse_datetime", "strptime"])
_KEEPING = ("trim", "ltrim", "rtrim", "lower", "upper", "coalesce", "min", "max", "lpad", "rpad")
"""Functions that leave the spelling of their first argument as it is."""
_YEAR_AND_MONTH = 7
"""Letters of `2026-03`, the shortest text that shows how dates are spelled."""


def is_date(source: Source, name: str) -> bool:
    """Tell whether this is the store's own column `date`."""
    return source.has_partitions and name.lower() == "date"


def own_date(base: exp.Expr, node: exp.Expr) -> exp.Expr:
    """Return the store's date in the spelling of what it is compared with; dashes unless something else is seen."""
    spelling = _spelling(node)
    spelling = _around(node) if spelling is None else spelling
    base = _known(node, base)
    return base if spelling is None else _respelled(base, spelling)


def _known(node: exp.Expr, date: exp.Expr) -> exp.Expr:
    """Return the date for an ordering or a calculation, in which that of an event without a time has no place."""
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    calculated = isinstance(parent, _CALCULATING) and not isinstance(parent, exp.Connector)
    return call("nullif", date, text(UNKNOWN_DATE)) if calculated or isinstance(parent, _ORDERING) else date


def partition(work: Work, node: exp.Expr, part: Part, table: exp.Identifier | None, is_lake: bool) -> exp.Expr:
    """Return what a partition column holds, as text."""
    if part in (Part.ACCOUNT, Part.REGION):
        return typed(exp.column(str(part), table=table), VARCHAR)
    if part is Part.SERVICE:
        return typed(text("CloudTrail"), VARCHAR)
    if part is Part.HOUR:
        at = call("strftime", exp.column("eventtime", table=table), text("%H"))
        plain = call("substr", exp.column("eventtime", table=table), number(12), number(2))
        return typed(_as_compared(node, at if is_lake else plain), VARCHAR)
    date = _known(node, exp.column("date", table=table))
    spelling = _spelling(node)
    if part in _SLICES:
        if spelling is None:
            begin, length = _SLICES[part]
            return typed(_as_compared(node, call("substr", date, number(begin), number(length))), VARCHAR)
        return _respelled(date, spelling)
    spelling = _around(node) if spelling is None else spelling
    if spelling is None and not isinstance(node.parent, exp.Select | exp.Group | exp.Order | exp.Ordered | exp.Alias):
        work.note(f"{node.name} is taken for a date spelled 2026/03/11, as in AWS's own partitions")
    return _respelled(date, "/" if spelling is None else spelling)


def _respelled(date: exp.Expr, spelling: object) -> exp.Expr:
    if spelling == "-":
        return typed(date, VARCHAR)
    if spelling is DATE:
        return typed(exp.TryCast(this=date, to=exp.DataType.build("date")), DATE)
    return call("replace", date, text("-"), text(str(spelling)), kind=VARCHAR)


def _as_compared(node: exp.Expr, value: exp.Expr) -> exp.Expr:
    """Return a year, month, day or hour as a number where it is compared with one, without zeros where those lack."""
    seen = _beside(node)
    numbers = [each for each in seen if isinstance(each, exp.Literal) and not each.is_string]
    if numbers or any(type_of(each).name == "bigint" for each in seen):
        return exp.TryCast(this=value, to=exp.DataType.build("bigint"))
    if any(re.fullmatch(r"\d", literal_text(each) or "") for each in seen):
        return call("ltrim", value, text("0"))
    return value


def _beside(node: exp.Expr) -> list[exp.Expr]:
    """Return what a column is compared with."""
    child = node
    parent = node.parent
    while isinstance(parent, exp.Paren):
        child, parent = parent, parent.parent
    if not isinstance(parent, _COMPARING):
        return []
    found = [parent.args.get(name) for name in ("this", "expression", "low", "high")] + parent.expressions
    return [each for each in found if isinstance(each, exp.Expr) and each is not child]


def _spelling(node: exp.Expr) -> object:
    """Return how whole dates are spelled where this one stands: a separator, `DATE` for real dates, None when unknown.

    It shows in what reads the date, and in what it is compared with.
    """
    parent = node.parent
    if isinstance(parent, exp.Anonymous) and str(parent.this).lower() in _PARSERS:
        return _of_text(parent.expressions[-1])
    if isinstance(parent, exp.Cast | exp.TryCast) and parent.to.this in exp.DataType.TEMPORAL_TYPES:
        return "-"
    if _is_call(parent, "date", "from_iso8601_date"):
        return "-"
    for each in _beside(node):
        if _is_time(each):
            return DATE
        if (spelling := _made(each)) is not None:
            return spelling
    return None


def _made(node: exp.Expr) -> str | None:
    """Return how the text that an expression makes spells a whole date; None where it is none, or not known."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Cast | exp.TryCast):
        return "-" if _is_time(node.this) else _made(node.this)
    if isinstance(node, exp.DPipe) or _is_call(node, "concat"):
        return _joint(node)
    if not isinstance(node, exp.Anonymous):
        return _of_text(node)
    given = node.expressions
    if _is_call(node, "date_format", "format_datetime"):
        return _of_text(given[-1]) if given else None
    if _is_call(node, "replace") and len(given) == 3:
        joint = literal_text(given[2])
        return joint if joint in ("/", "-", "") else None
    if _is_call(node, "substr", "substring") and len(given) == 3:
        return _made(given[0]) if given[2].name.isdecimal() and int(given[2].name) >= _YEAR_AND_MONTH else None
    return _made(given[0]) if _is_call(node, *_KEEPING) and given else None


def _joint(node: exp.Expr) -> str | None:
    """Return what stands between the parts of a text that is put together."""
    texts = [each.name for each in node.find_all(exp.Literal) if each.is_string]
    return next((joint for joint in ("/", "-") if any(joint in each for each in texts)), None)


def _around(node: exp.Expr) -> str | None:
    """Return how dates are spelled by what else stands in the condition that the column is used in."""
    around = node.parent
    while isinstance(around, _CONDITION) and not isinstance(around, exp.Connector):
        for each in around.find_all(exp.Literal):
            if (spelling := "-" if each.name == "-" else "/" if each.name == "/" else _of_text(each)) is not None:
                return spelling
        around = around.parent
    return None


def _of_text(node: exp.Expr) -> str | None:
    """Return how a literal spells a date, or a format does."""
    if isinstance(node, exp.Literal) and node.is_string:
        return next((spelling for spelling, pattern in _SPELLINGS if pattern.fullmatch(node.name)), None)
    return None


def _is_time(node: exp.Expr) -> bool:
    """Tell whether a node is a time, as far as that shows before it is translated."""
    while isinstance(node, exp.Paren | exp.Add | exp.Sub | exp.AtTimeZone):
        node = node.this
    if isinstance(node, exp.Cast):
        return node.to.this in exp.DataType.TEMPORAL_TYPES
    return type_of(node).is_time or isinstance(node, _NOW) or _is_call(node, *_TIMES)


def _is_call(node: exp.Expr | None, *names: str) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() in names
