"""CAST and TRY_CAST: Trino's types in DuckDB, and the texts that Trino makes of values (T7, T12)."""

from __future__ import annotations

from sqlglot import exp

from ctaudit.dialect.kinds import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    IP,
    JSON,
    TIMESTAMP,
    TIMESTAMPTZ,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    ZONED,
    Type,
)
from ctaudit.dialect.work import Work, call, literal_text, number, type_of, typed

_T = exp.DType
_PLAIN = {
    _T.BOOLEAN: ("BOOLEAN", BOOLEAN), _T.TINYINT: ("TINYINT", BIGINT), _T.SMALLINT: ("SMALLINT", BIGINT),
    _T.INT: ("INTEGER", BIGINT), _T.BIGINT: ("BIGINT", BIGINT), _T.FLOAT: ("FLOAT", DOUBLE),
    _T.DOUBLE: ("DOUBLE", DOUBLE), _T.VARCHAR: ("VARCHAR", VARCHAR), _T.TEXT: ("VARCHAR", VARCHAR),
    _T.DATE: ("DATE", DATE), _T.TIMESTAMP: ("TIMESTAMP", TIMESTAMP), _T.TIMESTAMPTZ: ("TIMESTAMPTZ", TIMESTAMPTZ),
    _T.VARBINARY: ("BLOB", VARBINARY), _T.JSON: ("JSON", JSON), _T.UUID: ("UUID", Type("uuid")),
}  # fmt: skip
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_SAME_TEXT = frozenset(["varchar", "jsontext", "jsonpart", "bigint", "date", "boolean"])
"""Types whose text is the same in both engines."""


def cast(work: Work, node: exp.Cast) -> exp.Expr:
    """Return a cast that gives Trino's value, or refuse the type."""
    value, attempt = node.this, isinstance(node, exp.TryCast)
    target = node.to
    if target.this is _T.IPADDRESS:
        return call("ct_try_ip" if attempt else "ct_ip", value, kind=IP)
    if target.this is _T.IPPREFIX:
        return typed(value, Type("ipprefix"))
    spelled, kind = _type(work, node, target)
    if type_of(value) is ZONED and kind.name not in ("date", "timestamp"):
        raise work.refusal(node, "a time AT TIME ZONE is cast to a date or timestamp alone here", "try: date_format")
    if spelled == "VARCHAR":
        return _as_text(work, node, value, attempt)
    if kind.name == "json":
        return typed(value, JSON) if type_of(value) is JSON else call("to_json", value, kind=JSON)
    if spelled in _WHOLE:
        value = _whole(value)
    if kind.is_time:
        note_time(work, value)
    made = (exp.TryCast if attempt else exp.Cast)(this=value, to=_built(spelled))
    return typed(made, _with_digits(node, kind))


def _built(spelled: str) -> exp.DataType:
    return exp.DataType(this=_T.USERDEFINED, kind=spelled)


def _with_digits(node: exp.Cast, kind: Type) -> Type:
    """Return a literal time's type with as many digits of a second as it was written with."""
    if kind is TIMESTAMP and literal_text(node.this) is not None and node.to.expressions:
        return Type("timestamp", scale=int(node.to.expressions[0].name or 0))
    return kind


def _type(work: Work, place: exp.Expr, target: exp.DataType) -> tuple[str, Type]:
    """Return a type in DuckDB's words, and as it is known here."""
    if target.this in _PLAIN:
        return _PLAIN[target.this]
    if target.this is _T.DECIMAL:
        digits = [int(each.name) for each in target.expressions] or [38, 0]
        scale = digits[1] if len(digits) > 1 else 0
        return f"DECIMAL({digits[0]}, {scale})", Type("decimal", scale=scale)
    inner = [each for each in target.expressions if isinstance(each, exp.DataType)]
    if target.this is _T.ARRAY and len(inner) == 1:
        spelled, kind = _type(work, place, inner[0])
        return f"{spelled}[]", Type("array", (kind,))
    if target.this is _T.MAP and len(inner) == 2:
        (key, key_kind), (value, value_kind) = (_type(work, place, each) for each in inner)
        return f"MAP({key}, {value})", Type("map", (key_kind, value_kind))
    if target.this is _T.STRUCT:
        return _row(work, place, target)
    raise work.refusal(place, f"the type {target.sql('trino')} is not translated")


def _row(work: Work, place: exp.Expr, target: exp.DataType) -> tuple[str, Type]:
    fields: list[tuple[str, str, Type]] = []
    for each in target.expressions:
        if not isinstance(each, exp.ColumnDef) or each.kind is None:
            raise work.refusal(place, "a ROW type without names of its fields is not translated")
        spelled, kind = _type(work, place, each.kind)
        fields.append((each.name, spelled, kind))
    names = ", ".join(f'"{name}" {spelled}'.replace('""', '"') for name, spelled, _ in fields)
    return f"STRUCT({names})", Type("row", fields=tuple((name.lower(), kind) for name, _, kind in fields))


def _whole(value: exp.Expr) -> exp.Expr:
    """Return what is to become a whole number: text of nothing but digits, numbers rounded half away from zero."""
    kind = type_of(value)
    if kind.is_text:
        return call("ct_digits", value, kind=VARCHAR)
    return call("round", value, kind=kind) if kind.name in ("double", "decimal") else value


def _as_text(work: Work, node: exp.Cast, value: exp.Expr, attempt: bool) -> exp.Expr:
    kind = type_of(value)
    if kind.name in _SAME_TEXT:
        made: exp.Expr = value if kind.is_text else exp.Cast(this=value, to=_built("VARCHAR"))
    elif kind is IP:
        raise work.refusal(node, "the text of an IPADDRESS is not translated", "take the column it was made of")
    elif kind.name == "timestamp" and kind.scale == 0:
        made = exp.Cast(this=value, to=_built("VARCHAR"))
    else:
        made = call("ct_text", value)
    if attempt and kind.name not in _SAME_TEXT and kind.name != "json":
        made = call("ct_text", value)
    if node.to.expressions:
        made = call("left", made, number(int(node.to.expressions[0].name)))
    return typed(made, VARCHAR)


def note_time(work: Work, value: exp.Expr) -> None:
    """Say that Athena's CAST does not read `eventtime`."""
    if isinstance(value, exp.Column) and value.name.lower() == "eventtime" and type_of(value) is VARCHAR:
        work.note("Athena's CAST reads no time with a T in it, as eventtime has; there it is from_iso8601_timestamp")


def as_type(value: exp.Expr, spelled: str, kind: Type = UNKNOWN, attempt: bool = True) -> exp.Expr:
    """Return a value cast to one of DuckDB's types."""
    return typed((exp.TryCast if attempt else exp.Cast)(this=value, to=_built(spelled)), kind)
