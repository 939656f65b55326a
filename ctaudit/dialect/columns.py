"""Columns: what a dotted name stands for; parts of JSON text; partition columns of other tables (T2, T3, T5)."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from sqlglot import exp

from ctaudit.dialect import json_paths, partitions
from ctaudit.dialect.kinds import DATE, JSONPART, TIMESTAMP, UNKNOWN, Type
from ctaudit.dialect.relations import LAKE, PARTITIONS
from ctaudit.dialect.scopes import Found, Scope, Source, find
from ctaudit.dialect.work import Work, call, text, type_of, typed

PATH = "$path"
_LAKE_ONLY = {"eventjson", "eventjsonchecksum", "annotation"}


def column(work: Work, scope: Scope, node: exp.Column) -> exp.Expr:
    """Return a column as DuckDB is to read it; raises QueryError when nothing in reach is called so."""
    parts = [part for part in node.parts if isinstance(part, exp.Identifier)]
    if isinstance(node.this, exp.Star):
        return node  # t.*
    if kind := _of_lambda(node, parts[0].name):
        return _inside(work, node, typed(exp.column(parts[0].copy()), kind), parts[1:])
    found = find(scope, [part.name for part in parts])
    if _orders_by_alias(scope, node, parts):
        if found is not None and found.source.columns is not None and not isinstance(node.parent, exp.Ordered):
            # Athena takes the name of the SELECT list here, too; DuckDB would take the column.
            raise work.refusal(node, f"{parts[0].name} is a column and a name given by SELECT", "give another name")
        return typed(node, scope.aliases[parts[0].name.lower()])
    if found is None or (found.kind is None and found.source.columns is not None):
        return _elsewhere(work, scope, node, parts, found)
    if found.kind is None:
        return typed(node, UNKNOWN)
    base = _plain(found.source, parts, found.parts)
    if partitions.is_date(found.source, parts[found.parts - 1].name) and found.parts == len(parts):
        own = partitions.own_date(base, node)
        return own if type_of(own) is DATE else typed(own, found.kind)
    return _inside(work, node, typed(base, found.kind), parts[found.parts :])


def _orders_by_alias(scope: Scope, node: exp.Column, parts: Sequence[exp.Identifier]) -> bool:
    """Tell whether a name in ORDER BY is one that the SELECT list gives: there it hides columns of the same name."""
    if len(parts) > 1 or parts[0].name.lower() not in scope.hiding:
        return False
    around = node.find_ancestor(exp.Order, exp.Where, exp.Having, exp.Group, exp.Select)
    return isinstance(around, exp.Order) and not isinstance(around.parent, exp.Window)


def _plain(source: Source, parts: Sequence[exp.Identifier], size: int) -> exp.Expr:
    """Return the column by itself, qualified as it was by no more than the source's name."""
    table = exp.to_identifier(source.name, quoted=True) if size > 1 else None
    return exp.Column(this=parts[size - 1].copy(), table=table)


def _inside(work: Work, place: exp.Expr, base: exp.Expr, parts: Sequence[exp.Identifier]) -> exp.Expr:
    """Return a part of a column: a field of a row, or a member of JSON text."""
    kind = type_of(base)
    for index, part in enumerate(parts):
        if kind.name in ("jsontext", "jsonpart", "varchar", "json"):
            return of_json(work, base, [each.name for each in parts[index:]])
        if kind.fields:
            inner = kind.field(part.name)
            if inner is None:
                names = [name for name, _ in kind.fields]
                raise work.refusal(part, f"there is no field {part.name}", _meant(part.name, names))
            kind = inner
        elif kind.name in ("array", "map", "bigint", "double", "boolean", "timestamp"):
            raise work.refusal(part, f"{part.name} is no part of a value of type {kind.name}")
        base = exp.Dot(this=base, expression=part.copy())
    return typed(base, kind)


