"""Read the header of a SQL file: `-- title: …`, `-- answers: …`, `-- param NAME KIND: …`; strictly, line by line.

A file that does not say what it answers would still run, and be taken for what its name seems to say. So a header is
whole and right, or the file is refused with the line that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ctaudit.errors import QueryError
from ctaudit.library.kinds import Kind, checked, described
from ctaudit.library.named_query import NamedQuery, Parameter
from ctaudit.library.placeholders import uses

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FIELDS = ("title", "answers", "technique", "param", "needs", "returns")
_NEEDED = ("title", "answers", "returns")
_LINE = re.compile(r"-- (?P<field>[A-Za-z]+)(?P<more>(?: [^:]*)?): *(?P<value>.*)")
_CONTINUED = re.compile(r"--  +(?P<more>\S.*)")
_PARAMETER = re.compile(r" (?P<name>[a-z][a-z0-9_]{0,40}) (?P<kind>[a-z]+)")
_DEFAULT = re.compile(r"(?P<meaning>.*), default (?P<value>\S.*)")
_TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?")
_COLUMN = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class _Field:
    word: str
    more: str
    """What stands between the word and the colon: a parameter's name and kind."""
    value: str
    line: int


def parse(name: str, text: str, source: str) -> NamedQuery:
    """Return what a file says; `source` names it in errors.

    Raises QueryError, with file and line, when the header is not whole, says a thing twice or something unknown, or
    when its parameters are not those of the SQL.
    """
    lines = text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n")
    fields = list(_fields(lines, source))
    for word in _NEEDED:
        if not any(field.word == word for field in fields):
            raise _wrong(source, _end(lines), f"the header has no '-- {word}: …'")
    said = {field.word: field for field in fields if field.word != "param"}
    parameters = tuple(_parameter(field, source) for field in fields if field.word == "param")
    sql = "\n".join(lines).strip() + "\n"
    _fits(sql, parameters, source)
    return NamedQuery(
        name,
        said["title"].value,
        said["answers"].value,
        _listed(said.get("technique"), _TECHNIQUE, "a technique of ATT&CK such as T1562.008", source),
        parameters,
        said["needs"].value if "needs" in said else "",
        _listed(said["returns"], _COLUMN, "a column's name in lower case", source),
        sql,
        source,
    )


def _fields(lines: Sequence[str], source: str) -> Iterator[_Field]:
    """Yield what the comments at the top say, lines that go on joined to those they belong to."""
    found: list[_Field] = []
    for number, line in enumerate(lines, 1):
        if not line.startswith("--"):
            break
        if (going_on := _CONTINUED.fullmatch(line.rstrip())) and found:
            last = found.pop()
            found.append(_Field(last.word, last.more, f"{last.value} {going_on['more']}", last.line))
            continue
        found.append(_field(line, number, source))
    seen: set[str] = set()
    for field in found:
        name = " ".join([field.word, *field.more.split()[:1]])
        if name in seen:
            raise _wrong(source, field.line, f"'{name}' stands there twice")
        seen.add(name)
    yield from found


def _end(lines: Sequence[str]) -> int:
    """Return the number of the first line below the header."""
    return next((number for number, line in enumerate(lines, 1) if not line.startswith("--")), len(lines) + 1)


def _field(line: str, number: int, source: str) -> _Field:
    said = _LINE.fullmatch(line.rstrip())
    if said is None or said["field"] not in FIELDS or (said["more"] and said["field"] != "param"):
        raise _wrong(source, number, f"'{line[:60].strip()}' is no line of a header")
    if not said["value"]:
        raise _wrong(source, number, f"'{said['field']}' says nothing")
    return _Field(said["field"], said["more"].rstrip(), said["value"], number)


def _parameter(field: _Field, source: str) -> Parameter:
    said = _PARAMETER.fullmatch(field.more)
    if said is None or said["kind"] not in {*Kind}:
        kinds = ", ".join(Kind)
        raise _wrong(source, field.line, f"a parameter is '-- param name KIND: meaning', KIND one of {kinds}")
    kind, with_default = Kind(said["kind"]), _DEFAULT.fullmatch(field.value)
    if with_default is None:
        return Parameter(said["name"], kind, field.value)
    default = checked(kind, with_default["value"])
    if default is None:
        raise _wrong(source, field.line, f"the default of '{said['name']}' is not {described(kind)}")
    return Parameter(said["name"], kind, with_default["meaning"], default)


def _listed(field: _Field | None, shape: re.Pattern[str], what: str, source: str) -> tuple[str, ...]:
    if field is None:
        return ()
    items = tuple(item.strip() for item in field.value.split(","))
    for item in items:
        if not shape.fullmatch(item):
            raise _wrong(source, field.line, f"'{item}' is not {what}")
    return items


def _fits(sql: str, parameters: Sequence[Parameter], source: str) -> None:
    """Refuse SQL that has other parameters than the header, or one where its value could become more than a value."""
    known = {parameter.name: parameter.kind for parameter in parameters}
    used = list(uses(sql, source))
    for use in used:
        if use.name not in known:
            raise _wrong(source, use.line, f"'{use.text}' is no parameter of the header", "write {{name}}")
        if not use.quoted and known[use.name] is not Kind.NUMBER:
            raise _wrong(source, use.line, f"'{use.text}' is a {known[use.name]} and must stand in single quotes")
    if idle := known.keys() - {use.name for use in used}:
        raise _wrong(source, 1, f"the SQL does not use the parameter '{min(idle)}'")
    if not any(line.strip() and not line.lstrip().startswith("--") for line in sql.splitlines()):
        raise _wrong(source, 1, "there is no SQL below the header")


def _wrong(source: str, line: int, what: str, advice: str = "") -> QueryError:
    header = f"a header has lines '-- WORD: …' at the top, WORD one of {', '.join(FIELDS)}"
    return QueryError(f"{source}, line {line}: {what}", advice or header)
