"""Functions of time: units, formats and zones, which Trino spells in its own way (T6, T12)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from ctaudit.dialect import formats
from ctaudit.dialect.casts import as_type, note_time
from ctaudit.dialect.kinds import BIGINT, DATE, TIMESTAMP, TIMESTAMPTZ, VARCHAR, ZONED, Type
from ctaudit.dialect.text_rules import literal, want
from ctaudit.dialect.work import Work, call, literal_text, number, text, type_of, typed

Given = Sequence[exp.Expr]
_TAKING_APART = (exp.Anonymous, exp.Cast, exp.TryCast, exp.Extract)
_OF_MOMENTS = frozenset(["to_unixtime", "date_diff", "at_timezone", "min", "max", "coalesce", "greatest", "least"])
"""Functions for which the zone makes no difference."""
_ZONE = re.compile(r"T.*[+-](?!00:?(?:00)?$)\d\d:?(?:\d\d)?$")
_INTERVALS = {
    "millisecond": ("to_milliseconds", 1), "second": ("to_seconds", 1), "minute": ("to_minutes", 1),
    "hour": ("to_hours", 1), "day": ("to_days", 1), "week": ("to_weeks", 1), "month": ("to_months", 1),
    "quarter": ("to_months", 3), "year": ("to_years", 1),
}  # fmt: skip
_FIELDS = {
    "year": "year", "quarter": "quarter", "month": "month", "week": "week", "day": "day", "day_of_month": "day",
    "day_of_week": "isodow", "dow": "isodow", "day_of_year": "dayofyear", "doy": "dayofyear",
    "year_of_week": "ct_year_of_week", "yow": "ct_year_of_week", "hour": "hour", "minute": "minute",
    "second": "second",
}  # fmt: skip


def _unit(work: Work, node: exp.Anonymous, given: exp.Expr) -> str:
    unit = literal(work, node, given, "the unit").lower()
    if unit not in _INTERVALS:
        raise work.refusal(
            node, f"{unit!r} is no unit of {str(node.this).lower()}", f"there are {', '.join(_INTERVALS)}"
        )
    return unit


def _of_time(work: Work, node: exp.Anonymous, value: exp.Expr) -> exp.Expr:
    """Return a time; text, which Athena does not take here, is read as one."""
    if not type_of(value).is_text:
        return value
    work.note(f"Athena's {str(node.this).lower()} takes no text; there it is from_iso8601_timestamp(…)")
    return call("ct_time", value, kind=TIMESTAMPTZ)


def _truncated(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2)
    unit, value = _unit(work, node, given[0]), _of_time(work, node, given[1])
    return call("ct_date_trunc", text(unit), value, kind=type_of(value))


def _added(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 3)
    if literal_text(given[0]) is None and isinstance(given[0], exp.Column):
        given = [text(given[0].name), *given[1:]]
    if str(node.this).lower() == "dateadd":
        work.note("Athena has no dateadd; there it is date_add('unit', number, time)")
    unit, value = _unit(work, node, given[0]), _of_time(work, node, given[2])
    name, times = _INTERVALS[unit]
    amount = given[1] if times == 1 else exp.Mul(this=exp.Paren(this=given[1]), expression=number(times))
    kind = type_of(value)
    if kind.name == "date" and unit in ("millisecond", "second", "minute", "hour"):
        raise work.refusal(node, f"a date has no {unit} to add to", "try: CAST(… AS timestamp)")
    return call("ct_plus", value, call(name, as_type(amount, "INTEGER", attempt=False)), kind=kind)


def _difference(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    """Return the complete units between two times, as Trino counts, not the boundaries crossed."""
    want(work, node, given, 3)
    unit = _unit(work, node, given[0])
    first, second = (_of_time(work, node, each) for each in given[1:])
    kinds = {type_of(first).name, type_of(second).name}
    if len(kinds) > 1 and "zoned" in kinds:
        raise work.refusal(node, "the difference of times in two zones is not translated")
    if len(kinds) > 1:
        common = "TIMESTAMPTZ" if "timestamptz" in kinds else "TIMESTAMP"
        first, second = (as_type(each, common, attempt=False) for each in (first, second))
    return call("date_sub", text(unit), first, second, kind=BIGINT)


def _shown(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    """Return `date_format` or `format_datetime`."""
    want(work, node, given, 2)
    name = str(node.this).lower()
    pattern = _format(work, node, given[1])
    if "%z" in pattern:
        if isinstance(given[0], exp.AtTimeZone):
            raise work.refusal(node, f"the zone in the format of {name} is not translated")
        pattern = pattern.replace("%z", "+0000")
    return call("ct_strftime", _of_time(work, node, given[0]), text(pattern), kind=VARCHAR)


def _read(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    """Return `date_parse` or `parse_datetime`; the second gives a moment, in UTC where the text has no zone."""
    want(work, node, given, 2)
    pattern = _format(work, node, given[1])
    if "%y" not in pattern.lower():
        raise work.refusal(node, f"a format of {str(node.this).lower()} without a year is not translated")
    made = call("strptime", given[0], text(pattern), kind=TIMESTAMP)
    if str(node.this).lower() == "date_parse":
        return made
    return as_type(made, "TIMESTAMPTZ", TIMESTAMPTZ, attempt=False)


def _format(work: Work, node: exp.Anonymous, given: exp.Expr) -> str:
    name = str(node.this).lower()
    spelled = literal(work, node, given, "the format")
    is_mysql = name in ("date_format", "date_parse")
    pattern = formats.mysql(spelled) if is_mysql else formats.joda(spelled)
    if pattern is None:
        raise work.refusal(node, f"the format {spelled!r} of {name} is not translated")
    return pattern


def _date(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1)
    note_time(work, given[0])
    return as_type(given[0], "DATE", DATE, attempt=False)


def _at_zone(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 2)
    return in_zone(work, exp.AtTimeZone(this=given[0], zone=given[1]))


def in_zone(work: Work, node: exp.AtTimeZone) -> exp.Expr:
    """Return a moment as a clock in that zone shows it; comparisons drop the zone again."""
    value = node.this
    if type_of(value).name != "timestamptz":
        value = as_type(value, "TIMESTAMPTZ", TIMESTAMPTZ, attempt=False)
        node.set("this", value)
    return typed(node, ZONED)


def extracted(work: Work, node: exp.Extract) -> exp.Expr:
    """Return `extract(dow FROM …)` and its like."""
    field = node.name.lower()
    if field not in _FIELDS:
        raise work.refusal(node, f"extract of {field} is not translated", f"there are {', '.join(_FIELDS)}")
    return call(_FIELDS[field], node.expression, kind=BIGINT)


def _constant(made: Callable[[], exp.Expr], kind: Type) -> Callable[[Work, exp.Anonymous, Given], exp.Expr]:
    def rule(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
        want(work, node, given, 0, 1)
        return typed(made(), kind)

    return rule


def _moment(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    """Return `from_iso8601_timestamp`; Trino keeps the zone that a text names, here every moment is in UTC."""
    want(work, node, given, 1)
    around = node.parent
    while isinstance(around, exp.Paren):
        around = around.parent
    apart = isinstance(around, _TAKING_APART) and around.name.lower() not in _OF_MOMENTS
    if apart and _ZONE.search(literal_text(given[0]) or ""):
        raise work.refusal(node, "a time in a zone of its own is not taken apart in that zone", "write it in UTC")
    return call("ct_from_iso8601", given[0], kind=TIMESTAMPTZ)


RULES = {
    "from_iso8601_timestamp": _moment,
    "date_trunc": _truncated,
    "date_add": _added,
    "dateadd": _added,
    "date_diff": _difference,
    "date_format": _shown,
    "format_datetime": _shown,
    "date_parse": _read,
    "parse_datetime": _read,
    "date": _date,
    "from_iso8601_date": _date,
    "at_timezone": _at_zone,
    "current_timezone": _constant(lambda: text("UTC"), VARCHAR),
}
