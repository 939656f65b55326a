"""Which columns of the view a SELECT leaves alone: it neither names them nor asks for all columns.

Some cost as much as many a question does, though nothing of them is asked for: DuckDB does not leave out a join by
itself, nor the planning of a long expression.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ctaudit.engines.names import fold_ascii

_ALL = frozenset(["STAR", "POSITIONAL_REFERENCE", "SHOW_REF", "PIVOT", "SUBQUERY"])
"""Whatever can stand for a column without its name. DuckDB takes all columns along for a subquery in an expression."""
_LATERAL = frozenset(["SUBQUERY", "TABLE_FUNCTION"])
"""Relations that may be joined row by row, for which it takes them along, too."""


def unused(parsed: dict[str, Any], columns: frozenset[str]) -> frozenset[str]:
    """Return those of `columns`, in lower case, that SQL leaves alone; `parsed` is what DuckDB's parser makes of it.

    When in doubt it uses them: a name can be that of a table, and then it is a row of it, with all its columns.
    """
    parts: set[str] = set()
    last: set[str] = set()
    relations: set[str] = set()
    kinds: set[str] = set()
    for node in _nodes(parsed):
        kind, is_relation = node.get("type"), "class" not in node
        if not isinstance(kind, str):
            continue
        if node.get("ref_type") == "NATURAL" or (kind == "BASE_TABLE" and node.get("column_name_alias")):
            return frozenset()
        if kind in _ALL and not (kind == "SUBQUERY" and is_relation):
            return frozenset()
        names = _lower(node.get("column_names"))
        parts.update(names, _lower(node.get("using_columns")))
        last.update(names[-1:])
        if is_relation:
            kinds.add(kind)
            relations.update(_lower([node.get("alias"), node.get("table_name")]))
        elif called := _lower((node.get("qualified_name") or {}).get("path"))[:-1]:  # `record.abs()`, `t.to_json()`
            parts.update(called)
            last.update(called)
    if "JOIN" in kinds and not kinds.isdisjoint(_LATERAL):
        return frozenset()
    return columns - parts if last.isdisjoint(relations) else frozenset()


def _nodes(parsed: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every object; without recursion, as the SQL chooses the depth."""
    waiting: list[Any] = [parsed]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
        if isinstance(value, dict | list):
            waiting.extend(value.values() if isinstance(value, dict) else value)


def _lower(names: Any) -> list[str]:
    return [fold_ascii(name) for name in names or () if isinstance(name, str) and name]