def of_json(work: Work, base: exp.Expr, members: Sequence[str | int]) -> exp.Expr:
    """Return a member of JSON text that was named with dots (T5)."""
    work.note("Athena does not read a part of JSON text by a dot; there it is json_extract_scalar(column, '$.part')")
    if isinstance(base, exp.Anonymous) and base.this == "ct_json_part":
        inner, path = base.expressions
        return call("ct_json_part", inner, text(path.name + json_paths.written(members)[1:]), kind=JSONPART)
    return call("ct_json_part", base, text(json_paths.written(members)), kind=JSONPART)


def dot(work: Work, node: exp.Dot) -> exp.Expr:
    """Return a field of what stands before the dot: `resources[1].arn`."""
    if not isinstance(node.expression, exp.Identifier):
        raise work.refusal(node, "what stands behind the dot is no name")
    base = node.this
    while isinstance(base, exp.Paren) and type_of(base).fields:
        break
    return _inside(work, node, base, [node.expression])


def _of_lambda(node: exp.Expr, name: str) -> Type | None:
    """Return the type of a lambda's parameter of this name around the node."""
    around = node.find_ancestor(exp.Lambda)
    while around is not None:
        for index, parameter in enumerate(around.expressions):
            if parameter.name.lower() == name.lower():
                return _of_parameter(around, index)
        around = around.find_ancestor(exp.Lambda)
    return None


def _of_parameter(node: exp.Lambda, index: int) -> Type:
    """Return the type of a lambda's parameter, by the list or map that stands before the lambda."""
    function = node.parent
    given = type_of(function.expressions[0]) if isinstance(function, exp.Anonymous) else UNKNOWN
    if given.name == "map" and len(given.inner) == 2 and len(node.expressions) == 2:
        return given.inner[index]
    return given.element if index == len(node.expressions) - 1 and len(node.expressions) < 3 else UNKNOWN


def _elsewhere(
    work: Work, scope: Scope, node: exp.Column, parts: Sequence[exp.Identifier], found: Found | None
) -> exp.Expr:
    """Return what a name stands for that no source has: a partition of another table, a name of the SELECT list."""
    name = parts[-1].name.lower()
    events = _events(scope, found, len(parts))
    if events is not None and (name == PATH or name in PARTITIONS):
        base = exp.to_identifier(events.name, quoted=True) if len(parts) > 1 or len(scope.sources) > 1 else None
        if name == PATH:
            return typed(exp.column("source_file", table=base), Type("varchar"))
        if name.startswith("partition_"):
            work.note(f"{name} is taken for the {PARTITIONS[name]}, as below AWSLogs/")
        return partitions.partition(
            work, node, PARTITIONS[name], base, is_lake=(events.columns or {}).get("eventtime") is TIMESTAMP
        )
    if len(parts) == 1 and name in scope.aliases:
        _note_alias(work, node, parts[0].name)
        return typed(node, scope.aliases[name])
    if events is not None and events.relation != LAKE and name in _LAKE_ONLY:
        raise work.refusal(parts[-1], f"{name} is a column of CloudTrail Lake", "try: --dialect lake")
    known = [each for source in scope.sources for each in source.columns or ()]
    raise work.refusal(parts[0], f"there is no column {'.'.join(part.name for part in parts)}", _meant(name, known))


def _events(scope: Scope, found: Found | None, size: int) -> Source | None:
    if found is not None:
        return found.source if found.source.has_partitions else None
    if size > 1:
        return None
    levels = scope.levels()
    return next((source for level in levels for source in level.sources if source.has_partitions), None)


def _note_alias(work: Work, node: exp.Expr, name: str) -> None:
    if node.find_ancestor(exp.Order, exp.Where, exp.Having, exp.Group, exp.Select).__class__ is not exp.Order:
        work.note(f"Athena knows a name of the SELECT list, such as {name}, in ORDER BY alone")


def _meant(name: str, known: Sequence[str]) -> str:
    """Return what may have been meant."""
    near = difflib.get_close_matches(name.lower(), list(dict.fromkeys(known)), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else "a text stands in single quotes: '…'"
