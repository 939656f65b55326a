"""Functions of JSON: their paths respelled, containers and broken JSON told from values as Trino does (T6j)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from ctaudit.dialect import json_paths
from ctaudit.dialect.kinds import BIGINT, BOOLEAN, JSON, VARCHAR, Type
from ctaudit.dialect.text_rules import literal, want
from ctaudit.dialect.work import Work, call, text, type_of

Given = Sequence[exp.Expr]


def path_of(work: Work, node: exp.Anonymous, given: exp.Expr) -> exp.Expr:
    """Return the path as DuckDB reads it."""
    steps = json_paths.steps(literal(work, node, given, "the path"))
    if steps is None:
        raise work.refusal(node, f"the path {given.name!r} of {str(node.this).lower()} is none of members and indexes")
    return text(json_paths.written(steps))


def _by_path(macro: str, kind: Type) -> Callable[[Work, exp.Anonymous, Given], exp.Expr]:
    def rule(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
        want(work, node, given, 2)
        if type_of(given[0]).fields or type_of(given[0]).name in ("array", "map"):
            raise work.refusal(
                node, f"{str(node.this).lower()} reads JSON text, and this is a value of type row, array or map"
            )
        return call(macro, given[0], path_of(work, node, given[1]), kind=kind)

    return rule


def _parse(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1)
    if node.find_ancestor(exp.Anonymous, exp.Cast, exp.Select) is node.parent and isinstance(node.parent, exp.Select):
        work.note("Athena sorts the members of objects in what json_parse returns; here they keep their order")
    return call("ct_json_parse", *given, kind=JSON)


def _format(work: Work, node: exp.Anonymous, given: Given) -> exp.Expr:
    want(work, node, given, 1)
    if type_of(given[0]).is_text:
        raise work.refusal(node, "json_format takes JSON, not text", "try: json_format(json_parse(…))")
    return call("ct_json_format", *given, kind=VARCHAR)


RULES = {
    "json_extract": _by_path("ct_json_extract", JSON),
    "json_extract_scalar": _by_path("ct_json_extract_scalar", VARCHAR),
    "json_value": _by_path("ct_json_extract_scalar", VARCHAR),
    "json_query": _by_path("ct_json_query", VARCHAR),
    "json_exists": _by_path("ct_json_exists", BOOLEAN),
    "json_size": _by_path("ct_json_size", BIGINT),
    "json_parse": _parse,
    "json_format": _format,
}
