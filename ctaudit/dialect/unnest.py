"""UNNEST in a FROM: lists side by side, maps as keys and values, rows spread over several names (T10)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from ctaudit.dialect.kinds import BIGINT, UNKNOWN, VARCHAR, Type
from ctaudit.dialect.scopes import Source
from ctaudit.dialect.work import Work, call, number, text, type_of

_ROW = "ct_row"


def lateral(work: Work, node: exp.Unnest) -> tuple[exp.Expr, Source]:
    """Return the subquery that stands for an UNNEST, and what its names are; its arguments are translated already."""
    alias = node.args.get("alias")
    names = [each.name for each in alias.columns] if isinstance(alias, exp.TableAlias) else []
    label = alias.this.name if isinstance(alias, exp.TableAlias) and alias.this else "ct_unnested"
    ordinal = node.args.get("offset")
    if isinstance(ordinal, exp.Identifier):
        names.append(ordinal.name)
    lists = [_list(each) for each in node.expressions]
    kinds = _kinds(lists, len(names) - bool(ordinal))
    inner = [_unnested(each, index) for index, each in enumerate(lists)]
    if ordinal:
        longest = call("greatest", *(call("len", each.copy()) for each in lists), number(0))
        series = call("unnest", call("generate_series", number(1), longest))
        inner.append(exp.alias_(series, "ct_ordinal", quoted=False))
    columns = _columns(lists, kinds, bool(ordinal))
    if names and len(names) != len(columns):
        raise work.refusal(node, f"the UNNEST gives {len(columns)} columns, and there are {len(names)} names for them")
    names = names or [f"ct_c{index}" for index in range(len(columns))]
    picked = [exp.alias_(value, name, quoted=True) for (value, _), name in zip(columns, names, strict=True)]
    rows = exp.select(*inner).subquery(_ROW)
    query = exp.select(*picked).from_(rows)
    made = exp.Lateral(this=exp.Subquery(this=query), alias=exp.TableAlias(this=exp.to_identifier(label, quoted=True)))
    found = {name.lower(): kind for name, (_, kind) in zip(names, columns, strict=True)}
    return made, Source(label.lower(), found)


def _list(node: exp.Expr) -> exp.Expr:
    """Return what DuckDB can unnest: a map as the list of its entries."""
    kind = type_of(node)
    if kind.name == "jsontext":  # a map in Lake
        return call("map_entries", call("ct_json_map", node), kind=Type("map", (VARCHAR, VARCHAR)))
    return call("map_entries", node, kind=kind) if kind.name == "map" else node


def _kinds(lists: Sequence[exp.Expr], names: int) -> list[Type]:
    """Return what each list gives; one of rows is spread over names when there are as many as its fields."""
    kinds = [type_of(each) for each in lists]
    widths = [2 if kind.name == "map" else 1 for kind in kinds]
    for index, kind in enumerate(kinds):
        fields = kind.element.fields
        if kind.name == "array" and len(fields) > 1 and sum(widths) - 1 + len(fields) == names:
            kinds[index] = Type("rows", fields=fields)
            break
    return kinds


def _unnested(node: exp.Expr, index: int) -> exp.Expr:
    return exp.alias_(call("unnest", node), f"ct_{index}", quoted=False)


def _columns(lists: Sequence[exp.Expr], kinds: Sequence[Type], ordinal: bool) -> list[tuple[exp.Expr, Type]]:
    found: list[tuple[exp.Expr, Type]] = []
    for index, kind in enumerate(kinds):
        base = exp.column(f"ct_{index}", table=_ROW)
        if kind.name == "map":
            inner = kind.inner if len(kind.inner) == 2 else (UNKNOWN, UNKNOWN)
            found += [(_field(base, name), each) for name, each in zip(("key", "value"), inner, strict=True)]
        elif kind.name == "rows":
            found += [(_field(base, name), each) for name, each in kind.fields]
        else:
            found.append((base, kind.element))
    if ordinal:
        found.append((exp.column("ct_ordinal", table=_ROW), BIGINT))
    return found


def _field(base: exp.Expr, name: str) -> exp.Expr:
    return call("struct_extract", base.copy(), text(name))
