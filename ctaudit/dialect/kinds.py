"""What is known of a value's type while SQL is translated: Trino's types, as far as a translation depends on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ctaudit.records.columns import Field, Shape


@dataclass(frozen=True, slots=True)
class Type:
    name: str
    """Trino's name, `""` when it is not known; `jsontext` is varchar that holds JSON, `ip` an IPADDRESS."""
    inner: tuple[Type, ...] = ()
    """Of an array its element, of a map its key and value."""
    fields: tuple[tuple[str, Type], ...] = ()
    """Of a row its fields, lower case."""
    scale: int = 0
    """Of a decimal its digits after the point; of a timestamp its digits of a second."""

    def __deepcopy__(self, memo: dict[int, object]) -> Type:
        """Return the type itself: it never changes, and sqlglot copies what its nodes carry."""
        return self

    @property
    def is_text(self) -> bool:
        return self.name in ("varchar", "jsontext", "jsonpart")

    @property
    def is_time(self) -> bool:
        return self.name in ("timestamp", "timestamptz", "date", "zoned")

    @property
    def is_number(self) -> bool:
        return self.name in ("bigint", "double", "decimal")

    @property
    def element(self) -> Type:
        return self.inner[-1] if self.inner else UNKNOWN

    def field(self, name: str) -> Type | None:
        return dict(self.fields).get(name.lower())


UNKNOWN = Type("")
VARCHAR, BOOLEAN, BIGINT, DOUBLE = Type("varchar"), Type("boolean"), Type("bigint"), Type("double")
DATE, TIMESTAMP, TIMESTAMPTZ, INTERVAL = Type("date"), Type("timestamp", scale=3), Type("timestamptz"), Type("interval")
JSON, JSONTEXT, VARBINARY, IP = Type("json"), Type("jsontext"), Type("varbinary"), Type("ip")
ZONED = Type("zoned")
"""A moment as a clock in another zone shows it: DuckDB has lost the zone, so it may only be shown or taken apart."""
JSONPART = Type("jsonpart")
"""A part of JSON text that was named with dots, which Athena would not read: text, or a number where one is wanted."""
NULL = Type("null")
MAP_OF_TEXT = Type("map", (VARCHAR, VARCHAR))
_BY_NAME = {
    each.name: each for each in (VARCHAR, BOOLEAN, BIGINT, DOUBLE, DATE, TIMESTAMP, TIMESTAMPTZ, JSON, VARBINARY, IP)
}


def named(name: str) -> Type:
    """Return a type by its name in the tables of functions: `array(varchar)`, `bigint`."""
    if name.startswith("array"):
        return array(named(name[6:-1]))
    if name == "map":
        return Type("map")
    return _BY_NAME.get(name, UNKNOWN)


def array(element: Type) -> Type:
    return Type("array", (element,))


def of_field(field: Field) -> Type:
    """Return the type of a column of the events, or of a part of one, as AWS's DDL has it."""
    if field.shape is Shape.JSON:
        return JSONTEXT
    if field.shape is Shape.MAP:
        return MAP_OF_TEXT
    if field.shape is Shape.STRUCT:
        return Type("row", fields=tuple((part.name, of_field(part)) for part in field.fields))
    if field.shape is Shape.RESOURCES:
        return array(Type("row", fields=tuple((part.name, of_field(part)) for part in field.fields)))
    return VARCHAR


def common(types: Iterable[Type]) -> Type:
    """Return the type of values that stand for one another, as in CASE; unknown when they differ."""
    known = [each for each in types if each.name not in ("", "null")]
    if known and all(each == known[0] for each in known):
        return known[0]
    if known and all(each.is_text for each in known):
        return VARCHAR
    if known and all(each.is_number for each in known):
        return _number(known)
    return UNKNOWN


def _number(types: list[Type]) -> Type:
    if any(each.name == "double" for each in types):
        return DOUBLE
    return Type("decimal", scale=max(each.scale for each in types))


def arithmetic(left: Type, right: Type, operator: str) -> Type:
    """Return the type of a sum, difference, product, quotient or remainder, as Trino has it."""
    if left.is_time and (right.name in ("interval", "") or operator == "add"):
        return left
    if right.is_time and operator == "add":
        return right
    if left.is_time and right.is_time:
        return INTERVAL
    if left.name == right.name == "bigint":
        return BIGINT
    if "double" in (left.name, right.name):
        return DOUBLE
    if left.is_number and right.is_number:
        product = operator == "mul"
        return Type("decimal", scale=left.scale + right.scale if product else max(left.scale, right.scale))
    return UNKNOWN
